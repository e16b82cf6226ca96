"""Which variables the effect is adjusted for, which are held back, and which are refused, each with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from neurohlh.clinical.adjustment import Confounder, minimal_set, never_adjusted
from neurohlh.core.result import Result, tidy_frame
from neurohlh.etl.codebook import codebook
from neurohlh.study.covariates import Adjustment, unfit, variable_of
from neurohlh.study.parts.material import Followed, Material

AGE, EBV, TRIGGER, CLASS, CENTRE = "age_years", "ebv_status", "trigger_category", "hlh_class", "center_id"
AGE_SPLINE = f"rcs({AGE}, 3)"
SAME_AS_TRIGGER = 0.95
"""Share of patients with an EBV result whose trigger says the same, from which EBV is left to the trigger: a choice of
this package, for two variables that say one thing widen every interval and adjust for nothing more."""


@dataclass(frozen=True)
class Sets:
    """The covariates of the main model, those of the dossier's whole set, and the centre.

    Attributes
    ----------
    main : patients, terms and notes of the main model (the study's own covariates, else the default).
    whole : terms of the whole set: age as a spline, EBV status where it says more than the trigger.
    centre : the column of the centre where the data hold at least two, else None.
    why_not : variable of the whole set -> why it is not in the main model.
    """

    main: Adjustment
    whole: tuple[str, ...]
    centre: str | None
    why_not: dict[str, str]

    @property
    def wider(self) -> bool:
        """Whether the whole set has more than the main one."""
        return set(self.whole) != set(self.main.terms) or self.centre is not None


def covariate_sets(material: Material, followed: Followed) -> Sets:
    """The covariates for the patients followed from the landmark."""
    frame, declared = followed.frame, material.config.model.covariates is not None
    main = material.adjustment(frame)
    in_main = {variable_of(term) for term in main.terms}
    whole = [AGE_SPLINE if term == AGE and _spread(frame, AGE) else term for term in main.terms]
    why_not: dict[str, str] = {}
    for one in minimal_set():
        name = one.variable
        if name in in_main:
            continue
        if not _held(frame, name):
            why_not[name] = "the data do not hold it, or it is the same in all patients followed"
        elif name == EBV and _told_by_trigger(frame) >= SAME_AS_TRIGGER:
            why_not[name] = f"the trigger says the same in {_told_by_trigger(frame):.0%} of those with an EBV result"
        elif name == CLASS and TRIGGER in in_main:
            why_not[name] = "the trigger stands for it: the class is derived from the same facts"
        elif name == CENTRE:
            strata = material.config.model.strata
            why_not[name] = "a baseline hazard per centre, in a line of its own" if strata != CENTRE else ""
        else:
            why_not[name] = "kept for the whole set: every parameter costs deaths that the main model does not have"
            whole.append(_term(one))
        if declared and _held(frame, name) and name != CENTRE:
            why_not[name] = "the study declared its own covariates"
    return Sets(main, tuple(whole), CENTRE if _held(frame, CENTRE) else None, {k: v for k, v in why_not.items() if v})


def _term(one: Confounder) -> str:
    return f"log2({one.variable})" if one.form == "logarithm" else one.variable


def _held(frame: pd.DataFrame, name: str) -> bool:
    return name in frame and frame[name].nunique() > 1


def _spread(frame: pd.DataFrame, name: str) -> bool:
    """Whether a spline of three knots has enough different values."""
    return frame[name].nunique() > 5


def _told_by_trigger(frame: pd.DataFrame) -> float:
    """How often the trigger and the EBV status say the same of patients with an EBV result (0 without a trigger)."""
    if TRIGGER not in frame:
        return 0.0
    known = frame[EBV].isin(["positive", "negative"])
    said = (frame[EBV] == "positive") == (frame[TRIGGER] == "ebv")
    return float(said[known].mean()) if known.any() else 0.0


def described(material: Material, followed: Followed, sets: Sets) -> Result:
    """A row per variable: adjusted for, held back or refused, and why; n counts patients followed with a value."""
    rows = [*_adjusted(followed, sets), *_refused(followed)]
    notes = [
        "Adjusted for is what may bear on both CNS involvement and death and was there before either; what CNS "
        "involvement leads to, or is made of, is refused, for adjusting for it would hide part of its effect.",
        _per_parameter(followed, sets, material.config.model.covariates is not None),
        *sets.main.notes,
    ]
    return Result(
        kind="adjustment_set",
        tidy=tidy_frame(rows),
        method={
            "title": "What the effect of CNS involvement is adjusted for, and what not",
            "covariates": list(sets.main.terms),
            "whole_set": list(sets.whole),
            "set_by": "the study file" if material.config.model.covariates is not None else "default",
            "denominator": "patients followed from the landmark with a decided CNS status",
            "reference": ["dossier 11: minimal adjustment set for the total effect (DOSSIER RULE)"],
        },
        counts={"supplied": len(followed.frame), "used": len(followed.frame), "dropped": {}},
        notes=tuple(note for note in notes if note),
    )


def _per_parameter(followed: Followed, sets: Sets, declared: bool) -> str:
    events = int(followed.frame["os_event"].sum())
    if declared:
        return f"{events} deaths after the landmark. The study declared its own covariates."
    if not sets.main.terms:
        return "No covariate of the set can be used: every hazard ratio here is crude."
    return (
        f"{events} deaths after the landmark. The default enters age as a straight line and leaves out EBV status and "
        "centre, because each further parameter needs about ten deaths (dossier 13.5); the whole set stands beside it "
        "among the estimates."
    )


def label(name: str) -> str:
    """The variable in words."""
    return codebook()[name].label() if name in codebook() else name


def _row(followed: Followed, name: str, **words: Any) -> dict[str, Any]:
    frame = followed.frame
    n = int(frame[name].notna().sum()) if name in frame else 0
    share = {"estimate": n / len(frame)} if name in frame and len(frame) else {}
    shared = {"analysis": "adjustment_set", "variable": name, "term": label(name), "measure": "share known"}
    return {**shared, "n": n, **share, **words}


def _adjusted(followed: Followed, sets: Sets) -> Iterator[dict[str, Any]]:
    terms = {variable_of(term): term for term in sets.main.terms}
    known = {one.variable: one for one in minimal_set()}
    for name in dict.fromkeys([*known, *terms]):
        one = known.get(name)
        ground = f"{one.why} ({one.source}; {one.status})" if one else "declared by the study"
        if name in terms:
            entered = "" if terms[name] == name else f"as {terms[name]}; "
            yield _row(followed, name, group="adjusted for", note=f"{entered}{ground}")
        elif name in sets.why_not:
            held = _held(followed.frame, name)
            yield _row(
                followed,
                name,
                group="not in the main model" if held else "not held by the data",
                note=f"{sets.why_not[name]}; {ground}",
            )
        else:
            yield _row(followed, name, group="adjusted for", note=f"as strata; {ground}")


def _refused(followed: Followed) -> Iterator[dict[str, Any]]:
    for name, more in never_adjusted().items():
        reason = unfit(codebook()[name])
        held = "" if name in followed.frame else "; not held by the data"
        words = "; ".join(part for part in (reason, more) if part)
        yield _row(followed, name, group="refused", note=f"{words}{held}")
