"""What MRI shows: equal answers on every dataframe, and an answer that is given survives whatever fills the gaps."""

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from neurohlh.clinical.mri_findings import asked, findings, seen_column, with_findings
from neurohlh.clinical.mri_patterns import ORIGIN, PATTERN, with_pattern
from neurohlh.clinical.mri_regions import HIGHEST, LOWEST, MANY, regions, with_regions

N = 400
FLAGS = [f.variable for f in findings()]
COUNTED = ["mri_done", "mri_region_count"]  # random, so that they contradict the findings
RESULTS = {
    with_findings: ["mri_examined", *(seen_column(v) for v in FLAGS)],
    with_regions: [*(r.column for r in regions()), LOWEST, HIGHEST, "mri_regions_from", MANY],
    with_pattern: [PATTERN, ORIGIN],
}


def cohort(hidden: float) -> pd.DataFrame:
    """Random patients; of each cell the share `hidden` is empty, the rest is the same for any share."""
    rng = np.random.default_rng(9)
    shown = {"mri_done": 0.9, "mri_contrast": 0.6, **dict.fromkeys(FLAGS, 0.25)}
    truth = {name: rng.random(N) < share for name, share in shown.items()}
    truth["mri_basal_ganglia"] |= truth["mri_striatum_bilateral"]  # a part that is affected affects the whole
    truth["mri_cerebellum"] |= truth["mri_cerebellitis"]
    truth["mri_posterior_fossa"] = truth["mri_brainstem"] | truth["mri_cerebellum"]
    frame: dict = {"patient_id": [f"P{i:03d}" for i in range(N)]}
    frame |= {name: pd.arrays.BooleanArray(value, rng.random(N) < hidden) for name, value in truth.items()}
    frame["mri_abnormal"] = rng.choice(np.array(["met", None, None], dtype=object), N)
    frame["mri_region_count"] = np.where(rng.random(N) < 0.3, rng.integers(0, 11, N).astype(float), np.nan)
    frame["mri_malik_pattern"] = rng.choice(np.array(["1b_brainstem", "unknown", None, None], dtype=object), N)
    frame["platelets"] = rng.choice([20.0, 50.0, 200.0, np.nan], N)
    return pd.DataFrame(frame)


def texts(frame: pd.DataFrame, columns: list[str]) -> list[list[str]]:
    ordered = frame.sort_values("patient_id")[columns]
    return [["" if pd.isna(v) else str(v) for v in row] for row in ordered.itertuples(index=False)]


@pytest.mark.parametrize("read", list(RESULTS), ids=lambda f: f.__name__)
def test_polars_and_duckdb_answer_as_pandas(read):
    frame = cohort(0.4)
    expected = texts(read(frame), RESULTS[read])
    assert texts(read(pl.from_pandas(frame)).to_pandas(), RESULTS[read]) == expected
    assert texts(read(pl.from_pandas(frame).lazy()).collect().to_pandas(), RESULTS[read]) == expected
    with duckdb.connect() as connection:
        relation = connection.from_arrow(pl.from_pandas(frame).to_arrow())
        assert texts(read(relation).df(), RESULTS[read]) == expected


@pytest.mark.parametrize("read", list(RESULTS), ids=lambda f: f.__name__)
def test_row_order_does_not_matter(read):
    frame = cohort(0.4)
    turned = frame.sample(frac=1, random_state=3)
    assert texts(read(turned), RESULTS[read]) == texts(read(frame), RESULTS[read])


def test_bounds_hold_whatever_the_empty_cells_were():
    gaps, whole = (with_regions(cohort(hidden).drop(columns=COUNTED)) for hidden in (0.5, 0.0))
    both = gaps[LOWEST].notna() & whole[LOWEST].notna()
    assert both.sum() > 300
    assert (gaps.loc[both, LOWEST] <= whole.loc[both, LOWEST]).all()
    assert (gaps.loc[both, HIGHEST] >= whole.loc[both, HIGHEST]).all()


@pytest.mark.parametrize("column", [*(r.column for r in regions()), MANY])
def test_a_decided_answer_is_never_overturned(column):
    gaps, whole = (with_regions(cohort(hidden).drop(columns=COUNTED)) for hidden in (0.5, 0.0))
    decided = gaps[column].isin(["met", "not_met"])
    assert (gaps.loc[decided, column] == whole.loc[decided, column]).all()


def test_a_decided_pattern_is_never_overturned():
    columns = ["mri_done", "mri_malik_pattern", "mri_region_count", "mri_contrast", "platelets"]
    gaps, whole = (with_pattern(cohort(hidden).drop(columns=columns)) for hidden in (0.5, 0.0))
    decided = ~gaps[PATTERN].isin(["", "indeterminate", "1_undecided"])
    assert decided.sum() > 50
    assert (gaps.loc[decided, PATTERN] == whole.loc[decided, PATTERN]).all()
    first = gaps[PATTERN] == "1_undecided"
    assert whole.loc[first, PATTERN].str.startswith("1").all()


def test_every_finding_is_asked_where_it_has_a_column():
    assert asked(cohort(0.0).columns) == tuple(FLAGS)
