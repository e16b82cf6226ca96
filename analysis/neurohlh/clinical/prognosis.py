"""Published prognostic rules: what they predict, in whom, and the bounds of every patient's score under missing values.

The predictors are items of a criteria set and go through the criteria engine; `catalogue/prognosis/README.md` tells
what a file holds.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd

from neurohlh.clinical.criteria import from_data
from neurohlh.clinical.definition import Comparison, Definition
from neurohlh.clinical.rules import evaluate
from neurohlh.core.errors import InputError, did_you_mean
from neurohlh.etl.codebook import CATALOGUE, codebook

POINTS, NO_WEIGHTS = "points", "none"
WEIGHTS = (POINTS, "log hazard ratio", "log odds ratio", NO_WEIGHTS)
CNS_DOMAINS = ("cns", "csf", "imaging", "neuro_symptom", "mri_finding")
"""Domains of the codebook whose values are known only after the CNS has been looked into."""
_KEYS = frozenset(
    {"population", "predicts", "outcome_differs", "horizon_days", "weights", "validated", "printed", "not_in_print"}
    | {"not_held", "ratios", "groups"}
)
_DATED_BY = {"csf": "date_lp_first", "imaging": "date_imaging_first", "mri_finding": "date_imaging_first"}


@dataclass(frozen=True)
class RiskGroup:
    """Scores from `low` to `high` with the risk by the rule's horizon that was printed for them."""

    name: str
    low: float
    high: float
    risk: float
    printed: str


