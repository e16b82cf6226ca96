"""A column's texts as values: rules, states, remarks, and what holds for every text there is."""

import datetime as dt
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurohlh.etl.codebook import codebook
from neurohlh.etl.parsed import sentences
from neurohlh.etl.table import Kind
from neurohlh.etl.values import Parsed, State, ValueContext, canonical_text, parse_column

BOOK = codebook()
TODAY = dt.date(2026, 11, 22)


def read(variable, text, kind=Kind.TEXT, **context):
    context = ValueContext(**{"unit_known": True, "today": TODAY, **context})
    return parse_column([text], [kind], BOOK[variable], context)[0]


# --- rules: '' only where patients.csv shows the text as it is --------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "text", "rule"),
    [
        ("ferritin", "500", ""),
        ("ferritin", "500.5", ""),
        ("ferritin", "500.50", "format"),
        ("ferritin", "500.0", "format"),
        ("ferritin", "５００", "fullwidth"),
        ("ferritin", "3,966", "thousands"),
        ("ferritin", ">2000", "censored:right"),
        ("ferritin", "500 ng/mL", "cell_unit"),
        ("ferritin", "500 pmol/L", "unit:pmol/L->ug/L"),
        ("ebv_dna", "1.0E+04", "scientific"),
        ("date_death", "2021-03-05", ""),
        ("date_death", "2021.3.5", "date:ymd"),
        ("date_death", "44260", "date:excel1900"),
        ("fever", "true", ""),
        ("fever", "yes", "word:yes"),
        ("fever", "1", "word:yes"),
        ("mri_abnormal", "not_met", ""),
        ("mri_abnormal", "正常", "word:no"),
        ("sex", "M", ""),
        ("sex", "m", "format"),
        ("sex", "男", "word:M"),
        ("lp_done", "未做", "not_done->false"),
        ("ferritin", "未查", "not_done"),
        ("ferritin", "NA", "missing_word"),
        ("gcs", "8/15", "k_of_n"),
    ],
)
def test_the_rule_says_what_was_done(variable, text, rule):
    assert read(variable, text).rule == rule


@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        ("ferritin", 500.0, "500"),
        ("ferritin", 38.5, "38.5"),
        ("ferritin", 0.1 + 0.2, "0.30000000000000004"),
        ("ferritin", float("nan"), ""),
        ("fibrinogen", -0.0, "0"),
        ("fever", True, "true"),
        ("fever", False, "false"),
        ("date_death", dt.date(2021, 3, 5), "2021-03-05"),
        ("date_death", dt.datetime(2021, 3, 5, 13, 40), "2021-03-05"),
        ("sex", "M", "M"),
        ("sex", None, ""),
    ],
)
def test_how_patients_csv_writes_a_value(variable, value, text):
    assert canonical_text(value, BOOK[variable]) == text


# --- units: cell over context over codebook ---------------------------------------------------------------------------


def test_the_unit_of_the_cell_wins_over_the_header():
    p = read("ferritin", "500 pmol/L", unit="ng/mL")
    assert (p.unit, p.recorded, p.value) == ("pmol/L", 500.0, 222.52)
    assert read("hemoglobin", "95 g/L", unit="g/dl").value == 95


def test_the_unit_of_the_header_wins_over_the_codebook():
    p = read("hemoglobin", "9.2", unit="gm/dl")
    assert (p.value, p.recorded, p.unit) == (92.0, 9.2, "g/dL")


def test_nobody_named_a_unit():
    assert read("ferritin", "500", unit_known=False).unit is None
    assert read("ferritin", "500").unit == "ug/L"
    assert read("gcs", "8", unit_known=False).unit == "points"  # it has no other


def test_a_unit_that_cannot_be_used_refuses_the_cells_that_name_none():
    assert read("ferritin", "500", unit="bogus").code == "unit_unknown"
    assert read("ferritin", "500", unit="IU/L").code == "no_conversion"
    assert read("ferritin", "500 ng/mL", unit="bogus").value == 500


def test_soluble_cd25_is_never_converted():
    p = read("scd25", "6400 pg/mL", unit_known=False)
    assert (p.value, p.recorded, p.unit) == (6400.0, 6400.0, "pg/mL")
    assert read("scd25", "23 ng/mL").unit == "ng/mL"
    assert read("scd25", "5000", unit_known=False).unit is None


def test_d_dimer_without_its_assay_is_doubted():
    p = read("d_dimer", "5.2 mg/L")
    assert (p.value, p.code) == (5.2, "assay_unnamed")


# --- ranges and suspected units ---------------------------------------------------------------------------------------


def test_outside_the_hard_range_is_refused_and_outside_the_usual_range_doubted():
    assert read("ferritin", "5000000").code == "out_of_hard_range"
    p = read("ferritin", "150")
    assert (p.value, p.severity, p.code) == (150.0, "warning", "outside_usual")


def test_a_censored_value_is_checked_by_its_limit():
    assert read("ferritin", ">5000000").code == "out_of_hard_range"
    assert read("ferritin", ">100000").code == ""


