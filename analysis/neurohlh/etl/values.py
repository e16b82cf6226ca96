"""What the distinct texts of a column mean for its variable: a typed value, a state of not knowing, or a refusal."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from neurohlh.etl.ages import read_span
from neurohlh.etl.answers import parse_answer, parse_category
from neurohlh.etl.characters import plain
from neurohlh.etl.codebook import Variable
from neurohlh.etl.column_units import doubt_column
from neurohlh.etl.dates import read_date
from neurohlh.etl.measures import Measure
from neurohlh.etl.numbers import Habit, Reading, habit_of
from neurohlh.etl.parsed import (
    Fault,
    Parsed,
    State,
    ValueContext,
    canonical_text,
    refused,
    remark,
)
from neurohlh.etl.states import FORMULA_ERRORS, SPECIAL, state_of
from neurohlh.etl.table import Kind
from neurohlh.etl.units import conversion
from neurohlh.etl.words import folded, said, words

__all__ = ["Parsed", "State", "ValueContext", "canonical_text", "parse_column"]

_Reader = Callable[[str, Kind], Parsed]


def parse_column(
    texts: Sequence[str], kinds: Sequence[Kind], variable: Variable, context: ValueContext
) -> list[Parsed]:
    """What each distinct text of a column means, in the order given.

    `texts` are not empty and stripped, `kinds` how the file typed them. Habits of the column (decimal commas, codes
    beyond 0 and 1) are seen over all texts before any is read. Never raises for the content of a cell.
    """
    measure = Measure(variable, context, _habit(texts, kinds, context)) if variable.numeric else None
    read = _number_reader(measure) if measure else _reader(texts, variable, context)
    guarded = _guarded(read, variable, context)
    found = [guarded(text, kind) for text, kind in zip(texts, kinds, strict=True)]
    return doubt_column(measure, texts, found) if measure else found


def _reader(texts: Sequence[str], variable: Variable, context: ValueContext) -> _Reader:
    """How a text is read that is no number, by the type of the variable."""
    if variable.type == "date":
        return lambda text, kind: _parse_date(text, kind, variable, context)
    if variable.type in ("bool", "tri"):
        wild = _codes_beyond_01(texts)
        return lambda text, kind: parse_answer(_unpadded(text, kind), kind, variable, wild)
    if variable.type == "category":
        return lambda text, kind: parse_category(_unpadded(text, kind), variable)
    return _parse_string


def _habit(texts: Sequence[str], kinds: Sequence[Kind], context: ValueContext) -> Habit:
    """How the column writes numbers; a table of decimal commas makes its points doubtful in every column."""
    habit = habit_of(texts, kinds, context.decimal)
    return replace(habit, comma_decimals=habit.comma_decimals or (context.comma_decimals and context.decimal == "."))


def _guarded(read: _Reader, variable: Variable, context: ValueContext) -> _Reader:
    """The reader behind what comes first in every column: the study's codes, its words for missing, formula errors."""
    codes = {**{plain(k): v for k, v in context.codes.items()}, **context.codes}
    missing = context.missing | {plain(word) for word in context.missing}

    def guarded(text: str, kind: Kind) -> Parsed:
        if codes or missing:
            simple = text.isascii() and not text.endswith(".0")
            for key in (text,) if simple else (text, plain(text), _unpadded(text, kind)):
                if key in codes:
                    return _by_study(codes[key], variable, context)
                if key in missing:
                    return Parsed(None, State.BLANK, rule="missing_word")
        if kind == Kind.UNANSWERED:
            return Parsed(None, State.UNKNOWN, rule="unanswered_box")
        if kind == Kind.ERROR or text[0] == "#":
            if text.upper() == "#N/A":
                return Parsed(None, State.BLANK, rule="missing_word")
            if kind == Kind.ERROR or text.upper() in FORMULA_ERRORS:
                return refused(Fault("formula_error"), variable)
        return read(text, kind)

    return guarded


def _unpadded(text: str, kind: Kind) -> str:
    """A code that went through a number on its way, without its '.0'."""
    return text[:-2] if text.endswith(".0") and (kind == Kind.NUMBER or text in ("1.0", "0.0")) else text


def _by_study(target: str, variable: Variable, context: ValueContext) -> Parsed:
    """What the study's own code stands for: a state of not knowing, or a value of the codebook."""
    if target in SPECIAL:
        return Parsed(None, SPECIAL[target], rule=f"code:{target}")
    bare = replace(context, codes={}, missing=frozenset(), unit=None, unit_known=True, decimal=".")
    found = parse_column([target], [Kind.TEXT], variable, bare)[0]
    if found.state != State.VALUE or found.severity == "error":
        allowed = ", ".join(variable.codes) or variable.type
        return refused(Fault("code_invalid", {"codes": allowed, "near": ""}), variable)
    return Parsed(found.value, State.VALUE, "", found.recorded, found.unit, f"code:{target}")


_SMALL_CODE = re.compile(r"[2-9](?:\.0)?").fullmatch


