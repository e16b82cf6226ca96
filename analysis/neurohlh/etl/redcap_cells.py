"""The cells of a REDCap export: codes or labels, and what a box that nobody ticked says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from neurohlh.core.errors import InputError, Location
from neurohlh.etl.read_cells import tidy
from neurohlh.etl.redcap_dictionary import Field, cleaned
from neurohlh.etl.redcap_header import Place
from neurohlh.etl.table import Distinct, Kind, RawColumn
from neurohlh.etl.words import folded, words

TICKED, UNTICKED = frozenset(("1", "Checked")), frozenset(("0", "Unchecked"))
BOX_WORDS = {**dict.fromkeys(TICKED, "Yes"), **dict.fromkeys(UNTICKED, "No")}
"""What the cells of a box mean, once it is known that its question was answered."""
COMPLETE = frozenset(("2", "Complete"))
RAW, LABELS = "codes", "labels"
_MANY = 8


def written_as(
    columns: Sequence[RawColumn], places: Sequence[Place], rows: np.ndarray, missing: frozenset[str], where: Location
) -> str:
    """Whether the export holds the codes of its choices or their labels; codes where it holds neither or both agree.

    Raises InputError for a cell that is neither, and for an export that holds codes in one column, labels in another.
    """
    seen: dict[str, str] = {}
    for column, place in zip(columns, places, strict=True):
        allowed = _allowed(place)
        if allowed is None:
            continue
        texts = {t for t in column.cells.texts if t not in missing}
        legal = [mode for mode in (RAW, LABELS) if {cleaned(t) for t in texts} <= allowed[mode]]
        if not legal:
            raise _no_choice(column, set.union(*allowed.values()) | missing, rows, where)
        if len(legal) == 1:
            seen.setdefault(legal[0], column.header)
    if len(seen) > 1:
        raise InputError(
            f"column {seen[RAW]!r} holds codes and column {seen[LABELS]!r} holds labels",
            where=where,
            why="An export is written either way; these columns, or the dictionary, come from different exports.",
            do="Export the data again, raw or with labels, and leave it as it is.",
        )
    return LABELS if LABELS in seen else RAW


def _allowed(place: Place) -> dict[str, set[str]] | None:
    """The texts that a column may hold as codes and as labels; None where it may hold any."""
    if place.kind in ("box", "not_known"):
        return {RAW: {"0", "1"}, LABELS: {"Checked", "Unchecked"}}
    if place.kind == "field" and place.field is not None and place.field.choices:
        return {RAW: set(place.field.choices), LABELS: set(place.field.choices.values())}
    return None


def _no_choice(column: RawColumn, allowed: set[str], rows: np.ndarray, where: Location) -> InputError:
    wrong = [k for k, text in enumerate(column.cells.texts) if cleaned(text) not in allowed]
    at = rows[np.isin(column.cells.codes, wrong)]
    listed = ", ".join(map(str, at[:_MANY])) + (f" and {len(at) - _MANY} more" if len(at) > _MANY else "")
    return InputError(
        f"cells hold what is no choice of this field in the data dictionary (rows {listed})",
        where=Location(where.source, row=int(at[0]), column=column.header),
        why="The dictionary is another project's or another version: every code of it may mean something else.",
        do="Download the current dictionary. If these are the project's missing-data codes, name them: "
        "[values] missing = […].",
    )


def selected(column: RawColumn, kept: np.ndarray) -> Distinct:
    """The column's cells in the rows that are read."""
    cells = column.cells
    codes = cells.codes[kept]
    used = np.unique(codes[codes >= 0])
    place = np.full(len(cells.texts) + 1, -1, dtype=np.int32)
    place[used] = np.arange(len(used), dtype=np.int32)
    return tidy([cells.texts[k] for k in used], [cells.kinds[k] for k in used], place[codes])


def with_unanswered(cells: Distinct, unanswered: np.ndarray) -> Distinct:
    """The cells of a box; an empty box of a question that nobody answered is typed as such."""
    empty = [k for k, text in enumerate(cells.texts) if text in UNTICKED]
    texts, kinds, codes = list(cells.texts), list(cells.kinds), cells.codes.copy()
    for k in empty:
        rows = (codes == k) & unanswered
        codes[rows] = len(texts)
        texts.append(cells.texts[k])
        kinds.append(Kind.UNANSWERED)
    used = [k for k in range(len(texts)) if (codes == k).any()]
    place = np.full(len(texts) + 1, -1, dtype=np.int32)
    place[used] = np.arange(len(used), dtype=np.int32)
    return replace(cells, texts=[texts[k] for k in used], kinds=[kinds[k] for k in used], codes=place[codes])


def unanswered(
    boxes: Sequence[tuple[Place, Distinct]], complete: np.ndarray | None, height: int
) -> Mapping[str, np.ndarray]:
    """Per question with boxes: in which rows an empty box does not say no (bool, one per row).

    A question with a ticked box was answered, so that its other boxes say no; unless what is ticked is that nobody
    knows. Without any ticked box it was not answered, except on a form marked complete where `complete` is given.
    """
    answered: dict[str, np.ndarray] = {}
    not_known: dict[str, np.ndarray] = {}
    for place, cells in boxes:
        item = _of(place)
        ticked = np.isin(cells.codes, [k for k, text in enumerate(cells.texts) if text in TICKED])
        unknown = place.kind == "not_known" or folded(item.choices.get(place.code, "")) in words().state
        target = not_known if unknown else answered
        target[item.name] = target.get(item.name, np.zeros(height, dtype=bool)) | ticked
    sure = np.zeros(height, dtype=bool) if complete is None else complete
    nothing = np.zeros(height, dtype=bool)
    return {
        name: ~(answered.get(name, nothing) | sure) | not_known.get(name, nothing)
        for name in {_of(place).name for place, _ in boxes}
    }


def _of(place: Place) -> Field:
    assert place.field is not None, "a box belongs to a field"
    return place.field
