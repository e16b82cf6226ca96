"""Published rules beside the study's own model, in the same patients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.predict.validation_at import validate_cox_at
from neurohlh.study.parts.prediction.curves import FOR_ALL, acting
from neurohlh.study.parts.prediction.rules import Ruled
from neurohlh.study.parts.prediction.setting import EVENT, HORIZON, REFERENCE, TIME, Setting
from neurohlh.study.parts.rows import Row, records

RULE, OWN = "the published rule", "the study's own model"
APART = "difference: the rule minus the study's own model"
REPLICATES = 100
THRESHOLDS = (0.1, 0.2, 0.3)
_MEASURES = ("concordance", "AUC", "Brier score", "net benefit")


def beside_own(setting: Setting, rules: Sequence[Ruled]) -> Result:
    """Each rule that can be scored beside the study's own model, corrected for optimism, in the same patients.

    Raises NotEstimable where the study has no model of its own, or no rule can be scored.
    """
    setting.model  # noqa: B018 - refuses where there are too few deaths
    rows = [row for found in rules if not found.unscored for row in _rows(setting, found)]
    if not rows:
        raise NotEstimable("no published rule can be scored with the variables of this study")
    found = Result(
        kind="published_beside_own",
        tidy=tidy_frame([{"analysis": "published_beside_own", "outcome": EVENT, **row} for row in rows]),
        method={
            "estimator": "apparent performance minus bootstrap optimism",
            "replicates": REPLICATES,
            "horizon": HORIZON,
            "interval": "bootstrap percentiles of the apparent value, their mean moved to the corrected one",
            "test": "none",
            "denominator": "patients of the landmark with the rule's and the model's predictors all known",
            "reference": [f.rule.definition.source for f in rules if not f.unscored],
        },
        counts={
            "supplied": len(setting.frame),
            "used": len(setting.complete),
            "events": setting.model.counts["events"],
        },
        notes=(
            "The rule keeps its printed order of patients (concordance, AUC). For Brier score and net benefit the risk "
            "that goes with a score is estimated anew here (baseline and one slope): most rules print none.",
            "The study's own model was made in these very patients: even corrected it is at home here, and the rule a "
            "guest.",
        ),
    )
    return setting.told(found)


def _rows(setting: Setting, found: Ruled) -> Iterator[Row]:
    said: Row = {"population": found.name}
    data = _scored_at_landmark(setting, found)
    if data["score"].nunique() < 2:
        yield {**said, "measure": "concordance", "n": len(data), "note": "not estimable: all have the same score"}
        return
    try:
        tidy = validate_cox_at(
            data,
            TIME,
            EVENT,
            {RULE: "score", OWN: setting.terms},
            horizon=HORIZON,
            seed=setting.material.seed(f"prediction_{found.rule.definition.key}"),
            replicates=REPLICATES,
            thresholds=THRESHOLDS,
            reference=REFERENCE,
            curve=False,
        ).tidy
    except NotEstimable as reason:
        yield {**said, "measure": "concordance", "n": len(data), "note": f"not estimable: {reason}"}
        return
    kept = tidy[(tidy["term"] == "corrected") & tidy["measure"].str.removesuffix(" difference").isin(_MEASURES)]
    kept = kept.assign(group=kept["group"].where(kept["contrast"] == "", APART), contrast="")
    kept = kept.assign(measure=kept["measure"].str.removesuffix(" difference"))
    yield from ({**row, **said, "level": _percent(row["level"])} for row in records(kept))
    yield from ({**row, **said} for row in _everybody(data))


def _percent(level: str) -> str:
    return f"threshold {100 * float(level):.0f} %" if level.replace(".", "").isdigit() else level


def _everybody(data: pd.DataFrame) -> Iterator[Row]:
    """Net benefit of acting on everybody, in the same patients."""
    for line in records(acting(FOR_ALL, data, np.array(THRESHOLDS))):
        yield {
            "group": FOR_ALL,
            "measure": "net benefit",
            "level": _percent(f"{line['threshold']:g}"),
            "time": HORIZON,
            "n": len(data),
            "events": int((data[EVENT].astype(bool) & (data[TIME] <= HORIZON)).sum()),
            "estimate": line["net_benefit"],
        }


def _scored_at_landmark(setting: Setting, found: Ruled) -> pd.DataFrame:
    """The patients of the study's own model with the rule's score, whatever day the rule itself is followed from."""
    score = pd.Series(found.score.to_numpy(), index=found.frame["patient_id"].astype(str))
    data = setting.complete
    kept = data.assign(score=data["patient_id"].astype(str).map(score))
    kept = kept[kept["score"].notna()].reset_index(drop=True)
    return setting.material.adjustment(kept).frame  # fewer patients: levels of few deaths are merged among them
