"""Who can be scored by the published rules, and with what: the patients of the study under each rule."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from neurohlh.clinical.prognosis import PrognosticRule, as_known_by, evaluate_rules, prognostic_rules
from neurohlh.etl.codebook import codebook
from neurohlh.study.follow import EXPOSURE, survival_set, zero_words
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.prediction.setting import EVENT, TIME

SAME = 1e-9
"""Bounds of a score nearer than this are one number."""


@dataclass(frozen=True)
class Ruled:
    """A published rule in the patients whom it is looked at in.

    Attributes
    ----------
    frame : those followed from `day` with known outcome (os_days from that day), whoever can be scored or not.
    items : per item met, not_met or indeterminate; `score` the known score (NaN: not known), `low` and `high` its
        bounds. Index as `frame`.
    zero, origin : what the times of `frame` and the rule's own horizon count from, in words.
    lacking : labels of the variables of which the study holds no value.
    """

    rule: PrognosticRule
    frame: pd.DataFrame
    items: pd.DataFrame
    score: pd.Series
    low: pd.Series
    high: pd.Series
    lacking: tuple[str, ...]
    day: float
    zero: str
    origin: str

    @property
    def name(self) -> str:
        """The rule as a table names it."""
        return self.rule.definition.name

    @property
    def horizon(self) -> float | None:
        """The rule's horizon in days from `day`; None where none was printed."""
        return None if self.rule.horizon_days is None else self.rule.horizon_days - self.day

    @property
    def unscored(self) -> str:
        """Why nobody can be scored ('' where somebody can)."""
        if not self.rule.scored:
            return "no score in print: " + "; ".join(self.rule.not_in_print)
        if self.lacking:
            return "the study does not hold " + ", ".join(self.lacking)
        return "" if self.score.notna().any() else "no patient has all its predictors known"


def ruled(material: Material) -> list[Ruled]:
    """Every rule of the catalogue. One with a finding of the CNS is followed from the landmark, others from day 0.

    A finding of the CNS takes days to be made; followed from the diagnosis, it would belong to those who lived on.
    """
    return [_ruled(material, rule, material.landmark if rule.looks_at_cns else 0.0) for rule in prognostic_rules()]


def _ruled(material: Material, rule: PrognosticRule, day: float) -> Ruled:
    followed = material.followed(day)
    everybody = survival_set(material.frame, day).frame
    known = as_known_by(everybody, material.config.cns.window_days[1])
    found = evaluate_rules(known, [rule])
    key = rule.definition.key
    items = found[[f"{key}__{name}" for name in rule.definition.items]]
    nothing = pd.Series(float("nan"), index=everybody.index)
    low, high = (found[f"{key}__{end}"] if rule.scored else nothing for end in ("low", "high"))
    score = low.where((high - low).abs() < SAME)
    lacking = tuple(codebook()[name].label() for name in rule.variables if not _held(known, name))
    return Ruled(rule, everybody, items, score, low, high, lacking, day, followed.zero, zero_words(material.config, 0))


def _held(frame: pd.DataFrame, name: str) -> bool:
    """Whether the study holds any answer of the variable."""
    return name in frame and bool((frame[name].notna() & ~frame[name].isin(["indeterminate", "unknown"])).any())


def scored(found: Ruled) -> pd.DataFrame:
    """The patients with a known score, in the columns os_days, os_event, cns, everything else, and `score`."""
    kept = found.score.notna()
    data: pd.DataFrame = found.frame[kept].assign(score=found.score[kept]).reset_index(drop=True)
    return data[[*dict.fromkeys([TIME, EVENT, EXPOSURE, *data.columns])]]
