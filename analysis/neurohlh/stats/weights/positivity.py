"""Positivity: whether every kind of patient occurs in both groups, as rows of a Result."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Bools, Floats
from neurohlh.stats.weights.propensity import Propensity, one_sided_levels

EXTREME = 0.05
"""A propensity below this, or above one minus this, is called extreme: a convention, no law."""
HARDLY_OVERLAP = 0.9
"""A c-statistic above this says that the covariates nearly tell the groups apart: a convention."""
RULE_OF_THUMB = 0.1
"""The range that Crump 2009 propose where the optimal one is not computed."""
_BINS = np.linspace(0, 1, 41)
_QUANTILES = {"minimum": 0.0, "lower quartile": 0.25, "median": 0.5, "upper quartile": 0.75, "maximum": 1.0}


def positivity(score: Propensity) -> Result:
    """How far the propensities of both groups overlap, who lies outside, and which levels lack one of the groups.

    `tidy`: quantiles of the score and share beyond 0.05 and 0.95 by group; patients left by trimming to the common
    range, to 0.1-0.9, and to Crump's optimal range; the c-statistic; per level without exposed or without unexposed
    patients a row with the reason. `curves`: group, low, high, n, share (histogram of the score, 40 bins). `checks`
    repeats what endangers the comparison with a verdict. The thresholds are conventions, named as such.

    Westreich and Cole 2010, Am J Epidemiol 171:674; Crump 2009, Biometrika 96:187.
    """
    rows = [*_quantiles(score), *_beyond(score), *_trimmings(score), *_empty_levels(score)]
    rows.append(
        {"term": "propensity", "measure": "c-statistic", "estimate": score.c_statistic, "n": len(score.used_score)}
    )
    shared = {"analysis": "positivity", "variable": score.exposure}
    return Result(
        kind="positivity",
        tidy=tidy_frame([{**shared, **row} for row in rows]),
        curves=_histogram(score),
        checks=check_frame(positivity_checks(score)),
        method={
            **score.model.recipe(),
            "estimator": "overlap of propensity scores",
            "exposure": score.exposure,
            "covariates": list(score.covariates),
            "extreme": f"below {EXTREME:g} or above {1 - EXTREME:g} (a convention)",
            "denominator": "patients with known exposure and covariates",
            "reference": ["Westreich & Cole 2010, Am J Epidemiol 171:674", "Crump et al. 2009, Biometrika 96:187"],
        },
        counts=score.counts(),
    )


def positivity_checks(score: Propensity) -> list[dict[str, Any]]:
    """What endangers positivity, as rows of `checks`: empty levels, extreme scores, separation of the groups."""
    found = score.used_score
    extreme = float(((found < EXTREME) | (found > 1 - EXTREME)).mean())
    c = score.c_statistic
    rows = [
        {
            "check": "positivity",
            "term": "extreme propensity",
            "value": extreme,
            "verdict": "attention" if extreme > 0 else "ok",
            "note": f"share of patients below {EXTREME:g} or above {1 - EXTREME:g} (a convention)",
        },
        {
            "check": "positivity",
            "term": "c-statistic",
            "value": c,
            "verdict": "attention" if c > HARDLY_OVERLAP else "ok",
            "note": f"above {HARDLY_OVERLAP:g} the groups hardly overlap (a convention)",
        },
    ]
    return rows + [
        {
            "check": "positivity",
            "term": f"{row['term']} {row['level']}",
            "value": row["n"],
            "verdict": "attention",
            "note": row["note"],
        }
        for row in _empty_levels(score)
    ]


def crump_limit(score: Floats) -> float:
    """The alpha for which keeping scores within (alpha, 1 - alpha) gives the ATE its smallest variance.

    Crump 2009: 0 if no 1/(e(1-e)) exceeds twice its mean; otherwise 1/2 - sqrt(1/4 - 1/gamma), gamma the smallest
    number that is at least twice the mean of those 1/(e(1-e)) that do not exceed it.
    """
    spread = np.sort(1 / (score * (1 - score)))
    if spread[-1] <= 2 * spread.mean():
        return 0.0
    twice = 2 * np.cumsum(spread) / np.arange(1, len(spread) + 1)
    # Between two values of 1/(e(1-e)) the mean of those below is constant, so that gamma is that bound itself.
    upper = np.append(spread[1:], np.inf)
    gamma = float(twice[np.argmax(twice < upper)])
    return float(0.5 - np.sqrt(max(0.25 - 1 / gamma, 0.0)))


def _sides(score: Propensity) -> list[tuple[str, Bools]]:
    return list(zip(score.data.names, (~score.data.exposed, score.data.exposed), strict=True))


def _quantiles(score: Propensity) -> list[dict[str, Any]]:
    return [
        {"term": term, "group": name, "measure": "propensity", "n": int(side.sum()), "estimate": float(value)}
        for name, side in _sides(score)
        for term, value in zip(_QUANTILES, np.quantile(score.used_score[side], list(_QUANTILES.values())), strict=True)
    ]


def _beyond(score: Propensity) -> list[dict[str, Any]]:
    rows = []
    for name, side in _sides(score):
        own, n = score.used_score[side], int(side.sum())
        for term, hit in ((f"below {EXTREME:g}", own < EXTREME), (f"above {1 - EXTREME:g}", own > 1 - EXTREME)):
            row = {"term": term, "group": name, "measure": "proportion", "n": n, "events": int(hit.sum())}
            rows.append({**row, "estimate": float(hit.mean())})
    return rows


def _trimmings(score: Propensity) -> list[dict[str, Any]]:
    found, exposed = score.used_score, score.data.exposed
    low = float(max(found[exposed].min(), found[~exposed].min()))
    high = float(min(found[exposed].max(), found[~exposed].max()))
    alpha = crump_limit(found)
    ranges = {
        "common support": (low, high),
        f"within {RULE_OF_THUMB:g} and {1 - RULE_OF_THUMB:g}": (RULE_OF_THUMB, 1 - RULE_OF_THUMB),
        "Crump's optimal range": (alpha, 1 - alpha),
    }
    rows = []
    for term, (low, high) in ranges.items():
        inside = (found >= low) & (found <= high)
        row = {"term": term, "measure": "patients left by trimming", "note": f"propensity {low:.4g} to {high:.4g}"}
        for name, side in _sides(score):
            rows.append({**row, "group": name, "n": int(side.sum()), "estimate": int((inside & side).sum())})
    return rows


def _empty_levels(score: Propensity) -> list[dict[str, Any]]:
    note = "no patient of the group {!r} has this level: the groups cannot be compared in it"
    return [
        {
            "term": side.variable,
            "level": side.level,
            "measure": "patients",
            "group": side.empty,
            "n": side.n,
            "estimate": 0,
            "note": note.format(side.empty),
        }
        for side in one_sided_levels(score.data)
    ]


def _histogram(score: Propensity) -> pd.DataFrame:
    parts = []
    for name, side in _sides(score):
        n, _ = np.histogram(score.used_score[side], _BINS)
        parts.append(
            pd.DataFrame({"group": name, "low": _BINS[:-1], "high": _BINS[1:], "n": n, "share": n / max(n.sum(), 1)})
        )
    return pd.concat(parts, ignore_index=True)
