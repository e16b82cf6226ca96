"""One CNS definition, every dataframe: pandas, Polars and DuckDB give equal answers, row for row, in any row order."""

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from neurohlh.clinical.cns import classify_cns, cns_long
from neurohlh.clinical.cns_status import RESULTS

N = 300
DATES = ("date_neuro_onset", "date_lp_first", "date_imaging_first", "date_cns_first", "date_reactivation")
FLAGS = {
    "sx_seizure": 0.15, "sx_coma": 0.1, "sx_headache": 0.2, "sx_vomiting": 0.4, "sx_abnormal_reflexes": 0.2,
    "sx_visual_impairment": 0.1, "mri_brainstem": 0.1, "mri_atrophy": 0.1, "mri_spinal_cord": 0.1,
    "mri_hemorrhage_parenchymal": 0.3, "mri_infarct": 0.1, "mri_leptomeningeal_enh": 0.1, "mri_contrast": 0.6,
    "neuro_assessed": 0.7, "lp_done": 0.8, "mri_done": 0.7, "ct_done": 0.5, "dic": 0.3, "metabolic_confounder": 0.3,
    "febrile_seizure_only": 0.2, "csf_hemophagocytes": 0.1, "hlh_confirmed": 0.9, "splenomegaly": 0.3,
}  # fmt: skip
TRIS = ("neuro_symptoms_any", "csf_abnormal", "mri_abnormal", "ct_abnormal", "imaging_abnormal", "eeg_abnormal",
        "cns_involved", "cns_pathology_positive", "molecular_dx_hlh")  # fmt: skip
NUMBERS = {
    "age_days": [10, 28, 29, 60, 61, 120, 182, 183, 3652, 3653, 20000],
    "age_years": [0, 0.5, 4, 10, 18, 30, 50],
    "csf_wbc": [0, 5, 6, 9, 10, 15, 16, 101],
    "csf_protein": [0.2, 0.32, 0.33, 0.41, 0.5, 0.6, 0.99, 1.3],
    "csf_rbc": [0, 10, 3000, 200000],
    "csf_wbc_uln": [8],
    "wbc": [1, 5],
    "rbc_blood": [3, 4.5],
    "platelets": [20, 50, 200],
    "gcs": [8, 14, 15],
    "hemoglobin": [85, 95, 120],
}
DEFINITIONS = ("seed_any3", "zhao2018", "blincoe2020", "pleo100")


def cohort() -> pd.DataFrame:
    rng = np.random.default_rng(6)
    frame: dict = {"patient_id": [f"P{i:03d}" for i in range(N)]}
    frame |= {v: pd.arrays.BooleanArray(rng.random(N) < p, rng.random(N) < 0.3) for v, p in FLAGS.items()}
    frame |= {v: rng.choice(np.array(["met", "not_met", "indeterminate", None, None], dtype=object), N) for v in TRIS}
    for name, values in NUMBERS.items():
        frame[name] = np.where(rng.random(N) < 0.3, np.nan, rng.choice(np.array(values, dtype=float), N))
    for name in ("csf_wbc", "csf_protein", "csf_rbc"):
        frame[f"{name}_censored"] = rng.choice(np.array([None, None, None, "left", "right"], dtype=object), N)
    frame["csf_pathogen"] = rng.choice(np.array(["none", "bacteria", None], dtype=object), N)
    for name in ("date_hlh_diagnosis", *DATES):
        days = rng.integers(0, 60, N).astype("timedelta64[D]") + np.datetime64("2021-01-01")
        missing = rng.random(N) < (0.1 if name == "date_hlh_diagnosis" else 0.5)
        frame[name] = np.where(missing, np.datetime64("NaT"), days).astype("datetime64[s]")
    whole = pd.DataFrame(frame)
    quiet = whole.index[:10]  # patients in whom everything was asked and nothing found
    whole.loc[quiet, [v for v in FLAGS if v.startswith(("sx_", "mri_"))]] = False
    whole.loc[quiet, ["lp_done", "mri_done", "neuro_assessed", "mri_contrast", "hlh_confirmed"]] = True
    whole.loc[quiet, list(TRIS)] = "not_met"
    whole.loc[quiet, ["csf_wbc", "csf_protein", "csf_rbc", "gcs"]] = [1, 0.2, 0, 15]
    whole.loc[quiet, ["csf_wbc_censored", "csf_protein_censored", "csf_rbc_censored"]] = None
    whole.loc[quiet, "csf_pathogen"] = "none"
    whole.loc[quiet, "csf_hemophagocytes"] = False
    return whole


