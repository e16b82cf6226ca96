"""Display tables of survival results: Kaplan-Meier, follow-up, log-rank, Cox and its checks."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.blocks import Cell, Column, Row, Table
from neurohlh.report.names import Names
from neurohlh.report.tables.describe import confidence, interval_words

ANALYSIS_WORDS = {
    "cox": "Hazard ratio",
    "cox_crude": "Crude",
    "cox_crude_same_patients": "Crude, patients of the adjusted model",
    "cox_adjusted": "Adjusted",
    "cox_weighted": "Weighted",
    "cox_weighted_bootstrap": "Weighted, bootstrap limits",
}
VERDICT_WORDS = {"ok": "no concern", "attention": "attention", "not estimable": "not estimable"}


def kaplan_meier(result: Result, names: Names) -> tuple[Table, ...]:
    """Survival at the landmarks with the number at risk, and the median, by group."""
    tidy = result.tidy
    at_times = tidy[tidy["measure"] == "survival"]
    times = sorted(at_times["time"].dropna().unique())
    columns = [Column("Group", number=False), Column("Patients", "N"), Column("Deaths", "n")]
    columns += [Column(fmt.duration(t), f"{confidence(result)} interval", spanner="Survival at") for t in times]
    columns.append(Column("Median survival", "days"))
    rows = []
    for group in dict.fromkeys(tidy["group"]):
        part = tidy[tidy["group"] == group]
        size = part[part["term"] == "size"].iloc[0]
        cells = [Cell(names.group(group)), Cell(fmt.integer(size["n"])), Cell(fmt.integer(size["events"]))]
        cells += [_survival_cell(part, t) for t in times]
        cells.append(_median_cell(part[part["measure"] == "median survival"]))
        rows.append(Row(tuple(cells)))
    notes = tuple(n for n in (interval_words(result), *(_in_words(n, names) for n in result.notes)) if n)
    usual = "Survival of all patients" if set(tidy["group"]) == {"overall"} else "Survival by CNS status"
    caption = str(result.method.get("title") or usual)
    return (Table(caption, tuple(columns), tuple(rows), notes, key="survival"),)


def _in_words(note: str, names: Names) -> str:
    group, colon, rest = note.partition(": ")
    return f"{names.group(group)}: {rest}" if colon and group.replace("_", "").isalpha() else names.prose(note)


def _survival_cell(part: pd.DataFrame, time: float) -> Cell:
    found = part[(part["measure"] == "survival") & (part["time"] == time)]
    if not len(found):
        return Cell(fmt.MISSING)
    row = found.iloc[0]
    limits = fmt.interval(row["conf_low"], row["conf_high"], fmt.percent)
    below = [] if limits == fmt.MISSING else [limits]
    below += [] if fmt.is_missing(row["n"]) else [f"at risk {fmt.integer(row['n'])}"]
    return Cell(fmt.percent(row["estimate"]), sub="\n".join(below), note=str(row["note"]))


def _median_cell(rows: pd.DataFrame) -> Cell:
    if not len(rows):
        return Cell()
    row = rows.iloc[0]
    if fmt.is_missing(row["estimate"]):
        reached = "not reached" if "not reached" in str(row["note"]) else fmt.MISSING
        return Cell(reached, note="" if reached == "not reached" else str(row["note"]))
    limits = (row["conf_low"], row["conf_high"])
    return Cell(fmt.with_interval(row["estimate"], *limits, fmt.integer, open_end="not reached"))


def followup(result: Result, names: Names) -> tuple[Table, ...]:
    """Median follow-up by group, from the reversed curve."""
    rows = [
        Row((Cell(names.group(str(row["group"]))), Cell(fmt.integer(row["n"])), _median_cell(pd.DataFrame([row]))))
        for _, row in result.tidy[result.tidy["measure"] == "median follow-up"].iterrows()
    ]
    head = (Column("Group", number=False), Column("Patients", "N"))
    columns = (*head, Column("Median follow-up", f"days, {confidence(result)} interval"))
    return (Table("Length of follow-up (reverse Kaplan–Meier)", columns, tuple(rows), result.notes, key="followup"),)


def logrank(result: Result, names: Names) -> tuple[Table, ...]:
    """Observed and expected deaths by group, and the test."""
    tidy = result.tidy
    test = tidy[tidy["term"] == "test"].iloc[0]
    rows = [
        Row(
            (
                Cell(names.group(str(row["group"]))),
                Cell(fmt.integer(row["n"])),
                Cell(fmt.integer(row["events"])),
                Cell(fmt.fixed(row["estimate"], 1)),
            )
        )
        for row in tidy[tidy["term"] == "group"].to_dict("records")
    ]
    text = (
        f"chi-square {fmt.fixed(test['statistic'], 2)} on {fmt.integer(test['df'])} df, {fmt.p_equals(test['p_value'])}"
    )
    name = str(test["method"] or "log-rank test")
    notes = (f"{name[:1].upper()}{name[1:]}: {text}.", *([str(test["note"])] if test["note"] else []), *result.notes)
    columns = (
        Column("Group", number=False),
        Column("Patients", "N"),
        Column("Deaths", "observed"),
        Column("Deaths", "expected"),
    )
    return (Table(str(result.method.get("title") or "Log-rank test"), columns, tuple(rows), notes, key="logrank"),)


def cox(result: Result, names: Names) -> tuple[Table, ...]:
    """Hazard ratios, one block of columns per model, and the checks of the model."""
    shown = cox_analyses(result)
    level = confidence(result)
    columns = [Column("Term", number=False)]
    for analysis in shown:
        spanner = ANALYSIS_WORDS.get(analysis, analysis)
        columns += [Column("Deaths/patients", "n/N", spanner=spanner)]
        columns += [Column("HR", f"{level} interval", spanner=spanner), Column("p value", spanner=spanner)]
    rows = [row for key in cox_terms(result) for row in _cox_rows(result.tidy, key, shown, names)]
    notes = _cox_notes(result, names)
    caption = "Hazard of death: Cox models" if len(shown) > 1 else "Hazard of death: Cox model"
    table = Table(caption, tuple(columns), tuple(rows), notes, key="cox")
    return (table, *_checks(result, names))


def cox_bounds(result: Result, names: Names) -> tuple[Table, ...]:
    """The exposure's hazard ratio under both readings of an undecided status."""
    shown = cox_analyses(result)
    columns = [Column("Reading", number=False)]
    for analysis in shown:
        spanner = ANALYSIS_WORDS.get(analysis, analysis)
        columns += [Column("HR", f"{confidence(result)} interval", spanner=spanner), Column("p value", spanner=spanner)]
    rows = []
    for population, part in result.tidy.groupby("population", sort=False):
        cells = [Cell(str(population).capitalize())]
        for analysis in shown:
            row: Any = part[part["analysis"] == analysis].iloc[0]
            hr = fmt.ratio_with_interval(row["estimate"], row["conf_low"], row["conf_high"])
            p = "" if fmt.is_missing(row["p_value"]) else fmt.p_value(row["p_value"])
            cells += [Cell(hr, note=str(row["note"])), Cell(p)]
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
        found = part[(part["analysis"] == analysis) & (part["level"] == level)]
        if not len(found):
            cells += [Cell(), Cell(), Cell()]
            continue
        row: Any = found.iloc[0]
        share = f"{fmt.integer(row['events'])}/{fmt.integer(row['n'])}"
        if row["is_reference"]:
            cells += [Cell(share), Cell("1 (reference)"), Cell()]
        else:
            hr = fmt.ratio_with_interval(row["estimate"], row["conf_low"], row["conf_high"])
            p = "" if fmt.is_missing(row["p_value"]) else fmt.p_value(row["p_value"])
            cells += [Cell(share), Cell(hr, note=str(row["note"])), Cell(p)]
    return cells


