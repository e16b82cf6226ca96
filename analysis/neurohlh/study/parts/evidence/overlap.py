"""How the three kinds of evidence overlap: agreement of each pair, and how often each pattern occurs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pandas as pd

from neurohlh.clinical.cns_definitions import DOMAINS
from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import upset
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.describe.agreement import kappa
from neurohlh.stats.describe.mcnemar import mcnemar
from neurohlh.study.parts.domains import FINDINGS, with_findings, with_hlh
from neurohlh.study.parts.material import Material

_SHORT = {"symptoms": "symptoms", "csf": "CSF", "imaging": "imaging"}
FEWEST = 5
"""Patients abnormal, and patients normal, that each of two domains needs for their agreement: toolkit decision."""
_MEASURES = {
    "agreement": "share that agree",
    "kappa": "kappa",
    "PABAK": "PABAK (kappa adjusted for prevalence and bias)",
    "specific agreement": "agreement",
}


def agreement(material: Material) -> Result:
    """Agreement of each pair of domains at baseline, among the patients who have an answer in both."""
    people, gone = with_hlh(material, material.frame)
    people = with_findings(people)
    rows, answered = [], pd.Series(False, index=people.index)
    for first, second in combinations(DOMAINS, 2):
        both = people[people[first].notna() & people[second].notna()]
        answered |= people[first].notna() & people[second].notna()
        rows += list(_pair(both.reset_index(drop=True), first, second))
    if not answered.any():
        raise NotEstimable("no patient has answers in two domains at baseline")
    used = int(answered.sum())
    lost = len(people) - used
    return Result(
        kind="evidence_agreement",
        tidy=tidy_frame(rows),
        method={
            "estimator": "Cohen's kappa; PABAK; specific agreement; McNemar's exact test",
            "interval": "kappa: Wald (Fleiss, Cohen & Everitt); paired odds ratio: Clopper-Pearson, as odds",
            "conf_level": 0.95,
            "denominator": "patients with an answer in both domains at baseline",
            "refused_below": f"{FEWEST} patients abnormal, or {FEWEST} normal, in a domain",
            "reference": ["Cohen 1960, Educ Psychol Meas 20:37", "Byrt, Bishop & Carlin 1993, J Clin Epidemiol 46:423",
                          "Cicchetti & Feinstein 1990, J Clin Epidemiol 43:551", "McNemar 1947, Psychometrika 12:153"],
        },
        counts={
            "supplied": len(material.frame),
            "used": used,
            "dropped": {**gone, **({"answers in fewer than two domains": lost} if lost else {})},
        },
        notes=(
            "Symptoms, CSF and imaging look at different things: little agreement does not make one of them wrong.",
            "Who had a test because of the other's result makes a pair look more alike than in all patients.",
        ),
    )  # fmt: skip


def _pair(both: pd.DataFrame, first: str, second: str) -> Iterator[dict[str, Any]]:
    words = f"{FINDINGS[first]} and {FINDINGS[second][0].lower() + FINDINGS[second][1:]}"
    shared: dict[str, Any] = {"analysis": "agreement", "variable": words, "population": "answers in both"}
    for count, cell in _cells(both, first, second):
        yield {**shared, "term": "patients", "level": cell, "measure": "count", "n": len(both), "estimate": count}
    few = _too_few(both, first, second)
    if few:
        yield {**shared, "term": "kappa", "measure": "kappa", "n": len(both), "note": f"not estimable: {few}"}
        return
    tidy = kappa(both, first, second, undecided="left out").tidy
    for row in tidy[tidy["term"].isin(list(_MEASURES))].to_dict("records"):
        level = {"true": " on abnormal", "false": " on normal", "": ""}[row["level"]]
        numbers = ("n", "events", "measure", "scale", "estimate", "conf_low", "conf_high", "std_error", "note")
        shown = {name: row[name] for name in numbers}
        tested = {"statistic": row["statistic"], "p_value": row["p_value"]} if row["term"] == "kappa" else {}
        yield {**shared, "term": f"{_MEASURES[row['term']]}{level}", **shown, **tested}
    yield {**shared, "term": "paired odds ratio", **_paired(both, first, second)}


def _cells(both: pd.DataFrame, first: str, second: str) -> Iterator[tuple[int, str]]:
    names = {True: "abnormal", False: "normal"}
    for a in (True, False):
        for b in (True, False):
            n = int(((both[first] == a) & (both[second] == b)).sum())
            yield n, f"{_SHORT[first]} {names[a]}, {_SHORT[second]} {names[b]}"


def _too_few(both: pd.DataFrame, first: str, second: str) -> str:
    for domain in (first, second):
        for side, words in ((True, "abnormal"), (False, "normal")):
            n = int((both[domain] == side).sum())
            if n < FEWEST:
                who = "patient is" if n == 1 else "patients are"
                return f"{n} {who} {words} on {_SHORT[domain]}, fewer than {FEWEST}"
    return ""


def _paired(both: pd.DataFrame, first: str, second: str) -> dict[str, Any]:
    """McNemar: which of the two is abnormal more often."""
    contrast = f"{_SHORT[first]} alone abnormal vs {_SHORT[second]} alone abnormal"
    row: dict[str, Any] = {"contrast": contrast, "measure": "OR", "method": "McNemar, exact"}
    try:
        found = mcnemar(both, first, second).tidy
    except NotEstimable as reason:
        return {**row, "n": len(both), "note": f"not estimable: {reason}"}
    own = found[found["term"] == "paired odds ratio"].iloc[0]
    numbers = ("n", "scale", "estimate", "conf_low", "conf_high", "p_value", "note")
    return {**row, **{name: own[name] for name in numbers}}


def patterns(material: Material) -> Result:
    """How often each pattern of the three domains at baseline occurs, unknown kept apart, with the known deaths."""
    people, gone = with_hlh(material, material.frame)
    if people.empty:
        raise NotEstimable("nobody has HLH by the criteria of the study")
    columns = [f"cns_{x}_baseline" for x in DOMAINS]
    states = people[columns].replace({"indeterminate": "unknown"}).set_axis(list(DOMAINS), axis=1)
    counted = states.assign(died=people["died"].fillna(False).astype(bool), n=1)
    grouped = counted.groupby(list(DOMAINS))[["n", "died"]].sum().reset_index()
    grouped = grouped.sort_values(["n", *DOMAINS], ascending=[False, True, True, True]).reset_index(drop=True)
    rows, drawn = [], []
    for place, row in enumerate(grouped.to_dict("records"), start=1):
        said = ", ".join(f"{_SHORT[x]} {_STATES[row[x]]}" for x in DOMAINS)
        rows.append({"analysis": "patterns", "term": "pattern", "level": said, "n": row["n"], "events": row["died"]})
        drawn += [
            {"pattern": str(place), "set": FINDINGS[x], "state": row[x], "n": row["n"], "events": row["died"]}
            for x in DOMAINS
        ]
    unknown = int(people["died"].isna().sum())
    result = Result(
        kind="evidence_patterns",
        tidy=tidy_frame(rows),
        method={"denominator": "everybody with HLH in the study, early deaths included"},
        counts={
            "supplied": len(material.frame),
            "used": len(people),
            "events": int(people["died"].fillna(False).sum()),
            "dropped": gone,
        },
        notes=(
            "Unknown is not tested or not decidable, and never normal. Deaths are those known at any time; follow-up "
            "differs, so that no risk follows from them.",
            *([f"Of {unknown} patients it is not known whether they died; they are in n only."] if unknown else []),
        ),
    )
    return upset(result, drawn)


_STATES = {"met": "abnormal", "not_met": "normal", "unknown": "unknown"}
