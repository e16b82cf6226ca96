"""Which variables may stand beside CNS status in a model, and which may not, with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from neurohlh.core.errors import InputError, did_you_mean
from neurohlh.etl.codebook import Codebook, Variable, codebook
from neurohlh.report.names import Names, small
from neurohlh.study.config import Model, Origin

DEFAULT_COVARIATES = (
    "age_years",
    "trigger_category",
    "platelets",
    "albumin",
    "bilirubin_total",
    "log2(ferritin)",
)
"""The minimal adjustment set for the total effect of baseline CNS status (DOSSIER RULE), as far as one model of a
small cohort bears it; the centre enters as a stratum where the study declares it."""

_TERM = re.compile(r"^(?:(?P<function>log2|log)\((?P<inner>\w+)\)|(?P<plain>\w+))$")
_EXPOSURE_DOMAINS = ("cns", "csf", "imaging", "neuro_symptom", "mri_finding")
_REASONS = {
    "post_baseline": "it comes after time zero: adjusting for it would take away part of the effect (a mediator)",
    "outcome": "it is part of the outcome",
    "time": "it is a date, not a covariate",
}
_IN_TIME = "a Cox model in which it counts from its date on (time-dependent), or competing risks"
_LANDMARK = "a landmark analysis: patients alive on a later day, by what had been given or seen by then"
_RIGHT = {
    "hsct": f"{_IN_TIME}: the part 'competing' does both",
    "intrathecal": "a Cox model in which it counts from its date on (time-dependent): who received it had to live so "
    "long",
    "intrathecal_n": "a Cox model in which each dose counts from its date on (time-dependent)",
    "response_w2": f"{_LANDMARK} (week 2)",
    "response_w8": f"{_LANDMARK} (week 8)",
    "ferritin_w2": f"{_LANDMARK} (week 2)",
    "reactivation": "a Cox model in which it counts from its date on (time-dependent)",
    "date_hsct": f"{_IN_TIME}: the part 'competing' does both",
    "date_it_first": "a Cox model in which intrathecal treatment counts from that date on (time-dependent)",
    "neuro_sequelae": "the part 'sequelae', among survivors",
    "outcome_status": "competing risks: the part 'competing' reads withdrawal of care as censored, as death, and as a "
    "competing event",
    "cause_of_death": "competing risks, a cause at a time",
    "cr_event": "competing risks: the part 'competing'",
    "death_7d": "the part 'competing' compares early deaths by CNS status",
    "death_30d": "the part 'competing' compares early deaths by CNS status",
    "death_8w_prehsct": "the part 'competing' compares early deaths by CNS status",
}
"""Which analysis answers what somebody who would adjust for the variable asks."""
_RIGHT_BY_ROLE = {"post_baseline": f"{_LANDMARK}; or a Cox model in which it counts from its date on (time-dependent)"}


SPARSE_EVENTS = 5
"""Levels of a default covariate with fewer events than this are merged (a choice of this package)."""
MERGED = "merged"


def check_model(model: Model, frame: pd.DataFrame, origin: Origin = "date_hlh_diagnosis") -> None:
    """Raise InputError for declared covariates or strata that can't be used, before anything is computed."""
    check_covariates(model.covariates or (), codebook(), frame, origin)
    strata = model.strata
    if strata is None:
        return
    if strata in codebook() and (reason := unfit(codebook()[strata])):
        raise InputError(f"model.strata: {strata} can't be stratified by: {reason}", do="Name a baseline variable.")
    if strata in frame:
        return
    called = codebook().find(strata)
    if called is not None and called != strata:
        raise InputError(
            f"model.strata names {strata!r}, which is no variable", do=f"The codebook calls it {called!r}; write that."
        )
    known = [str(c) for c in frame if c in codebook()]
    raise InputError(
        f"model.strata names {strata!r}, but no source has a column for it", do=did_you_mean(strata, known)
    )


def merge_sparse_levels(frame: pd.DataFrame, terms: Sequence[str], event: str) -> tuple[pd.DataFrame, list[str]]:
    """Levels of category terms with few events joined into one; the frame, and a sentence for each term so treated.

    A level of two or three deaths would cost a parameter and give an estimate that says nothing.
    """
    notes = []
    for name in (t for t in terms if t in frame and frame[t].dtype == object):
        events = frame.groupby(name)[event].sum()
        sparse = sorted(events.index[events < SPARSE_EVENTS])
        if len(sparse) > 1:
            frame = frame.assign(**{name: frame[name].where(~frame[name].isin(sparse), MERGED)})
            label = codebook()[name].label() if name in codebook() else name
            merged = ", ".join(small(Names().level(name, level)) for level in sparse)
            notes.append(f"{label}: levels with fewer than {SPARSE_EVENTS} deaths are merged ({merged}).")
    return frame, notes


@dataclass(frozen=True)
class Adjustment:
    """Patients, covariate terms and what must be said of them."""

    frame: pd.DataFrame
    terms: tuple[str, ...]
    notes: tuple[str, ...]


