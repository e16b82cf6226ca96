"""The studies of a meta-analysis, read from a frame: effects on the working scale, and who is left out for what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict, cast

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable, did_you_mean
from neurohlh.stats.columns import Bools, Floats, Labels, column, labels, numbers
from neurohlh.stats.meta.effect_sizes import RATIOS, TRANSFORMS, back, proportion_effects, two_group_effects
from neurohlh.stats.recipe import z_value
from neurohlh.stats.survival_data import first_reasons

MEASURES = (*RATIOS, "RD", "MD", "SMD", "proportion")


class StudyColumns(TypedDict, total=False):
    """Which columns hold the studies' results, in one of four ways.

    Attributes
    ----------
    measure : "HR" (default), "OR", "RR", "RD", "MD", "SMD" or "proportion".
    study : column of the studies' names; without it they are numbered.
    estimate, std_error : the effect on the measure's own scale (a hazard ratio, not its logarithm), and the standard
        error on the working scale (of the logarithm, for ratios).
    estimate, low, high, level : the effect with its confidence limits, all on the measure's own scale.
    events, n, events_reference, n_reference : counts of two groups, for OR, RR and RD.
    events, n, transform : counts of one group, for "proportion"; "logit" (default), "freeman-tukey", "arcsine", "raw".
    """

    measure: str
    study: str
    estimate: str
    std_error: str
    low: str
    high: str
    level: float
    events: str
    n: str
    events_reference: str
    n_reference: str
    transform: str


@dataclass(frozen=True)
class Studies:
    """The studies that can be pooled.

    Attributes
    ----------
    names : the studies.
    effect, variance : on the working scale (`scale`).
    events, n : totals per study (NaN if the frame holds no counts); `counts` keeps the columns of counts apart.
    added : where 1/2 was added to the cells.
    skewed : how far the estimate lies from the middle of its limits, in standard errors (NaN without limits).
    kept : which rows of the frame are used.
    dropped : reason -> rows not used.
    """

    names: Labels
    effect: Floats
    variance: Floats
    events: Floats
    n: Floats
    counts: dict[str, Floats]
    added: Bools
    skewed: Floats
    kept: Bools
    dropped: dict[str, int]
    measure: str
    transform: str

    @property
    def k(self) -> int:
        """Studies used."""
        return len(self.effect)

    @property
    def scale(self) -> str:
        """The working scale: log, identity, or the transformation of a proportion."""
        if self.measure in RATIOS:
            return "log"
        return {"": "identity", "raw": "identity"}.get(self.transform, self.transform)

    def back(self, rows: Bools | None = None) -> Callable[[Floats], Floats]:
        """From the working scale to the measure, for a value pooled over these `rows` (all by default)."""
        n = self.n if rows is None else self.n[rows]
        harmonic = len(n) / float((1 / n).sum()) if self.transform == "freeman-tukey" else float("nan")
        return back(self.measure, self.transform, harmonic)


def read_studies(frame: pd.DataFrame, columns: StudyColumns) -> Studies:
    """The studies of `frame`, a row each.

    Rows with a missing number are dropped and counted, and so are, for OR and RR, studies in which nobody or everybody
    had the event in both groups: they say nothing about a ratio. Raises ValueError for unknown or contradicting
    columns, repeated study names, ratios or standard errors that are not above 0, limits that do not enclose their
    estimate, and impossible counts; NotEstimable if no study is left.
    """
    strange = [key for key in columns if key not in StudyColumns.__annotations__]
    if strange:
        raise ValueError(f"there is no option {strange[0]!r}. {did_you_mean(strange[0], StudyColumns.__annotations__)}")
    measure = columns.get("measure", "HR")
    if measure not in MEASURES:
        raise ValueError(f"measure must be one of {', '.join(MEASURES)}, not {measure!r}")
    wanted = _wanted(columns, measure)
    values = {role: numbers(column(frame, cast(str, columns[role]))) for role in wanted}  # type: ignore[literal-required]
    reasons = {f"missing {columns[role]}": np.isnan(values[role]) for role in wanted}  # type: ignore[literal-required]
    if "events_reference" in wanted and measure in ("OR", "RR"):
        happened = values["events"] + values["events_reference"]
        everybody = values["n"] + values["n_reference"]
        reasons["no event in either group"] = happened == 0
        reasons["the event in everybody of both groups"] = happened == everybody
    kept, dropped = first_reasons(reasons, len(frame))
    if not kept.any():
        raise NotEstimable("no study has the numbers that are needed" if len(frame) else "there is no study")
    used = {role: v[kept] for role, v in values.items()}
    effect, variance, added, skewed = _effects(used, measure, columns)
    nothing = np.full(len(effect), np.nan)
    return Studies(
        names=_names(frame, columns.get("study"), kept),
        effect=effect,
        variance=variance,
        events=used["events"] + used.get("events_reference", 0) if "events" in used else nothing,
        n=used["n"] + used.get("n_reference", 0) if "n" in used else nothing,
        counts={role: v for role, v in used.items() if role.startswith(("events", "n"))},
        added=added,
        skewed=skewed,
        kept=kept,
        dropped=dropped,
        measure=measure,
        transform=columns.get("transform", "logit") if measure == "proportion" else "",
    )


def _wanted(columns: StudyColumns, measure: str) -> tuple[str, ...]:
    given = {k for k in columns if k not in ("measure", "study", "level", "transform")}
    one, two = ("events", "n"), ("events", "n", "events_reference", "n_reference")
    ways: list[tuple[str, ...]] = (
        [one] if measure == "proportion" else [("estimate", "std_error"), ("estimate", "low", "high")]
    )
    ways += [two] if measure in ("OR", "RR", "RD") else []
    for way in ways:
        if given == set(way):
            return way
    said = " or ".join(" + ".join(way) for way in ways)
    raise ValueError(
        f"a meta-analysis of {measure} needs the columns {said}; given: {', '.join(sorted(given)) or 'none'}"
    )


def _names(frame: pd.DataFrame, study: str | None, kept: Bools) -> Labels:
    if study is None:
        return np.array([f"study {i + 1}" for i in np.flatnonzero(kept)], dtype=object)
    found = labels(column(frame, study))[0][kept]
    if any(name is None for name in found):
        raise ValueError(f"column {study!r}: a study has no name")
    if len(set(found)) < len(found):
        raise ValueError(f"column {study!r}: a study's name stands in more than one row; make the names distinct")
    return found


def _effects(used: dict[str, Floats], measure: str, columns: StudyColumns) -> tuple[Floats, Floats, Bools, Floats]:
    k = len(next(iter(used.values())))
    nothing = np.full(k, np.nan)
    if measure == "proportion":
        transform = columns.get("transform", TRANSFORMS[0])
        found = proportion_effects(used["events"], used["n"], transform)
        return found.effect, found.variance, found.added, nothing
    if "events" in used:
        found = two_group_effects(used["events"], used["n"], used["events_reference"], used["n_reference"], measure)
        return found.effect, found.variance, found.added, nothing
    effect = _working(used["estimate"], measure, "estimate")
    none = np.zeros(k, dtype=bool)
    if "std_error" in used:
        _refuse(used["std_error"] <= 0, "standard errors that are not above 0")
        return effect, used["std_error"] ** 2, none, nothing
    _refuse(used["low"] >= used["high"], "a lower limit that is not below the upper")
    outside = (used["estimate"] < used["low"]) | (used["estimate"] > used["high"])
    _refuse(outside, "an estimate outside its own limits")
    low, high = _working(used["low"], measure, "lower limit"), _working(used["high"], measure, "upper limit")
    error = (high - low) / (2 * z_value(columns.get("level", 0.95)))
    return effect, error**2, none, np.abs(effect - (low + high) / 2) / error


def _working(values: Floats, measure: str, what: str) -> Floats:
    if measure not in RATIOS:
        return values
    _refuse(values <= 0, f"a {what} that is not above 0, which no {measure} is (are these logarithms?)")
    return np.log(values)


def _refuse(wrong: Bools, what: str) -> None:
    if wrong.any():
        raise ValueError(f"{int(wrong.sum())} studies have {what}")
