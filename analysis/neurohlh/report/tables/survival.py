"""Display tables of survival results: Kaplan-Meier, follow-up, log-rank, Cox and its checks."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.blocks import Cell, Column, Row, Table
from neurohlh.report.names import Names
from neurohlh.report.tables.cells import (
    ROW,
    Record,
    below,
    counts_cell,
    estimate_cell,
    interval_head,
    number_cell,
    p_cell,
    ratio_cell,
    records,
    sort_value,
)
from neurohlh.report.tables.checks import cox_checks
from neurohlh.report.tables.describe import interval_words

ANALYSIS_WORDS = {
    "cox": "Hazard ratio",
    "cox_crude": "Crude",
    "cox_crude_same_patients": "Crude, patients of the adjusted model",
    "cox_adjusted": "Adjusted",
    "cox_weighted": "Weighted",
    "cox_weighted_bootstrap": "Weighted, bootstrap limits",
}


def kaplan_meier(result: Result, names: Names) -> tuple[Table, ...]:
    """Survival at the landmarks with the number at risk and the deaths by then, and the median, by group."""
    tidy = result.tidy
    times = sorted(tidy.loc[tidy["measure"] == "survival", "time"].dropna().unique())
    columns = [Column("Group", number=False), Column("Deaths/patients", "n/N")]
    columns += [Column(fmt.duration(t), interval_head(result), spanner="Survival at") for t in times]
    columns.append(Column("Median survival", f"days, {interval_head(result)}"))
    rows = []
    for group in dict.fromkeys(tidy["group"]):
        part = tidy[tidy["group"] == group]
        cells = [Cell(names.group(group)), *(counts_cell(r) for r in records(part[part["term"] == "size"])[:1])]
        cells += [_survival_cell(part, t) for t in times]
        cells.append(_median_cell(part[part["measure"] == "median survival"]))
        rows.append(Row(tuple(cells)))
    notes = (
        "At risk: patients still followed at that time. Deaths: all deaths up to that time, whoever is still followed.",
        *(_in_words(n, names) for n in result.notes),
    )
    usual = "Survival of all patients" if set(tidy["group"]) == {"overall"} else "Survival by CNS status"
    caption = str(result.method.get("title") or usual)
    return (Table(caption, tuple(columns), tuple(rows), notes, key="survival", method=interval_words(result)),)


def _in_words(note: str, names: Names) -> str:
    group, colon, rest = note.partition(": ")
    return f"{names.group(group)}: {rest}" if colon and group.replace("_", "").isalpha() else names.prose(note)


def _survival_cell(part: pd.DataFrame, time: float) -> Cell:
    found = records(part[(part["measure"] == "survival") & (part["time"] == time)])
    return survival_at(found[0]) if found else Cell(fmt.MISSING)


def survival_at(row: Record, *, share: str = "deaths") -> Cell:
    """A curve's value at a time; below it the limits, how many are still at risk, and the events up to then."""
    limits = fmt.interval(row["conf_low"], row["conf_high"], fmt.percent)
    lines = [limits]
    lines += [] if fmt.is_missing(row["n"]) else [f"at risk: {fmt.integer(row['n'])}"]
    lines += [] if fmt.is_missing(row["events"]) else [f"{share} by then: {fmt.integer(row['events'])}"]
    note = str(row["note"])
    return Cell(fmt.percent(row["estimate"]), below(*lines), note, value=sort_value(row["estimate"]), rows=(row[ROW],))


def _median_cell(rows: pd.DataFrame) -> Cell:
    if not len(rows):
        return Cell()
    row = records(rows)[0]
    if fmt.is_missing(row["estimate"]):
        reached = "not reached" if "not reached" in str(row["note"]) else fmt.MISSING
        return Cell(reached, note="" if reached == "not reached" else str(row["note"]), rows=(row[ROW],))
    return estimate_cell(row, fmt.integer, open_end="not reached", note="")


def followup(result: Result, names: Names) -> tuple[Table, ...]:
    """Median follow-up by group, from the reversed curve."""
    medians = result.tidy[result.tidy["measure"] == "median follow-up"]
    rows = [
        Row((Cell(names.group(str(row["group"]))), number_cell(row, "n"), _median_cell(medians.loc[[row[ROW]]])))
        for row in records(medians)
    ]
    head = (Column("Group", number=False), Column("Patients", "N"))
    columns = (*head, Column("Median follow-up", f"days, {interval_head(result)}"))
    return (Table("Length of follow-up (reverse Kaplan–Meier)", columns, tuple(rows), result.notes, key="followup"),)


def logrank(result: Result, names: Names) -> tuple[Table, ...]:
    """Observed and expected deaths by group, and the test."""
    tidy = result.tidy
    test = records(tidy[tidy["term"] == "test"])[0]
    rows = [
        Row(
            (
                Cell(names.group(str(row["group"]))),
                number_cell(row, "n"),
                number_cell(row, "events"),
                number_cell(row, "estimate", lambda expected: fmt.fixed(expected, 1)),
            )
        )
        for row in records(tidy[tidy["term"] == "group"])
    ]
    text = (
        f"chi-square {fmt.fixed(test['statistic'], 2)} on {fmt.integer(test['df'])} df, {fmt.p_equals(test['p_value'])}"
    )
    name = str(test["method"] or "log-rank test")
    notes = (f"{name[:1].upper()}{name[1:]}: {text}.", *([str(test["note"])] if test["note"] else []), *result.notes)
    columns = (
        Column("Group", number=False),
        Column("Patients", "N"),
        Column("Observed", "n", spanner="Deaths"),
        Column("Expected", "n", spanner="Deaths"),
    )
    return (Table(str(result.method.get("title") or "Log-rank test"), columns, tuple(rows), notes, key="logrank"),)


