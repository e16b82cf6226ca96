from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.missing.analyse import with_imputations
from neurohlh.stats.missing.impute import impute
from neurohlh.stats.missing.model import nelson_aalen_at
from neurohlh.stats.missing.rubin import pool_scalar


def cohort(seed=1, n=120):
    rng = np.random.default_rng(seed)
    age = rng.normal(50, 10, n)
    ferritin = np.exp(rng.normal(7, 1, n) + 0.03 * (age - 50))
    frame = pd.DataFrame({"age": age, "ferritin": ferritin, "cns": rng.random(n) < 0.4})
    frame["grade"] = pd.Categorical.from_codes(rng.integers(0, 3, n), ["i", "ii", "iii"])
    time = rng.exponential(100 * np.exp(-0.5 * frame["cns"]))
    frame["days"], frame["died"] = np.minimum(time, 150.0), time <= 150
    frame.loc[rng.random(n) < 0.25, "ferritin"] = np.nan
    frame.loc[rng.random(n) < 0.2, "grade"] = np.nan
    frame.loc[rng.random(n) < 0.1, "age"] = np.nan
    return frame


ROLES = {"variables": ["age", "ferritin", "grade"], "event": "died", "time": "days", "exposure": "cns"}


def test_gaps_are_filled_with_observed_values_and_nothing_else_changes():
    frame = cohort()
    imputed = impute(frame, **ROLES, m=3, seed=1)
    assert imputed.m == 3
    for done in imputed.frames():
        assert done.notna().all().all()
        assert done.where(frame.notna()).equals(frame)
        assert done["grade"].dtype == frame["grade"].dtype
        for name in ("age", "ferritin"):
            assert set(done[name]) <= set(frame[name].dropna())
    assert not imputed.frame(0)["ferritin"].equals(imputed.frame(1)["ferritin"])


def test_the_frame_handed_in_is_left_alone():
    frame, same = cohort(), cohort()
    impute(frame, **ROLES, m=2, iterations=2, seed=1, derived={"log_ferritin": lambda d: np.log(d["ferritin"])})
    pd.testing.assert_frame_equal(frame, same)


def test_the_hazard_is_that_of_everybody_at_risk():
    # at 1: 1/4; at 3: 1/2 + 1/1 of the tied two, one after the other
    hazard = nelson_aalen_at(np.array([1.0, 2.0, 3.0, 3.0]), np.array([True, False, True, True]))
    assert hazard.tolist() == [0.25, 0.25, 1.75, 1.75]
    late = nelson_aalen_at(np.array([1.0, 3.0]), np.array([True, True]), np.array([0.0, 1.0]))
    assert late.tolist() == [1, 1]


def test_the_model_takes_event_and_hazard_but_never_the_time():
    imputed = impute(cohort(), **ROLES, m=2, iterations=1, seed=1)
    method = imputed.diagnostics.method
    assert "event and Nelson-Aalen hazard of died" in method["predictors"]
    assert "days" not in method["predictors"]
    # age 1, ferritin 1, grade 2, cns 1, event 1, hazard 1
    assert imputed.model.matrix.shape[1] == 7


def test_rows_without_exposure_or_outcome_keep_their_gaps_and_are_counted():
    frame = cohort()
    frame["cns"] = frame["cns"].astype(object)
    frame.loc[:4, "cns"] = None
    frame.loc[[7, 8], "days"] = np.nan
    frame.loc[[0, 7], "ferritin"] = np.nan
    imputed = impute(frame, **ROLES, m=2, seed=1)
    done = imputed.frame(0)
    assert done["cns"].isna().sum() == 5
    assert done.loc[[0, 7], "ferritin"].isna().all()
    assert imputed.diagnostics.counts["dropped"] == {"missing days": 2, "missing cns": 5}
    assert "keep all their gaps (missing days: 2; missing cns: 5)" in imputed.diagnostics.notes[0]


