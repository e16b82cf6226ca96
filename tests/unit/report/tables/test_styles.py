"""Journal styles: what each prints is written out by hand, and every rule says where it is from."""

import dataclasses

import pytest

from neurohlh.core import format as fmt
from neurohlh.core.errors import InputError
from neurohlh.core.journal import PLAIN, JournalStyle
from neurohlh.report.tables import styles, tables_of

T = "\N{NARROW NO-BREAK SPACE}"
M = "\N{MINUS SIGN}"


def points(value):
    return fmt.fixed(value, 1)


PRINTED = {
    "ratio": lambda: fmt.ratio_with_interval(2.2861, 1.1502, 4.5466),
    "negative": lambda: fmt.with_interval(-7.9, -19.04, -0.3, points),
    "count": lambda: fmt.count_of(219, 359),
    "share": lambda: fmt.with_interval(0.61, 0.559, 0.659, fmt.percent),
    "thousands": lambda: fmt.fixed(340151.4, 1),
    "four digits": lambda: fmt.integer(9999),
    "said": lambda: fmt.p_equals(0.0312),
    "said small": lambda: fmt.p_equals(0.00004),
    "p": lambda: [fmt.p_value(p) for p in (0.00004, 0.00047, 0.0031, 0.0312, 0.2349, 0.996)],
    "head": fmt.p_head,
}
BY_HAND = {
    "plain": {
        "ratio": "2.29 (1.15–4.55)",
        "negative": f"{M}7.9 ({M}19.0 to {M}0.3)",
        "count": f"219/359 (61.0{T}%)",
        "share": f"61.0{T}% (55.9–65.9{T}%)",
        "thousands": f"340{T}151.4",
        "four digits": "9999",
        "said": "p = 0.031",
        "said small": "p < 0.001",
        "p": ["<0.001", "<0.001", "0.003", "0.031", "0.23", ">0.99"],
        "head": "p value",
    },
    "lancet": {
        "ratio": "2·29 (1·15–4·55)",
        "negative": f"{M}7·9 ({M}19·0 to {M}0·3)",
        "count": "219/359 (61·0%)",
        "share": "61·0% (55·9–65·9%)",
        "thousands": f"340{T}151·4",
        "four digits": "9999",
        "said": "p=0·031",
        "said small": "p<0·0001",
        "p": ["<0·0001", "0·00047", "0·0031", "0·031", "0·23", ">0·99"],
        "head": "p value",
    },
    "nejm": {
        "ratio": "2.29 (1.15 to 4.55)",
        "negative": f"{M}7.9 ({M}19.0 to {M}0.3)",
        "count": "219/359 (61.0%)",
        "share": "61.0% (55.9 to 65.9%)",
        "thousands": "340,151.4",
        "four digits": "9999",
        "said": "P=0.03",
        "said small": "P<0.001",
        "p": ["<0.001", "<0.001", "0.003", "0.03", "0.23", ">0.99"],
        "head": "P value",
    },
    "jama": {
        "ratio": "2.29 (1.15-4.55)",
        "negative": f"{M}7.9 ({M}19.0 to {M}0.3)",
        "count": "219/359 (61.0%)",
        "share": "61.0% (55.9%-65.9%)",
        "thousands": f"340{T}151.4",
        "four digits": "9999",
        "said": "P=.03",
        "said small": "P<.001",
        "p": ["<.001", "<.001", ".003", ".03", ".23", ">.99"],
        "head": "P value",
    },
}


@pytest.mark.parametrize("name", styles.names())
def test_each_journal_prints_what_a_reader_wrote_down(name):
    with fmt.journal(styles.load(name)):
        assert {what: make() for what, make in PRINTED.items()} == BY_HAND[name]


def failing(style):
    with fmt.journal(style):
        assert fmt.fixed(0.5, 1) == "0·5"
        raise RuntimeError


def test_a_style_ends_where_its_block_ends_even_by_an_error():
    with pytest.raises(RuntimeError):
        failing(styles.load("lancet"))
    assert fmt.fixed(0.5, 1) == "0.5"
    assert fmt.current() is PLAIN


def test_a_table_is_printed_in_the_style_in_force(frequency):
    with fmt.journal(styles.load("lancet")):
        (table,) = tables_of(frequency)
    assert "48·4%" in " ".join(cell.text + cell.sub for cell in table.rows[0].cells)


def test_a_name_that_no_style_has_is_an_error_that_names_the_nearest():
    with pytest.raises(InputError, match="lancet"):
        styles.load("lancett")


def test_every_rule_has_a_source_and_says_whether_it_was_seen_there():
    known = {f.name for f in dataclasses.fields(JournalStyle)}
    for name in styles.names():
        said = styles.sources(name)
        assert "all" in said
        assert set(said) - {"all"} <= known
        assert {status for _, status in said.values()} <= {"VERIFIED", "FROM MEMORY"}
        assert all(source for source, _ in said.values())
