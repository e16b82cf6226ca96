import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

from neurohlh.stats.competing.fine_gray import fine_gray, fine_gray_cif, fine_gray_model
from neurohlh.stats.competing.subdistribution_fit import predicted_hazard

SAID = {"cause": 1, "censored": 0}


def test_fine_gray_by_hand():
    # Nobody is censored before the events: at 1 everybody is at risk (2 exposed, 2 not), at 3 the competing one too.
    # Score: 1 - 2r/(2r+2) + 0 - r/(r+2) = 0, so 1/(1+r) = r/(r+2) and r = sqrt(2).
    frame = pd.DataFrame({"t": [1, 2, 3, 4], "e": [1, 2, 1, 0], "x": [1.0, 1.0, 0.0, 0.0]})
    row = fine_gray(frame, "t", "e", ["x"], cause=1, censored=0).tidy.iloc[0]
    assert row["estimate"] == pytest.approx(np.sqrt(2))


def test_fine_gray_says_when_the_likelihood_is_monotone():
    frame = pd.DataFrame({"t": range(1, 9), "e": [1, 1, 1, 2, 0, 2, 0, 0], "x": [1.0] * 3 + [0.0] * 5})
    row = fine_gray(frame, "t", "e", ["x"], cause=1, censored=0).tidy.iloc[0]
    assert np.isnan(row["estimate"])
    assert "monotone likelihood" in row["note"]


def simulated(rng, n, late=0.0):
    """Proportional subdistribution hazards with ratio 1.6 of x, or a ratio that grows with time by `late`."""
    x = rng.integers(0, 2, n).astype(float)
    first = rng.random(n) < 1 - 0.5 ** np.exp(0.47 * x)
    # P(T <= t, cause 1) = 1 - (1 - (1 - exp(-t)) / 2)^exp(0.47 x), inverted for those with the cause.
    u = rng.random(n) * (1 - 0.5 ** np.exp(0.47 * x))
    time = np.where(first, -np.log1p(-2 * (1 - (1 - u) ** np.exp(-0.47 * x))), rng.exponential(size=n))
    time = np.where(first & (x == 1), time * (1 + late), time)
    stop = rng.exponential(3, size=n)
    return pd.DataFrame({"t": np.minimum(time, stop), "e": np.where(time <= stop, 2 - first, 0), "x": x})


def proportional(frame):
    checks = fine_gray(frame, "t", "e", ["x"], **SAID).checks
    return checks[checks["check"] == "proportional subdistribution hazards"].set_index("term").loc["x", "p_value"]


def test_proportionality_holds_its_level_and_finds_an_alternative():
    rng = np.random.default_rng(11)
    p = np.array([proportional(simulated(rng, 200)) for _ in range(200)])
    assert kstest(p, "uniform").pvalue > 0.01
    assert abs((p < 0.05).mean() - 0.05) < 3 * np.sqrt(0.05 * 0.95 / len(p))
    assert proportional(simulated(np.random.default_rng(2), 800, late=3.0)) < 0.001


@pytest.mark.parametrize("groups", [None, "g"])
def test_the_variance_is_near_the_numerical_derivative_by_every_patients_weight(groups):
    frame = simulated(np.random.default_rng(4), 80).assign(g=np.arange(80) % 2)
    options = {**SAID, "censoring_groups": groups, "weights": "w"}

    def found(weight):
        model = fine_gray_model(frame.assign(w=weight), "t", "e", ["x"], **options)
        at = predicted_hazard(model.fit, np.array([[0.0], [1.0]]), np.array([0.5, 1.0]), True, 0)
        return model, np.append(model.fit.coef, np.log(at.hazard))

    step = 1e-4 * np.eye(80)
    slopes = np.array([(found(1 + h)[1] - found(1 - h)[1]) / 2e-4 for h in step])
    numerical = np.sqrt((slopes**2).sum(axis=0))
    model = found(np.ones(80))[0]
    assert np.sqrt(model.cov[0, 0]) == pytest.approx(numerical[0], rel=2e-3)
    predicted = fine_gray_cif(model, pd.DataFrame({"x": [0.0, 1.0]}), [0.5, 1.0]).tidy
    np.testing.assert_allclose(predicted["std_error"], numerical[1:], rtol=5e-3)
    # Limits: 1 - exp(-H exp(-+ z se)).
    h, se = np.exp(predicted["coef"]), predicted["std_error"]
    np.testing.assert_allclose(predicted["conf_low"], 1 - np.exp(-h * np.exp(-1.959964 * se)), rtol=1e-6)
    np.testing.assert_allclose(predicted["conf_high"], 1 - np.exp(-h * np.exp(1.959964 * se)), rtol=1e-6)


def test_the_method_says_how_the_variance_differs_with_censoring_groups():
    frame = simulated(np.random.default_rng(4), 80).assign(g=np.arange(80) % 2)
    said = [fine_gray(frame, "t", "e", ["x"], **SAID, censoring_groups=g).method["variance"] for g in (None, "g")]
    assert "cengroup" not in said[0]
    assert "differs from crr's cengroup" in said[1]


def test_fine_gray_refuses():
    frame = simulated(np.random.default_rng(4), 40).assign(start=0.0)
    with pytest.raises(ValueError, match="variance must be one of"):
        fine_gray(frame, "t", "e", ["x"], **SAID, variance="x")
    with pytest.raises(ValueError, match="with delayed entry the variance cannot count"):
        fine_gray(frame, "t", "e", ["x"], **SAID, entry="start", variance="censoring")
    with pytest.raises(TypeError, match="unexpected keyword"):
        fine_gray(frame, "t", "e", ["x"], **SAID, tie="efron")


def test_predictions_that_cannot_be_made():
    model = fine_gray_model(simulated(np.random.default_rng(4), 80), "t", "e", ["x"], **SAID)
    tidy = fine_gray_cif(model, pd.DataFrame({"x": [0.0]}), [0.0, 1e6]).tidy
    assert tidy["estimate"].iloc[0] == 0
    assert tidy["note"].iloc[0] == "no event so far: limits not estimable"
    assert np.isnan(tidy["estimate"].iloc[1])
    assert tidy["note"].iloc[1].startswith("not estimable: beyond the last follow-up")
    with pytest.raises(ValueError, match="1 rows of patients lack a covariate"):
        fine_gray_cif(model, pd.DataFrame({"x": [np.nan]}), [1.0])
