"""From the headers of a table to the codebook's variables: which column is what, in which unit, what must be asked."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from neurohlh.core.errors import InputError, Location, did_you_mean
from neurohlh.etl.codebook import Codebook, Variable, codebook, header_key
from neurohlh.etl.header_words import header_words
from neurohlh.etl.headers import Reading, legend_codes, may_have_unit, read_header, renamed
from neurohlh.etl.near_misses import near_misses
from neurohlh.etl.questions import Question, ask, question_of, which_of
from neurohlh.etl.table import Distinct, RawColumn, RawTable
from neurohlh.etl.units import codebook_spelling, read_unit

IGNORE = "ignore"
"""What a study renames a header to, to leave its column out."""


@dataclass(frozen=True)
class SourceHints:
    """What the study file says about the columns of one source."""

    rename: Mapping[str, str] = field(default_factory=dict)
    """header -> variable, or 'ignore'."""
    units: Mapping[str, str] = field(default_factory=dict)
    """variable -> unit."""
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """variable (or header) -> text -> code."""


@dataclass(frozen=True)
class Understood:
    """How one column was understood.

    `how` is 'name' (the codebook's own), 'alias', 'label' (the file's label of the column), 'rename', 'ignored',
    'personal' or 'unrecognised'; `variable` is None for the last three.
    """

    column: RawColumn
    variable: str | None
    unit: str | None
    """The unit that header, study or file label name, in the codebook's spelling."""
    unit_known: bool
    """Whether the unit of a bare number is certain: named, or stated by the variable's own name."""
    how: str
    base: str
    """The header without its unit."""
    suggestions: tuple[str, ...] = ()
    """The nearest spellings of an unrecognised header, as 'spelling (variable)'; never used without being asked."""
    note: str = ""
    """Why a column is not used, or what was taken for granted about one that is; '' where there is nothing to say."""
    codes: Mapping[str, str] = field(default_factory=dict)
    """The codes of this column: the study's, else those that the header explains ('1=男,2=女')."""


@dataclass(frozen=True)
class Guess:
    """The best guess for a header: `confidence` is 'exact', 'alias', 'near miss' or 'none'."""

    header: str
    variable: str | None
    confidence: str
    unit: str | None = None
    note: str = ""


def understand(
    table: RawTable | Sequence[RawColumn], source: SourceHints, book: Codebook, where: Location | None = None
) -> list[Understood]:
    """What every column of a table is, in the table's order.

    Raises one InputError with all questions: headers that may mean two things, two headers for one variable; and one
    for a `rename`, or a unit in `units`, that cannot be meant.
    """
    understood, questions = read_columns(table, source, book, where)
    if questions:
        raise ask(questions, _place(table, where))
    return understood


def questions(
    table: RawTable | Sequence[RawColumn], source: SourceHints, book: Codebook, where: Location | None = None
) -> list[Question]:
    """The questions that `understand` would raise, to be shown without stopping."""
    return read_columns(table, source, book, where)[1]


def read_columns(
    table: RawTable | Sequence[RawColumn], source: SourceHints, book: Codebook, where: Location | None = None
) -> tuple[list[Understood], list[Question]]:
    """What every column is, and what must be asked before it may be used. Raises InputError as `understand` does for
    a `rename` or a unit."""
    columns = table.columns if isinstance(table, RawTable) else tuple(table)
    place = _place(table, where)
    targets = _renames(columns, source, book, place)
    understood = [_understand_one(c, targets.get(i), source, book, place) for i, c in enumerate(columns)]
    understood = _with_suggestions(understood, book)
    labelled = table.value_labels if isinstance(table, RawTable) else {}
    asked = {i: q for i, item in enumerate(understood) if (q := _question(item, labelled)) is not None}
    return understood, _together(understood, asked)


def guess(headers: Iterable[RawColumn | str], book: Codebook | None = None) -> list[Guess]:
    """The best guess for every header, for a first study file that a person reviews; near misses are only offered."""
    book = book or codebook()
    return [_guess_one(header, book) for header in headers]


def _place(table: RawTable | Sequence[RawColumn], where: Location | None) -> Location:
    if where is not None or not isinstance(table, RawTable):
        return where or Location()
    return Location(table.source, table.sheet, table.header_rows[-1] if table.header_rows else None)


