"""What every part of the plan works on: the patients of the study, and those followed from a landmark."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from zlib import crc32

import pandas as pd

from neurohlh.clinical.cns_status import RESULTS as CNS_COLUMNS
from neurohlh.clinical.cns_status import classify_cns
from neurohlh.core.result import Result
from neurohlh.study.classify import Classified
from neurohlh.study.config import StudyConfig
from neurohlh.study.covariates import Adjustment, adjustment
from neurohlh.study.follow import EXPOSURE, FEW_EVENTS, Survival, counted_from, survival_set, told, zero_words
from neurohlh.study.population import Population


@dataclass(frozen=True)
class Followed:
    """Patients at risk at a landmark whose baseline CNS status is met or not_met, in `frame`.

    Columns: the codebook's variables, `os_days` from the landmark, `os_event`, `cns`. `everybody` also holds those at
    risk whose status is undecided; `gone` counts them by reason.
    """

    frame: pd.DataFrame
    everybody: Survival
    gone: dict[str, int]
    day: float
    zero: str

    def tell(self, result: Result) -> Result:
        """The result with its counts taken back to the study population, and what its times count from."""
        return counted_from(told(result, self.everybody, self.gone), self.zero)


@dataclass(frozen=True)
class Material:
    """The patients of a study (one row each, classified) and the choices of its file.

    Attributes
    ----------
    frame : the patients in the study: codebook variables and everything derived (os_days, os_event, cns_status,
        cns_baseline, cns_symptoms, …).
    config : the study file.
    gate : the column with the status under the study's criteria set (None where it asks for none).
    reports : what was read from the texts of their reports (columns of cohort/report_findings.csv; empty without any).
    """

    frame: pd.DataFrame
    config: StudyConfig
    gate: str | None
    recorded_timing: dict[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Patient -> the hospital's own `cns_timing`, in whose place `frame` has the derived one."""
    reports: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    _followed: dict[float, Followed] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, classified: Classified, population: Population, config: StudyConfig) -> Material:
        """The patients whom the study's eligibility keeps."""
        frame = classified.frame[population.included].reset_index(drop=True)
        raw, timing = classified.cohort.frame, {}
        if "cns_timing" in raw:
            said = raw[raw["cns_timing"].notna()]
            timing = dict(zip(said["patient_id"].astype(str), said["cns_timing"].astype(str), strict=True))
        read = classified.cohort.reports
        own = read[read["patient_id"].isin(frame["patient_id"])].reset_index(drop=True) if len(read) else read
        return cls(frame, config, classified.gate, timing, own)

    @cached_property
    def timed(self) -> pd.DataFrame:
        """The patients whose time and outcome are known, with times from time zero."""
        known = self.frame["os_days"].notna() & self.frame["os_event"].notna()
        return self.frame[known].reset_index(drop=True)

    @property
    def no_survival(self) -> str:
        """Why survival can't be analysed ('' where it can)."""
        if not self.config.endpoint.os.analyse:
            return "the study declares that its patients have no common time zero"
        deaths = int((self.timed["os_event"] == 1).sum())
        return "" if deaths >= FEW_EVENTS else f"{deaths} deaths with a known time are too few for survival analysis"

    @property
    def survival_analysed(self) -> bool:
        """Whether the data bear survival analysis at all."""
        return not self.no_survival

    @property
    def landmark(self) -> float:
        """The day from which the study follows survival."""
        return float(self.config.model.landmark_days)

    def followed(self, day: float | None = None) -> Followed:
        """Who is followed from `day` (default: the study's landmark) by baseline CNS status."""
        day = self.landmark if day is None else float(day)
        if day not in self._followed:
            everybody = survival_set(self.frame, day)
            known = everybody.frame[everybody.frame[EXPOSURE].isin(["met", "not_met"])].reset_index(drop=True)
            undecided = int((everybody.frame[EXPOSURE] == "indeterminate").sum())
            gone = {
                "CNS status at baseline not decidable": undecided,
                "CNS status not applicable": len(everybody.frame) - len(known) - undecided,
            }
            zero = zero_words(self.config, day)
            self._followed[day] = Followed(known, everybody, {k: n for k, n in gone.items() if n}, day, zero)
        return self._followed[day]

    def adjustment(self, frame: pd.DataFrame) -> Adjustment:
        """The study's covariates for a model on `frame`: those declared, else the minimal set that the data hold."""
        return adjustment(frame, self.config.model)

    def reclassified(
        self, definition: str, window_days: tuple[int, int] | None = None, frame: pd.DataFrame | None = None
    ) -> pd.DataFrame:
        """The patients under another CNS definition or window, every CNS column anew."""
        fresh = self.unclassified(self.frame if frame is None else frame)
        window = window_days or self.config.cns.window_days
        classified: pd.DataFrame = classify_cns(fresh, definition, hlh=self.gate, window_days=window)
        return classified

    def unclassified(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame` before its CNS classification: only what the hospital recorded about the CNS is left."""
        # What the hospital recorded of the time stays: without a date it alone says that evidence came after baseline.
        kept = ("date_cns_first", "cns_timing")
        fresh = frame.drop(columns=[c for c in CNS_COLUMNS if c in frame and c not in kept])
        if "cns_date_derived" in frame:  # only a recorded date is evidence
            fresh["date_cns_first"] = frame["date_cns_first"].where(~frame["cns_date_derived"].astype(bool))
        if self.recorded_timing:
            fresh["cns_timing"] = frame["patient_id"].map(self.recorded_timing)
        return fresh

    def seed(self, name: str) -> int:
        """The seed of a random step: the study's, another for every `name`."""
        return (self.config.study.seed * 1_000_003 + crc32(name.encode())) % 2**32
