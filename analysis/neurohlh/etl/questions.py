"""Headers that may mean two things: the question, and the lines of study.toml that answer it.

A column's cells are looked at only where a question hangs on them: a cell that carries its own unit (3岁2月) has
answered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neurohlh.core.errors import InputError, Location
from neurohlh.etl.characters import plain
from neurohlh.etl.codebook import header_key
from neurohlh.etl.header_words import asked_headers, header_words
from neurohlh.etl.table import Kind, RawColumn, column_letter
from neurohlh.etl.units import parse_unit


@dataclass(frozen=True)
class Question:
    """What must be answered before a column can be used.

    `what` is the question, `why` it matters; `answers` are the entries of the source's `rename`, `units` and `codes`
    that answer it (section -> key -> value, the value as TOML), `remarks` what to know when choosing.
    """

    headers: tuple[str, ...]
    variable: str
    what: str
    why: str
    answers: Mapping[str, Mapping[str, str]]
    remarks: str = ""


_NUMBER = re.compile(r"[<>≤≥~]?\s*[+-]?\d[\d.,\s]*")
_DATE = re.compile(r"(?:19|20)\d\d\s*[-./年]\s*\d{1,2}(?:\D.*)?|\d{1,2}[-./]\d{1,2}[-./](?:19|20)?\d\d")
_RESULT = re.compile(r"正常|异常|未见|病变|信号|无殊|normal|abnormal|lesion|unremarkable|finding", re.I)


def _holds(column: RawColumn, what: str) -> bool:
    """Whether some cell is a plain number, a date, or the result of an examination; or all of them are units."""
    cells = column.cells
    if what == "units":
        return bool(cells.texts) and all(len(t) < 20 and parse_unit(t) is not None for t in cells.texts)
    if what == "dates":
        return any(k == Kind.DATE or _DATE.fullmatch(plain(t)) for t, k in zip(cells.texts, cells.kinds, strict=True))
    pattern = {"numbers": _NUMBER.fullmatch, "results": _RESULT.search}[what]
    return any(pattern(plain(t)) for t in cells.texts)


def question_of(column: RawColumn, variable: str | None, base: str, answered: frozenset[str]) -> Question | None:
    """The question that a column raises, or None.

    `base` is the header without its unit; `answered` names what is known of the column: 'meaning', 'unit', 'codes'.
    """
    if variable is None:
        lowest = base.split(" / ")[-1]
        entry = asked_headers().get(header_key(column.header)) or asked_headers().get(header_key(lowest))
        return _ask(column, "", entry) if entry else None
    for entry in header_words().ambiguous:
        if entry.get("variable") != variable or _answered(entry, answered):
            continue
        if "headers" in entry and header_key(base.split(" / ")[-1]) not in {header_key(h) for h in entry["headers"]}:
            continue
        if _holds(column, entry["cells"]):
            return _ask(column, variable, entry)
    return None


def _answered(entry: Mapping[str, Any], answered: frozenset[str]) -> bool:
    """Whether the header, its legend or the study has said what the entry would ask."""
    if "meaning" in answered and ("headers" in entry or "units" not in entry):
        return True
    return ("unit" if "units" in entry or entry["cells"] == "dates" else "codes") in answered


def _ask(column: RawColumn, variable: str, entry: Mapping[str, Any]) -> Question:
    header = column.header
    answers: dict[str, dict[str, str]] = {}
    remarks = []
    if "units" in entry:
        first, *others = entry["units"]
        answers["units"] = {variable: json.dumps(first)}
        remarks += [f"or {', '.join(json.dumps(u) for u in others)}"] if others else []
    if entry.get("codes"):
        answers["codes"] = {variable: '{ "<number for dead>" = "1", "<number for alive>" = "0" }'}
    if "rename" in entry:
        answers["rename"] = {header: json.dumps(entry["rename"])}
    if "ignore" in entry:
        line = f'rename = {{ {_quoted(header)} = "ignore" }}'
        if answers:
            remarks.append(f"{entry['ignore']}: {line}")
        else:
            answers["rename"] = {header: '"ignore"'}
            remarks.append(entry["ignore"])
    if "answers" in entry:
        remarks.append(entry["answers"])
    what = entry["question"].format(header=repr(header), variable=variable)
    return Question((header,), variable, what, entry["why"], answers, "; ".join(remarks))


def which_of(columns: Sequence[RawColumn], variable: str) -> Question:
    """The question that several headers of one variable raise; the first of `columns` is the one proposed to stay."""
    headers = tuple(c.header for c in columns)
    named = " and ".join(f"{c.header!r} (column {column_letter(c.position)})" for c in columns)
    why = "which of them the analysis should use is the study's choice, not the program's"
    if len(set(headers)) < len(headers):
        return Question(headers, variable, f"{named} have the same header", why, {}, "rename one of them in the file")
    answers = {"rename": dict.fromkeys(headers[1:], '"ignore"')}
    return Question(
        headers,
        variable,
        f"{named} both mean {variable}",
        why,
        answers,
        f"or keep another one and ignore {_quoted(headers[0])}",
    )


def answer_lines(questions: Iterable[Question]) -> list[str]:
    """The lines of the source's section in study.toml that answer all questions, one per key, ready to be edited."""
    merged: dict[str, dict[str, str]] = {}
    for question in questions:
        for section, entries in question.answers.items():
            merged.setdefault(section, {}).update(entries)
    return [
        f"{section} = {{ " + ", ".join(f"{_key(k)} = {v}" for k, v in entries.items()) + " }"
        for section, entries in merged.items()
    ]


def _key(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else _quoted(text)


def _quoted(text: str) -> str:
    """A TOML basic string (JSON's escapes are TOML's)."""
    return json.dumps(text, ensure_ascii=False)


def ask(questions: Sequence[Question], where: Location) -> InputError:
    """All questions of one file as one error."""
    if len(questions) == 1:
        where = Location(where.source, where.sheet, where.row, questions[0].headers[0])
        what, why = questions[0].what, questions[0].why
    else:
        listed = "".join(f"\n  {i}. {q.what} ({q.why})" for i, q in enumerate(questions, 1))
        what = f"{len(questions)} questions about headers:{listed}"
        why = "a header that may mean two things must not be guessed"
    remarks = [f"{' and '.join(map(repr, q.headers))}: {q.remarks}" for q in questions if q.remarks]
    lines = answer_lines(questions)
    do = "\n".join(
        [
            *(
                ["Answer in study.toml, in the [[source]] of this file (entries join those already there):"]
                if lines
                else []
            ),
            *(f"    {line}" for line in lines),
            *(f"  {remark}" for remark in remarks),
        ]
    ).strip()
    return InputError(what, where=where, why=why, do=do)
