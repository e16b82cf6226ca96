"""The cumulative hazard by group as a Result, and the survival that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import groups
from neurohlh.stats.curves.follow_up import follow_up
from neurohlh.stats.curves.hazard import HazardCurve, cumulative_hazard
from neurohlh.stats.curves.kaplan_meier import DEFAULT_TIMES
from neurohlh.stats.curves.risk_table import checked_times
from neurohlh.stats.recipe import software, z_value


def nelson_aalen(
    frame: pd.DataFrame,
    time: str,
    event: str,
    *,
    by: str | None = None,
    times: Sequence[float] = DEFAULT_TIMES,
    ties: str = "nelson-aalen",
    entry: str | None = None,
    weights: str | None = None,
    id: str | None = None,
    cluster: str | None = None,
    robust: bool | None = None,
    conf_level: float = 0.95,
    conf_type: str = "log-log",
) -> Result:
    """The cumulative hazard H of every group of `by` at `times`, and the survival exp(-H); equal to R's survfit.

    `ties` is "nelson-aalen" (tied events together) or "fleming-harrington" (one after the other, which fits Cox models
    with Efron's ties; there a row of weight 2 is one step, not two rows). Limits of H are symmetric on the log scale,
    those of exp(-H) on the scale `conf_type`. The other options, the groups and the errors are those of `kaplan_meier`.

    Rows of `tidy` per group and time: "cumulative hazard" and "survival". `curves`: group, time, n_risk, n_event,
    hazard, conf_low, conf_high, std_error.
    """
    data = follow_up(frame, time, event, entry=entry, weights=weights, id=id, cluster=cluster, robust=robust)
    found, names = groups(frame.loc[data.data.kept], by)
    z, wanted = z_value(conf_level), checked_times(times)
    curves = {}
    for name in names:
        ends, happened, begin, weight = data.of(found == name)
        options: dict[str, Any] = {"z": z, "ties": ties, "conf_type": conf_type, "weights": weight}
        curves[name] = cumulative_hazard(ends, happened, begin, **options)
    shared = {"analysis": "nelson_aalen", "outcome": event, "variable": by or "", "method": ties}
    rows = [
        {**shared, "group": name, **row}
        for name, curve in curves.items()
        for at, n, i in zip(wanted, curve.at_risk(wanted), curve.row_at(wanted), strict=True)
        for row in _rows_at(curve, float(at), int(n), int(i), conf_type)
    ]
    return Result(
        kind="nelson_aalen",
        tidy=tidy_frame(rows),
        curves=_long(curves),
        method={
            "estimator": f"cumulative hazard ({ties})",
            "variance": data.variance("of the counting process (Aalen)"),
            "interval": f"log (hazard) and {conf_type} (survival)",
            "conf_level": conf_level,
            "ties": ties,
            **data.recipe(),
            "denominator": "patients with follow-up time and outcome",
            "software": software("numpy"),
            "reference": [
                "Aalen 1978, Ann Stat 6:701",
                "Fleming & Harrington 1984, Commun Stat Theory Methods 13:2469",
            ],
        },
        counts=data.counts(len(frame)),
        notes=tuple(data.notes()),
    )


def _rows_at(curve: HazardCurve, time: float, n: int, i: int, conf_type: str) -> list[dict[str, Any]]:
    both = {"time": time, "n": n, "events": int(curve.n_event[: i + 1].sum())}
    hazard = {**both, "term": "hazard at time", "measure": "cumulative hazard", "scale": "identity"}
    survival = {**both, "term": "survival at time", "measure": "survival", "scale": conf_type}
    if time > curve.time[-1]:
        note = f"not estimable: beyond the last follow-up of this group ({curve.time[-1]:g})"
        return [{**hazard, "note": note}, {**survival, "note": note}]
    se = float(curve.std_error[i])
    if se > 0:
        hazard |= {"conf_low": curve.conf_low[i], "conf_high": curve.conf_high[i], "std_error": se}
        survival |= {"conf_low": curve.survival_low[i], "conf_high": curve.survival_high[i]}
        survival["std_error"] = curve.survival[i] * se
    note = "" if se > 0 else "limits not estimable" if curve.hazard[i] > 0 else "no event so far: limits not estimable"
    hazard |= {"estimate": curve.hazard[i], "note": note}
    return [hazard, {**survival, "estimate": curve.survival[i], "note": note}]


def _long(curves: dict[str, HazardCurve]) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "group": name,
                "time": c.time,
                "n_risk": c.n_risk,
                "n_event": c.n_event,
                "hazard": c.hazard,
                "conf_low": c.conf_low,
                "conf_high": c.conf_high,
                "std_error": np.where(c.std_error > 0, c.std_error, np.nan),
            }
        )
        for name, c in curves.items()
    ]
    return pd.concat(parts, ignore_index=True)