def _renames(columns: Sequence[RawColumn], source: SourceHints, book: Codebook, place: Location) -> dict[int, str]:
    """Which of the columns (by index) the study renames, and to what: by the whole header, else by its lowest level."""
    found: dict[int, str] = {}
    for header, variable in source.rename.items():
        if variable != IGNORE and variable not in book:
            raise InputError(
                f"rename maps {header!r} to {variable!r}, which is no variable of the codebook",
                where=place,
                do=did_you_mean(variable, [*(v.name for v in book), IGNORE]),
            )
        found.update(dict.fromkeys(_columns_called(header, columns, place), variable))
    return found


def _columns_called(header: str, columns: Sequence[RawColumn], place: Location) -> list[int]:
    key = header_key(header)
    whole = [i for i, c in enumerate(columns) if c.header == header]
    whole = whole or [i for i, c in enumerate(columns) if header_key(c.header) == key]
    lowest = [i for i, c in enumerate(columns) if c.levels and header_key(c.levels[-1]) == key]
    if whole or len(lowest) == 1:
        return whole or lowest
    if not lowest:
        raise InputError(
            f"rename names the header {header!r}, which the file does not have",
            where=place,
            do=did_you_mean(header, [c.header for c in columns]),
        )
    named = " or ".join(repr(columns[i].header) for i in lowest)
    raise InputError(
        f"rename names {header!r}, which is the header of several columns", where=place, do=f"Write {named}."
    )


def _understand_one(
    column: RawColumn, target: str | None, source: SourceHints, book: Codebook, place: Location
) -> Understood:
    reading = read_header(column.levels, book)
    if target is None and column.unused is not None:
        how, why = column.unused
        return Understood(column, None, None, False, how, reading.base, note=why)
    if target == IGNORE:
        return Understood(column, None, None, False, "ignored", reading.base, note="left out by the study")
    if target is not None:
        reading = _declared(column, reading, target, book, place)
    elif column.label and reading.how in ("alias", "unrecognised") and not reading.note:
        reading = _with_label(reading, column.label, book)
    if reading.variable is None:
        return _not_used(column, reading, book)
    return _in_unit(column, reading, source, book, place)


def _declared(column: RawColumn, reading: Reading, target: str, book: Codebook, place: Location) -> Reading:
    """The reading of a column that the study renames; InputError where the header's unit says it is something else."""
    meant = renamed(reading, target, column.levels, book)
    if meant.variable is None:
        raise InputError(
            f"rename maps {column.header!r} to {target}: {meant.note.partition(': ')[2]}",
            where=replace(place, column=column.header),
            do="Map it to 'ignore', or correct the header.",
        )
    return replace(meant, note=_PSEUDONYMS if reading.how == "personal" else "")


def _with_label(reading: Reading, label: str, book: Codebook) -> Reading:
    """The header's reading together with what the file's label of the column says."""
    labelled = read_header((label,), book)
    if labelled.variable is None:
        return reading
    if reading.variable is None:
        return replace(labelled, how="label", note=f"recognised by its label {label!r}")
    if reading.variable == labelled.variable:
        return replace(reading, unit=reading.unit or labelled.unit)
    why = f"its header spells {reading.variable}, its label {label!r} {labelled.variable}"
    return Reading(None, "unrecognised", reading.base, reading.unit, why)


_PSEUDONYMS = "its header is that of personal data: make sure that it holds pseudonyms"


_FRACTION = re.compile(r"[<>]?\s?[0-9]+[.,][0-9]*[1-9]").fullmatch


def unless_measured(item: Understood, book: Mapping[str, Variable]) -> Understood:
    """The item, or not used: measurements under an alias of a yes/no variable are another's (HCT: haematocrit)."""
    if item.how != "alias" or book[str(item.variable)].type != "bool":
        return item
    texts = item.column.cells.texts
    if 2 * sum(map(bool, map(_FRACTION, texts))) <= len(texts):
        return item
    why = f"not {item.variable}: its cells are measurements, and {item.variable} is a yes or no"
    return replace(item, variable=None, how="unrecognised", note=why, codes={})


def _not_used(column: RawColumn, reading: Reading, book: Codebook) -> Understood:
    return Understood(column, None, reading.unit, False, reading.how, reading.base, note=reading.note)


_MANY = 500
"""Unrecognised headers of one table for which near misses are looked up: more are not a table of patients."""


