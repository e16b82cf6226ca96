"""Renderings of a table: the same cells in each, and small ones written out by hand."""

import pytest
from lxml import html as lxml_html
from table_readers import READERS, shown

from neurohlh.core.result import Result, tidy_frame
from neurohlh.report.blocks import Cell, Column, Row, Table
from neurohlh.report.render import html
from neurohlh.report.render.delimited import csv
from neurohlh.report.render.gt import gt
from neurohlh.report.render.markdown import markdown
from neurohlh.report.tables import tables_of

RESULTS = (
    "completeness", "table1", "frequency", "testing", "kaplan_meier", "logrank", "cox", "two_by_two",
)  # fmt: skip

SMALL = Table(
    "Deaths by *group*",
    (
        Column("Group", number=False),
        Column("HR", "95% CI", spanner="Crude", above="Cox"),
        Column("p value", spanner="Crude", above="Cox"),
        Column("HR", "95% CI", spanner="Adjusted", above="Cox"),
    ),
    (
        Row((Cell("A | B", span=4),), "group"),
        Row((Cell("x"), Cell("2.29 (1.15–4.55)", value=2.2861), Cell("<0.001"), Cell("–", note="no events")), "sub"),
        Row((Cell("y"), Cell("98.6%", sub="96.3–99.5%\nat risk: 281"), Cell(), Cell("1 (reference)")), "sub", indent=1),
    ),
    ("A note.",),
    method="Method: Cox regression.",
    abbreviations=(("CI", "confidence interval"), ("HR", "hazard ratio")),
)
AWKWARD = Table(
    "Signs",
    (Column("Head <b>", number=False), Column("$x_1$ & |y|")),
    (
        Row((Cell("a|b\\c"), Cell("<0.1–>99.9 %"))),
        Row((Cell("=1+1"), Cell("a*b_c`d"))),
        Row((Cell("[link](x) <script>"), Cell("&amp; ~ #"))),
        Row((Cell("病例 | 数"), Cell("−0.5"))),
    ),
)


@pytest.mark.parametrize("rendering", list(READERS))
@pytest.mark.parametrize("name", RESULTS)
def test_each_rendering_shows_the_cells_of_the_table(name, rendering, request):
    for table in tables_of(request.getfixturevalue(name)):
        assert READERS[rendering](table) == shown(table)


@pytest.mark.parametrize("rendering", list(READERS))
def test_signs_that_mean_something_to_a_format_arrive_as_they_are(rendering):
    assert READERS[rendering](AWKWARD) == shown(AWKWARD)
    assert READERS[rendering](SMALL) == shown(SMALL)


def test_markdown_by_hand():
    assert markdown([SMALL]).splitlines() == [
        r"**Deaths by \*group\***",
        "",
        "| Group | Cox: Crude: HR (95% CI) | Cox: Crude: p value | Cox: Adjusted: HR (95% CI) |",
        "| :--- | ---: | ---: | ---: |",
        r"| **A \| B** |  |  |  |",
        "| &emsp;x | 2.29 (1.15–4.55) | &lt;0.001 | –<sup>a</sup> |",
        "| &emsp;&emsp;y | 98.6%<br>96.3–99.5%<br>at risk: 281 |  | 1 (reference) |",
        "",
        "<sup>a</sup> no events",
        "",
        "A note.",
        "",
        "Method: Cox regression.",
        "",
        "CI: confidence interval; HR: hazard ratio.",
    ]


def test_csv_by_hand():
    assert csv(SMALL).splitlines() == [
        "Group,Cox: Crude: HR (95% CI),Cox: Crude: p value,Cox: Adjusted: HR (95% CI),Notes",
        "A | B,,,,",
        "  x,2.29 (1.15–4.55),<0.001,–,no events",
        "    y,98.6%; 96.3–99.5%; at risk: 281,,1 (reference),",
    ]


def test_no_spreadsheet_runs_a_cell_as_a_formula():
    assert "'=1+1" in csv(AWKWARD)
    assert "\n=1+1" not in csv(AWKWARD)


def test_the_page_nests_spanners_and_gives_each_number_to_sort_by():
    page = lxml_html.fromstring(html.fragment([SMALL]))
    heads = [[(th.text_content(), th.get("colspan")) for th in row] for row in page.findall(".//tr[@class='spanners']")]
    assert heads == [[("", "1"), ("Cox", "3")], [("", "1"), ("Crude", "2"), ("Adjusted", "1")]]
    assert [cell.get("data-value") for cell in page.iterfind(".//td[@data-value]")] == ["2.2861"]
    assert [row.get("class") for row in page.findall(".//tbody/tr")] == ["group", "sub", "sub indent-1"]
    below = [p.text_content() for p in page.findall(".//figcaption/p")]
    assert below == [
        "a no events",
        "A note.",
        "Method: Cox regression.",
        "CI: confidence interval; HR: hazard ratio.",
    ]


def test_great_tables_asks_nothing_of_the_network_and_gives_the_same_bytes():
    once, again = gt(SMALL).as_raw_html(), gt(SMALL).as_raw_html()
    assert once == again
    assert "http" not in once.replace("http://www.w3.org", "")
    assert "<script" not in once


def test_a_result_gives_its_tables_itself(cox):
    table, checks = cox.to_tables()
    assert table.caption == "Hazard of death: Cox models"
    assert cox.to_markdown() == markdown([table, checks])
    assert cox.to_csv() == csv(table)
    assert cox.to_csv(table=1) == csv(checks)
    assert cox.to_html() == cox._repr_html_()
    assert "2·29 (1·15–4·55)" in cox.to_markdown(style="lancet")
    assert "2.29 (1.15-4.55)" in cox.to_csv(style="jama")
    assert "2.29 (1.15 to 4.55)" in cox.to_gt(style="nejm").as_raw_html()


def test_a_result_without_a_number_says_why():
    nothing = Result("refused", tidy_frame([]), notes=("Not estimated: no deaths.",))
    (table,) = tables_of(nothing)
    assert [c.head for c in table.columns] == ["Why there is no number"]
    assert shown(table) == [["Not estimated: no deaths."]]
