"""Which rows of a REDCap export are read: an event and an instance each stand in a row of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from neurohlh.core.errors import InputError, Location, did_you_mean

OTHER_EVENT, OTHER_INSTANCE = "other_event", "other_instance"
"""Why a row is left out: it is of an event, or of an instance, that the study does not read."""


@dataclass(frozen=True)
class RowChoice:
    """What the study declares: the events to read (() where it says nothing) and which instance of what repeats."""

    events: tuple[str, ...] = ()
    repeats: Mapping[str, str] = field(default_factory=dict)


def left_out(
    record: Sequence[str],
    event: Sequence[str] | None,
    instrument: Sequence[str] | None,
    instance: Sequence[str] | None,
    choice: RowChoice,
    where: Location,
) -> np.ndarray:
    """Why each row is left out ('' for a row that is read; object, one per row), from its four columns of texts.

    Raises InputError where there are several events, or repeats, and the study does not say which to read.
    """
    why = np.full(len(record), "", dtype=object)
    events = np.array(event if event is not None else [""] * len(record), dtype=object)
    _choose_events(why, events, choice, where)
    names = [
        (instrument[i] if instrument is not None and instrument[i] else events[i] or "the record")
        if instance is not None and instance[i]
        else ""
        for i in range(len(record))
    ]
    repeated = np.array(names, dtype=object)
    _choose_instances(why, repeated, (record, events, instance or ()), choice, where)
    return why


def _choose_events(why: np.ndarray, events: np.ndarray, choice: RowChoice, where: Location) -> None:
    present = sorted({e for e in events if e})
    if not choice.events and len(present) > 1:
        raise InputError(
            f"the export holds rows of {len(present)} events, and the study does not say which to read",
            where=where,
            why="A value of a later event is not the value at diagnosis: read together, events would contradict each "
            "other or fill each other's gaps.",
            do=f'Name it, for example event = "{present[0]}" under [[source]]; a second source of the same file can '
            f"read another. Its events: {', '.join(map(repr, present))}.",
        )
    for wanted in choice.events:
        if wanted not in present:
            raise InputError(
                f"the export has no event {wanted!r}", where=where, do=did_you_mean(wanted, present) or "Take it out."
            )
    if choice.events:
        why[~np.isin(events, choice.events)] = OTHER_EVENT


def _choose_instances(
    why: np.ndarray,
    repeated: np.ndarray,
    columns: tuple[Sequence[str], np.ndarray, Sequence[str]],
    choice: RowChoice,
    where: Location,
) -> None:
    present = sorted({name for name, gone in zip(repeated, why, strict=True) if name and not gone})
    asked = [name for name in present if name not in choice.repeats]
    if asked:
        raise InputError(
            f"the export repeats {', '.join(map(repr, asked))}, and the study does not say which rows to read",
            where=where,
            why="Each instance is another moment; which of them is the value at diagnosis can't be guessed.",
            do=f'Say it, for example repeats = {{ "{asked[0]}" = "first" }} under [[source]]; legal are first, last, '
            "the number of an instance, and ignore.",
        )
    for name in choice.repeats:
        if name not in set(repeated):
            raise InputError(
                f"repeats: nothing in the export repeats under the name {name!r}",
                where=where,
                do=did_you_mean(name, {r for r in repeated if r}) if any(repeated) else "Take it out.",
            )
    for name in present:
        rows = np.flatnonzero((repeated == name) & (why == ""))
        why[np.setdiff1d(rows, _chosen(rows, choice.repeats[name], columns, where))] = OTHER_INSTANCE


def _chosen(
    rows: np.ndarray, wanted: str, columns: tuple[Sequence[str], np.ndarray, Sequence[str]], where: Location
) -> np.ndarray:
    """Those of the rows of one repeating instrument that are read."""
    if wanted == "ignore":
        return rows[:0]
    record, events, instance = columns
    number = {int(i): _instance(instance[i], where) for i in rows}
    if wanted not in ("first", "last"):
        return np.array([i for i in rows if number[int(i)] == int(wanted)], dtype=int)
    best: dict[tuple[str, str], int] = {}
    sign = 1 if wanted == "first" else -1
    for i in map(int, rows):
        key = (record[i], events[i])
        if key not in best or sign * number[i] < sign * number[best[key]]:
            best[key] = i
    return np.array(sorted(best.values()), dtype=int)


def _instance(text: str, where: Location) -> int:
    try:
        return int(text)
    except ValueError:
        raise InputError(
            "an instance is not a whole number",
            where=Location(where.source, column="redcap_repeat_instance"),
            do="Export the data again and leave the column as it is.",
        ) from None
