"""Bootstrap replicates of several numbers at once, and the limits that follow; failures are counted, never hidden."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats, Ints
from neurohlh.stats.recipe import z_value
from neurohlh.stats.resample import bootstrap_rows, run_replicates, seeds

INTERVALS = ("percentile", "normal")
ENOUGH = 0.9
"""Share of the replicates that must give a number; below it no limits are shown."""


@dataclass(frozen=True)
class Replicates:
    """What replicates of `k` numbers gave.

    Attributes
    ----------
    values : (replicates, k), NaN where a replicate had no number.
    reasons : why whole replicates gave nothing -> how many.
    """

    values: Floats
    reasons: dict[str, int]

    def std_error(self) -> Floats:
        """Standard deviation of each number over the replicates; NaN where too few gave one."""
        found = self._enough()
        out = np.full(self.values.shape[1], np.nan)
        out[found] = np.nanstd(self.values[:, found], axis=0, ddof=1)
        return out

    def limits(self, estimates: Floats, conf_level: float, interval: str) -> tuple[Floats, Floats]:
        """Percentile limits (R's quantile type 7) or estimate -+ z standard errors; NaN where too few gave a number."""
        if interval == "normal":
            width = z_value(conf_level) * self.std_error()
            return estimates - width, estimates + width
        low, high = np.full((2, self.values.shape[1]), np.nan)
        found, tail = self._enough(), (1 - conf_level) / 2
        if found.any():
            low[found], high[found] = np.nanquantile(self.values[:, found], [tail, 1 - tail], axis=0)
        return low, high

    def _enough(self) -> Any:
        return (~np.isnan(self.values)).sum(axis=0) >= max(2.0, ENOUGH * len(self.values))

    def checks(self) -> list[dict[str, Any]]:
        """Replicates that gave nothing, as rows of `checks`."""
        failed = sum(self.reasons.values())
        row = {
            "check": "bootstrap",
            "term": "replicates without an answer",
            "value": failed,
            "verdict": "attention" if failed else "ok",
            "note": f"of {len(self.values)}" + "".join(f"; {n}: {reason}" for reason, n in self.reasons.items()),
        }
        return [row]


def bootstrap(
    statistic: Callable[[Ints], Floats],
    n: int,
    k: int,
    *,
    replicates: int,
    seed: int | np.random.Generator,
    n_jobs: int | None = None,
) -> Replicates:
    """`statistic` of the row numbers of each bootstrap sample of `n` rows; it gives `k` numbers or raises NotEstimable.

    Every replicate has a seed of its own, so that any number of workers gives the same replicates. Efron and Tibshirani
    1993, An Introduction to the Bootstrap.
    """

    def one(child: np.random.SeedSequence) -> Floats | str:
        try:
            return statistic(bootstrap_rows(child, n))
        except NotEstimable as error:
            return str(error)

    found = run_replicates(one, seeds(seed, replicates), n_jobs)
    values = np.array([np.full(k, np.nan) if isinstance(row, str) else row for row in found])
    return Replicates(values, dict(Counter(row for row in found if isinstance(row, str))))


def checked_interval(interval: str) -> str:
    """`interval`, or a ValueError if it is unknown."""
    if interval not in INTERVALS:
        raise ValueError(f"interval must be one of {', '.join(INTERVALS)}, not {interval!r}")
    return interval
