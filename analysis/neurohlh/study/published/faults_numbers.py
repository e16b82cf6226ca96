"""Checks of one printed number: a percentage, a ratio with its limits, a p, a sum."""

from __future__ import annotations

import numpy as np
from scipy.stats import chi2_contingency

from neurohlh.core import format as fmt
from neurohlh.stats.describe.arithmetic import (
    inside_limits,
    log_asymmetry,
    p_range,
    possible_counts,
    ratio_arithmetic,
)
from neurohlh.stats.describe.exact import freeman_halton
from neurohlh.study.published.finding import CONSISTENT, CUT, IMPOSSIBLE, INCOMPLETE, MISMATCH, NEAR, Finding
from neurohlh.study.published.printed import Percentage, Ratio, Sum
from neurohlh.study.published.tables import decimals

_NEAR = 0.05
"""A recomputed p within this share of the printed one is called near: other software, other rounding."""
BELIEVABLE, _FAR = 0.05, 0.5
"""A ratio further from the middle of its interval than so many standard errors, beyond what rounding of the printed
digits explains, is not pooled; from the second on no usual method of computing limits gives such an interval."""


def of_percentage(label: str, where: str, found: Percentage) -> Finding:
    """Whether a percentage belongs to its count, or to any count of its denominator."""
    check, places, printed = "percentage of a count", decimals(found.percent), float(found.percent)
    if found.n <= 0 or (found.k is not None and found.k > found.n):
        return Finding(label, where, check, IMPOSSIBLE, found.text, "more than everybody")
    unit = 10.0**-places
    if found.k is not None:
        exact = 100 * found.k / found.n
        said = f"{found.k}/{found.n} = {exact:.{places + 2}f} %"
        return Finding(label, where, check, _percent_verdict(exact - printed, unit), found.text, said)
    possible = possible_counts(printed, found.n, decimals=places)
    if possible:
        return Finding(label, where, check, CONSISTENT, found.text, f"{possible[0]}/{found.n}")
    counts = np.arange(found.n + 1)
    shares = 100 * counts / found.n
    cut = counts[(shares >= printed - 1e-9) & (shares < printed + unit - 1e-9)]
    if len(cut):
        return Finding(label, where, check, CUT, found.text, f"{cut[0]}/{found.n} = {shares[cut[0]]:.{places + 2}f} %")
    near = counts[np.argsort(np.abs(shares - printed), kind="stable")[:2]]
    said = " and ".join(f"{k}/{found.n} = {shares[k]:.{places}f} %" for k in sorted(near))
    note = f"no whole number of {found.n} gives it: another denominator, or a slip"
    return Finding(label, where, check, IMPOSSIBLE, found.text, said, note)


def _percent_verdict(gap: float, unit: float) -> str:
    if abs(gap) <= unit / 2 + 1e-9:
        return CONSISTENT
    return CUT if 0 <= gap < unit else MISMATCH


def of_ratio(label: str, where: str, found: Ratio, level: float = 0.95) -> list[Finding]:
    """Whether a ratio lies within its limits and in their middle on the log scale, and whether its p follows."""
    estimate, low, high = float(found.estimate), float(found.low), float(found.high)
    check = "interval of a ratio" if found.measure != "%" else "interval of a percentage"
    if not inside_limits(estimate, low, high):
        note = "one of the three numbers is wrong; the interval is not used"
        return [Finding(label, where, check, IMPOSSIBLE, found.text, "the estimate lies outside its interval", note)]
    if found.measure == "%":
        return [Finding(label, where, check, CONSISTENT, found.text)]
    if not 0 < low < high:
        return [Finding(label, where, check, IMPOSSIBLE, found.text, "the limits are no interval of a ratio")]
    places = (decimals(found.estimate), decimals(found.low), decimals(found.high))
    middle = ratio_arithmetic(estimate, low, high, conf_level=level).middle
    said = f"the middle of the interval on the logarithmic scale is {fmt.significant(middle)}"
    gap = log_asymmetry(estimate, low, high, decimals=places, conf_level=level)
    if gap > BELIEVABLE:
        verdict = IMPOSSIBLE if gap > _FAR else MISMATCH
        said += f", {gap:.2g} standard errors away"
        note = "no Wald interval of this ratio (perhaps of another method, perhaps a slip): not pooled"
        return [Finding(label, where, check, verdict, found.text, said, note)]
    verdict, note = (NEAR, "a rounding on the way; harmless") if gap > 0 else (CONSISTENT, "")
    findings = [Finding(label, where, check, verdict, found.text, said, note)]
    if found.p:
        least, most = p_range(estimate, low, high, decimals=places, conf_level=level)
        findings.append(_p_of_ratio(label, where, found, least, most, level))
    return findings


