"""One definition, every dataframe: pandas, Polars, DuckDB and Spark give equal answers, row for row."""

import os
import shutil
import warnings

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from neurohlh.clinical.criteria import criteria_sets, load
from neurohlh.clinical.hlh import derive_hlh
from neurohlh.clinical.rules import evaluate
from neurohlh.clinical.triggers import derive_aetiology
from neurohlh.etl.codebook import codebook

DEFINITIONS = [load(key) for key in (*criteria_sets(), "triggers")]
NEAR = {  # values on, just beside and far from the cut-offs
    "temp_max_c": [36.5, 38.2, 38.3, 38.4, 38.5, 39.4, 39.5],
    "hemoglobin": [60.0, 83.0, 89.9, 90.0, 92.0, 95.0, 99.9, 100.0, 130.0],
    "platelets": [10.0, 78.0, 99.0, 100.0, 110.0, 181.0, 182.0],
    "anc": [0.2, 0.99, 1.0, 1.4, 3.0],
    "wbc": [1.0, 5.0, 5.1],
    "ferritin": [100.0, 499.0, 500.0, 684.0, 685.0, 1000.0, 2000.0, 3000.0, 6000.0, 6001.0, 40000.0],
    "triglycerides": [1.0, 1.5, 1.76, 2.99, 3.0, 4.0, 4.1],
    "fibrinogen": [0.5, 1.31, 1.5, 1.6, 2.5, 3.6, 3.7],
    "ast": [20.0, 30.0, 48.0, 49.0],
    "scd25": [100.0, 2400.0, 3900.0, 3901.0, 10000.0, 10001.0],
    "scd25_uln": [100.0, 1200.0],
    "age_days": [5.0, 27.0, 28.0],
    "age_years": [0.0, 0.05, 0.5, 1.0, 1.6, 7.0, 40.0],
    "ebv_dna": [0.0, 1000.0, 1001.0],
}


def cohort(n: int = 400, seed: int = 20261122) -> pd.DataFrame:
    """Random patients at the edges of the rules; every variable with gaps, some absent, some censored."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"patient_id": [f"P{i:04d}" for i in range(n)]})
    names = dict.fromkeys(v for d in DEFINITIONS for v in d.variables() if v != "consanguinity")
    for name in names:
        variable, gap = codebook()[name], rng.random(n) < 0.25
        if variable.numeric:
            values = rng.choice(NEAR[name], n)
            frame[name] = np.where(gap, np.nan, values)
        elif variable.type == "bool":
            frame[name] = pd.arrays.BooleanArray(rng.random(n) < 0.5, gap)
        else:
            codes = variable.codes or {"met": "", "not_met": "", "indeterminate": ""}
            frame[name] = np.where(gap, None, rng.choice(np.array([*codes], dtype=object), n))
    for name in ("ferritin", "platelets", "temp_max_c"):
        frame[f"{name}_censored"] = rng.choice(np.array([None, None, "left", "right"], dtype=object), n)
    frame["triglycerides_unit"] = rng.choice(np.array([None, "mmol/L", "mg/dL"], dtype=object), n)
    frame["triglycerides_recorded"] = np.where(
        frame["triglycerides_unit"] == "mg/dL",
        rng.choice([132.0, 156.0, 264.0, 265.0, 355.0], n),
        frame["triglycerides"],
    )
    return frame


def records(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with None for every missing value, in plain Python types."""
    return frame.astype(object).where(frame.notna(), None)


def comparable(answers: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Sorted by patient, answers only, numbers as float."""
    sorted_ = answers.sort_values("patient_id").reset_index(drop=True)
    return sorted_[columns].apply(lambda c: c.astype(float) if c.dtype.kind in "iuf" else c.astype(object))


FRAME = cohort()
STEPS = {
    "criteria": lambda frame: evaluate(frame, DEFINITIONS),
    "components": lambda frame: evaluate(frame, DEFINITIONS, parts=True),
    "hlh": derive_hlh,
    "aetiology": derive_aetiology,
}


@pytest.fixture(scope="module", params=STEPS, ids=str)
def step(request):
    return STEPS[request.param]


def reference_of(step):
    """The names and the values of the answers on pandas."""
    answers = step(FRAME)
    columns = [c for c in answers.columns if c not in FRAME.columns]
    assert len(columns) > 4
    return columns, comparable(answers, columns)


@pytest.fixture(scope="module")
def expected(step):
    return reference_of(step)


def check(answers: pd.DataFrame, expected) -> None:
    columns, reference = expected
    pd.testing.assert_frame_equal(comparable(answers, columns), reference, check_dtype=False)


def test_every_answer_occurs(expected):
    _, reference = expected
    words = set(pd.unique(reference.select_dtypes("object").to_numpy().ravel()))
    assert {"met", "not_met", "indeterminate"} <= words


def test_row_order_does_not_matter(step, expected):
    check(step(FRAME.sample(frac=1, random_state=3)), expected)


def test_polars_eager(step, expected):
    answers = step(pl.from_pandas(FRAME))
    assert isinstance(answers, pl.DataFrame)
    check(answers.to_pandas(), expected)


def test_polars_lazy_stays_lazy(step, expected):
    answers = step(pl.from_pandas(FRAME).lazy())
    assert isinstance(answers, pl.LazyFrame)
    check(answers.collect().to_pandas(), expected)


def test_polars_nan_is_null(step, expected):
    with_nan = pl.from_pandas(FRAME).with_columns(pl.col(pl.Float64).fill_null(float("nan")))
    check(step(with_nan).to_pandas(), expected)


def test_duckdb(step, expected):
    with duckdb.connect() as connection:
        relation = connection.from_arrow(pl.from_pandas(FRAME).to_arrow())
        answers = step(relation)
        assert isinstance(answers, duckdb.DuckDBPyRelation)
        check(answers.df(), expected)


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        pytest.fail("The equality of the engines on Spark cannot be shown: Java (17) is not installed.")
    from pyspark.sql import SparkSession

    options = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.log.level": "ERROR",
        # For 400 rows Spark's optimiser costs more than it saves.
        "spark.sql.optimizer.excludedRules": "org.apache.spark.sql.catalyst.optimizer.CollapseProject",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.subexpressionElimination.enabled": "false",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
    }
    with warnings.catch_warnings():
        # Spark's own sockets are closed by the garbage collector, after the session.
        warnings.simplefilter("ignore", ResourceWarning)
        builder = SparkSession.builder.master("local[1]")
        for key, value in options.items():
            builder = builder.config(key, value)
        session = builder.getOrCreate()
        yield session
        session.stop()


@pytest.fixture(scope="module")
def on_spark(spark):
    """The cohort, carried over once."""
    kinds = {"f": "double", "b": "boolean", "O": "string"}
    schema = ", ".join(f"`{name}` {kinds[dtype.kind]}" for name, dtype in FRAME.dtypes.items())
    return spark.createDataFrame(list(records(FRAME).itertuples(index=False, name=None)), schema).cache()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("key", ["hlh2004", "hscore", "mas2016", "ebv_hlh", "sil2r_adult", "mh_score"])
def test_spark(on_spark, key):
    """One set for every kind of rule; the sets not named here differ from these in numbers only."""

    def step(frame):
        return evaluate(frame, load(key))

    answers = step(on_spark)
    assert type(answers).__name__ == "DataFrame"
    rows = answers.collect()
    check(pd.DataFrame([row.asDict() for row in rows]), reference_of(step))
