import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.predict.optimism import gini_mean_difference
from neurohlh.stats.predict.validation import validate_cox


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(5)
    n = 150
    age, sex = rng.normal(5, 2, n), rng.integers(0, 2, n)
    time = np.ceil(rng.exponential(40 * np.exp(-0.4 * (age - 5))))
    return pd.DataFrame({"days": time, "died": rng.random(n) < 0.7, "age": age, "sex": sex})


def table(result):
    return result.tidy.pivot_table(index="measure", columns="term", values="estimate")


def test_gini_mean_difference_by_hand():
    # Differences of 1, 2, 4: 1, 3 and 2.
    assert gini_mean_difference(np.array([4.0, 1.0, 2.0])) == pytest.approx(2)


def test_samples_that_are_the_original_leave_no_optimism(frame):
    same = np.stack([np.arange(150), np.random.default_rng(1).permutation(150)])
    found = table(validate_cox(frame, "days", "died", ["age", "sex"], seed=1, rows=same))
    np.testing.assert_allclose(found["optimism"], 0, atol=1e-9)
    np.testing.assert_allclose(found["corrected"], found["apparent"], atol=1e-9)
    assert found.loc["calibration slope", "apparent"] == 1


def test_the_null_likelihood_and_the_gain_give_r2_and_d(frame):
    found = table(validate_cox(frame, "days", "died", ["age"], seed=1, replicates=2))["apparent"]
    # D = (gain - 1)/null and R2 = (1 - e^(-gain/n))/(1 - e^(-null/n)): the two must tell of the same gain.
    unreliability = -2 / found["unreliability index U"]  # -2 over the null's -2 log likelihood
    gain = found["discrimination index D"] * unreliability + 1
    assert found["Nagelkerke R2"] == pytest.approx((1 - np.exp(-gain / 150)) / (1 - np.exp(-unreliability / 150)))


def test_noise_is_worth_less_than_it_seems(frame):
    rng = np.random.default_rng(6)
    noisy = frame.assign(**{f"noise{k}": rng.normal(size=150) for k in range(8)})
    found = table(validate_cox(noisy, "days", "died", [f"noise{k}" for k in range(8)], seed=2, replicates=60))
    assert found.loc["concordance", "optimism"] > 0.02
    assert found.loc["calibration slope", "corrected"] < 0.8


def test_the_seed_decides_and_the_workers_do_not(frame):
    one, two, other = (
        table(validate_cox(frame, "days", "died", ["age"], seed=seed, replicates=8, n_jobs=jobs))
        for seed, jobs in ((3, None), (3, 2), (4, None))
    )
    pd.testing.assert_frame_equal(one, two)
    assert (one["corrected"] != other["corrected"]).any()


def test_what_cannot_be_validated_says_why(frame):
    with pytest.raises(ValueError, match="rows must be"):
        validate_cox(frame, "days", "died", ["age"], seed=1, rows=np.zeros((2, 3), dtype=int))
    with pytest.raises(ValueError, match="replicates must be at least 1"):
        validate_cox(frame, "days", "died", ["age"], seed=1, replicates=0)
    alive = frame.assign(spared=frame["died"].map({True: "a", False: "b"}))
    with pytest.raises(NotEstimable, match="runs to infinity"):
        validate_cox(alive, "days", "died", ["spared"], seed=1)
    few = frame.assign(died=[True, True, *[False] * 148], rare=[1.0, *[0.0] * 149])
    with pytest.raises(NotEstimable, match=r"bootstrap samples give a finite model|runs to infinity"):
        validate_cox(few, "days", "died", ["rare", "age"], seed=1, replicates=20)
