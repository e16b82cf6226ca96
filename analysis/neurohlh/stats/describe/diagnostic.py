"""How well a test tells who has a condition: sensitivity, specificity, predictive values and likelihood ratios."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Bools, Floats, Labels, column, is_number, is_truth, labels, truth
from neurohlh.stats.describe.proportions import clopper_pearson, newcombe, wilson
from neurohlh.stats.recipe import software, z_value
from neurohlh.stats.status import INDETERMINATE, MET, NOT_APPLICABLE, NOT_MET, STATUS_WORDS
from neurohlh.stats.survival_data import first_reasons

INTERVALS = {"wilson": wilson, "exact": clopper_pearson}
_SOURCES = {"wilson": "Wilson 1927, J Am Stat Assoc 22:209", "exact": "Clopper & Pearson 1934, Biometrika 26:404"}


def diagnostic_accuracy(
    frame: pd.DataFrame,
    test: str,
    condition: str,
    *,
    interval: str = "wilson",
    prevalence: float | None = None,
    conf_level: float = 0.95,
) -> Result:
    """The column `test` held against `condition` (the reference standard); both true/false, 1/0, or met/not_met.

    Indeterminate, not-applicable and missing readings are left out and counted by reason; rows "sensitivity, undecided
    as negative" and the like show what an undecided test could hide. Rows: sensitivity, specificity, predictive values
    (in this sample, and with `prevalence` by Bayes' rule), accuracy, Youden's index (Newcombe's limits), likelihood
    ratios and diagnostic odds ratio (log limits). A ratio with an empty cell has no limits, and says which cell. Raises
    ValueError for wrong columns, codes or options, NotEstimable without a patient who has both.
    """
    if interval not in INTERVALS:
        raise ValueError(f"interval must be one of {', '.join(INTERVALS)}, not {interval!r}")
    if prevalence is not None and not 0 < prevalence < 1:
        raise ValueError("prevalence must lie between 0 and 1")
    z = z_value(conf_level)
    found = {name: _reading(frame, name) for name in (test, condition)}
    reasons = {f"{word} {name}": mask for name, (_, lost) in found.items() for word, mask in lost.items()}
    kept, dropped = first_reasons(reasons, len(frame))
    if not kept.any():
        raise NotEstimable("no patient has both the test and the condition decided")
    positive, ill = (values[kept] == 1 for values, _ in found.values())
    cells = _cells(positive, ill)
    rows = [*_shares(cells, interval, conf_level), *_youden(cells, conf_level), *_ratios(cells, z)]
    rows += _undecided(found, test, condition, interval, conf_level)
    if prevalence is not None:
        rows += _at_prevalence(cells, prevalence)
    shared = {"analysis": "diagnostic_accuracy", "outcome": condition, "variable": test}
    tp, fn, fp, tn = cells
    return Result(
        kind="diagnostic_accuracy",
        tidy=tidy_frame([{**shared, **row} for row in rows]),
        checks=check_frame(_checks(cells)),
        method=_method(interval, prevalence, conf_level),
        counts={
            "supplied": len(frame),
            "used": int(kept.sum()),
            "dropped": dropped,
            "cells": {"true positive": tp, "false negative": fn, "false positive": fp, "true negative": tn},
        },
    )


def _reading(frame: pd.DataFrame, name: str) -> tuple[Floats, dict[str, Bools]]:
    """1, 0 or NaN, and why it is NaN."""
    series = column(frame, name)
    if is_truth(series) or is_number(series) or series.isna().all():
        values = truth(series)
        return values, {"missing": np.isnan(values)}
    texts: Labels = labels(series)[0]
    strange = sorted({str(t) for t in texts if t is not None and t not in STATUS_WORDS})
    if strange:
        raise ValueError(f"column {name!r} must hold true/false, 1/0 or met/not_met; it also holds {strange[0]!r}")
    values = np.where(texts == MET, 1.0, np.where(texts == NOT_MET, 0.0, np.nan))
    missing = np.array([t is None for t in texts], dtype=bool)
    return values, {"missing": missing, "undecided": texts == INDETERMINATE, "not applicable": texts == NOT_APPLICABLE}


def _cells(positive: Bools, ill: Bools) -> tuple[int, int, int, int]:
    """True positive, false negative, false positive, true negative."""
    tp, fp = (int((positive & group).sum()) for group in (ill, ~ill))
    return tp, int(ill.sum()) - tp, fp, int((~ill).sum()) - fp


def _share(term: str, events: int, n: int, interval: str, conf_level: float) -> dict[str, Any]:
    row: dict[str, Any] = {"term": term, "measure": "proportion", "scale": "identity", "n": n, "events": events}
    if n == 0:
        return {**row, "note": "not estimable: nobody in the denominator"}
    low, high = INTERVALS[interval](events, n, conf_level)
    return {**row, "estimate": events / n, "conf_low": low, "conf_high": high, "method": interval}


def _shares(cells: tuple[int, int, int, int], interval: str, conf_level: float) -> list[dict[str, Any]]:
    tp, fn, fp, tn = cells
    shares = {
        "sensitivity": (tp, tp + fn),
        "specificity": (tn, tn + fp),
        "positive predictive value": (tp, tp + fp),
        "negative predictive value": (tn, tn + fn),
        "accuracy": (tp + tn, sum(cells)),
        "prevalence": (tp + fn, sum(cells)),
    }
    return [_share(term, events, n, interval, conf_level) for term, (events, n) in shares.items()]


def _youden(cells: tuple[int, int, int, int], conf_level: float) -> list[dict[str, Any]]:
    tp, fn, fp, tn = cells
    row: dict[str, Any] = {"term": "Youden's index", "measure": "index", "scale": "identity", "n": sum(cells)}
    if tp + fn == 0 or fp + tn == 0:
        return [{**row, "note": "not estimable: everybody or nobody has the condition"}]
    low, high = newcombe(tp, tp + fn, fp, fp + tn, conf_level)
    value = tp / (tp + fn) - fp / (fp + tn)
    return [{**row, "estimate": value, "conf_low": low, "conf_high": high, "method": "Newcombe"}]


def _ratios(cells: tuple[int, int, int, int], z: float) -> list[dict[str, Any]]:
    tp, fn, fp, tn = cells
    ill, well = tp + fn, fp + tn
    named = dict(zip(("true positive", "false negative", "false positive", "true negative"), cells, strict=True))
    rows = []
    for term, above, below in (
        ("positive likelihood ratio", "true positive", "false positive"),
        ("negative likelihood ratio", "false negative", "true negative"),
    ):
        x, y = named[above], named[below]
        row = {"term": term, "measure": "LR", "scale": "log", "n": sum(cells), "method": "log"}
        if ill == 0 or well == 0 or x == 0 or y == 0:
            rows.append({**row, **_empty(x, y, above, below, ill * well)})
            continue
        se = float(np.sqrt(1 / x - 1 / ill + 1 / y - 1 / well))
        rows.append({**row, **_log_limits(float(np.log(x / ill) - np.log(y / well)), se, z)})
    row = {"term": "diagnostic odds ratio", "measure": "OR", "scale": "log", "n": sum(cells), "method": "Woolf"}
    empty = [name for name, count in named.items() if count == 0]
    if empty:
        return [*rows, {**row, "note": f"not estimable: no {' and no '.join(empty)}"}]
    se = float(np.sqrt(sum(1 / c for c in cells)))
    return [*rows, {**row, **_log_limits(float(np.log(tp * tn / (fp * fn))), se, z)}]


def _empty(x: int, y: int, above: str, below: str, both: int) -> dict[str, Any]:
    if both == 0:
        return {"note": "not estimable: everybody or nobody has the condition"}
    if y == 0:
        return {"note": f"not estimable: no {below}" + (f" and no {above}" if x == 0 else "; the ratio is infinite")}
    return {"estimate": 0.0, "note": f"limits not estimable: no {above}"}


def _log_limits(coef: float, se: float, z: float) -> dict[str, Any]:
    row = {"estimate": float(np.exp(coef)), "coef": coef}
    if se == 0:
        return {**row, "note": "limits not estimable: the variance is 0"}
    low, high = np.exp(coef - z * se), np.exp(coef + z * se)
    return {**row, "std_error": se, "conf_low": float(low), "conf_high": float(high)}


def _undecided(
    found: dict[str, tuple[Floats, dict[str, Bools]]], test: str, condition: str, interval: str, conf_level: float
) -> list[dict[str, Any]]:
    """Sensitivity and specificity if every undecided test were negative, and if it were positive."""
    undecided = found[test][1].get("undecided")
    if undecided is None or not undecided.any():
        return []
    rows = []
    ill = found[condition][0]
    for word, value in (("negative", 0.0), ("positive", 1.0)):
        read = np.where(undecided, value, found[test][0])
        both = ~np.isnan(read) & ~np.isnan(ill)
        tp, fn, fp, tn = _cells(read[both] == 1, ill[both] == 1)
        rows.append(_share(f"sensitivity, undecided as {word}", tp, tp + fn, interval, conf_level))
        rows.append(_share(f"specificity, undecided as {word}", tn, tn + fp, interval, conf_level))
    return rows


def _at_prevalence(cells: tuple[int, int, int, int], prevalence: float) -> list[dict[str, Any]]:
    tp, fn, fp, tn = cells
    rows = []
    for term in ("positive predictive value", "negative predictive value"):
        row: dict[str, Any] = {
            "term": f"{term} at a prevalence of {prevalence:g}",
            "measure": "proportion",
            "method": "Bayes' rule",
        }
        if tp + fn == 0 or fp + tn == 0:
            rows.append({**row, "note": "not estimable: everybody or nobody has the condition"})
            continue
        sensitivity, specificity = tp / (tp + fn), tn / (tn + fp)
        if term.startswith("positive"):
            right, wrong = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
        else:
            right, wrong = specificity * (1 - prevalence), (1 - sensitivity) * prevalence
        told = {"estimate": right / (right + wrong)} if right + wrong > 0 else {"note": "not estimable: no such result"}
        rows.append({**row, **told})
    return rows


def _checks(cells: tuple[int, int, int, int]) -> list[dict[str, Any]]:
    names = ("true positive", "false negative", "false positive", "true negative")
    return [
        {"check": "empty cell", "term": name, "value": 0, "verdict": "attention", "note": f"nobody is a {name}"}
        for name, count in zip(names, cells, strict=True)
        if count == 0
    ]


def _method(interval: str, prevalence: float | None, conf_level: float) -> dict[str, Any]:
    return {
        "estimator": "proportions and ratios of the two-by-two table",
        "interval": f"proportions: {interval}; Youden: Newcombe; ratios: log",
        "correction": "none: no cell is changed",
        "conf_level": conf_level,
        "denominator": "patients with test and condition decided",
        "prevalence": "of the sample" if prevalence is None else prevalence,
        "software": software("numpy", "statsmodels"),
        "reference": [
            _SOURCES[interval],
            "Simel, Samsa & Matchar 1991, J Clin Epidemiol 44:763",
            "Youden 1950, Cancer 3:32",
            "Newcombe 1998, Stat Med 17:873",
        ],
    }
