"""Reactivation in the CNS: how often, with death and reactivation elsewhere competing, by CNS status at baseline."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.pictures import compared_by_cause
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.competing.cause_specific import cause_specific_cox
from neurohlh.stats.competing.cumulative_incidence import cumulative_incidence
from neurohlh.stats.competing.gray_test import gray_test
from neurohlh.stats.hazards.firth import cox_firth
from neurohlh.study.follow import EXPOSURE, TIMES, year_ticks
from neurohlh.study.parts.case_series import NO_FREQUENCY, is_case_series
from neurohlh.study.parts.clock import days_after_zero
from neurohlh.study.parts.groups import one_sided
from neurohlh.study.parts.material import Followed, Material
from neurohlh.study.parts.part import Results, answer, refusal
from neurohlh.study.parts.rows import NUMBERS, Row, picked, records
from neurohlh.study.parts.sequelae.survivors import STATUS

TITLE = "Cumulative incidence of reactivation in the CNS"
TEST_TITLE = "Reactivation in the CNS by CNS status: tests and hazard ratios"
WHAT, WHEN = "reactivation", "date_reactivation"
CNS, ELSEWHERE, DEATH, NONE = "reactivation in the CNS", "reactivation outside the CNS", "death", "none"
CAUSE = {"isolated_cns": CNS, "systemic_cns": CNS, "systemic": ELSEWHERE, "partial_flare": ELSEWHERE}
_COMPETING = (ELSEWHERE, DEATH)
_NOTES = (
    "The first reactivation counts, and only one is recorded. Isolated CNS and combined reactivations are in the CNS; "
    "systemic ones and partial flares are not. A death counts as competing where no reactivation came before it; "
    "transplantation is not taken as an end.",
    "Detection depends on looking: a reactivation in the brain of a patient who had no lumbar puncture or MRI at that "
    "time is counted as systemic or not at all.",
)


def reactivation(material: Material) -> Results:
    """Cumulative incidence from the landmark by baseline CNS status, Gray's test and cause-specific hazard ratios."""
    reason = _why_not(material)
    if reason:
        return {"sequelae_reactivation": refusal("sequelae_reactivation", TITLE, reason)}
    followed = material.followed()
    frame, gone = first_event(material, followed)
    codes: dict[str, Any] = {
        "cause": CNS,
        "censored": NONE,
        "competing": [c for c in _COMPETING if (frame["what"] == c).any()],
    }
    if not (frame["what"] == CNS).any():
        none = f"no dated reactivation in the CNS among {len(frame)} patients followed from the landmark"
        return {"sequelae_reactivation": _told(refusal("sequelae_reactivation", TITLE, none), followed, gone)}

    def incidence() -> Result:
        words = pd.Categorical(frame[EXPOSURE].map(STATUS), [STATUS["not_met"], STATUS["met"]])
        own = frame.assign(status=words)
        ticks = year_ticks(own["days"])
        found = cumulative_incidence(own, "days", "what", by="status", times=TIMES, ticks=ticks, **codes)
        aside = (found.tidy["contrast"] != "") & ((found.tidy["level"] != CNS) | (found.tidy["term"] == "ratio"))
        tidy = found.tidy[~aside].assign(outcome="first event", variable="")
        return found.with_(tidy=tidy.reset_index(drop=True))

    found = answer("sequelae_reactivation", TITLE, incidence, competing=", ".join(codes["competing"]))
    tests = _tests(frame, codes)
    return {
        "sequelae_reactivation": _told(compared_by_cause(found, "Gray's test", tests), followed, gone, _NOTES),
        "sequelae_reactivation_tests": _told(tests, followed, gone),
    }


def _why_not(material: Material) -> str:
    if is_case_series(material):
        return NO_FREQUENCY
    if not material.survival_analysed:
        return material.no_survival
    frame = material.frame
    if WHAT not in frame or frame[WHAT].notna().sum() == 0:
        return "no source says whether the disease was reactivated"
    if WHEN not in frame or frame[WHEN].notna().sum() == 0:
        return "no source has a date of reactivation, without which nothing can be followed in time"
    return ""