@pytest.mark.parametrize(
    ("variable", "text", "unit", "named"),
    [
        ("triglycerides", "265", None, "mg/dL"),
        ("fibrinogen", "150", None, "mg/dL"),
        ("platelets", "150000", None, "/uL"),
        ("platelets", "44 x 10^6/mm3", None, "10^9/L"),
        ("wbc", "8500", None, "/uL"),
        ("csf_protein", "470", None, "mg/L"),
        ("csf_protein", "47", None, "mg/dL"),
        ("csf_protein", "150", None, "mg/dL or mg/L"),
        ("hemoglobin", "9.2", None, "g/dL"),
        ("hemoglobin", "12", "g/L", "g/dL"),
        ("hemoglobin", "95", "g/dL", "g/L"),
        ("temp_max_c", "101.3", None, "degF"),
        ("bilirubin_total", "0.4", None, "mg/dL"),
    ],
)
def test_the_suspected_unit_is_named(variable, text, unit, named):
    p = read(variable, text, unit=unit)
    assert (p.state, p.code) == (State.REFUSED, "unit_suspected")
    assert f"plausible in {named}." in p.message
    assert f"units = {{ {variable} = " in p.action


@pytest.mark.parametrize(
    ("variable", "text", "value", "unit"),
    [
        ("hemoglobin", "9.2", 92.0, "g/dL"),
        ("csf_protein", "470", 0.47, "mg/L"),
        ("csf_protein", "47", 0.47, "mg/dL"),
        ("platelets", "150000", 150.0, "/uL"),
    ],
)
def test_converted_where_the_study_asks_and_one_unit_alone_fits(variable, text, value, unit):
    p = read(variable, text, unit_doubt="convert")
    assert (p.value, p.unit, p.severity, p.code) == (value, unit, "warning", "unit_converted")
    assert p.rule.startswith("unit_doubt:")


def test_never_converted_where_two_units_fit():
    assert read("csf_protein", "150", unit_doubt="convert").code == "unit_suspected"


@pytest.mark.parametrize("text", ["102 copies/mL", "104 copies/mL", "109"])
def test_lost_exponents_are_suspected(text):
    assert read("ebv_dna", text).code == "exponent_lost"


def test_other_copy_numbers_are_read():
    assert read("ebv_dna", "110").value == 110
    assert read("ebv_dna", "1.04E+02").value == 104


# --- states are never merged ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["ferritin", "fever", "mri_abnormal", "date_lp_first", "sex", "gene_causal"])
@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("NA", State.BLANK),
        ("缺失", State.BLANK),
        ("未查", State.NOT_DONE),
        ("Not done", State.NOT_DONE),
        ("拒绝", State.NOT_DONE),
        ("-", State.NOT_DONE),
        ("不适用", State.NOT_APPLICABLE),
        ("不详", State.UNKNOWN),
        ("ND", State.UNKNOWN),
    ],
)
def test_states_of_not_knowing(variable, text, state):
    p = read(variable, text)
    assert (p.value, p.state) == (None, state)


def test_the_study_says_what_its_signs_mean():
    assert read("fever", "-", codes={"-": "no"}).value is False
    assert read("ebv_status", "ND", codes={"ND": "negative"}).value == "negative"
    assert read("ferritin", "ND", codes={"ND": "not_done"}).state == State.NOT_DONE
    assert read("ferritin", "9999", missing=frozenset({"9999"})).state == State.BLANK
    assert read("ferritin", "9999.0", Kind.NUMBER, missing=frozenset({"9999"})).state == State.BLANK
    assert read("sex", "1", Kind.NUMBER, codes={"1": "M", "2": "F"}).value == "M"
    assert read("sex", "1.0", Kind.NUMBER, codes={"1": "M", "2": "F"}).value == "M"
    assert read("sex", "1", codes={"1": "Martian"}).code == "code_invalid"


def test_the_dash_says_how_to_make_it_negative():
    p = read("fever", "-")
    assert (p.severity, p.code) == ("info", "not_done_sign")
    assert 'codes = { fever = { "-" = "no" } }' in p.action


def test_formula_errors():
    for text, kind in (("#REF!", Kind.TEXT), ("#DIV/0!", Kind.ERROR), ("#VALUE!", Kind.TEXT)):
        assert read("ferritin", text, kind).code == "formula_error"
        assert read("fever", text, kind).severity == "error"
    assert read("ferritin", "#N/A", Kind.ERROR).state == State.BLANK


# --- habits of the whole column ---------------------------------------------------------------------------------------


def column(variable, texts, **context):
    context = ValueContext(**{"unit_known": True, "today": TODAY, **context})
    return dict(zip(texts, parse_column(texts, [Kind.TEXT] * len(texts), BOOK[variable], context), strict=True))


def test_decimal_commas_elsewhere_make_a_group_of_three_ambiguous():
    assert column("ferritin", ["3,966", "512"])["3,966"].value == 3966
    assert column("ferritin", ["3,966", "512,5"])["3,966"].code == "ambiguous_separator"
    assert 'decimal = ","' in column("ferritin", ["512,5"])["512,5"].action


