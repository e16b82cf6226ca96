from itertools import product
from math import factorial

import numpy as np
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.describe.exact import freeman_halton
from neurohlh.stats.describe.fisher import fisher


def brute(table):
    """The p from every table with the same margins, written out."""
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    weights = []
    for cells in product(*(range(min(r, c) + 1) for r in rows for c in columns)):
        other = np.array(cells).reshape(table.shape)
        if (other.sum(axis=1) == rows).all() and (other.sum(axis=0) == columns).all():
            weights.append((1 / np.prod([float(factorial(x)) for x in cells]), (other == table).all()))
    seen = next(w for w, same in weights if same)
    return sum(w for w, _ in weights if w <= seen * (1 + 1e-7)) / sum(w for w, _ in weights)


@pytest.mark.parametrize("table", [[[1, 2, 0], [3, 0, 2]], [[2, 1], [0, 3], [1, 1]], [[1, 1, 1], [2, 0, 0], [0, 1, 1]]])
def test_equal_to_writing_out_every_table(table):
    assert freeman_halton(np.array(table)) == pytest.approx(brute(np.array(table)))


def test_two_by_two_is_fisher():
    assert freeman_halton(np.array([[7, 14], [9, 77]])) == pytest.approx(fisher(7, 14, 9, 77).p_value)


def test_the_order_of_levels_and_groups_does_not_matter():
    table = np.array([[7, 5, 10], [4, 3, 3]])
    p = freeman_halton(table)
    assert freeman_halton(table[:, ::-1]) == pytest.approx(p)
    assert freeman_halton(table[::-1]) == pytest.approx(p)


def test_too_large_a_table_is_refused():
    with pytest.raises(NotEstimable, match="too many tables"):
        freeman_halton(np.full((6, 6), 30))
