"""The hazard ratio of CNS involvement crude, adjusted, stratified, penalised and weighted, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import balances, forest
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.hazards.checks import FEW_EVENTS
from neurohlh.stats.hazards.firth import cox_firth
from neurohlh.stats.hazards.model import CoxOptions
from neurohlh.stats.hazards.one_ratio import OneRatio, one_hazard_ratio
from neurohlh.stats.weights.balance import balance
from neurohlh.stats.weights.outcomes import GROUP, WEIGHT, weighted_frame
from neurohlh.stats.weights.weight import Weighted, weight
from neurohlh.study.covariates import variable_of
from neurohlh.study.follow import EXPOSURE
from neurohlh.study.parts.confounding.adjustment_set import Sets, label
from neurohlh.study.parts.groups import one_sided, reason_in_words
from neurohlh.study.parts.material import Followed, Material

TIME, EVENT = "os_days", "os_event"
MAIN, PENALISED = "adjusted", "adjusted, Firth's penalty"
CONTRAST = "CNS involved vs not involved"
_ROUNDING = 1e-9
"""A standardised difference below this is the rounding of 0."""
AXIS = "Hazard ratio of death, CNS involved against not"
_SHARED: dict[str, Any] = {
    "analysis": "confounding_estimates",
    "outcome": "death",
    "variable": EXPOSURE,
    "contrast": CONTRAST,
    "measure": "HR",
    "scale": "log",
}


@dataclass(frozen=True)
class Line:
    """One way to estimate the effect: its words, its number, and what must be said of it."""

    words: str
    ratio: OneRatio
    note: str = ""
    method: str = "Cox regression"


def propensity_terms(material: Material, sets: Sets) -> tuple[str, ...]:
    """Covariates of the propensity score: those of the main model and the centre."""
    own = material.config.model.strata or sets.centre
    taken = {variable_of(term) for term in sets.main.terms}
    return (*sets.main.terms, *([own] if own and own not in taken else []))


def weighed(material: Material, sets: Sets, estimand: str) -> Weighted:
    """The patients followed, weighed. Raises NotEstimable without covariates or without overlap of the groups."""
    terms = propensity_terms(material, sets)
    if not terms:
        raise NotEstimable("the data hold no covariate to weigh by")
    return weight(sets.main.frame, EXPOSURE, terms, estimand=estimand)


def lines(material: Material, sets: Sets) -> Iterator[Line]:
    """Every estimate, the main one under the words `MAIN`."""
    frame, terms, strata = sets.main.frame, list(sets.main.terms), material.config.model.strata
    yield Line("crude, everybody followed", _ratio(frame, []))
    complete = frame.dropna(subset=[variable_of(term) for term in terms])
    if len(complete) < len(frame) and terms:
        yield Line("crude, patients with all covariates known", _ratio(complete, []))
    main = _ratio(frame, terms, strata)
    stratified = f", a baseline hazard per {label(strata).lower()}" if strata else ""
    yield Line(MAIN, main, f"the main model{stratified}" if terms or strata else "the data hold no covariate: crude")
    if not terms:
        return
    if sets.centre and strata != sets.centre:
        yield Line("adjusted, a baseline hazard per centre", _ratio(frame, terms, sets.centre))
    if sets.wider and material.config.model.covariates is None:
        whole = _ratio(frame, list(sets.whole), strata or sets.centre)
        said = "age as a spline" + (", EBV status" if "ebv_status" in sets.whole else "")
        yield Line(
            "adjusted for the whole set", whole, said + (", a baseline hazard per centre" if sets.centre else "")
        )
    if main.reason or main.events < FEW_EVENTS * main.parameters:
        yield _firth(frame, terms, strata)
    yield _weighted(material, sets)


def _ratio(frame: pd.DataFrame, terms: list[str], strata: str | None = None) -> OneRatio:
    reason = one_sided(frame)
    if reason:
        return _nothing(frame, reason)
    found = one_hazard_ratio(frame, TIME, EVENT, EXPOSURE, terms, CoxOptions(strata=strata))
    return replace(found, reason=reason_in_words(found.reason))


def _firth(frame: pd.DataFrame, terms: list[str], strata: str | None) -> Line:
    words, method = PENALISED, "Cox regression with Firth's penalty"
    reason = one_sided(frame)
    if reason:
        return Line(words, _nothing(frame, reason), method=method)
    try:
        found = cox_firth(frame, TIME, EVENT, [EXPOSURE, *terms], strata=strata)
    except NotEstimable as error:
        return Line(words, _nothing(frame, str(error)), method=method)
    rows = found.tidy[(found.tidy["variable"] == EXPOSURE) & ~found.tidy["is_reference"]]
    if rows.empty:
        return Line(
            words, _nothing(frame, "all patients with known covariates have the same CNS status"), method=method
        )
    row = rows.iloc[0]
    ratio = OneRatio(
        n=int(found.counts["used"]),
        events=int(found.counts["events"]),
        parameters=int(found.counts["parameters"]),
        estimate=float(row["estimate"]),
        conf_low=float(row["conf_low"]),
        conf_high=float(row["conf_high"]),
        coef=float(row["coef"]),
        std_error=float(row["std_error"]),
        reason=str(row["note"]).removeprefix("not estimable: ") if pd.isna(row["estimate"]) else "",
    )
    return Line(words, ratio, str(row["note"]) or "profile limits; meant for few deaths per parameter", method)


def _weighted(material: Material, sets: Sets) -> Line:
    words, method = "overlap weights", "Cox regression, weighted, robust variance"
    try:
        found = weighed(material, sets, "overlap")
    except NotEstimable as error:
        return Line(words, _nothing(sets.main.frame, str(error)), method=method)
    data = weighted_frame(sets.main.frame, found)
    ratio = one_hazard_ratio(data, TIME, EVENT, GROUP, [], CoxOptions(weights=WEIGHT, robust=True))
    said = (
        "marginal effect in patients who could well have been in either group; another quantity than the adjusted one"
    )
    return Line(words, ratio, said, method)


def _nothing(frame: pd.DataFrame, reason: str) -> OneRatio:
    nan = float("nan")
    return OneRatio(len(frame), int(frame[EVENT].sum()), 0, nan, nan, nan, nan, nan, reason)


def side_by_side(found: list[Line], followed: Followed) -> Result:
    """The estimates as rows and as a forest."""
    rows = [_row(line) for line in found]
    drawn = [
        {
            "label": row["term"],
            **{k: row.get(k) for k in ("estimate", "conf_low", "conf_high", "n", "events", "note")},
            "role": "main" if line.words == MAIN else "other",
        }
        for row, line in zip(rows, found, strict=True)
    ]
    result = Result(
        kind="confounding_estimates",
        tidy=tidy_frame(rows),
        method={
            "title": "Hazard ratio of death with CNS involvement, crude and adjusted",
            "model": "Cox proportional hazards",
            "interval": "Wald; profile likelihood with Firth's penalty; robust with weights",
            "conf_level": 0.95,
            "ties": "efron",
            "denominator": "patients at risk at the landmark with a decided CNS status and all covariates known",
            "reference": [
                "Cox 1972, J R Stat Soc B 34:187",
                "Li, Morgan & Zaslavsky 2018, J Am Stat Assoc 113:390",
                "Heinze & Schemper 2001, Biometrics 57:114",
            ],
        },
        counts={
            "supplied": len(followed.frame),
            "used": found[0].ratio.n,
            "events": found[0].ratio.events,
            "dropped": {},
        },
        notes=(
            "A hazard ratio is not collapsible: adjusted, stratified and weighted ones answer slightly different "
            "questions and differ somewhat even without confounding.",
        ),
    )
    return followed.tell(forest(result, drawn, axis=AXIS))


def _row(line: Line) -> dict[str, Any]:
    r = line.ratio
    row = {**_SHARED, "term": line.words, "n": r.n, "events": r.events, "method": line.method}
    if r.reason:
        return {**row, "note": f"not estimable: {r.reason}"}
    per = r.events / r.parameters if r.parameters > 1 else None
    few = f"{per:.1f} deaths per parameter" if per is not None and per < FEW_EVENTS else ""
    note = "; ".join(part for part in (line.note, few) if part)
    return {**row, "estimate": r.estimate, "conf_low": r.conf_low, "conf_high": r.conf_high} | {
        "coef": r.coef,
        "std_error": r.std_error,
        "note": note,
    }


def balanced(material: Material, sets: Sets, followed: Followed) -> Result:
    """Standardised differences of the covariates before and after overlap weighting, and the effective sizes.

    Raises NotEstimable where no weights can be made.
    """
    found = balances({"Overlap weights": balance(sets.main.frame, weighed(material, sets, "overlap"))})
    shown = found.tidy["measure"].isin(["SMD", "variance ratio", "effective sample size"])
    sizes = ", ".join(f"{_side(k)} {v:.0f}" for k, v in found.counts["effective_size"].items())
    before = ", ".join(f"{_side(k)} {v}" for k, v in found.counts["groups"].items())
    notes = (
        "SMD: difference of the means in standard deviations; up to 0.1 is called balanced (a convention, Austin "
        "2009). Overlap weights balance the means of the covariates of their score exactly, by construction; variance "
        "ratios and effective sizes show what that costs.",
        f"Effective sample size after weighting: {sizes} (of {before}).",
    )
    tidy, checks = found.tidy[shown].reset_index(drop=True), found.checks.copy()
    labels = [
        name and label(name) + (f" ({t})" if t != name else "")
        for name, t in zip(tidy["variable"], tidy["term"], strict=True)
    ]
    tidy = tidy.assign(variable="", term=labels, is_reference=False, group=tidy["group"].map(_side))
    tidy["contrast"] = np.where(tidy["contrast"] != "", CONTRAST, "")
    for frame, column, rows in (
        (tidy, "estimate", tidy["measure"] == "SMD"),
        (checks, "value", checks["check"].str.startswith("largest |SMD|")),
    ):
        frame[column] = frame[column].mask(rows & (frame[column].abs() < _ROUNDING), 0.0)
    return followed.tell(found.with_(tidy=tidy, checks=checks, notes=(*found.notes, *notes)))


def _side(status: str) -> str:
    return {"met": "CNS involved", "not_met": "CNS not involved"}.get(status, status)
