import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.weights.outcomes import weighted_cox, weighted_frame, weighted_survival
from neurohlh.stats.weights.weight import weight


def strata():
    """Exposed: 2 of 4 in a, 1 of 4 in b; everybody followed to death."""
    return pd.DataFrame(
        {
            "s": list("aaaabbbb"),
            "x": [1, 1, 0, 0, 1, 0, 0, 0],
            "time": [1.0, 5, 3, 6, 2, 1, 4, 7],
            "death": True,
        }
    )


def cohort(n=200, seed=4):
    rng = np.random.default_rng(seed)
    age = rng.normal(size=n)
    x = rng.random(n) < 1 / (1 + np.exp(-age))
    time = rng.exponential(np.exp(-0.5 * age)) + 0.01
    return pd.DataFrame({"age": age, "x": x, "time": time, "death": rng.random(n) < 0.8})


def test_weighted_survival_by_hand():
    data = strata()
    tidy = weighted_survival(data, "time", "death", weight(data, "x", ["s"]), times=[2.5], tau=5.0).tidy
    curve = tidy[tidy["term"] == "survival at time"].set_index("group")["estimate"]
    # exposed weigh 2, 2 and 4: dead by 2.5 are 2 + 4 of 8; unexposed 2, 2 and three times 4/3: one 4/3 of 8
    assert curve["x"] == pytest.approx(2 / 8)
    assert curve["no x"] == pytest.approx(1 - (4 / 3) / 8)
    difference = tidy[tidy["measure"] == "survival difference"].iloc[0]
    assert difference["estimate"] == pytest.approx(2 / 8 - 1 + 1 / 6)
    # areas to 5: exposed (2*1 + 2*5 + 4*2)/8; unexposed (2*3 + 2*5 + 4/3*(1 + 4 + 5))/8
    areas = tidy[tidy["measure"] == "RMST"].set_index("group")["estimate"]
    assert areas["x"] == pytest.approx(20 / 8)
    assert areas["no x"] == pytest.approx((16 + 40 / 3) / 8)


def test_without_confounding_the_weights_change_nothing():
    data = pd.concat([strata().assign(x=1), strata().assign(x=0, time=lambda d: d["time"] + 2)], ignore_index=True)
    found = weighted_cox(data, "time", "death", weight(data, "x", ["s"], stabilised=True))
    assert found.tidy["coef"].iloc[1] == pytest.approx(cox(data, "time", "death", ["x"]).tidy["coef"].iloc[0])
    assert found.method["variance"].startswith("robust; the weights are treated as known")


def test_bootstrap_limits_are_the_same_for_any_number_of_workers():
    data = cohort()
    own = weight(data, "x", ["age"])
    one, two = (weighted_cox(data, "time", "death", own, replicates=20, seed=7, n_jobs=k) for k in (1, 2))
    pd.testing.assert_frame_equal(one.tidy, two.tidy)
    row = one.tidy[one.tidy["analysis"] == "cox_weighted_bootstrap"].iloc[0]
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
    other = weighted_cox(data, "time", "death", own, replicates=20, seed=8).tidy.iloc[-1]
    assert other["conf_low"] != row["conf_low"]


def test_the_bootstrap_knows_that_the_weights_were_estimated():
    data = cohort(300)
    found = weighted_cox(
        data, "time", "death", weight(data, "x", ["age"]), replicates=150, seed=1, interval="normal"
    ).tidy
    robust, boot = found["std_error"].iloc[1], found["std_error"].iloc[-1]
    # With known weights the variance of the ATE is conservative.
    assert boot < 1.1 * robust
    z = 1.959963984540054
    assert np.log(found["conf_high"].iloc[-1]) == pytest.approx(found["coef"].iloc[-1] + z * boot)


def test_trimmed_weights_are_trimmed_again_in_every_replicate():
    data = cohort()
    found = weighted_cox(data, "time", "death", weight(data, "x", ["age"], trim=(0.2, 0.8)), replicates=10, seed=3)
    assert np.isfinite(found.tidy["conf_low"].iloc[-1])
    assert found.counts["used"] < len(data)


def test_what_is_refused():
    data = cohort(40)
    own = weight(data, "x", ["age"])
    with pytest.raises(ValueError, match="the weights belong to a frame of 40 rows"):
        weighted_frame(data.iloc[:30], own)
    with pytest.raises(ValueError, match="'x' in another order of rows"):
        weighted_frame(data.sort_values("x"), own)
    with pytest.raises(ValueError, match="there is no column 'x'"):
        weighted_frame(data.drop(columns="x"), own)
    with pytest.raises(ValueError, match="already has a column 'analysis_weight'"):
        weighted_frame(data.assign(analysis_weight=1), own)
    with pytest.raises(ValueError, match="replicates are for the marginal hazard ratio"):
        weighted_cox(data, "time", "death", own, covariates=["age"], replicates=5)
    with pytest.raises(ValueError, match="interval must be one of percentile, normal"):
        weighted_cox(data, "time", "death", own, replicates=5, interval="bca")


def test_a_category_of_two_levels_is_recognised_again():
    data = cohort(60).assign(x=lambda d: np.where(d["x"], "yes", "nope"))
    found = weighted_frame(data, weight(data, "x", ["age"], exposed="yes"))
    assert (found["exposure_group"].astype(str) == found["x"]).all()


def test_without_tau_the_areas_end_where_the_first_group_is_no_longer_followed():
    data = strata()
    found = weighted_survival(data, "time", "death", weight(data, "x", ["s"]), times=[2.5])
    # exposed are followed to 5, unexposed to 7
    assert found.method["tau"] == 5
    assert (found.tidy.loc[found.tidy["measure"].str.startswith("RMST"), "time"] == 5).all()
