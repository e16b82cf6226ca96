"""The first half of the report: what was read, how it was understood, what was changed or refused, who stayed."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from neurohlh.core import format as fmt
from neurohlh.core.findings import Findings
from neurohlh.report.blocks import (
    Block,
    Callout,
    Cell,
    Column,
    Fold,
    Paragraph,
    Row,
    Section,
    Table,
    frame_table,
)
from neurohlh.report.names import pretty_unit

_SEVERITIES = ("error", "warning", "note", "info")
_STATUS_WORDS = {
    "V": "verified in the source",
    "V2": "verified in a secondary source",
    "D": "rule of this project",
    "DOSSIER RULE": "rule of this project",
    "DOSSIER RULES": "rules of this project",
}
_SHOUTED = re.compile(r"\b(?:VERIFIED|FROM MEMORY|DOSSIER RULES?)\b")
_COUNTS = {"not_met": "Not met", "indeterminate": "Undecided", "not_applicable": "Not applicable"}


def data(findings: Findings) -> Section | None:
    """Sources, and how each column was understood."""
    blocks: list[Block] = []
    if len(findings.sources):
        columns = {
            "file": Column("File", number=False, verbatim=True),
            "sheet": Column("Sheet", number=False, verbatim=True),
            "rows": Column("Rows"),
            "columns": Column("Columns"),
            "encoding": Column("Encoding", number=False, verbatim=True),
            "header_row": Column("Header row", number=False),
            "sha256": Column("SHA-256", number=False, verbatim=True),
            "notes": Column("Notes", number=False),
        }
        blocks.append(frame_table(findings.sources, columns, "Tables that were read", key="sources"))
    if len(findings.columns):
        blocks.append(_columns(findings.columns))
    title = "Data and how the columns were understood"
    return Section("data", title, tuple(blocks), supplement=True) if blocks else None


def _columns(frame: pd.DataFrame) -> Table:
    rows = []
    for row in frame.to_dict("records"):
        variable, unit = _blank(row["variable"]), _blank(row["unit"])
        label = _blank(row["label"]) or variable or "not recognised"
        meaning = Cell(f"{label}, {pretty_unit(unit)}" if unit else label)
        rest = (Cell(_blank(row[name])) for name in ("variable", "source", "how", "note"))
        rows.append(Row((Cell(_blank(row["header"])), meaning, *rest)))
    heads = ("Header in the file", "Understood as", "Variable", "File", "Understood by", "Note")
    named = ("Header in the file", "Variable", "File")
    columns = tuple(Column(head, number=False, verbatim=head in named) for head in heads)
    return Table("How each column was understood", columns, tuple(rows), fold=10, key="columns")


def changes(findings: Findings) -> Section | None:
    """Cells that were changed by a rule, and values that were refused or doubted."""
    blocks: list[Block] = []
    if len(findings.changes):
        total = fmt.integer(findings.changes["n_cells"].sum())
        blocks.append(Paragraph(f"{total} cells were changed by a rule. Every one is listed in cohort/changes.csv."))
        columns = {
            "variable": Column("Variable", number=False),
            "rule": Column("Rule", number=False, verbatim=True),
            "n_cells": Column("Cells"),
            "meaning": Column("What the rule does", number=False),
        }
        named = findings.changes.assign(variable=_labelled(findings, findings.changes))
        blocks.append(frame_table(named, columns, "Changes by variable and rule", fold=12, key="changes"))
    if len(findings.issues):
        blocks += [_issue_counts(findings.issues), _issues(findings)]
    elif blocks:
        blocks.append(Paragraph("No value was refused or doubted."))
    title = "What was changed, refused or doubted"
    return Section("changes", title, tuple(blocks), supplement=True) if blocks else None


def _issue_counts(issues: pd.DataFrame) -> Paragraph:
    found = issues.groupby("severity")["n"].sum()
    said = [f"{fmt.integer(found[s])} {_plural(s, found[s])}" for s in _SEVERITIES if s in found]
    return Paragraph(
        f"The checks found {fmt.sentence_list(said)}. A refused value is empty in the analysis and stands, raw, in "
        "cohort/issues.csv; rows and columns below are counted as the spreadsheet shows them."
    )


def _plural(word: str, n: float) -> str:
    return word if n == 1 else f"{word}s"


def _labelled(findings: Findings, rows: pd.DataFrame) -> list[str]:
    return [findings.label(v) if _blank(v) else "" for v in rows["variable"]]


def _issues(findings: Findings) -> Table:
    issues = findings.issues.assign(label=_labelled(findings, findings.issues))
    order = {s: i for i, s in enumerate(_SEVERITIES)}
    rank = issues["severity"].map(lambda s: order.get(s, len(order)))
    often = pd.to_numeric(issues["n"], errors="coerce")  # a suppressed count comes last
    ordered = issues.assign(_rank=rank, _n=often).sort_values(["_rank", "_n"], ascending=[True, False], kind="stable")
    rows = []
    for row in ordered.to_dict("records"):
        found = Cell(_blank(row["message"]), sub=_blank(row["code"]))
        words = (Cell(_blank(row[c])) for c in ("where", "action"))
        rows.append(Row((Cell(str(row["severity"])), Cell(row["label"]), Cell(fmt.integer(row["n"])), found, *words)))
    heads = ("Severity", "Variable", "Times", "What was found", "First places", "Action")
    columns = tuple(Column(head, number=head == "Times") for head in heads)
    return Table("Issues", columns, tuple(rows), fold=10, key="issues")


def criteria(findings: Findings) -> Section | None:
    """Who has HLH by each criteria set; items of the set that decides stand open, those of the others in a fold."""
    rows = findings.criteria
    if not len(rows):
        return None
    overall = rows[rows["item"] == "overall"].sort_values(
        "criteria_set", key=lambda names: names != findings.criteria_set, kind="stable"
    )
    blocks: list[Block] = []
    if len(overall):
        bare = overall.assign(rule="")
        blocks.append(_status_table(bare, "Patients by criteria set", "Criteria set", "criteria-sets"))
    folded: list[Table | Callout] = []
    for name in dict.fromkeys([*overall["criteria_set"], *rows["criteria_set"]]):
        (blocks if name == findings.criteria_set else folded).extend(_criteria_set(findings, str(name)))
    if folded:
        blocks.append(Fold("Items and caveats of the other criteria sets", tuple(folded)))
    return Section("criteria", "Who has HLH", tuple(blocks))


def _criteria_set(findings: Findings, name: str) -> list[Table | Callout]:
    rows = findings.criteria[findings.criteria["criteria_set"] == name]
    head, items = rows[rows["item"] == "overall"], rows[rows["item"] != "overall"]
    title = str(head["label"].iloc[0] or name) if len(head) else name
    blocks: list[Table | Callout] = []
    if len(items):
        usual = _blank(head["source"].iloc[0]) if len(head) else ""
        blocks.append(_status_table(items, f"{title}: item by item", "Item", f"criteria-{name}", usual=usual))
    if findings.criteria_notes.get(name):
        blocks.append(Callout("caution", title, (findings.criteria_notes[name],)))
    return blocks


def _status_table(rows: pd.DataFrame, caption: str, head: str, key: str, usual: str = "", shares: bool = True) -> Table:
    """One row per set, item or definition; a source equal to `usual` is said once, below the table.

    Without `shares` only counts are shown: remarkable cases have no frequency.
    """
    counts = [c for c in _COUNTS if c != "not_applicable" or rows[c].sum() > 0]
    columns = [Column(head, number=False), Column("Met", "n/N decided (%)" if shares else "n")]
    columns += [Column(_COUNTS[c], "n") for c in counts]
    columns.append(Column("Status of the rule" if usual else "Source and status", number=False))
    body = []
    for row in rows.to_dict("records"):
        decided = row["met"] + row["not_met"]
        share = fmt.count_of(row["met"], decided) if decided else fmt.MISSING
        share = share if shares else fmt.integer(row["met"])
        name = str(row.get("label") or row.get("item") or row.get("criteria_set") or row.get("definition"))
        said = in_print(_blank(row.get("rule") if "rule" in row else row.get("note")))
        numbers = (Cell(fmt.integer(row[c])) for c in counts)
        body.append(Row((Cell(item_words(name), sub=said), Cell(share), *numbers, _source(row, usual))))
    notes = ["Undecided: what is recorded leaves both answers possible; unknown is never read as 'no'."]
    notes += [f"Source: {usual}."] if usual else []
    return Table(caption, tuple(columns), tuple(body), tuple(notes), fold=12, key=key, wordy=True)


def in_print(rule: str) -> str:
    """A rule as it is printed: signs for comparisons, raised exponents, no underscores."""
    text = re.sub(r"(?<=\w)_(?=\w)", " ", pretty_unit(rule))
    return text.replace(">=", "≥").replace("<=", "≤").replace("degC", "°C")


_LETTERS = {
    "scd25": "sCD25", "nk": "NK", "tg": "TG", "hb": "Hb", "plt": "PLT", "anc": "ANC", "wbc": "WBC", "ast": "AST",
    "dna": "DNA", "ebv": "EBV", "cd107a": "CD107a", "hlh2004": "HLH-2004:", "4of8": "4 of 8", "hscore168": "HScore 168",
}  # fmt: skip
"""Abbreviations in the keys of items, as they are printed."""


def item_words(name: str) -> str:
    """An item's name as a label: '3 cytopenia' becomes '3. Cytopenia'."""
    number, _, rest = name.partition(" ")
    said = " ".join(_LETTERS.get(word, word) for word in (rest if number.isdigit() else name).split(" "))
    said = said if said.startswith("s") and said[1:2].isupper() else said[:1].upper() + said[1:]
    return f"{number}. {said}" if number.isdigit() and rest else said


