"""How two weighted groups differ in one covariate: standardised difference, variance ratio, Kolmogorov-Smirnov."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Bools, Floats

DENOMINATORS = ("pooled", "exposed", "unexposed")


@dataclass(frozen=True)
class Covariate:
    """Values of one covariate, and the standard deviation that its differences are divided by.

    `spread` is that of the groups as observed, so that a weighted difference can be compared with the crude one; it is
    NaN where both groups are constant. `binary` covariates hold only 0 and 1.
    """

    values: Floats
    spread: float
    binary: bool

    @classmethod
    def of(cls, values: Floats, exposed: Bools, denominator: str = "pooled") -> Covariate:
        """A covariate whose spread is the root of the mean of both groups' variances, or that of one group.

        Raises ValueError for another `denominator`.
        """
        if denominator not in DENOMINATORS:
            raise ValueError(f"denominator must be one of {', '.join(DENOMINATORS)}, not {denominator!r}")
        spread = np.nan
        sizes = int(exposed.sum()), int((~exposed).sum())
        if min(sizes) > 1:
            variances = {"exposed": values[exposed].var(ddof=1), "unexposed": values[~exposed].var(ddof=1)}
            pooled = (variances["exposed"] + variances["unexposed"]) / 2
            spread = float(np.sqrt(variances.get(denominator, pooled)))
        binary = bool(np.isin(values, (0.0, 1.0)).all())
        return cls(values, spread if spread > 0 else np.nan, binary)


@dataclass(frozen=True)
class Differences:
    """Two groups, each under its weights: means and standard deviations (unexposed, exposed), and how they differ.

    `smd` is NaN without spread; `variance_ratio` (exposed over unexposed) and the standard deviations are for numbers.
    """

    means: tuple[float, float]
    deviations: tuple[float, float]
    difference: float
    smd: float
    variance_ratio: float
    ks: float


def differences(covariate: Covariate, exposed: Bools, weights: Floats) -> Differences:
    """Compare the exposed with the unexposed under `weights` (all 1: as observed).

    Weighted variances are the unbiased ones for reliability weights; Kolmogorov-Smirnov is the largest distance of the
    two weighted distribution functions (for a binary covariate the difference of the shares).
    """
    x = covariate.values
    means = tuple(float(np.average(x[g], weights=weights[g])) for g in (~exposed, exposed))
    gap = means[1] - means[0]
    smd = gap / covariate.spread
    if covariate.binary:
        nan = float("nan")
        return Differences((means[0], means[1]), (nan, nan), gap, smd, nan, abs(gap))
    variances = [weighted_variance(x[g], weights[g]) for g in (~exposed, exposed)]
    ratio = variances[1] / variances[0] if variances[0] > 0 else float("nan")
    deviations = float(np.sqrt(variances[0])), float(np.sqrt(variances[1]))
    return Differences((means[0], means[1]), deviations, gap, smd, ratio, _distance(x, exposed, weights))


def weighted_variance(values: Floats, weights: Floats) -> float:
    """The unbiased variance under reliability weights; with equal weights the usual one. NaN for fewer than two."""
    total = weights.sum()
    rest = total - (weights**2).sum() / total
    if rest <= 1e-12 * total:
        return float("nan")
    mean = np.average(values, weights=weights)
    return float((weights * (values - mean) ** 2).sum() / rest)


def _distance(values: Floats, exposed: Bools, weights: Floats) -> float:
    order = np.argsort(values, kind="stable")
    x, w = values[order], weights[order]
    share = np.where(exposed[order], w / weights[exposed].sum(), -w / weights[~exposed].sum())
    ends = np.append(x[1:] != x[:-1], True)
    return float(np.abs(np.cumsum(share)[ends]).max())
