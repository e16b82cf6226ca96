"""Which test compares groups in a table, and its result, with its full name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats, Ints
from neurohlh.stats.describe.exact import freeman_halton

_SMALL_EXPECTED = 5.0
"""Smallest expected count for the chi-square approximation (Cochran 1954, Biometrics 10:417)."""
_EXACT_BELOW = 50
"""Group size below which the rank-sum test is exact if there are no ties, as in R's wilcox.test."""


@dataclass(frozen=True)
class GroupTest:
    """A test's name, statistic (NaN for exact tests), degrees of freedom (NaN if none), p and a note."""

    name: str
    statistic: float = float("nan")
    df: float = float("nan")
    p_value: float = float("nan")
    note: str = ""


def compare_numbers(groups: Sequence[Floats]) -> GroupTest:
    """Wilcoxon's rank-sum test for two groups, Kruskal and Wallis' for more, by R's rules for exactness and ties."""
    if any(len(g) == 0 for g in groups) or len(groups) < 2:
        return GroupTest("none", note="not estimable: a group has no known value")
    together = np.concatenate(groups)
    if np.ptp(together) == 0:
        return GroupTest("none", note="not estimable: the same value in all patients")
    if len(groups) > 2:
        found = stats.kruskal(*groups)
        return GroupTest("Kruskal-Wallis", float(found.statistic), len(groups) - 1, float(found.pvalue))
    a, b = groups
    exact = max(len(a), len(b)) < _EXACT_BELOW and len(np.unique(together)) == len(together)
    found = stats.mannwhitneyu(a, b, use_continuity=True, method="exact" if exact else "asymptotic")
    how = "exact" if exact else "normal approximation with continuity correction"
    return GroupTest(f"Wilcoxon rank-sum, {how}", float(found.statistic), float("nan"), float(found.pvalue))


def compare_levels(table: Ints) -> GroupTest:
    """Pearson's chi-square without correction, or the exact test where an expected count is below 5.

    `table` has a row per group and a column per level (counts).
    """
    seen = table[:, table.sum(axis=0) > 0]
    if (seen.sum(axis=1) == 0).any() or len(seen) < 2:
        return GroupTest("none", note="not estimable: a group has no known value")
    if seen.shape[1] < 2:
        return GroupTest("none", note="not estimable: the same level in all patients")
    found = stats.chi2_contingency(seen, correction=False)
    small = found.expected_freq.min() < _SMALL_EXPECTED
    name = "chi-square without correction"
    if small:
        try:
            return GroupTest("Fisher exact", p_value=freeman_halton(seen))
        except NotEstimable:
            name += " (expected counts below 5; too many tables for the exact test)"
    return GroupTest(name, float(found.statistic), float(found.dof), float(found.pvalue))
