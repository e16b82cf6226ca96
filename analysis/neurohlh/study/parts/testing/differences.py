"""How the tested differ from the untested at baseline, and a model of who was tested."""

from __future__ import annotations

import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import forest
from neurohlh.core.result import Result
from neurohlh.stats.describe.table1 import table1
from neurohlh.stats.glm.logistic import logistic
from neurohlh.study.covariates import variable_of
from neurohlh.study.parts.domains import TESTS, found, tested_by_baseline, with_hlh
from neurohlh.study.parts.labels import in_words, with_unit
from neurohlh.study.parts.material import Material

_BESIDE = ("sex", "hlh_class", "center_id")
"""Described beside the covariates of the study, where the data hold them."""
_SYMPTOMS = "neurological symptoms at baseline"
_CHECKS = ("events per parameter", "separation", "likelihood ratio test", "AUC")
_ASKED = {x: TESTS[x] for x in ("csf", "imaging")}
"""The tests that somebody decides on; neurological assessment is nearly always done."""


def differences(material: Material) -> Result:
    """The standardised difference of every baseline variable between patients tested and not tested."""
    frame, gone = with_hlh(material, material.frame)
    tests = tested_by_baseline(material, frame)
    names = _described(material, frame)
    parts, refused = [], []
    for words in _ASKED.values():
        done = tests[words].map({True: "tested", False: "not tested"}).astype(object)
        if done.nunique() < 2:
            refused.append(f"{words}: {_everybody(tests[words])}")
            continue
        table = table1(frame.assign(**{words: done, _SYMPTOMS: found(frame, "symptoms")}), words, [*names, _SYMPTOMS])
        kept = table.tidy["measure"].isin(["SMD", "median"]) & table.tidy["group"].isin(["", "tested", "not tested"])
        parts.append(table.tidy[kept].assign(outcome=words, term=table.tidy["variable"].map(with_unit)))
    if not parts:
        raise NotEstimable("; ".join(refused))
    tidy = pd.concat(parts, ignore_index=True).assign(analysis="tested against not tested", variable="")
    apart = tidy[tidy["measure"] == "SMD"]
    rows = [
        {"block": r.outcome, "label": r.term, "estimate": r.estimate, "n": r.n, "role": "other", "note": r.note}
        for r in apart.itertuples()
    ]
    result = table.with_(
        kind="testing_differences",
        tidy=tidy,
        counts={"supplied": len(material.frame), "used": len(frame), "dropped": gone},
        notes=(
            "Positive: the tested have more of it. For categories the distance between the two distributions, which "
            "has no sign. Beyond 0.1 groups are by convention called different.",
            *(f"{reason}." for reason in refused),
        ),
    )
    return forest(result, rows, axis="Standardised difference, tested minus not tested", scale="linear")


def _described(material: Material, frame: pd.DataFrame) -> list[str]:
    terms = [variable_of(t) for t in material.adjustment(frame).terms]
    beside = [name for name in _BESIDE if name in frame and frame[name].nunique() > 1]
    return list(dict.fromkeys([*terms, *beside]))


def _everybody(done: pd.Series) -> str:
    if done.isna().all():
        return "the data do not say who was tested"
    return "nobody is known not to have been tested" if done.dropna().all() else "nobody was tested"


def _slopes(tidy: pd.DataFrame) -> pd.DataFrame:
    """The rows of a model without its intercept, in words."""
    return in_words(tidy[tidy["measure"] == "OR"]).assign(variable="")


def model(material: Material) -> Result:
    """Odds ratios of being tested by the end of the baseline window: a description of practice, not of causes."""
    frame, gone = with_hlh(material, material.frame)
    adjusted = material.adjustment(frame)
    tests = tested_by_baseline(material, frame)
    data = adjusted.frame.assign(**{_SYMPTOMS: found(frame, "symptoms")}, **tests)
    terms = [*adjusted.terms, *([_SYMPTOMS] if data[_SYMPTOMS].nunique() > 1 else [])]
    if not terms:
        raise NotEstimable("the data hold no covariate that differs between patients")
    models: dict[str, Result] = {}
    refused = []
    for words in _ASKED.values():
        try:
            models[words] = logistic(data, words, terms)
        except NotEstimable as reason:
            refused.append(f"{words}: {reason}")
    if not models:
        raise NotEstimable("; ".join(refused))
    first = next(iter(models.values()))
    tidy = pd.concat([_slopes(m.tidy).assign(outcome=words) for words, m in models.items()], ignore_index=True)
    checks = [
        kept.assign(term=words)
        for words, m in models.items()
        for kept in [m.checks[m.checks["check"].isin(_CHECKS) & (m.checks["term"] == "GLOBAL")]]
    ]
    fewest = min(models.values(), key=lambda m: int(m.counts["used"]))
    return first.with_(
        kind="testing_model",
        tidy=tidy,
        checks=pd.concat(checks, ignore_index=True),
        counts={
            "supplied": len(material.frame),
            "used": fewest.counts["used"],
            "dropped": {**gone, **fewest.counts["dropped"]},
            "used_by_test": {words: m.counts["used"] for words, m in models.items()},
        },
        notes=(
            "Who is tested, not why: no odds ratio here is an effect.",
            *dict.fromkeys(note for m in models.values() for note in m.notes),
            *(f"{reason}." for reason in refused),
            *adjusted.notes,
        ),
    )
