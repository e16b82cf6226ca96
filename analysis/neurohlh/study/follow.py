"""Who is followed from when: survival from a day after time zero by baseline CNS status, everyone else counted.

The standard exposure is CNS status within the baseline window; survival is followed from the landmark, so that nobody
has to live long enough to be called exposed. 'Ever CNS' followed from day 0 is not offered as an answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from neurohlh.core.result import Result
from neurohlh.stats.landmarks import landmark
from neurohlh.study.config import StudyConfig

EXPOSURE = "cns"
TIMES = (30, 180, 365, 1095)
"""Days at which survival is printed: 30 d, 180 d, 1 y, 3 y."""
DAYS_PER_YEAR = 365.25
TICKS = 6
"""Columns of a risk table at the most, so that they do not run into each other."""
FEW_EVENTS = 2
"""Below this many deaths with a known time no survival model is tried."""
_STATUS_WORDS = {
    "met": "CNS involved",
    "not_met": "CNS not involved",
    "indeterminate": "CNS not decidable",
    "not_applicable": "CNS status not applicable",
}
ZERO_WORDS = {
    "date_hlh_diagnosis": "the diagnosis of HLH",
    "date_admission": "admission",
    "date_treatment_start": "the start of treatment",
}


@dataclass(frozen=True)
class Survival:
    """The patients of the survival analysis: days since the landmark, event, exposure, and who was left out and why."""

    frame: pd.DataFrame
    supplied: int
    dropped: dict[str, int]


def survival_set(frame: pd.DataFrame, day: float) -> Survival:
    """Patients at risk on the landmark `day` with a known time and outcome; everyone else is counted by reason.

    Deaths before the landmark are counted by CNS status, because it is the untested who die early. Where time zero
    comes before the diagnosis, whoever is diagnosed after the landmark is not in the study yet (`entry_days`).
    """
    known = frame["os_days"].notna() & frame["os_event"].notna()
    entry = frame.get("entry_days", pd.Series(0.0, index=frame.index))
    early = frame[known & (frame["os_days"] <= day)]
    dropped = {"time or outcome unknown": int((~known).sum())}
    for status, word in _STATUS_WORDS.items():
        dropped[f"died by day {day:g}, {word}"] = int(
            ((early["os_event"] == 1) & (early["cns_baseline"] == status)).sum()
        )
    dropped[f"last seen alive by day {day:g}"] = int((early["os_event"] == 0).sum())
    beyond = known & (frame["os_days"] > day)
    dropped[f"HLH diagnosed only after day {day:g}"] = int((beyond & (entry > day)).sum())
    dropped["date of the HLH diagnosis unknown"] = int((beyond & entry.isna()).sum())
    in_study = known & ~(beyond & ~(entry <= day))
    kept = landmark(frame[in_study], "os_days", "os_event", day).frame
    kept = kept.assign(**{EXPOSURE: kept["cns_baseline"]}).reset_index(drop=True)
    return Survival(kept, len(frame), {reason: n for reason, n in dropped.items() if n})


def time_zero_words(config: StudyConfig) -> str:
    """What the times of the comparison by CNS status count from."""
    return zero_words(config, config.model.landmark_days)


def zero_words(config: StudyConfig, day: float) -> str:
    """What times count from that begin on `day` after time zero."""
    origin = ZERO_WORDS[config.endpoint.os.origin]
    return f"since day {day:g} after {origin}" if day else f"since {origin}"


def counted_from(result: Result, words: str) -> Result:
    """The result with words for what its times count from."""
    return result.with_(method={**result.method, "time_zero": words})


def year_ticks(days: pd.Series) -> list[float] | None:
    """Whole years within the follow-up, as days; None below two years (round days serve better)."""
    years = float(days.max()) / DAYS_PER_YEAR
    if years < 2:
        return None
    step = next(s for s in (1, 2, 5, 10, 20, 50) if years / s <= TICKS)
    return [y * DAYS_PER_YEAR for y in range(0, int(years) + 1, step)]


def told(result: Result, survival: Survival, gone: dict[str, int]) -> Result:
    """The result with its counts taken back to the study population."""
    dropped = {**survival.dropped, **gone, **result.counts.get("dropped", {})}
    return result.with_(counts={**result.counts, "supplied": survival.supplied, "dropped": dropped})