@dataclass(frozen=True)
class PrognosticRule:
    """One publication's predictors of death, with what was in print and what was not.

    Attributes
    ----------
    definition : its predictors as items; where the rule can be scored each has points.
    population, predicts, validated, printed : in words; `outcome_differs` says how the outcome differs from death.
    weights : what the points are (one of `WEIGHTS`); 'none' where too little was printed for a score.
    horizon_days : days from the diagnosis by which it predicts (None: not in print).
    not_in_print, not_held : what the publication (as far as seen) does not say, and predictors without a variable.
    groups : risk groups with their printed risk.
    """

    definition: Definition
    population: str
    predicts: str
    weights: str
    horizon_days: float | None
    validated: str
    printed: str
    outcome_differs: str
    not_in_print: tuple[str, ...]
    not_held: tuple[str, ...]
    groups: tuple[RiskGroup, ...]

    @property
    def scored(self) -> bool:
        """Whether enough was printed for a score."""
        return self.weights != NO_WEIGHTS

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables of its predictors."""
        tests = (item.test for item in self.definition.items.values())
        return tuple(dict.fromkeys(test.variable for test in tests if isinstance(test, Comparison)))

    @property
    def looks_at_cns(self) -> bool:
        """Whether a predictor is a finding of the CNS, known only some days after the diagnosis."""
        return any(codebook()[name].domain in CNS_DOMAINS for name in self.variables)

    def group_of(self, score: pd.Series) -> pd.Series:
        """The name of the risk group of every score; missing outside all groups and for a missing score."""
        found = pd.Series(None, index=score.index, dtype=object)
        for group in self.groups:
            found[score.between(group.low, group.high)] = group.name
        return found


@lru_cache(maxsize=1)
def prognostic_rules() -> tuple[PrognosticRule, ...]:
    """The rules of the catalogue, in alphabetical order of their files."""
    files = sorted((f for f in (CATALOGUE / "prognosis").iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return tuple(parse_rule(f.read_text(encoding="utf-8"), f.name) for f in files)


def parse_rule(text: str, origin: str) -> PrognosticRule:
    """A rule from TOML text; `origin` names the file in error messages.

    Raises InputError for whatever is not legal in it: an unknown key, weights that are not known, a ratio for no
    predictor, a predictor of a scored rule without a weight.
    """
    data = tomllib.loads(text)
    head = data.pop("prognosis", None)
    if not isinstance(head, Mapping):
        raise InputError("the file has no table [prognosis]", where=origin, do="say whom the rule is for.")
    for key in head:
        if key not in _KEYS:
            raise InputError(f"unknown key {key!r} in [prognosis]", where=origin, do=did_you_mean(key, _KEYS))
    weights = str(head.get("weights", ""))
    if weights not in WEIGHTS:
        raise InputError(f"weights {weights!r} are not known", where=origin, do=did_you_mean(weights, WEIGHTS))
    items = data.get("items", {})
    for name, ratio in head.get("ratios", {}).items():
        if name not in items or not ratio > 0:
            raise InputError(f"the ratio of {name!r} belongs to no predictor", where=origin)
        items[name]["points"] = math.log(ratio)
    definition = from_data(data, origin, origin.removesuffix(".toml"))
    unweighted = [name for name, item in definition.items.items() if not item.scored]
    if weights != NO_WEIGHTS and unweighted:
        raise InputError(f"no weight for {', '.join(unweighted)}", where=origin, do="give points or a ratio.")
    horizon = head.get("horizon_days")
    words = {key: str(head.get(key, "")) for key in ("population", "predicts", "validated", "printed")}
    return PrognosticRule(
        definition,
        weights=weights,
        horizon_days=None if horizon is None else float(horizon),
        outcome_differs=str(head.get("outcome_differs", "")),
        not_in_print=tuple(head.get("not_in_print", ())),
        not_held=tuple(head.get("not_held", ())),
        groups=tuple(RiskGroup(**group) for group in head.get("groups", ())),
        **words,
    )


def as_known_by(frame: pd.DataFrame, day: int, origin: str = "date_hlh_diagnosis") -> pd.DataFrame:
    """The patients with the CNS as known by `day` after the diagnosis: what came later, or has no date, is empty.

    `frame` is classified, with `cns_baseline` and `cns_group_horne_baseline` for that window: they take the place of
    `cns_involved` and `cns_group_horne`. A laboratory value or finding of a domain with a date of its own (lumbar
    puncture, imaging) stays where that date is known and not later than `day`.
    """
    status = frame["cns_baseline"].where(frame["cns_baseline"].isin(["met", "not_met"]), "indeterminate")
    known = {"cns_involved": status, "cns_group_horne": frame["cns_group_horne_baseline"]}
    book = codebook()
    for name in (str(c) for c in frame if c in book and book[str(c)].domain in _DATED_BY):
        date = _DATED_BY[book[name].domain]
        if name == date:
            continue
        if date in frame and origin in frame:
            early = (frame[date] - frame[origin]).dt.days <= day
            known[name] = frame[name].where(early)
        else:
            known[name] = frame[name].where(pd.Series(False, index=frame.index))
    return frame.assign(**known)


def evaluate_rules(frame: pd.DataFrame, rules: Sequence[PrognosticRule]) -> pd.DataFrame:
    """Per rule `<key>__<item>` with met, not_met or indeterminate, and for a scored rule `<key>__low` and `__high`.

    The bounds are the sums of the points with every missing item at its lowest and highest; where they are equal the
    score is known. Columns only of the rules, index of `frame`.
    """
    read = {v for rule in rules for v in rule.variables} | {"patient_id", "lp_done", "mri_done"}
    read |= {f"{v}_{end}" for v in read for end in ("censored", "recorded", "unit")}
    inputs = pd.DataFrame({c: frame[c] for c in frame if c in read}, index=frame.index)
    found = evaluate(inputs, [rule.definition for rule in rules])
    columns: dict[str, Any] = {}
    for rule in rules:
        key, names = rule.definition.key, list(rule.definition.items)
        columns |= {f"{key}__{name}": found[f"{key}__{name}"] for name in names}
        if rule.scored:
            for end in ("low", "high"):
                columns[f"{key}__{end}"] = sum(found[f"{key}__{name}__points_{end}"].astype(float) for name in names)
    return pd.DataFrame(columns, index=frame.index)
