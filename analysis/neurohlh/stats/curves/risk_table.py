"""Numbers at risk at the ticks of a curve, and where too few are left to read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from neurohlh.stats.columns import Floats
from neurohlh.stats.curves.product_limit import Counts, Curve

SPARSE = 10
"""Patients at risk below which a curve is marked as uncertain (dossier 13.14)."""


def checked_times(times: Sequence[float]) -> Floats:
    """The times asked for, in order and each once; raises ValueError for anything but numbers of at least 0."""
    wanted = np.asarray(list(times), dtype=float)
    if len(wanted) and (not np.isfinite(wanted).all() or (wanted < 0).any()):
        raise ValueError("times must be numbers of at least 0")
    return np.unique(wanted)


def risk_ticks(time: Floats, ticks: Sequence[float] | None) -> Floats:
    """The times of the risk table: those asked for, or about six round steps up to the last follow-up."""
    if ticks is not None:
        return checked_times(ticks)
    longest = float(time.max())
    if longest <= 0:
        return np.zeros(1)
    rough = longest / 6
    power = 10 ** np.floor(np.log10(rough))
    step = next(k * power for k in (1, 2, 5, 10) if k * power >= rough)
    return np.arange(0, longest + step / 1e6, step)


def risk_rows(name: str, curve: Counts, ticks: Floats) -> list[dict[str, Any]]:
    """The numbers at risk of one group at `ticks`, with the events and censorings until then."""
    place, at_risk = curve.row_at(ticks), curve.at_risk(ticks)
    events, censored = np.cumsum(curve.n_event)[place], np.cumsum(curve.n_censor)[place]
    return [
        {"group": name, "time": float(t), "n_risk": int(n), "n_event": int(d), "n_censor": int(c)}
        for t, n, d, c in zip(ticks, at_risk, events, censored, strict=True)
    ]


def weight_at_risk(ticks: Floats, end: Floats, entry: Floats | None, weight: Floats) -> Floats:
    """The weight of the rows at risk just before each of `ticks`; at time 0 of those there from 0 on."""
    at_risk = end[None, :] >= ticks[:, None]
    if entry is not None:
        at_risk &= np.where(ticks[:, None] == 0, entry[None, :] <= 0, entry[None, :] < ticks[:, None])
    return np.asarray(at_risk @ weight, dtype=np.float64)


def sparse_notes(curves: dict[str, Curve]) -> tuple[str, ...]:
    """Where each group's curve rests on few patients, or on nobody."""
    return tuple(f"{name}: {note}" for name, curve in curves.items() for note in _sparse(curve))


def _sparse(curve: Curve) -> Iterator[str]:
    enough = np.flatnonzero(curve.n_risk >= SPARSE)
    if not len(enough):
        yield f"never {SPARSE} patients at risk; read the curve with care."
    else:
        if curve.n_event[: enough[0]].any():
            start = curve.time[enough[0]]
            yield f"events with fewer than {SPARSE} at risk before time {start:g}; the whole curve rests on them."
        if enough[-1] + 1 < len(curve.time):
            start = curve.time[enough[-1] + 1]
            yield f"fewer than {SPARSE} at risk from time {start:g} on; read the curve there with care."
    if curve.entry is not None:
        inside = curve.time[curve.time < curve.end[-1]]
        entered, left = (np.searchsorted(times, inside, side="right") for times in (curve.entry, curve.end))
        if (entered == left).any():
            yield "with delayed entry nobody was at risk for a while; the curve there means nothing."
