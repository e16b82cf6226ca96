"""What results built on a Cox model share: its recipe, its checks, and sentences about its patients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurohlh.stats.design.terms import TermRow
from neurohlh.stats.hazards.checks import FEW_EVENTS
from neurohlh.stats.hazards.model import CoxModel, CoxOptions
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
        "variance": robust if options.cluster else "model-based (inverse information)",
        "correction": "none",
        "software": software("numpy", "scipy"),
        "reference": ["Cox 1972, J R Stat Soc B 34:187"],
        **choices_of(model, covariates, options),
    }


def choices_of(model: CoxModel, covariates: Sequence[str], options: CoxOptions) -> dict[str, Any]:
    """What was chosen for a model: level, ties, strata, entry, references, knots, covariates, denominator."""
    return {
        "conf_level": options.conf_level,
        "ties": options.ties,
        "strata": options.strata or "",
        "entry": options.entry or "",
        "reference_levels": dict(model.design.references),
        "knots": model.design.knots,
        "covariates": list(covariates),
        "denominator": "patients with follow-up and all covariates known",
    }


def described_row(model: CoxModel, row: TermRow, *, method: str, note: str) -> dict[str, Any]:
    """A line of the model table without its estimate: what it is, and the patients and events that it speaks of."""
    inside = np.ones(model.data.n, dtype=bool)
    if row.level:
        inside = model.design.levels[row.variable] == row.level
    return {
        "variable": row.variable,
        "term": row.term,
        "level": row.level,
        "is_reference": row.is_reference,
        "n": int(inside.sum()),
        "events": int(model.data.event[inside].sum()),
        "measure": "HR",
        "scale": "log",
        "method": method,
        "note": note,
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


def left_out(model: CoxModel) -> list[str]:
    """One sentence on the patients who were left out, or none."""
    counts = model.counts
    if counts["used"] == counts["supplied"]:
        return []
    lost = "; ".join(f"{reason}: {n}" for reason, n in counts["dropped"].items())
    return [
        f"{counts['used']} of {counts['supplied']} patients used; left out ({lost}), "
        f"with {counts['events_dropped']} events among those whose follow-up is known."
    ]


def few_events(model: CoxModel) -> list[str]:
    """One sentence if there are few events per parameter, or none."""
    if model.data.events >= FEW_EVENTS * len(model.kept):
        return []
    few = f"{model.data.events} events, {len(model.kept)} parameters"
    return [f"Fewer than {FEW_EVENTS} events per parameter ({few})."]


def patients_notes(model: CoxModel) -> list[str]:
    """How many patients were left out and why, and what of the model could not be estimated."""
    empty = [row for row in model.design.rows if row.column is None and row.note]
    said = [f"{' '.join(filter(None, (row.term, row.level)))}: {row.note}." for row in empty]
    return [*left_out(model), *few_events(model), *said]


def reason_without(model: CoxModel, places: Sequence[int] | np.ndarray[Any, Any]) -> str:
    """Why the fitted coefficients at `places` (in the order of the fit) have no estimate; '' if all have."""
    if not model.fit.converged:
        return "not estimable: the fit did not converge"
    return _MONOTONE if model.fit.diverging[places].any() else ""
