import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.inter_rater import fleiss_kappa as other_fleiss

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.describe.kappa import (
    cohen_kappa,
    fleiss_kappa,
    fleiss_null_std_error,
    gwet_ac1,
    null_std_error,
    pabak,
)

TABLE = np.array([[20.0, 5], [10, 15]])
FOUR = np.array([[20.0, 4, 0, 1], [3, 15, 6, 0], [1, 5, 12, 4], [0, 2, 3, 9]])


def test_kappa_by_hand():
    found = cohen_kappa(TABLE)
    # Observed 35/50; expected 0.5*0.6 + 0.5*0.4.
    assert (found.observed, found.expected, found.value) == pytest.approx((0.7, 0.5, 0.4))
    assert pabak(TABLE) == pytest.approx(0.4)
    # AC1: shares 0.55 and 0.45, expected 2 * 0.55 * 0.45.
    assert gwet_ac1(TABLE).value == pytest.approx((0.7 - 0.495) / (1 - 0.495))


def test_weights_by_hand():
    apart = np.array([[0.0, 0, 6], [0, 4, 0], [6, 0, 4]])
    # Two categories apart weigh 0 in both schemes; observed 8/20, expected by the margins 6, 4, 10.
    linear = cohen_kappa(apart, "linear")
    expected = (36 + 16 + 100) / 400 + 0.5 * 2 * (24 + 40) / 400
    assert (linear.observed, linear.expected) == pytest.approx((0.4, expected))
    quadratic = cohen_kappa(apart, "quadratic")
    assert quadratic.expected == pytest.approx((36 + 16 + 100) / 400 + 0.75 * 2 * (24 + 40) / 400)


@pytest.mark.parametrize(("weights", "theirs"), [("none", None), ("linear", "linear"), ("quadratic", "quadratic")])
def test_equal_to_statsmodels(weights, theirs):
    other = cohens_kappa(FOUR, wt=theirs)
    found = cohen_kappa(FOUR, weights)
    assert (found.value, found.std_error) == pytest.approx((other.kappa, other.std_kappa))
    assert null_std_error(FOUR, weights) == pytest.approx(other.std_kappa0)


def test_full_agreement():
    found = cohen_kappa(np.diag([5.0, 7]))
    assert (found.value, found.std_error) == (1, 0)


def test_fleiss_by_hand_and_by_statsmodels():
    counts = np.array([[3.0, 0], [2, 1], [0, 3], [1, 2], [3, 0]])
    found = fleiss_kappa(counts)
    # Agreeing pairs 1, 1/3, 1, 1/3, 1; shares 9/15 and 6/15.
    assert (found.observed, found.expected) == pytest.approx((11 / 15, 0.52))
    assert found.value == pytest.approx(other_fleiss(counts))
    # Two categories: the standard error without agreement is sqrt(2 / (N r (r - 1))).
    assert fleiss_null_std_error(counts) == pytest.approx(np.sqrt(2 / (5 * 3 * 2)))
    left = [fleiss_kappa(np.delete(counts, i, axis=0)).value for i in range(5)]
    assert found.std_error == pytest.approx(np.sqrt(4 / 5 * np.sum((np.array(left) - np.mean(left)) ** 2)))


@pytest.mark.parametrize("coefficient", [cohen_kappa, gwet_ac1, pabak])
def test_tables_that_say_nothing(coefficient):
    with pytest.raises(NotEstimable, match="no patient has both readings"):
        coefficient(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="a table of agreement is square"):
        coefficient(np.ones((2, 3)))
    with pytest.raises(NotEstimable, match=r"chance alone agrees fully|a single category"):
        coefficient(np.array([[9.0]]))


def test_one_category_only():
    with pytest.raises(NotEstimable, match="chance alone agrees fully"):
        cohen_kappa(np.array([[9.0, 0], [0, 0]]))
    with pytest.raises(NotEstimable, match="chance alone agrees fully"):
        fleiss_kappa(np.array([[3.0, 0], [3, 0]]))
    with pytest.raises(NotEstimable, match="fewer than two patients"):
        fleiss_kappa(np.array([[3.0, 0]]))
    with pytest.raises(ValueError, match="the same number of readings"):
        fleiss_kappa(np.array([[3.0, 0], [1, 1]]))
    with pytest.raises(ValueError, match="weights must be one of none"):
        cohen_kappa(TABLE, "cubic")
