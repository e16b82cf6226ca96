"""Display tables of descriptive results: completeness, Table 1, frequency, testing, two-by-two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.blocks import Cell, Column, Row, Table
from neurohlh.report.names import Names
from neurohlh.report.tables.cells import (
    ROW,
    below,
    confidence,
    estimate_cell,
    interval_head,
    number_cell,
    p_cell,
    ratio_cell,
    records,
    share_cell,
    sort_value,
)

STATE_WORDS = {
    "value": "Known",
    "blank": "Blank",
    "not_done": "Not done",
    "not_applicable": "Not applicable",
    "unknown": "Unknown",
    "equivocal": "Equivocal",
    "refused": "Refused",
    "no_column": "No column",
}
FREQUENCY_WORDS = {
    "as tested": ("As tested", "patients whose status is known"),
    "unknown as negative": ("Unknown read as negative", "the habit of the literature; also the best case"),
    "worst case: unknown as positive": ("Worst case", "every unknown patient is positive"),
}


def completeness(result: Result, names: Names) -> tuple[Table, ...]:
    """Known values with their denominator, and the other states as counts; states that never occur are left out."""
    rows = result.tidy
    states = [s for s in STATE_WORDS if s == "value" or _any(rows.loc[rows["level"] == s, "events"])]
    columns = [Column("Variable", number=False)]
    columns += [Column(STATE_WORDS[s], "n/N (%)" if s == "value" else "n") for s in states]
    body = []
    for variable, part in rows.groupby("variable", sort=False):
        at = {row["level"]: row for row in records(part)}
        shown = (share_cell(at[s]) if s == "value" else number_cell(at[s], "events") for s in states)
        body.append(Row((Cell(names.label(str(variable))), *shown)))
    caption = "How complete each variable is: patients by the state of their cell"
    return (Table(caption, tuple(columns), tuple(body), tuple(result.notes), fold=12, key="completeness"),)


def table1(result: Result, names: Names) -> tuple[Table, ...]:
    """Table 1: medians and quartiles or n/N by group, missing below each variable, SMD and tests where there are."""
    tidy = result.tidy
    groups = list(result.method.get("groups") or tidy.loc[tidy["term"] == "size", "group"])
    extra = [t for t in ("smd", "test") if (tidy["term"] == t).any()]
    columns = [Column("Characteristic", number=False), *_group_columns(tidy, groups, names)]
    columns += [Column("SMD" if t == "smd" else fmt.p_head()) for t in extra]
    rows: list[Row] = []
    for variable, part in tidy[tidy["variable"] != ""].groupby("variable", sort=False):
        rows += _table1_rows(str(variable), part, groups, extra, names)
    return (
        Table(
            "Characteristics at baseline by CNS status" if len(groups) > 1 else "Characteristics at baseline",
            tuple(columns),
            tuple(rows),
            (*_table1_notes(result, extra, names), *(names.prose(n) for n in result.notes)),
            fold=45,
            key="table1",
        ),
    )


def _group_columns(tidy: pd.DataFrame, groups: Sequence[str], names: Names) -> list[Column]:
    size = {row["group"]: row["estimate"] for row in records(tidy[tidy["term"] == "size"])}
    return [Column(names.group(g), f"n = {fmt.integer(size.get(g))}") for g in groups]


def _table1_rows(
    variable: str, part: pd.DataFrame, groups: Sequence[str], extra: Sequence[str], names: Names
) -> list[Row]:
    tail = [_comparison(part, term) for term in extra]
    empty = [Cell() for _ in extra]
    medians = part[part["term"] == "summary"]
    levels = list(dict.fromkeys(part.loc[part["term"] == "level", "level"]))
    rows = []
    if len(medians):
        cells = _median_cells(medians, groups)
        rows.append(Row((Cell(names.with_unit(variable), sub="median (quartiles)"), *cells, *tail)))
    elif len(levels) == 1:
        head = names.label(variable)
        if levels[0] not in ("true", "met", "1"):
            head = f"{head}: {names.level(variable, levels[0])}"
        rows.append(Row((Cell(head), *_share_cells(part, "level", levels[0], groups), *tail)))
    else:
        rows.append(Row((Cell(names.label(variable)), *(Cell() for _ in groups), *tail)))
        for level in levels:
            cells = _share_cells(part, "level", level, groups)
            rows.append(Row((Cell(names.level(variable, level)), *cells, *empty), "sub"))
    for term, word in (("censored", "Recorded as beyond a limit"), ("missing", "Missing")):
        found = part[part["term"] == term]
        if _any(found["events"]):
            for level in dict.fromkeys(found["level"]):
                cells = _share_cells(part, term, level, groups)
                rows.append(Row((Cell(_side(word, level)), *cells, *empty), "sub"))
    return rows


def _side(word: str, level: str) -> str:
    return {"left": "Recorded as below a limit", "right": "Recorded as above a limit"}.get(level, word)


def _any(counts: pd.Series) -> bool:
    """Whether any of the counts is above zero, or is one that nobody may see."""
    return any(fmt.is_suppressed(n) or (not fmt.is_missing(n) and n > 0) for n in counts)


def _median_cells(rows: pd.DataFrame, groups: Sequence[str]) -> list[Cell]:
    known = [abs(float(v)) for v in rows["estimate"] if not fmt.is_missing(v) and not fmt.is_suppressed(v)]
    places = 2 if known and max(known) < 1 else min(2, fmt.decimals_for(known))
    return [_median_cell({r["measure"]: r for r in records(rows[rows["group"] == g])}, places) for g in groups]


def _median_cell(at: dict[str, dict[Any, Any]], places: int) -> Cell:
    note = next((str(row["note"]) for row in at.values() if row["note"]), "")
    parts = [at[m] for m in ("median", "q25", "q75") if m in at]
    if len(parts) < 3 or fmt.is_missing(parts[0]["estimate"]):
        return Cell(fmt.MISSING, note=note)
    median, low, high = (row["estimate"] for row in parts)
    text = fmt.with_interval(median, low, high, lambda value: fmt.fixed(value, places))
    return Cell(text, note=note, value=sort_value(median), rows=tuple(row[ROW] for row in parts))


def _share_cells(part: pd.DataFrame, term: str, level: str, groups: Sequence[str]) -> list[Cell]:
    found = part[(part["term"] == term) & (part["level"] == level)].drop_duplicates("group")
    at = {row["group"]: row for row in records(found)}
    return [replace(share_cell(at[g]), sub="") if g in at else Cell(fmt.MISSING) for g in groups]


def _comparison(part: pd.DataFrame, term: str) -> Cell:
    found = records(part[part["term"] == term])
    if not found:
        return Cell()
    row = found[0]
    if term == "smd":
        return Cell(
            fmt.fixed(row["estimate"], 2), note=str(row["note"]), value=sort_value(row["estimate"]), rows=(row[ROW],)
        )
    return p_cell(row, note=str(row["note"] or row["method"]))


def _table1_notes(result: Result, extra: Sequence[str], names: Names) -> list[str]:
    method = result.method
    notes = ["Median (25th to 75th percentile), or n/N (%) where N counts the patients whose value is known."]
    if "smd" in extra:
        pairs = {names.contrast(c) for c in result.tidy.loc[result.tidy["term"] == "smd", "contrast"] if c}
        compared = f" ({fmt.sentence_list(sorted(pairs))})" if pairs else ""
        how = f"; {method['smd']}" if method.get("smd") else ""
        notes.append(f"SMD: standardised mean difference{compared}{how}.")
    if "test" not in extra:
        notes.append("No hypothesis tests: differences at baseline are described, not tested.")
    return notes


def frequency(result: Result, names: Names) -> tuple[Table, ...]:
    """CNS involvement as tested and under the two extremes, each with its denominator and interval."""
    tidy = result.tidy[result.tidy["term"].isin(FREQUENCY_WORDS)]
    groups = list(dict.fromkeys(tidy["group"]))
    rows: list[Row] = []
    for group in groups:
        if len(groups) > 1:
            rows.append(Row((Cell(names.level("center_id", group), span=3),), "group"))
        for row in records(tidy[tidy["group"] == group]):
            word, meaning = FREQUENCY_WORDS[row["term"]]
            limits = fmt.interval(row["conf_low"], row["conf_high"], fmt.percent)
            cells = (Cell(word, sub=meaning), replace(share_cell(row), sub=""), Cell(below(limits), rows=(row[ROW],)))
            rows.append(Row(cells, "sub" if len(groups) > 1 else "body"))
    columns = (
        Column("Reading of an unknown status", number=False),
        Column("With CNS involvement", "n/N (%)"),
        Column(interval_head(result)),
    )
    notes = tuple(names.prose(n) for n in result.notes)
    return (
        Table(
            "Frequency of CNS involvement", columns, tuple(rows), notes, key="frequency", method=interval_words(result)
        ),
    )


def testing(result: Result, names: Names) -> tuple[Table, ...]:
    """How many patients were tested in each domain, by outcome, and the difference in percentage points."""
    tidy = result.tidy
    rates = tidy[tidy["measure"] == "proportion"]
    groups = list(dict.fromkeys(rates["group"]))
    groups = [g for g in groups if g != "overall"] + [g for g in groups if g == "overall"]
    outcome = next((o for o in tidy["outcome"] if o), "death")
    columns = [Column("Domain", number=False)]
    columns += [Column(names.level(outcome, g), "tested n/N (%)") for g in groups]
    columns.append(Column("Difference", f"percentage points, {interval_head(result)}"))
    rows = []
    for variable, part in tidy.groupby("variable", sort=False):
        cells = [Cell(names.label(str(variable)))]
        cells += _share_cells(part.assign(term=part["measure"]), "proportion", "", groups)
        cells += [estimate_cell(r, fmt.percentage_points) for r in records(part[part["measure"] == "RD"])[:1]]
        rows.append(Row((*cells, *([Cell()] if len(cells) <= len(groups) + 1 else []))))
    against = next((c for c in tidy["contrast"] if " vs " in c), "")
    sides = [names.level(outcome, side) for side in against.split(" vs ")]
    compared = f"Difference: {' minus '.join(sides)}." if against else ""
    notes = tuple(n for n in (compared, *result.notes) if n)
    caption = "Who was tested, by what happened to the patient"
    return (Table(caption, tuple(columns), tuple(rows), notes, key="testing", method=interval_words(result)),)


def two_by_two(result: Result, names: Names) -> tuple[Table, ...]:
    """Deaths by exposure with exact limits, and the measures of effect."""
    tidy = result.tidy
    rows = []
    for row in records(tidy[tidy["measure"] == "risk"]):
        limits = fmt.interval(row["conf_low"], row["conf_high"], fmt.percent)
        cells = (Cell(names.group(str(row["group"]))), replace(share_cell(row), sub=""))
        rows.append(Row((*cells, Cell(below(limits), rows=(row[ROW],)))))
    columns = (
        Column("Group", number=False),
        Column("Died", "n/N (%)"),
        Column("Risk of death", f"{confidence(result)} exact interval"),
    )
    risk = Table("Deaths by CNS status", columns, tuple(rows), key="two-by-two")
    return (risk, _effects(result))


def _effects(result: Result) -> Table:
    words = {"RD": "Risk difference, percentage points", "RR": "Risk ratio", "OR": "Odds ratio"}
    rows = []
    for row in records(result.tidy[result.tidy["measure"].isin(words)]):
        open_end = "no limit" if row["measure"] == "OR" else ""
        if row["measure"] == "RD":
            shown = estimate_cell(row, fmt.percentage_points)
        else:
            shown = ratio_cell(row, open_end=open_end)
        rows.append(Row((Cell(words[row["measure"]]), shown, p_cell(row))))
    columns = (Column("Measure", number=False), Column("Estimate", interval_head(result)), Column(fmt.p_head()))
    method = interval_words(result)
    return Table("Measures of effect on death", columns, tuple(rows), tuple(result.notes), key="effects", method=method)


def interval_words(result: Result) -> str:
    """How the limits were made, in a sentence."""
    how = result.method.get("interval")
    if not how:
        return ""
    text = "; ".join(map(str, how)) if isinstance(how, (list, tuple)) else str(how)
    return f"Intervals: {text}."
