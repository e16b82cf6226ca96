import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.missing.impute import impute
from neurohlh.stats.missing.nested import pool_tests


def cohort(n=150):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(rng.normal(size=(n, 3)), columns=["a", "b", "c"])
    frame["grade"] = rng.choice(["i", "ii", "iii"], n)
    frame["y"] = frame["a"] + rng.normal(size=n)
    frame["died"] = frame["a"] + rng.logistic(size=n) > 0
    frame["days"] = np.ceil(rng.exponential(100 * np.exp(-frame["a"])))
    frame.loc[::5, "b"] = np.nan
    return frame


def imputed(frame, **roles):
    return impute(frame, variables=["b"], predictors=["a", "c"], m=6, iterations=2, seed=1, **roles)


CALLS = (
    ("cox", "died", {"time": "days"}, {"event": "died", "time": "days"}),
    ("logistic", "died", {}, {"outcome": "died"}),
    ("linear", "y", {}, {"outcome": "y"}),
)


@pytest.mark.parametrize(("model", "outcome", "options", "roles"), CALLS)
def test_without_gaps_d1_and_d3_are_the_tests_of_one_data_set(model, outcome, options, roles):
    import statsmodels.api as sm

    frame = cohort().dropna().reset_index(drop=True)
    found = pool_tests(imputed(frame, **roles), model, outcome, ["a", "b", "c"], without=["b", "c"], **options).tidy
    x = frame[["a", "b", "c"]].to_numpy()
    if model == "cox":
        make = lambda z: sm.PHReg(frame["days"], z, status=frame["died"].astype(int), ties="efron").fit()  # noqa: E731
    elif model == "logistic":
        make = lambda z: sm.Logit(frame["died"].astype(float), sm.add_constant(z)).fit(disp=0)  # noqa: E731
    else:
        make = lambda z: sm.OLS(frame["y"], sm.add_constant(z)).fit()  # noqa: E731
    full, null = make(x), make(x[:, :1])
    ratio = found.set_index("term").loc["D3", "statistic"] * 2
    assert ratio == pytest.approx(2 * (full.llf - null.llf), rel=1e-5)
    b, v = np.asarray(full.params)[-2:], np.asarray(full.cov_params())[-2:, -2:]
    assert found.set_index("term").loc["D1", "statistic"] * 2 == pytest.approx(b @ np.linalg.solve(v, b), rel=1e-4)


@pytest.mark.parametrize(("model", "outcome", "options", "roles"), CALLS)
def test_what_matters_is_told_from_what_does_not(model, outcome, options, roles):
    data = imputed(cohort(), **roles)
    matters = pool_tests(data, model, outcome, ["a", "b", "c"], without=["a"], **options).tidy
    not_so = pool_tests(data, model, outcome, ["a", "b", "grade"], without=["b", "grade"], **options).tidy
    assert matters["term"].tolist() == ["D1", "D2", "D3"]
    assert (matters["p_value"] < 0.001).all()
    assert (not_so["p_value"] > 0.01).all()
    assert (not_so["df"] == 3).all()


def test_questions_that_cannot_be_asked():
    data = imputed(cohort(), outcome="y")
    with pytest.raises(ValueError, match="model must be one of"):
        pool_tests(data, "poisson", "y", ["a"], without=["a"])
    with pytest.raises(ValueError, match="needs the follow-up time"):
        pool_tests(data, "cox", "died", ["a", "b"], without=["a"])
    with pytest.raises(ValueError, match="must be among the covariates"):
        pool_tests(data, "linear", "y", ["a"], without=["b"])
    with pytest.raises(ValueError, match="one covariate must stay"):
        pool_tests(data, "cox", "died", ["a"], without=["a"], time="days")


def test_models_without_an_estimate():
    data = imputed(cohort().assign(same=1.0, twice=lambda d: 2 * d["a"], sign=lambda d: d["died"] * 1.0), outcome="y")
    with pytest.raises(NotEstimable, match="same cannot be estimated"):
        pool_tests(data, "linear", "y", ["a", "same"], without=["a"])
    with pytest.raises(NotEstimable, match="collinear"):
        pool_tests(data, "linear", "y", ["a", "twice"], without=["a"])
    with pytest.raises(NotEstimable, match="separate the outcome"):
        pool_tests(data, "logistic", "died", ["a", "sign"], without=["a"])
