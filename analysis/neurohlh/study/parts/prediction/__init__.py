"""A prediction, kept apart: a prognostic model and published rules. Who dies is another question than why."""

from __future__ import annotations

from collections.abc import Callable

from neurohlh.core.result import Result
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.part import Part, Results, answer
from neurohlh.study.parts.prediction.beside import beside_own
from neurohlh.study.parts.prediction.curves import calibration, decision
from neurohlh.study.parts.prediction.model import added, prognostic_model, validation
from neurohlh.study.parts.prediction.points import nomogram, pointed
from neurohlh.study.parts.prediction.published import published_tables
from neurohlh.study.parts.prediction.rules import ruled
from neurohlh.study.parts.prediction.setting import Setting

_TABLES: dict[str, tuple[str, str, Callable[[Setting], Result]]] = {
    "model": ("prediction_model", "Prognostic model of death (no effect estimates)", prognostic_model),
    "validation": ("prediction_validation", "What the prognostic model is worth, corrected for optimism", validation),
    "calibration": ("calibration", "Predicted and observed risk of death by one year after the landmark", calibration),
    "decision_curve": ("decision_curve", "Net benefit of acting on the predicted risk, with and without CNS", decision),
    "added_by_cns": ("prediction_added", "What CNS status adds to the prediction", added),
    "points": ("points_score", "The prognostic model as points", pointed),
    "nomogram": ("nomogram", "The prognostic model as a nomogram", nomogram),
}


def _results(material: Material, found: Results) -> Results:
    setting = Setting.of(material)
    own = {
        f"prediction_{name}": answer(kind, title, lambda make=make: make(setting))  # type: ignore[misc]
        for name, (kind, title, make) in _TABLES.items()
    }
    rules = ruled(material)
    beside = answer(
        "published_beside_own",
        "Published rules beside the study's own model, same patients",
        lambda: beside_own(setting, rules),
    )
    return {**own, **published_tables(rules, {"prediction_published_beside_own": beside})}


PART = Part(
    "prediction",
    "A prediction, kept apart",
    "How well can death be foreseen from what is known by the landmark, what does CNS status add to that, and do "
    "published prognostic rules hold in these patients?",
    _results,
    needs_survival=True,
    lead=("prediction_validation", "prediction_added_by_cns", "prediction_published_rules"),
)
