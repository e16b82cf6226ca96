"""How an outcome is distributed about its mean, and how the mean depends on the linear predictor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaln, logit, xlogy

from neurohlh.stats.columns import Floats

Map = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Family:
    """A distribution with a link.

    Attributes
    ----------
    name : for messages.
    mean, slope : mean and its derivative at the linear predictor.
    variance : variance at the mean.
    loglik : log likelihood of every outcome at its mean, without weights.
    start : linear predictor to start from.
    inside : whether all means are possible (a log link can leave the range of a risk).
    """

    name: str
    mean: Map
    slope: Map
    variance: Map
    loglik: Callable[[Floats, Floats], Floats]
    start: Map
    inside: Callable[[Floats], bool]


def _always(mean: Floats) -> bool:
    return bool(np.isfinite(mean).all())


def _bernoulli(y: Floats, mean: Floats) -> Floats:
    return np.asarray(xlogy(y, mean) + xlogy(1 - y, 1 - mean))


def _spread(mean: Floats) -> Floats:
    return mean * (1 - mean)


BINOMIAL = Family(
    "binomial, logit link",
    mean=expit,
    slope=lambda eta: expit(eta) * expit(-eta),
    variance=_spread,
    loglik=_bernoulli,
    start=lambda y: np.asarray(logit((y + 0.5) / 2)),
    inside=_always,
)
LOG_BINOMIAL = Family(
    "binomial, log link",
    mean=np.exp,
    slope=np.exp,
    variance=_spread,
    loglik=_bernoulli,
    start=lambda y: np.full(len(y), np.log(y.mean())),
    inside=lambda mean: bool((mean < 1).all()),
)
POISSON = Family(
    "Poisson, log link",
    mean=np.exp,
    slope=np.exp,
    variance=lambda mean: mean,
    loglik=lambda y, mean: np.asarray(xlogy(y, mean) - mean - gammaln(y + 1)),
    start=lambda y: np.log(y + 0.1),
    inside=_always,
)


def negative_binomial_family(theta: float) -> Family:
    """The negative binomial with log link whose variance is mean + mean^2 / theta."""

    def loglik(y: Floats, mean: Floats) -> Floats:
        choose = gammaln(theta + y) - gammaln(theta) - gammaln(y + 1)
        return np.asarray(choose - theta * np.log1p(mean / theta) + xlogy(y, mean) - y * np.log(mean + theta))

    return Family(
        "negative binomial, log link", np.exp, np.exp, lambda m: m + m**2 / theta, loglik, POISSON.start, _always
    )


GAUSSIAN = Family(
    "Gaussian, identity link",
    mean=lambda eta: eta,
    slope=np.ones_like,
    variance=np.ones_like,
    loglik=lambda y, mean: -0.5 * (y - mean) ** 2,
    start=lambda y: y,
    inside=_always,
)