def cox(result: Result, names: Names) -> tuple[Table, ...]:
    """Hazard ratios, one block of columns per model, and the checks of the model."""
    shown = cox_analyses(result)
    columns = [Column("Term", number=False)]
    for analysis in shown:
        spanner = ANALYSIS_WORDS.get(analysis, analysis)
        columns += [Column("Deaths/patients", "n/N", spanner=spanner)]
        columns += [Column("HR", interval_head(result), spanner=spanner), Column(fmt.p_head(), spanner=spanner)]
    rows = [row for key in cox_terms(result) for row in _cox_rows(result.tidy, key, shown, names)]
    notes = _cox_notes(result, names)
    caption = "Hazard of death: Cox models" if len(shown) > 1 else "Hazard of death: Cox model"
    table = Table(caption, tuple(columns), tuple(rows), notes, key="cox", method=_recipe(result))
    return (table, *cox_checks(result, names))


def cox_bounds(result: Result, names: Names) -> tuple[Table, ...]:
    """The exposure's hazard ratio under both readings of an undecided status."""
    shown = cox_analyses(result)
    columns = [Column("Reading", number=False)]
    for analysis in shown:
        spanner = ANALYSIS_WORDS.get(analysis, analysis)
        columns += [Column("HR", interval_head(result), spanner=spanner), Column(fmt.p_head(), spanner=spanner)]
    rows = []
    for population, part in result.tidy.groupby("population", sort=False):
        cells = [Cell(str(population).capitalize())]
        for analysis in shown:
            row = records(part[part["analysis"] == analysis])[0]
            cells += [ratio_cell(row), p_cell(row)]
        rows.append(Row(tuple(cells)))
    title = f"{names.label(str(result.tidy['variable'].iloc[0]))}: bounds of the hazard ratio"
    return (Table(title, tuple(columns), tuple(rows), tuple(result.notes), key="cox-bounds"),)


def cox_analyses(result: Result) -> list[str]:
    """The models that stand side by side; the exposure on the patients of the adjusted model is a row of its own."""
    present = list(dict.fromkeys(result.tidy["analysis"]))
    return [a for a in present if a != "cox_crude_same_patients"] or present


def cox_terms(result: Result) -> list[tuple[str, str]]:
    """(variable, term) pairs in the order of the table, the exposure first where the result has it first."""
    tidy = result.tidy[result.tidy["analysis"] != "cox_crude_same_patients"]
    pairs = tidy[["variable", "term"]].drop_duplicates()
    return list(pairs.itertuples(index=False, name=None))


def _cox_rows(tidy: pd.DataFrame, key: tuple[str, str], shown: Sequence[str], names: Names) -> list[Row]:
    variable, term = key
    part = tidy[(tidy["variable"] == variable) & (tidy["term"] == term)]
    levels = [level for level in dict.fromkeys(part["level"]) if level]
    if not levels:
        return [Row((Cell(names.term(term, variable)), *_cox_cells(part, "", shown)))]
    rows = [Row((Cell(names.label(variable), span=1 + 3 * len(shown)),), "group")]
    reference_first = sorted(levels, key=lambda v: not part.loc[part["level"] == v, "is_reference"].any())
    for level in reference_first:
        rows.append(Row((Cell(names.level(variable, level)), *_cox_cells(part, level, shown)), "sub"))
    same = part[(part["analysis"] == "cox_crude_same_patients") & (~part["is_reference"])]
    for level in dict.fromkeys(same["level"]):
        text = f"{names.level(variable, level)}, on the patients of the adjusted model"
        cells = _cox_cells(same.assign(analysis=shown[0]), level, shown)
        rows.append(Row((Cell(text), *cells), "sub"))
    return rows


def _cox_cells(part: pd.DataFrame, level: str, shown: Sequence[str]) -> list[Cell]:
    cells: list[Cell] = []
    for analysis in shown:
        found = records(part[(part["analysis"] == analysis) & (part["level"] == level)])
        if not found:
            cells += [Cell(), Cell(), Cell()]
            continue
        row = found[0]
        ratio = Cell("1 (reference)", rows=(row[ROW],)) if row["is_reference"] else ratio_cell(row)
        cells += [counts_cell(row), ratio, p_cell(row)]
    return cells


def _cox_notes(result: Result, names: Names) -> tuple[str, ...]:
    notes = ["A hazard ratio above 1 means a higher rate of death."]
    dropped = {k: v for k, v in dict(result.counts.get("dropped", {})).items() if v}
    if dropped and not any("left out" in note for note in result.notes):
        lost = "; ".join(f"{names.prose(reason)} ({fmt.integer(n)})" for reason, n in dropped.items())
        notes.append(f"Patients left out of the adjusted model, by first reason: {lost}.")
    said = set(result.tidy["note"]) - {""}  # which stands at the number itself
    other = (note for note in result.notes if note.partition(": ")[2].rstrip(".") not in said)
    return (*notes, *(_of_term(note, names) for note in other))


def _of_term(note: str, names: Names) -> str:
    """'trigger merged: not estimable: …' with the term in words."""
    term, _, reason = note.partition(": ")
    variable, _, level = term.partition(" ")
    if not reason.startswith("not estimable") or variable not in names.labels:
        return names.prose(note)
    return f"{names.label(variable)}{f', {names.level(variable, level)}' if level else ''}: {reason}"


def _recipe(result: Result) -> str:
    said = (("ties", "Ties"), ("variance", "Variance"), ("interval", "Intervals"), ("strata", "Strata"))
    return " ".join(f"{word}: {result.method[key]}." for key, word in said if result.method.get(key))
