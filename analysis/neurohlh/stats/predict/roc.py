"""ROC curves of markers for a yes-or-no outcome: areas, their differences, and the best cut."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import Bools, Floats, column, numbers, truth
from neurohlh.stats.predict.delong import Areas, delong
from neurohlh.stats.predict.tripod import tripod
from neurohlh.stats.recipe import software, z_value
from neurohlh.stats.survival_data import first_reasons


def roc(frame: pd.DataFrame, outcome: str, markers: Sequence[str], *, conf_level: float = 0.95) -> Result:
    """Area under the ROC curve of every marker with DeLong's limits, their differences, and Youden's best cut.

    A higher marker speaks for the outcome. Markers are compared on the patients known for all of them, second minus
    first. `curves`: group, threshold (a marker at or above it is positive), sensitivity, specificity. The best cut lies
    midway between two values and is chosen on the same patients: it looks better than it is.

    Rows without outcome or any marker are dropped and counted. Raises ValueError for wrong columns, NotEstimable unless
    there are patients with and without the outcome.
    """
    z = z_value(conf_level)
    if isinstance(markers, str) or not markers or len(set(markers)) < len(markers):
        raise ValueError("markers must be a list of columns, each named once")
    happened = truth(column(frame, outcome))
    values = {name: numbers(column(frame, name)) for name in markers}
    reasons = {f"missing {outcome}": np.isnan(happened)} | {f"missing {k}": np.isnan(v) for k, v in values.items()}
    kept, dropped = first_reasons(reasons, len(frame))
    y = happened[kept] == 1
    if not y.any() or y.all():
        raise NotEstimable(f"the outcome is the same in all {len(y)} patients, or nobody is left")
    data = np.stack([v[kept] for v in values.values()])
    areas = delong(data, y)
    curves = pd.concat([_curve(name, own, y) for name, own in zip(markers, data, strict=True)], ignore_index=True)
    shared = {"analysis": "roc", "outcome": outcome, "n": len(y), "events": int(y.sum())}
    rows = [*_areas(areas, markers, z), *_best(curves, markers), *_differences(areas, markers, z)]
    return Result(
        kind="roc",
        tidy=tidy_frame([{**shared, **row} for row in rows]),
        curves=curves,
        method={
            "estimator": "empirical ROC curve",
            "variance": "DeLong",
            "interval": "Wald, cut at 0 and 1",
            "ties": "equal markers count one half",
            "test": "DeLong's test of paired areas",
            "correction": "none",
            "conf_level": conf_level,
            "denominator": "patients with outcome and all markers known",
            "software": software("numpy", "scipy"),
            "reference": [
                "DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837",
                "Youden 1950, Cancer 3:32",
            ],
            "tripod": tripod("10d", "16"),
        },
        counts={"supplied": len(frame), "used": len(y), "events": int(y.sum()), "dropped": dropped},
        notes=tuple(
            f"{name}: lower values speak for the outcome; the area is below one half."
            for name, area in zip(markers, areas.auc, strict=True)
            if area < 0.5
        ),
    )


def _curve(name: str, marker: Floats, y: Bools) -> pd.DataFrame:
    values = np.unique(marker)
    cuts = np.concatenate([[-np.inf], (values[:-1] + values[1:]) / 2, [np.inf]])
    cases, controls = np.sort(marker[y]), np.sort(marker[~y])
    sensitivity = 1 - np.searchsorted(cases, cuts, side="left") / len(cases)
    specificity = np.searchsorted(controls, cuts, side="left") / len(controls)
    return pd.DataFrame({"group": name, "threshold": cuts, "sensitivity": sensitivity, "specificity": specificity})


def _areas(areas: Areas, markers: Sequence[str], z: float) -> list[dict[str, Any]]:
    return [
        {"group": name, "measure": "AUC", "scale": "identity", "method": "DeLong", **_wald(area, areas.cov[k, k], z)}
        for k, (name, area) in enumerate(zip(markers, areas.auc, strict=True))
    ]


def _wald(area: float, variance: float, z: float) -> dict[str, Any]:
    row: dict[str, Any] = {"estimate": area, "coef": area}
    if not variance > 0:
        return {**row, "note": "limits not estimable: no variation (perfect separation, or a single case or control)"}
    se = float(np.sqrt(variance))
    return {**row, "std_error": se, "conf_low": max(area - z * se, 0.0), "conf_high": min(area + z * se, 1.0)}


def _best(curves: pd.DataFrame, markers: Sequence[str]) -> list[dict[str, Any]]:
    rows = []
    for name in markers:
        own = curves[(curves["group"] == name) & np.isfinite(curves["threshold"])]
        if own.empty:
            continue
        best = own.iloc[int(np.argmax(own["sensitivity"] + own["specificity"]))]
        shared = {"group": name, "term": "Youden's best cut", "level": f"{best['threshold']:.10g}"}
        rows += [{**shared, "measure": m, "estimate": best[m]} for m in ("threshold", "sensitivity", "specificity")]
    return rows


def _differences(areas: Areas, markers: Sequence[str], z: float) -> list[dict[str, Any]]:
    rows = []
    for one, two in combinations(range(len(markers)), 2):
        estimate = areas.auc[two] - areas.auc[one]
        variance = areas.cov[one, one] + areas.cov[two, two] - 2 * areas.cov[one, two]
        row: dict[str, Any] = {"contrast": f"{markers[two]} - {markers[one]}", "measure": "AUC difference"}
        row |= {"scale": "identity", "method": "DeLong", "estimate": estimate}
        if not variance > 1e-15:
            rows.append({**row, "note": "limits not estimable: the markers do not differ in their order"})
            continue
        se = float(np.sqrt(variance))
        statistic = estimate / se
        limits = {"conf_low": estimate - z * se, "conf_high": estimate + z * se, "coef": estimate, "std_error": se}
        rows.append({**row, **limits, "statistic": statistic, "p_value": float(2 * norm.sf(abs(statistic)))})
    return rows
