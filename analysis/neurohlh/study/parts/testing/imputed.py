"""CNS status imputed where it is undecided: a declared sensitivity, never the main line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import forest
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.missing.imputations import Imputations
from neurohlh.stats.missing.impute import impute
from neurohlh.stats.missing.pool import pool
from neurohlh.study.covariates import variable_of
from neurohlh.study.follow import EXPOSURE
from neurohlh.study.parts.domains import TESTS, all_answered, asked, needed, tell, with_findings
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.testing.at_landmark import AtRisk, at_risk, forest_rows, line, model

IMPUTATIONS, ITERATIONS = 20, 5
"""Twenty completed data sets (White, Royston and Wood 2011), five rounds of the chain (the default of R's mice)."""
AS_TESTED = "imputed, as likely to be positive as those tested who are alike"
ODDS = {AS_TESTED: 1.0, "imputed, odds of being positive doubled": 2.0, "imputed, odds of being positive halved": 0.5}
"""How far the untested may differ from the tested who are alike (missing not at random): toolkit decision."""
_INVOLVED = "involved"
_NOBODY_ALIKE = "undecided, and those alike with every answer all have the same status"


@dataclass(frozen=True)
class Alike:
    """Undecided patients who lack the same answers, and the patients with every answer who are like them in the rest.

    Attributes
    ----------
    missing : the domains without an answer.
    undecided : row labels of the patients to impute.
    answered : row labels of those with an answer in every domain, as many of them abnormal outside `missing`.
    """

    missing: tuple[str, ...]
    undecided: pd.Index[Any]
    answered: pd.Index[Any]


def imputed(material: Material, beliefs: Mapping[str, float] = ODDS) -> Result:
    """Pooled hazard ratios with the status imputed for the undecided, from patients alike who have every answer.

    Whoever lacks a lumbar puncture, say, is undecided only if symptoms and imaging are normal, and is held against
    patients with a CSF result whose symptoms and imaging are normal too; imputing from all decided patients would put
    far too many positives there, for one abnormal test decides. The imputation models hold the study's covariates, the
    death indicator and the Nelson-Aalen hazard. A status that is decided stays. `beliefs` says in words, and as odds,
    how far the untested may differ from the tested who are alike.
    """
    risk = at_risk(material)
    if not risk.undecided:
        raise NotEstimable("the CNS status at baseline of everybody at risk is decided")
    adjusted = material.adjustment(risk.frame)
    covariates = list(dict.fromkeys(variable_of(t) for t in adjusted.terms))
    groups, lost = _usable(adjusted.frame, asked(material.config), needed(material.config), covariates)
    data = adjusted.frame.drop(index=lost)
    seed = material.seed("testing_imputed")
    bases = _covariates_filled(data, covariates, seed)
    levels = _usual_levels(bases[0], covariates)
    n, events = len(data), int(data["os_event"].sum())
    rows: list[dict[str, Any]] = []
    checks = []
    for words, odds in beliefs.items():
        drawn = [_drawn(data, group, covariates, odds, seed) for group in groups]
        frames = [_filled(base, groups, drawn, i) for i, base in enumerate(bases)]
        rows.append(_became(frames, groups, words))
        for analysis, terms in _models(adjusted.terms, odds):
            pooled = pool([model(material, frame, terms, _among(levels, terms)) for frame in frames])
            rows.append(line(pooled, words, analysis, n=n, events=events))
        checks += [_labelled(made, group) for made, group in zip(drawn, groups, strict=True)] if odds == 1 else []
    result = pooled.with_(
        kind="testing_imputed",
        tidy=tidy_frame([{"analysis": "multiple imputation", **row} for row in rows]),
        checks=pd.concat(checks, ignore_index=True) if checks else pooled.checks.iloc[:0],
        method={
            **pooled.method,
            "imputation": "chained equations with death, Nelson-Aalen hazard and the covariates; status of the "
            "undecided from patients with every answer who are alike in the answers known",
            "iterations": ITERATIONS,
            "seed": seed,
            "delta": "log odds added to the imputed status: 0, and the logs of 2 and 1/2",
        },
        counts={
            "used": n,
            "events": events,
            "undecided": risk.undecided - len(lost),
            "undecided_by_what_is_missing": {_words(g.missing): len(g.undecided) for g in groups},
            "dropped": {**risk.gone, **({_NOBODY_ALIKE: len(lost)} if len(lost) else {})},
        },
        notes=_notes(risk, groups, adjusted.notes),
    )
    drawn_rows = forest_rows([row for row in rows if row["measure"] == "HR"])
    return tell(material, forest(result, drawn_rows, axis="Hazard ratio of death, CNS involved against not"))


def _usual_levels(frame: pd.DataFrame, covariates: Sequence[str]) -> dict[str, str]:
    """The most frequent level of each category, for every imputation: the most frequent one may differ between them."""
    return {name: str(frame[name].mode()[0]) for name in covariates if frame[name].dtype == object}


def _among(levels: Mapping[str, str], terms: Sequence[str]) -> dict[str, str]:
    """The levels of the variables that a model holds."""
    return {name: levels[name] for name in map(variable_of, terms) if name in levels}


def alike(frame: pd.DataFrame, domains: Sequence[str], k: int) -> Iterator[Alike]:
    """The undecided by which answers they lack and how many of the others are abnormal, each with those alike.

    `k` abnormal domains make the status met, so that an undecided patient has fewer.
    """
    known = with_findings(frame)[list(domains)]
    whole = all_answered(frame, domains) & frame[EXPOSURE].isin(["met", "not_met"])
    undecided = frame[EXPOSURE] == "indeterminate"
    patterns = known[undecided].isna().apply(lambda row: tuple(x for x in domains if row[x]), axis=1)
    for missing in sorted(set(patterns)):
        rest = [x for x in domains if x not in missing]
        abnormal = known[rest].eq(True).sum(axis=1) if rest else pd.Series(0, index=frame.index)
        for count in range(k):
            same = abnormal == count
            mine = patterns.index[(patterns == missing) & same[patterns.index]]
            if len(mine):
                yield Alike(missing, mine, frame.index[whole & same])


def _usable(
    frame: pd.DataFrame, domains: Sequence[str], k: int, covariates: Sequence[str]
) -> tuple[list[Alike], pd.Index[Any]]:
    """The groups whose answered patients (of known covariates) differ in status, and the undecided of the others."""
    groups: list[Alike] = []
    lost: list[Any] = []
    known = frame[list(covariates)].notna().all(axis=1)
    for found in alike(frame, domains, k):
        group = replace(found, answered=found.answered[known[found.answered]])
        if frame.loc[group.answered, EXPOSURE].nunique() == 2:
            groups.append(group)
        else:
            lost += list(group.undecided)
    if not groups:
        raise NotEstimable("no patients with an answer in every domain, alike the undecided, differ in their status")
    return groups, pd.Index(lost)


def _covariates_filled(data: pd.DataFrame, covariates: list[str], seed: int) -> list[pd.DataFrame]:
    """The data once per imputation, gaps of covariates filled."""
    if not covariates or not data[covariates].isna().any(axis=None):
        return [data] * IMPUTATIONS
    made = impute(
        _with_status(data), variables=[*covariates, _INVOLVED], time="os_days", event="os_event", m=IMPUTATIONS,
        iterations=ITERATIONS, seed=seed,
    )  # fmt: skip
    return list(made.frames())


def _with_status(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(involved=data[EXPOSURE].map({"met": True, "not_met": False}).astype("boolean"))


def _drawn(data: pd.DataFrame, group: Alike, covariates: list[str], odds: float, seed: int) -> Imputations:
    """The status of the undecided of a group, drawn from a model of those alike."""
    rows = _with_status(data.loc[[*group.undecided, *group.answered], [*covariates, "os_days", "os_event", EXPOSURE]])
    return impute(
        rows, variables=[*covariates, _INVOLVED], time="os_days", event="os_event", m=IMPUTATIONS,
        iterations=ITERATIONS, delta={_INVOLVED: float(np.log(odds))} if odds != 1 else None, seed=seed,
    )  # fmt: skip


def _filled(base: pd.DataFrame, groups: Sequence[Alike], drawn: Sequence[Imputations], i: int) -> pd.DataFrame:
    """One completed data set: the undecided of every group with their drawn status."""
    status = base[EXPOSURE].copy()
    for group, made in zip(groups, drawn, strict=True):
        # The undecided stand first in the rows handed in, and all of them lack a status: their cells, in order.
        status.loc[group.undecided] = np.where(made.cells[i][_INVOLVED] == 1, "met", "not_met")
    return base.assign(**{EXPOSURE: status})


def _models(terms: tuple[str, ...], odds: float) -> list[tuple[str, tuple[str, ...]]]:
    """Crude and adjusted; for the untested who differ only the adjusted model, where there is one."""
    crude: list[tuple[str, tuple[str, ...]]] = [("crude", ())]
    if not terms:
        return crude
    return [*(crude if odds == 1 else []), ("adjusted", terms)]


def _became(frames: Sequence[pd.DataFrame], groups: Sequence[Alike], words: str) -> dict[str, Any]:
    """The share of the undecided that the imputations made positive, on average."""
    rows = [label for group in groups for label in group.undecided]
    return {
        "population": words,
        "term": "share of the undecided imputed as positive",
        "measure": "proportion",
        "n": len(rows),
        "estimate": float(np.mean([(frame.loc[rows, EXPOSURE] == "met").mean() for frame in frames])),
        "note": "mean over the imputations; no limits",
    }


def _labelled(made: Imputations, group: Alike) -> pd.DataFrame:
    checks = made.diagnostics.checks
    own = checks[checks["term"] == _INVOLVED]
    if len(made.cells[0]) == 1:  # the status alone is drawn: there is no chain that could converge
        own = own[own["check"] != "convergence"]
    return own.assign(term=f"CNS status without {_words(group.missing)}")


def _words(missing: Sequence[str]) -> str:
    words = [TESTS[x] for x in missing]
    return " and ".join(w if w == TESTS["imaging"] else w[0].lower() + w[1:] for w in words)


def _notes(risk: AtRisk, groups: Sequence[Alike], adjusted: Sequence[str]) -> tuple[str, ...]:
    donors = [f"{_words(g.missing)}: {len(g.undecided)} from {len(g.answered)} alike" for g in groups]
    return (
        "A declared sensitivity, not the main line: a test that was not done has no result, and imputation puts there "
        "what patients alike had. Nothing in the data can show that this is right.",
        f"{risk.undecided} patients are undecided; nobody whose status is decided changes it.",
        "Undecided for want of an answer on, and from how many alike with every answer and covariate: "
        f"{'; '.join(donors)}.",
        f"Pooled over {IMPUTATIONS} imputations by Rubin's rules.",
        *adjusted,
    )
