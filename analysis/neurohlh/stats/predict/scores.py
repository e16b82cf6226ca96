"""How well predicted risks foresee an event: time-dependent AUC, Brier score, index of prediction accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import Bools, Floats, column, numbers
from neurohlh.stats.predict.ipcw import Censoring
from neurohlh.stats.predict.time_scores import Score, auc, brier, brier_of_nobody
from neurohlh.stats.predict.tripod import tripod
from neurohlh.stats.recipe import software, z_value
from neurohlh.stats.survival_data import first_reasons, without_rounding

NULL_MODEL = "null model"
_REFERENCES = [
    "AUC: Blanche, Dartigues & Jacqmin-Gadda 2013, Stat Med 32:5381",
    "Brier score: Graf 1999, Stat Med 18:2529; Gerds & Schumacher 2006, Biom J 48:1029",
    "index of prediction accuracy: Kattan & Gerds 2018, Diagn Progn Res 2:7",
]


def prediction_scores(
    frame: pd.DataFrame,
    time: str,
    event: str,
    risks: Mapping[str, str | Sequence[str]],
    *,
    times: Sequence[float],
    cause: int = 1,
    conf_level: float = 0.95,
) -> Result:
    """AUC, Brier score and index of prediction accuracy of each model's predicted risk at each of `times`.

    `risks` names for every model its columns of predicted risk (0 to 1), one per time; `event` holds 0 for censored and
    whole numbers for causes (true/false will do). An event of another cause before the horizon makes a patient a
    control. Censoring is weighted by its Kaplan-Meier curve; standard errors include its estimation and equal those of
    riskRegression::Score. With several models their differences follow, first minus second. With three times or more
    the integrated Brier score follows: the mean Brier score (trapezoids) over the range of the times given.

    Rows without time, event or any predicted risk are dropped and counted. Raises ValueError for wrong columns, codes,
    times or risks outside 0 to 1, NotEstimable if no row is left.
    """
    z = z_value(conf_level)
    horizons = np.asarray(list(times), dtype=float)
    if not len(horizons) or not (np.isfinite(horizons) & (horizons > 0)).all() or len(set(horizons)) < len(horizons):
        raise ValueError("times must name at least one time above 0, and each once")
    columns = _columns(risks, len(horizons))
    ends, causes, found, kept, dropped = _data(frame, time, event, columns)
    censoring = Censoring.of(ends, causes > 0)
    case = causes == cause
    rows = []
    for place, horizon in enumerate(horizons):
        at = {model: found[named[place]] for model, named in columns.items()}
        rows += _at_horizon(at, case, censoring, float(horizon), z)
    rows += _integrated(rows, [NULL_MODEL, *columns], horizons)
    shared = {"outcome": event, "n": len(ends), "analysis": "prediction_scores"}
    return Result(
        kind="prediction_scores",
        tidy=tidy_frame([{**shared, **row} for row in rows]),
        method={
            "estimator": "inverse probability of censoring weighting",
            "censoring": "marginal Kaplan-Meier, events before censorings at the same time",
            "variance": "influence function, with the estimation of the censoring curve",
            "interval": "Wald",
            "conf_level": conf_level,
            "ties": "equal risks count one half",
            "cause": cause,
            "denominator": "patients with follow-up, outcome and all predicted risks known",
            "test": "Wald test of the difference between models",
            "correction": "none",
            "software": software("numpy", "scipy"),
            "reference": _REFERENCES,
            "tripod": tripod("10d", "16"),
        },
        counts={"supplied": len(frame), "used": int(kept.sum()), "events": int(case.sum()), "dropped": dropped},
        notes=_notes(censoring, horizons),
    )


def _columns(risks: Mapping[str, str | Sequence[str]], times: int) -> dict[str, list[str]]:
    columns = {model: [named] if isinstance(named, str) else list(named) for model, named in risks.items()}
    if not columns or NULL_MODEL in columns:
        raise ValueError(f"risks must name at least one model, and none {NULL_MODEL!r}")
    for model, named in columns.items():
        if len(named) != times:
            raise ValueError(f"model {model!r}: {len(named)} columns of predicted risk for {times} times")
    return columns


def _data(
    frame: pd.DataFrame, time: str, event: str, columns: Mapping[str, Sequence[str]]
) -> tuple[Floats, Floats, dict[str, Floats], Bools, dict[str, int]]:
    ends, causes = without_rounding(numbers(column(frame, time)), None)[0], numbers(column(frame, event))
    if (ends < 0).any():
        raise ValueError(f"column {time!r}: {int((ends < 0).sum())} follow-up times are negative")
    known = causes[~np.isnan(causes)]
    if ((known < 0) | (known != np.round(known))).any():
        raise ValueError(f"column {event!r} must hold 0 for censored and whole numbers for causes")
    names = list(dict.fromkeys(name for named in columns.values() for name in named))
    risks = {name: numbers(column(frame, name)) for name in names}
    for name, values in risks.items():
        outside = int(((values < 0) | (values > 1)).sum())
        if outside:
            raise ValueError(f"column {name!r}: {outside} predicted risks lie outside 0 to 1")
    reasons = {f"missing {time}": np.isnan(ends), f"missing {event}": np.isnan(causes)}
    reasons |= {f"missing {name}": np.isnan(values) for name, values in risks.items()}
    kept, dropped = first_reasons(reasons, len(frame))
    if not kept.any():
        raise NotEstimable("no row has follow-up, outcome and all predicted risks")
    return ends[kept], causes[kept], {name: values[kept] for name, values in risks.items()}, kept, dropped


def _at_horizon(
    risks: Mapping[str, Floats], case: Bools, censoring: Censoring, horizon: float, z: float
) -> list[dict[str, Any]]:
    events = int((case & (censoring.time <= horizon)).sum())
    shared = {"time": horizon, "events": events}
    if not (censoring.time > horizon).any():
        note = f"not estimable: nobody is followed beyond {horizon:g}"
        return [
            {**shared, "group": m, "measure": k, "note": note} for m in risks for k in ("AUC", "Brier score", "IPA")
        ]
    share, nobody = brier_of_nobody(case, censoring, horizon)
    rows = [_row("Brier score", NULL_MODEL, nobody, z) | {"note": f"everybody given the risk {share:.4g}"}]
    found: dict[str, dict[str, Score]] = {"AUC": {}, "Brier score": {}}
    for model, risk in risks.items():
        found["AUC"][model] = auc(risk, case, censoring, horizon)
        found["Brier score"][model] = brier(risk, case, censoring, horizon)
        rows += [_row(measure, model, scores[model], z) for measure, scores in found.items()]
        rows.append(_accuracy(model, found["Brier score"][model], nobody))
    for measure, scores in found.items():
        rows += [_difference(measure, one, two, scores, z) for one, two in combinations(scores, 2)]
    return [{**shared, **row} for row in rows]


def _row(measure: str, model: str, score: Score, z: float) -> dict[str, Any]:
    row: dict[str, Any] = {"group": model, "measure": measure, "scale": "identity", "method": "IPCW"}
    if np.isnan(score.estimate):
        return {**row, "note": "not estimable: no case, or no control, by this time"}
    se = score.std_error
    low, high = max(score.estimate - z * se, 0.0), min(score.estimate + z * se, 1.0)
    limits = {"conf_low": low, "conf_high": high} if se > 0 else {"note": "limits not estimable: no variation"}
    return {**row, "estimate": score.estimate, "coef": score.estimate, "std_error": se, **limits}


def _accuracy(model: str, score: Score, nobody: Score) -> dict[str, Any]:
    row = {"group": model, "measure": "IPA", "scale": "identity", "method": "1 - Brier / Brier of the null model"}
    if nobody.estimate == 0:
        return {**row, "note": "not estimable: the null model makes no error"}
    return {**row, "estimate": 1 - score.estimate / nobody.estimate}


def _difference(measure: str, one: str, two: str, scores: Mapping[str, Score], z: float) -> dict[str, Any]:
    row: dict[str, Any] = {
        "contrast": f"{one} - {two}",
        "measure": f"{measure} difference",
        "scale": "identity",
        "method": "IPCW",
    }
    if np.isnan(scores[one].estimate) or np.isnan(scores[two].estimate):
        return {**row, "note": "not estimable: no case, or no control, by this time"}
    estimate = scores[one].estimate - scores[two].estimate
    se = Score(estimate, scores[one].influence - scores[two].influence).std_error
    if not se > 0:
        return {**row, "estimate": estimate, "note": "limits not estimable: the models do not differ"}
    row |= {"estimate": estimate, "coef": estimate, "std_error": se, "statistic": estimate / se}
    limits = {"conf_low": estimate - z * se, "conf_high": estimate + z * se}
    return {**row, **limits, "p_value": float(2 * norm.sf(abs(estimate / se)))}


def _integrated(rows: Sequence[Mapping[str, Any]], models: Sequence[str], horizons: Floats) -> list[dict[str, Any]]:
    """The mean Brier score of each model over the range of at least three times; empty where one of them is missing."""
    if len(horizons) < 3:
        return []
    order = np.argsort(horizons)
    first, last = horizons[order[[0, -1]]]
    out = []
    for model in models:
        at = _briers(rows, model)
        heights = np.array([at.get(float(h), np.nan) for h in horizons[order]])
        row: dict[str, Any] = {"group": model, "measure": "integrated Brier score", "scale": "identity"}
        row["term"] = f"{first:g} to {last:g}"
        row["method"] = f"trapezoids over {len(horizons)} times, divided by their range"
        if np.isnan(heights).any():
            out.append({**row, "note": "not estimable: the Brier score is missing at one of the times"})
        else:
            out.append({**row, "estimate": float(np.trapezoid(heights, horizons[order]) / (last - first))})
    return out


def _briers(rows: Sequence[Mapping[str, Any]], model: str) -> dict[float, float]:
    own = (row for row in rows if row.get("group") == model and row["measure"] == "Brier score")
    return {row["time"]: row.get("estimate", np.nan) for row in own}


def _notes(censoring: Censoring, horizons: Floats) -> tuple[str, ...]:
    left = censoring.survival(horizons)
    few = [f"{h:g}" for h, g in zip(horizons, left, strict=True) if 0 < g < 0.1]
    said = f"Fewer than one in ten would still be uncensored at {', '.join(few)}: a few patients stand for many."
    return (said,) if few else ()
