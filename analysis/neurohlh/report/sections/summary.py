"""The box at the top: the question, the answer in plain words, the key figures, and what weakens them."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from neurohlh.core import format as fmt
from neurohlh.core.findings import Findings
from neurohlh.report import words
from neurohlh.report.blocks import Block, Callout, KeyFigure, KeyFigures, Paragraph, Section


def summary(findings: Findings) -> Section:
    """The summary of a study."""
    blocks: list[Block] = [
        Paragraph(findings.question, tone="question"),
        Paragraph(words.verdict(findings), tone="lead"),
    ]
    who, outcome = tuple(_who(findings)), tuple(_outcome(findings))
    rows = (who, outcome) if len(who) + len(outcome) > 4 else (who + outcome,)
    blocks += [KeyFigures(row) for row in rows if row]
    blocks += [Paragraph(text) for text in words.answer(findings)]
    doubts = words.doubts(findings)
    if doubts:
        blocks.append(Callout("caution", "What speaks against trusting these numbers", doubts))
    return Section("summary", "Summary", tuple(blocks))


def _who(findings: Findings) -> Iterator[KeyFigure]:
    yield from _patients(findings)
    yield from _frequency(findings)


def _outcome(findings: Findings) -> Iterator[KeyFigure]:
    yield from _survival(findings)
    yield from _hazards(findings)
    yield from _odds(findings)


def _patients(findings: Findings) -> Iterator[KeyFigure]:
    flow = findings.flow
    if len(flow):
        supplied = f"of {fmt.integer(flow['n_in'].iloc[0])} rows supplied"
        yield KeyFigure("Patients in the analysis", fmt.integer(flow["n_out"].iloc[-1]), supplied)
    row = words.criteria_overall(findings)
    if row is not None:
        detail = f"{fmt.integer(row['indeterminate'])} undecided, {fmt.integer(row['not_met'])} not met"
        yield KeyFigure(f"Meet {row['criteria_set']}", fmt.integer(row["met"]), detail)


def _frequency(findings: Findings) -> Iterator[KeyFigure]:
    result = None if findings.case_series else findings.results.get("frequency")
    tested = words.row_of(result, term="as tested", group="overall") if result else None
    if tested is None:
        return
    worst = words.row_of(result, term="worst case: unknown as positive", group="overall") if result else None
    best = words.row_of(result, term="unknown as negative", group="overall") if result else None
    detail = f"{fmt.out_of(tested['events'], tested['n'])} with known status"
    bounds = ""
    if worst is not None and best is not None:
        bounds = f"bounds {fmt.interval(best['estimate'], worst['estimate'], fmt.percent)}"
    yield KeyFigure("CNS involvement", fmt.percent(tested["estimate"]), detail, bounds)
    if worst is not None:
        undecided = worst["n"] - tested["n"]
        yield KeyFigure("CNS status undecided", fmt.integer(undecided), f"of {fmt.integer(worst['n'])} patients")


def _survival(findings: Findings) -> Iterator[KeyFigure]:
    found = words.survival_pair(findings.results.get("kaplan_meier"))
    if found is None:
        return
    for row, word in zip(found, ("with CNS", "without CNS"), strict=True):
        limits = fmt.interval(row["conf_low"], row["conf_high"], fmt.percent)
        head = f"Survival at {fmt.duration(row['time'])}, {word}"
        yield KeyFigure(head, fmt.percent(row["estimate"]), limits, f"{fmt.integer(row['n'])} at risk")


def _hazards(findings: Findings) -> Iterator[KeyFigure]:
    result = findings.results.get("cox")
    if result is None:
        return
    for row, word in zip(words.exposure_hazards(result, findings.exposure), ("crude", "adjusted"), strict=True):
        if row is not None:
            yield KeyFigure(f"Hazard ratio, {word}", fmt.ratio(row["estimate"]), _ratio_limits(row), str(row["note"]))


def _odds(findings: Findings) -> Iterator[KeyFigure]:
    result = findings.results.get("two_by_two")
    if result is None:
        return
    for group, word in (
        ("met", "with CNS"),
        ("true", "with CNS"),
        ("not_met", "without CNS"),
        ("false", "without CNS"),
    ):
        row = words.row_of(result, measure="risk", group=group)
        if row is not None:
            counts = f"{fmt.out_of(row['events'], row['n'])} patients"
            yield KeyFigure(f"Died, {word}", fmt.percent(row["estimate"]), counts)
    row = words.row_of(result, measure="OR")
    if row is not None:
        limits = fmt.interval(row["conf_low"], row["conf_high"], fmt.ratio, open_end="no limit")
        yield KeyFigure(
            "Odds ratio of death",
            fmt.ratio(row["estimate"]),
            f"{limits}, exact" if limits != fmt.MISSING else "",
            str(row["note"]),
        )


def _ratio_limits(row: pd.Series) -> str:
    return fmt.interval(row["conf_low"], row["conf_high"], fmt.ratio)