def _codes_beyond_01(texts: Sequence[str]) -> bool:
    """Whether a yes/no column is coded 1 and 2 (and not 0 and 1), which says nothing about which is yes."""
    numbers = {plain(t).removesuffix(".0") for t in texts if len(t) <= 4}
    return "0" not in numbers and any(_SMALL_CODE(n) for n in numbers)


def _parse_string(text: str, kind: Kind) -> Parsed:
    """Identifiers as they are written, with uniform characters, so that tables of two files can be joined."""
    value = _unpadded(plain(text), kind)
    return Parsed(value, rule="" if value == text else "format" if kind == Kind.NUMBER else "fullwidth")


def _parse_date(text: str, kind: Kind, variable: Variable, context: ValueContext) -> Parsed:
    found = read_date(text, kind, context, birth=variable.name == "date_birth")
    if isinstance(found, Fault):
        word = _word_for_date(text, variable) if not re.search(r"\d", text) else None
        return word or refused(found, variable)
    if found.date is None:
        return Parsed(None, State.BLANK, rule="; ".join(found.rules), **remark(found.doubt, variable))
    rule = "" if found.date.isoformat() == text else "; ".join(found.rules)
    doubt = remark(found.doubt, variable) if found.doubt else {}
    return Parsed(found.date, State.VALUE, rule=rule, **doubt)


def _word_for_date(text: str, variable: Variable) -> Parsed | None:
    """A word in a column of dates: not known, or (无, 未移植, 存活) no such event."""
    state = state_of(said(text).key, variable)
    if state is not None:
        return state
    key, w = folded(text), words()
    if w.answer.get(key) == "no" or key in w.not_given or w.own["death"].get(key) == "no":
        return Parsed(None, State.NOT_APPLICABLE, rule="no_event")
    return None


_DURATION_UNITS = frozenset({"days", "years"})
_HAS_NUMBER = re.compile(r"[0-9]")


def _number_reader(measure: Measure) -> _Reader:
    """Numbers; words only where a text has no digit; ages and durations where the variable is one."""
    variable = measure.variable
    timed = variable.unit in _DURATION_UNITS

    def read(text: str, kind: Kind) -> Parsed:
        if kind in (Kind.DATE, Kind.BOOL):
            return refused(Fault("date_in_number" if kind == Kind.DATE else "not_a_number"), variable)
        first = text[0]
        if "0" <= first <= "9" and not timed:
            parsed = measure.parse(text, kind)
        else:
            parsed = _word_for_number(text, variable) or (
                _timed(text, kind, measure) if timed else measure.parse(text, kind)
            )
        return parsed

    return read


_NUMBER_FAULTS: Mapping[str, str] = {
    "high_or_low": "elevated_without_number",
    "below_detection": "below_detection",
    "normal": "normal_without_number",
}


def _word_for_number(text: str, variable: Variable) -> Parsed | None:
    """A word or sign in a column of numbers: a state of not knowing, or a result without its number."""
    key = folded(text)
    if _HAS_NUMBER.search(key):
        return None
    w = words()
    group = w.number.get(key) or w.number.get(re.sub(r"\s*\(.*\)$", "", key))
    equivocal = w.state.get(key) == "equivocal"
    if group and variable.unit not in _DURATION_UNITS:
        return refused(Fault(_NUMBER_FAULTS[group]), variable)
    return None if equivocal and key not in ("?", "??") else state_of(key, variable)


_OPEN_NUMBER = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s?\+").fullmatch
_PLAIN_TIME = re.compile(r"[<>≤≥=\s]*[0-9][0-9.,eE+-]*").fullmatch


def _timed(text: str, kind: Kind, measure: Measure) -> Parsed:
    """An age or duration: a bare number in the column's unit, or numbers with their units."""
    variable = measure.variable
    if kind == Kind.NUMBER or (_PLAIN_TIME(plain(text)) and not plain(text).endswith("+")):
        return measure.parse(text, kind)
    open_ended = _OPEN_NUMBER(plain(text))
    if open_ended:
        read = Reading(Decimal(open_ended[1]), "right", rules=("censored:right",))
        return _lower_limit(measure.value_of(read), variable)
    span = read_span(text, words().age_bands)
    if isinstance(span, Fault):
        return refused(span, variable)
    wide = ("fullwidth",) if not text.isascii() and plain(text) != text else ()
    if len(span.parts) == 1:
        number, unit = span.parts[0]
        p = measure.value_of(Reading(number, span.censored, unit, rules=(*wide, *span.rules)))
    else:
        total = sum((_in_unit(n, unit, variable) for n, unit in span.parts), Decimal(0))
        p = measure.value_of(Reading(total, span.censored, variable.unit, rules=(*wide, *span.rules)))
    p = p._replace(rule=p.rule.replace("; cell_unit", ""))
    return _lower_limit(p, variable) if p.censored == "right" else p


def _lower_limit(p: Parsed, variable: Variable) -> Parsed:
    """An open length of time (4+ mth), doubted unless something graver is said about it."""
    return p._replace(**remark("open_duration", variable)) if p.state == State.VALUE and not p.code else p


def _in_unit(number: Decimal, unit: str, variable: Variable) -> Decimal:
    way = conversion(unit, variable)
    assert way is not None, "the units of time convert into each other"
    return way(number)
