"""Everybody at risk at the landmark of whom CNS involvement is asked, and the row of a model that the tables show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from neurohlh.core.result import Result
from neurohlh.stats.hazards.cox import cox
from neurohlh.study.covariates import variable_of
from neurohlh.study.follow import EXPOSURE
from neurohlh.study.parts.domains import with_hlh
from neurohlh.study.parts.material import Material

NUMBERS = (
    "measure", "scale", "estimate", "conf_low", "conf_high", "coef", "std_error", "statistic", "df", "p_value",
)  # fmt: skip
TERMS = {"crude": "crude hazard ratio", "adjusted": "adjusted hazard ratio"}


@dataclass(frozen=True)
class AtRisk:
    """Patients at risk at the landmark to whom the definition applies, decided or not, and who is not among them."""

    frame: pd.DataFrame
    gone: dict[str, int]

    @property
    def undecided(self) -> int:
        """How many of them have no decided CNS status at baseline."""
        return int((self.frame[EXPOSURE] == "indeterminate").sum())


def at_risk(material: Material) -> AtRisk:
    """Who is at risk at the study's landmark, the undecided included."""
    frame, gone = with_hlh(material, material.followed().everybody.frame)
    aside = frame[EXPOSURE] == "not_applicable"
    if aside.any():
        gone = {**gone, "left out by the CNS definition": int(aside.sum())}
    return AtRisk(frame[~aside].reset_index(drop=True), gone)


def model(
    material: Material,
    frame: pd.DataFrame,
    terms: Sequence[str],
    levels: Mapping[str, str] | None = None,
    **options: Any,
) -> Result:
    """The Cox model of death by CNS status on `frame`, as the study's main line fits it.

    `levels` names the reference levels of categories, where several models must share them.
    """
    strata = material.config.model.strata
    reference = {**(levels or {}), EXPOSURE: "not_met"}
    return cox(frame, "os_days", "os_event", [EXPOSURE, *terms], reference=reference, strata=strata, **options)


def complete(frame: pd.DataFrame, terms: Sequence[str]) -> pd.Series:
    """Whether every covariate of a patient is known."""
    return frame[[variable_of(t) for t in terms]].notna().all(axis=1)


def line(result: Result, population: str, analysis: str, **changes: Any) -> dict[str, Any]:
    """The hazard ratio of CNS involvement as a row: all patients and deaths of the model, not of one level."""
    tidy = result.tidy
    row = tidy[(tidy["variable"] == EXPOSURE) & ~tidy["is_reference"]].iloc[0]
    return {
        "population": population,
        "term": TERMS[analysis],
        **{name: row[name] for name in NUMBERS},
        "n": result.counts.get("used"),
        "events": result.counts.get("events"),
        "note": row["note"] if str(row["note"]).startswith("not estimable") else "",
        "method": "Cox regression",
        **changes,
    }


def forest_rows(rows: Sequence[dict[str, Any]], role: str = "other") -> list[dict[str, Any]]:
    """Hazard ratios as lines of a forest, adjusted ones under their own heading."""
    kept = ("estimate", "conf_low", "conf_high", "n", "events", "note")
    ratios = [row for row in rows if row["measure"] == "HR"]
    return [
        {"block": row["term"], "label": row["population"], **{k: row.get(k) for k in kept}, "role": role}
        for row in sorted(ratios, key=lambda row: list(TERMS.values()).index(row["term"]), reverse=True)
    ]
