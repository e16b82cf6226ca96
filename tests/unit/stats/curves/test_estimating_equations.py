import numpy as np
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.curves.estimating_equations import fit_mean, independent_columns


def test_two_groups_are_their_means_with_the_sandwich():
    y, x = np.array([1.0, 2, 3, 5, 9]), np.array([0.0, 0, 0, 1, 1])
    model = fit_mean(y, np.column_stack([np.ones(5), x]), np.arange(5), "identity")
    assert model.coef.tolist() == pytest.approx([2, 5])
    # Squares about the means over n squared: 2/9 and 8/4.
    assert model.covariance[1, 1] == pytest.approx(2 / 9 + 2)


@pytest.mark.parametrize(("link", "forward"), [("log", np.log), ("cloglog", lambda s: np.log(-np.log(s)))])
def test_links_of_group_means(link, forward):
    y, x = np.array([0.5, 0.7, 0.9, 0.2, 0.4, -0.1, 0.5]), np.array([0.0, 0, 0, 1, 1, 1, 1])
    model = fit_mean(y, np.column_stack([np.ones(7), x]), np.arange(7), link)
    assert model.coef.tolist() == pytest.approx([forward(0.7), forward(0.25) - forward(0.7)])


def test_rows_of_a_cluster_count_as_one():
    y, x = np.array([1.0, 2, 3, 5, 9]), np.ones((5, 1))
    alone = fit_mean(y, x, np.arange(5), "identity")
    twice = fit_mean(np.tile(y, 2), np.tile(x, (2, 1)), np.tile(np.arange(5), 2), "identity")
    assert twice.covariance[0, 0] == pytest.approx(alone.covariance[0, 0])


def test_equations_without_a_solution():
    with pytest.raises(NotEstimable, match="the mean outcome -1 has no log"):
        fit_mean(np.array([-1.0, -1]), np.ones((2, 1)), np.arange(2), "log")
    y, x = np.array([0.5, 0.5, 0.0, 0.0]), np.array([0.0, 0, 1, 1])
    with pytest.raises(NotEstimable, match=r"do not converge|no single solution|runs to infinity"):
        fit_mean(y, np.column_stack([np.ones(4), x]), np.arange(4), "log")


def test_columns_that_others_express():
    one, x = np.ones(6), np.arange(6.0)
    assert independent_columns(np.column_stack([one, x, 3 * x - 1e5, one * 7, x**2])) == [0, 1, 4]
