"""Findings under disclosure control: every result, table and sentence of a report from one rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from neurohlh.core.findings import Findings
from neurohlh.core.suppression import is_suppressed
from neurohlh.report.disclose.counts import STATES, safe_cells, safe_criteria, safe_evidence, safe_flow, safe_states
from neurohlh.report.disclose.results import safe_result, speaks_of_publications, totals_of
from neurohlh.report.disclose.rule import Rule, near
from neurohlh.report.disclose.texts import mask_text

_TEXTS = ("subtitle", "cautions", "limitations", "methods_notes")
_FRAMES = ("flow", "criteria", "cns", "cns_evidence", "changes", "issues")


@dataclass(frozen=True)
class Account:
    """What disclosure control took away: the rule's minimum and the number of cells by table."""

    minimum: int
    cells: Mapping[str, int]

    @property
    def total(self) -> int:
        """The number of cells over all tables."""
        return sum(self.cells.values())


def disclose(findings: Findings, minimum: int) -> tuple[Findings, Account]:
    """The findings with counts from 1 to below `minimum` suppressed, and all that would give one away.

    The same findings give the same answer; findings that are safe already stay as they are.
    """
    rule = _rule(findings, minimum)
    results = {name: safe_result(result, rule) for name, result in findings.results.items()}
    changes, issues = safe_cells(findings, rule)
    known = {frame[list(STATES)].sum(axis=1).max() for frame in (findings.criteria, findings.cns) if len(frame)}
    flow = safe_flow(findings.flow, rule, known)
    safe = replace(
        findings,
        results=results,
        flow=flow,
        criteria=safe_criteria(findings, flow, rule),
        cns=safe_states(findings.cns, rule),
        cns_evidence=safe_evidence(findings.cns_evidence, rule),
        changes=changes,
        issues=issues,
        **{name: _masked(getattr(findings, name), rule) for name in _TEXTS},
    )
    cells = {name: _states(getattr(safe, name)) for name in _FRAMES}
    cells |= {name: _states(r.tidy) + _states(r.checks) + _in_counts(r.counts) for name, r in results.items()}
    return safe, Account(minimum, {name: n for name, n in cells.items() if n})


def _rule(findings: Findings, minimum: int) -> Rule:
    totals = [t for r in findings.results.values() if not speaks_of_publications(r) for t in totals_of(r)]
    shown = {n for n, _ in totals} - {n for n, _ in near(totals, minimum)}
    return Rule(minimum, frozenset(int(n) for n, _ in totals if n not in shown))


def _masked(text: str | tuple[str, ...], rule: Rule) -> Any:
    return mask_text(text, rule) if isinstance(text, str) else tuple(mask_text(t, rule) for t in text)


def _states(frame: pd.DataFrame) -> int:
    objects = [c for c in frame.columns if frame[c].dtype == object]
    return sum(is_suppressed(v) for c in objects for v in frame[c])


def _in_counts(counts: Mapping[str, Any]) -> int:
    return sum(_in_counts(v) if isinstance(v, Mapping) else int(is_suppressed(v)) for v in counts.values())
