"""What a researcher types: data first, endpoint second, formula third, the rest by keyword; one verb, one Result.

`data` is what `Study.load()` gave (then the study's eligibility, definition and landmark hold) or a pandas frame in the
codebook's variables.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from neurohlh.clinical import cns as _cns
from neurohlh.clinical.cns_status import RESULTS as CNS_RESULTS
from neurohlh.clinical.criteria import load as _criteria
from neurohlh.clinical.outcome import derive_outcome
from neurohlh.clinical.rules import evaluate
from neurohlh.core.errors import InputError
from neurohlh.core.result import Result
from neurohlh.etl.cohort import Cohort
from neurohlh.stats.cox import cox_table
from neurohlh.stats.curves import kaplan_meier as _kaplan_meier
from neurohlh.stats.describe import table1 as _table1
from neurohlh.stats.landmark import landmark as _landmark
from neurohlh.stats.logrank import logrank as _logrank
from neurohlh.stats.proportions import frequency
from neurohlh.study.plan import EXPOSURE, TIMES, table1_variables
from neurohlh.study.study import Study, StudyCohort

Data = StudyCohort | pd.DataFrame
_ENDPOINTS = {"os": ("os_days", "os_event")}


def read_cohort(*tables: str | Path, **sections: Any) -> StudyCohort:
    """A checked cohort straight from one or several tables; `sections` are those of study.toml (cns={...}, …)."""
    return Study.of(*tables, **sections).load()


def classify_hlh(data: Cohort | Any, criteria: str = "hlh2004") -> Any:
    """The status under a criteria set beside each patient: met, not_met, indeterminate or not_applicable.

    A cohort gives a pandas frame; a pandas, Polars, DuckDB or Spark frame comes back as what it was.
    """
    frame = data.frame if isinstance(data, Cohort) else data
    return evaluate(frame, _criteria(criteria))


def classify_cns(data: Cohort | Any, definition: str = "seed_any3", *, window_days: tuple[int, int] = (-14, 14)) -> Any:
    """CNS involvement beside each patient: status, domains, first date, timing, and the baseline status of the window.

    A cohort gives a pandas frame; a pandas, Polars, DuckDB or Spark frame comes back as what it was.
    """
    if isinstance(data, StudyCohort):
        found = data.classified
        kept = found.frame.drop(columns=[c for c in CNS_RESULTS if c in found.frame])
        return _cns.classify_cns(kept, definition, hlh=found.gate, window_days=window_days)
    frame = data.frame if isinstance(data, Cohort) else data
    return _cns.classify_cns(frame, definition, window_days=window_days)


def patients_of(data: Data) -> pd.DataFrame:
    """The patients to analyse: the study's, or the frame itself with outcome and CNS status added where absent."""
    if isinstance(data, StudyCohort):
        return data.patients
    if not isinstance(data, pd.DataFrame):
        raise InputError(f"a cohort or a pandas frame is expected, not {type(data).__name__}")
    frame = data
    if "os_days" not in frame:
        outcome = derive_outcome(frame)
        frame = frame.drop(columns=[c for c in outcome if c in frame]).join(outcome)
    if "cns_status" not in frame:
        frame = _cns.classify_cns(frame, "seed_any3")
    return frame.reset_index(drop=True)


def table1(data: Data, by: str | None = "cns", *, tests: bool = False) -> Result:
    """Table 1: median and quartiles or n/N by CNS status (or another column), SMD, missing values counted."""
    frame = patients_of(data)
    return _table1(frame, by="cns_status" if by == EXPOSURE else by, variables=table1_variables(frame), tests=tests)


def cns_frequency(data: Data) -> Result:
    """Frequency of CNS involvement as tested and with everybody undecided read as negative or as positive; Wilson."""
    return frequency(patients_of(data)["cns_status"], variable="cns_status")


def _at_risk(data: Data, endpoint: str, landmark_days: float | None) -> tuple[pd.DataFrame, str, str]:
    if endpoint not in _ENDPOINTS:
        raise InputError(f"there is no endpoint {endpoint!r}", do=f"Known: {', '.join(_ENDPOINTS)}.")
    time, event = _ENDPOINTS[endpoint]
    frame = patients_of(data)
    frame = frame[frame[time].notna() & frame[event].notna()]
    if landmark_days is not None:
        frame = _landmark(frame, time, event, landmark_days).frame
        frame = frame.assign(**{EXPOSURE: frame["cns_baseline"]})
    return frame.reset_index(drop=True), time, event


def _landmark_of(data: Data, terms: Sequence[str], declared: float | None) -> float | None:
    """CNS status is known only up to the landmark, so anything by CNS status is followed from there."""
    if declared is not None or EXPOSURE not in terms:
        return declared
    return data.study.config.model.landmark_days if isinstance(data, StudyCohort) else 14


def kaplan_meier(
    data: Data,
    endpoint: str = "os",
    *,
    by: str | None = None,
    times: Sequence[float] = TIMES,
    landmark: float | None = None,
    conf_level: float = 0.95,
) -> Result:
    """Kaplan-Meier curves in days; by="cns" follows patients from the landmark (default: the study's, else day 14)."""
    at = _landmark_of(data, [by] if by else [], landmark)
    frame, time, event = _at_risk(data, endpoint, at)
    return _kaplan_meier(frame, time, event, by=by, times=times, conf_level=conf_level)


def logrank(data: Data, endpoint: str = "os", *, by: str = EXPOSURE, landmark: float | None = None) -> Result:
    """Log-rank test; patients whose group is undecided take no part."""
    frame, time, event = _at_risk(data, endpoint, _landmark_of(data, [by], landmark))
    return _logrank(_decided(frame, by), time, event, by)


def cox(
    data: Data,
    endpoint: str = "os",
    formula: str = EXPOSURE,
    *,
    strata: str | None = None,
    landmark: float | None = None,
) -> Result:
    """Cox models, each term alone and all together: the first term of 'cns + age_years + …' is the exposure."""
    exposure, *covariates = [t.strip() for t in formula.split("+")]
    frame, time, event = _at_risk(data, endpoint, _landmark_of(data, [exposure], landmark))
    reference = {exposure: "not_met"} if exposure == EXPOSURE else None
    return cox_table(_decided(frame, exposure), time, event, exposure, covariates, strata=strata, reference=reference)


def _decided(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    if column != EXPOSURE:
        return frame
    return frame[frame[column].isin(["met", "not_met"])].reset_index(drop=True)