def _with_suggestions(understood: Sequence[Understood], book: Codebook) -> list[Understood]:
    lost = [i for i, item in enumerate(understood) if item.how == "unrecognised"][:_MANY]
    shown = list(understood)
    for i in lost:
        near = near_misses(understood[i].column.header, book)
        names = tuple(name if spelling == name else f"{spelling} ({name})" for spelling, name in near)
        shown[i] = replace(understood[i], suggestions=names)
    return shown


def _in_unit(column: RawColumn, reading: Reading, source: SourceHints, book: Codebook, place: Location) -> Understood:
    variable = book[str(reading.variable)]
    unit = _agreed_unit(column, reading, source.units.get(variable.name), variable, place)
    words = header_words()
    known = unit is not None or not variable.numeric or not variable.unit or variable.unit in words.counted_units
    if not known:
        known = reading.how == "name" or (reading.how == "rename" and variable.name in words.name_states_unit)
    codes = source.codes.get(variable.name) or source.codes.get(column.header) or legend_codes(column.header, variable)
    spelling = codebook_spelling(unit, variable) if unit is not None else None
    note = reading.note or ("" if known else f"no unit is named; numbers are read as {variable.unit}")
    return Understood(column, variable.name, spelling, known, reading.how, reading.base, note=note, codes=codes)


def _agreed_unit(
    column: RawColumn, reading: Reading, declared: str | None, variable: Variable, place: Location
) -> str | None:
    """The unit of header and study together; InputError where they contradict, or the variable cannot have it."""
    if declared is None:
        return reading.unit
    if not may_have_unit(declared, variable):
        units = ", ".join((variable.unit, *variable.alt_units))
        raise InputError(
            f"the study's units give {variable.name} in {declared!r}, which it cannot be in",
            where=replace(place, column=column.header),
            do=f"Units of {variable.name}: {units}." if variable.unit else f"Take {variable.name} out of units.",
        )
    there, said = read_unit(reading.unit or declared), read_unit(declared)
    if there and said and (there.kind, there.scale) != (said.kind, said.scale):
        raise InputError(
            f"the header says {reading.unit}, and the study's units say {declared}",
            where=replace(place, column=column.header),
            why="one of the two is wrong, and every number of the column depends on it",
            do=f"Take {variable.name} out of units, or correct the header.",
        )
    return declared


def _question(item: Understood, labelled: Container[str]) -> Question | None:
    """What a column raises; `labelled` holds the headers whose values the file itself explains (SPSS, Stata)."""
    if item.how in ("ignored", "personal"):
        return None
    coded = bool(item.codes) or item.column.key in labelled
    answered = {"meaning": item.how in ("name", "rename"), "unit": item.unit_known, "codes": coded}
    return question_of(item.column, item.variable, item.base, frozenset(k for k, yes in answered.items() if yes))


def _together(understood: Sequence[Understood], asked: Mapping[int, Question]) -> list[Question]:
    """The questions of single columns and of columns that mean the same, in the table's order.

    Of two columns that mean the same, the one that is doubtful in itself is proposed to be left out, and asked no more.
    """
    by_variable: dict[str, list[int]] = defaultdict(list)
    for i, item in enumerate(understood):
        if item.variable is not None:
            by_variable[item.variable].append(i)
    every: dict[int, list[Question]] = {i: [question] for i, question in asked.items()}
    for variable, same in by_variable.items():
        if len(same) > 1:
            keep, *rest = sorted(same, key=lambda i: i in asked)
            for i in rest:
                every.pop(i, None)
            every.setdefault(keep, []).append(which_of([understood[i].column for i in (keep, *rest)], variable))
    return [question for i in sorted(every) for question in every[i]]


def _guess_one(header: RawColumn | str, book: Codebook) -> Guess:
    column = header if isinstance(header, RawColumn) else RawColumn((header,), 0, _no_cells)
    item = _understand_one(column, None, SourceHints(), book, Location())
    if item.variable is not None:
        label = header_key(item.base) in {header_key(s) for s in book[item.variable].spellings[:3]}
        return Guess(column.header, item.variable, "exact" if label else "alias", item.unit, item.note)
    near = near_misses(column.header, book, 1) if item.how == "unrecognised" else ()
    if near:
        return Guess(column.header, near[0][1], "near miss", item.unit, item.note)
    return Guess(column.header, None, "none", item.unit, item.note)


def _no_cells() -> Distinct:
    raise LookupError("a guess looks at headers only")
