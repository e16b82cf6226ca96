"""Follow-up with case weights, clusters and several rows per patient, checked and counted, for the curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Bools, Floats, Ints, Labels, column, groups, labels, numbers
from neurohlh.stats.curves.influence import Weights
from neurohlh.stats.survival_data import SurvivalData, first_reasons, survival_data

FEW_CLUSTERS = 20
"""Clusters below which a robust variance is announced as unreliable."""

_ROBUST = "robust variance: Efron 1982, The Jackknife, the Bootstrap and Other Resampling Plans, SIAM"


@dataclass(frozen=True)
class FollowUp:
    """The rows that can be used, with what is known of them beyond time and event.

    Attributes
    ----------
    data : times, events and entries of the used rows, and why the others are not used.
    weights : weights, clusters and kind of variance; None if every row counts once and the variance is Greenwood's.
    patient : code of the patient of every used row (one row per patient unless `id` says otherwise).
    next_row : the used row in which the same patient is observed further from this row's end on, -1 if none.
    sources : option -> column that it came from.
    """

    data: SurvivalData
    weights: Weights | None
    patient: Ints
    next_row: Ints
    sources: Mapping[str, str]

    @property
    def entry(self) -> Floats | None:
        """Entry times of the used rows, None if all are observed from the start."""
        return self.data.entry

    def of(self, rows: Bools) -> tuple[Floats, Bools, Floats | None, Weights | None]:
        """Time, event, entry and weights of some of the used rows, as the arithmetic takes them."""
        entry = None if self.entry is None else self.entry[rows]
        return self.data.time[rows], self.data.event[rows], entry, self.weights and self.weights.subset(rows)

    def goes_on(self, groups: Labels) -> Bools:
        """Rows whose patient is observed further in the same group: the end of such a row is no censoring."""
        return np.asarray((self.next_row >= 0) & (groups[self.next_row] == groups), dtype=bool)

    def people(self, rows: Bools) -> int:
        """Patients among some of the used rows."""
        return len(np.unique(self.patient[rows])) if "id" in self.sources else int(rows.sum())

    def variance(self, usual: str) -> str:
        """The variance in words: `usual`, or robust with its clusters."""
        if self.weights is None or not self.weights.robust:
            return usual
        unit = self.sources.get("cluster") or self.sources.get("id")
        return f"robust (infinitesimal jackknife), clusters: {unit}" if unit else "robust (infinitesimal jackknife)"

    def sources_of_method(self, usual: Sequence[str]) -> list[str]:
        """The references of an estimate, with that of the robust variance if it was used."""
        robust = self.weights is not None and self.weights.robust
        return [*usual, *([_ROBUST] if robust else [])]

    def recipe(self) -> dict[str, str]:
        """The choices for the method of a Result."""
        return {name: self.sources.get(name, "") for name in ("entry", "weights", "id", "cluster")}

    def notes(self) -> list[str]:
        """What must stand beside weighted or clustered numbers."""
        if self.weights is None:
            return []
        out = []
        if "weights" in self.sources:
            size = f"effective sample size {self.weights.effective_size:.1f} of {self.data.n} rows"
            out.append(f"Weighted by {self.sources['weights']}: {size}; the weights are taken as known.")
        clusters = len(np.unique(self.weights.cluster))
        if self.weights.robust and clusters < FEW_CLUSTERS:
            out.append(f"The robust variance rests on {clusters} clusters only and is unreliable.")
        return out

    def counts(self, supplied: int) -> dict[str, Any]:
        """Supplied, used, events, dropped by reason; patients and effective size where they differ from the rows."""
        data = self.data
        out: dict[str, Any] = {"supplied": supplied, "used": data.n, "events": data.events, "dropped": data.dropped}
        if "id" in self.sources:
            out["patients"] = len(np.unique(self.patient))
        if self.weights is not None and "weights" in self.sources:
            out["sum_of_weights"] = float(self.weights.weight.sum())
            out["effective_sample_size"] = self.weights.effective_size
        return out


def follow_up(
    frame: pd.DataFrame,
    time: str,
    event: str,
    *,
    entry: str | None = None,
    weights: str | None = None,
    id: str | None = None,
    cluster: str | None = None,
    robust: bool | None = None,
    known: tuple[str | None, ...] = (),
) -> FollowUp:
    """Follow-up from the columns of `frame`; rows unknown in any of them or in `known`, or weighing 0, are dropped.

    `id` names the patient where one has several rows (start-stop, with `entry`): they must not overlap, and nothing may
    follow the event. `robust` is by default R's rule: if a weight is fractional or `cluster` is given.

    Raises ValueError for wrong columns or codes, negative weights, overlapping rows and rows after an event;
    NotEstimable if no row is left.
    """
    data = survival_data(frame, time, event, entry=entry)
    sources = {"entry": entry, "weights": weights, "id": id, "cluster": cluster}
    named = {option: name for option, name in sources.items() if name is not None}
    values = None if weights is None else numbers(column(frame, weights))
    if values is not None and (values < 0).any():
        raise ValueError(f"column {weights!r}: {int((values < 0).sum())} weights are negative")
    data, values = _narrowed(frame, data, values, weights, tuple(filter(None, (id, cluster, *known))))
    patient = np.arange(data.n) if id is None else pd.factorize(frame.loc[data.kept, id])[0]
    next_row = np.full(data.n, -1) if id is None else _chained(data, patient, str(id))
    groups = patient if cluster is None else pd.factorize(frame.loc[data.kept, cluster])[0]
    fractional = values is not None and bool((values != np.floor(values)).any())
    robust = (fractional or cluster is not None) if robust is None else robust
    if cluster is not None and not robust:
        raise ValueError("cluster needs the robust variance")
    plain = values is None and not robust
    found = None if plain else Weights(np.ones(data.n) if values is None else values, groups, robust)
    return FollowUp(data, found, patient, next_row, named)


def _narrowed(
    frame: pd.DataFrame, data: SurvivalData, values: Floats | None, weights: str | None, known: tuple[str, ...]
) -> tuple[SurvivalData, Floats | None]:
    reasons = {f"missing {name}": column(frame, name).isna().to_numpy() for name in known}
    if values is not None:
        reasons |= {f"missing {weights}": np.isnan(values), f"{weights} is 0": values == 0}
    further, _ = first_reasons(reasons, len(frame))
    lost = {reason: mask & data.kept for reason, mask in reasons.items()}
    _, dropped = first_reasons(lost, len(frame))
    kept = data.subset(further)
    if kept.n == 0:
        raise NotEstimable(f"no row is left: {'; '.join(f'{reason}: {n}' for reason, n in dropped.items())}")
    kept = SurvivalData(kept.time, kept.event, kept.entry, kept.kept, {**data.dropped, **dropped})
    return kept, None if values is None else values[kept.kept]


def _chained(data: SurvivalData, patient: Ints, name: str) -> Ints:
    """The row that follows each at once for the same patient (-1: none); refuses rows that cannot be one history."""
    start = np.full(data.n, -np.inf) if data.entry is None else data.entry
    order = np.lexsort((data.time, start, patient))
    same = patient[order][1:] == patient[order][:-1]
    if data.entry is None and same.any():
        raise ValueError(f"{name!r} has several rows per patient: name the column in which each row begins as `entry`")
    begins, ends, happened = start[order][1:], data.time[order][:-1], data.event[order][:-1]
    overlapping, after = int((same & (begins < ends)).sum()), int((same & happened).sum())
    if overlapping:
        raise ValueError(f"{overlapping} rows overlap with an earlier row of the same {name!r}")
    if after:
        raise ValueError(f"{after} rows follow an event of the same {name!r}: survival ends with its event")
    next_row = np.full(data.n, -1)
    at_once = same & (begins == ends)
    next_row[order[:-1][at_once]] = order[1:][at_once]
    return next_row


def group_codes(frame: pd.DataFrame, kept: Bools, by: str) -> tuple[Ints, list[str]]:
    """The group of every used row as a code, and the groups that occur, in the order of their levels."""
    found, names = labels(column(frame, by)[kept])
    place = {name: i for i, name in enumerate(names)}
    return np.asarray(pd.Series(found, dtype=object).map(place), dtype=np.intp), names


def independent_groups(frame: pd.DataFrame, data: FollowUp, by: str | None) -> tuple[Labels, list[str]]:
    """The group of every used row and the groups; raises ValueError if a patient is in several of them."""
    found, names = groups(frame.loc[data.data.kept], by)
    if "id" in data.sources and pd.Series(found, dtype=object).groupby(data.patient).nunique().max() > 1:
        raise ValueError(f"patients change between groups of {by!r}: the groups are not independent")
    return found, names
