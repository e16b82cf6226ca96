"""Which test compares groups in a table, its result with its full name and correction, and the size of the effect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats
from scipy.special import gammaln

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats, Ints
from neurohlh.stats.describe.exact import freeman_halton

_SMALL_EXPECTED = 5.0
"""Smallest expected count for the chi-square approximation (Cochran 1954, Biometrics 10:417)."""
_EXACT_BELOW = 50
"""Group size below which the rank-sum test is exact if there are no ties, as in R's wilcox.test."""
_NONE = float("nan")


@dataclass(frozen=True)
class GroupTest:
    """A test's name, statistic (NaN for exact tests), degrees of freedom (NaN if none), p and a note.

    `df2` is the denominator's for an F test. `effect` is the size of the difference on the scale that `effect_name`
    says.
    """

    name: str
    statistic: float = _NONE
    df: float = _NONE
    p_value: float = _NONE
    note: str = ""
    df2: float = _NONE
    effect: float = _NONE
    effect_name: str = ""


def compare_numbers(groups: Sequence[Floats], test: str = "ranks") -> GroupTest:
    """Compare numbers between two or more groups by `test`.

    "ranks" is Wilcoxon's rank-sum test for two groups (by R's rules for exactness and ties), Kruskal and Wallis' for
    more; "welch" is Welch's t test or Welch's analysis of variance, "equal variances" Student's t test or the one-way
    analysis of variance. Raises ValueError for another test.
    """
    if test not in NUMBER_TESTS:
        raise ValueError(f"a test of numbers must be one of {', '.join(NUMBER_TESTS)}, not {test!r}")
    if any(len(g) == 0 for g in groups) or len(groups) < 2:
        return GroupTest("none", note="not estimable: a group has no known value")
    if np.ptp(np.concatenate(groups)) == 0:
        return GroupTest("none", note="not estimable: the same value in all patients")
    return NUMBER_TESTS[test](groups)


def _ranks(groups: Sequence[Floats]) -> GroupTest:
    together = np.concatenate(groups)
    if len(groups) > 2:
        found = stats.kruskal(*groups)
        h, n, k = float(found.statistic), len(together), len(groups)
        # Tomczak and Tomczak 2014, Trends Sport Sci 21:19
        return GroupTest(
            "Kruskal-Wallis", h, k - 1, float(found.pvalue), effect=h / (n - 1), effect_name="epsilon squared"
        )
    a, b = groups
    exact = max(len(a), len(b)) < _EXACT_BELOW and len(np.unique(together)) == len(together)
    found = stats.mannwhitneyu(a, b, use_continuity=True, method="exact" if exact else "asymptotic")
    how = "exact" if exact else "normal approximation with continuity correction"
    w = float(found.statistic)
    delta = 2 * w / (len(a) * len(b)) - 1  # Cliff 1993, Psychol Bull 114:494
    p = float(found.pvalue)
    return GroupTest(f"Wilcoxon rank-sum, {how}", w, _NONE, p, effect=delta, effect_name="Cliff's delta")


def _means(groups: Sequence[Floats], equal: bool) -> GroupTest:
    if any(len(g) < 2 for g in groups):
        return GroupTest("none", note="not estimable: a group has fewer than two known values")
    variances = np.array([0.0 if np.ptp(g) == 0 else g.var(ddof=1) for g in groups])
    if not variances.any() or (not equal and len(groups) > 2 and not variances.all()):
        return GroupTest("none", note="not estimable: no spread within a group")
    if len(groups) == 2:
        a, b = groups
        found = stats.ttest_ind(a, b, equal_var=equal)
        d = float((a.mean() - b.mean()) / np.sqrt(variances.mean()))
        name = "t test, equal variances" if equal else "Welch's t test"
        p = float(found.pvalue)
        return GroupTest(name, float(found.statistic), float(found.df), p, effect=d, effect_name="SMD")
    return _equal_anova(groups) if equal else _welch_anova(groups)


def _equal_anova(groups: Sequence[Floats]) -> GroupTest:
    found = stats.f_oneway(*groups)
    n, k, f = sum(map(len, groups)), len(groups), float(found.statistic)
    omega = max(0.0, (k - 1) * (f - 1) / ((k - 1) * (f - 1) + n))
    name = "analysis of variance, equal variances"
    return GroupTest(name, f, k - 1, float(found.pvalue), df2=n - k, effect=omega, effect_name="omega squared")


