"""Which variables may stand beside CNS status in a model, and which may not, with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from neurohlh.core.errors import InputError, did_you_mean
from neurohlh.etl.codebook import Codebook, Variable, codebook
from neurohlh.study.config import Model

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


SPARSE_EVENTS = 5
"""Levels of a default covariate with fewer events than this are merged (a choice of this package)."""
MERGED = "merged"


def check_model(model: Model, frame: pd.DataFrame) -> None:
    """Raise InputError for declared covariates or strata that can't be used, before anything is computed."""
    check_covariates(model.covariates or (), codebook(), frame)
    strata = model.strata
    if strata is None or strata in frame:
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
            notes.append(f"{label}: levels with fewer than {SPARSE_EVENTS} deaths are merged ({', '.join(sparse)}).")
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


def check_covariates(terms: Iterable[str], book: Codebook, frame: pd.DataFrame) -> tuple[str, ...]:
    """The declared terms, every one fit to adjust for.

    Raises InputError for an unknown variable, one that no source has, a mediator, a part of the exposure or of the
    outcome (dossier 11: what not to adjust for).
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
            raise InputError(f"model.covariates: {name} can't be adjusted for: {reason}", do="Take it out of the list.")
        if name not in frame.columns:
            raise InputError(
                f"model.covariates names {name!r}, but no source has a column for it",
                do="Take it out of the list, or rename the column that holds it.",
            )
    return terms


def unfit(variable: Variable) -> str:
    """Why a variable must not be adjusted for ('' if it may be)."""
    if variable.name == "ms_score":
        return "it contains CNS involvement, the exposure itself"
    if variable.domain in _EXPOSURE_DOMAINS:
        return "it is part of what CNS involvement is made of"
    if variable.role.startswith("baseline_if_dated"):
        return "it is a baseline variable only if dated before time zero, and no date says so"
    return _REASONS.get(variable.role, "")


def default_covariates(frame: pd.DataFrame) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The default terms that the data hold (at least two different values), and those that they do not."""
    held = [t for t in DEFAULT_COVARIATES if variable_of(t) in frame and frame[variable_of(t)].nunique() > 1]
    return tuple(held), tuple(t for t in DEFAULT_COVARIATES if t not in held)
