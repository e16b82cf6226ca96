"""Proportions pooled by their own likelihood: binomial counts with a normal logit between studies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import expit, gammaln, roots_hermite
from scipy.stats import chi2

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats

NODES = 7
"""Points of the adaptive Gauss-Hermite quadrature, as in metafor's rma.glmm."""
_SMALL = 1e-4
"""A standard deviation between studies below this is none: the likelihood there is flat to rounding."""


@dataclass(frozen=True)
class BinomialNormal:
    """The mean logit with its standard error, tau2, the log-likelihood, and the test of tau2 = 0 against saturation.

    `q`, `q_df`, `q_p`: the likelihood-ratio test of equal proportions.
    """

    coef: float
    std_error: float
    tau2: float
    log_likelihood: float
    q: float
    q_df: int
    q_p: float


def binomial_normal(events: Floats, n: Floats) -> BinomialNormal:
    """Maximum likelihood of logit(p_i) = mu + tau u_i with `events` of `n`, integrated by adaptive quadrature.

    Needs no correction for empty cells (Stijnen and others 2010, Stat Med 29:3046). The standard error comes from the
    joint information of mu and tau. Raises NotEstimable where nobody or everybody had the event in all studies, and for
    fewer than two studies.
    """
    if len(events) < 2:
        raise NotEstimable("one study says nothing about the variance between studies")
    if events.sum() in (0.0, n.sum()):
        raise NotEstimable("nobody or everybody had the event in all studies: the logit is infinite")
    mu, tau = _maximum(events, n)
    height = log_likelihood(mu, tau, events, n)
    share = events.sum() / n.sum()
    equal = float(np.log(share / (1 - share)))
    q = 2 * (_saturated(events, n) - log_likelihood(equal, 0.0, events, n))
    k = len(events)
    se = 1 / np.sqrt(n.sum() * share * (1 - share)) if tau == 0 else _std_error(mu, tau, events, n)
    return BinomialNormal(mu, float(se), tau**2, height, max(q, 0.0), k - 1, float(chi2.sf(max(q, 0.0), k - 1)))


def log_likelihood(mu: float, tau: float, events: Floats, n: Floats) -> float:
    """The log-likelihood at mean logit `mu` and standard deviation `tau`, with the binomial coefficients."""
    constant = gammaln(n + 1) - gammaln(events + 1) - gammaln(n - events + 1)
    if tau == 0:
        return float((constant + _binomial(np.full(len(n), mu), events, n)).sum())
    mode = _modes(mu, tau, events, n)
    p = expit(mu + tau * mode)
    spread = 1 / np.sqrt(1 + tau**2 * n * p * (1 - p))
    nodes, weights = roots_hermite(NODES)
    u = mode[:, None] + np.sqrt(2) * spread[:, None] * nodes
    inner = _binomial(mu + tau * u, events[:, None], n[:, None]) - u**2 / 2 + nodes**2
    top = inner.max(axis=1, keepdims=True)
    integral = np.log((weights * np.exp(inner - top)).sum(axis=1)) + top[:, 0] + np.log(spread) - 0.5 * np.log(np.pi)
    return float((constant + integral).sum())


def _binomial(logit: Floats, events: Floats, n: Floats) -> Floats:
    return np.asarray(events * logit - n * np.logaddexp(0, logit))


def _modes(mu: float, tau: float, events: Floats, n: Floats) -> Floats:
    """Where each study's integrand peaks: a strictly concave problem, solved by damped Newton steps."""
    u = np.zeros(len(n))
    for _ in range(200):
        p = expit(mu + tau * u)
        slope = tau * (events - n * p) - u
        step = slope / (1 + tau**2 * n * p * (1 - p))
        step = np.clip(step, -2, 2)
        u = u + step
        if np.abs(step).max() < 1e-12:
            break
    return u


def _maximum(events: Floats, n: Floats) -> tuple[float, float]:
    share = events.sum() / n.sum()
    start = float(np.log(share / (1 - share)))
    best, height = (start, 0.0), log_likelihood(start, 0.0, events, n)
    for tau in (0.1, 0.5, 1.5):
        found = minimize(
            lambda at: -log_likelihood(at[0], abs(at[1]), events, n),
            [start, tau],
            method="Nelder-Mead",
            options={"xatol": 1e-10, "fatol": 1e-13, "maxiter": 4000, "maxfev": 4000},
        )
        if -found.fun > height + 1e-9 and abs(found.x[1]) > _SMALL:
            best, height = (float(found.x[0]), abs(float(found.x[1]))), -float(found.fun)
    return best


def _saturated(events: Floats, n: Floats) -> float:
    constant = gammaln(n + 1) - gammaln(events + 1) - gammaln(n - events + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        yes = np.where(events > 0, events * np.log(events / n), 0.0)
        no = np.where(events < n, (n - events) * np.log((n - events) / n), 0.0)
    return float((constant + yes + no).sum())


def _std_error(mu: float, tau: float, events: Floats, n: Floats) -> float:
    """From the second differences of the log-likelihood in mu and tau, with one step of Richardson's extrapolation."""

    def second(step: float) -> Floats:
        def at(i: int, j: int) -> float:
            return log_likelihood(mu + i * step, abs(tau + j * step), events, n)

        middle, cross = at(0, 0), (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * step**2)
        return np.array(
            [[(at(1, 0) - 2 * middle + at(-1, 0)) / step**2, cross],
             [cross, (at(0, 1) - 2 * middle + at(0, -1)) / step**2]]
        )  # fmt: skip

    step = min(1e-2, tau / 4)
    information = -(4 * second(step / 2) - second(step)) / 3
    return float(np.sqrt(np.linalg.inv(information)[0, 0]))


def profile_limits(fit: BinomialNormal, events: Floats, n: Floats, conf_level: float) -> tuple[float, float]:
    """Limits of the mean logit where twice the drop of the profile likelihood is chi-square's quantile.

    NaN for a limit that is not found within 30 standard errors.
    """
    drop = float(chi2.ppf(conf_level, 1)) / 2

    def below(mu: float) -> float:
        return fit.log_likelihood - _profile(mu, events, n) - drop

    ends = []
    for sign in (-1, 1):
        far = next((x for x in range(1, 31) if below(fit.coef + sign * x * fit.std_error) > 0), None)
        if far is None:
            ends.append(float("nan"))
            continue
        near, out = (fit.coef + sign * x * fit.std_error for x in (far - 1, far))
        ends.append(float(brentq(below, *sorted((near, out)), xtol=1e-10)))
    return ends[0], ends[1]


def _profile(mu: float, events: Floats, n: Floats) -> float:
    """The highest log-likelihood over tau at this `mu`, from a coarse look and a bounded search around its best."""
    grid = [0.0, *np.geomspace(0.02, 10, 25)]
    heights = [log_likelihood(mu, t, events, n) for t in grid]
    top = int(np.argmax(heights))
    low, high = grid[max(top - 1, 0)], grid[min(top + 1, len(grid) - 1)]
    found = minimize(
        lambda at: -log_likelihood(mu, float(np.clip(at[0], low, high)), events, n),
        [(low + high) / 2],
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-12},
    )
    return max(heights[top], -float(found.fun))
