import numpy as np
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.curves.influence import Weights
from neurohlh.stats.curves.logrank_sums import Family, Sample, chi_square, family_sums

TIME = np.array([1.0, 2, 3, 4])
GROUP = np.array([0, 1, 0, 1])
EVENT = np.ones(4, dtype=bool)
ONE = np.zeros(4, dtype=int)
# At the four deaths 4, 3, 2, 1 are at risk, of group 0: 2, 1, 1, 0. Observed minus expected in group 0 by death:
EXCESS = np.array([1 - 2 / 4, 0 - 1 / 3, 1 - 1 / 2, 0])
SPREAD = np.array([1 / 4, 2 / 9, 1 / 4, 0])
STAYING = np.cumprod([4 / 5, 3 / 4, 2 / 3, 1 / 2])


@pytest.mark.parametrize(
    ("family", "weight"),
    [
        (Family(), [1, 1, 1, 1]),
        (Family("gehan"), [4, 3, 2, 1]),
        (Family("tarone-ware"), np.sqrt([4, 3, 2, 1])),
        (Family("peto-peto"), STAYING),
        (Family("modified-peto-peto"), STAYING * [4 / 5, 3 / 4, 2 / 3, 1 / 2]),
        (Family("fleming-harrington", 1, 0), [1, 3 / 4, 1 / 2, 1 / 4]),
        (Family("fleming-harrington", 0, 2), [0, 1 / 16, 1 / 4, 9 / 16]),
    ],
)
def test_every_weighting_by_hand(family, weight):
    sums = family_sums(Sample(TIME, EVENT, None, GROUP, ONE, 2), family)
    assert sums.observed.tolist() == [2, 2]
    assert sums.expected[0] == pytest.approx(2 / 4 + 1 / 3 + 1 / 2)
    assert sums.difference[0] == pytest.approx(np.dot(weight, EXCESS))
    assert sums.variance[0, 0] == pytest.approx(np.dot(np.square(weight), SPREAD))
    assert np.bincount(GROUP, sums.score) == pytest.approx(sums.difference)


def test_who_has_not_entered_is_not_expected_to_die():
    entry = np.array([0.0, 0, 0, 2.5])
    sums = family_sums(Sample(TIME, EVENT, entry, GROUP, ONE, 2), Family())
    assert sums.expected[0] == pytest.approx(2 / 3 + 1 / 2 + 1 / 2)


def test_strata_share_no_risk_set_and_no_weight():
    both = Sample(np.tile(TIME, 2), np.tile(EVENT, 2), None, np.tile(GROUP, 2), np.repeat([0, 1], 4), 2)
    for family in (Family("fleming-harrington", 1, 1), Family("peto-peto"), Family("gehan")):
        one = family_sums(Sample(TIME, EVENT, None, GROUP, ONE, 2), family)
        two = family_sums(both, family)
        np.testing.assert_allclose(two.difference, 2 * one.difference)
        np.testing.assert_allclose(two.variance, 2 * one.variance)


def test_the_robust_variance_by_hand():
    # One of two dies, the first group's: its score residual is (1 - 1/2)(1 - 1/2), the other's (0 - 1/2)(0 - 1/2).
    sample = Sample(np.array([1.0, 2]), np.array([True, False]), None, np.array([0, 1]), np.zeros(2, dtype=int), 2)
    weights = Weights(np.array([1.0, 1]), np.arange(2), robust=True)
    sums = family_sums(Sample(*list(vars(sample).values())[:6], weights), Family())
    assert sums.difference[0] == pytest.approx(1 / 2)
    assert sums.variance[0, 0] == pytest.approx(1 / 4**2 + 1 / 4**2)


def test_one_cluster_gives_no_test():
    sample = Sample(TIME, EVENT, None, GROUP, ONE, 2, Weights(np.ones(4), ONE, robust=True))
    with pytest.raises(NotEstimable, match="too few for a robust variance"):
        chi_square(family_sums(sample, Family()))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("wilcoxon",), "test must be one of logrank, gehan, tarone-ware, peto-peto, modified-peto-peto, fleming-harr"),
        (("fleming-harrington", -1), "rho and gamma must be numbers of at least 0"),
        (("gehan", 1), "rho and gamma belong to the test 'fleming-harrington'"),
    ],
)
def test_members_that_the_family_does_not_have(options, message):
    with pytest.raises(ValueError, match=message):
        Family(*options)
