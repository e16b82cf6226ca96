"""The page: well-formed, self-contained, navigable, the same every time, and silent where there is no finding."""

import dataclasses
import itertools
import re
from base64 import b64decode, b64encode
from hashlib import sha256
from html.parser import HTMLParser
from io import BytesIO

import pandas as pd
import pytest
from fontTools.ttLib import TTFont

from neurohlh.core.findings import Findings
from neurohlh.report import document, flow
from neurohlh.report.blocks import Document, Figure, Flow, FlowStep, Section, Table
from neurohlh.report.render import html as render
from neurohlh.report.sections import data as sections_data
from neurohlh.report.sections import results as sections_results

VOID = {"meta", "input", "br", "hr", "img", "link", "wbr"}


class Page(HTMLParser):
    """Collects tags, ids, references and text; notes every tag that is closed out of order."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.faults, self.tags, self.ids, self.texts = [], [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append((tag, self.getpos()))

    def handle_data(self, data):
        if not {"style", "script", "template"} & set(self.open):
            self.texts.append(data)

    def attributes(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def text(findings):
    return render.html(document.build(findings))


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_every_tag_is_closed_in_order(page):
    assert page.faults == []
    assert page.open == []


def test_ids_are_unique_and_every_reference_resolves(page):
    assert len(page.ids) == len(set(page.ids))
    targets = [a["href"] for a in page.attributes("a")] + [a["href"] for a in page.attributes("use")]
    named = [ident for _, a in page.tags for ident in (a.get("aria-labelledby") or "").split()]
    named += [a["for"] for a in page.attributes("label")]
    assert targets
    assert {t.removeprefix("#") for t in targets} | set(named) <= set(page.ids)


def test_nothing_is_fetched_from_anywhere(text, page):
    loading = [
        (tag, name)
        for tag, attrs in page.tags
        for name in ("src", "srcset", "data", "poster", "action")
        if name in attrs
    ]
    assert loading == []
    assert all(attrs["href"].startswith("#") for tag, attrs in page.tags if "href" in attrs)
    assert not re.search(r"""url\((?!#|"data:)""", text)
    assert "@import" not in text
    assert not {"link", "iframe", "object", "embed"} & {tag for tag, _ in page.tags}
    assert not re.search(r"https?://", text)


def test_the_content_policy_knows_the_style_and_the_script_of_the_page_and_nothing_else(text, page):
    policy = next(a["content"] for a in page.attributes("meta") if a.get("http-equiv") == "Content-Security-Policy")
    allowed = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert allowed["default-src"] == "'none'"
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        own = re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", text, re.S)
        known = [f"'sha256-{b64encode(sha256(each.encode()).digest()).decode()}'" for each in own]
        assert allowed[directive].split() == known
    assert not [a for _, a in page.tags if "style" in a]
    assert not [name for _, a in page.tags for name in a if name.startswith("on")]


def test_chinese_text_brings_its_font_along_and_nothing_else_does(findings, text):
    face = re.search(r'@font-face \{[^}]*src: url\("data:font/ttf;base64,([^"]+)"\)', text)
    held = set(TTFont(BytesIO(b64decode(face[1]))).getBestCmap())
    assert {ord(sign) for sign in "北方医院铁蛋白"} <= held
    assert len(held) < 100
    western = dataclasses.replace(findings, columns=findings.columns.iloc[2:], sources=findings.sources.iloc[1:])
    western = dataclasses.replace(western, issues=findings.issues.iloc[1:2])
    assert "@font-face" not in render.html(document.build(western))


def test_every_drawing_has_a_text_alternative(page):
    drawings = page.attributes("svg")
    assert len(drawings) == 4
    for drawing in drawings:
        title, description = drawing["aria-labelledby"].split()
        assert drawing["role"] == "img"
        assert {title, description} <= set(page.ids)
    assert len(page.attributes("title")) == 1 + len(drawings)


def test_landmarks_headings_and_table_heads(page):
    tags = [tag for tag, _ in page.tags]
    assert (tags.count("main"), tags.count("nav"), tags.count("h1"), tags.count("header")) == (1, 1, 1, 1)
    assert page.attributes("html")[0]["lang"] == "en"
    assert tags.count("caption") == tags.count("table") > 8
    assert all("scope" in attrs for attrs in page.attributes("th"))
    assert next(a["href"] for a in page.attributes("a")) == "#summary"  # the skip link comes first


def test_headings_never_skip_a_level(page):
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_two_renders_are_the_same_bytes(findings, text):
    assert render.html(document.build(findings)) == text


def test_contents_list_names_every_section(page):
    listed = {a["href"].removeprefix("#") for a in page.attributes("a")}
    sections = {a["id"] for a in page.attributes("section")}
    assert sections <= listed
    assert len(sections) == 17


def test_a_section_appears_only_where_there_is_a_finding(published):
    keys = [s.key for s in document.build(published).sections]
    assert keys == ["flow", "two-by-two", "methods", "checklists"]


def test_a_file_of_published_cases_says_that_it_has_no_frequency(published):
    said = "".join(Page(render.html(document.build(published))).texts)
    assert "This file cannot estimate a frequency" in said
    assert "14/31" in said
    assert "1.32 to no limit" in said
    assert "48.4" not in said  # the share among chosen cases is not shown as a frequency


def test_an_empty_study_still_makes_a_page():
    page = Page(render.html(document.build(Findings(title="Nothing yet"))))
    assert page.faults == []
    assert "no follow-up" in "".join(page.texts)


def test_words_of_the_data_are_text_never_markup(findings):
    nasty = dataclasses.replace(
        findings,
        title="<script>alert(1)</script>",
        labels={**findings.labels, "ferritin": '<img src="x">', "cns": "CNS & <b>"},
        level_labels={"cns": {"met": 'CNS "<yes>"'}, "trigger_category": {"ebv": "</text><script>"}},
    )
    page = Page(render.html(document.build(nasty)))
    assert page.faults == []
    assert [tag for tag, _ in page.tags].count("script") == 1  # the page's own
    assert not {"img", "b>"} & {tag for tag, _ in page.tags}
    assert "<script>alert(1)</script>" in "".join(page.texts)


def test_long_tables_keep_every_row_behind_a_fold(findings, page):
    shown = "".join(page.texts)
    assert f"Show all {len(findings.columns)} rows" in shown
    assert all(header in shown for header in findings.columns["header"])


def test_declared_and_default_settings_are_told_apart(page):
    shown = " ".join(page.texts)
    assert re.search(r"model\.landmark_days.*?14.*?the study file", shown, re.S)
    assert re.search(r"cns\.definition.*?seed_any3.*?default", shown, re.S)


def test_sources_keep_their_status(page):
    shown = " ".join(page.texts)
    assert "verified in a secondary source" in shown
    assert "the number of items is from memory (M-high)" in shown


def test_a_flow_that_does_not_add_up_is_said(findings):
    rows = findings.flow.copy()
    rows.loc[3, "n_excluded"] = 5
    broken = flow.flow(dataclasses.replace(findings, flow=rows))
    assert broken.blocks[-1].tone == "stop"
    assert "404 − 5 is not 400" in broken.blocks[-1].sentences[0]
    assert len(flow.flow(findings).blocks) == 1


def test_flow_boxes_and_their_exclusions_add_up(findings):
    steps = flow.flow(findings).blocks[0].steps
    assert [(s.label, s.n) for s in steps] == [
        ("rows supplied", "412"),
        ("patients in the tables", "404"),
        ("patients in the study", "362"),
        ("patients on the survival curves", "251"),
    ]
    for before, after in itertools.pairwise(steps):
        assert int(before.n) - sum(int(n) for _, n in after.excluded) == int(after.n)


def test_criteria_that_do_not_decide_wait_in_a_fold(findings):
    section = sections_data.criteria(findings)
    sets, items, fold = section.blocks
    assert [row.cells[0].text for row in sets.rows] == ["HLH-2004", "HLH-2024"]
    assert [row.cells[0].text for row in items.rows] == ["Fever", "NK-cell activity"]
    assert "Source: Henter 2007." in items.footnotes
    assert [block.block for block in fold.blocks] == ["callout"]


def test_issues_are_ordered_by_severity_and_place(findings):
    section = sections_data.changes(findings)
    table = next(b for b in section.blocks if getattr(b, "key", "") == "issues")
    assert [row.cells[0].text for row in table.rows] == ["error", "warning", "note"]
    shuffled = dataclasses.replace(findings, issues=findings.issues.iloc[::-1])
    again = sections_data.changes(shuffled)
    assert next(b for b in again.blocks if getattr(b, "key", "") == "issues") == table


def test_frames_with_missing_optional_cells(findings):
    issues = findings.issues.assign(where=None, action=pd.NA)
    page = Page(render.html(document.build(dataclasses.replace(findings, issues=issues))))
    assert page.faults == []
    assert not re.search(r"\b(nan|None|NaT|<NA>)\b", " ".join(page.texts))


def test_the_last_box_of_the_flow_parts_into_its_branches():
    steps = (FlowStep("patients in the study", "9"),)
    branches = (FlowStep("CNS involvement", "5"), FlowStep("No CNS involvement", "4"))
    page = render.html(Document("T", "", Section("summary", "S", ()), (Section("f", "F", (Flow(steps, branches),)),)))
    assert [re.sub("<[^>]+>", "", item) for item in re.findall(r'<li class="box">(.*?)</li>', page)] == [
        "5 CNS involvement", "4 No CNS involvement"
    ]  # fmt: skip


def test_a_result_whose_curves_are_withheld_has_its_table_and_no_figure(findings):
    bare = findings.results["kaplan_meier"].with_(curves=pd.DataFrame())
    held = dataclasses.replace(findings, results={**findings.results, "kaplan_meier": bare})
    drawn, undrawn = (sections_results.survival(f).blocks for f in (findings, held))
    assert [b.name for b in drawn if isinstance(b, Figure)] == ["kaplan_meier"]
    assert [b for b in drawn if not isinstance(b, Figure)] == list(undrawn)
    assert any(isinstance(b, Table) for b in undrawn)


def test_a_reference_in_a_cell_is_a_link_as_in_a_sentence(findings):
    made = document.build(findings)
    cells = [c.text for s in made.sections for b in s.blocks if isinstance(b, Table) for r in b.rows for c in r.cells]
    assert [text for text in cells if "{ref:" in text]
    page = render.html(made)
    assert "{ref:" not in page
    assert re.search(r'<td[^>]*><a href="#methods">Section \d+</a>', page)
