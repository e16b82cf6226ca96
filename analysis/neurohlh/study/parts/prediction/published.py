"""The published rules in the patients of the study: who can be scored, discrimination, calibration, net benefit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.clinical.prognosis import POINTS
from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.curves.kaplan_meier import kaplan_meier
from neurohlh.stats.predict.calibration import calibration
from neurohlh.stats.predict.discrimination import concordance_index
from neurohlh.stats.predict.scores import prediction_scores
from neurohlh.study.parts.part import Results, answer, refusal
from neurohlh.study.parts.prediction.rules import Ruled, scored
from neurohlh.study.parts.prediction.setting import DEATH, EVENT, HORIZON, TIME
from neurohlh.study.parts.rows import Row, picked

TITLE = "Published prognostic rules in these patients"
_SHORT = ("estimate", "conf_low", "conf_high", "note")
FEWEST = 5
"""Deaths by the horizon below which a rule is not judged there (a choice of this package)."""
LIMITS = (
    "A rule with a finding of the CNS follows patients from the landmark, because the finding takes days to be made: "
    "who died before is not in it. A rule of blood values alone follows them from day 0; blood values are the worst of "
    "the days around the diagnosis."
)


def overview(rules: Sequence[Ruled]) -> Result:
    """Every rule: who can be scored, how well it orders, and whether its printed risks come true."""
    rows = [row for found in sorted(rules, key=lambda found: bool(found.unscored)) for row in _about(found)]
    largest = max(rules, key=lambda found: len(found.frame))
    return Result(
        kind="published_rules",
        tidy=tidy_frame([{"analysis": "published_rules", "outcome": DEATH, **row} for row in rows]),
        method={
            "title": TITLE,
            "estimator": "Harrell's concordance; AUC by inverse probability of censoring; 1 - Kaplan-Meier over the "
            "mean printed risk",
            "interval": "concordance: logit; others: Wald",
            "test": "none",
            "denominator": "patients followed whose predictors are all known; a missing one leaves bounds and no score",
            "reference": [found.rule.definition.source for found in rules],
            "horizon": "the rule's own, counted from the diagnosis; where none is in print, one year of follow-up",
            "population": {found.name: found.rule.population for found in rules},
            "predicts": {found.name: found.rule.predicts for found in rules},
            "validated before": {found.name: found.rule.validated for found in rules},
            "printed": {found.name: found.rule.printed for found in rules if found.rule.printed},
            "not in print": {found.name: list(found.rule.not_in_print) for found in rules},
        },
        counts={"supplied": len(largest.frame), "used": len(largest.frame), "events": int(largest.frame[EVENT].sum())},
        notes=(
            "The rules were made in other patients; here they are held against these. No weight that was not in print "
            "is filled in: a rule without one is named, with what lacks.",
            LIMITS,
            *(f"{found.name}: {found.rule.outcome_differs}." for found in rules if found.rule.outcome_differs),
        ),
    )


def _about(found: Ruled) -> Iterator[Row]:
    said: Row = {"group": found.name, "population": found.zero, "method": f"source {found.rule.definition.status}"}
    n, events = len(found.frame), int(found.frame[EVENT].sum())
    made = f"made in {found.rule.population}"
    if found.unscored:
        yield {
            **said,
            "term": "scored",
            "measure": "count",
            "n": n,
            "events": events,
            "note": f"{made}; {found.unscored}",
        }
        return
    data = scored(found)
    own = {"n": len(data), "events": int(data[EVENT].sum())}
    gone = n - len(data)
    lack = f"; {gone} of {n} lack a predictor: only bounds of their score are known" if gone else ""
    yield {**said, "term": "scored", "measure": "count", **own, "estimate": len(data), "note": made + lack}
    over = {**said, **own, "level": "all follow-up", "term": "concordance", "measure": "concordance"}
    yield {**over, **_tried(lambda: _concordance(data))}
    at = found.horizon if found.horizon is not None else HORIZON
    words = f"by {found.rule.horizon_days:g} days {found.origin}" if found.horizon is not None else _NO_HORIZON
    if at <= 0:
        yield {**said, **own, "term": "AUC", "measure": "AUC", "note": "its horizon ends before the landmark"}
        return
    died = int((data[EVENT].astype(bool) & (data[TIME] <= at)).sum())
    by = {**said, "n": len(data), "events": died, "time": at, "level": words}
    few = f"{died} deaths by then are too few" if died < FEWEST else ""
    yield {**by, "term": "AUC", "measure": "AUC", **({"note": few} if few else _tried(lambda: _auc(data, at)))}
    if found.rule.groups and not few:
        yield {**by, "term": "observed/expected", "measure": "ratio", **_tried(lambda: _ratio(found, data, at))}


_NO_HORIZON = "no horizon in print: one year of follow-up"


def _tried(make: Any) -> Row:
    try:
        return dict(make())
    except NotEstimable as reason:
        return {"note": f"not estimable: {reason}"}


def _concordance(data: pd.DataFrame) -> Row:
    return picked(concordance_index(data, TIME, EVENT, "score").tidy.iloc[0], _SHORT)


def _auc(data: pd.DataFrame, at: float) -> Row:
    # The score stands for a risk here: only its order matters to the AUC.
    ranks = data["score"].rank(method="dense")
    ordered = data.assign(risk=ranks / (ranks.max() + 1))
    tidy = prediction_scores(ordered, TIME, EVENT, {"rule": "risk"}, times=[at]).tidy
    return picked(tidy[(tidy["measure"] == "AUC")].iloc[0], _SHORT)


def _ratio(found: Ruled, data: pd.DataFrame, at: float) -> Row:
    printed = {group.name: group.risk for group in found.rule.groups}
    risk = found.rule.group_of(data["score"]).map(printed).astype(float)
    tidy = calibration(data.assign(risk=risk), TIME, EVENT, "risk", horizon=at, groups=2).tidy
    row = picked(tidy[tidy["term"] == "observed/expected"].iloc[0], _SHORT)
    mean = f"mean printed risk {100 * risk.mean():.0f} %"
    return {**row, "note": "; ".join(part for part in (mean, str(row["note"])) if part)}


def by_score(rules: Sequence[Ruled]) -> Result:
    """The observed risk at each score, beside the printed one."""
    usable = [found for found in rules if not found.unscored]
    if not usable:
        raise NotEstimable("no published rule can be scored with the variables of this study")
    rows = [row for found in usable for row in _observed(found)]
    return Result(
        kind="published_scores",
        tidy=tidy_frame([{"analysis": "published_scores", "outcome": DEATH, **row} for row in rows]),
        method={
            "estimator": "1 - Kaplan-Meier",
            "interval": "log-log",
            "test": "none",
            "weights": {found.name: found.rule.weights for found in usable},
            "denominator": "patients followed with a known score",
            "reference": [found.rule.definition.source for found in usable],
        },
        counts={"supplied": max(len(f.frame) for f in usable), "used": max(len(scored(f)) for f in usable)},
        notes=(
            LIMITS,
            "Ratios are products of the printed ones: they say who is worse, not how great a risk is.",
        ),
    )


def _observed(found: Ruled) -> Iterator[Row]:
    data = scored(found)
    at = found.horizon if found.horizon is not None else HORIZON
    if at <= 0:
        return
    levels: dict[str, tuple[pd.Series, float | None, str]] = {}
    for value in sorted(data["score"].round(6).unique()):
        levels[_score_words(found.rule.weights, value)] = (data["score"].round(6) == value, None, "")
    grouped = found.rule.group_of(data["score"])
    for group in found.rule.groups:
        levels[f"{group.name} ({group.low:g} to {group.high:g})"] = (grouped == group.name, group.risk, group.printed)
    for level, (own, risk, printed) in levels.items():
        said: Row = {"group": found.name, "population": found.zero, "level": level, "time": at}
        died = int((data.loc[own, EVENT].astype(bool) & (data.loc[own, TIME] <= at)).sum())
        said |= {"n": int(own.sum()), "events": died}
        if own.any():
            yield {**said, "measure": "observed risk", **_risk(data[own], at)}
        if risk is not None:
            yield {**said, "measure": "printed risk", "estimate": risk, "note": printed}


def _score_words(weights: str, value: float) -> str:
    """A score of points as it is, one of logarithms as the ratio that it stands for."""
    if weights == POINTS:
        return f"score {value:g}"
    return f"{weights.removeprefix('log ')} {np.exp(value):.3g} against no predictor"


def _risk(data: pd.DataFrame, at: float) -> Row:
    if data[TIME].max() < at:
        return {"note": f"not estimable: nobody with this score is followed to {at:g} days"}
    tidy = kaplan_meier(data, TIME, EVENT, times=[at], conf_type="log-log").tidy
    row = tidy[(tidy["measure"] == "survival") & (tidy["time"] == at)].iloc[0]
    turned = {"estimate": 1 - row["estimate"], "conf_low": 1 - row["conf_high"], "conf_high": 1 - row["conf_low"]}
    return {**turned, "note": row["note"]}


def predictors(rules: Sequence[Ruled]) -> Result:
    """Each predictor of each rule, scored or not: how many have it, how many don't, of whom it is not known."""
    rows = [row for found in rules for row in _presence(found)]
    return Result(
        kind="published_predictors",
        tidy=tidy_frame([{"analysis": "published_predictors", "outcome": DEATH, **row} for row in rows]),
        method={
            "denominator": "patients followed with known outcome",
            "test": "none",
            "reference": [found.rule.definition.source for found in rules],
        },
        counts={"supplied": max(len(f.frame) for f in rules), "used": max(len(f.frame) for f in rules)},
        notes=("Not known is not absent. CNS involvement is that of this study's definition.", LIMITS),
    )


