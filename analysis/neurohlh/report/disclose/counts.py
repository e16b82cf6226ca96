"""Counts outside tidy frames: the recipe's counts by reason, and the tables of the findings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from neurohlh.core import format as fmt
from neurohlh.core.findings import Findings
from neurohlh.core.suppression import SUPPRESSED, is_suppressed, numbers
from neurohlh.report.disclose.rule import Rule

STATES = ("met", "not_met", "indeterminate", "not_applicable")
_NO_PATIENTS = ("parameters", "variables", "unit", "contradictions")
"""Entries of a recipe's counts that count no patients."""


def safe_counts(counts: Mapping[str, Any], rule: Rule, withheld: frozenset[int] = frozenset()) -> dict[str, Any]:
    """A recipe's counts; small ones, those in `withheld`, and in every list by reason enough others to hide them."""
    found: dict[str, Any] = {}
    for key, value in counts.items():
        if key in _NO_PATIENTS or key == "missing_by_variable" or isinstance(value, str | bool):
            found[key] = value
        elif isinstance(value, Mapping):
            found[key] = _by_reason(value, rule, withheld)
        elif isinstance(value, int | float):
            found[key] = SUPPRESSED if _away(value, rule, withheld) else value
        else:
            found[key] = value
    if "missing_by_variable" in found:
        found["missing_by_variable"] = _by_reason(counts["missing_by_variable"], rule, withheld, parts=False)
    return _ends(counts, found, rule)


def _away(value: Any, rule: Rule, withheld: frozenset[int]) -> bool:
    return rule.hidden(value) or (float(value).is_integer() and int(value) in withheld)


def _by_reason(
    values: Mapping[str, Any], rule: Rule, withheld: frozenset[int] = frozenset(), parts: bool = True
) -> dict[str, Any]:
    """Counts by reason; `parts` says that they add up to something that is shown elsewhere."""
    if any(isinstance(v, Mapping) for v in values.values()):
        return _by_group(values, rule, withheld)
    plain = {k: v for k, v in values.items() if isinstance(v, int | float) and not isinstance(v, bool)}
    away = {k for k, v in plain.items() if _away(v, rule, withheld)}
    if parts:
        away = complemented(plain, away, rule)
    return {k: SUPPRESSED if k in away else v for k, v in values.items()}


def _by_group(values: Mapping[str, Any], rule: Rule, withheld: frozenset[int]) -> dict[str, Any]:
    """Counts of groups (n, events): one small number takes those of every group away."""
    few = any(
        rule.small(n) or rule.small(e) or rule.small(n - e)
        for n, e in ((g.get("n", 0), g.get("events", 0)) for g in values.values() if isinstance(g, Mapping))
    )
    if few:
        return {k: dict.fromkeys(g, SUPPRESSED) if isinstance(g, Mapping) else SUPPRESSED for k, g in values.items()}
    return {k: safe_counts(g, rule, withheld) if isinstance(g, Mapping) else g for k, g in values.items()}


def complemented(values: Mapping[Any, float], away: set[Any], rule: Rule) -> set[Any]:
    """The keys in `away` and, as long as they follow from a known sum, the key of the next smallest count."""
    away = set(away)
    while away and rule.pinned([values[k] for k in away]):
        rest = sorted((v, str(k), k) for k, v in values.items() if k not in away and v > 0)
        if not rest:
            break
        away.add(rest[0][2])
    return away


def _ends(counts: Mapping[str, Any], found: dict[str, Any], rule: Rule) -> dict[str, Any]:
    """Nothing follows from who was supplied and who was used: where only small reasons lie between, one end goes."""
    supplied, used = counts.get("supplied"), counts.get("used")
    if isinstance(supplied, int) and isinstance(used, int) and rule.small(supplied - used):
        found["used"] = SUPPRESSED
        found |= {k: SUPPRESSED for k in ("events", "censored") if isinstance(counts.get(k), int)}
    dropped = {k: v for k, v in dict(counts.get("dropped") or {}).items() if isinstance(v, int) and v}
    lone = [k for k, v in dict(found.get("dropped") or {}).items() if is_suppressed(v)]
    if lone and rule.pinned([dropped[k] for k in lone if k in dropped]):
        found["used"] = SUPPRESSED
    if rule.small(counts.get("events_dropped")) and "events" in found:
        found["events_dropped"] = SUPPRESSED
    return found


def hidden_values(counts: Mapping[str, Any], safe: Mapping[str, Any]) -> frozenset[int]:
    """The whole numbers that stand in `counts` and are suppressed in `safe`."""
    found: set[int] = set()
    for key, value in counts.items():
        other = safe.get(key)
        if isinstance(value, Mapping) and isinstance(other, Mapping):
            found |= hidden_values(value, other)
        elif is_suppressed(other) and isinstance(value, int | float) and float(value).is_integer():
            found.add(int(value))
    return frozenset(found)


