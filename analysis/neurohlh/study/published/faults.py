"""What cannot be right, or does not recompute, in the printed tables: every row is held against its own numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.recipe import software
from neurohlh.study.published.faults_cohorts import cohort_findings
from neurohlh.study.published.faults_effects import effect_findings
from neurohlh.study.published.finding import CONSISTENT, VERDICTS, Finding
from neurohlh.study.published.tables import Evidence

HEADS = {
    "level": "Publication",
    "variable": "Where",
    "contrast": "Printed",
    "method": "From its own numbers",
    "note": "Remark",
}


@dataclass(frozen=True)
class Arithmetic:
    """Every check that could be made: `findings` in the order of the tables."""

    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, evidence: Evidence) -> Arithmetic:
        """All checks of all rows."""
        return cls(tuple(_all(evidence)))

    def result(self) -> Result:
        """The faults, worst first; what agrees is counted."""
        order = {verdict: i for i, verdict in enumerate(VERDICTS)}
        wrong = sorted((f for f in self.findings if f.verdict != CONSISTENT), key=lambda f: order[f.verdict])
        rows = [
            {
                "analysis": "published_faults",
                "group": f.verdict,
                "level": f.label,
                "variable": f.where,
                "term": f.check,
                "contrast": f.printed,
                "method": f.recomputed,
                "note": f.note,
            }
            for f in wrong
        ]
        made = pd.Series([f.check for f in self.findings], dtype=object).value_counts()
        agree = sum(f.verdict == CONSISTENT for f in self.findings)
        return Result(
            kind="published_faults",
            tidy=tidy_frame(rows),
            method={
                "title": "Printed numbers that do not agree with themselves",
                "checks": {str(k): int(v) for k, v in made.items()},
                "rounding": "every printed number may be off by half a unit of its last digit; a percentage that was "
                "cut off instead of rounded is named, and is harmless",
                "software": software("numpy", "scipy"),
                "heads": HEADS,
                "reference": [
                    "Altman & Bland 2011, BMJ 343:d2304",
                    "Brown & Heathers 2017, Soc Psychol Personal Sci 8:363",
                ],
            },
            counts={"unit": "checks", "supplied": len(self.findings), "used": len(self.findings), "agree": agree},
            notes=(
                f"{len(self.findings)} pieces of arithmetic could be checked; {agree} agree.",
                "A number that does not recompute is no proof of a wrong result: the table may have a slip, the p "
                "another test, the percentage another denominator. It is a reason not to pool it unread.",
            ),
        )


def _all(evidence: Evidence) -> Iterator[Finding]:
    yield from cohort_findings(evidence.cohorts)
    yield from effect_findings(evidence)
