"""What every distinct raw cell of the published patients must become, decided by hand before any code read them.

"No value" means that nobody can decide the cell without going back to the paper: two ages, a band of age, a range
over ten patients, a time whose zero is not stated. Codes: a number is in the codebook's unit.
"""

import csv
from pathlib import Path

import pytest

from neurohlh.etl.codebook import codebook
from neurohlh.etl.table import Kind
from neurohlh.etl.values import State, ValueContext, parse_column

FILE = Path(__file__).parents[2] / "data" / "published" / "patients_from_case_series.csv"
NO_VALUE = None
MONTH, YEAR = 1 / 12, 1.0

AGE_YEARS = {
    "2 mth": 2 * MONTH,
    "3 mth": 3 * MONTH,
    "1.5 mth": 1.5 * MONTH,
    "2.5 mth": 2.5 * MONTH,
    "6 mth": 6 * MONTH,
    "6 y": 6,
    "55 years": 55,
    "63-year-old": 63,
    "27-year-old": 27,
    "13-year-old": 13,
    "3-year-old": 3,
    "21-month old": 21 * MONTH,
    "9-year-old": 9,
    "28 days of life": 28 / 365.25,
    "3-month-old": 3 * MONTH,
    "Three years": 3,
    "7-year-old": 7,
    "51-year-old": 51,
    "P8Y": 8,
    "15-year-old": 15,
    "16-year-old": 16,
    "19-year-old": 19,
    "14-year-old": 14,
    "12-year-old": 12,
    "5-y-old": 5,
    "34-year-old": 34,
    "three-months-old": 3 * MONTH,
    "one and half-year old": 1.5,
    "42-yr-old": 42,
    "17-year-old": 17,
    "53-year-old": 53,
    # two ages at two points in time; neither is called the age at diagnosis
    "P27Y at last encounter (onset P22Y)": NO_VALUE,
    "P25Y6M at last encounter (onset P21Y)": NO_VALUE,
    "18 months at onset, 2-year-old at referral": NO_VALUE,
    # bands, no numbers
    "adolescent": NO_VALUE,
    "neonate": NO_VALUE,
    "middle-aged": NO_VALUE,
    "beyond infancy (late onset)": NO_VALUE,
    # the range of ten patients
    "21 to 73 (mean 50), not assignable": NO_VALUE,
}

FERRITIN = {
    "1456 ng/mL": (1456, ""),
    "3,966 ng/mL": (3966, ""),
    ">40000 ug/L": (40000, "right"),
    "> 3000 ng/mL": (3000, "right"),
    "not tested": NO_VALUE,
    "increased (no number)": NO_VALUE,
    "hyperferritinemia (no number)": NO_VALUE,
    "high (no number)": NO_VALUE,
}

PLATELETS = {
    "12 x1000/mm3": 12,
    "46 x1000/mm3": 46,
    "10 x1000/mm3": 10,
    "15 x1000/mm3": 15,
    "58 x1000/mm3": 58,
    "35 x1000/mm3": 35,
    "14 x1000/mm3": 14,
    "42 x1000/mm3": 42,
    "52 x1000/mm3": 52,
    "255000/cu.mm": 255,
    "261 x10^9/L": 261,
    "48 x 109/L (exponent lost in text)": 48,
}

FOLLOWUP_DAYS = {
    "4+ mth": (4 * 30.4375, "right"),
    "13+ mth": (13 * 30.4375, "right"),
    "33+ mth": (33 * 30.4375, "right"),
    "56 mth": (56 * 30.4375, ""),
    "60 mth": (60 * 30.4375, ""),
    "96 mth": (96 * 30.4375, ""),
    "one year": (365.25, ""),
    "two years": (2 * 365.25, ""),
    "5 years": (5 * 365.25, ""),
    "19 days": (19, ""),
    "two weeks": (14, ""),
    # age at death or years of disease?
    "at 4 y": NO_VALUE,
    # days since what?
    "day +15": NO_VALUE,
    "day +21": NO_VALUE,
    # since admission, which is not the column's time zero
    "hospital day 90": NO_VALUE,
}

CODES = {
    "sex": ("sex", {"male": "M", "female": "F"}),
    "gene": ("gene_causal", {g: g for g in ("PRF1", "UNC13D", "RAB27A", "STXBP2", "SH2D1A")}),
    "outcome": ("outcome_status", {"alive": "alive", "dead": "dead"}),
    "hsct": ("hsct", {"yes": True, "no": False}),
    "cns_status": ("cns_involved", {"yes": "met", "no": "not_met"}),
    "neuro_symptoms": ("neuro_symptoms_any", {"yes": "met", "no": "not_met"}),
    "csf_status": ("csf_abnormal", {"abnormal": "met", "normal": "not_met"}),
    "imaging_status": ("imaging_abnormal", {"abnormal": "met"}),
    "neuro_sequelae": (
        "neuro_sequelae",
        {
            "no": "not_met",
            "yes (severe)": "met",
            "yes (improving)": "met",
            "yes (severe motor and cognitive)": "met",
        },
    ),
}


def read(variable, texts, unit=None):
    context = ValueContext(unit=unit, unit_known=unit is not None)
    parsed = parse_column(list(texts), [Kind.TEXT] * len(texts), codebook()[variable], context)
    return dict(zip(texts, parsed, strict=True))


def distinct(column):
    with FILE.open(encoding="utf-8", newline="") as file:
        return {row[column].strip() for row in csv.DictReader(file)} - {""}


def check_number(parsed, expected):
    if expected is NO_VALUE:
        assert parsed.value is None
        assert parsed.state not in (State.VALUE, State.BLANK)
        return
    value, censored = expected if isinstance(expected, tuple) else (expected, "")
    assert parsed.state == State.VALUE, parsed.message
    assert parsed.value == pytest.approx(value, rel=1e-4)
    assert parsed.censored == censored


@pytest.mark.parametrize(
    ("column", "table"),
    [("age_raw", AGE_YEARS), ("ferritin_raw", FERRITIN), ("platelets_raw", PLATELETS), ("followup_raw", FOLLOWUP_DAYS)]
    + [(column, words) for column, (_, words) in CODES.items()],
)
def test_every_distinct_cell_of_the_file_is_in_the_table(column, table):
    assert distinct(column) == set(table)


@pytest.mark.parametrize("text", AGE_YEARS)
def test_age_at_diagnosis_in_years(text):
    # all texts of the column are read together, as the pipeline does: a habit of the column may not change a cell
    check_number(read("age_years", list(AGE_YEARS), "years")[text], AGE_YEARS[text])


@pytest.mark.parametrize("text", FERRITIN)
def test_ferritin(text):
    check_number(read("ferritin", list(FERRITIN))[text], FERRITIN[text])


def test_ferritin_not_tested_is_a_state_of_its_own():
    assert read("ferritin", ["not tested"])["not tested"].state == State.NOT_DONE


@pytest.mark.parametrize("text", PLATELETS)
def test_platelets(text):
    check_number(read("platelets", list(PLATELETS))[text], PLATELETS[text])


@pytest.mark.parametrize("text", FOLLOWUP_DAYS)
def test_length_of_follow_up(text):
    check_number(read("followup_days", list(FOLLOWUP_DAYS), "days")[text], FOLLOWUP_DAYS[text])


@pytest.mark.parametrize(("column", "text"), [(c, t) for c, (_, words) in CODES.items() for t in words])
def test_codes(column, text):
    variable, words = CODES[column]
    parsed = read(variable, list(words))[text]
    assert parsed.state == State.VALUE, parsed.message
    assert parsed.value == words[text]
    assert type(parsed.value) is type(words[text])