def safe_flow(flow: pd.DataFrame, rule: Rule, known: Collection[float] = ()) -> pd.DataFrame:
    """The flow; a small number who left takes the number left beside it away, and the next who left.

    `known` are numbers of patients that another table gives away: what lies beyond one of them hides nothing.
    """
    n_in, out, n_out = (flow[c].tolist() for c in ("n_in", "n_excluded", "n_out"))
    size = len(flow)
    hide_out = {i for i in range(size) if rule.small(out[i])}
    hide_after: set[int] = set()
    shut = {i for i, n in enumerate(n_out) if n in known}
    for run in (_with_criteria(run, flow, out) for run in _runs(out, hide_out, rule, shut)):
        hide_out |= {i for i in run if out[i]}
        hide_after |= set(range(run[0], run[-1]))
        if rule.pinned([out[i] for i in run]):
            hide_after |= set(range(-1, run[-1]))  # nobody else left: where it began goes
    shown = {
        "n_in": [SUPPRESSED if i - 1 in hide_after else v for i, v in enumerate(n_in)],
        "n_excluded": [SUPPRESSED if i in hide_out else v for i, v in enumerate(out)],
        "n_out": [SUPPRESSED if i in hide_after else v for i, v in enumerate(n_out)],
    }
    return _with(flow, {k: v for k, v in shown.items() if any(map(is_suppressed, v))})


def _with_criteria(run: list[int], flow: pd.DataFrame, out: Sequence[float]) -> list[int]:
    """A run of steps among the patients, with the steps that the table of criteria counts as well."""
    steps = [str(step) for step in flow["step"]]
    patients = steps.index("joined_rows") if "joined_rows" in steps else -1
    counted = [i for i, step in enumerate(steps) if step.startswith("criteria_") and out[i]]
    if not counted or run[0] <= patients:
        return run
    return list(range(min(run[0], *counted), max(run[-1], *counted) + 1))


def _runs(out: Sequence[float], small: set[int], rule: Rule, shut: Collection[int]) -> list[list[int]]:
    """Runs of steps, each with enough of those who left that no single number follows from its ends.

    No run goes on beyond a step in `shut`, after which the number of patients is known.
    """
    runs: list[list[int]] = []
    for i in sorted(small):
        if runs and i <= runs[-1][-1]:
            continue
        run = [i]
        while rule.pinned([out[k] for k in run]) and run[-1] + 1 < len(out) and run[-1] not in shut:
            run.append(run[-1] + 1)
        while rule.pinned([out[k] for k in run]) and run[0] > 0 and run[0] - 1 not in shut:
            run.insert(0, run[0] - 1)
        runs.append(run)
    return runs


def safe_states(frame: pd.DataFrame, rule: Rule, away: Collection[float] = ()) -> pd.DataFrame:
    """Patients by status: a small count takes the next smaller status of its row away, which else would give it.

    Counts in `away` are hidden wherever they stand.
    """
    shown: dict[str, list[Any]] = {c: frame[c].tolist() for c in STATES}
    for i in range(len(frame)):
        values = {c: shown[c][i] for c in STATES if not fmt.is_missing(shown[c][i])}
        hidden = {c for c, v in values.items() if rule.hidden(v) or (v in away and v > 0)}
        for column in complemented(values, hidden, rule):
            shown[column][i] = SUPPRESSED
    return _with(frame, {k: v for k, v in shown.items() if any(map(is_suppressed, v))})


def safe_criteria(findings: Findings, flow: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """Patients by criterion; what the flow hides is not said by the criteria set that decides who stays.

    `flow` is the flow as it is shown. Who meets the criteria differs from who is in the study by those who left it for
    other reasons: where these are few, the number is hidden with the next smaller status beside it.
    """
    frame = findings.criteria
    own = frame["criteria_set"] == findings.criteria_set
    if not len(flow) or not own.any():
        return safe_states(frame, rule)
    real, included = findings.flow, findings.flow["n_out"].iloc[-1]
    lost = [v for v, s in zip(real["n_excluded"], flow["n_excluded"], strict=True) if is_suppressed(s) and v > 0]
    near = [v for c in STATES for v in frame.loc[own, c].dropna() if rule.small(abs(v - included))]
    parts = safe_states(frame[own], rule, {*lost, *near}), safe_states(frame[~own], rule)
    return pd.concat(parts).sort_index()


def safe_evidence(frame: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """Patients by evidence: a count that is small, or all but a few of those asked; one alone takes another along."""
    n, asked = frame["n"].tolist(), frame["n_asked"].tolist()
    away = {i for i in range(len(n)) if rule.hidden(n[i]) or rule.small(n[i] - asked[i])}
    away |= {i for i in range(len(n)) if rule.small(asked[i] - n[i])}
    for domain in dict.fromkeys(frame["domain"]):
        own = {i: float(n[i]) for i in range(len(n)) if frame["domain"].iloc[i] == domain}
        away |= complemented(own, away & set(own), rule)
    near = [SUPPRESSED if rule.hidden(v) else v for v in asked]
    return _with(frame, {"n": [SUPPRESSED if i in away else v for i, v in enumerate(n)], "n_asked": near})


def safe_cells(findings: Findings, rule: Rule) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Changed cells and issues: small counts hidden, and no row of a table named, since a row is a patient."""
    changes, issues = findings.changes, findings.issues
    if len(changes):
        changes = _with(changes, {"n_cells": [SUPPRESSED if rule.small(v) else v for v in changes["n_cells"]]})
    if len(issues):
        shown = [SUPPRESSED if rule.small(v) else v for v in issues["n"]]
        issues = _with(issues, {"n": shown}).assign(where="")
    return changes, issues


def _with(frame: pd.DataFrame, columns: Mapping[str, list[Any]]) -> pd.DataFrame:
    changed = frame.copy()
    for name, values in columns.items():
        changed[name] = numbers(values).array
    return changed
