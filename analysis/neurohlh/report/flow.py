"""The flow of patients from the rows of the tables to the survival curves and CNS status: boxes that must add up."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import pandas as pd

from neurohlh.core import format as fmt
from neurohlh.core.findings import Findings
from neurohlh.core.result import Result
from neurohlh.report.blocks import Block, Callout, Flow, FlowStep, Section, plain
from neurohlh.report.names import Names

# A step after which the rows have become something else gets a box of its own.
_STAGES = {"joined_rows": "patients in the tables"}
_SHOWN = ("met", "not_met", "indeterminate", "not_applicable", "missing")


def flow(findings: Findings) -> Section | None:
    """Who was left out, and why; numbers that do not add up are said so."""
    if not len(findings.flow):
        return None
    blocks: list[Block] = [flow_block(findings)]
    broken = flow_breaks(findings)
    if broken:
        blocks.append(Callout("stop", "These numbers do not add up", broken))
    return Section("flow", "Flow of patients", tuple(blocks))


def flow_block(findings: Findings) -> Flow:
    """The boxes from the rows supplied to those on the survival curves, and how these part by CNS status."""
    return Flow(tuple(flow_steps(findings)), branches=tuple(flow_branches(findings)))


def flow_steps(findings: Findings) -> Iterator[FlowStep]:
    """The boxes: rows supplied, patients in the tables, patients in the study, and those on the survival curves."""
    rows = findings.flow.to_dict("records")
    yield FlowStep("rows supplied", fmt.integer(rows[0]["n_in"]))
    left: list[tuple[str, str]] = []
    for row in rows:
        if row["n_excluded"]:
            left.append((plain(row["reason"]) or str(row["label"]), fmt.integer(row["n_excluded"])))
        box = "patients in the study" if row is rows[-1] else _STAGES.get(str(row["step"]))
        if box and (left or row is rows[-1]):  # a stage that nobody left before needs no box
            yield FlowStep(box, fmt.integer(row["n_out"]), tuple(left))
            left = []
    curves = _on_curves(findings)
    if curves is not None:
        names = Names.of(findings)
        named = tuple((names.prose(reason), fmt.integer(n)) for reason, n in _dropped(curves).items())
        yield FlowStep("patients on the survival curves", fmt.integer(curves.counts.get("used")), named)


def flow_branches(findings: Findings) -> Iterator[FlowStep]:
    """How the patients of the last box part by CNS status: at baseline where survival is followed, else at any time."""
    names = Names.of(findings)
    for status, n in _by_status(findings).items():
        yield FlowStep(names.group(status), fmt.integer(n))


def flow_breaks(findings: Findings) -> tuple[str, ...]:
    """Where the numbers do not add up, in sentences: from step to step, onto the curves, and by CNS status."""
    said = list(_steps_that_break(findings.flow))
    curves, last = _on_curves(findings), findings.flow.iloc[-1]["n_out"]
    if curves is not None:
        left, used = sum(_dropped(curves).values()), curves.counts["used"]
        if _differ(last - left, used):
            counts = f"{fmt.integer(last)} − {fmt.integer(left)}"
            said.append(f"Patients on the survival curves: {counts} is not {fmt.integer(used)}.")
        last = used
    parts = _by_status(findings)
    if parts and _differ(sum(parts.values()), last):
        counts = " + ".join(fmt.integer(n) for n in parts.values())
        said.append(f"Patients by CNS status: {counts} is not {fmt.integer(last)}.")
    return tuple(said)


def _steps_that_break(rows: pd.DataFrame) -> Iterator[str]:
    """n_in - n_excluded = n_out, and each step starts where the last ended."""
    steps = rows.to_dict("records")
    for before, row in pairwise([None, *steps]):
        assert row is not None
        if _differ(row["n_in"] - row["n_excluded"], row["n_out"]):
            counts = " − ".join(fmt.integer(row[c]) for c in ("n_in", "n_excluded"))
            yield f"{row['label']}: {counts} is not {fmt.integer(row['n_out'])}."
        if before is not None and _differ(row["n_in"], before["n_out"]):
            starts, ended = fmt.integer(row["n_in"]), fmt.integer(before["n_out"])
            yield f"{row['label']} starts with {starts}, but {ended} were left before."


def _on_curves(findings: Findings) -> Result | None:
    """The survival curves, where these begin with the patients of the study."""
    curves = findings.results.get("kaplan_meier")
    return curves if curves is not None and _begins_with_the_study(curves, findings) else None


def _begins_with_the_study(result: Result, findings: Findings) -> bool:
    supplied = result.counts.get("supplied")
    return supplied is not None and not _differ(supplied, findings.flow.iloc[-1]["n_out"])


def _dropped(curves: Result) -> dict[str, float]:
    return {str(reason): n for reason, n in dict(curves.counts.get("dropped") or {}).items() if n}


def _by_status(findings: Findings) -> dict[str, float]:
    """CNS status -> patients of the last box; empty where no result counts them."""
    curves, frequency = _on_curves(findings), findings.results.get("frequency")
    counts: dict[str, float] = {}
    if curves is not None:
        counts = {str(status): found["n"] for status, found in dict(curves.counts.get("groups") or {}).items()}
    elif frequency is not None and _begins_with_the_study(frequency, findings):
        counts = {status: frequency.counts.get(status, 0) for status in _SHOWN}
    order = {status: k for k, status in enumerate(_SHOWN)}
    return {s: counts[s] for s in sorted(counts, key=lambda s: order.get(s, len(order))) if counts[s]}


def _differ(one: float, other: float) -> bool:
    """Whether two counts are known and not equal: a suppressed count cannot be checked."""
    return not (math.isnan(one) or math.isnan(other)) and one != other
