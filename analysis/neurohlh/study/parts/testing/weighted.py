"""The tested made to stand for the untested: weights by the inverse probability of being tested in every domain."""

from __future__ import annotations

from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import forest
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.weights.tested import weight_tested
from neurohlh.study.follow import EXPOSURE
from neurohlh.study.parts.domains import all_answered, asked, found, tell
from neurohlh.study.parts.labels import term_words
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.testing.at_landmark import at_risk, forest_rows, line, model

ANSWERED = "answered in every domain"
UNWEIGHTED, WEIGHTED = f"{ANSWERED}, unweighted", f"{ANSWERED}, weighted to stand for all"
_SYMPTOMS, _TESTED = "neurological symptoms at baseline", "answer in every domain"
_WEIGHT = "testing_weight"


def weighted(material: Material) -> Result:
    """Hazard ratios among patients with an answer in every domain, as they are and weighted to stand for everybody.

    The probability of an answer in every domain comes from the study's covariates and, where the definition asks for
    more than symptoms, from the symptoms at baseline. Who is decided by one abnormal test alone does not count as
    answered: otherwise being in the analysis would depend on the exposure itself.
    """
    risk = at_risk(material)
    domains = asked(material.config)
    adjusted = material.adjustment(risk.frame)
    data = adjusted.frame.assign(
        **{_TESTED: all_answered(risk.frame, domains).astype(float), _SYMPTOMS: found(risk.frame, "symptoms")}
    )
    terms = list(adjusted.terms)
    terms += [_SYMPTOMS] if len(domains) > 1 and "symptoms" in domains and data[_SYMPTOMS].nunique() > 1 else []
    if not terms:
        raise NotEstimable("the data hold no covariate that could tell who was tested")
    weights = weight_tested(data, _TESTED, terms)
    kept = weights.kept & data[EXPOSURE].isin(["met", "not_met"]).to_numpy()
    tested = data[kept].assign(**{_WEIGHT: weights.weights[kept]})
    if tested[EXPOSURE].nunique() < 2:
        raise NotEstimable("patients with an answer in every domain all have the same CNS status")
    rows = []
    for analysis, covariates in (("crude", ()), ("adjusted", adjusted.terms)):
        if analysis == "crude" or covariates:
            plain = model(material, tested, covariates)
            heavy = model(material, tested, covariates, weights=_WEIGHT, robust=True)
            rows += [line(plain, UNWEIGHTED, analysis), line(heavy, WEIGHTED, analysis)]
    own = weights.result.tidy
    rows += [
        {
            "population": "the weights",
            "term": row["term"],
            "measure": _measure(row["term"]),
            "estimate": row["estimate"],
        }
        for row in own.to_dict("records")
    ]
    dropped = {**risk.gone, f"not {ANSWERED} (stood for by the weights)": int((data[_TESTED] == 0).sum())}
    unknown = int(((data[_TESTED] == 1).to_numpy() & ~kept).sum())
    dropped |= {"a covariate unknown": unknown} if unknown else {}
    result = heavy.with_(
        kind="testing_weighted",
        tidy=tidy_frame([{"analysis": "testing weights", **row} for row in rows]),
        checks=weights.result.checks,
        method={
            **heavy.method,
            "weights": "1 / probability of an answer in every domain at baseline",
            "estimand": weights.result.method["estimand"],
            "propensity": weights.result.method["propensity"],
            "covariates of testing": [term_words(t) for t in terms],
            "truncation": weights.result.method["truncation"],
            "variance": "weighted: robust, the weights taken as known",
            "reference": [*_list(heavy.method["reference"]), weights.result.method["reference"][0]],
        },
        counts={"used": len(tested), "events": int(tested["os_event"].sum()), "dropped": dropped},
        notes=(
            "Right if, among patients alike in the covariates of testing, who was tested did not depend on what the "
            "test would have shown.",
            f"Only patients {ANSWERED} are compared: they are fewer than the decided, and no patient is in because a "
            "single test was abnormal.",
            *adjusted.notes,
        ),
    )
    drawn = forest_rows([row for row in rows if row["measure"] == "HR"])
    return tell(material, forest(result, drawn, axis="Hazard ratio of death, CNS involved against not"))


def _measure(term: str) -> str:
    return "weight" if "weight" in term else "patients"


def _list(reference: object) -> list[str]:
    return [str(r) for r in (reference if isinstance(reference, list | tuple) else [reference])]
