"""Texts as numbers: what is read, and the name of the reason where nothing certain can be read."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurohlh.etl.numbers import Habit, Reading, habit_of, read_number, read_simple
from neurohlh.etl.parsed import Fault
from neurohlh.etl.table import Kind

POINT, COMMA = Habit(), Habit(",")

# text: (number, censored, unit)
READ = {
    "12": ("12", "", ""),
    "-5": ("-5", "", ""),
    ".5": ("0.5", "", ""),
    "5.": ("5", "", ""),
    "１２．３": ("12.3", "", ""),
    "12·3": ("12.3", "", ""),
    ">40000 ug/L": ("40000", "right", "ug/L"),
    "> 3000 ng/mL": ("3000", "right", "ng/mL"),
    "<0.5": ("0.5", "left", ""),
    "＜０．５": ("0.5", "left", ""),
    "≥ 40000": ("40000", "right", ""),
    "≤3": ("3", "left", ""),
    ">=40000": ("40000", "right", ""),
    "大于500": ("500", "right", ""),
    "小于0.3": ("0.3", "left", ""),
    "500以上": ("500", "right", ""),
    "above 40000": ("40000", "right", ""),
    "less than 0.3 g/L": ("0.3", "left", "g/L"),
    "up to 3": ("3", "left", ""),
    "3,966 ng/mL": ("3966", "", "ng/mL"),
    "1,234,567": ("1234567", "", ""),
    "1,234.5": ("1234.5", "", ""),
    "1,00,000/mm3": ("100000", "", "/uL"),
    "1.0E+04 copies/ml": ("10000", "", "copies/mL"),
    "1.2×10^4": ("12000", "", ""),
    "1.2 x 10^4 copies/mL": ("12000", "", "copies/mL"),
    "2.5e5": ("250000", "", ""),
    "10^4": ("10000", "", ""),
    "10⁴ copies/mL": ("10000", "", "copies/mL"),
    "48 x 109/L": ("48", "", "10^9/L"),
    "48 x10 9/L": ("48", "", "10^9/L"),
    "15 x1000/mm3": ("15", "", "10^3/uL"),
    "255000/cu.mm": ("255000", "", "/uL"),
    "44 x 10^6/mm3": ("44", "", "10^6/uL"),
    "1.5×10⁹/L": ("1.5", "", "10^9/L"),
    "73%": ("73", "", "%"),
    "38.5 (℃)": ("38.5", "", "degC"),
    "20 (↓†)": ("20", "", ""),
    "12.3*": ("12.3", "", ""),
    "12.3 H": ("12.3", "", ""),
    "12.3↑": ("12.3", "", ""),
    "↑12.3": ("12.3", "", ""),
    "1456 ng/mL (peak)": ("1456", "", "ng/mL"),
    "约3000": ("3000", "", ""),
    "'1500": ("1500", "", ""),
    "1500;": ("1500", "", ""),
    "100 x 10^9/L (transfused)": ("100", "", "10^9/L"),
}


@pytest.mark.parametrize(("text", "expected"), READ.items())
def test_read(text, expected):
    got = read_number(text, POINT)
    assert isinstance(got, Reading)
    assert (got.number, got.censored, got.unit) == (Decimal(expected[0]), *expected[1:])


REFUSED = {
    "3,9": "decimal_comma",
    "0,450": "decimal_comma",
    "1.234.567": "decimal_mark",
    "3-5": "range",
    "8.8-14.9": "range",
    "3~5 g/L": "range",
    "3 to 5": "range",
    "12/8/5": "serial_values",
    "26→38→12": "serial_values",
    "26->38": "serial_values",
    "54 +/- 6": "plus_minus",
    "54±6": "plus_minus",
    "+": "sign_in_number",
    "++": "sign_in_number",
    "(+)": "sign_in_number",
    "2000+": "plus_mark",
    "159 076552958 255": "cells_run_together",
    "15104635581242121452": "cells_run_together",
    "137, 55": "several_numbers",
    "24/8 (0-184)": "several_numbers",
    "90 (9.0)": "several_numbers",
    "12 345": "several_numbers",
    "WBC 8, RBC 12000": "several_numbers",
    "压力210mmH2O, 细胞数2, 蛋白0.62g/L, 糖3.1": "several_numbers",
    "1.2x104": "exponent_lost",
    "48 x109": "exponent_lost",
    "10000 copies": "unit_unknown",
    "5 foo/bar": "unit_unknown",
    "2021-03-05": "date_in_number",
    "2021年3月5日": "date_in_number",
    "three": "not_a_number",
    "1500?": "unreadable_number",
    "100K": "unit_unknown",
    "铁蛋白 1456": "unreadable_number",
}


@pytest.mark.parametrize(("text", "code"), REFUSED.items())
def test_refused_with_its_own_reason(text, code):
    got = read_number(text, POINT)
    assert isinstance(got, Fault)
    assert got.code == code


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3,9", "3.9"), ("3,966", "3.966"), ("1.234,5", "1234.5"), ("3.966", "3966"), ("3.9", "3.9"), ("0.966", "0.966")],
)
def test_declared_decimal_comma(text, expected):
    got = read_number(text, COMMA)
    assert isinstance(got, Reading)
    assert got.number == Decimal(expected)


@pytest.mark.parametrize("text", ["1,234.5", "1,234,567"])
def test_marks_against_the_declared_decimal_comma(text):
    assert read_number(text, COMMA) == Fault("decimal_mark")


def test_a_group_of_three_is_ambiguous_where_the_column_also_writes_decimal_commas():
    texts = ["3,966", "3,9"]
    habit = habit_of(texts, [Kind.TEXT] * 2, ".")
    assert read_number("3,966", habit) == Fault("ambiguous_separator")
    assert read_number("1,234,567", habit) == Reading(Decimal(1234567), rules=("thousands",))


def test_cells_that_the_file_typed_say_nothing_about_the_habit():
    assert habit_of(["3,9"], [Kind.NUMBER], ".") == Habit()


def test_flags_and_footnotes_are_said():
    assert read_number("12.3*", POINT).footnote == "mark"
    assert read_number("12 (transfused)", POINT).footnote == "text"
    assert read_number("约3000", POINT).approximate


NUMBERS = st.decimals(min_value=0, max_value=999999, places=3)
FULL = str.maketrans("0123456789.<>", "０１２３４５６７８９．＜＞")


@given(NUMBERS)
def test_a_written_number_comes_back(number):
    got = read_number(str(number), POINT)
    assert isinstance(got, Reading)
    assert got.number == number


@given(NUMBERS)
def test_thousands_commas_change_nothing(number):
    got = read_number(f"{number:,}", POINT)
    assert isinstance(got, Reading)
    assert got.number == number


@given(NUMBERS, st.sampled_from(["", "<", ">"]))
def test_full_width_characters_change_nothing_but_the_rule(number, sign):
    text = f"{sign}{number}"
    half, full = read_number(text, POINT), read_number(text.translate(FULL), POINT)
    assert isinstance(half, Reading)
    assert isinstance(full, Reading)
    assert (full.number, full.censored) == (half.number, half.censored)
    assert full.rules == ("fullwidth", *half.rules)


@given(
    st.from_regex(
        r"[<>≤≥]?=? ?[0-9]{1,6}(\.[0-9]{1,3})? ?(ng/mL|g/L|U/L|%|mg/dL H|H|月|mmHg|to 5|/uL)?", fullmatch=True
    )
)
def test_the_short_way_says_what_the_long_way_says(text):
    short = read_simple(text, POINT)
    assert short is None or short == read_number(text, POINT)
