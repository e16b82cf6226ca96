"""Effects pooled by inverse variance, as a mean or on moderators: coefficients, their covariance, Q and predictions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, f, norm
from scipy.stats import t as student

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats, Ints
from neurohlh.stats.meta.heterogeneity import ESTIMATORS, projection, tau2, tau2_std_error, typical_variance

KNAPP_HARTUNG = ("none", "plain", "ad hoc")
PREDICTIONS = ("t_k-2", "t_k-1", "z")


@dataclass(frozen=True)
class MetaFit:
    """A fitted model.

    Attributes
    ----------
    coef, covariance : coefficients and their covariance (Knapp and Hartung's where asked for).
    df : degrees of freedom of the coefficients' t distribution, NaN for the normal one.
    tau2, tau2_se : variance between studies and its standard error.
    i2, h2 : share of the variance that lies between studies (0 to 1), and total over sampling variance.
    q, q_df, q_p : Cochran's Q (of the residuals, with moderators) and its test.
    weights : share of every study, adding up to 1 (the diagonal of the weight matrix).
    kh_factor : Knapp and Hartung's variance factor q before any correction; NaN without the adjustment.
    """

    coef: Floats
    covariance: Floats
    df: float
    tau2: float
    tau2_se: float
    i2: float
    h2: float
    q: float
    q_df: int
    q_p: float
    weights: Floats
    kh_factor: float

    @property
    def std_error(self) -> Floats:
        """Standard errors of the coefficients; NaN where the variance is 0."""
        diagonal = np.diag(self.covariance)
        return np.sqrt(np.where(diagonal > 0, diagonal, np.nan))

    def quantile(self, conf_level: float) -> float:
        """The two-sided quantile of the coefficients' reference distribution."""
        upper = 0.5 + conf_level / 2
        return float(norm.ppf(upper) if np.isnan(self.df) else student.ppf(upper, self.df))

    def p_value(self, statistic: float) -> float:
        """Two-sided p of a coefficient over its standard error."""
        tail = norm.sf(abs(statistic)) if np.isnan(self.df) else student.sf(abs(statistic), self.df)
        return float(2 * tail)


def fit_meta(
    effect: Floats,
    variance: Floats,
    design: Floats | None = None,
    *,
    method: str = "REML",
    knapp_hartung: str = "none",
    fixed_tau2: float | None = None,
) -> MetaFit:
    """Pool effects (working scale, one per study) with their sampling variances, as metafor's rma does.

    `design` defaults to a column of ones. Knapp and Hartung (2003, Stat Med 22:2693) scale the covariance by the
    weighted residual mean square q and use t; "ad hoc" never lets q be below 1. `fixed_tau2` is used instead of an
    estimate. Raises ValueError for unknown choices, NotEstimable for too few studies or moderators that cannot be told
    apart.
    """
    if method not in ESTIMATORS or knapp_hartung not in KNAPP_HARTUNG:
        raise ValueError(
            f"method must be one of {', '.join(ESTIMATORS)} and knapp_hartung one of {', '.join(KNAPP_HARTUNG)}"
        )
    x = np.ones((len(effect), 1)) if design is None else design
    k, p = x.shape
    if k == 0:
        raise NotEstimable("there is no study to pool")
    if np.linalg.matrix_rank(x) < p:
        raise NotEstimable("the moderators cannot be told apart in these studies")
    if k <= p and method != "FE":
        said = "a single study" if k == 1 else f"{k} studies for {p} coefficients"
        raise NotEstimable(f"{said}: nothing is left to estimate the variance between studies from")
    found = tau2(effect, variance, x, method) if fixed_tau2 is None else fixed_tau2
    at, common = projection(variance, x, found), projection(variance, x, 0.0)
    covariance, df, factor = at.covariance, float("nan"), float("nan")
    if knapp_hartung != "none" and k > p:
        factor = max(at.q(effect) / (k - p), 0.0)
        covariance, df = covariance * (max(1.0, factor) if knapp_hartung == "ad hoc" else factor), float(k - p)
    q = max(common.q(effect), 0.0)
    i2, h2 = _shares(q, k - p, found, variance, x, method)
    return MetaFit(
        coef=at.coefficients(effect),
        covariance=covariance,
        df=df,
        tau2=found,
        tau2_se=tau2_std_error(effect, variance, x, method, found) if k > p else float("nan"),
        i2=i2,
        h2=h2,
        q=q,
        q_df=k - p,
        q_p=float(chi2.sf(q, k - p)) if k > p else float("nan"),
        weights=at.weights / at.weights.sum(),
        kh_factor=factor,
    )


def _shares(q: float, df: int, found: float, variance: Floats, design: Floats, method: str) -> tuple[float, float]:
    if df == 0:
        return float("nan"), float("nan")
    if method == "FE":
        return (max(0.0, (q - df) / q) if q > 0 else 0.0), q / df
    typical = typical_variance(variance, design)
    return found / (found + typical), 1 + found / typical


def prediction_interval(
    centre: float, variance: float, between: float, k: int, how: str, conf_level: float
) -> tuple[float, float]:
    """Where the effect of a new study may lie (working scale; Higgins 2009, J R Stat Soc A 172:137).

    `centre` with its `variance`, the variance `between` studies, `k` studies; `how`: "t_k-2", "t_k-1" or "z", the
    distribution whose quantile multiplies sqrt(between + variance). (NaN, NaN) without degrees of freedom.
    """
    if how not in PREDICTIONS:
        raise ValueError(f"prediction must be one of {', '.join(PREDICTIONS)}, not {how!r}")
    upper = 0.5 + conf_level / 2
    df = {"t_k-2": k - 2, "t_k-1": k - 1, "z": k}[how]
    if df <= 0:
        return float("nan"), float("nan")
    multiplier = norm.ppf(upper) if how == "z" else student.ppf(upper, df)
    half = float(multiplier) * float(np.sqrt(between + variance))
    return centre - half, centre + half


def moderator_test(fit: MetaFit, columns: list[int]) -> tuple[float, float, float]:
    """(statistic, p, denominator df) of the hypothesis that these coefficients are all 0.

    Wald's chi-square (QM) with NaN as the last number, or with Knapp and Hartung's adjustment the F statistic.
    """
    block = fit.covariance[np.ix_(columns, columns)]
    wald = float(fit.coef[columns] @ np.linalg.solve(block, fit.coef[columns]))
    if np.isnan(fit.df):
        return wald, float(chi2.sf(wald, len(columns))), float("nan")
    statistic = wald / len(columns)
    return statistic, float(f.sf(statistic, len(columns), fit.df)), fit.df


def clustered_std_error(effect: Floats, variance: Floats, fit: MetaFit, cluster: Ints) -> tuple[float, int]:
    """The standard error of a pooled mean that allows effects of one cluster to hang together, and its df.

    Hedges, Tipton and Johnson 2010, Res Synth Methods 1:39, with the factor m/(m - 1) for m clusters, as metafor's
    robust; t with m - 1 degrees of freedom. `fit` is that of a plain mean; `cluster` holds a number per study. Raises
    NotEstimable for fewer than two clusters.
    """
    m = len(np.unique(cluster))
    if m < 2:
        raise NotEstimable("all studies share their patients")
    weights = 1 / (variance + fit.tau2)
    sums = np.bincount(cluster, weights=weights * (effect - float(fit.coef[0])))
    return float(np.sqrt((sums**2).sum() * m / (m - 1)) / weights.sum()), m - 1
