import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.weights.censoring_weights import WEIGHT, censoring_weights


def cohort(n=80, seed=6):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "id": np.arange(n),
            "time": rng.integers(1, 40, n).astype(float),
            "death": rng.random(n) < 0.5,
            "age": rng.normal(size=n),
        }
    )


def test_weights_by_hand():
    data = cohort()
    found = censoring_weights(
        data, "time", "death", ["age"], times=[10.0, 20.0], stabilised=False, ties="breslow"
    ).frame
    assert (found.loc[found["start"] == 0, WEIGHT] == 1).all()
    b = cox(data.assign(lost=~data["death"]), "time", "lost", ["age"], ties="breslow").tidy["coef"].iloc[0]
    risk = np.exp(b * data["age"])
    gone = np.sort(data.loc[~data["death"], "time"].unique())
    steps = [((data["time"] == t) & ~data["death"]).sum() / risk[data["time"] >= t].sum() for t in gone if t <= 10]
    later = found[found["start"] == 10]
    assert later[WEIGHT].to_numpy() == pytest.approx(np.exp(sum(steps) * np.exp(b * later["age"])).to_numpy())


def test_rows_follow_every_patient_once_and_events_stay():
    data = cohort()
    found = censoring_weights(data, "time", "death", ["age"], times=[10.0, 20.0]).frame
    assert found["death"].sum() == data["death"].sum()
    length = (found["stop"] - found["start"]).groupby(found["id"]).sum()
    assert length.to_numpy() == pytest.approx(data["time"].to_numpy())


def test_truncation_is_said():
    found = censoring_weights(cohort(), "time", "death", ["age"], times=[10.0, 20.0], truncate=(0.05, 0.95))
    assert "weights moved to" in found.result.method["truncation"]
    assert found.result.kind == "censoring_weights"


def test_what_is_refused():
    data = cohort()
    with pytest.raises(ValueError, match="there is no column 'dead'"):
        censoring_weights(data, "time", "dead", ["age"])
    with pytest.raises(ValueError, match="must hold true/false or 1/0"):
        censoring_weights(data.assign(death=2), "time", "death", ["age"])
    with pytest.raises(NotEstimable, match="no events among"):
        censoring_weights(data.assign(death=True), "time", "death", ["age"])
    with pytest.raises(NotEstimable, match="no time lies inside follow-up"):
        censoring_weights(data, "time", "death", ["age"], times=[1000.0])