def test_the_exposure_is_imputed_only_when_that_is_said():
    frame = cohort()
    frame["cns"] = frame["cns"].astype(object)
    frame.loc[:4, "cns"] = None
    imputed = impute(frame, **ROLES, impute_exposure=True, m=2, seed=1)
    assert imputed.frame(0)["cns"].dtype == bool
    assert "The exposure cns is imputed in 5 patients." in imputed.diagnostics.notes
    with pytest.raises(ValueError, match="say impute_exposure=True"):
        impute(frame, **{**ROLES, "variables": ["age", "cns"]}, m=2, seed=1)


def test_derived_variables_follow_from_the_imputed_values():
    formulas = {"log_ferritin": lambda d: np.log(d["ferritin"]), "old": lambda d: d["age"] > 60}
    imputed = impute(cohort(), **ROLES, derived=formulas, m=2, seed=1)
    for done in imputed.frames():
        assert done["log_ferritin"].to_numpy() == pytest.approx(np.log(done["ferritin"]))
        assert (done["old"].astype(bool) == (done["age"] > 60)).all()
    ferritin = next(t for t in imputed.model.targets if t.variable.name == "ferritin")
    own = next(block for v, block in imputed.model.derived_blocks if v.name == "log_ferritin")
    assert own.start not in ferritin.predictors


def test_delta_shifts_imputed_values_only():
    frame = cohort()
    options = {**ROLES, "variables": ["ferritin"], "predictors": [], "iterations": 1, "m": 2, "seed": 3}
    frame = frame.drop(columns=["grade", "age"])
    plain, shifted = impute(frame, **options), impute(frame, **options, delta={"ferritin": 500.0})
    gone = frame["ferritin"].isna()
    moved = shifted.frame(0)["ferritin"] - plain.frame(0)["ferritin"]
    assert moved[gone].to_numpy() == pytest.approx(500)
    assert (moved[~gone] == 0).all()
    assert any("shifted by 500" in note for note in shifted.diagnostics.notes)


def test_values_below_a_limit_are_drawn_below_it():
    frame = cohort().assign(low=np.nan, high=900.0)
    imputed = impute(frame, **ROLES, methods={"ferritin": "norm"}, bounds={"ferritin": ("low", "high")}, m=2, seed=1)
    gone = frame["ferritin"].isna()
    assert (imputed.frame(0).loc[gone, "ferritin"] <= 900).all()
    with pytest.raises(ValueError, match="need method 'norm'"):
        impute(frame, **ROLES, bounds={"ferritin": ("low", "high")}, m=2, seed=1)


def test_what_predicts_nothing_is_said():
    frame = cohort().assign(same=1.0, doubled=lambda d: d["cns"] * 2.0, lost=np.nan)
    imputed = impute(
        frame, **{**ROLES, "variables": [*ROLES["variables"], "lost"]}, predictors=["same", "doubled"], m=2, seed=1
    )
    checks = imputed.diagnostics.checks
    left = checks.loc[checks["check"] == "predictor left out", "note"]
    assert left.str.startswith("same").any()
    assert left.str.startswith("doubled").any()
    assert "lost is unknown in all rows: it stays as it is and predicts nothing." in imputed.diagnostics.notes
    assert imputed.frame(0)["lost"].isna().all()


