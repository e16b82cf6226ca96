"""Death or neurological sequelae as one outcome, so that a death is not read as a patient without sequelae."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import forest
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.describe.two_by_two import two_by_two
from neurohlh.stats.glm.standardised_risk import standardised_risk
from neurohlh.study.covariates import adjustment
from neurohlh.study.follow import EXPOSURE
from neurohlh.study.parts.case_series import NO_FREQUENCY, is_case_series
from neurohlh.study.parts.labels import term_words
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.part import refusal
from neurohlh.study.parts.rows import Row, records
from neurohlh.study.parts.sequelae.survivors import SEQUELAE, STATUS, assessed

TITLE = "Death or neurological sequelae"
OUTCOME = "bad_outcome"
READINGS: Mapping[str, tuple[float, float]] = {
    "not assessed read as without sequelae": (0.0, 0.0),
    "not assessed read as with sequelae": (1.0, 1.0),
    "highest contrast": (1.0, 0.0),
    "lowest contrast": (0.0, 1.0),
    "assessed survivors only": (np.nan, np.nan),
}
"""How a survivor who was not assessed is read, with CNS involvement and without it. The first two bound each risk, the
next two the comparison."""
_TERMS = ("risk", "risk difference", "risk ratio")


def composite(material: Material) -> Result:
    """Risk of death or sequelae by last follow-up from the landmark on, by CNS status: as counted and standardised."""
    if is_case_series(material):
        return refusal("sequelae_composite", TITLE, NO_FREQUENCY)
    if not material.survival_analysed:
        return refusal("sequelae_composite", TITLE, material.no_survival)
    if SEQUELAE not in material.frame or not material.frame[SEQUELAE].isin(["met", "not_met"]).any():
        return refusal("sequelae_composite", TITLE, "no source says whether survivors have neurological sequelae")
    followed = material.followed()
    frame = followed.frame
    dead, damaged = frame["os_event"] == 1, assessed(frame)
    unknown = int((~dead & damaged.isna()).sum())
    rows, drawn, notes = [], [], list[str]()
    for reading, (involved, free) in READINGS.items():
        read_as = pd.Series(np.where(frame[EXPOSURE] == "met", involved, free), index=frame.index)
        outcome = damaged.astype(float).fillna(read_as).mask(dead, 1.0)
        own, said = _one_reading(frame.assign(**{OUTCOME: outcome}), material)
        rows += [{**row, "population": reading} for row in own]
        notes += [n for n in said if n not in notes]
        drawn += [_line(row, reading) for row in own if row.get("measure") == "RR"]
        if not unknown:
            break
    result = Result(
        kind="sequelae_composite",
        tidy=tidy_frame(rows),
        method={
            "title": TITLE,
            "estimator": "risk by last follow-up; standardised: logistic regression and g-computation",
            "interval": "risk: Clopper-Pearson; RD: Newcombe; RR: log-Wald; standardised: delta method",
            "conf_level": 0.95,
            "denominator": "patients alive and followed at the landmark with a decided CNS status",
            "reference": ["Localio, Margolis & Berlin 2007, J Clin Epidemiol 60:874"],
        },
        counts={"used": len(frame), "events": int(dead.sum() + (~dead & damaged.fillna(False).astype(bool)).sum())},
        notes=(
            f"{int(dead.sum())} died; of {int((~dead).sum())} survivors {unknown} were not assessed for sequelae. The "
            "risks lie between the first two readings of these. Their ratio and difference lie between the highest "
            "contrast (not assessed read as with sequelae where the CNS was involved and as without where it was not) "
            "and the lowest (the other way round).",
            "Leaving the survivors who were not assessed out keeps every death but not every survivor: it makes the "
            "outcome too frequent, and is shown only because it is common.",
            "Follow-up differs between patients and is not taken into account: the outcome is what is known by the "
            "last visit.",
            *notes,
        ),
    )
    pictured = forest(
        result, drawn, axis="Risk ratio of death or sequelae, CNS involved against not", events="outcomes"
    )
    return followed.tell(pictured)


def _one_reading(frame: pd.DataFrame, material: Material) -> tuple[list[Row], list[str]]:
    outcome = frame[OUTCOME].rename("death or sequelae")
    try:
        found = two_by_two(frame[EXPOSURE].map(STATUS), outcome, reference=STATUS["not_met"]).tidy
    except NotEstimable as reason:
        note = f"not estimable: {reason}"
        return [{"analysis": "as counted", "term": "risk ratio", "measure": "RR", "note": note}], []
    rows = records(found[found["term"].isin(_TERMS)].assign(variable="", analysis="as counted", is_reference=False))
    adjusted = adjustment(frame, material.config.model, OUTCOME)
    shared: Row = {"analysis": "standardised", "outcome": "death or sequelae"}
    try:
        reference = {EXPOSURE: "not_met"}
        model = standardised_risk(adjusted.frame, OUTCOME, EXPOSURE, list(adjusted.terms), reference=reference)
    except NotEstimable as reason:
        failed = {"term": "risk ratio, standardised", "measure": "RR", "note": f"not estimable: {reason}"}
        return [*rows, {**shared, **failed}], list(adjusted.notes)
    for row in records(model.tidy[model.tidy["measure"].isin(["risk", "RD", "RR"])]):
        words: Row = {"variable": "", "population": "", "is_reference": False, "method": "g-computation"}
        words["term"] = row["term"] if row["measure"] == "risk" else f"{row['term']}, standardised"
        words["group"] = STATUS.get(row["group"], row["group"])
        words["contrast"] = f"{STATUS['met']} vs {STATUS['not_met']}" if row["contrast"] else ""
        rows.append({**row, **shared, **words})
    return rows, [*_said(model, adjusted.terms), *adjusted.notes]


def _said(model: Result, terms: tuple[str, ...]) -> list[str]:
    """Over what was standardised, and how many patients lack a covariate."""
    over = f"Standardised over: {'; '.join(map(term_words, terms))}." if terms else "No covariate to standardise over."
    lost = sum(n for reason, n in model.counts["dropped"].items() if OUTCOME not in reason)
    return [over, *([f"Without a covariate, not in the standardised risks: {lost} patients."] if lost else [])]


def _line(row: Row, reading: str) -> Row:
    numbers = {key: row.get(key) for key in ("estimate", "conf_low", "conf_high", "n", "events")}
    label = "standardised" if row["analysis"] == "standardised" else "as counted"
    role = "warning" if reading == "assessed survivors only" else "main" if label == "standardised" else "other"
    return {
        "block": reading[:1].upper() + reading[1:],
        "label": label,
        "role": role,
        "note": row.get("note", ""),
        **numbers,
    }
