"""Display tables of descriptive results: completeness, Table 1, frequency, testing, two-by-two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.blocks import Cell, Column, Row, Table
from neurohlh.report.names import Names

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
    states = [s for s in STATE_WORDS if rows.loc[rows["level"] == s, "events"].sum() > 0 or s == "value"]
    columns = [Column("Variable", number=False)]
    columns += [Column(STATE_WORDS[s], "n/N (%)" if s == "value" else "n") for s in states]
    body = []
    for variable, part in rows.groupby("variable", sort=False):
        at: dict[Any, Any] = part.set_index("level")[["n", "events"]].to_dict("index")
        cells = [Cell(names.label(str(variable)))]
        for state in states:
            n, total = at[state]["events"], at[state]["n"]
            cells.append(Cell(fmt.count_of(n, total) if state == "value" else fmt.integer(n)))
        body.append(Row(tuple(cells)))
    caption = "How complete each variable is: patients by the state of their cell"
    return (Table(caption, tuple(columns), tuple(body), tuple(result.notes), fold=12, key="completeness"),)


def table1(result: Result, names: Names) -> tuple[Table, ...]:
    """Table 1: medians and quartiles or n/N by group, missing below each variable, SMD and tests where there are."""
    tidy = result.tidy
    groups = list(result.method.get("groups") or tidy.loc[tidy["term"] == "size", "group"])
    extra = [t for t in ("smd", "test") if (tidy["term"] == t).any()]
    columns = [Column("Characteristic", number=False), *_group_columns(tidy, groups, names)]
    columns += [Column("SMD" if t == "smd" else "p value") for t in extra]
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
    size = tidy[tidy["term"] == "size"].set_index("group")["estimate"]
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
        if found["events"].sum() > 0:
            for level in dict.fromkeys(found["level"]):
                cells = _share_cells(part, term, level, groups)
                rows.append(Row((Cell(_side(word, level)), *cells, *empty), "sub"))
    return rows


def _side(word: str, level: str) -> str:
    return {"left": "Recorded as below a limit", "right": "Recorded as above a limit"}.get(level, word)


def _median_cells(rows: pd.DataFrame, groups: Sequence[str]) -> list[Cell]:
    decimals = min(2, fmt.decimals_for(rows["estimate"].dropna().tolist()))
    small = rows["estimate"].abs().max() < 1
    places = 2 if small else decimals
    cells = []
    for group in groups:
        at = rows[rows["group"] == group].set_index("measure")
        if not len(at) or fmt.is_missing(at["estimate"].get("median")):
            cells.append(Cell(fmt.MISSING, note=_first_note(at)))
            continue
        q = [fmt.fixed(at["estimate"][m], places) for m in ("median", "q25", "q75")]
        joint = " to " if q[1].startswith(fmt.MINUS) else "–"
        cells.append(Cell(f"{q[0]} ({q[1]}{joint}{q[2]})", note=_first_note(at)))
    return cells


def _share_cells(part: pd.DataFrame, term: str, level: str, groups: Sequence[str]) -> list[Cell]:
    found = part[(part["term"] == term) & (part["level"] == level)].drop_duplicates("group").set_index("group")
    at: dict[Any, Any] = found.to_dict("index")
    cells = []
    for group in groups:
        row = at.get(group, {"n": 0, "events": 0, "note": ""})
        text = fmt.count_of(row["events"], row["n"]) if row["n"] > 0 else fmt.MISSING
        cells.append(Cell(text, note=str(row["note"])))
    return cells


def _comparison(part: pd.DataFrame, term: str) -> Cell:
    found = part[part["term"] == term]
    if not len(found):
        return Cell()
    row = found.iloc[0]
    if term == "smd":
        return Cell(fmt.fixed(row["estimate"], 2), note=str(row["note"]))
    return Cell(fmt.p_value(row["p_value"]), note=str(row["note"] or row["method"]))


def _first_note(rows: pd.DataFrame) -> str:
    return next((str(n) for n in rows["note"] if n), "")


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
            rows.append(Row((Cell(names.level("center_id", group), span=4),), "group"))
        for row in tidy[tidy["group"] == group].to_dict("records"):
            word, meaning = FREQUENCY_WORDS[row["term"]]
            cells = (
                Cell(word, sub=meaning),
                Cell(fmt.integer(row["events"])),
                Cell(fmt.integer(row["n"])),
                Cell(
                    fmt.with_interval(row["estimate"], row["conf_low"], row["conf_high"], fmt.percent),
                    note=str(row["note"]),
                ),
            )
            rows.append(Row(cells))
    head = (Column("Reading of an unknown status", number=False), Column("With CNS involvement", "n"))
    level = confidence(result)
    columns = (*head, Column("Patients", "N"), Column("Frequency", f"{level} interval"))
    notes = (f"{interval_words(result)}", *result.notes)
    return (Table("Frequency of CNS involvement", columns, tuple(rows), tuple(n for n in notes if n), key="frequency"),)


def testing(result: Result, names: Names) -> tuple[Table, ...]:
    """How many patients were tested in each domain, by outcome, and the difference in percentage points."""
    tidy = result.tidy
    rates = tidy[tidy["measure"] == "proportion"]
    groups = list(dict.fromkeys(rates["group"]))
    groups = [g for g in groups if g != "overall"] + [g for g in groups if g == "overall"]
    outcome = next((o for o in tidy["outcome"] if o), "death")
    columns = [Column("Domain", number=False)]
    columns += [Column(names.level(outcome, g), "tested n/N (%)") for g in groups]
    columns.append(Column("Difference", f"percentage points, {confidence(result)} interval"))
    rows = []
    for variable, part in tidy.groupby("variable", sort=False):
        cells = [Cell(names.label(str(variable)))]
        cells += _share_cells(part.assign(term=part["measure"]), "proportion", "", groups)
        cells.append(_points(part[part["measure"] == "RD"]))
        rows.append(Row(tuple(cells)))
    against = next((c for c in tidy["contrast"] if " vs " in c), "")
    sides = [names.level(outcome, side) for side in against.split(" vs ")]
    compared = f"Difference: {' minus '.join(sides)}." if against else ""
    notes = (compared, interval_words(result), *result.notes)
    caption = "Who was tested, by what happened to the patient"
    return (Table(caption, tuple(columns), tuple(rows), tuple(n for n in notes if n), key="testing"),)


def _points(rows: pd.DataFrame) -> Cell:
    if not len(rows):
        return Cell()
    row = rows.iloc[0]
    return Cell(fmt.with_interval(row["estimate"], row["conf_low"], row["conf_high"], points), note=str(row["note"]))


def points(difference: float | None) -> str:
    """A difference of proportions in percentage points."""
    return fmt.MISSING if fmt.is_missing(difference) else fmt.percent(difference).removesuffix(f"{fmt.THIN}%")


def two_by_two(result: Result, names: Names) -> tuple[Table, ...]:
    """Deaths by exposure with exact limits, and the measures of effect."""
    tidy = result.tidy
    level = confidence(result)
    risks = tidy[tidy["measure"] == "risk"]
    rows = [
        Row(
            (
                Cell(names.group(str(row["group"]))),
                Cell(fmt.integer(row["events"])),
                Cell(fmt.integer(row["n"])),
                Cell(
                    fmt.with_interval(row["estimate"], row["conf_low"], row["conf_high"], fmt.percent),
                    note=str(row["note"]),
                ),
            )
        )
        for row in risks.to_dict("records")
    ]
    columns = (Column("Group", number=False), Column("Died", "n"), Column("Patients", "N"))
    risk = Table(
        "Deaths by CNS status",
        (*columns, Column("Risk of death", f"{level} exact interval")),
        tuple(rows),
        key="two-by-two",
    )
    return (risk, _effects(result, level))


def _effects(result: Result, level: str) -> Table:
    words = {"RD": "Risk difference, percentage points", "RR": "Risk ratio", "OR": "Odds ratio"}
    rows = []
    for row in result.tidy[result.tidy["measure"].isin(words)].to_dict("records"):
        show = points if row["measure"] == "RD" else fmt.ratio
        open_end = "no limit" if row["measure"] == "OR" else ""
        text = fmt.with_interval(row["estimate"], row["conf_low"], row["conf_high"], show, open_end=open_end)
        p = "" if fmt.is_missing(row["p_value"]) else fmt.p_value(row["p_value"])
        rows.append(Row((Cell(words[row["measure"]]), Cell(text, note=str(row["note"])), Cell(p))))
    columns = (Column("Measure", number=False), Column("Estimate", f"{level} interval"), Column("p value"))
    notes = tuple(n for n in (interval_words(result), *result.notes) if n)
    return Table("Measures of effect on death", columns, tuple(rows), notes, key="effects")


def confidence(result: Result) -> str:
    """'95 %'."""
    return fmt.percent(float(result.method.get("conf_level", 0.95)), 0)


def interval_words(result: Result) -> str:
    """How the limits were made, in a sentence."""
    how = result.method.get("interval")
    if not how:
        return ""
    text = "; ".join(map(str, how)) if isinstance(how, (list, tuple)) else str(how)
    return f"Intervals: {text}."
