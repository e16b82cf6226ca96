"""Confounding: what the effect is adjusted for, and what is left of it then, in hazards, in patients and in words."""

from __future__ import annotations

from neurohlh.study.parts.confounding.adjustment_set import covariate_sets, described
from neurohlh.study.parts.confounding.age import TITLE as AGE_TITLE
from neurohlh.study.parts.confounding.age import along_age
from neurohlh.study.parts.confounding.answer import answered, hidden
from neurohlh.study.parts.confounding.estimates import balanced, lines, side_by_side
from neurohlh.study.parts.confounding.standardised import standardised
from neurohlh.study.parts.confounding.weighted import TITLE as WEIGHTED_TITLE
from neurohlh.study.parts.confounding.weighted import weighted_curves
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.part import Part, Results, answer


def _results(material: Material, found: Results) -> Results:
    followed = material.followed()
    sets = covariate_sets(material, followed)
    estimates = list(lines(material, sets))
    in_patients = answer(
        "standardised_survival",
        "Survival with and without CNS involvement, other things alike",
        lambda: standardised(material, sets, followed),
    )
    return {
        "confounding_answer": answered(estimates, in_patients, followed),
        "confounding_set": described(material, followed, sets),
        "confounding_estimates": side_by_side(estimates, followed),
        "confounding_balance": answer(
            "balance",
            "Balance of the covariates before and after weighting",
            lambda: balanced(material, sets, followed),
        ),
        "confounding_standardised": in_patients,
        "confounding_weighted": answer(
            "weighted_survival", WEIGHTED_TITLE, lambda: weighted_curves(material, sets, followed)
        ),
        "confounding_age": answer("cox_spline", AGE_TITLE, lambda: along_age(material, sets, followed)),
        "confounding_evalue": answer(
            "e_value",
            "How strong a hidden confounder would have to be (E-value)",
            lambda: hidden(estimates, followed),
        ),
    }


PART = Part(
    "confounding",
    "Confounding",
    "Is it CNS involvement that changes survival, or what comes with it: age, cause, severity, hospital?",
    _results,
    needs_survival=True,
    lead=("confounding_answer", "confounding_estimates", "confounding_standardised"),
)