_STATES = {"met": "present", "not_met": "absent", "indeterminate": "not known"}


def _presence(found: Ruled) -> Iterator[Row]:
    definition = found.rule.definition
    died = found.frame[EVENT] == 1
    for name, item in definition.items.items():
        state = found.items[f"{definition.key}__{name}"]
        for code, words in _STATES.items():
            own = state == code
            yield {
                "group": found.name,
                "population": found.zero,
                "term": item.test.words(),
                "level": words,
                "measure": "proportion",
                "n": int(own.sum()),
                "events": int((own & died).sum()),
                "estimate": float(own.mean()) if len(own) else np.nan,
                "method": f"source {item.status}",
                "note": item.note,
            }
    for name in found.rule.not_held:
        yield {"group": found.name, "term": name, "measure": "proportion", "note": "no variable of this package"}


def published_tables(rules: Sequence[Ruled], beside: Mapping[str, Result]) -> Results:
    """The tables of the published rules; `beside` holds their comparison with the study's own model."""
    if rules[0].frame.empty:
        return {
            "prediction_published_rules": refusal("published_rules", TITLE, "nobody is followed with a known outcome")
        }
    return {
        "prediction_published_rules": answer("published_rules", TITLE, lambda: overview(rules)),
        "prediction_published_scores": answer(
            "published_scores", "Observed risk at each score of the published rules", lambda: by_score(rules)
        ),
        "prediction_published_predictors": answer(
            "published_predictors", "Predictors of the published rules in these patients", lambda: predictors(rules)
        ),
        **beside,
    }
