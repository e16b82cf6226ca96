"""The prognostic model: its hazard ratios, the baseline risk, and whether there are enough deaths for it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.hazards.survival import cox_survival
from neurohlh.stats.hazards.term_tests import cox_terms
from neurohlh.stats.predict.validation import validate_cox
from neurohlh.stats.prediction_size import SOURCE, survival_prediction_size
from neurohlh.study.covariates import variable_of
from neurohlh.study.follow import EXPOSURE
from neurohlh.study.parts.labels import in_words, level_words, variable_words
from neurohlh.study.parts.prediction.setting import CNS, EVENT, HORIZON, REFERENCE, REPLICATES, TIME, Setting

EXPLAINED = 0.15
"""Share of the largest possible R-squared that is anticipated where no earlier model says (Riley 2020)."""
ENOUGH = 10
"""Deaths per parameter from which a model is called well supported (dossier 13.5)."""
SHOWN = ("0.1", "0.2", "0.3", "0.4")
"""Thresholds at which the difference in net benefit is shown; all of them stand with the decision curve."""
SHRUNK = 0.9
"""Calibration slope below which predictions are called too extreme (Riley's target)."""


def prognostic_model(setting: Setting) -> Result:
    """The hazard ratios, the predicted risk of a typical patient, and the checks of size."""
    fitted = setting.model
    rows = in_words(fitted.tidy).assign(p_value=float("nan"), statistic=float("nan"), df=float("nan"))
    rows = rows.assign(**{column: rows[column].replace(EXPOSURE, CNS) for column in ("variable", "term")})
    found = fitted.with_(
        kind="prediction_model",
        tidy=tidy_frame(pd.concat([rows, pd.DataFrame([_typical(setting)])], ignore_index=True)),
        checks=check_frame(_sizes(setting)),
    )
    told = setting.told(
        found, choices=True, test="none: the predictors were fixed beforehand and stay whatever their p-value"
    )
    return told.with_(
        method={**told.method, "reference": [*found.method["reference"], SOURCE]},
        notes=(*told.notes, *_few(fitted)),
    )


def _few(fitted: Result) -> list[str]:
    per = fitted.counts["events"] / max(fitted.counts["parameters"], 1)
    if per >= ENOUGH:
        return []
    return [
        f"{per:.1f} deaths per parameter, below {ENOUGH}: the hazard ratios are too far from 1 for other patients. "
        "Multiply their logarithms by the corrected calibration slope before any use."
    ]


def _typical(setting: Setting) -> dict[str, Any]:
    """The risk by the horizon of one who has the middle value of every number and the reference of every category."""
    references = setting.model.method["reference_levels"]
    names = list(dict.fromkeys(map(variable_of, setting.terms)))
    values = {n: references[n] if n in references else float(setting.complete[n].astype(float).median()) for n in names}
    row = pd.DataFrame([values])
    got = cox_survival(setting.frame, TIME, EVENT, setting.terms, newdata=row, times=[HORIZON], reference=REFERENCE)
    own = got.tidy[got.tidy["measure"] == "survival"].iloc[0]
    shown = {n: level_words(v) if isinstance(v, str) else f"{v:.4g}" for n, v in values.items()}
    said = ", ".join(f"{CNS if n == EXPOSURE else variable_words(n)} {v}" for n, v in shown.items())
    return {
        "analysis": "cox",
        "outcome": EVENT,
        "variable": "A typical patient",
        "term": said,
        "time": HORIZON,
        "n": setting.model.counts["used"],
        "events": setting.model.counts["events"],
        "measure": "predicted risk",
        "estimate": 1 - own["estimate"],
        "conf_low": 1 - own["conf_high"],
        "conf_high": 1 - own["conf_low"],
        "note": "median of the numbers, reference of the categories; the hazard ratios multiply the hazard from here",
    }


def _sizes(setting: Setting) -> list[dict[str, Any]]:
    """Deaths per parameter, and how many patients Riley's criteria ask for."""
    counts, days = setting.model.counts, setting.complete[TIME]
    parameters, events = max(counts["parameters"], 1), counts["events"]
    per = events / parameters
    rows = [
        {
            "check": "deaths per parameter",
            "term": "GLOBAL",
            "value": per,
            "verdict": "ok" if per >= ENOUGH else "attention",
            "note": f"{events} deaths, {parameters} parameters; {ENOUGH} are asked for",
        }
    ]
    rate, mean = events / float(days.sum()), float(days.mean())
    try:
        largest = survival_prediction_size(parameters, 1e-6, rate, mean, HORIZON).max_r2
        needed = survival_prediction_size(parameters, EXPLAINED * largest, rate, mean, HORIZON)
    except ValueError as reason:
        return [*rows, {"check": "patients needed (Riley)", "verdict": "not assessed", "note": str(reason)}]
    asked = {
        "shrinkage of at most 10 %": needed.shrinkage,
        "optimism of R-squared of at most 0.05": needed.optimism,
        "overall risk within 0.05": needed.overall_risk,
    }
    return rows + [
        {
            "check": "patients needed (Riley)",
            "term": name,
            "value": patients,
            "verdict": "ok" if counts["used"] >= patients else "attention",
            "note": f"{counts['used']} there are; anticipated R-squared {EXPLAINED * largest:.3f}, "
            f"{EXPLAINED:.0%} of the largest possible",
        }
        for name, patients in asked.items()
    ]


def validation(setting: Setting) -> Result:
    """What the model is worth: over all follow-up (concordance, slope) and at the horizon, apparent and corrected."""
    at = setting.validation
    over = validate_cox(
        setting.frame,
        TIME,
        EVENT,
        setting.terms,
        seed=setting.material.seed("prediction"),
        replicates=REPLICATES,
        reference=REFERENCE,
    )
    wanted = ("concordance", "calibration slope", "Nagelkerke R2")
    kept = over.tidy[over.tidy["measure"].isin(wanted) & over.tidy["term"].isin(["apparent", "optimism", "corrected"])]
    kept = _held(kept)
    own = at.tidy[(at.tidy["group"] == next(iter(setting.models))) & (at.tidy["contrast"] == "")]
    own = own[~own["measure"].isin(["concordance", "net benefit"])].assign(group="")
    slope = float(kept[(kept["measure"] == "calibration slope") & (kept["term"] == "corrected")]["estimate"].iloc[0])
    found = at.with_(
        kind="prediction_validation",
        tidy=tidy_frame(pd.concat([kept.assign(analysis="validation"), own.assign(analysis="validation")])),
        curves=pd.DataFrame(),
    )
    told = setting.told(found)
    return told.with_(notes=(*told.notes, *_verdict(slope)))


def _held(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows whose limits hold their estimate; others lose the limits, with the reason.

    The limits of a corrected value lie around the apparent one (Noma), and can miss the corrected one where the
    optimism is large.
    """
    outside = (rows["estimate"] < rows["conf_low"]) | (rows["estimate"] > rows["conf_high"])
    said = rows["note"].where(~outside, "no limits: those of the method do not hold the corrected value")
    limits = rows[["conf_low", "conf_high"]].mask(outside)
    return rows.assign(note=said, conf_low=limits["conf_low"], conf_high=limits["conf_high"])


def _verdict(slope: float) -> list[str]:
    said = [
        "Apparent is what the model seems to be worth in the patients it was made from; corrected is what to expect of "
        "it in others like them. Neither replaces a validation in another hospital."
    ]
    if slope < SHRUNK:
        said.append(
            f"Corrected calibration slope {slope:.2f}, below {SHRUNK:g}: predictions are too extreme. Shrink the "
            f"logarithms of the hazard ratios by {slope:.2f} before any use."
        )
    return said


def added(setting: Setting) -> Result:
    """What CNS status adds to a prediction by the other predictors."""
    at = setting.validation
    tests = cox_terms(setting.frame, TIME, EVENT, setting.terms, reference=REFERENCE).tidy
    test = tests[(tests["term"] == EXPOSURE) & (tests["method"] == "likelihood ratio test")]
    test = test.assign(term="CNS status beside the other predictors", measure="test", contrast="")
    own = at.tidy[(at.tidy["contrast"] != "") & (at.tidy["term"] != "optimism")]
    benefit = own["measure"] == "net benefit difference"
    own = own[~benefit | (own["level"].isin(SHOWN) & (own["term"] == "corrected"))]
    own = own.assign(
        level=own["level"].map(lambda level: f"threshold {100 * float(level):.0f} %" if level in SHOWN else level)
    )
    found = at.with_(
        kind="prediction_added",
        tidy=tidy_frame(pd.concat([test, own]).assign(analysis="added_by_cns")),
        curves=pd.DataFrame(),
    )
    told = setting.told(found)
    return told.with_(
        notes=(
            *told.notes,
            "Difference: with CNS status minus without. Above 0 CNS status helps, for the Brier score below 0. A "
            "significant test does not mean a better prediction, and limits that include 0 do not prove that CNS "
            "status adds nothing.",
        )
    )
