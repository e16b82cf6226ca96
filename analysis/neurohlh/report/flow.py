"""The flow of patients from the rows of the tables to the survival curves, as boxes whose numbers add up."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from neurohlh.core import format as fmt
from neurohlh.core.findings import Findings
from neurohlh.report.blocks import Block, Callout, Flow, FlowStep, Section, plain
from neurohlh.report.names import Names

# A step after which the rows have become something else gets a box of its own.
_STAGES = {"joined_rows": "patients in the tables"}


def flow(findings: Findings) -> Section | None:
    """Who was left out, and why; numbers that do not add up are said so."""
    rows = findings.flow
    if not len(rows):
        return None
    blocks: list[Block] = [Flow(tuple(flow_steps(findings)))]
    broken = flow_breaks(rows)
    if broken:
        blocks.append(Callout("stop", "These numbers do not add up", broken))
    return Section("flow", "Flow of patients", tuple(blocks))


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
    curves = findings.results.get("kaplan_meier")
    if curves is not None and curves.counts.get("supplied") == rows[-1]["n_out"]:
        names = Names.of(findings)
        lost = {k: v for k, v in dict(curves.counts.get("dropped") or {}).items() if v}
        named = tuple((names.prose(str(k)), fmt.integer(v)) for k, v in lost.items())
        yield FlowStep("patients on the survival curves", fmt.integer(curves.counts.get("used")), named)


def flow_breaks(rows: pd.DataFrame) -> tuple[str, ...]:
    """The steps whose numbers do not add up: n_in - n_excluded = n_out, and each step starts where the last ended."""
    said = []
    previous = None
    for row in rows.to_dict("records"):
        if row["n_in"] - row["n_excluded"] != row["n_out"]:
            counts = " − ".join(fmt.integer(row[c]) for c in ("n_in", "n_excluded"))
            said.append(f"{row['label']}: {counts} is not {fmt.integer(row['n_out'])}.")
        if previous is not None and row["n_in"] != previous:
            said.append(
                f"{row['label']} starts with {fmt.integer(row['n_in'])}, but {fmt.integer(previous)} were left before."
            )
        previous = row["n_out"]
    return tuple(said)