def test_decimal_commas_touch_text_only():
    assert read("ferritin", "512.125", Kind.NUMBER, decimal=",").value == 512.125
    assert read("ferritin", "512,5", decimal=",").value == 512.5


def test_one_and_two_say_nothing_without_a_map():
    parsed = column("fever", ["1", "2"])
    assert {p.code for p in parsed.values()} == {"code_map_needed"}
    assert column("fever", ["1", "0"])["1"].value is True


def test_the_order_of_the_answers_is_that_of_the_texts():
    texts = ["600", "x", "未查", "700"]
    parsed = column("ferritin", texts)
    assert [parsed[t].value for t in texts] == [600.0, None, None, 700.0]


# --- what holds for every text ----------------------------------------------------------------------------------------

SIGNS = string.digits + ".,<>≤≥+-±/()%^x×eEHL {}'年月日岁天半周未查阳性阴无有，．０５（）²⁹½①µ℃#?↑→\u00a0"
PIECES = [
    "44197",
    "00",
    "年",
    "3",
    ".",
    "岁",
    "+",
    "T08:30",
    "1970-01-01",
    "10",
    "ng/mL",
    "mg/dL",
    "10^9/L",
    "2021",
    "-",
    "月",
    "Mar",
    "day",
    "yes",
    "(",
    "1e999",
    "nan",
    "inf",
    "half",
]
TEXTS = st.one_of(
    st.text(SIGNS, min_size=1, max_size=12),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map(" ".join),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join),
    st.text(min_size=1, max_size=8),
).map(str.strip)
CONTEXTS = st.builds(
    ValueContext,
    unit=st.sampled_from([None, "mg/dL", "月", "bogus", "degF"]),
    unit_known=st.booleans(),
    decimal=st.sampled_from(".,"),
    date_order=st.sampled_from([None, "dmy", "mdy", "ymd"]),
    unit_doubt=st.sampled_from(["refuse", "convert"]),
    partial_dates=st.sampled_from(["refuse", "midpoint"]),
    today=st.sampled_from([None, TODAY]),
)


@settings(max_examples=1500, deadline=None)
@given(TEXTS.filter(bool), st.sampled_from(list(Kind)), st.sampled_from(list(BOOK)), CONTEXTS)
def test_no_text_raises_and_nothing_is_silent(text, kind, variable, context):
    p = parse_column([text], [kind], variable, context)[0]
    if p.state == State.REFUSED:
        assert p.value is None
        assert p.severity == "error"
        assert p.code
        assert p.message
        assert p.action
    if p.severity == "error":
        assert p.state == State.REFUSED
    # Conservation: unchanged in patients.csv, or a change, or an issue.
    assert p.rule or p.code or canonical_text(p.value, variable) == text


@given(st.floats(min_value=200, max_value=100000))
def test_a_number_comes_back_as_it_was(number):
    p = read("ferritin", repr(number))
    assert p.value == number
    assert canonical_text(p.value, BOOK["ferritin"]) == canonical_text(number, BOOK["ferritin"])


@pytest.mark.parametrize("code", list(sentences()))
def test_every_sentence_is_whole(code):
    said = sentences()[code]
    assert set(said) == {"severity", "message", "action"}
    assert said["severity"] in ("error", "warning", "info")
    assert said["message"].endswith((".", "}"))


def test_no_message_holds_the_value():
    for variable, text in [
        ("ferritin", "7654321"),
        ("hemoglobin", "9.123"),
        ("date_death", "2031-01-01"),
        ("sex", "zzz"),
    ]:
        p: Parsed = read(variable, text)
        assert text not in p.message + p.action


# --- rules found on tables of hospitals ------------------------------------------------------------------------------
@pytest.mark.parametrize("text", ["1921-03-05", "1921年3月5日", "20215", "7736"])
def test_an_event_before_the_disease_was_described_is_no_date(text):
    context = ValueContext(today=dt.date(2026, 11, 22))
    [event] = parse_column([text], [Kind.TEXT], codebook()["date_hlh_diagnosis"], context)
    assert event.state == State.REFUSED


def test_births_may_be_as_old():
    context = ValueContext(today=dt.date(2026, 11, 22))
    [birth] = parse_column(["1938-05-06"], [Kind.TEXT], codebook()["date_birth"], context)
    assert birth.value == dt.date(1938, 5, 6)


def test_a_second_number_in_brackets_behind_a_unit_is_a_second_number():
    texts = ["1234 ng/mL (>2000)", "1234 ng/mL (peak)"]
    two, one = parse_column(texts, [Kind.TEXT] * 2, codebook()["ferritin"], ValueContext())
    assert (two.state, two.code) == (State.REFUSED, "several_numbers")
    assert (one.value, one.code) == (1234, "footnote")


def test_soluble_cd25_in_another_size_of_its_unit_is_in_its_unit():
    texts = ["5000000 U/L", "5000 pg/mL"]
    units, mass = parse_column(texts, [Kind.TEXT] * 2, codebook()["scd25"], ValueContext())
    assert (units.value, units.unit) == (5000, "U/mL")
    assert (mass.value, mass.unit) == (5000, "pg/mL")
