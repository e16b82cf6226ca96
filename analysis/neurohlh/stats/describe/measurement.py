"""How far numbers measured twice or more agree: intraclass correlation and limits of agreement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import f, norm
from scipy.stats import t as student

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Floats, column, numbers
from neurohlh.stats.recipe import software, z_value
from neurohlh.stats.survival_data import first_reasons

_NEAR_ZERO = 1e-9
FORMS = {
    "ICC(1,1)": "one-way random effects, single measurement",
    "ICC(2,1)": "two-way random effects, absolute agreement, single measurement",
    "ICC(3,1)": "two-way mixed effects, consistency, single measurement",
    "ICC(1,k)": "one-way random effects, mean of the measurements",
    "ICC(2,k)": "two-way random effects, absolute agreement, mean of the measurements",
    "ICC(3,k)": "two-way mixed effects, consistency, mean of the measurements",
}


@dataclass(frozen=True)
class Correlation:
    """An intraclass correlation with its limits and the F test of none."""

    value: float
    low: float
    high: float
    f: float
    df1: float
    df2: float
    p_value: float


def intraclass(values: Floats, conf_level: float = 0.95) -> dict[str, Correlation]:
    """The six correlations of `FORMS` from a matrix with a row per patient and a column per measurement.

    Shrout and Fleiss 1979, Psychol Bull 86:420; limits McGraw and Wong 1996, Psychol Methods 1:30. Raises NotEstimable
    for fewer than two patients or measurements, or if nothing varies within patients.
    """
    n, k = values.shape
    if n < 2 or k < 2:
        raise NotEstimable("fewer than two patients or measurements")
    patients, raters, mean = values.mean(axis=1), values.mean(axis=0), values.mean()
    between = k * ((patients - mean) ** 2).sum() / (n - 1)
    columns = n * ((raters - mean) ** 2).sum() / (k - 1)
    within = ((values - patients[:, None]) ** 2).sum() / (n * (k - 1))
    error = ((values - patients[:, None] - raters[None, :] + mean) ** 2).sum() / ((n - 1) * (k - 1))
    if min(within, error) <= 1e-14 * max(between, 1e-300):
        raise NotEstimable("the measurements do not differ beyond a shift: the correlation has no limits")
    tail = (1 - conf_level) / 2
    one = _from_f(between / within, n - 1, n * (k - 1), k, tail)
    three = _from_f(between / error, n - 1, (n - 1) * (k - 1), k, tail)
    two = _absolute(between, columns, error, n, k, tail)
    found = {"ICC(1,1)": one, "ICC(2,1)": two, "ICC(3,1)": three}
    return found | {name.replace(",1)", ",k)"): _averaged(c, k) for name, c in found.items()}


def _from_f(ratio: float, df1: int, df2: int, k: int, tail: float) -> Correlation:
    low, high = ratio / f.isf(tail, df1, df2), ratio * f.isf(tail, df2, df1)
    value, lower, upper = ((x - 1) / (x + k - 1) for x in (ratio, low, high))
    return Correlation(value, lower, upper, ratio, df1, df2, float(f.sf(ratio, df1, df2)))


def _absolute(between: float, columns: float, error: float, n: int, k: int, tail: float) -> Correlation:
    value = (between - error) / (between + (k - 1) * error + k * (columns - error) / n)
    a = k * value / (n * (1 - value))
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    top = (a * columns + b * error) ** 2
    bottom = (a * columns) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1))
    df = top / bottom if bottom > 0 else np.nan
    rest = k * columns + (k * n - k - n) * error
    lower, upper = f.isf(tail, n - 1, df), f.isf(tail, df, n - 1)
    below, above = lower * rest + n * between, rest + n * upper * between
    low = n * (between - lower * error) / below if 0 < below < np.inf else np.nan
    high = n * (upper * between - error) / above if 0 < above < np.inf else np.nan
    ratio, df2 = between / error, (n - 1) * (k - 1)
    return Correlation(value, float(low), float(high), ratio, n - 1, df2, float(f.sf(ratio, n - 1, df2)))


def _averaged(c: Correlation, k: int) -> Correlation:
    """Spearman and Brown's step from one measurement to the mean of `k`, which keeps the order of the limits."""
    steps = [1 + (k - 1) * x for x in (c.value, c.low, c.high)]
    value, low, high = (
        k * x / step if step > _NEAR_ZERO else np.nan for x, step in zip((c.value, c.low, c.high), steps, strict=True)
    )
    return Correlation(value, low, high, c.f, c.df1, c.df2, c.p_value)


