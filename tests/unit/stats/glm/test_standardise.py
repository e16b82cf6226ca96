import numpy as np
import pytest

from neurohlh.stats.glm.standardise import Standardised, contrasts, standardised_risks


def test_risks_of_a_model_without_covariates():
    coef = np.array([np.log(1 / 3), np.log(3)])
    exposed, unexposed = np.ones((4, 2)), np.column_stack([np.ones(4), np.zeros(4)])
    found = standardised_risks(coef, np.zeros((2, 2)), exposed, unexposed, np.ones(4))
    assert found.risks == pytest.approx([0.5, 0.25])


def test_contrasts_by_hand():
    found = contrasts(Standardised(np.array([0.5, 0.25]), np.diag([0.01, 0.0])))
    assert found["RD"] == pytest.approx((0.25, 0.1))
    assert found["RR"] == pytest.approx((np.log(2), 0.2))
    assert found["OR"] == pytest.approx((np.log(3), 0.4))
