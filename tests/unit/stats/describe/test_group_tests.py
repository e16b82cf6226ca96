import numpy as np
import pytest

from neurohlh.stats.describe.group_tests import compare_levels, compare_numbers, shapiro_wilk


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


def test_means_by_hand():
    a, b = np.array([1.0, 2, 3]), np.array([3.0, 4, 5])
    # Difference 2, pooled variance 1, standard error sqrt(2/3), 4 degrees of freedom.
    found = compare_numbers([a, b], "equal variances")
    assert (found.statistic, found.df, found.effect) == pytest.approx((-2 / np.sqrt(2 / 3), 4, -2))
    welch = compare_numbers([a, 2 * b], "welch")
    # Variances 1 and 4: df (1/3 + 4/3)^2 / ((1/3)^2/2 + (4/3)^2/2).
    assert welch.df == pytest.approx((5 / 3) ** 2 / (1 / 18 + 16 / 18))


def test_analysis_of_variance_by_hand():
    groups = [np.array([1.0, 3]), np.array([2.0, 4]), np.array([6.0, 8])]
    # Means 2, 3, 7: between 2 * (4 + 1 + 9) / 2 = 14, within 2: F = 7 with 2 and 3 df.
    found = compare_numbers(groups, "equal variances")
    assert (found.statistic, found.df, found.df2) == pytest.approx((7, 2, 3))
    assert found.effect == pytest.approx(12 / (12 + 6))


def test_the_size_of_an_effect_stands_beside_its_test():
    apart = compare_numbers([np.array([1.0, 2, 3]), np.array([4.0, 5, 6])])
    assert (apart.effect, apart.effect_name) == (-1, "Cliff's delta")
    table = compare_levels(np.array([[20, 30], [30, 20]]))
    assert (table.effect, table.effect_name) == (pytest.approx(0.2), "Cramér's V")
    many = compare_numbers([np.array([1.0, 2]), np.array([3.0, 4]), np.array([5.0, 6])])
    assert many.effect == pytest.approx(many.statistic / 5)


def test_yates_by_hand():
    found = compare_levels(np.array([[20, 30], [30, 20]]), "chi-square, Yates")
    # Every cell is 5 from its expected 25, corrected 4.5: 4 * 4.5^2 / 25.
    assert (found.name, found.statistic) == ("chi-square with Yates' correction", pytest.approx(4 * 4.5**2 / 25))
    larger = compare_levels(np.array([[20, 30, 5], [30, 20, 5]]), "chi-square, Yates")
    assert larger.name == "chi-square without correction"


def test_drawn_tables_come_near_the_exact_test():
    table = np.array([[3, 6, 2], [0, 9, 5]])
    exact = compare_levels(table, "Fisher").p_value
    drawn = compare_levels(table, "Monte Carlo", rng=1, replicates=4000)
    assert drawn.p_value == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 4000))
    assert drawn == compare_levels(table, "Monte Carlo", rng=1, replicates=4000)
    assert drawn.name == "Fisher exact, Monte Carlo with 4000 tables"


def test_too_many_tables_are_refused_where_the_exact_test_was_asked_for():
    found = compare_levels(np.array([[30] * 6 + [1]] * 6), "Fisher")
    assert found.note == "not estimable: too many tables for the exact test; Monte Carlo is left"
    assert np.isnan(found.p_value)


def test_small_expected_counts_are_remarked():
    assert compare_levels(np.array([[3, 1], [1, 3]]), "chi-square").note == "expected counts below 5"


@pytest.mark.parametrize(
    ("groups", "test", "note"),
    [
        ([[1.0], [2.0, 3]], "welch", "a group has fewer than two known values"),
        ([[1.0, 1], [2.0, 2]], "welch", "no spread within a group"),
        ([[1.0, 1], [2.0, 3], [4.0, 6]], "welch", "no spread within a group"),
    ],
)
def test_means_that_cannot_be_compared(groups, test, note):
    found = compare_numbers([np.array(g) for g in groups], test)
    assert (found.note, found.name) == (f"not estimable: {note}", "none")


def test_unknown_tests():
    with pytest.raises(
        ValueError, match="a test of numbers must be one of ranks, welch, equal variances, not 'median'"
    ):
        compare_numbers([np.ones(2), np.ones(2)], "median")
    with pytest.raises(ValueError, match="a test of levels must be one of by expected counts"):
        compare_levels(np.ones((2, 2), dtype=int), "barnard")
    with pytest.raises(ValueError, match="needs rng"):
        compare_levels(np.array([[3, 1], [1, 3]]), "Monte Carlo")


def test_normality_is_tested_on_three_to_five_thousand_different_values():
    assert shapiro_wilk(np.array([1.0, 2])).note.startswith("not estimable")
    assert shapiro_wilk(np.ones(9)).note.startswith("not estimable")
    assert 0 < shapiro_wilk(np.arange(20.0)).p_value < 1
