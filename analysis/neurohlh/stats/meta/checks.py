"""What stands beside a pooled effect: few studies, heterogeneity, shared patients, corrected cells, odd limits."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurohlh.stats.columns import Labels
from neurohlh.stats.meta.fit import MetaFit
from neurohlh.stats.meta.studies import Studies

FEW = 5
"""Studies below which the variance between studies is hardly known, whatever estimates it."""
UNEVEN = 10
"""Ratio of the largest to the smallest study above which a Freeman-Tukey pool may mislead (Schwarzer and others 2019,
Res Synth Methods 10:476)."""
SKEWED = 0.25
"""Standard errors by which rounding may move an estimate from the middle of its limits without being remarked."""


def meta_checks(studies: Studies, fit: MetaFit | None, cohort: Labels | None, method: str) -> list[dict[str, Any]]:
    """The diagnostics of a pooled effect as rows of `checks`."""
    few = studies.k < FEW
    rows = [_row("number of studies", studies.k, few, "the variance between studies is hardly known" if few else "")]
    if fit is not None and fit.q_df > 0:
        row = _row("heterogeneity", np.nan, fit.q_p < 0.1, "null hypothesis: one effect in all studies")
        rows.append({**row, "statistic": fit.q, "df": fit.q_df, "p_value": fit.q_p})
    if fit is not None and np.isfinite(fit.kh_factor):
        narrow = fit.kh_factor < 1
        said = "the studies agree more closely than their standard errors say; the adjustment alone narrows the limits"
        rows.append(_row("Knapp-Hartung factor", fit.kh_factor, narrow, said if narrow else ""))
    if method != "GLMM" and studies.added.any():
        said = f"1/2 added to the cells of {', '.join(studies.names[studies.added])}; a likelihood of counts needs none"
        rows.append(_row("empty cells", int(studies.added.sum()), True, said))
    if np.isfinite(studies.skewed).any():
        worst = float(np.nanmax(studies.skewed))
        wrong = studies.names[studies.skewed > SKEWED]
        said = f"not in the middle of its limits on the {studies.scale} scale: {', '.join(wrong)}" if len(wrong) else ""
        rows.append(_row("limits around the estimate", worst, len(wrong) > 0, said or "value: distance over SE"))
    if studies.transform == "freeman-tukey" and studies.n.max() > UNEVEN * studies.n.min():
        said = "sizes differ widely: the pooled proportion hangs on the harmonic mean that turns it back"
        rows.append(_row("back-transformation", studies.n.max() / studies.n.min(), True, said))
    if cohort is not None:
        rows += _overlap(cohort, studies)
    return rows


def _overlap(cohort: Labels, studies: Studies) -> list[dict[str, Any]]:
    rows = []
    for name in sorted({c for c in cohort if c is not None}):
        same = studies.names[cohort == name]
        if len(same) > 1:
            said = (
                f"{', '.join(same)} share patients ({name}) but count as independent: see the pool for shared patients"
            )
            rows.append(_row("shared patients", len(same), True, said))
    unknown = sum(c is None for c in cohort)
    if unknown:
        rows.append(_row("shared patients", unknown, True, "studies whose patients are unknown"))
    return rows or [_row("shared patients", 0, False, "")]


def _row(check: str, value: float, attention: bool, note: str) -> dict[str, Any]:
    return {
        "check": check,
        "term": "GLOBAL",
        "value": value,
        "verdict": "attention" if attention else "ok",
        "note": note,
    }
