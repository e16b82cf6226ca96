"""From a raw table to typed columns: every distinct text is read once, then looked up per row."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from neurohlh.core.errors import InputError, Location
from neurohlh.etl.codebook import Variable
from neurohlh.etl.columns import Understood, unless_measured
from neurohlh.etl.numbers import writes_comma_decimals
from neurohlh.etl.table import Distinct, Kind, RawTable
from neurohlh.etl.values import Parsed, State, ValueContext, canonical_text, parse_column
from neurohlh.etl.words import folded, words

_MANY = 12
"""How many places one message names before it only counts."""


@dataclass(frozen=True)
class SourceSettings:
    """What the study file says about one source."""

    decimal: str = "."
    comma_decimals: bool = False
    """Whether the table writes decimal commas although it is declared to use points; seen, not declared."""
    dates: str | None = None
    center: str | None = None
    missing: frozenset[str] = frozenset()
    unit_doubt: str = "refuse"
    partial_dates: str = "refuse"
    today: dt.date | None = None


@dataclass(frozen=True)
class CleanColumn:
    """One recognised column. The arrays have one entry per distinct text and a last one for the empty cell, so that a
    row's code (-1 where empty) indexes them directly."""

    variable: Variable
    header: str
    codes: np.ndarray
    raw: np.ndarray
    values: np.ndarray
    """float64, object (str/None), int8 (bool: 1, 0, -1 unknown) or datetime64[s], by the variable's type."""
    state: np.ndarray
    censored: np.ndarray
    """int8: -1 left, 0 not, 1 right."""
    recorded: np.ndarray
    unit: np.ndarray
    shown: np.ndarray
    """Canonical text of each value, '' where there is none."""
    parsed: tuple[Parsed, ...]
    """Empty where the column is text that is taken as it stands."""

    def per_row(self, what: np.ndarray) -> np.ndarray:
        """One of the column's arrays, looked up for every row."""
        return what[self.codes]

    @property
    def in_other_unit(self) -> bool:
        """Whether some value was recorded in another unit than the codebook's, or in none that was named."""
        return bool(((self.state == State.VALUE) & (self.unit != self.variable.unit)).any())

    @property
    def changed(self) -> np.ndarray:
        """Per distinct text: whether what is written differs from what was read, and is no refusal."""
        return (self.shown != self.raw) & (self.state != State.REFUSED)


@dataclass(frozen=True)
class CleanTable:
    """A raw table with its recognised columns cleaned, by variable."""

    raw: RawTable
    understood: tuple[Understood, ...]
    columns: Mapping[str, CleanColumn]
    center: str | None = None


def clean_table(
    raw: RawTable, understood: Sequence[Understood], book: Mapping[str, Variable], settings: SourceSettings
) -> CleanTable:
    """The recognised columns of `raw` as typed columns.

    Raises InputError for formula errors in a recognised column: what the workbook shows there is no data.
    """
    columns = {}
    understood = [unless_measured(item, book) for item in understood]
    numeric = (item.column.cells for item in understood if item.variable and book[item.variable].numeric)
    settings = replace(settings, comma_decimals=settings.decimal == "." and writes_comma_decimals(numeric))
    present = {item.variable for item in understood}
    for item in understood:
        if item.variable is None:
            continue
        variable = book[item.variable]
        _refuse_formula_errors(raw, item.column.header, item.column.cells)
        context = _context(item, variable, raw, settings)
        if item.unit is None and f"{variable.name}_unit" in present:  # the unit stands in a column of its own
            context = replace(context, unit_known=False)
        columns[variable.name] = _clean_column(variable, item, raw, context)
    return CleanTable(raw, tuple(understood), columns, settings.center)


def _labelled(cells: Distinct, labels: Mapping[str, str], context: ValueContext) -> Distinct:
    """What the cells say by the labels that the file keeps for its codes; what the study says of one comes first."""
    told = {t: labels[t] for t in cells.texts if t in labels and t not in context.codes and t not in context.missing}
    if not told:
        return cells
    pairs = list(zip(cells.texts, cells.kinds, strict=True))
    texts = [t if k == Kind.UNANSWERED else told.get(t, t) for t, k in pairs]
    kinds = [Kind.TEXT if t in told and k != Kind.UNANSWERED else k for t, k in pairs]
    return replace(cells, texts=texts, kinds=kinds)


