"""Coefficients of agreement from counts: Cohen's and Fleiss' kappa, AC1, and kappa adjusted for prevalence and bias."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats

WEIGHTS = ("none", "linear", "quadratic")


@dataclass(frozen=True)
class Agreement:
    """A coefficient with its standard error (NaN where the data cannot give one), and its value under chance alone."""

    value: float
    std_error: float
    observed: float
    expected: float


def cohen_kappa(table: Floats, weights: str = "none") -> Agreement:
    """Cohen's kappa of a square table (rows first reading, columns second), by the order of its categories.

    `weights`: "none", "linear" or "quadratic" distance; the standard error is that of Fleiss, Cohen and Everitt 1969,
    Psychol Bull 72:323. Raises ValueError for other weights or tables, NotEstimable without patients or where chance
    alone would agree fully (both readings always the same one word).
    """
    if weights not in WEIGHTS:
        raise ValueError(f"weights must be one of {', '.join(WEIGHTS)}, not {weights!r}")
    p = _shares(table)
    k = len(p)
    apart = np.abs(np.subtract.outer(np.arange(k), np.arange(k))) / max(k - 1, 1)
    w = {"none": (apart == 0) * 1.0, "linear": 1 - apart, "quadratic": 1 - apart**2}[weights]
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    observed, expected = float((w * p).sum()), float((w * np.outer(rows, columns)).sum())
    if 1 - expected < 1e-12:
        raise NotEstimable("both readings use one and the same category: chance alone agrees fully")
    kappa = (observed - expected) / (1 - expected)
    mean = (w @ columns)[:, None] + (rows @ w)[None, :]
    spread = (p * (w - mean * (1 - kappa)) ** 2).sum() - (kappa - expected * (1 - kappa)) ** 2
    se = float(np.sqrt(max(spread, 0.0) / table.sum())) / (1 - expected)
    return Agreement(kappa, se, observed, expected)


def specific_agreement(table: Floats, category: int) -> float:
    """How often the second reading is a category where the first is, over both directions: 2 n_ii / (n_i. + n_.i).

    NaN where neither reading uses it. Cicchetti and Feinstein 1990, J Clin Epidemiol 43:551; for two categories these
    are the positive and the negative agreement.
    """
    used = table[category].sum() + table[:, category].sum()
    return float(2 * table[category, category] / used) if used > 0 else float("nan")


def null_std_error(table: Floats, weights: str = "none") -> float:
    """The standard error of kappa if there were no agreement beyond chance, for its test (same source)."""
    found = cohen_kappa(table, weights)
    p = _shares(table)
    k = len(p)
    apart = np.abs(np.subtract.outer(np.arange(k), np.arange(k))) / max(k - 1, 1)
    w = {"none": (apart == 0) * 1.0, "linear": 1 - apart, "quadratic": 1 - apart**2}[weights]
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    mean = (w @ columns)[:, None] + (rows @ w)[None, :]
    spread = (np.outer(rows, columns) * (w - mean) ** 2).sum() - found.expected**2
    return float(np.sqrt(max(spread, 0.0) / table.sum())) / (1 - found.expected)


def gwet_ac1(table: Floats) -> Agreement:
    """Gwet's AC1, which does not collapse where one category is rare (Gwet 2008, Br J Math Stat Psychol 61:29)."""
    p = _shares(table)
    k, n = len(p), float(table.sum())
    if k < 2:
        raise NotEstimable("a single category: there is nothing to agree on")
    share = (p.sum(axis=0) + p.sum(axis=1)) / 2
    observed, expected = float(np.trace(p)), float((share * (1 - share)).sum() / (k - 1))
    value = (observed - expected) / (1 - expected)
    rest = 1 - value
    inner = 1 - np.add.outer(share, share) / 2
    spread = observed * (1 - observed)
    spread -= 4 * rest * ((np.diag(p) * (1 - share)).sum() / (k - 1) - observed * expected)
    spread += 4 * rest**2 * ((p * inner**2).sum() / (k - 1) ** 2 - expected**2)
    return Agreement(value, float(np.sqrt(max(spread, 0.0) / n)) / (1 - expected), observed, expected)


def pabak(table: Floats) -> float:
    """Kappa adjusted for prevalence and bias: (k po - 1)/(k - 1) (Byrt, Bishop and Carlin 1993)."""
    p = _shares(table)
    if len(p) < 2:
        raise NotEstimable("a single category: there is nothing to agree on")
    return float((len(p) * np.trace(p) - 1) / (len(p) - 1))


def fleiss_kappa(counts: Floats) -> Agreement:
    """Fleiss' kappa of `counts`, a row per patient and a column per category, all with the same number of readings.

    The standard error is the jackknife's over patients, for limits; Fleiss 1971, Psychol Bull 76:378. Raises ValueError
    for unequal rows or fewer than two readings, NotEstimable for fewer than two patients or one category only.
    """
    readings = counts.sum(axis=1)
    if len(counts) < 2:
        raise NotEstimable("fewer than two patients")
    if np.ptp(readings) > 0 or readings[0] < 2:
        raise ValueError("every patient needs the same number of readings, at least two")
    r, n = float(readings[0]), len(counts)
    own = ((counts**2).sum(axis=1) - r) / (r * (r - 1))
    totals = counts.sum(axis=0)
    observed, expected = float(own.mean()), float(((totals / (n * r)) ** 2).sum())
    if 1 - expected < 1e-12:
        raise NotEstimable("all readings are one and the same category: chance alone agrees fully")
    without = ((totals - counts) / ((n - 1) * r)) ** 2
    chance, agreed = without.sum(axis=1), (own.sum() - own) / (n - 1)
    usable = chance < 1 - 1e-12
    left = (agreed[usable] - chance[usable]) / (1 - chance[usable])
    se = float(np.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum())) if usable.all() else float("nan")
    return Agreement((observed - expected) / (1 - expected), se, observed, expected)


def fleiss_null_std_error(counts: Floats) -> float:
    """The standard error of Fleiss' kappa without agreement beyond chance (Fleiss, Nee and Landis 1979)."""
    n, r = len(counts), float(counts.sum(axis=1)[0])
    p = counts.sum(axis=0) / (n * r)
    q = 1 - p
    total = (p * q).sum()
    return float(np.sqrt(2 * (total**2 - (p * q * (q - p)).sum())) / (total * np.sqrt(n * r * (r - 1))))


def _shares(table: Floats) -> Floats:
    table = np.asarray(table, dtype=float)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or (table < 0).any():
        raise ValueError("a table of agreement is square and holds counts")
    if table.sum() == 0:
        raise NotEstimable("no patient has both readings")
    return table / table.sum()
