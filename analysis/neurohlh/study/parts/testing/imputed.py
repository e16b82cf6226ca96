"""CNS status imputed where it is undecided: a declared sensitivity, never the main line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import forest
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.missing.analyse import with_imputations
from neurohlh.stats.missing.imputations import Imputations
from neurohlh.stats.missing.impute import impute
from neurohlh.study.covariates import variable_of
from neurohlh.study.follow import EXPOSURE
from neurohlh.study.parts.domains import FINDINGS, asked, needed, tell, with_findings
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.testing.at_landmark import at_risk, forest_rows, line, model

IMPUTATIONS, ITERATIONS = 20, 5
"""Twenty completed data sets (White, Royston and Wood 2011), five rounds of the chain (the default of R's mice)."""
AS_TESTED = "imputed, as likely to be positive as those tested who are alike"
ODDS = {AS_TESTED: 1.0, "imputed, odds of being positive doubled": 2.0, "imputed, odds of being positive halved": 0.5}
"""How far the untested may differ from the tested who are alike (missing not at random): toolkit decision."""


def imputed(material: Material, beliefs: Mapping[str, float] = ODDS) -> Result:
    """Pooled hazard ratios with the missing answers imputed, domain by domain, and CNS status decided from them.

    `beliefs` says in words, and as odds, how far the untested may differ from the tested who are alike.

    The imputation models hold the study's covariates, the other domains, the death indicator and the Nelson-Aalen
    hazard. A status that is decided stays; only undecided ones follow from the imputed domains by the study's
    definition. Imputing the status itself would be wrong: one abnormal test decides for positive, so that the undecided
    are patients whose known answers are all normal.
    """
    risk = at_risk(material)
    if not risk.undecided:
        raise NotEstimable("the CNS status at baseline of everybody at risk is decided")
    domains = asked(material.config)
    adjusted = material.adjustment(risk.frame)
    data = with_findings(adjusted.frame)
    for x in domains:
        if data[x].nunique() < 2:
            raise NotEstimable(f"{FINDINGS[x]}: no two patients have different answers at baseline")
    names = [*domains, *dict.fromkeys(variable_of(t) for t in adjusted.terms)]
    whole = data[[*names, "os_days", "os_event", EXPOSURE, *_strata(material, names)]]
    rows: list[dict[str, Any]] = []
    diagnostics = []
    for words, odds in beliefs.items():
        made = impute(
            whole,
            variables=names,
            time="os_days",
            event="os_event",
            m=IMPUTATIONS,
            iterations=ITERATIONS,
            delta={x: float(np.log(odds)) for x in domains} if odds != 1 else None,
            seed=material.seed("testing_imputed"),
        )
        rows.append(_became(made, material, words, risk.undecided))
        for analysis, terms in _models(adjusted.terms, odds):
            pooled = _pooled(made, material, terms)
            rows.append(line(pooled, words, analysis, n=len(whole), events=int(whole["os_event"].sum())))
        diagnostics.append(made.diagnostics.checks)
    result = pooled.with_(
        kind="testing_imputed",
        tidy=tidy_frame([{"analysis": "multiple imputation", **row} for row in rows]),
        checks=diagnostics[0],
        method={
            **pooled.method,
            "imputation": "chained equations with death, Nelson-Aalen hazard and the covariates; domain by domain",
            "iterations": ITERATIONS,
            "seed": material.seed("testing_imputed"),
            "delta": "log 2 and log 1/2 added to the log odds of an imputed abnormal domain",
        },
        counts={
            "used": len(whole),
            "events": int(whole["os_event"].sum()),
            "undecided": risk.undecided,
            "imputed_cells": {FINDINGS[x]: int(data[x].isna().sum()) for x in domains},
            "dropped": risk.gone,
        },
        notes=(
            "A declared sensitivity, not the main line: a test that was not done has no result, and imputation puts "
            "there what patients alike in the covariates had. Nothing in the data can show that this is right.",
            f"{risk.undecided} undecided patients get a status; nobody whose status is decided changes it.",
            f"Pooled over {IMPUTATIONS} imputations by Rubin's rules.",
            *adjusted.notes,
        ),
    )
    drawn = forest_rows([row for row in rows if row["measure"] == "HR"])
    return tell(material, forest(result, drawn, axis="Hazard ratio of death, CNS involved against not"))


def _models(terms: tuple[str, ...], odds: float) -> list[tuple[str, tuple[str, ...]]]:
    """Crude and adjusted; for the untested who differ only the adjusted model, where there is one."""
    crude: list[tuple[str, tuple[str, ...]]] = [("crude", ())]
    if not terms:
        return crude
    return [*(crude if odds == 1 else []), ("adjusted", terms)]


def _strata(material: Material, names: list[str]) -> list[str]:
    strata = material.config.model.strata
    return [strata] if strata is not None and strata not in names else []


def decide(frame: pd.DataFrame, material: Material) -> pd.DataFrame:
    """A completed frame with the status of the undecided: met with as many abnormal domains as the definition asks."""
    abnormal = frame[list(asked(material.config))].astype(float).sum(axis=1, min_count=1)
    status = (abnormal >= needed(material.config)).map({True: "met", False: "not_met"})
    undecided = frame[EXPOSURE] == "indeterminate"
    return frame.assign(**{EXPOSURE: frame[EXPOSURE].mask(undecided, status)})


def _pooled(made: Imputations, material: Material, terms: tuple[str, ...]) -> Result:
    return with_imputations(made, lambda frame: model(material, decide(frame, material), terms))


def _became(made: Imputations, material: Material, words: str, undecided: int) -> dict[str, Any]:
    """The share of the undecided that the imputations made positive, on average."""
    open_ = (made.frame(0)[EXPOSURE] == "indeterminate").to_numpy()
    positive = [(decide(frame, material)[EXPOSURE] == "met").to_numpy()[open_].mean() for frame in made.frames()]
    return {
        "population": words,
        "term": "share of the undecided imputed as positive",
        "measure": "proportion",
        "n": undecided,
        "estimate": float(np.mean(positive)),
        "note": "mean over the imputations; no limits",
    }
