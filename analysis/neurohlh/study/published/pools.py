"""Pools of studies as rows that a reader can follow: the verbs of `neurohlh.stats`, their answers in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result
from neurohlh.stats.meta.meta_analysis import meta_analysis

KNAPP_HARTUNG = "ad hoc"
_KEPT = (
    "estimate", "conf_low", "conf_high", "coef", "std_error", "scale", "df", "p_value", "n", "events", "note",
)  # fmt: skip


@dataclass(frozen=True)
class Pool:
    """One pool: the tidy rows of `meta_analysis` it came from (None where there is nothing to pool, with `reason`)."""

    result: Result | None
    reason: str = ""

    def row(self, term: str, measure: str = "") -> Mapping[str, Any]:
        """The first row with this term (and measure); {} where there is none."""
        if self.result is None:
            return {}
        tidy = self.result.tidy
        found = tidy[(tidy["term"] == term) & ((tidy["measure"] == measure) | (measure == ""))]
        return {str(k): v for k, v in found.iloc[0].items()} if len(found) else {}

    @property
    def k(self) -> int:
        """Studies in the pool."""
        return 0 if self.result is None else int(self.result.counts["used"])

    def numbers(self, term: str = "pooled") -> dict[str, Any]:
        """Estimate, limits, working scale, n, events and note of a row, for a tidy row."""
        row = self.row(term)
        return {key: row[key] for key in _KEPT if key in row} or {"note": f"not estimated: {self.reason}"}

    def heterogeneity(self) -> str:
        """'I2 92 %, tau2 0.81' in words ('' for a single study)."""
        i2, tau2 = self.row("heterogeneity", "I2 (%)"), self.row("heterogeneity", "tau2")
        said = [f"I² {float(i2['estimate']):.0f} %"] if i2 else []
        said += [f"τ² {float(tau2['estimate']):.2f}"] if tau2 else []
        return ", ".join(said)


def pool_proportions(studies: pd.DataFrame, **options: Any) -> Pool:
    """The pooled proportion of `events` of `n`, one row per study named by `label`; REML on the logit by default."""
    chosen: dict[str, Any] = {"knapp_hartung": KNAPP_HARTUNG, "transform": "logit", **options}
    if chosen.get("method") in ("GLMM", "FE"):
        chosen["knapp_hartung"] = False
    columns: dict[str, Any] = {"measure": "proportion", "study": "label", "events": "events", "n": "n"}
    return _pooled(studies, **columns, **{"leave_one_out": False, **chosen})


def pool_ratios(studies: pd.DataFrame, measure: str, **options: Any) -> Pool:
    """The pooled ratio of `estimate` with the standard error `std_error` of its logarithm, one row per study."""
    chosen: dict[str, Any] = {"knapp_hartung": KNAPP_HARTUNG, **options}
    columns = {"measure": measure, "study": "label", "estimate": "estimate", "std_error": "std_error"}
    return _pooled(studies, **columns, **{"leave_one_out": False, **chosen})


def _pooled(studies: pd.DataFrame, **options: Any) -> Pool:
    if len(studies) < 2:
        return Pool(None, "a single study, nothing to pool" if len(studies) else "no study")
    try:
        return Pool(meta_analysis(studies, **options))
    except NotEstimable as reason:
        return Pool(None, str(reason))