def _welch_anova(groups: Sequence[Floats]) -> GroupTest:
    """Welch 1951, Biometrika 38:330, as R's oneway.test."""
    k = len(groups)
    n, mean, variance = (np.array([f(g) for g in groups], dtype=float) for f in (len, np.mean, lambda g: g.var(ddof=1)))
    w = n / variance
    centre = (w * mean).sum() / w.sum()
    tail = ((1 - w / w.sum()) ** 2 / (n - 1)).sum() / (k**2 - 1)
    f = float((w * (mean - centre) ** 2).sum() / (k - 1) / (1 + 2 * (k - 2) * tail))
    df2 = float(1 / (3 * tail))
    omega = max(0.0, (k - 1) * (f - 1) / ((k - 1) * (f - 1) + n.sum()))
    p = float(stats.f.sf(f, k - 1, df2))
    return GroupTest("Welch's analysis of variance", f, k - 1, p, df2=df2, effect=omega, effect_name="omega squared")


NUMBER_TESTS: dict[str, Callable[[Sequence[Floats]], GroupTest]] = {
    "ranks": _ranks,
    "welch": lambda groups: _means(groups, False),
    "equal variances": lambda groups: _means(groups, True),
}
LEVEL_TESTS = ("by expected counts", "chi-square", "chi-square, Yates", "Fisher", "Monte Carlo")


def compare_levels(
    table: Ints,
    test: str = "by expected counts",
    *,
    rng: np.random.Generator | int | None = None,
    replicates: int = 10_000,
) -> GroupTest:
    """Compare levels between groups by `test`; `table` has a row per group and a column per level (counts).

    "by expected counts" is Pearson's chi-square without correction, or the exact test where an expected count is below
    5. "chi-square, Yates" corrects two-by-two tables and no other, as R does. "Fisher" is the exact test (Freeman and
    Halton's beyond two by two). "Monte Carlo" draws `replicates` tables with the same margins from `rng` (Patefield
    1981, Appl Stat 30:91) and gives (1 + as unlikely) / (1 + replicates). Raises ValueError for another test, or Monte
    Carlo without `rng`.
    """
    if test not in LEVEL_TESTS:
        raise ValueError(f"a test of levels must be one of {', '.join(LEVEL_TESTS)}, not {test!r}")
    seen = table[:, table.sum(axis=0) > 0]
    if (seen.sum(axis=1) == 0).any() or len(seen) < 2:
        return GroupTest("none", note="not estimable: a group has no known value")
    if seen.shape[1] < 2:
        return GroupTest("none", note="not estimable: the same level in all patients")
    plain = _chi_square(seen, yates=False)
    v = float(np.sqrt(plain.statistic / (seen.sum() * (min(seen.shape) - 1))))
    if test == "Monte Carlo":
        found = _monte_carlo(seen, rng, replicates)
    elif test.startswith("chi-square"):
        found = _chi_square(seen, yates=test.endswith("Yates"))
    else:
        found = _exact_or(plain, seen, test)
    return replace(found, effect=v, effect_name="Cramér's V")


def _chi_square(seen: Ints, *, yates: bool) -> GroupTest:
    corrected = yates and seen.shape == (2, 2)
    # scipy's correction is Yates' with the same cap as R's, and only for one degree of freedom.
    found = stats.chi2_contingency(seen, correction=corrected)
    name = "chi-square with Yates' correction" if corrected else "chi-square without correction"
    few = found.expected_freq.min() < _SMALL_EXPECTED
    note = "expected counts below 5" if few else ""
    return GroupTest(name, float(found.statistic), float(found.dof), float(found.pvalue), note)


def _exact_or(plain: GroupTest, seen: Ints, test: str) -> GroupTest:
    if test == "by expected counts" and not plain.note:
        return plain
    try:
        return GroupTest("Fisher exact", p_value=freeman_halton(seen))
    except NotEstimable:
        if test == "Fisher":
            return GroupTest("none", note="not estimable: too many tables for the exact test; Monte Carlo is left")
        return replace(
            plain, name=f"{plain.name} (expected counts below 5; too many tables for the exact test)", note=""
        )


def _monte_carlo(seen: Ints, rng: np.random.Generator | int | None, replicates: int) -> GroupTest:
    if rng is None:
        raise ValueError("the Monte Carlo test needs rng, a seed or a generator")
    drawn = stats.random_table(seen.sum(axis=1), seen.sum(axis=0)).rvs(
        size=replicates, random_state=np.random.default_rng(rng)
    )
    weight, own = -gammaln(drawn + 1).sum(axis=(1, 2)), -gammaln(seen + 1).sum()
    p = (1 + int((weight <= own + 1e-7).sum())) / (replicates + 1)
    return GroupTest(f"Fisher exact, Monte Carlo with {replicates} tables", p_value=p)


def shapiro_wilk(values: Floats) -> GroupTest:
    """The test that values come from a normal distribution; a check, never what chooses another test.

    Royston 1995, Appl Stat 44:547; for 3 to 5000 values that are not all equal.
    """
    if not 3 <= len(values) <= 5000 or np.ptp(values) == 0:
        return GroupTest("none", note="not estimable: the test is for 3 to 5000 values that are not all equal")
    found = stats.shapiro(values)
    return GroupTest("Shapiro-Wilk", float(found.statistic), _NONE, float(found.pvalue))