FRAME = cohort()


def comparable(frame: pd.DataFrame) -> pd.DataFrame:
    answers = frame.sort_values("patient_id").reset_index(drop=True)[list(RESULTS)]
    dates = pd.to_datetime(answers["date_cns_first"]).astype("datetime64[s]")
    return answers.assign(date_cns_first=dates).astype({c: object for c in RESULTS if c != "date_cns_first"})


@pytest.fixture(scope="module", params=DEFINITIONS)
def definition(request):
    return request.param


@pytest.fixture(scope="module")
def expected(definition):
    return comparable(classify_cns(FRAME, definition))


def same(answers: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(comparable(answers), expected, check_dtype=False)


def test_the_cohort_reaches_every_answer():
    answers = classify_cns(FRAME, "seed_any3")
    assert set(answers["cns_status"]) == {"met", "not_met", "indeterminate", "not_applicable"}
    assert set(answers["cns_timing"]) >= {"at_diagnosis", "during_course", "at_relapse", "never", "unknown"}
    assert set(answers["cns_group_horne"]) == {"1", "2", "3", "4", "unknown"}
    assert answers[["cns_undated", "cns_csf_blood_unclear", "cns_haemorrhage_uncounted"]].any().all()


def test_polars(definition, expected):
    answers = classify_cns(pl.from_pandas(FRAME), definition)
    assert isinstance(answers, pl.DataFrame)
    same(answers.to_pandas(), expected)


def test_polars_lazy_with_nan_for_null(definition, expected):
    lazy = pl.from_pandas(FRAME).with_columns(pl.col(pl.Float64).fill_null(float("nan"))).lazy()
    answers = classify_cns(lazy, definition)
    assert isinstance(answers, pl.LazyFrame)
    same(answers.collect().to_pandas(), expected)


def test_polars_dates_without_time(definition, expected):
    dates = pl.from_pandas(FRAME).with_columns(pl.col(pl.Datetime).cast(pl.Date))
    same(classify_cns(dates, definition).to_pandas(), expected)


def test_duckdb(definition, expected):
    with duckdb.connect() as connection:
        relation = connection.from_arrow(pl.from_pandas(FRAME).to_arrow())
        answers = classify_cns(relation, definition)
        assert isinstance(answers, duckdb.DuckDBPyRelation)
        same(answers.df(), expected)


def test_row_order_and_index_do_not_matter(definition, expected):
    shuffled = FRAME.sample(frac=1, random_state=1)
    answers = classify_cns(shuffled, definition)
    assert answers.index.equals(shuffled.index)
    same(answers, expected)


def test_a_frame_that_was_classified_before_gives_the_same_status_and_date(definition, expected):
    other = classify_cns(FRAME, "obj")
    columns = [c for c in RESULTS if c != "cns_timing"]
    again = comparable(classify_cns(other, definition))
    pd.testing.assert_frame_equal(again[columns], expected[columns], check_dtype=False)


def test_flags_written_as_numbers_or_objects_mean_the_same():
    expected = comparable(classify_cns(FRAME))
    numbers, objects = FRAME.copy(), FRAME.copy()
    for name in FLAGS:
        numbers[name] = FRAME[name].astype("Float64").astype(float)
        objects[name] = FRAME[name].astype(object).where(FRAME[name].notna(), None)
    same(classify_cns(numbers), expected)
    same(classify_cns(objects), expected)


def test_a_column_without_any_answer_is_unknown_not_no():
    before, after = (classify_cns(f) for f in (FRAME, FRAME.assign(sx_ataxia=pd.array([None] * N, dtype="boolean"))))
    unassessed = ~FRAME["neuro_assessed"].fillna(False)
    assert (before.loc[unassessed, "cns_symptoms"] == "not_met").any()
    assert not (after.loc[unassessed, "cns_symptoms"] == "not_met").any()
    assert (after["cns_symptoms"] == "met").equals(before["cns_symptoms"] == "met")


def test_the_long_table_agrees_with_the_frame():
    long = cns_long(pl.from_pandas(FRAME).lazy(), ["seed_any3", "TWO3"])
    for name in ("seed_any3", "two3"):
        part = long[long["definition"] == name].reset_index(drop=True)
        frame = classify_cns(FRAME, name)
        assert part["patient_id"].tolist() == FRAME["patient_id"].tolist()
        for column, own in (("status", "cns_status"), ("csf", "cns_csf"), ("timing", "cns_timing")):
            assert part[column].tolist() == frame[own].tolist()
        assert (part["evidence"] != "").all()