def _refuse_formula_errors(raw: RawTable, header: str, cells: Distinct) -> None:
    broken = []
    if Kind.ERROR in cells.kinds:
        broken = [i for i, kind in enumerate(cells.kinds) if kind == Kind.ERROR and cells.texts[i] != "#N/A"]
    broken += [i for i, t in enumerate(cells.texts) if t.startswith("#") and t.rstrip("!?") in _FORMULA_ERRORS]
    if not broken:
        return
    rows = raw.rows[np.isin(cells.codes, broken)]
    shown = ", ".join(map(str, rows[:_MANY])) + (f" and {len(rows) - _MANY} more" if len(rows) > _MANY else "")
    raise InputError(
        f"formula error ({cells.texts[broken[0]]}) in row{'s' if len(rows) > 1 else ''} {shown}",
        where=Location(raw.source, raw.sheet, int(rows[0]), header),
        why="the workbook holds a broken formula there, so the value it should show is lost",
        do="Repair the formula, or paste the values, in the workbook and run again.",
    )


_FORMULA_ERRORS = frozenset(("#REF", "#VALUE", "#NAME", "#DIV/0", "#NUM", "#NULL", "#SPILL", "#CALC"))


def _context(item: Understood, variable: Variable, raw: RawTable, settings: SourceSettings) -> ValueContext:
    return ValueContext(
        unit=item.unit,
        unit_known=item.unit_known,
        decimal=settings.decimal,
        comma_decimals=settings.comma_decimals,
        date_order=settings.dates,
        date1904=raw.date1904,
        codes=item.codes,
        missing=settings.missing,
        unit_doubt=settings.unit_doubt,
        partial_dates=settings.partial_dates,
        today=settings.today,
    )


def _clean_column(variable: Variable, item: Understood, table: RawTable, context: ValueContext) -> CleanColumn:
    cells = item.column.cells
    raw = np.array([*cells.texts, ""], dtype=object)
    if variable.narrative or (variable.type == "string" and not context.codes):
        return _text_column(variable, item, cells, raw)
    said = _labelled(cells, table.value_labels.get(item.column.key, {}), context)
    parsed = parse_column(said.texts, said.kinds, variable, context)
    if said is not cells:
        pairs = zip(parsed, cells.texts, said.texts, strict=True)
        parsed = [p if old == new else p._replace(rule=f"value_label; {p.rule}".rstrip("; ")) for p, old, new in pairs]
    blank = Parsed(None, State.BLANK)
    every = (*parsed, blank)
    return CleanColumn(
        variable=variable,
        header=item.column.header,
        codes=cells.codes,
        raw=raw,
        values=_typed([p.value for p in every], variable.type),
        state=np.array([p.state for p in every], dtype=np.uint8),
        censored=np.array([{"left": -1, "right": 1}.get(p.censored, 0) for p in every], dtype=np.int8),
        recorded=np.array([np.nan if p.recorded is None else p.recorded for p in every], dtype=float),
        unit=np.array([p.unit for p in every], dtype=object),
        shown=np.array(["" if p.value is None else canonical_text(p.value, variable) for p in every], dtype=object),
        parsed=every,
    )


_WHOLE_FLOAT = re.compile(r"[0-9]+\.0").fullmatch


def _text_column(variable: Variable, item: Understood, cells: Distinct, raw: np.ndarray) -> CleanColumn:
    """Identifiers, of which a registry has millions: full-width signs made ordinary, nothing else read into them.

    What a study calls missing (9999) is no identifier's business; a word for not knowing (NA, 不详) is no identifier.
    Prose is taken letter by letter, whatever it says.
    """
    prose = variable.narrative
    plain = prose or all(map(str.isascii, cells.texts))
    texts = cells.texts if plain else [unicodedata.normalize("NFKC", t) for t in cells.texts]
    if texts and not prose and all(map(_WHOLE_FLOAT, texts)):  # identifiers that went through a table of floats
        texts = [t[:-2] for t in texts]
    n = len(raw)
    state = np.full(n, State.VALUE, dtype=np.uint8)
    nobody = [i for i, t in enumerate(texts) if not prose and not t[-1].isdigit() and folded(t) in words().state]
    state[nobody] = State.REFUSED
    state[-1] = State.BLANK
    values = np.array([*texts, None], dtype=object)
    shown = np.array([*texts, ""], dtype=object)
    values[nobody], shown[nobody] = None, ""
    return CleanColumn(
        variable=variable,
        header=item.column.header,
        codes=cells.codes,
        raw=raw,
        values=values,
        state=state,
        censored=np.zeros(n, dtype=np.int8),
        recorded=np.full(n, np.nan),
        unit=np.full(n, None, dtype=object),
        shown=shown,
        parsed=(),
    )


def _typed(values: list[object], kind: str) -> np.ndarray:
    if kind in ("float", "int"):
        return np.array([np.nan if v is None else v for v in values], dtype=float)
    if kind == "bool":
        return np.array([-1 if v is None else int(bool(v)) for v in values], dtype=np.int8)
    if kind == "date":
        return np.array(["NaT" if v is None else v for v in values], dtype="datetime64[s]")
    return np.array(values, dtype=object)