def _source(row: Mapping[Hashable, Any], usual: str = "") -> Cell:
    status = _blank(row.get("status"))
    words = _STATUS_WORDS.get(status) or _SHOUTED.sub(lambda m: _STATUS_WORDS.get(m[0], m[0].lower()), status)
    source = _blank(row.get("source"))
    return Cell(words) if usual and source == usual else Cell(source, sub=words)


def _blank(value: object) -> str:
    return "" if fmt.is_missing(value) else str(value)


def cns(findings: Findings) -> Section | None:
    """CNS involvement by domain and kind of evidence, and by every definition."""
    blocks: list[Block] = []
    if len(findings.cns_evidence):
        blocks.append(_evidence(findings.cns_evidence))
    if len(findings.cns):
        used = findings.cns["definition"] == findings.cns_definition
        blocks += [_definition_used(row) for _, row in findings.cns[used].iterrows()]
        everything = pd.concat([findings.cns[used], findings.cns[~used]])
        shares = not findings.case_series
        table = _status_table(
            everything, "CNS involvement by definition", "Definition", "cns-definitions", shares=shares
        )
        blocks.append(table)
    return Section("cns", "CNS involvement: evidence and definitions", tuple(blocks)) if blocks else None


def _definition_used(row: pd.Series) -> Callout:
    note = _blank(row["note"])
    said = [f"{row['label'] or row['definition']}{f': {note}' if note else ''}."]
    if _blank(row["source"]):
        said.append(f"Source: {_source(row.to_dict()).text} ({_source(row.to_dict()).sub or 'status not recorded'}).")
    return Callout("note", "Definition used in this report", tuple(said))


def _evidence(rows: pd.DataFrame) -> Table:
    body: list[Row] = []
    for domain, part in rows.groupby("domain", sort=False):
        body.append(Row((Cell(str(domain), span=2),), "group"))
        for row in part.to_dict("records"):
            asked = row["n_asked"]
            text = fmt.integer(row["n"]) if fmt.is_missing(asked) else fmt.count_of(row["n"], asked)
            body.append(Row((Cell(str(row["evidence"])), Cell(text)), "sub"))
    columns = (Column("Evidence", number=False), Column("Patients", "n/N asked (%)"))
    return Table("What the CNS status rests on", columns, tuple(body), fold=24, key="cns-evidence")