def adjustment(frame: pd.DataFrame, model: Model, event: str = "os_event") -> Adjustment:
    """The declared covariates, else the default ones that the data hold, with their sparse levels merged."""
    terms: tuple[str, ...] | None = model.covariates
    notes: list[str] = []
    if terms is None:
        terms, lacking = default_covariates(frame)
        frame, notes = merge_sparse_levels(frame, terms, event)
        if lacking:
            notes.append("Covariates of the default set that the data do not hold: " + ", ".join(lacking) + ".")
    return Adjustment(frame, tuple(terms), (*notes, *_beyond_limits(frame, terms)))


def _beyond_limits(frame: pd.DataFrame, terms: Sequence[str]) -> Iterator[str]:
    for name in map(variable_of, terms):
        censored = frame.get(f"{name}_censored")
        n = 0 if censored is None else int(censored.isin(["left", "right"]).sum())
        if n:
            values = "value lies" if n == 1 else "values lie"
            label = codebook()[name].label()
            yield f"{label}: {n} {values} beyond a limit of measurement and enter the model as that limit."


def variable_of(term: str) -> str:
    """The variable in a model term: 'log2(ferritin)' -> 'ferritin'. Raises InputError for anything else."""
    match = _TERM.match(term.replace(" ", ""))
    if match is None:
        raise InputError(
            f"model.covariates: {term!r} is no term", do="Write a variable, log2(variable) or log(variable)."
        )
    return match["inner"] or match["plain"]


def check_covariates(
    terms: Iterable[str], book: Codebook, frame: pd.DataFrame, origin: Origin = "date_hlh_diagnosis"
) -> tuple[str, ...]:
    """The declared terms, every one fit to adjust for.

    Raises InputError for an unknown variable, one that no source has, a mediator, a part of the exposure or of the
    outcome (dossier 11: what not to adjust for), and one whose own date (a column `date_<variable>`) lies after time
    zero (`origin`) in any patient (dossier 13.1); the error says which analysis would be right.
    """
    terms = tuple(terms)
    for term in terms:
        name = variable_of(term)
        if name not in book:
            raise InputError(
                f"model.covariates names {name!r}, which is no variable of the codebook",
                do=did_you_mean(name, [v.name for v in book]),
            )
        reason = unfit(book[name])
        if reason:
            right = right_analysis(book[name])
            do = (
                f"Take it out of the list. What answers the question: {right}." if right else "Take it out of the list."
            )
            raise InputError(f"model.covariates: {name} can't be adjusted for: {reason}", do=do)
        if name not in frame.columns:
            raise InputError(
                f"model.covariates names {name!r}, but no source has a column for it",
                do="Take it out of the list, or rename the column that holds it.",
            )
        _check_date(name, frame, origin)
    return terms


def _check_date(name: str, frame: pd.DataFrame, origin: str) -> None:
    """Raise InputError where the frame dates a covariate (column `date_<name>`) and a date lies after time zero."""
    date = f"date_{name}"
    if date not in frame or origin not in frame:
        return
    late = int((frame[date] > frame[origin]).sum())
    if late:
        patients = "1 patient" if late == 1 else f"{late} patients"
        raise InputError(
            f"model.covariates: {name} is no baseline value: its date lies after time zero in {patients}",
            where=date,
            why="what is measured later was not yet there when follow-up began, and is known only of those who lived",
            do=f"Take it out of the list, or give its value on or before {origin}. What answers the question: "
            f"{_LANDMARK}.",
        )


def unfit(variable: Variable) -> str:
    """Why a variable must not be adjusted for ('' if it may be)."""
    if variable.name == "ms_score":
        return "it contains CNS involvement, the exposure itself"
    if variable.type == "date":
        return _REASONS["time"]
    if variable.domain == "outcome":
        return _REASONS["outcome"]
    if variable.domain in _EXPOSURE_DOMAINS:
        return "it is part of what CNS involvement is made of"
    if variable.role.startswith("baseline_if_dated"):
        return (
            "it is a baseline variable only if dated on or before time zero, and no date says so (a variable "
            f"date_{variable.name} of every patient who had it would)"
        )
    return _REASONS.get(variable.role, "")


def right_analysis(variable: Variable) -> str:
    """The analysis that answers what somebody who would adjust for an unfit variable asks ('' where there is none)."""
    if variable.role.startswith("baseline_if_dated"):
        return f"{_LANDMARK}; or, with a date, a Cox model in which it counts from that day on (time-dependent)"
    return _RIGHT.get(variable.name, _RIGHT_BY_ROLE.get(variable.role, ""))


def default_covariates(frame: pd.DataFrame) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The default terms that the data hold (at least two different values), and those that they do not."""
    held = [t for t in DEFAULT_COVARIATES if variable_of(t) in frame and frame[variable_of(t)].nunique() > 1]
    return tuple(held), tuple(t for t in DEFAULT_COVARIATES if t not in held)
