"""Pseudo-observations: what each patient contributes to a survival estimate, as if there were no censoring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Bools, Floats
from neurohlh.stats.curves.areas import area_under, influence_on_area, influence_on_survival
from neurohlh.stats.curves.follow_up import follow_up
from neurohlh.stats.curves.leave_one_out import area_without_each, survival_without_each
from neurohlh.stats.curves.product_limit import product_limit
from neurohlh.stats.curves.risk_table import checked_times

KINDS = ("survival", "rmst")
JACKKNIVES = ("leave-one-out", "infinitesimal")


def pseudo_observations(
    frame: pd.DataFrame,
    time: str,
    event: str,
    *,
    times: Sequence[float],
    kind: str = "survival",
    entry: str | None = None,
    jackknife: str = "leave-one-out",
) -> pd.DataFrame:
    """A pseudo-observation of every row for each of `times`: columns are the times, the index is that of `frame`.

    `kind` is "survival" (S at the time) or "rmst" (mean time survived up to it). "leave-one-out" is the exact n * all -
    (n - 1) * all but one; "infinitesimal" is the estimate plus n times the row's influence, as R's survival::pseudo.
    Rows that cannot be used are empty. Their mean is the estimate of the whole group; use them as outcomes in
    `pseudo_regression`. Method: Andersen, Klein and Rosthoj 2003, Biometrika 90:15.

    Raises ValueError for wrong columns, codes or options; NotEstimable without usable rows or beyond the follow-up.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
    if jackknife not in JACKKNIVES:
        raise ValueError(f"jackknife must be one of {', '.join(JACKKNIVES)}, not {jackknife!r}")
    wanted = checked_times(times)
    if not len(wanted) or (wanted == 0).any():
        raise ValueError("times must be at least one time above 0")
    data = follow_up(frame, time, event, entry=entry).data
    out = np.full((len(frame), len(wanted)), np.nan)
    for j, at in enumerate(wanted):
        out[data.kept, j] = pseudo_values(data.time, data.event, data.entry, float(at), kind, jackknife)
    return pd.DataFrame(out, index=frame.index, columns=wanted)


def pseudo_values(
    time: Floats, event: Bools, entry: Floats | None, at: float, kind: str = "survival", jackknife: str = JACKKNIVES[0]
) -> Floats:
    """The pseudo-observations of n rows at one time, on arrays; see `pseudo_observations`."""
    n = len(time)
    curve = product_limit(time, event, entry, z=0.0)
    if at > curve.time[-1] and curve.survival[-1] > 0:
        raise NotEstimable(f"follow-up ends at {curve.time[-1]:g}, before {at:g}")
    if kind == "survival":
        estimate = float(curve.survival[curve.row_at(np.array([at]))[0]])
    else:
        estimate = area_under(time, event, entry, at).mean
    if jackknife == "infinitesimal":
        influence = influence_on_survival if kind == "survival" else influence_on_area
        return np.asarray(estimate + n * influence(curve, at, time, event, entry))
    without = survival_without_each if kind == "survival" else area_without_each
    return np.asarray(n * estimate - (n - 1) * without(time, event, entry, at))
