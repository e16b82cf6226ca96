import numpy as np
import pytest

from neurohlh.stats.describe.group_tests import compare_levels, compare_numbers


def test_small_groups_without_ties_are_compared_exactly():
    # All of a below all of b: 2 of the 20 orders are as extreme.
    found = compare_numbers([np.array([1.0, 2, 3]), np.array([4.0, 5, 6])])
    assert found.name == "Wilcoxon rank-sum, exact"
    assert found.p_value == pytest.approx(2 / 20)


def test_ties_need_the_approximation():
    found = compare_numbers([np.array([1.0, 1, 3]), np.array([4.0, 5, 6])])
    assert "normal approximation with continuity correction" in found.name


def test_more_groups():
    found = compare_numbers([np.array([1.0, 2]), np.array([3.0, 4]), np.array([5.0, 6])])
    # Rank sums 3, 7, 11: H = 12/(6*7) * (9 + 49 + 121)/2 - 3*7.
    assert (found.name, found.df) == ("Kruskal-Wallis", 2)
    assert found.statistic == pytest.approx(12 / 42 * 179 / 2 - 21)


def test_large_counts_use_the_uncorrected_chi_square():
    found = compare_levels(np.array([[20, 30], [30, 20]]))
    assert found.name == "chi-square without correction"
    assert found.statistic == pytest.approx(4)


def test_small_counts_use_the_exact_test():
    found = compare_levels(np.array([[3, 1], [1, 3]]))
    assert found.name == "Fisher exact"
    assert found.p_value == pytest.approx(34 / 70)


def test_too_many_tables_for_the_exact_test_say_so():
    table = np.array([[30] * 6 + [1]] * 6)
    found = compare_levels(table)
    assert "too many tables for the exact test" in found.name
    assert found.p_value > 0


@pytest.mark.parametrize(
    "found",
    [
        compare_numbers([np.array([]), np.array([1.0])]),
        compare_numbers([np.ones(3), np.ones(4)]),
        compare_levels(np.array([[0, 0], [1, 2]])),
        compare_levels(np.array([[4, 0], [5, 0]])),
    ],
)
def test_nothing_to_test(found):
    assert found.note.startswith("not estimable")
    assert np.isnan(found.p_value)
