"""The study's own models: those of [[plan.model]] in study.toml, each beside the main one and marked as declared.

[[plan.model]]
name = "admission_strict"          # the result is declared_admission_strict
definition = "obj"                 # what is left out is as in the main model
origin = "date_admission"
window_days = [-7, 7]
landmark_days = 7
covariates = ["age_years"]         # [] for none
strata = "center_id"
"""

from __future__ import annotations

import pandas as pd

from neurohlh.clinical.cns_definitions import definition
from neurohlh.core.errors import InputError, NotEstimable
from neurohlh.core.result import Result
from neurohlh.stats.hazards.cox import cox_table
from neurohlh.study.config import Model, PlanModel, StudyConfig
from neurohlh.study.covariates import adjustment, check_model
from neurohlh.study.follow import EXPOSURE, ZERO_WORDS, counted_from, survival_set, told
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.part import Part, Results, answer
from neurohlh.study.time_zero import DIAGNOSIS, OTHER_CLOCK, around, classified


def check_declared(config: StudyConfig, frame: pd.DataFrame) -> None:
    """Raise InputError, naming the model, for one whose definition, covariates or strata can't be used."""
    for own in config.plan.model:
        try:
            definition(own.definition or config.cns.definition)
            check_model(_model(own, config), frame)
        except InputError as error:
            what = error.what.removeprefix("model.")
            raise InputError(f"plan.model {own.name!r}: {what}", why=error.why, do=error.do) from None


def _model(own: PlanModel, config: StudyConfig) -> Model:
    """The [model] that a declared one stands for."""
    main = config.model
    return Model(
        covariates=main.covariates if own.covariates is None else own.covariates,
        strata=own.strata or main.strata,
        landmark_days=main.landmark_days if own.landmark_days is None else own.landmark_days,
    )


def _results(material: Material, found: Results) -> Results:
    return {f"declared_{own.name}": _answered(own, material) for own in material.config.plan.model}


def _answered(own: PlanModel, material: Material) -> Result:
    config = material.config
    name, origin = own.definition or config.cns.definition, own.origin or config.endpoint.os.origin
    window, model = own.window_days or config.cns.window_days, _model(own, config)
    return answer(
        "cox",
        f"Declared model {own.name}: hazard of death by CNS involvement",
        lambda: declared(material, name, origin, window, model),
        declared=own.name,
        definition=name,
        window_days=list(window),
        landmark_days=model.landmark_days,
        origin=origin,
    )


def declared(
    material: Material, definition_name: str, origin: str, window_days: tuple[int, int], model: Model
) -> Result:
    """Crude and adjusted hazard ratios under one definition, window, landmark and time zero; kind "cox".

    Raises NotEstimable where the data can't give them.
    """
    if definition(definition_name).rule == "isolated_cns" and origin != DIAGNOSIS:
        raise NotEstimable(f"{definition_name}: {OTHER_CLOCK}")
    zero = around(material, origin)
    status = classified([zero], [definition_name], window_days)[0][definition(definition_name).name]
    patients = zero.frame[[c for c in zero.frame if c not in status]]
    survival = survival_set(pd.concat([patients, status], axis=1), model.landmark_days)
    everybody = survival.frame
    known = everybody[everybody[EXPOSURE].isin(["met", "not_met"])].reset_index(drop=True)
    undecided = int((everybody[EXPOSURE] == "indeterminate").sum())
    apart = len(everybody) - len(known) - undecided
    gone = {"CNS status at baseline not decidable": undecided, "CNS status not applicable": apart}
    adjusted = adjustment(known, model)
    result = cox_table(
        adjusted.frame,
        "os_days",
        "os_event",
        EXPOSURE,
        list(adjusted.terms),
        strata=model.strata,
    )
    result = result.with_(notes=(*result.notes, *adjusted.notes))
    words = f"since day {model.landmark_days:g} after {ZERO_WORDS[origin]}"
    return counted_from(told(result, survival, {k: n for k, n in gone.items() if n}), words)


PART = Part(
    "declared",
    "Models that the study declares",
    "What do the models say that this study declared in its file beside the main one?",
    _results,
    needs_survival=True,
)