def first_event(material: Material, followed: Followed) -> tuple[pd.DataFrame, dict[str, int]]:
    """`days` from the landmark to the first event and `what` it was, for patients about whom that is known.

    The others are counted by reason: not recorded, recorded without a date, before the landmark, or contradictory (a
    date without a reactivation, or after the end of follow-up).
    """
    frame = followed.frame
    day = days_after_zero(material, frame, WHEN) - followed.day
    cause = frame[WHAT].map(CAUSE)
    happened = cause.notna()
    reasons = {
        "not recorded whether the disease was reactivated": ~happened & (frame[WHAT] != "none"),
        "reactivation without a usable date": happened & day.isna(),
        f"reactivated by day {followed.day:g}": happened & (day <= 0),
        "date of reactivation after the end of follow-up": happened & (day > frame["os_days"]),
        "date of a reactivation that is recorded as none": (frame[WHAT] == "none") & day.notna(),
    }
    out = pd.DataFrame(reasons).any(axis=1)
    last = np.where(frame["os_event"] == 1, DEATH, NONE)
    what, days = np.where(happened, cause, last), np.where(happened, day, frame["os_days"])
    kept = frame.assign(days=days, what=what)[~out].reset_index(drop=True)
    return kept, {reason: int(mask.sum()) for reason, mask in reasons.items() if mask.any()}


def _tests(frame: pd.DataFrame, codes: dict[str, Any]) -> Result:
    if reason := one_sided(frame):
        return refusal("sequelae_reactivation_tests", TEST_TITLE, reason)
    words: Row = {"outcome": CNS, "contrast": f"{STATUS['met']} vs {STATUS['not_met']}"}
    gray = answer("gray_test", "", lambda: gray_test(frame, "days", "what", EXPOSURE, **codes))
    rows: list[Row] = []
    for row in records(gray.tidy[gray.tidy["term"] == "Gray's test"]):
        rows.append({**row, **words, "variable": "", "measure": "chi-square"})
    hazards = answer(
        "cause_specific_cox",
        "",
        lambda: cause_specific_cox(frame, "days", "what", [EXPOSURE], reference={EXPOSURE: "not_met"}, **codes),
    )
    for row in records(hazards.tidy[~hazards.tidy["is_reference"]]):
        n, events = len(frame), int((frame["what"] == row["outcome"]).sum())
        said: Row = {
            "term": "cause-specific hazard ratio (crude)",
            "variable": "",
            "level": "",
            "n": n,
            "events": events,
        }
        rows.append({**row, **said, "contrast": words["contrast"]})
        if np.isnan(row["estimate"]):
            rows.append(
                {**said, "outcome": row["outcome"], "contrast": words["contrast"], **_penalised(frame, row["outcome"])}
            )
    return Result(
        kind="sequelae_reactivation_tests",
        tidy=tidy_frame(rows),
        method={
            "title": TEST_TITLE,
            "test": "Gray's test",
            "model": "cause-specific Cox, without covariates; Firth's penalty where a group has no event",
            "conf_level": 0.95,
            "reference": [
                "Gray 1988, Ann Stat 16:1141",
                "Prentice et al. 1978, Biometrics 34:541",
                "Heinze & Schemper 2001, Biometrics 57:114",
            ],
        },
        counts={"used": len(frame), "events": int((frame["what"] == CNS).sum())},
        notes=(
            *gray.notes,
            *hazards.notes,
            "Nothing is adjusted for.",
        ),
    )


def _penalised(frame: pd.DataFrame, outcome: str) -> Row:
    """The cause-specific hazard ratio by Firth's penalty, which stays finite where one group has no event."""
    own = frame.assign(happened=frame["what"] == outcome)
    fit = lambda: cox_firth(own, "days", "happened", [EXPOSURE], reference={EXPOSURE: "not_met"})  # noqa: E731
    tidy = answer("cox_firth", "", fit).tidy
    line = tidy[~tidy["is_reference"]]
    if line.empty:
        return {"note": "not estimable"}
    return {**picked(line.iloc[0], (*NUMBERS, "measure")), "method": "Cox regression with Firth's penalty"}


def _told(result: Result, followed: Followed, gone: dict[str, int], notes: tuple[str, ...] = ()) -> Result:
    dropped = {**gone, **result.counts.get("dropped", {})}
    return followed.tell(result.with_(counts={**result.counts, "dropped": dropped}, notes=(*result.notes, *notes)))
