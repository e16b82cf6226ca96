"""How studies are pooled: the choices, checked once, in words, and carried out on any part of the studies."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Bools
from neurohlh.stats.meta.binomial_normal import binomial_normal
from neurohlh.stats.meta.fit import KNAPP_HARTUNG, PREDICTIONS, MetaFit, fit_meta
from neurohlh.stats.meta.heterogeneity import ESTIMATORS
from neurohlh.stats.meta.studies import Studies, StudyColumns
from neurohlh.stats.recipe import z_value

GLMM = "GLMM"
SOURCES = {**ESTIMATORS, GLMM: "Stijnen, Hamza & Ozdemir 2010, Stat Med 29:3046"}


@dataclass(frozen=True)
class Settings:
    """The choices of `meta_analysis`, by the names of its options."""

    method: str
    knapp_hartung: str
    prediction: str
    subgroup_tau2: str
    conf_level: float


def checked(settings: Settings, columns: StudyColumns) -> Settings:
    """The settings, if they are known and fit together; raises ValueError otherwise."""
    choices = {
        "method": (settings.method, tuple(SOURCES)),
        "knapp_hartung": (settings.knapp_hartung, KNAPP_HARTUNG),
        "prediction": (settings.prediction, PREDICTIONS),
        "subgroup_tau2": (settings.subgroup_tau2, ("common", "separate")),
    }
    for name, (value, known) in choices.items():
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(known)}, not {value!r}")
    z_value(settings.conf_level)
    if settings.method == GLMM:
        if columns.get("measure") != "proportion" or columns.get("transform", "logit") != "logit":
            raise ValueError("the binomial-normal likelihood (GLMM) pools proportions on the logit only")
        if settings.knapp_hartung != "none":
            raise ValueError("Knapp and Hartung's adjustment belongs to inverse-variance pooling, not to GLMM")
        return replace(settings, subgroup_tau2="separate")
    return settings


def pool(studies: Studies, rows: Bools, settings: Settings) -> MetaFit:
    """The fit of these `rows` of the studies; raises NotEstimable as the fitting functions do."""
    if settings.method != GLMM:
        _refuse_halves(studies, rows)
        return fit_meta(
            studies.effect[rows],
            studies.variance[rows],
            method=settings.method,
            knapp_hartung=settings.knapp_hartung,
        )
    found = binomial_normal(studies.counts["events"][rows], studies.counts["n"][rows])
    none = float("nan")
    return MetaFit(
        coef=np.array([found.coef]),
        covariance=np.array([[found.std_error**2]]),
        df=none,
        tau2=found.tau2,
        tau2_se=none,
        i2=none,
        h2=none,
        q=found.q,
        q_df=found.q_df,
        q_p=found.q_p,
        weights=np.full(int(rows.sum()), np.nan),
        kh_factor=none,
    )


def _refuse_halves(studies: Studies, rows: Bools) -> None:
    """Where a group had no event (or, but for RR, only events) in any study, the added halves would be the pool."""
    if studies.measure not in ("OR", "RR", "proportion") or not studies.counts or not studies.added[rows].all():
        return
    for events, n in (("events", "n"), ("events_reference", "n_reference")):
        if events not in studies.counts:
            continue
        happened, everybody = studies.counts[events][rows].sum(), studies.counts[n][rows].sum()
        if happened == 0 or (happened == everybody and studies.measure != "RR"):
            word = "nobody" if happened == 0 else "everybody"
            raise NotEstimable(
                f"{word} of {n!r} had the event in any study: the pool would be made of the added halves"
            )


def try_pool(studies: Studies, rows: Bools, settings: Settings) -> tuple[MetaFit | None, str]:
    """The fit and "", or None and the note that says why there is none."""
    try:
        return pool(studies, rows, settings), ""
    except NotEstimable as error:
        return None, f"not estimable: {error}"


def model_words(settings: Settings) -> str:
    """The model with its estimator and adjustment."""
    if settings.method == GLMM:
        return "binomial-normal likelihood, Wald limits"
    if settings.method == "FE":
        return "common effect, inverse variance" + adjustment(settings.knapp_hartung)
    return f"random effects, {settings.method}" + adjustment(settings.knapp_hartung)


def adjustment(knapp_hartung: str) -> str:
    """The adjustment as the end of a model's name."""
    names = {"none": "", "plain": ", Knapp-Hartung", "ad hoc": ", Knapp-Hartung never below the usual variance"}
    return names[knapp_hartung]