def intraclass_correlation(frame: pd.DataFrame, measurements: Sequence[str], *, conf_level: float = 0.95) -> Result:
    """The intraclass correlations of several measurements (columns) of the same patients, each named by its model.

    Patients without all measurements are dropped and counted. Rows: a row "ICC" per form. Raises ValueError for wrong
    columns, NotEstimable as `intraclass` does.
    """
    if len(measurements) < 2:
        raise ValueError("agreement needs at least two measurements")
    z_value(conf_level)
    matrix, dropped = _complete(frame, measurements)
    rows = []
    for name, c in intraclass(matrix, conf_level).items():
        row = {
            "term": "ICC",
            "level": name,
            "measure": name,
            "estimate": c.value,
            "conf_low": c.low,
            "conf_high": c.high,
        }
        row |= {"statistic": c.f, "df": c.df1, "p_value": c.p_value, "method": FORMS[name]}
        note = f"F with {c.df1:g} and {c.df2:g} df"
        if np.isnan(c.low):
            note += "; limits not estimable"
        if np.isnan(c.value):
            note = "not estimable: the measurements of a patient differ more than those of different patients"
        rows.append({**row, "note": note})
    shared = {"analysis": "agreement", "variable": ", ".join(measurements), "n": len(matrix)}
    return Result(
        kind="agreement",
        tidy=tidy_frame([{**shared, **row} for row in rows]),
        method={
            "estimator": "intraclass correlation, six forms",
            "interval": "F distribution (McGraw & Wong); two-way absolute agreement by Satterthwaite",
            "test": "F, correlation = 0",
            "correction": "none",
            "conf_level": conf_level,
            "denominator": "patients with all measurements",
            "software": software("numpy", "scipy"),
            "reference": ["Shrout & Fleiss 1979, Psychol Bull 86:420", "McGraw & Wong 1996, Psychol Methods 1:30"],
        },
        counts={"supplied": len(frame), "used": len(matrix), "dropped": dropped},
    )


def _complete(frame: pd.DataFrame, names: Sequence[str]) -> tuple[Floats, dict[str, int]]:
    values = [numbers(column(frame, name)) for name in names]
    kept, dropped = first_reasons({f"missing {n}": np.isnan(v) for n, v in zip(names, values, strict=True)}, len(frame))
    if not kept.any():
        raise NotEstimable("no patient has all measurements")
    return np.column_stack([v[kept] for v in values]), dropped


def bland_altman(frame: pd.DataFrame, first: str, second: str, *, conf_level: float = 0.95) -> Result:
    """The mean difference `first` minus `second` and the limits between which 95 % of the differences lie.

    Rows: "bias", "lower limit", "upper limit" (bias -+ 1.96 SD, whatever `conf_level`), each with its own confidence
    limits (t distribution; the variance of a limit is s^2 (1/n + 1.96^2 / (2 (n - 1)))). `curves`: mean and difference
    of every patient. `checks`: whether the difference grows with the mean, and Shapiro and Wilk's test. Raises
    ValueError for wrong columns, NotEstimable for fewer than three patients or equal differences.
    """
    z_value(conf_level)
    matrix, dropped = _complete(frame, [first, second])
    gap, middle = matrix[:, 0] - matrix[:, 1], matrix.mean(axis=1)
    n = len(gap)
    if n < 3 or np.ptp(gap) <= 1e-12 * max(np.abs(matrix).max(), 1e-300):
        raise NotEstimable("fewer than three patients, or all differences are equal")
    s, wide = float(gap.std(ddof=1)), float(norm.ppf(0.975))
    multiplier = float(student.ppf(0.5 + conf_level / 2, n - 1))
    error = s * np.sqrt(1 / n + wide**2 / (2 * (n - 1)))
    shared = {"analysis": "agreement", "variable": f"{first} and {second}", "n": n, "df": n - 1}
    rows = []
    for term, value, se in (
        ("bias", gap.mean(), s / np.sqrt(n)),
        ("lower limit", gap.mean() - wide * s, error),
        ("upper limit", gap.mean() + wide * s, error),
    ):
        row = {"term": term, "measure": "difference", "scale": "identity", "estimate": value, "std_error": se}
        rows.append({**shared, **row, "conf_low": value - multiplier * se, "conf_high": value + multiplier * se})
    return Result(
        kind="bland_altman",
        tidy=tidy_frame(rows),
        curves=pd.DataFrame({"mean": middle, "difference": gap}),
        checks=check_frame(_difference_checks(gap, middle)),
        method={
            "estimator": "mean difference and 95 % limits of agreement",
            "interval": f"t, {n - 1} degrees of freedom",
            "correction": "none",
            "conf_level": conf_level,
            "denominator": "patients with both measurements",
            "software": software("numpy", "scipy"),
            "reference": "Bland & Altman 1999, Stat Methods Med Res 8:135",
        },
        counts={"supplied": len(frame), "used": n, "dropped": dropped},
    )


def _difference_checks(gap: Floats, middle: Floats) -> list[dict[str, Any]]:
    from neurohlh.stats.describe.group_tests import shapiro_wilk

    test = shapiro_wilk(gap)
    rows: list[dict[str, Any]] = [
        {"check": "normal differences (Shapiro-Wilk)", "term": "GLOBAL", "statistic": test.statistic,
         "p_value": test.p_value, "verdict": "attention" if test.p_value < 0.05 else "ok", "note": test.note}
    ]  # fmt: skip
    row: dict[str, Any] = {"check": "difference grows with the mean", "term": "GLOBAL"}
    if np.ptp(middle) == 0:
        return [*rows, {**row, "verdict": "not estimable", "note": "not estimable: all means are equal"}]
    r = float(np.corrcoef(middle, gap)[0, 1])
    if 1 - abs(r) < 1e-12:
        return [*rows, {**row, "value": r, "verdict": "attention", "note": "value: correlation; exactly on a line"}]
    t = r * np.sqrt((len(gap) - 2) / (1 - r**2))
    p = float(2 * student.sf(abs(t), len(gap) - 2))
    row |= {"statistic": t, "df": len(gap) - 2, "p_value": p, "value": r}
    return [*rows, {**row, "verdict": "attention" if p < 0.05 else "ok", "note": "value: correlation"}]
