"""Everything that published evidence says, by name of its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import pandas as pd

from neurohlh.core.result import Result, tidy_frame
from neurohlh.study.published.claims import claims
from neurohlh.study.published.effects import effect
from neurohlh.study.published.faults import Arithmetic
from neurohlh.study.published.frequency import choices, frequency
from neurohlh.study.published.mortality import mortality
from neurohlh.study.published.own_study import OwnStudy
from neurohlh.study.published.proportions import in_words
from neurohlh.study.published.ratios import death_ratios
from neurohlh.study.published.selection import RULE, Selection, select
from neurohlh.study.published.tables import Evidence, read_evidence
from neurohlh.study.published.with_study import frequency_with_study, hazard_with_study


@dataclass(frozen=True)
class World:
    """The published cohorts and effects with every decision on them."""

    evidence: Evidence

    @cached_property
    def selection(self) -> Selection:
        """Which cohorts give a frequency."""
        return select(self.evidence.cohorts)

    @cached_property
    def ratios(self) -> pd.DataFrame:
        """Which printed ratios may be pooled."""
        return death_ratios(self.evidence)

    @cached_property
    def results(self) -> Mapping[str, Result]:
        """What belongs beside a study: frequency, deaths, effect, claims, faults."""
        return {
            "published_frequency": frequency(self.selection, self.evidence),
            "published_mortality": mortality(self.evidence.cohorts),
            "published_effect": effect(self.ratios),
            "published_claims": claims(self.selection, self.evidence),
            "published_faults": Arithmetic.of(self.evidence).result(),
        }

    @cached_property
    def more(self) -> Mapping[str, Result]:
        """What a reader of the evidence alone also wants: other choices, and the decision on each cohort."""
        return {
            "published_frequency_choices": choices(self.selection),
            "published_selection": decisions(self.selection),
        }

    def with_study(self, own: OwnStudy) -> dict[str, Result]:
        """The study beneath the published ones."""
        return {
            "published_with_study": hazard_with_study(self.ratios, own),
            "published_with_study_frequency": frequency_with_study(self.selection, own),
        }


def decisions(selection: Selection) -> Result:
    """Every cohort: whether it gives a frequency, and why not."""
    rows = []
    for _, row in selection.cohorts.sort_values(["reason", "label", "cohort_id"]).iterrows():
        counted = row["n"] == row["n"]
        reason = f"{row['reason']}: {row['stands_for']}" if row["stands_for"] else row["reason"]
        rows.append(
            {
                "analysis": "published_selection",
                "group": "Used" if not row["reason"] else "Not used for frequency",
                "level": row["label"],
                "population": row["age"],
                "contrast": row["definition"],
                "method": row["design"],
                "n": row["n"] if counted else row["n_total"],
                "events": row["events"] if counted else None,
                "variable": row["shared"],
                "note": in_words(reason),
            }
        )
    heads = {
        "level": "Cohort", "population": "Patients", "contrast": "Definition", "method": "Design", "events": "With",
        "n": "Of", "variable": "Shares patients", "note": "Why not",
    }  # fmt: skip
    return Result(
        kind="published_selection",
        tidy=tidy_frame(rows),
        method={"title": "Which cohorts give a frequency, and why others do not", "rule": RULE, "heads": heads},
        counts={
            "unit": "cohorts",
            "supplied": len(selection.cohorts),
            "used": len(selection.used),
            "dropped": selection.dropped(),
        },
        notes=(f"Of {RULE.removeprefix('of ')}.",),
    )


@cache
def catalogue_world() -> World:
    """The world of the package's own tables."""
    return World(read_evidence())
