"""Whether the hazard of death follows age in a straight line, as the main model has it, or bends."""

from __future__ import annotations

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result
from neurohlh.stats.hazards.spline import cox_spline
from neurohlh.study.covariates import variable_of
from neurohlh.study.follow import EXPOSURE
from neurohlh.study.parts.confounding.adjustment_set import AGE, AGE_SPLINE, Sets
from neurohlh.study.parts.confounding.estimates import EVENT, TIME
from neurohlh.study.parts.labels import variable_words
from neurohlh.study.parts.material import Followed, Material

TITLE = "Hazard of death along age, other things alike"
DIFFERENT = 5
"""Different ages above which a curve of three knots has enough of them."""
FEWEST = 5
"""Below this many deaths per parameter no curve is drawn (a choice of this package)."""


def along_age(material: Material, sets: Sets, followed: Followed) -> Result:
    """The hazard ratio along age against its median: the main model with age as a restricted cubic spline.

    Raises NotEstimable where age is no covariate of the main model, has too few values or too few deaths stand behind
    each parameter.
    """
    frame, others = sets.main.frame, [t for t in sets.main.terms if variable_of(t) != AGE]
    if len(others) == len(sets.main.terms):
        raise NotEstimable("age is no covariate of the main model")
    if frame[AGE].nunique() <= DIFFERENT or frame[EXPOSURE].nunique() < 2:
        raise NotEstimable("too few different ages, or all patients have the same CNS status")
    found = cox_spline(
        frame, TIME, EVENT, [EXPOSURE, AGE_SPLINE, *others], AGE,
        reference={EXPOSURE: "not_met"}, strata=material.config.model.strata,
    )  # fmt: skip
    if found.counts["events"] < FEWEST * found.counts["parameters"]:
        raise NotEstimable(f"{found.counts['events']} deaths for {found.counts['parameters']} parameters bear no curve")
    words = found.tidy["contrast"].str.replace(AGE, variable_words(AGE))
    told = followed.tell(found.with_(tidy=found.tidy.assign(contrast=words, outcome="death")))
    return told.with_(
        notes=(
            *told.notes,
            "The main model enters age as a straight line. The test against a straight line says whether that hides a "
            "bend; this curve says where. Age is here to be adjusted for: the curve is no effect of age.",
        )
    )
