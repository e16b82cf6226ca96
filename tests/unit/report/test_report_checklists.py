"""A checklist never claims an answer that the report does not hold."""

import re

import pytest

from neurohlh.core.findings import Findings
from neurohlh.report.blocks import Callout, Table
from neurohlh.report.checklists import CHECKLISTS, Item, items, resolve
from neurohlh.report.document import build
from neurohlh.report.numbering import Numbering

EVERY = [(name, item) for name in CHECKLISTS for item in items(name)]


def item(answer, where=(), authors="What they add."):
    return Item("1", "Methods", "Topic", "Wording", answer, where, authors, "Source 2000", "V2")


def checklist(document, name):
    return next(t for t in document.find(Table) if t.key == f"checklist-{name}")


@pytest.mark.parametrize(
    ("name", "first", "last", "count"), [("strobe", "1a", "22", 34), ("record", "1.1", "22.1", 13)]
)
def test_the_checklists_are_whole(name, first, last, count):
    found = [i.item for i in items(name)]
    assert (found[0], found[-1], len(found), len(set(found))) == (first, last, count, count)


def test_every_number_of_the_prediction_checklist_is_there_once():
    found = [i.item for i in items("tripod_ai")]
    assert len(found) == len(set(found))
    assert {int(re.match(r"\d+", number)[0]) for number in found} == set(range(1, 28))


@pytest.mark.parametrize(("name", "one"), EVERY, ids=lambda v: getattr(v, "item", v))
def test_every_item_says_where_or_what_the_authors_must_do(name, one):
    assert one.answer in ("report", "part", "authors", "never")
    assert bool(one.where) == (one.answer in ("report", "part"))
    assert bool(one.authors) == (one.answer != "report")
    assert re.search(r"\d{4}", one.source)


def test_an_item_is_answered_only_by_what_is_there():
    one = item("report", (("methods",), ("table-cox", "survival")))
    assert resolve(one, {"methods", "survival"}).standing == "Answered"
    assert resolve(one, {"methods", "survival"}).text == "{ref:methods}, {ref:survival}."
    assert resolve(one, {"methods"}).standing == "In part"
    assert resolve(one, {"flow"}).standing == "Not answered"


def test_what_a_report_answers_in_part_names_what_the_authors_add():
    found = resolve(item("part", (("flow",),)), {"flow"})
    assert (found.standing, found.text) == ("In part", "{ref:flow}. The authors add: What they add.")


def test_what_only_authors_can_write_is_never_answered():
    everything = {anchor for _, one in EVERY for some in one.where for anchor in some}
    standings = {resolve(one, everything).standing for _, one in EVERY if one.answer == "authors"}
    assert standings == {"The authors write it"}


def test_every_reference_of_a_report_leads_somewhere(findings):
    document = build(findings)
    numbering = Numbering(document)
    texts = [cell.text for t in document.find(Table) for row in t.rows for cell in row.cells]
    assert [numbering.plain(text) for text in texts if "{ref:" in text]


def test_a_report_without_a_cox_model_claims_no_adjusted_results(findings):
    without = {k: r for k, r in findings.results.items() if k != "cox"}
    document = build(Findings(**{**findings.__dict__, "results": without}))
    standing = {
        row.cells[0].text: row.cells[2].text for row in checklist(document, "strobe").rows if len(row.cells) > 1
    }
    assert standing["16a"] == "Not answered"
    assert standing["14a"] == "Answered"


def test_anchors_of_the_catalogue_are_those_of_reports(findings):
    parts = {"table-trigger-effect", "table-exposure-in-time", "table-specification-summary", "table-testing-compared",
             "table-adjustment-set", "table-standardised-survival", "table-mri-reports-quality", "table-effects",
             "table-two-by-two", "part-prediction", "table-followup"}  # fmt: skip
    prediction = {"model", "validation", "model-checks"}
    parts |= {f"table-prediction-{name}" for name in prediction}
    parts |= {"table-calibration", "table-decision-curve", "table-points-score", "table-published-rules"}
    known = set(Numbering(build(findings)).labels) | parts
    assert {anchor for _, one in EVERY for some in one.where for anchor in some} <= known


def test_the_prediction_checklist_comes_with_a_prediction_alone(findings):
    keys = [t.key for t in build(findings).find(Table)]
    assert "checklist-record" in keys
    assert "checklist-tripod_ai" not in keys


def test_a_case_series_gets_no_cohort_checklist(published):
    document = build(published)
    assert not [t for t in document.find(Table) if t.key.startswith("checklist")]
    assert "No checklist fits these patients" in [c.title for c in document.find(Callout)]
