"""Numbers to text: each row is what a reader should see, worked out by hand."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurohlh.core import format as fmt
from neurohlh.core.suppression import SUPPRESSED
from neurohlh.report.tables import styles

T = "\N{NARROW NO-BREAK SPACE}"
M = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (2.5, 0, "3"),
        (0.125, 2, "0.13"),
        (-0.001, 2, "0.00"),
        (-1.25, 1, f"{M}1.3"),
        (1.005, 2, "1.01"),
        (9999, 0, "9999"),
        (12345.6, 1, f"12{T}345.6"),
        (math.inf, 1, "∞"),
        (math.nan, 1, "–"),
        (None, 1, "–"),
        (pd.NA, 1, "–"),
        (1e-9, 3, "0.000"),
        (3e21, 0, f"3{T}000{T}000{T}000{T}000{T}000{T}000{T}000"),
    ],
)
def test_fixed_places_round_half_away_from_zero(value, decimals, text):
    assert fmt.fixed(value, decimals) == text


@pytest.mark.parametrize(
    ("p", "text", "said"),
    [
        (0.0004, "<0.001", "p < 0.001"),
        (0.00099, "<0.001", "p < 0.001"),
        (0.001, "0.001", "p = 0.001"),
        (0.0496, "0.050", "p = 0.050"),
        (0.2345, "0.23", "p = 0.23"),
        (0.996, ">0.99", "p > 0.99"),
        (1.0, ">0.99", "p > 0.99"),
        (0.0, "<0.001", "p < 0.001"),
        (math.nan, "–", "p = –"),
    ],
)
def test_p_values(p, text, said):
    assert fmt.p_value(p) == text
    assert fmt.p_equals(p) == said


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.285, f"28.5{T}%"),
        (0.0, f"0.0{T}%"),
        (1.0, f"100.0{T}%"),
        (0.0001, f"<0.1{T}%"),
        (0.9999, f">99.9{T}%"),
        (-0.079, f"{M}7.9{T}%"),
        (None, "–"),
    ],
)
def test_percentages_never_round_something_to_nothing(share, text):
    assert fmt.percent(share) == text


def test_a_count_stands_with_its_denominator():
    assert fmt.count_of(38, 54) == f"38/54 (70.4{T}%)"
    assert fmt.count_of(0, 0) == "0/0 (–)"
    assert fmt.out_of(38, 1540) == f"38/{fmt.integer(1540)}"
    assert fmt.out_of(math.nan, 10) == "–"
    assert fmt.out_of(SUPPRESSED, SUPPRESSED) == fmt.out_of(3, SUPPRESSED) == "suppressed"
    assert fmt.count_of(math.nan, 10) == "–"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.286, "2.29"),
        (9.996, "10.0"),
        (61.74, "61.7"),
        (123.4, "123"),
        (0.043, "0.043"),
        (0.0996, "0.10"),
        (0.0004, "<0.001"),
        (4321.0, ">1000"),
        (1.002, "1.002"),
        (1, "1.00"),
        (math.inf, "∞"),
    ],
)
def test_ratios(value, text):
    assert fmt.ratio(value) == text


def test_intervals_use_to_where_a_dash_would_mislead():
    assert fmt.ratio_with_interval(2.2861, 1.1502, 4.5466) == "2.29 (1.15–4.55)"
    assert fmt.ratio_with_interval(0.9952, 0.9898, 1.0006) == "0.995 (0.990–1.001)"
    assert fmt.interval(-0.19, -0.003, fmt.significant) == f"{M}0.190 to {M}0.00300"
    assert fmt.interval(577, None, fmt.integer, open_end="not reached") == "577 to not reached"
    assert fmt.with_interval(0.37, 0.31, 0.42, fmt.percent) == f"37.0{T}% (31.0–42.0{T}%)"
    assert fmt.with_interval(None, None, None) == "–"
    assert fmt.with_interval(None, 1.32, None, open_end="no limit") == "– (1.32 to no limit)"
    assert fmt.with_interval(1.5, None, None) == "1.50"
    assert fmt.interval(None, None, fmt.ratio, open_end="no limit") == "–"


@pytest.mark.parametrize(
    ("days", "text"),
    [(1, "1 day"), (30, "30 days"), (365, "1 year"), (365.25, "1 year"), (1095.75, "3 years"), (400, "400 days")],
)
def test_durations(days, text):
    assert fmt.duration(days) == text


def test_significant_digits_follow_the_largest():
    assert fmt.decimals_for([0.5, 12.25]) == 1
    assert fmt.decimals_for([3.0, 400.0]) == 0
    assert fmt.decimals_for([]) == 0
    assert fmt.significant(0.01234) == "0.0123"


def test_sentence_lists():
    assert fmt.sentence_list(["a", "b", "c"]) == "a, b and c"
    assert fmt.sentence_list(["a"]) == "a"
    assert fmt.sentence_list([]) == ""


@given(st.floats(-1e12, 1e12), st.integers(0, 6))
def test_a_shown_number_is_the_number_at_its_shown_precision(value, decimals):
    shown = fmt.fixed(value, decimals)
    back = float(shown.replace(T, "").replace(M, "-"))
    assert abs(back - value) <= 0.5 * 10.0**-decimals * (1 + 1e-9) + abs(value) * 1e-15
    assert not (shown.startswith(M) and back == 0)


class Taken:
    """What disclosure control leaves in the place of a number."""

    is_suppressed = True


@pytest.mark.parametrize(
    "show",
    [
        lambda v: fmt.fixed(v, 1),
        fmt.integer,
        fmt.significant,
        fmt.percent,
        fmt.percentage_points,
        fmt.p_value,
        fmt.ratio,
        fmt.duration,
        lambda v: fmt.count_of(v, 10),
        lambda v: fmt.count_of(3, v),
        lambda v: fmt.interval(v, 2.0, fmt.ratio),
        lambda v: fmt.with_interval(v, 1.0, 2.0),
        lambda v: fmt.ratio_with_interval(v, 1.0, 2.0),
    ],
)
def test_what_was_suppressed_is_a_word_and_never_a_number(show):
    assert show(Taken()) == "suppressed"
    assert not fmt.is_missing(Taken())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.25, "0.25"),
        (10.0, "10"),
        (2.5, "2.5"),
        (-0.1, f"{M}0.1"),
        (0.05, "0.05"),
        (12000, f"12{T}000"),
        (0.30000000000000004, "0.3"),
    ],
)
def test_a_tick_has_no_more_digits_than_it_needs(value, text):
    assert fmt.shortest(value) == text


def test_ticks_in_per_cent():
    assert [fmt.axis_percent(share) for share in (0.0, 0.25, 0.125, 1.0, 0.30000000000000004)] == [
        f"0{T}%", f"25{T}%", f"12.5{T}%", f"100{T}%", f"30{T}%",
    ]  # fmt: skip


def test_a_limit_beyond_what_is_printed_is_not_read_as_an_arrow():
    with fmt.journal(styles.load("jama")):
        assert fmt.ratio_with_interval(3.47, 0.0001, 5000) == "3.47 (<0.001 to >1000)"
