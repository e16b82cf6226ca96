"""How weights are distributed: quantiles, sums, effective sample sizes, and how much rests on a few patients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from neurohlh.stats.columns import Bools, Floats
from neurohlh.stats.weights.estimands import effective_size

HEAVY = 10.0
"""A weight so many times the mean of its group is called heavy: a convention."""
_QUANTILES = {"minimum": 0.0, "lower quartile": 0.25, "median": 0.5, "upper quartile": 0.75, "maximum": 1.0}


def distribution_rows(weights: Floats, exposed: Bools, names: tuple[str, str]) -> list[dict[str, Any]]:
    """Rows of the tidy frame: quantiles, mean and sum of the weights and the effective size, by group and in all."""
    sides = {names[0]: ~exposed, names[1]: exposed, "overall": np.ones(len(weights), dtype=bool)}
    rows = []
    for name, side in sides.items():
        own = weights[side]
        quantiles = dict(zip(_QUANTILES, np.quantile(own, list(_QUANTILES.values())), strict=True))
        shared = {"group": name, "population": "after", "n": len(own)}
        for term, value in {**quantiles, "mean": own.mean(), "sum": own.sum()}.items():
            rows.append({**shared, "term": term, "measure": "weight", "estimate": float(value)})
        rows.append({**shared, "term": "", "measure": "effective sample size", "estimate": effective_size(own)})
    return rows


def distribution_checks(weights: Floats, exposed: Bools, names: tuple[str, str]) -> Iterator[dict[str, Any]]:
    """Rows of `checks`: per group the effective size as a share of the patients, and the heaviest weight."""
    for name, side in zip(names, (~exposed, exposed), strict=True):
        own = weights[side]
        size = effective_size(own)
        yield {
            "check": "effective sample size",
            "term": name,
            "value": size,
            "verdict": "attention" if size < 0.5 * len(own) else "ok",
            "note": f"{size / len(own):.0%} of {len(own)} patients",
        }
        yield heaviest_check(own, name, " of the group")


def heaviest_check(weights: Floats, term: str, whose: str = "") -> dict[str, Any]:
    """A row of `checks`: the largest weight, judged by how many times the mean it is."""
    heaviest = float(weights.max() / weights.mean())
    return {
        "check": "heaviest weight",
        "term": term,
        "value": float(weights.max()),
        "verdict": "attention" if heaviest > HEAVY else "ok",
        "note": f"{heaviest:.1f} times the mean weight{whose} (heavy above {HEAVY:g}: a convention)",
    }
