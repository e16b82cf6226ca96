"""What results built on a Cox model share: its recipe, its checks, and sentences about its patients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurohlh.stats.cox.checks import FEW_EVENTS
from neurohlh.stats.cox.model import CoxModel, CoxOptions
from neurohlh.stats.recipe import software

_MONOTONE = "not estimable: monotone likelihood (cox_firth gives finite estimates)"


def method_of(model: CoxModel, covariates: Sequence[str], options: CoxOptions) -> dict[str, Any]:
    """The recipe of the fit behind a result."""
    robust = f"robust sandwich (Lin and Wei), clusters: {options.cluster}"
    return {
        "model": "Cox proportional hazards",
        "estimator": "maximum partial likelihood (Newton)",
        "test": "Wald",
        "interval": "Wald on the log scale, standard errors by the delta method",
        "conf_level": options.conf_level,
        "ties": options.ties,
        "variance": robust if options.cluster else "model-based (inverse information)",
        "correction": "none",
        "strata": options.strata or "",
        "entry": options.entry or "",
        "reference_levels": dict(model.design.references),
        "knots": model.design.knots,
        "covariates": list(covariates),
        "denominator": "patients with follow-up and all covariates known",
        "software": software("numpy", "scipy"),
        "reference": ["Cox 1972, J R Stat Soc B 34:187"],
    }


def model_checks(model: CoxModel) -> list[dict[str, Any]]:
    """Events per parameter and convergence, as rows."""
    df = len(model.kept)
    return [
        {
            "check": "events per parameter",
            "term": "GLOBAL",
            "value": model.data.events / df,
            "verdict": "attention" if model.data.events < FEW_EVENTS * df else "ok",
            "note": f"{model.data.events} events, {df} parameters",
        },
        {
            "check": "convergence",
            "term": "GLOBAL",
            "value": model.fit.iterations,
            "verdict": "ok" if model.sound else "attention",
            "note": "value: Newton steps" + ("" if model.sound else "; a coefficient runs to infinity"),
        },
    ]


def patients_notes(model: CoxModel) -> list[str]:
    """How many patients were left out and why, and what of the model could not be estimated."""
    counts, notes = model.counts, []
    if counts["used"] < counts["supplied"]:
        lost = "; ".join(f"{reason}: {n}" for reason, n in counts["dropped"].items())
        notes.append(
            f"{counts['used']} of {counts['supplied']} patients used; left out ({lost}), "
            f"with {counts['events_dropped']} events among those whose follow-up is known."
        )
    if model.data.events < FEW_EVENTS * len(model.kept):
        few = f"{model.data.events} events, {len(model.kept)} parameters"
        notes.append(f"Fewer than {FEW_EVENTS} events per parameter ({few}).")
    for row in model.design.rows:
        if row.column is None and row.note:
            notes.append(f"{' '.join(filter(None, (row.term, row.level)))}: {row.note}.")
    return notes


def reason_without(model: CoxModel, places: Sequence[int] | np.ndarray[Any, Any]) -> str:
    """Why the fitted coefficients at `places` (in the order of the fit) have no estimate; '' if all have."""
    if not model.fit.converged:
        return "not estimable: the fit did not converge"
    return _MONOTONE if model.fit.diverging[places].any() else ""
