"""What a researcher types: data first, endpoint second, formula third, the rest by keyword; one verb, one Result.

`data` is what `Study.load()` gave (then the study's eligibility, definition and landmark hold) or a pandas frame in the
codebook's variables. Further options are those of the verb of the same name in `neurohlh.stats`; for every other
statistic `followed` gives the frame that it takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from neurohlh.clinical import cns as _cns
from neurohlh.clinical.cns_status import RESULTS as CNS_RESULTS
from neurohlh.clinical.criteria import load as _criteria
from neurohlh.clinical.evidence import cns_long
from neurohlh.clinical.outcome import ORIGIN, derive_outcome
from neurohlh.clinical.rules import evaluate
from neurohlh.core.errors import InputError
from neurohlh.core.findings import EXPLORATORY
from neurohlh.core.result import Result
from neurohlh.etl.codebook import codebook
from neurohlh.etl.cohort import Cohort
from neurohlh.report.language import Language
from neurohlh.report.names import Names
from neurohlh.stats.curves.kaplan_meier import kaplan_meier as _kaplan_meier
from neurohlh.stats.curves.logrank import logrank as _logrank
from neurohlh.stats.curves.rmst import rmst as _rmst
from neurohlh.stats.curves.survival_difference import survival_difference as _survival_difference
from neurohlh.stats.describe.proportions import frequency
from neurohlh.stats.describe.table1 import table1 as _table1
from neurohlh.stats.hazards.cox import cox_table
from neurohlh.study.config import Model
from neurohlh.study.covariates import check_covariates, variable_of
from neurohlh.study.findings import LABELS
from neurohlh.study.first_results import table1_variables
from neurohlh.study.follow import (
    EXPOSURE,
    TIMES,
    ZERO_WORDS,
    Survival,
    counted_from,
    survival_set,
    told,
    year_ticks,
)
from neurohlh.study.study import Study, StudyCohort
from neurohlh.study.swimmer import PER_PAGE, swimmer_page

if TYPE_CHECKING:
    from neurohlh.report.figures.look import Drawing

Data = StudyCohort | pd.DataFrame
DEFAULT_LANDMARK = Model().landmark_days
OUTSIDE = "Exploratory: asked for beside the plan of the study."
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

    A cohort gives a pandas frame, with `cns_evidence`: why in words, and which missing test could change the answer. A
    pandas, Polars, DuckDB or Spark frame comes back as what it was.
    """
    if not isinstance(data, Cohort):
        return _cns.classify_cns(data, definition, window_days=window_days)
    frame, gate = data.frame, None
    if isinstance(data, StudyCohort):
        found = data.classified
        frame, gate = found.frame.drop(columns=[c for c in CNS_RESULTS if c in found.frame]), found.gate
    said = cns_long(frame, [definition], hlh=gate, window_days=window_days)
    classified = _cns.classify_cns(frame, definition, hlh=gate, window_days=window_days)
    return classified.assign(cns_evidence=said["evidence"].to_numpy())


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
    found = _table1(frame, by="cns_status" if by == EXPOSURE else by, variables=table1_variables(frame), tests=tests)
    return _asked(found, data)


def cns_frequency(data: Data) -> Result:
    """Frequency of CNS involvement as tested and with everybody undecided read as negative or as positive; Wilson."""
    return _asked(frequency(patients_of(data)["cns_status"], variable="cns_status"), data)


def _survival_of(data: Data, endpoint: str, exposed: bool, declared: float | None) -> Survival:
    """The patients to follow, everyone else counted: anything by CNS status is followed from the landmark."""
    if endpoint not in _ENDPOINTS:
        raise InputError(f"there is no endpoint {endpoint!r}", do=f"Known: {', '.join(_ENDPOINTS)}.")
    frame = patients_of(data)
    if declared is None and exposed:
        declared = data.study.config.model.landmark_days if isinstance(data, StudyCohort) else DEFAULT_LANDMARK
    if declared is not None:
        return survival_set(frame, declared)
    time, event = _ENDPOINTS[endpoint]
    known = frame[time].notna() & frame[event].notna()
    gone = int((~known).sum())
    return Survival(frame[known].reset_index(drop=True), len(frame), {"time or outcome unknown": gone} if gone else {})


def _asked(result: Result, data: Data) -> Result:
    """A result in the codebook's words; asked for beside the plan of a study, it says that it is exploratory."""
    named = {name: codebook()[name] for name in set(result.tidy["variable"]) if name in codebook()}
    labels = {name: variable.label() for name, variable in named.items()} | LABELS
    units = {name: variable.unit for name, variable in named.items() if variable.unit}
    method = {**result.method, "labels": dict(sorted(labels.items())), "units": dict(sorted(units.items()))}
    if not isinstance(data, StudyCohort):
        return result.with_(method=method)
    return result.with_(method={**method, "plan": EXPLORATORY}, notes=(*result.notes, OUTSIDE))


def _zero_words(data: Data, exposed: bool, declared: float | None) -> str:
    config = data.study.config if isinstance(data, StudyCohort) else None
    origin = ZERO_WORDS[config.endpoint.os.origin] if config else "time zero"
    day = declared if declared is not None else (config.model.landmark_days if config else DEFAULT_LANDMARK)
    return f"since day {day:g} after {origin}" if exposed or declared is not None else f"since {origin}"


