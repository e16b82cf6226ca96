"""Survival by CNS status within each trigger: what the hazard ratios within groups look like in patients."""

from __future__ import annotations

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import in_panels
from neurohlh.core.result import Result
from neurohlh.stats.curves.kaplan_meier import kaplan_meier
from neurohlh.stats.curves.risk_table import risk_ticks
from neurohlh.study.follow import EXPOSURE, TIMES, year_ticks
from neurohlh.study.parts.case_series import fit_to_design
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.part import answer, refusal
from neurohlh.study.parts.triggers.survival import UNKNOWN, merged_triggers

TITLE = "Survival by CNS status within each trigger"
KIND = "stratified_survival"
_NOTES = (
    "Nothing is adjusted for, and a difference that is seen within one trigger and not within another is no evidence "
    "that the triggers differ: the test of interaction is.",
)


def curves_within_triggers(material: Material) -> Result:
    """Kaplan-Meier curves from the landmark by CNS status, one pair for each known trigger (priority rule)."""
    if not material.survival_analysed:
        return refusal(KIND, TITLE, material.no_survival)
    followed = material.followed()
    frame, merged = merged_triggers(followed.frame)
    known = frame[frame["trigger"].notna() & (frame["trigger"] != UNKNOWN)]
    lost = len(frame) - len(known)

    def made() -> Result:
        if known[EXPOSURE].nunique() < 2:
            raise NotEstimable("patients with a known trigger all have the same CNS status, or there are none")
        return _drawn(known)

    found = followed.tell(answer(KIND, TITLE, made))
    if not len(found.tidy):
        return found
    dropped = {**found.counts["dropped"], **({"trigger unknown": lost} if lost else {})}
    counts = {**found.counts, "dropped": dropped}
    return fit_to_design(found.with_(counts=counts, notes=(*found.notes, *merged, *_NOTES)), material)


def _drawn(known: pd.DataFrame) -> Result:
    ticks = year_ticks(known["os_days"]) or risk_ticks(np.asarray(known["os_days"], dtype=float), None).tolist()
    parts = {
        str(trigger): kaplan_meier(
            own.assign(**{EXPOSURE: pd.Categorical(own[EXPOSURE], ["met", "not_met"])}).reset_index(drop=True),
            "os_days", "os_event", by=EXPOSURE, times=TIMES, ticks=ticks,
        )
        for trigger, own in known.groupby("trigger", sort=True, observed=True)
    }  # fmt: skip
    found = in_panels(parts)
    shown = found.tidy["measure"].isin(["survival", "median survival"])
    return found.with_(kind=KIND, tidy=found.tidy[shown].reset_index(drop=True))
