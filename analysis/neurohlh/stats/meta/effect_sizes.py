"""The effect of every study and its variance, from counts: two groups, or one proportion on a chosen scale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from neurohlh.stats.columns import Bools, Floats

ADDED = 0.5
"""What is added to every cell of a study with an empty cell (Haldane 1956; Anscombe 1956), and to no other study."""
TRANSFORMS = ("logit", "freeman-tukey", "arcsine", "raw")
RATIOS = ("HR", "OR", "RR")
"""Measures that are pooled as logarithms."""


@dataclass(frozen=True)
class EffectSizes:
    """One entry per study: `effect` and its `variance` on the working scale, and where 1/2 was `added` to the cells."""

    effect: Floats
    variance: Floats
    added: Bools


def two_group_effects(a: Floats, n: Floats, c: Floats, m: Floats, measure: str) -> EffectSizes:
    """log OR, log RR or RD of `a` events among `n` against `c` among `m`, one entry per study.

    A study with an empty cell gets 1/2 added to its four cells, no other study does (the default of metafor's escalc).
    Raises ValueError for impossible counts or another measure.
    """
    _check_counts(a, n)
    _check_counts(c, m)
    b, d = n - a, m - c
    added = (a == 0) | (b == 0) | (c == 0) | (d == 0)
    a, b, c, d = (cell + ADDED * added for cell in (a, b, c, d))
    n, m = a + b, c + d
    if measure == "OR":
        return EffectSizes(np.log(a) + np.log(d) - np.log(b) - np.log(c), 1 / a + 1 / b + 1 / c + 1 / d, added)
    if measure == "RR":
        return EffectSizes(np.log(a / n) - np.log(c / m), 1 / a - 1 / n + 1 / c - 1 / m, added)
    if measure == "RD":
        p, q = a / n, c / m
        return EffectSizes(p - q, p * (1 - p) / n + q * (1 - q) / m, added)
    raise ValueError(f"counts of two groups give OR, RR or RD, not {measure!r}")


def proportion_effects(x: Floats, n: Floats, transform: str) -> EffectSizes:
    """`x` of `n` per study on the scale of `transform`: "logit", "raw", "arcsine" or "freeman-tukey".

    The logit and the raw proportion get 1/2 added to both cells of a study with an empty one; the two arcsine
    transformations need nothing (Freeman and Tukey 1950, Ann Math Stat 21:607). Raises ValueError for impossible counts
    or another transform.
    """
    _check_counts(x, n)
    if transform not in TRANSFORMS:
        raise ValueError(f"transform must be one of {', '.join(TRANSFORMS)}, not {transform!r}")
    none = np.zeros(len(x), dtype=bool)
    if transform == "freeman-tukey":
        effect = (np.arcsin(np.sqrt(x / (n + 1))) + np.arcsin(np.sqrt((x + 1) / (n + 1)))) / 2
        return EffectSizes(effect, 1 / (4 * n + 2), none)
    if transform == "arcsine":
        return EffectSizes(np.arcsin(np.sqrt(x / n)), 1 / (4 * n), none)
    added = (x == 0) | (x == n)
    x, rest = x + ADDED * added, n - x + ADDED * added
    if transform == "logit":
        return EffectSizes(np.log(x) - np.log(rest), 1 / x + 1 / rest, added)
    total = x + rest
    return EffectSizes(x / total, x * rest / total**3, added)


def _check_counts(events: Floats, n: Floats) -> None:
    wrong = int(((events < 0) | (events > n) | (n <= 0) | (events % 1 != 0) | (n % 1 != 0)).sum())
    if wrong:
        raise ValueError(f"{wrong} studies have counts that are no whole numbers with 0 <= events <= n and n > 0")


def inverse_freeman_tukey(value: Floats, n: float) -> Floats:
    """The proportion of a Freeman-Tukey value at sample size `n` (Miller 1978, Am Stat 32:138).

    For a pooled value `n` is the harmonic mean of the studies' sizes. Values beyond what 0 or n events give are the
    proportions 0 and 1.
    """
    value = np.asarray(value, dtype=float)
    low = np.arcsin(np.sqrt(1 / (n + 1))) / 2
    high = (np.arcsin(np.sqrt(n / (n + 1))) + np.pi / 2) / 2
    sine = np.sin(2 * np.clip(value, low, high))
    inner = 1 - (sine + (sine - 1 / sine) / n) ** 2
    proportion = (1 - np.sign(np.cos(2 * value)) * np.sqrt(np.clip(inner, 0, None))) / 2
    return np.where(value <= low, 0.0, np.where(value >= high, 1.0, proportion))


def back(measure: str, transform: str = "", n: float = float("nan")) -> Callable[[Floats], Floats]:
    """From the working scale to the scale that `measure` names; increasing, so that limits stay limits.

    `n` is the harmonic mean of the studies' sizes, for the Freeman-Tukey transform only.
    """
    if measure in RATIOS:
        return np.exp
    if transform == "logit":
        return lambda value: np.asarray(expit(value))
    if transform == "arcsine":
        return lambda value: np.asarray(np.sin(np.clip(value, 0, np.pi / 2)) ** 2)
    if transform == "freeman-tukey":
        return lambda value: inverse_freeman_tukey(value, n)
    return lambda value: np.asarray(value, dtype=float)