def kaplan_meier(
    data: Data,
    endpoint: str = "os",
    *,
    by: str | None = None,
    times: Sequence[float] = TIMES,
    landmark: float | None = None,
    **options: Any,
) -> Result:
    """Kaplan-Meier curves in days; by="cns" follows patients from the landmark (default: the study's, else day 14).

    `options` are those of `neurohlh.stats.kaplan_meier` (conf_type, quantiles, weights, …).
    """
    exposed = by == EXPOSURE
    survival = _survival_of(data, endpoint, exposed, landmark)
    time, event = _ENDPOINTS[endpoint]
    ticks = year_ticks(survival.frame[time])
    found = _kaplan_meier(survival.frame, time, event, by=by, times=times, ticks=ticks, **options)
    return _asked(counted_from(told(found, survival, {}), _zero_words(data, exposed, landmark)), data)


def logrank(
    data: Data, endpoint: str = "os", *, by: str = EXPOSURE, landmark: float | None = None, **options: Any
) -> Result:
    """Log-rank test; patients whose CNS status is undecided take no part and are counted.

    `options` are those of `neurohlh.stats.logrank` (test, strata, trend, pairwise, permutations, …).
    """
    survival = _survival_of(data, endpoint, by == EXPOSURE, landmark)
    decided, gone = _decided(survival.frame, by)
    return _asked(told(_logrank(decided, *_ENDPOINTS[endpoint], by, **options), survival, gone), data)


def rmst(
    data: Data,
    endpoint: str = "os",
    *,
    by: str | None = EXPOSURE,
    tau: float | None = None,
    landmark: float | None = None,
    **options: Any,
) -> Result:
    """Restricted mean survival time in days up to `tau`, its difference and ratio between groups.

    Patients as in `kaplan_meier`; those whose CNS status is undecided take no part and are counted. `options` are those
    of `neurohlh.stats.rmst`.
    """
    survival = _survival_of(data, endpoint, by == EXPOSURE, landmark)
    decided, gone = _decided(survival.frame, by)
    found = _rmst(decided, *_ENDPOINTS[endpoint], by=by, tau=tau, **options)
    return _asked(counted_from(told(found, survival, gone), _zero_words(data, by == EXPOSURE, landmark)), data)


def survival_difference(
    data: Data,
    endpoint: str = "os",
    *,
    by: str = EXPOSURE,
    times: Sequence[float] = TIMES,
    landmark: float | None = None,
    **options: Any,
) -> Result:
    """Difference and ratio of survival between groups at `times` (days); patients as in `rmst`.

    `options` are those of `neurohlh.stats.survival_difference`.
    """
    survival = _survival_of(data, endpoint, by == EXPOSURE, landmark)
    decided, gone = _decided(survival.frame, by)
    found = _survival_difference(decided, *_ENDPOINTS[endpoint], by, times=times, **options)
    return _asked(counted_from(told(found, survival, gone), _zero_words(data, by == EXPOSURE, landmark)), data)


def followed(
    data: Data, endpoint: str = "os", *, exposure: str | None = EXPOSURE, landmark: float | None = None
) -> pd.DataFrame:
    """The patients whom an analysis of `exposure` follows, for any verb of `neurohlh.stats`.

    Columns: "os_days" (from the landmark where there is one), "os_event", "cns" where it is the exposure, and the
    codebook's variables. `attrs["dropped"]` says who was left out, by reason, and `attrs["supplied"]` of how many.
    """
    survival = _survival_of(data, endpoint, exposure == EXPOSURE, landmark)
    decided, gone = _decided(survival.frame, exposure)
    decided = decided.copy()
    decided.attrs = {"supplied": survival.supplied, "dropped": {**survival.dropped, **gone}}
    return decided


def cox(
    data: Data,
    endpoint: str = "os",
    formula: str = EXPOSURE,
    *,
    strata: str | None = None,
    landmark: float | None = None,
    **options: Any,
) -> Result:
    """Cox models, each term alone and all together: the first term of 'cns + age_years + …' is the exposure.

    `options` are those of `neurohlh.stats.cox_table` (ties, cluster, weights, …).

    Raises InputError for a covariate that must not be adjusted for (a mediator, a part of the exposure or outcome).
    """
    exposure, *covariates = [t.strip() for t in formula.split("+")]
    survival = _survival_of(data, endpoint, exposure == EXPOSURE, landmark)
    decided, gone = _decided(survival.frame, exposure)
    check_covariates([t for t in covariates if variable_of(t) in codebook()], codebook(), decided)
    reference = {exposure: "not_met"} if exposure == EXPOSURE else None
    found = cox_table(
        decided, *_ENDPOINTS[endpoint], exposure, covariates, strata=strata, reference=reference, **options
    )
    return _asked(told(found, survival, gone), data)


def swimmer(data: Data, *, page: int = 1, per_page: int = PER_PAGE, ids: bool = False, language: str = "en") -> Drawing:
    """The course of each patient, a lane each: CNS first seen, puncture, imaging, HSCT, reactivation, end; by pages.

    Sorted by CNS status, then by length of follow-up. It shows single patients: for those who may see them, never for a
    report. `ids` writes their identifiers beside the lanes. Raises InputError for a page that does not exist.
    """
    origin = data.study.config.endpoint.os.origin if isinstance(data, StudyCohort) else ORIGIN
    names = Names(language=Language(language))
    return swimmer_page(patients_of(data), origin, names, page=page, per_page=per_page, ids=ids)


def _decided(frame: pd.DataFrame, column: str | None) -> tuple[pd.DataFrame, dict[str, int]]:
    if column != EXPOSURE:
        return frame, {}
    known = frame[frame[EXPOSURE].isin(["met", "not_met"])].reset_index(drop=True)
    gone = len(frame) - len(known)
    return known, {"CNS status at baseline not decidable or not applicable": gone} if gone else {}