def _p_of_ratio(label: str, where: str, found: Ratio, least: float, most: float, level: float) -> Finding:
    at = ratio_arithmetic(float(found.estimate), float(found.low), float(found.high), conf_level=level).p_value
    sign, value = ("<", found.p.lstrip("< ")) if found.p.startswith("<") else ("=", found.p.lstrip("= "))
    half = 0.5 * 10.0 ** -decimals(value)
    said = f"p = {at:.2g} from the interval"
    printed = f"{found.text.split(' p')[0]}, p {sign} {value}"
    agrees = least < float(value) if sign == "<" else least - half <= float(value) <= most + half
    note = "" if agrees else "perhaps another test than Wald's"
    return Finding(label, where, "p of a ratio", CONSISTENT if agrees else MISMATCH, printed, said, note)


def of_counts(label: str, where: str, table: np.ndarray, p: str, printed: str) -> Finding:
    """Whether a printed p follows from counts, by any of the usual tests of the table (a row per group)."""
    if table.min() < 0 or (table.sum(axis=0) == 0).any() or (table.sum(axis=1) == 0).any():
        return Finding(label, where, "p of counts", IMPOSSIBLE, printed, "counts that cannot be")
    tests = {
        "chi-square": float(chi2_contingency(table, correction=False).pvalue),
        "chi-square with continuity correction": float(chi2_contingency(table, correction=True).pvalue),
        "exact": freeman_halton(table),
    }
    if table.shape != (2, 2):
        del tests["chi-square with continuity correction"]
    sign, value = ("<", float(p.lstrip("< "))) if p.startswith("<") else ("=", float(p.lstrip("= ")))
    unit = 10.0 ** -decimals(p.lstrip("<= "))
    said = ", ".join(f"{name} p = {_three(found)}" for name, found in tests.items())
    if sign == "<":
        verdict = CONSISTENT if min(tests.values()) < value else MISMATCH
    elif any(abs(found - value) <= unit / 2 + 1e-9 for found in tests.values()):
        verdict = CONSISTENT
    elif any(0 <= found - value < unit or abs(found - value) <= _NEAR * value for found in tests.values()):
        verdict = NEAR
    else:
        verdict = MISMATCH
    return Finding(label, where, "p of counts", verdict, f"{printed}, p {sign} {p.lstrip('<= ')}", said)


def _three(p: float) -> str:
    return f"{p:.2g}" if p < 0.001 else f"{p:.3f}"


def of_sum(label: str, where: str, found: Sum) -> Finding:
    """Whether terms add up to their printed sum, and whether that is everybody."""
    if found.added != found.total:
        return Finding(label, where, "sum", MISMATCH, found.text, f"the terms add up to {found.added}")
    if found.n is not None and found.total != found.n:
        said = f"{found.n - found.total} of {found.n} are not accounted for"
        note = "a share of those accounted for and a share of all differ: neither is used"
        return Finding(label, where, "sum", INCOMPLETE, found.text, said, note)
    return Finding(label, where, "sum", CONSISTENT, found.text)
