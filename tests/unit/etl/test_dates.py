"""Dates to the day, or a reason why not."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurohlh.etl.dates import Day, excel_date, read_date
from neurohlh.etl.parsed import Fault, ValueContext
from neurohlh.etl.table import Kind

TODAY = dt.date(2026, 11, 22)


def read(text, kind=Kind.TEXT, birth=False, **context):
    return read_date(text, kind, ValueContext(**{"today": TODAY, **context}), birth=birth)


MARCH_5 = [
    "2021-03-05", "2021.3.5", "2021/3/5", "2021/03/05", "20210305", "2021年3月5日", "2021年03月05", "5 Mar 2021",
    "March 5, 2021", "Mar 5 2021", "5-Mar-2021", "05MAR2021", "5th of March 2021", "２０２１－０３－０５", "2021. 3. 5",
    "2021-03-05 00:00:00", "2021-03-05T13:40", "2021-03-05T13:40:00Z", "2021.3.5 8:30", "2021年3月5日8时30分", "44260",
    "44260.0", "Friday, March 5, 2021", "2021.3.5.", "2021-Mar-05", "2021-03-05 1:40 PM",
]  # fmt: skip


@pytest.mark.parametrize("text", MARCH_5)
def test_ways_of_writing_one_day(text):
    got = read(text)
    assert isinstance(got, Day)
    assert got.date == dt.date(2021, 3, 5)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("5/3/2021", "ambiguous_date"),
        ("5/3/21", "two_digit_year"),
        ("21-3-5", "two_digit_year"),
        ("5-Mar-21", "two_digit_year"),
        ("210305", "two_digit_year"),
        ("2021-02-30", "impossible_date"),
        ("31/31/2021", "impossible_date"),
        ("2021-13-01", "impossible_date"),
        ("20210230", "impossible_date"),
        ("2030-01-01", "future_date"),
        ("2026-11-23", "future_date"),
        ("1899-01-01", "implausible_date"),
        ("2021年3月", "partial_date"),
        ("2021-03", "partial_date"),
        ("2021", "partial_date"),
        ("Mar 2021", "partial_date"),
        ("2021-03-00", "partial_date"),
        ("2021-03-XX", "partial_date"),
        ("2021年3月上旬", "partial_date"),
        ("2021-03-05 2021-03-07", "several_dates"),
        ("2021-03-05、2021-04-01", "several_dates"),
        ("03/2021", "partial_date"),
        ("2021年", "partial_date"),
        ("Mar-21", "two_digit_year"),
        ("2021-03-05?", "date_with_text"),
        ("约2021-03-05", "date_with_text"),
        ("2021-03-05 (入院)", "date_with_text"),
        ("day +21", "not_a_date"),
        ("soon", "not_a_date"),
        ("1234567", "not_a_date"),
    ],
)
def test_refused_with_its_own_reason(text, code):
    got = read(text)
    assert isinstance(got, Fault)
    assert got.code == code


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("5/3/2021", "dmy", dt.date(2021, 3, 5)),
        ("5/3/2021", "mdy", dt.date(2021, 5, 3)),
        ("25/3/2021", None, dt.date(2021, 3, 25)),
        ("3/25/2021", None, dt.date(2021, 3, 25)),
        ("5/5/2021", None, dt.date(2021, 5, 5)),
        ("21-3-5", "ymd", dt.date(2021, 3, 5)),
        ("5.3.94", "dmy", dt.date(1994, 3, 5)),
        ("5-Mar-21", "dmy", dt.date(2021, 3, 5)),
    ],
)
def test_the_order_of_day_and_month(text, order, day):
    assert read(text, date_order=order).date == day


def test_a_date_impossible_in_the_declared_order_is_no_other_date():
    assert read("3/25/2021", date_order="dmy") == Fault("date_order_contradicted")


def test_two_digits_of_a_birth_year_leave_the_century_open():
    assert read("5/3/21", birth=True, date_order="dmy") == Fault("two_digit_year")
    assert read("5/3/94", birth=True, date_order="dmy").date == dt.date(1994, 3, 5)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2021年3月", dt.date(2021, 3, 15)),
        ("2021-03", dt.date(2021, 3, 15)),
        ("2021", dt.date(2021, 7, 1)),
        ("2021-00-00", dt.date(2021, 7, 1)),
    ],
)
def test_midpoints_where_the_study_asks_for_them(text, day):
    got = read(text, partial_dates="midpoint")
    assert got.date == day
    assert got.doubt == "date_midpoint"


@pytest.mark.parametrize("text", ["1970-01-01T00:00:00Z", "1970-01-01", "1900-01-00", "1899-12-30", "1900-01-01", "0"])
def test_placeholders_are_missing(text):
    got = read(text, Kind.NUMBER if text == "0" else Kind.TEXT)
    assert got == Day(None, ("date:placeholder",), "placeholder_date")


def test_a_child_may_be_born_on_the_first_day_of_1970():
    assert read("1970-01-01", birth=True).doubt == "possible_placeholder"
    assert read("1970-01-01T00:00:00Z", birth=True).date is None


@pytest.mark.parametrize(
    ("serial", "date1904", "day"),
    [
        # Microsoft: 1 is 1 January 1900; 59 is 28 February; 60 is the 29 February that never was; 61 is 1 March.
        (1, False, dt.date(1900, 1, 1)),
        (59, False, dt.date(1900, 2, 28)),
        (61, False, dt.date(1900, 3, 1)),
        (44197, False, dt.date(2021, 1, 1)),
        (42735, True, dt.date(2021, 1, 1)),
        (0, True, dt.date(1904, 1, 1)),
    ],
)
def test_spreadsheet_serials(serial, date1904, day):
    assert excel_date(serial, date1904) == day


def test_serials_in_cells():
    assert read("44197.5", Kind.NUMBER) == Day(
        dt.date(2021, 1, 1), ("date:excel1900", "date:time_dropped"), "time_dropped"
    )
    assert read("42735", Kind.NUMBER, date1904=True).date == dt.date(2021, 1, 1)
    assert read("99999", Kind.NUMBER) == Fault("number_no_date")
    assert read("2021.1", Kind.NUMBER) == Fault("number_no_date")


@given(
    st.dates(min_value=dt.date(1971, 1, 1), max_value=TODAY),
    st.sampled_from(["%Y-%m-%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d"]),
)
def test_a_written_day_comes_back(day, form):
    got = read(day.strftime(form))
    assert isinstance(got, Day)
    assert got.date == day


@given(st.text(max_size=20).filter(str.strip), st.sampled_from(list(Kind)))
def test_no_text_raises(text, kind):
    assert isinstance(read(text.strip(), kind), Day | Fault)
