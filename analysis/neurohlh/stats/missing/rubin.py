"""Rubin's rules on arrays: pooled estimates, their variance and the degrees of freedom of Barnard and Rubin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from neurohlh.stats.columns import Floats
from neurohlh.stats.recipe import z_value

_SMALLEST_LAMBDA = 1e-4
"""As in mice: below this share of between-imputation variance the degrees of freedom grow no further."""


@dataclass(frozen=True)
class Pooled:
    """Estimates pooled over m imputations; every field but `m` has one entry per estimate.

    Attributes
    ----------
    m : imputations.
    qbar, ubar, b, t : mean estimate, mean variance within, variance between, total variance.
    df : degrees of freedom (Barnard and Rubin 1999, or Rubin 1987 for infinite complete-data degrees of freedom).
    riv, share, fmi : relative increase of the variance, its share that is between imputations (lambda), and the
        fraction of missing information.
    """

    m: int
    qbar: Floats
    ubar: Floats
    b: Floats
    t: Floats
    df: Floats
    riv: Floats
    share: Floats
    fmi: Floats

    def limits(self, conf_level: float) -> tuple[Floats, Floats]:
        """Limits of the estimates by Student's t with `df` degrees of freedom."""
        width = student.ppf(0.5 + conf_level / 2, self.df) * np.sqrt(self.t)
        return self.qbar - width, self.qbar + width


@dataclass(frozen=True)
class PooledScalar:
    """One pooled estimate, with the names of R's mice::pool.scalar (`r` is the relative increase of the variance)."""

    m: int
    qbar: float
    ubar: float
    b: float
    t: float
    df: float
    r: float
    fmi: float
    share: float


def pool_estimates(q: Floats, u: Floats, *, dfcom: float = np.inf) -> Pooled:
    """Pool estimates `q` with variances `u`, both (m imputations, estimates), on the scale on which they are normal.

    `dfcom` are the degrees of freedom that complete data would have (infinite: large sample). Rubin 1987, Multiple
    Imputation for Nonresponse in Surveys; Barnard and Rubin 1999, Biometrika 86:948. Raises ValueError for fewer than
    two imputations, numbers that are not finite, variances that are not positive, or `dfcom` not above 0.
    """
    q, u = np.asarray(q, dtype=float), np.asarray(u, dtype=float)
    m = len(q)
    if m < 2 or q.shape != u.shape:
        raise ValueError("pooling needs estimates and variances of at least two imputations")
    if not (np.isfinite(q).all() and np.isfinite(u).all() and (u > 0).all()):
        raise ValueError("estimates must be finite numbers with variances above 0")
    ubar, b = u.mean(axis=0), q.var(axis=0, ddof=1)
    t = ubar + (1 + 1 / m) * b
    riv, share = (1 + 1 / m) * b / ubar, (1 + 1 / m) * b / t
    df = barnard_rubin(m, share, dfcom)
    return Pooled(m, q.mean(axis=0), ubar, b, t, df, riv, share, (riv + 2 / (df + 3)) / (riv + 1))


def barnard_rubin(m: int, share: Floats, dfcom: float) -> Floats:
    """Degrees of freedom after `m` imputations, `share` of the total variance lying between them."""
    if not dfcom > 0:
        raise ValueError(f"the degrees of freedom of complete data must be above 0, not {dfcom}")
    share = np.maximum(share, _SMALLEST_LAMBDA)
    old = (m - 1) / share**2
    if np.isinf(dfcom):
        return np.asarray(old)
    observed = (dfcom + 1) / (dfcom + 3) * dfcom * (1 - share)
    return np.asarray(old * observed / (old + observed))


def pool_scalar(q: Sequence[float], u: Sequence[float], n: float | None = None, k: int = 1) -> PooledScalar:
    """Pool one estimate `q` with variances `u`, one per imputation; equal to R's mice::pool.scalar.

    `n` patients and `k` parameters give the degrees of freedom n - k of complete data; without `n` they are infinite.
    Raises as `pool_estimates` does.
    """
    found = pool_estimates(np.asarray(q)[:, None], np.asarray(u)[:, None], dfcom=np.inf if n is None else n - k)
    names = ("qbar", "ubar", "b", "t", "df", "riv", "fmi", "share")
    return PooledScalar(found.m, *(float(getattr(found, name)[0]) for name in names))


def pool_r_squared(r_squared: Sequence[float], n: Sequence[int], *, conf_level: float = 0.95) -> dict[str, float]:
    """R2 of linear models pooled as Fisher's z of its root (variance 1/(n - 3)), with normal limits.

    Gives estimate, conf_low, conf_high (0 where the limit of z lies below 0: R2 is never negative) and fmi. Harel 2009,
    J Appl Stat 36:1109. Raises ValueError for values outside 0 to 1 or n of 3 or fewer.
    """
    values, sizes = np.asarray(r_squared, dtype=float), np.asarray(n, dtype=float)
    if not ((values >= 0) & (values < 1)).all() or (sizes <= 3).any():
        raise ValueError("R2 must lie from 0 to below 1, and n above 3")
    found = pool_scalar(list(np.arctanh(np.sqrt(values))), list(1 / (sizes - 3)))
    width = z_value(conf_level) * float(np.sqrt(found.t))
    low, high = max(found.qbar - width, 0.0), found.qbar + width
    return {
        "estimate": float(np.tanh(found.qbar) ** 2),
        "conf_low": float(np.tanh(low) ** 2),
        "conf_high": float(np.tanh(high) ** 2),
        "fmi": found.fmi,
    }
