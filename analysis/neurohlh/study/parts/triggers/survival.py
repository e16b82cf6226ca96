"""Survival by trigger from time zero: what set HLH off is there from the start, unlike what is found in the brain."""

from __future__ import annotations

import pandas as pd

from neurohlh.clinical.trigger_facts import TRIGGERS
from neurohlh.core.pictures import compared
from neurohlh.core.result import Result
from neurohlh.stats.curves.kaplan_meier import kaplan_meier
from neurohlh.stats.curves.logrank import logrank
from neurohlh.study.covariates import SPARSE_EVENTS
from neurohlh.study.follow import TIMES, ZERO_WORDS, counted_from, year_ticks
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.part import Results, answer, refusal

TITLE = "Survival by trigger"
TEST_TITLE = "Survival by trigger: log-rank test"
MERGED = "Other triggers together"
UNKNOWN = TRIGGERS["unknown"]
_NOTES = (
    "A trigger counts from time zero. Dates of triggers are not recorded: one that was found only later (a lymphoma in "
    "a second biopsy) is read as there from the start, and since the patient had to live until it was found, its curve "
    "lies too high.",
    "Nothing is adjusted for: triggers differ in age, severity and treatment.",
)


def survival_by_trigger(material: Material) -> Results:
    """Kaplan-Meier curves by trigger (priority rule) with estimates, and the log-rank test between known triggers."""
    if not material.survival_analysed:
        return {"triggers_survival": refusal("trigger_survival", TITLE, material.no_survival)}
    frame, merged = merged_triggers(material.timed)
    lost = len(material.frame) - len(frame)
    gone = {"time or outcome unknown": lost} if lost else {}
    zero = f"since {ZERO_WORDS[material.config.endpoint.os.origin]}"
    known = frame[frame["trigger"] != UNKNOWN].reset_index(drop=True)
    unknown = len(frame) - len(known)
    left_out = {**gone, "trigger unknown": unknown} if unknown else gone

    def curves() -> Result:
        ticks = year_ticks(frame["os_days"])
        return kaplan_meier(frame, "os_days", "os_event", by="trigger", times=TIMES, ticks=ticks)

    def test() -> Result:
        return logrank(
            known.assign(trigger=known["trigger"].cat.remove_unused_categories()), "os_days", "os_event", "trigger"
        )

    tested = answer("trigger_logrank", TEST_TITLE, test)
    drawn = compared(answer("trigger_survival", TITLE, curves), "Log-rank test of known triggers", tested)
    return {
        "triggers_survival": _told(drawn, material, gone, zero, (*merged, *_NOTES)),
        "triggers_logrank": _told(tested, material, left_out, zero, merged),
    }


def merged_triggers(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The frame with `trigger` in words, in the order of the priority rule; triggers with few deaths are one group.

    The unknown are never merged with a known trigger, and neither are those recorded as without one.
    """
    words = frame["trigger_category"].map(TRIGGERS)
    deaths = frame.groupby(words)["os_event"].sum()
    kept_apart = (UNKNOWN, TRIGGERS["none"])
    sparse = [w for w in TRIGGERS.values() if w in deaths and deaths[w] < SPARSE_EVENTS and w not in kept_apart]
    notes: tuple[str, ...] = ()
    if len(sparse) > 1:
        words = words.where(~words.isin(sparse), MERGED)
        notes = (
            f"Triggers with fewer than {SPARSE_EVENTS} deaths each are one group, {MERGED.lower()!r}: "
            f"{', '.join(sparse)} (the limit of {SPARSE_EVENTS} is a choice of this package).",
        )
    order = [*(w for w in TRIGGERS.values() if w not in kept_apart), MERGED, *reversed(kept_apart)]
    present = [w for w in order if (words == w).any()]
    return frame.assign(trigger=pd.Categorical(words, categories=present)), notes


def _told(result: Result, material: Material, gone: dict[str, int], zero: str, notes: tuple[str, ...]) -> Result:
    dropped = {**gone, **result.counts.get("dropped", {})}
    counts = {**result.counts, "supplied": len(material.frame), "dropped": dropped}
    return counted_from(result.with_(counts=counts, notes=(*result.notes, *notes)), zero)
