"""The patients around another time zero: survival, baseline window and entry into the study in one clock.

Exposure must be known by the landmark in the clock in which survival is counted; a window around the diagnosis beside
survival from admission would look past the landmark of everybody who was diagnosed late (immortal time). Nobody is in
a study of HLH before HLH is diagnosed (delayed entry, dossier 13.8): whoever is diagnosed after the landmark is not
followed from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from neurohlh.clinical.cns_many import classify_by_many
from neurohlh.clinical.outcome import derive_outcome
from neurohlh.stats.landmarks import landmark
from neurohlh.study.follow import ZERO_WORDS
from neurohlh.study.parts.material import Material

DIAGNOSIS = "date_hlh_diagnosis"
ENTRY = "entry_days"
OTHER_CLOCK = "the definition counts days to the diagnosis of HLH, so that it can't be read around another time zero"
"""Why the definition of an isolated onset stands around the diagnosis only."""
_NAMES = {DIAGNOSIS: "diagnosis", "date_admission": "admission", "date_treatment_start": "treatment_start"}
"""Date -> what the column `time_zero` calls it."""


@dataclass(frozen=True)
class TimeZero:
    """The patients of a study around one time zero.

    Attributes
    ----------
    origin : the date that days count from; `words` says it.
    frame : a row per patient in the order of patient_id, before CNS classification; `os_days` from `origin`,
        `date_hlh_diagnosis` the day that the window lies around, `entry_days` days until HLH is diagnosed (0 or more,
        NaN unknown).
    gate : column of the HLH status.
    """

    origin: str
    frame: pd.DataFrame
    gate: str | None

    @property
    def words(self) -> str:
        """Time zero in words."""
        return ZERO_WORDS[self.origin]

    def at_risk(self, day: float) -> pd.DataFrame:
        """Those diagnosed by `day` and followed beyond it, `os_days` counted from it; index as in `frame`."""
        known = self.frame["os_days"].notna() & self.frame["os_event"].notna() & (self.frame[ENTRY] <= day)
        return landmark(self.frame[known], "os_days", "os_event", day).frame if known.any() else self.frame[known]


def around(material: Material, origin: str) -> TimeZero:
    """The study's patients around `origin`; a patient without that date has no survival time there."""
    frame = material.unclassified(material.frame).sort_values("patient_id", kind="stable").reset_index(drop=True)
    declared = material.config.endpoint.os.origin
    if origin != declared:
        # A follow-up without dates counts from the study's own time zero, whatever is asked here.
        dated = frame if "time_zero" in frame else frame.assign(time_zero=_NAMES[declared])
        outcome = derive_outcome(dated, origin)
        frame = frame.assign(os_days=outcome["os_days"], os_event=outcome["os_event"])
    entry = np.zeros(len(frame))
    if origin != DIAGNOSIS and origin in frame:
        if DIAGNOSIS in frame and frame[DIAGNOSIS].notna().any():
            days = (frame[DIAGNOSIS] - frame[origin]).dt.days.to_numpy(dtype=float, na_value=np.nan)
            entry = np.where(np.isnan(days), np.nan, np.maximum(days, 0.0))
        frame = frame.assign(**{DIAGNOSIS: frame[origin]})
    return TimeZero(origin, frame.assign(**{ENTRY: entry}), material.gate)


def classified(
    zeros: Sequence[TimeZero], definitions: Iterable[str], window_days: tuple[int, int]
) -> list[dict[str, pd.DataFrame]]:
    """For each time zero the CNS columns under each definition, with the window around it; rows as in its frame."""
    # In one pass over all of them: what a definition costs hardly hangs on how many patients it reads.
    stacked = pd.concat([zero.frame for zero in zeros], ignore_index=True)
    found = classify_by_many(stacked, definitions, hlh=zeros[0].gate, window_days=window_days)
    parts, first = [], 0
    for zero in zeros:
        own = slice(first, first + len(zero.frame))
        parts.append({name: status.iloc[own].reset_index(drop=True) for name, status in found.items()})
        first += len(zero.frame)
    return parts


def time_zeros(material: Material) -> Iterator[TimeZero]:
    """The study's own time zero first, then every other one whose date the data hold."""
    declared = material.config.endpoint.os.origin
    yield around(material, declared)
    for origin in ZERO_WORDS:
        if origin != declared and origin in material.frame and material.frame[origin].notna().any():
            yield around(material, origin)
