"""Hazard ratios of one kind of evidence as rows: every group with its patients and deaths, few events said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.hazards.checks import FEW_EVENTS
from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.hazards.firth import cox_firth
from neurohlh.study.parts.domains import tell, with_hlh
from neurohlh.study.parts.material import Material

CRUDE, ADJUSTED = "crude", "adjusted"
_COPIED = (
    "is_reference", "n", "events", "measure", "scale", "estimate", "conf_low", "conf_high", "coef", "std_error",
    "statistic", "df", "p_value", "note", "method",
)  # fmt: skip
AXIS = "Hazard ratio of death"


@dataclass(frozen=True)
class Exposures:
    """Columns whose hazard ratios are wanted, with their words; level words and reference levels of categories."""

    columns: Mapping[str, str]
    levels: Mapping[str, str] = field(default_factory=dict)
    reference: Mapping[str, str] = field(default_factory=dict)


def at_landmark(material: Material) -> tuple[pd.DataFrame, dict[str, int]]:
    """Everybody with HLH at risk at the study's landmark, and how many of the others stay aside."""
    return with_hlh(material, material.followed().everybody.frame)


def ratios(
    material: Material,
    frame: pd.DataFrame,
    exposures: Exposures,
    population: str,
    *,
    strata: str | None = None,
    penalised: bool = False,
) -> list[dict[str, Any]]:
    """Rows of a crude and, with covariates, an adjusted Cox model of all `exposures` together.

    `strata` takes the place of the study's. Firth's penalised likelihood is used where it is asked for, and where a
    group without deaths leaves the ordinary one without an estimate; the row names it.
    """
    adjusted = material.adjustment(frame)
    rows = _fitted(material, frame, exposures, (), CRUDE, population, strata, penalised)
    if adjusted.terms:
        rows += _fitted(material, adjusted.frame, exposures, adjusted.terms, ADJUSTED, population, strata, penalised)
    return rows


def _fitted(
    material: Material,
    frame: pd.DataFrame,
    exposures: Exposures,
    terms: Sequence[str],
    analysis: str,
    population: str,
    strata: str | None,
    penalised: bool,
) -> list[dict[str, Any]]:
    shared = {"analysis": analysis, "outcome": "death", "population": population}
    covariates = [*exposures.columns, *terms]
    fits = (cox_firth,) if penalised else (cox, cox_firth)
    own = pd.DataFrame()
    for fit in fits:
        try:
            model = fit(
                frame,
                "os_days",
                "os_event",
                covariates,
                strata=strata or material.config.model.strata,
                reference=exposures.reference,
            )
        except NotEstimable as reason:
            empty = {"measure": "HR", "scale": "log", "note": f"not estimable: {reason}"}
            return [{**shared, "variable": words, "term": analysis, **empty} for words in exposures.columns.values()]
        own = model.tidy[model.tidy["variable"].isin(list(exposures.columns))]
        lost = own[~own["is_reference"] & own["estimate"].isna()]
        if not lost["note"].str.contains("no events in|monotone").any():
            break
    few = _few_events(model)
    return [_row(row, exposures, shared, few) for row in own.to_dict("records")]


def _row(row: Mapping[Any, Any], exposures: Exposures, shared: Mapping[str, Any], few: str) -> dict[str, Any]:
    words = exposures.columns[row["variable"]]
    level = exposures.levels.get(row["level"], row["level"])
    base = exposures.levels.get(exposures.reference.get(row["variable"], ""), "")
    ratio = not row["is_reference"]
    return {
        **shared,
        **{name: row[name] for name in _COPIED},
        "variable": words,
        "term": shared["analysis"],
        "level": level,
        "contrast": f"{level} vs {base}" if ratio and level and base else "",
        "note": "; ".join(filter(None, [row["note"], few if ratio else ""])),
    }


def _few_events(model: Result) -> str:
    events, parameters = model.counts["events"], model.counts.get("parameters", 0)
    if not parameters or events >= FEW_EVENTS * parameters:
        return ""
    return f"{events} deaths for {parameters} parameters"


def forest_lines(
    rows: Sequence[Mapping[str, Any]], label: str = "variable", role: str = "other", block: str = ""
) -> list[dict[str, Any]]:
    """The hazard ratios among the rows as lines of a forest; a line says the patients and deaths of its own group."""
    kept = ("estimate", "conf_low", "conf_high", "n", "events", "note")
    blocks = {CRUDE: "Crude", ADJUSTED: "Adjusted"}
    return [
        {
            "block": block or blocks.get(row["analysis"], ""),
            "label": row.get(label) or row["variable"],
            **{name: row.get(name) for name in kept},
            "role": role,
        }
        for row in rows
        if row.get("measure") == "HR" and not row.get("is_reference")
    ]


def table(
    kind: str,
    material: Material,
    rows: Sequence[Mapping[str, Any]],
    frame: pd.DataFrame,
    dropped: Mapping[str, int],
    notes: Sequence[str],
    **method: Any,
) -> Result:
    """The result of rows on `frame` (patients at the landmark), counted back to the study population."""
    if not any(pd.notna(row.get("estimate")) for row in rows):
        reasons = dict.fromkeys(str(row["note"]).removeprefix("not estimable: ") for row in rows if row.get("note"))
        raise NotEstimable("; ".join(reasons) or "no group has an estimate")
    result = Result(
        kind=kind,
        tidy=tidy_frame(list(rows)),
        method={
            "model": "Cox proportional hazards",
            "interval": "Wald on the log scale; Firth: profile penalised likelihood",
            "conf_level": 0.95,
            "ties": "efron",
            "strata": material.config.model.strata or "none",
            "covariates": list(material.adjustment(frame).terms),
            "denominator": "patients at risk at the landmark with the answer at baseline",
            "reference": ["Cox 1972, J R Stat Soc B 34:187", "Firth 1993, Biometrika 80:27"],
            **method,
        },
        counts={
            "used": len(frame),
            "events": int(frame["os_event"].sum()),
            "dropped": {k: n for k, n in dropped.items() if n},
        },
        notes=(*notes, *material.adjustment(frame).notes),
    )
    return tell(material, result)
