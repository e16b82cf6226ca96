"""Ages and durations with their units."""

from decimal import Decimal as D

import pytest

from neurohlh.etl.ages import Span, read_span
from neurohlh.etl.parsed import Fault
from neurohlh.etl.words import words

READ = {
    "3岁2月": [(D(3), "years"), (D(2), "months")],
    "1岁3月": [(D(1), "years"), (D(3), "months")],
    "3岁2个月": [(D(3), "years"), (D(2), "months")],
    "3岁": [(D(3), "years")],
    "1岁半": [(D("1.5"), "years")],
    "半岁": [(D("0.5"), "years")],
    "三岁": [(D(3), "years")],
    "十二岁": [(D(12), "years")],
    "二十岁": [(D(20), "years")],
    "三岁两个月": [(D(3), "years"), (D(2), "months")],
    "半个月": [(D("0.5"), "months")],
    "2个半月": [(D("2.5"), "months")],
    "生后20天": [(D(20), "days")],
    "3 y/o": [(D(3), "years")],
    "5月": [(D(5), "months")],
    "10天": [(D(10), "days")],
    "3月15天": [(D(3), "months"), (D(15), "days")],
    "18d": [(D(18), "days")],
    "1.5 mth": [(D("1.5"), "months")],
    "2y3m": [(D(2), "years"), (D(3), "months")],
    "2 years 3 months": [(D(2), "years"), (D(3), "months")],
    "2 years and 3 months": [(D(2), "years"), (D(3), "months")],
    "P25Y6M": [(D(25), "years"), (D(6), "months")],
    "P8Y": [(D(8), "years")],
    "28 days of life": [(D(28), "days")],
    "3-month-old": [(D(3), "months")],
    "three-months-old": [(D(3), "months")],
    "Three years": [(D(3), "years")],
    "one and half-year old": [(D("1.5"), "years")],
    "one and a half years": [(D("1.5"), "years")],
    "21-month old": [(D(21), "months")],
    "5-y-old": [(D(5), "years")],
    "42-yr-old": [(D(42), "years")],
    "６月": [(D(6), "months")],
    "60 mth": [(D(60), "months")],
    "one year": [(D(1), "years")],
    "two weeks": [(D(2), "weeks")],
    "19 days": [(D(19), "days")],
    "1年2月": [(D(1), "years"), (D(2), "months")],
}


@pytest.mark.parametrize(("text", "parts"), READ.items())
def test_read(text, parts):
    span = read_span(text)
    assert isinstance(span, Span)
    assert list(span.parts) == parts
    assert span.censored == ""


@pytest.mark.parametrize(
    ("text", "censored"),
    [
        ("3+月", "right"),
        ("4+ mth", "right"),
        ("13+ mth", "right"),
        (">3岁", "right"),
        ("<1月", "left"),
        ("3岁以上", "right"),
    ],
)
def test_open_lengths_are_censored(text, censored):
    span = read_span(text)
    assert isinstance(span, Span)
    assert span.censored == censored


REFUSED = {
    "8.8月-14.9岁": "age_range",
    "50 days-14 years": "age_range",
    "21 to 73 (mean 50), not assignable": "age_range",
    "3-5岁": "age_range",
    "42 (at referral)": "age_with_text",
    "6 y at referral": "age_with_text",
    "18 months at onset, 2-year-old at referral": "several_ages",
    "P27Y at last encounter (onset P22Y)": "several_ages",
    "neonate": "age_band",
    "adolescent": "age_band",
    "middle-aged": "age_band",
    "新生儿": "age_band",
    "beyond infancy (late onset)": "age_band",
    "G1P1 36W": "obstetric",
    "胎龄36周": "obstetric",
    "36+2周": "obstetric",
    "day +21": "zero_not_stated",
    "day 15": "zero_not_stated",
    "hospital day 90": "zero_not_stated",
    "at 4 y": "zero_not_stated",
    "术后21天": "zero_not_stated",
    "4+ mth after BMT": "zero_not_stated",
    "3月15日": "date_in_number",
    "2021-03-05": "date_in_number",
    "old": "age_band",
    "soon": "not_an_age",
}


@pytest.mark.parametrize(("text", "code"), REFUSED.items())
def test_refused_with_its_own_reason(text, code):
    got = read_span(text, words().age_bands)
    assert isinstance(got, Fault)
    assert got.code == code
