from itertools import product

import numpy as np
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.describe.two_by_two_methods import mcnemar, odds_ratio_wald, two_by_two_methods


def test_odds_ratios_by_hand():
    assert odds_ratio_wald(8, 12, 3, 27)[0] == pytest.approx(6)
    assert odds_ratio_wald(0, 12, 3, 27, add=0.5)[0] == pytest.approx(0.5 * 27.5 / (12.5 * 3.5))


@pytest.mark.parametrize("cells", [c for c in product((0, 2, 5), repeat=4) if c[0] + c[1] and c[2] + c[3]])
def test_every_zero_pattern_gives_numbers_or_reasons(cells):
    tidy = two_by_two_methods(*cells).tidy
    measured = tidy[tidy["measure"] != ""]
    numbers = measured[["estimate", "conf_low", "conf_high"]].to_numpy()
    assert not np.isinf(numbers).any()
    assert (np.isnan(numbers).any(axis=1) == (measured["note"] != "")).all()


def test_pairs_by_hand():
    # Of 4 pairs that changed 3 went one way: twice P(X <= 1) = 2 * 5 / 16.
    row = mcnemar(3, 1).tidy.iloc[0]
    assert (row["estimate"], row["p_value"]) == (3, pytest.approx(10 / 16))
    with pytest.raises(NotEstimable, match="no pair changed"):
        mcnemar(0, 0)


def test_an_empty_group_is_refused():
    with pytest.raises(NotEstimable, match="one of the groups has nobody"):
        two_by_two_methods(0, 0, 3, 4)
