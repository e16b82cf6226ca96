import numpy as np
import pytest

from neurohlh.stats.predict.ipcw import Censoring
from neurohlh.stats.predict.time_scores import auc, brier, brier_of_nobody

TIME = np.array([1.0, 2.0, 3.0, 4.0])
EVENT = np.array([True, False, True, False])
CENSORING = Censoring.of(TIME, EVENT)
RISK = np.array([0.9, 0.5, 0.2, 0.4])


def test_brier_by_hand():
    # Weights 1, 0, 1.5, 1.5; outcomes 1, -, 1, 0: (0.1^2 + 1.5 * 0.8^2 + 1.5 * 0.4^2) / 4
    assert brier(RISK, EVENT, CENSORING, 3.0).estimate == pytest.approx((0.01 + 0.96 + 0.24) / 4)


def test_the_null_model_by_hand():
    # Risk by 3: (1 + 1.5) / 4; its Brier score is that of a coin: p (1 - p), the weights adding up to n.
    share, score = brier_of_nobody(EVENT, CENSORING, 3.0)
    assert share == pytest.approx(0.625)
    assert score.estimate == pytest.approx(0.625 * 0.375)


def test_auc_by_hand():
    # Cases 0.9 (weight 1) and 0.2 (1.5), one control 0.4: only the first is above it.
    assert auc(RISK, EVENT, CENSORING, 3.0).estimate == pytest.approx(1 / 2.5)
    tied = np.array([0.9, 0.5, 0.4, 0.4])
    assert auc(tied, EVENT, CENSORING, 3.0).estimate == pytest.approx((1 + 0.75) / 2.5)


def test_another_cause_before_the_horizon_makes_a_control():
    # Causes 1, 2, 1 and beyond; nobody censored before 3: cases 0.9 and 0.2, controls 0.5 and 0.4.
    censoring = Censoring.of(TIME, np.array([True, True, True, False]))
    case = np.array([True, False, True, False])
    assert auc(RISK, case, censoring, 3.0).estimate == pytest.approx(2 / 4)


def test_influences_have_mean_zero():
    rng = np.random.default_rng(2)
    time, event = rng.exponential(10, 150).round(1), rng.random(150) < 0.6
    censoring, risk = Censoring.of(time, event), rng.random(150)
    for score in (auc(risk, event, censoring, 8.0), brier(risk, event, censoring, 8.0)):
        assert score.influence.mean() == pytest.approx(0, abs=1e-12)
        assert score.std_error > 0


def test_without_a_case_or_a_control_there_is_no_auc():
    assert np.isnan(auc(RISK, np.zeros(4, dtype=bool), CENSORING, 3.0).estimate)
    assert np.isnan(auc(RISK, EVENT, CENSORING, 0.5).estimate)
