"""The diagnostics of a result as a table: what was checked, its numbers, and what they say."""

from __future__ import annotations

from typing import Any

import pandas as pd

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.blocks import Cell, Column, Row, Table
from neurohlh.report.names import Names
from neurohlh.report.tables.cells import Record, number_cell, p_cell, plain_text, records, small_number

VERDICT_WORDS = {"ok": "no concern", "attention": "attention", "not estimable": "not estimable"}
_NUMBERS = ("value", "statistic", "df", "p_value")


def checks(result: Result, names: Names) -> tuple[Table, ...]:
    """The checks of any result; columns without a number, and a note that no row has, are left out."""
    frame = result.checks
    if not len(frame):
        return ()
    numbers = [c for c in _NUMBERS if any(_given(v) for v in frame[c])]
    worded = [c for c in ("verdict", "note") if any(plain_text(v) for v in frame[c])]
    columns = [Column("Check", number=False), *(Column(_head(c)) for c in numbers)]
    columns += [Column(c.capitalize(), number=False) for c in worded]
    rows = []
    for row in records(frame):
        words = (Cell(_words(plain_text(row[c]), c, names)) for c in worded)
        head = Cell(capital(plain_text(row["check"])), sub=check_term(row, names))
        rows.append(Row((head, *(_number(row, c) for c in numbers), *words)))
    title = str(result.method.get("title") or capital(result.kind.replace("_", " ")))
    caption = f"Checks: {title}"
    return (Table(caption, tuple(columns), tuple(rows), fold=12, key=f"{result.kind}-checks", frame="checks"),)


def cox_checks(result: Result, names: Names) -> tuple[Table, ...]:
    """The checks of a Cox model; only judged checks get a verdict: that a fit converged is no praise of the model."""
    frame = _one_influence(result.checks)
    if not len(frame):
        return ()
    rows = []
    for row in records(frame):
        word = check_term(row, names)
        error = row["check"] == "concordance" and _given(row["statistic"])
        if error:  # here the statistic is the standard error of the value
            word = f"standard error {small_number(row['statistic'])}"
        statistic = Cell() if error else _number(row, "statistic")
        cells = (
            Cell(capital(str(row["check"])), sub=word, note=plain_text(row["note"])),
            _number(row, "value"),
            statistic,
            _number(row, "df"),
            p_cell(row),
            Cell(_verdict(row)),
        )
        rows.append(Row(cells))
    columns = [Column("Check", number=False), Column("Value"), Column("Statistic"), Column("df")]
    columns += [Column(fmt.p_head()), Column("Verdict", number=False)]
    said = result.method.get("ph_test", "")
    method = f"Proportional hazards: {said}." if said else ""
    caption = "Checks of the Cox model"
    return (Table(caption, tuple(columns), tuple(rows), key="cox-checks", method=method, frame="checks"),)


def capital(text: str) -> str:
    """The text with its first letter large, unless it is a name of the program's or starts with a sign."""
    first = text.partition(" ")[0]
    return text if text[:1].isupper() or "(" in first or "_" in first else text[:1].upper() + text[1:]


def check_term(row: Record, names: Names) -> str:
    """What a check is about, in words."""
    term = plain_text(row["term"])
    if term == "GLOBAL":
        return "all terms together" if _given(row["p_value"]) else ""
    return names.check_term(term) if term else ""


def _words(text: str, column: str, names: Names) -> str:
    return capital(VERDICT_WORDS.get(text, text) if column == "verdict" else names.prose(text))


def _given(value: Any) -> bool:
    return not fmt.is_missing(value) and value != ""


def _head(column: str) -> str:
    return {"p_value": fmt.p_head(), "df": "df"}.get(column, column.capitalize())


def _number(row: Record, column: str) -> Cell:
    if not _given(row[column]):
        return Cell()
    return p_cell(row) if column == "p_value" else number_cell(row, column, small_number)


def _one_influence(frame: pd.DataFrame) -> pd.DataFrame:
    """The checks with the largest influence of a single patient only, and without saying whose: no report names one."""
    influences = frame[frame["check"] == "largest influence"]
    if influences.empty:
        return frame
    most = int(influences.index[int(influences["value"].abs().astype(float).argmax())])
    kept = frame[(frame["check"] != "largest influence") | (frame.index == most)].copy()
    note = "value: by how many standard errors one patient moves this coefficient, the most in the model (dfbetas)"
    kept.loc[most, "note"] = note
    kept.loc[most, "term"] = ": ".join(str(kept.loc[most, "term"]).split(" ", 1))  # a level, if there is one
    return kept


def _verdict(row: Record) -> str:
    judged = row["check"] in ("events per parameter", "proportional hazards") or row["verdict"] != "ok"
    return VERDICT_WORDS.get(str(row["verdict"]), "") if judged else ""
