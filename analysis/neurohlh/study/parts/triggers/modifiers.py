"""What may change the effect of CNS involvement: trigger, EBV, class, age, period and centre, as groups of patients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from neurohlh.clinical.age_groups import age_group, age_groups
from neurohlh.clinical.trigger_facts import TRIGGERS
from neurohlh.study.config import StudyConfig
from neurohlh.study.covariates import variable_of
from neurohlh.study.parts.triggers.priority import CLASSES

DATE = "date_hlh_diagnosis"


@dataclass(frozen=True)
class Modifier:
    """Groups of patients: `levels` in words (missing: unknown) in their `order`, which stand in for the covariates
    `instead_of`; `note` says where the groups come from."""

    heading: str
    levels: pd.Series[Any]
    order: tuple[str, ...]
    instead_of: tuple[str, ...] = ()
    note: str = ""

    def terms(self, covariates: tuple[str, ...]) -> list[str]:
        """The covariates without those that the groups stand in for."""
        return [t for t in covariates if variable_of(t) not in self.instead_of]


def modifiers(frame: pd.DataFrame, config: StudyConfig) -> list[Modifier]:
    """Every modifier that the data can show, in the order of the report."""
    return list(_modifiers(frame, config))


def _modifiers(frame: pd.DataFrame, config: StudyConfig) -> Iterator[Modifier]:
    triggers = {k: v for k, v in TRIGGERS.items() if k != "unknown"}
    yield _coded("Trigger", frame["trigger_category"], triggers, ("trigger_category",))
    ebv = {"met": "EBV found", "not_met": "EBV excluded"}
    yield _coded("EBV", frame["triggers__ebv"], ebv, ("trigger_category",), "EBV beside any other trigger counts too.")
    classes = {k: v for k, v in CLASSES.items() if k != "unknown"}
    yield _coded("Class", frame["hlh_class"], classes, ("hlh_class",))
    if "age_years" in frame:
        said = "; ".join(f"{g.name}: {g.source} ({g.status})" for g in age_groups())
        order = tuple(g.name for g in age_groups())
        yield Modifier("Age at diagnosis", age_group(frame["age_years"]), order, ("age_years", "age_days"), f"{said}.")
    if DATE in frame:
        yield _period(frame[DATE])
    if "center_id" in frame:
        centres = frame["center_id"].astype(object)
        yield Modifier("Centre", centres, tuple(sorted(centres.dropna().unique())), ("center_id",))


def _coded(
    heading: str, codes: pd.Series[Any], words: dict[str, str], instead_of: tuple[str, ...], note: str = ""
) -> Modifier:
    return Modifier(heading, codes.map(words).astype(object), tuple(words.values()), instead_of, note)


def _period(dates: pd.Series[Any]) -> Modifier:
    """Two calendar periods, cut before the year that divides the patients most evenly (a choice of this package)."""
    years = dates.dt.year
    seen = sorted(years.dropna().unique())
    split = min(
        seen[1:], key=lambda year: abs(float((years < year).sum()) - float((years >= year).sum())), default=None
    )
    if split is None:
        return Modifier("Year of diagnosis", pd.Series(None, index=dates.index, dtype=object), ())
    first, last = f"{seen[0]:.0f} to {split - 1:.0f}", f"{split:.0f} to {seen[-1]:.0f}"
    levels = years.map(lambda year: None if pd.isna(year) else first if year < split else last).astype(object)
    note = (
        f"Cut before {split:.0f}, the year that divides the patients most evenly: a choice of this package, not the "
        "year in which a treatment came. It stands for changes of treatment, such as ruxolitinib and emapalumab."
    )
    return Modifier("Year of diagnosis", levels, (first, last), (), note)
