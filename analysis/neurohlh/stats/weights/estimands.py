"""From a propensity score to weights: for whom each estimand speaks, and what truncation does; arithmetic only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Bools, Floats


@dataclass(frozen=True)
class Estimand:
    """For whom an effect is meant, in words, and where the weights come from."""

    words: str
    reference: str


ESTIMANDS = {
    "ATE": Estimand(
        "average effect in all patients, had all been exposed against had none been",
        "Robins, Hernan & Brumback 2000, Epidemiology 11:550",
    ),
    "ATT": Estimand("average effect in patients like the exposed", "Sato & Matsuyama 2003, Epidemiology 14:680"),
    "ATC": Estimand("average effect in patients like the unexposed", "Sato & Matsuyama 2003, Epidemiology 14:680"),
    "overlap": Estimand(
        "average effect in patients who could well have been in either group (weighted by e(1-e))",
        "Li, Morgan & Zaslavsky 2018, J Am Stat Assoc 113:390",
    ),
    "matching": Estimand(
        "average effect in patients as a one-to-one match would take them (weighted by min(e, 1-e))",
        "Li & Greene 2013, Int J Biostat 9:215",
    ),
}


def weights_of(score: Floats, exposed: Bools, estimand: str, *, stabilised: bool = False) -> Floats:
    """The weight of every row from its probability `score` of exposure (strictly between 0 and 1).

    ATE 1/P(own group), ATT 1 and e/(1-e), ATC (1-e)/e and 1, overlap P(other group), matching min(e, 1-e)/P(own
    group). `stabilised` ATE weights are multiplied by the share of the own group. Raises ValueError for other
    estimands, and for stabilised ones other than ATE (there a group's constant would change nothing).
    """
    if estimand not in ESTIMANDS:
        raise ValueError(f"estimand must be one of {', '.join(ESTIMANDS)}, not {estimand!r}")
    if stabilised and estimand != "ATE":
        raise ValueError("only ATE weights can be stabilised")
    own = np.where(exposed, score, 1 - score)
    if estimand == "ATE":
        share = exposed.mean()
        return np.asarray(np.where(exposed, share, 1 - share) / own if stabilised else 1 / own)
    return _tilt(score, estimand) / own


def _tilt(score: Floats, estimand: str) -> Floats:
    tilts = {
        "ATT": score,
        "ATC": 1 - score,
        "overlap": score * (1 - score),
        "matching": np.minimum(score, 1 - score),
    }
    return np.asarray(tilts[estimand])


def truncated(weights: Floats, quantiles: tuple[float, float] | None) -> tuple[Floats, tuple[float, float] | None, int]:
    """Weights moved to two of their own quantiles (R's type 7) where they lie beyond; the limits; how many moved.

    Cole and Hernan 2008, Am J Epidemiol 168:656. Raises ValueError unless 0 <= low < high <= 1.
    """
    if quantiles is None:
        return weights, None, 0
    low, high = quantiles
    if not 0 <= low < high <= 1:
        raise ValueError(f"truncate must be two quantiles between 0 and 1 in order, not {quantiles}")
    limits = float(np.quantile(weights, low)), float(np.quantile(weights, high))
    moved = int(((weights < limits[0]) | (weights > limits[1])).sum())
    return np.clip(weights, *limits), limits, moved


def effective_size(weights: Floats) -> float:
    """How many equally weighted patients would carry as much (Kish 1965, Survey Sampling): (sum w)^2 / sum w^2."""
    return float(weights.sum() ** 2 / (weights**2).sum())
