"""Tables and figures are numbered in reading order, and a reference names what it points to."""

import pytest

from neurohlh.report.blocks import (
    Cell,
    Column,
    Document,
    Flow,
    FlowStep,
    Fold,
    Paragraph,
    Row,
    Section,
    Table,
)
from neurohlh.report.document import build
from neurohlh.report.numbering import Numbering


def table(key, caption="", rows=1):
    return Table(caption or key, (Column("a"), Column("b")), (Row((Cell("1"), Cell("2"))),) * rows, key=key)


@pytest.fixture(scope="module")
def document():
    return Document(
        "title",
        "",
        Section("summary", "Summary", (table("first"),)),
        (
            Section("flow", "Flow", (Flow((FlowStep("rows", "9"),)),)),
            Section("one", "One", (Paragraph("x"), Fold("more", (table("aside"),)), table("second"), table("second"))),
            Section("empty", "Empty", (table("refused", rows=0),)),
            Section("data", "Data", (table("behind"),), supplement=True),
        ),
    )


def test_numbers_follow_the_reading_order(document):
    labels = Numbering(document).labels
    assert {anchor: label.words for anchor, label in labels.items()} == {
        "summary": "Summary",
        "table-first": "Table 1",
        "flow": "Section 1",
        "fig-flow": "Figure 1",
        "one": "Section 2",
        "table-aside": "Table S1",
        "table-second": "Table 2",
        "table-second-2": "Table 3",
        "empty": "Section 3",
        "data": "Section 4",
        "table-behind": "Table S2",
    }


def test_a_block_is_known_by_itself_and_a_table_without_numbers_has_none(document):
    numbering = Numbering(document)
    two, three = document.sections[1].blocks[2:]
    assert [numbering.label(b).number for b in (two, three)] == ["2", "3"]
    assert numbering.label(document.sections[2].blocks[0]) is None
    assert numbering.label(document.sections[0]).anchor == "flow"


def test_a_reference_reads_as_what_it_points_to(document):
    numbering = Numbering(document)
    text = "See {ref:table-aside} and {ref:data}."
    assert numbering.plain(text) == "See Table S1 and Section 4."
    assert [getattr(run, "anchor", run) for run in numbering.runs(text)] == [
        "See ", "table-aside", " and ", "data", ".",
    ]  # fmt: skip


def test_what_only_looks_like_a_reference_stays_as_it_is_written(document):
    assert Numbering(document).plain("Header {ref:table-gone} of {ref:data}") == "Header {ref:table-gone} of Section 4"


def test_every_table_and_figure_of_a_report_has_a_number_of_its_own(findings):
    document = build(findings)
    numbering = Numbering(document)
    words = [label.words for label in numbering.labels.values()]
    assert len(set(words)) == len(words)
    shown = [numbering.label(t) for t in document.find(Table) if not t.refused()]
    assert None not in shown
    assert len(shown) == sum(label.kind == "Table" for label in numbering.labels.values())
