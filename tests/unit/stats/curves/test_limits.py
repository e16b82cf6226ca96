import numpy as np
import pytest

from neurohlh.stats.curves.limits import CONF_TYPES, hazard_limits, survival_limits

# Each scale by its definition: value, its inverse, and how the error of log S carries over to it.
SCALES = {
    "log-log": (lambda s: np.log(-np.log(s)), lambda x: np.exp(-np.exp(x)), lambda s: 1 / np.log(s)),
    "log": (np.log, np.exp, lambda s: 1),
    "plain": (lambda s: s, lambda x: x, lambda s: s),
    "logit": (lambda s: np.log(s / (1 - s)), lambda x: 1 / (1 + np.exp(-x)), lambda s: 1 / (1 - s)),
    "arcsin": (
        lambda s: np.arcsin(np.sqrt(s)), lambda x: np.sin(x) ** 2, lambda s: 0.5 * np.sqrt(s / (1 - s))
    ),
}  # fmt: skip


@pytest.mark.parametrize("conf_type", CONF_TYPES)
def test_limits_are_symmetric_on_their_scale(conf_type):
    there, back, slope = SCALES[conf_type]
    low, high = survival_limits(np.array([0.6]), np.array([0.1]), 2.0, conf_type)
    wide = 2 * 0.1 * abs(slope(0.6))
    assert sorted([back(there(0.6) - wide), back(there(0.6) + wide)]) == pytest.approx([low[0], high[0]])
    assert low[0] < 0.6 < high[0]


@pytest.mark.parametrize("conf_type", CONF_TYPES)
def test_limits_stay_within_0_and_1(conf_type):
    low, high = survival_limits(np.array([0.97, 0.03]), np.array([0.5, 3.0]), 1.96, conf_type)
    assert (low >= 0).all()
    assert (high <= 1).all()


@pytest.mark.parametrize("conf_type", CONF_TYPES)
def test_without_width_there_are_no_limits(conf_type):
    nothing = survival_limits(np.array([1.0, 0.0, 0.5]), np.array([0.0, np.nan, 0.0]), 1.96, conf_type)
    assert np.isnan(nothing).all()


def test_limits_of_a_hazard_are_symmetric_on_the_log_scale():
    low, high = hazard_limits(np.array([0.0, 2.0]), np.array([0.0, 0.5]), 2.0)
    assert np.isnan([low[0], high[0]]).all()
    assert (low[1], high[1]) == (pytest.approx(2 * np.exp(-0.5)), pytest.approx(2 * np.exp(0.5)))


def test_an_unknown_scale():
    with pytest.raises(ValueError, match="conf_type must be one of log-log, log, plain, logit, arcsin, not 'probit'"):
        survival_limits(np.array([0.5]), np.array([0.1]), 1.96, "probit")
