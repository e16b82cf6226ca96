import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.weights import standardised_survival as module
from neurohlh.stats.weights.standardised_survival import standardised_survival


def cohort(n=120, seed=2):
    rng = np.random.default_rng(seed)
    age = rng.normal(size=n)
    x = rng.random(n) < 1 / (1 + np.exp(-age))
    time = rng.exponential(np.exp(-0.5 * age - 0.7 * x)) + 0.01
    return pd.DataFrame({"age": age, "x": x, "time": time, "death": rng.random(n) < 0.8})


def find(result, measure):
    return result.tidy[result.tidy["measure"] == measure]["estimate"].to_numpy()


def test_four_patients_by_hand():
    # Deaths at 1 (exposed), 2 (unexposed), 3 (exposed), 4 (unexposed); two of them by 2.5.
    data = pd.DataFrame({"time": [1.0, 2, 3, 4], "death": 1, "x": [1, 0, 1, 0], "z": [0.0, 1, 1, 0]})
    found = standardised_survival(data, "time", "death", "x", ["z"], times=[2.5], replicates=0, ties="breslow")
    b = cox(data.assign(x=data["x"].astype(float)), "time", "death", ["x", "z"], ties="breslow").tidy["coef"].to_numpy()
    risk = np.exp(data[["x", "z"]].to_numpy() @ b)
    hazard = 1 / risk.sum() + 1 / risk[1:].sum()  # Breslow's two steps by 2.5
    none, every = (np.exp(-hazard * np.exp(b[0] * k + b[1] * data["z"])).mean() for k in (0, 1))
    assert find(found, "survival") == pytest.approx([none, every])
    assert find(found, "survival difference") == pytest.approx([every - none])
    assert find(found, "survival ratio") == pytest.approx([every / none])


def test_limits_are_the_same_for_any_number_of_workers_and_averages_in_parts(monkeypatch):
    data = cohort()
    options = {"times": [0.5, 1.0], "replicates": 20, "seed": 5}
    one = standardised_survival(data, "time", "death", "x", ["age"], n_jobs=1, **options)
    two = standardised_survival(data, "time", "death", "x", ["age"], n_jobs=2, **options)
    pd.testing.assert_frame_equal(one.tidy, two.tidy)
    assert (one.tidy["conf_low"] < one.tidy["estimate"]).all()
    monkeypatch.setattr(module, "MOST_CELLS", 500)
    parts = standardised_survival(data, "time", "death", "x", ["age"], **options)
    np.testing.assert_allclose(parts.tidy["estimate"], one.tidy["estimate"], rtol=1e-12)


def test_all_is_the_mixture_of_exposed_and_unexposed():
    data = cohort()
    found = {
        p: find(
            standardised_survival(data, "time", "death", "x", ["age"], times=[1.0], population=p, replicates=0),
            "survival",
        )
        for p in ("all", "exposed", "unexposed")
    }
    share = data["x"].mean()
    assert found["all"] == pytest.approx(share * found["exposed"] + (1 - share) * found["unexposed"])


def test_a_time_beyond_follow_up_is_not_estimable():
    tidy = standardised_survival(cohort(), "time", "death", "x", ["age"], times=[1.0, 1e6], replicates=0).tidy
    assert tidy["note"].iloc[-1] == "not estimable: beyond the last follow-up"
    assert np.isnan(tidy["estimate"].iloc[-1])
    with pytest.raises(NotEstimable, match="all times lie beyond the last follow-up"):
        standardised_survival(cohort(), "time", "death", "x", ["age"], times=[1e6], replicates=0)


def test_unknown_exposure_is_counted_not_unexposed():
    data = cohort()
    more = pd.concat([data, data.iloc[:5].assign(x=None)], ignore_index=True)
    found = standardised_survival(more, "time", "death", "x", ["age"], times=[1.0], replicates=0)
    assert found.counts["dropped"] == {"missing x": 5}
    assert find(found, "survival") == pytest.approx(
        find(standardised_survival(data, "time", "death", "x", ["age"], times=[1.0], replicates=0), "survival")
    )


def test_what_is_refused():
    data = cohort()
    with pytest.raises(ValueError, match="population must be one of all"):
        standardised_survival(data, "time", "death", "x", ["age"], population="some")
    with pytest.raises(ValueError, match="times must name at least one time above 0"):
        standardised_survival(data, "time", "death", "x", ["age"], times=[0])
    with pytest.raises(ValueError, match="tau must lie between 0"):
        standardised_survival(data, "time", "death", "x", ["age"], times=[1.0], tau=1e9)