def test_one_imputation_per_percent_of_incomplete_rows():
    frame = cohort()
    share = frame[["age", "ferritin", "grade"]].isna().any(axis=1).mean()
    imputed = impute(frame, **ROLES, iterations=1, seed=1)
    assert imputed.m == max(20, int(np.ceil(100 * share)))
    few = impute(frame, **ROLES, iterations=1, m=2, seed=1).diagnostics.checks
    assert few.loc[few["check"] == "imputations", "verdict"].item() == "attention"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"time": None}, "time and event belong together"),
        ({"variables": ["age", "days"]}, "'days' is the outcome"),
        ({"predictors": ["days"]}, "'days' is the outcome"),
        ({"variables": []}, "at least one variable"),
        ({"variables": ["agee"]}, "there is no column 'agee'"),
        ({"variables": ["age"], "predictors": ["ferritin"]}, "predictor 'ferritin' has missing values"),
        ({"methods": {"cns": "pmm"}}, "methods for columns that are not imputed: cns"),
        ({"derived": {"age": "ferritin"}}, "'age' is derived"),
        ({"m": 1}, "m must be at least 2"),
    ],
)
def test_roles_that_do_not_fit(changed, message):
    with pytest.raises(ValueError, match=message):
        impute(cohort(), **{**ROLES, "seed": 1, **changed})


def test_nobody_with_an_outcome():
    with pytest.raises(NotEstimable, match="no row has both exposure and outcome"):
        impute(cohort().assign(days=np.nan), **ROLES, seed=1)


def test_one_call_from_gaps_to_pooled_hazard_ratios():
    imputed = impute(cohort(), **ROLES, m=3, seed=1)
    found = with_imputations(imputed, lambda d: cox(d, "days", "died", ["cns", "ferritin"]))
    each = [cox(d, "days", "died", ["cns", "ferritin"]).tidy for d in imputed.frames()]
    assert found.tidy["coef"].to_numpy() == pytest.approx(np.mean([t["coef"] for t in each], axis=0), nan_ok=True)
    assert found.method["imputation"]["seed"] == 1
    assert found.method["dfcom"] == int(cohort()["died"].sum()) - 2
    call = {"time": "days", "event": "died", "covariates": ["cns", "ferritin"]}
    assert found.tidy.equals(with_imputations(imputed, partial(cox, **call), n_jobs=2).tidy)


def test_an_analysis_that_fails_in_some_imputations_is_refused():
    imputed = impute(cohort(), **ROLES, m=3, seed=1)
    first = imputed.frame(0)["ferritin"]

    def analysis(frame):
        if frame["ferritin"].equals(first):
            raise NotEstimable("no events")
        return cox(frame, "days", "died", ["age"])

    with pytest.raises(NotEstimable, match="in 1 of 3 imputations: no events"):
        with_imputations(imputed, analysis)


def test_pooled_estimates_are_unbiased_and_limits_cover():
    # y = x + noise; half of x is missing where y is large. A complete-case slope is biased, the pooled one is not.
    pooled, covered, complete, runs = [], 0, [], 100
    for run in range(runs):
        rng = np.random.default_rng(1000 + run)
        x = rng.normal(size=100)
        y = x + rng.normal(size=100)
        gone = rng.random(100) < np.where(y > 0.5, 0.8, 0.1)
        frame = pd.DataFrame({"x": np.where(gone, np.nan, x), "y": y})
        imputed = impute(frame, variables=["x"], outcome="y", methods={"x": "norm"}, m=10, iterations=1, seed=run)
        q, u = zip(*(_slope(done) for done in imputed.frames()), strict=True)
        found = pool_scalar(q, u, n=100, k=2)
        pooled.append(found.qbar)
        covered += abs(found.qbar - 1) <= student.ppf(0.975, found.df) * np.sqrt(found.t)
        complete.append(_slope(frame.dropna())[0])
    error = np.std(pooled) / np.sqrt(runs)
    assert abs(np.mean(pooled) - 1) < 3 * error
    assert abs(np.mean(complete) - 1) > 5 * error
    # a true coverage of 95% gives fewer than 89 of 100 with a probability of 1 in 100
    assert covered >= 89


def _slope(frame):
    x, y = frame["x"].to_numpy(), frame["y"].to_numpy()
    centred = x - x.mean()
    slope = centred @ y / (centred @ centred)
    rest = ((y - y.mean() - slope * centred) ** 2).sum() / (len(x) - 2)
    return slope, rest / (centred @ centred)