def _cox_notes(result: Result, names: Names) -> tuple[str, ...]:
    method = result.method
    notes = ["HR: hazard ratio; above 1 means a higher rate of death."]
    said = (("ties", "Ties"), ("variance", "Variance"), ("interval", "Intervals"), ("strata", "Strata"))
    recipe = " ".join(f"{word}: {method[key]}." for key, word in said if method.get(key))
    notes += [recipe] if recipe else []
    dropped = {k: v for k, v in dict(result.counts.get("dropped", {})).items() if v}
    if dropped and not any("left out" in note for note in result.notes):
        lost = "; ".join(f"{names.prose(reason)}: {fmt.integer(n)}" for reason, n in dropped.items())
        notes.append(f"Patients left out of the adjusted model, by first reason: {lost}.")
    return (*notes, *(names.prose(note) for note in result.notes))


def _checks(result: Result, names: Names) -> tuple[Table, ...]:
    checks = _one_influence(result.checks)
    if not len(checks):
        return ()
    rows = []
    for row in checks.to_dict("records"):
        term = "" if fmt.is_missing(row["term"]) else str(row["term"])
        text = str(row["check"])
        word = names.check_term(term) if term and term != "GLOBAL" else ""
        if text == "proportional hazards" and term == "GLOBAL":
            word = "all terms together"
        statistic = _check_value(row["statistic"])
        if text == "concordance" and statistic:  # here the statistic is the standard error of the value
            word, statistic = f"standard error {statistic}", ""
        cells = (
            Cell(f"{text[:1].upper()}{text[1:]}", sub=word, note=_text(row["note"])),
            Cell(_check_value(row["value"])),
            Cell(statistic),
            Cell(_check_value(row["df"])),
            Cell("" if fmt.is_missing(row["p_value"]) else fmt.p_value(row["p_value"])),
            Cell(_verdict(row)),
        )
        rows.append(Row(cells))
    columns = [Column("Check", number=False), Column("Value"), Column("Statistic"), Column("df"), Column("p value")]
    columns.append(Column("Verdict", number=False))
    said = result.method.get("ph_test", "")
    notes = (f"Proportional hazards: {said}.",) if said else ()
    return (Table("Checks of the Cox model", tuple(columns), tuple(rows), notes, key="cox-checks"),)


def _one_influence(checks: pd.DataFrame) -> pd.DataFrame:
    """The checks with the largest influence of a single patient only, and without saying whose: no report names one."""
    influences = checks[checks["check"] == "largest influence"]
    if influences.empty:
        return checks
    most = int(influences.index[int(influences["value"].abs().astype(float).argmax())])
    kept = checks[(checks["check"] != "largest influence") | (checks.index == most)].copy()
    note = "value: by how many standard errors one patient moves this coefficient, the most in the model (dfbetas)"
    kept.loc[most, "note"] = note
    kept.loc[most, "term"] = ": ".join(str(kept.loc[most, "term"]).split(" ", 1))  # a level, if there is one
    return kept


def _verdict(row: Mapping[Hashable, Any]) -> str:
    # That a global test is small or a fit converged is no praise of the model: only judged checks get a verdict.
    judged = row["check"] in ("events per parameter", "proportional hazards") or row["verdict"] != "ok"
    return VERDICT_WORDS.get(str(row["verdict"]), "") if judged else ""


def _check_value(value: Any) -> str:
    if fmt.is_missing(value) or value == "":
        return ""
    return fmt.significant(float(value), 3)


def _text(value: Any) -> str:
    return "" if fmt.is_missing(value) else str(value)
