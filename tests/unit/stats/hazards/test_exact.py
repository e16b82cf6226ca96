from itertools import combinations

import numpy as np
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.hazards.fit import SortedDesign, fit


def by_listing(x, time, event, entry, strata, beta):
    """Every set of as many patients at risk as there are events, one after the other."""
    total, lp = 0.0, x @ beta
    for s in np.unique(strata):
        for t in np.unique(time[event & (strata == s)]):
            at_risk = np.flatnonzero((strata == s) & (time >= t) & (entry < t))
            dead = np.flatnonzero((strata == s) & event & (time == t))
            sets = [np.exp(lp[list(c)].sum()) for c in combinations(at_risk, len(dead))]
            total += lp[dead].sum() - np.log(sum(sets))
    return total


@pytest.mark.parametrize("delayed", [False, True])
def test_equal_to_listing_every_set(delayed):
    rng = np.random.default_rng(12)
    n = 24
    x, time = rng.normal(size=(n, 2)), rng.integers(2, 5, n).astype(float)
    entry = rng.integers(0, 3, n).astype(float) if delayed else np.zeros(n)
    entry = np.minimum(entry, time - 1)
    event, strata = rng.random(n) < 0.6, rng.integers(0, 2, n)
    design = SortedDesign.of(x, time, event, entry=entry if delayed else None, strata=strata, ties="exact")
    found = fit(design)
    here = by_listing(x, time, event, entry, strata, found.coef)
    assert found.loglik == pytest.approx(here, rel=1e-12)
    assert found.loglik_null == pytest.approx(by_listing(x, time, event, entry, strata, np.zeros(2)), rel=1e-12)
    h = 1e-4
    for j in range(2):
        step = h * np.eye(2)[j]
        up, down = (by_listing(x, time, event, entry, strata, found.coef + sign * step) for sign in (1, -1))
        assert up < here > down
        assert (2 * here - up - down) / h**2 == pytest.approx(np.linalg.inv(found.cov)[j, j], rel=1e-5)


def test_matched_pairs_by_hand():
    # Discordant pairs, 6 with the case exposed and 2 with the control: the odds ratio is 6 / 2.
    exposed = np.array([1, 0] * 6 + [0, 1] * 2, dtype=float)[:, None]
    case, pair = np.tile([True, False], 8), np.repeat(np.arange(8), 2)
    found = fit(SortedDesign.of(exposed, np.ones(16), case, strata=pair, ties="exact"))
    assert np.exp(found.coef[0]) == pytest.approx(3, rel=1e-12)
    assert found.cov[0, 0] == pytest.approx(1 / 6 + 1 / 2, rel=1e-12)


def test_too_many_ties_and_case_weights_are_refused():
    rng = np.random.default_rng(13)
    x, time, event = rng.normal(size=(3000, 3)), np.ones(3000), np.ones(3000, dtype=bool)
    time[1500:], event[1500:] = 2, False
    with pytest.raises(NotEstimable, match="1500 tied events among 3000 patients"):
        fit(SortedDesign.of(x, time, event, ties="exact"))
    with pytest.raises(ValueError, match="no case weights"):
        fit(SortedDesign.of(x[:20], time[:20], event[:20], weights=rng.random(20) + 1, ties="exact"))
