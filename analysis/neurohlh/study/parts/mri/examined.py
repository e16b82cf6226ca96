"""Patients with an MRI: everybody, and those who had it by the landmark and are followed from there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from neurohlh.clinical import imaging
from neurohlh.clinical.mri_findings import EXAMINED, with_findings
from neurohlh.clinical.mri_first import IMAGE_DATE, with_mri_first
from neurohlh.clinical.mri_patterns import RECORDED_AS, with_pattern
from neurohlh.clinical.mri_regions import with_regions
from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result
from neurohlh.study.follow import Survival, counted_from, told
from neurohlh.study.parts.material import Material

WITH_MRI = "patients with an MRI"


def prepared(frame: pd.DataFrame) -> pd.DataFrame:
    """A classified frame with everything that is read from MRI beside it."""
    read = [c for c in frame if c in imaging.inputs() or c == RECORDED_AS]
    found: pd.DataFrame = with_pattern(with_regions(with_findings(frame[read])))
    return with_mri_first(pd.concat([frame, found.drop(columns=read)], axis=1))


def with_mri(frame: pd.DataFrame) -> pd.DataFrame:
    """The patients of a prepared frame who had an MRI."""
    return frame[frame[EXAMINED] == "met"]


def without_mri(frame: pd.DataFrame) -> dict[str, int]:
    """Patients of a prepared frame without an MRI to read, by reason."""
    reasons = {"not_met": "no MRI done", "indeterminate": "not known whether an MRI was done"}
    counts = {words: int((frame[EXAMINED] == code).sum()) for code, words in reasons.items()}
    return {words: n for words, n in counts.items() if n}


def counts_of(frame: pd.DataFrame) -> dict[str, object]:
    """Supplied, used and dropped of an analysis of everybody with an MRI."""
    return {"supplied": len(frame), "used": len(with_mri(frame)), "dropped": without_mri(frame)}


@dataclass(frozen=True)
class Baseline:
    """Patients at risk at the landmark whose first cranial imaging was dated by then, with an MRI; times from there."""

    frame: pd.DataFrame
    everybody: Survival
    gone: dict[str, int]
    words: str
    zero: str

    def tell(self, result: Result) -> Result:
        """The result with its counts taken back to the study population."""
        return counted_from(told(result, self.everybody, self.gone), self.zero)


@dataclass(frozen=True)
class Images:
    """The patients of a study with everything that is read from MRI, in `frame`."""

    material: Material
    frame: pd.DataFrame

    @classmethod
    def of(cls, material: Material) -> Images:
        """Read what MRI showed."""
        return cls(material, prepared(material.frame))

    def baseline(self) -> Baseline:
        """Who had an MRI by the landmark and is followed from it.

        Raises NotEstimable where survival can't be analysed, no MRI is dated, or nobody with one died later.
        """
        if isinstance(self._start, NotEstimable):
            raise self._start
        return self._start

    @cached_property
    def _start(self) -> Baseline | NotEstimable:
        try:
            return _baseline(self.material)
        except NotEstimable as reason:
            return reason


def _baseline(material: Material) -> Baseline:
    if not material.survival_analysed:
        raise NotEstimable(material.no_survival)
    followed, origin = material.followed(), material.config.endpoint.os.origin
    if IMAGE_DATE not in material.frame or origin not in material.frame:
        raise NotEstimable(
            "no source has a date of imaging, so that nobody is known to have had the MRI by the landmark"
        )
    frame = prepared(followed.everybody.frame)
    day = (frame[IMAGE_DATE] - frame[origin]).dt.days.astype(float)
    done = frame[EXAMINED] == "met"
    gone = {
        **without_mri(frame),
        "date of imaging or of time zero unknown": int((done & day.isna()).sum()),
        f"imaging first after day {followed.day:g}": int((done & (day > followed.day)).sum()),
    }
    kept = frame[done & (day <= followed.day)].reset_index(drop=True)
    if not (kept["os_event"] == 1).any():
        raise NotEstimable("nobody with an MRI by the landmark is known to have died after it")
    words = f"MRI by day {followed.day:g}, followed from then"
    kept = kept.assign(died_later=kept["os_event"] == 1)
    return Baseline(kept, followed.everybody, {k: n for k, n in gone.items() if n}, words, followed.zero)
