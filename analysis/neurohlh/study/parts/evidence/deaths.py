"""Symptoms, CSF and imaging against death: each alone, together, in Horne's groups, and counted."""

from __future__ import annotations

from typing import Any

import pandas as pd

from neurohlh.clinical.cns_definitions import DOMAINS
from neurohlh.clinical.cns_published import published_evidence
from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import forest
from neurohlh.core.result import Result
from neurohlh.study.parts.domains import FINDINGS, with_findings
from neurohlh.study.parts.evidence.ratios import (
    ADJUSTED,
    AXIS,
    CRUDE,
    Exposures,
    at_landmark,
    forest_lines,
    ratios,
    table,
)
from neurohlh.study.parts.material import Material

_SIDES = {"abnormal": "abnormal", "normal": "normal"}
HORNE = {"1": "neither", "2": "symptoms only", "3": "abnormal CSF only", "4": "symptoms and abnormal CSF"}


def _found(frame: pd.DataFrame) -> pd.DataFrame:
    """The domains at baseline in words: abnormal, normal, or nothing where there is no answer."""
    known = with_findings(frame)
    return known.assign(**{x: known[x].map({True: "abnormal", False: "normal"}).astype(object) for x in DOMAINS})


def _exposures(*domains: str) -> Exposures:
    return Exposures({x: FINDINGS[x] for x in domains}, _SIDES, dict.fromkeys(domains, "normal"))


def domains(material: Material) -> Result:
    """Each kind of evidence at baseline against death, among those who have an answer, and all three in one model."""
    people, gone = at_landmark(material)
    people = _found(people)
    alone: list[dict[str, Any]] = []
    for x in DOMAINS:
        known = people[people[x].notna()].reset_index(drop=True)
        alone += _alone(material, known, x, f"patients with an answer on {_short(x)}")
    whole = people[people[list(DOMAINS)].notna().all(axis=1)].reset_index(drop=True)
    varying = [x for x in DOMAINS if whole[x].nunique() > 1]
    together: list[dict[str, Any]] = []
    if len(varying) > 1:
        together = ratios(material, whole, _exposures(*varying), "patients with all three answers, one model")
    used = people[people[list(DOMAINS)].notna().any(axis=1)].reset_index(drop=True)
    result = table(
        "evidence_domains",
        material,
        [*alone, *together],
        used,
        {**gone, "no answer at baseline in any domain": len(people) - len(used)},
        (
            "Each kind of evidence is compared among the patients who have an answer on it; who has one differs, so "
            "that the rows speak of different patients.",
            "In one model, each hazard ratio holds the two other kinds of evidence fixed.",
        ),
    )
    lines = [
        line
        for block, rows in (("Each alone", alone), ("All three in one model", together))
        for analysis in (CRUDE, ADJUSTED)
        for line in forest_lines([r for r in rows if r["analysis"] == analysis], block=f"{block}, {analysis}")
    ]
    return forest(result, lines, axis=f"{AXIS}, abnormal against normal")


def _alone(material: Material, known: pd.DataFrame, x: str, words: str) -> list[dict[str, Any]]:
    if known[x].nunique() < 2:
        what = "nobody has an answer at baseline" if known.empty else f"every answer is {known[x].iloc[0]}"
        note = f"not estimable: {what}"
        return [{"analysis": CRUDE, "outcome": "death", "population": words, "variable": FINDINGS[x],
                 "term": CRUDE, "measure": "HR", "n": len(known), "events": known["os_event"].sum(),
                 "note": note}]  # fmt: skip
    return ratios(material, known, _exposures(x), words)


def _short(x: str) -> str:
    return {"symptoms": "symptoms", "csf": "CSF", "imaging": "imaging"}[x]


def horne(material: Material) -> Result:
    """Horne's four groups at baseline against death, with the published hazard ratios beside them."""
    people, gone = at_landmark(material)
    group = people["cns_group_horne_baseline"]
    known = people[group.isin(list(HORNE))].reset_index(drop=True)
    if known.empty:
        raise NotEstimable("no patient at risk has an answer on both symptoms and CSF at baseline")
    levels = {k: f"{k} {words}" for k, words in HORNE.items()}
    known = known.assign(group=known["cns_group_horne_baseline"].astype(object))
    if known["group"].nunique() < 2 or not (known["group"] == "1").any():
        raise NotEstimable("Horne's group 1 (neither symptoms nor abnormal CSF), or every other group, is empty")
    name = "Horne's group"
    here = "this study, symptoms and CSF answered at baseline"
    rows = ratios(material, known, Exposures({"group": name}, levels, {"group": "1"}), here)
    score = known.assign(step=known["group"].astype(float))
    trend = ratios(material, score, Exposures({"step": "trend, per group from 1 to 4"}), here)
    lines = [*forest_lines(rows, "contrast"), *forest_lines(trend)]
    cited = [
        {
            "analysis": "published", "outcome": p.outcome, "population": f"published: {p.source}", "variable": name,
            "term": "published", "level": levels[p.group], "contrast": f"{levels[p.group]} vs {levels['1']}", "n": p.n,
            "measure": p.measure, "scale": "log", "estimate": p.estimate, "conf_low": p.conf_low,
            "conf_high": p.conf_high, "note": f"{p.status}; {p.note}; deaths not printed", "method": "as published",
        }
        for p in published_evidence("horne")
    ]  # fmt: skip
    lines += forest_lines(cited, "contrast", "published", "Published: Horne 2008, adjusted")
    result = table(
        "evidence_horne",
        material,
        [*rows, *trend, *cited],
        known,
        {**gone, "no answer at baseline on symptoms or on CSF": len(people) - len(known)},
        (
            "Only patients with a CSF result: the group needs one. Who was punctured is a choice, so that these are "
            "not all patients.",
            "The published cohort counted from diagnosis with its own limits of abnormal CSF, which were not printed "
            "in the retrieved text; here follow-up begins at the landmark.",
        ),
        trend="the group as a number from 1 to 4, linear in the log hazard",
    )
    return forest(result, lines, axis=AXIS)


def count(material: Material) -> Result:
    """The number of abnormal domains against death: among those with all three answers, and by how many were asked."""
    people, gone = at_landmark(material)
    people = with_findings(people)
    answers = people[list(DOMAINS)]
    people = people.assign(
        answered=answers.notna().sum(axis=1).astype(int), positive=answers.fillna(False).sum(axis=1).astype(float)
    )
    known = people[people["answered"] > 0].reset_index(drop=True)
    whole = known[known["answered"] == len(DOMAINS)].reset_index(drop=True)
    rows: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    if whole["positive"].nunique() > 1:
        here = "patients with all three answers"
        rows, lines = _by_number(material, whole, here)
    if known["positive"].nunique() > 1:
        known = known.assign(asked=_asked(material, known))
        per = Exposures({"positive": "per abnormal domain, within the same number of answers"})
        own = ratios(material, known, per, "patients with at least one answer", strata="asked")
        rows, lines = [*rows, *own], [*lines, *forest_lines(own)]
    if not rows:
        raise NotEstimable("the number of abnormal domains does not differ between patients")
    rows += _tally(known)
    result = table(
        "evidence_count",
        material,
        rows,
        known,
        {**gone, "no answer at baseline in any domain": len(people) - len(known)},
        (
            "A domain without an answer is not normal: patients with fewer answers stand apart, in strata of their own "
            "where they enter a model.",
        ),
    )
    order = ["Crude", "Adjusted"]
    return forest(result, sorted(lines, key=lambda line: order.index(line["block"])), axis=AXIS)


def _by_number(material: Material, whole: pd.DataFrame, here: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    numbered = whole.assign(number=whole["positive"].astype(int).astype(str))
    levels = {"0": "no abnormal domain", "1": "1 of 3", "2": "2 of 3", "3": "3 of 3"}
    rows: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    if (numbered["number"] == "0").any():
        groups = Exposures({"number": "abnormal domains"}, levels, {"number": "0"})
        rows = ratios(material, numbered, groups, here)
        lines = forest_lines(rows, "contrast")
    each = ratios(material, whole, Exposures({"positive": "per abnormal domain"}), here)
    return [*rows, *each], [*lines, *forest_lines(each)]


def _asked(material: Material, known: pd.DataFrame) -> pd.Series:
    """Strata: how many domains have an answer, within the study's own strata."""
    strata = material.config.model.strata
    number = known["answered"].astype(str)
    return number if strata is None else (number + " " + known[strata].astype(str)).where(known[strata].notna())


def _tally(known: pd.DataFrame) -> list[dict[str, Any]]:
    """Patients and deaths by number of abnormal domains and of answers; no risk, for follow-up differs."""
    grouped = known.groupby(["answered", "positive"], as_index=False)["os_event"].agg(["size", "sum"])
    return [
        {
            "analysis": "patients and deaths",
            "outcome": "death",
            "population": f"patients with an answer in {row['answered']:.0f} of {len(DOMAINS)}",
            "variable": "abnormal domains",
            "term": "patients and deaths",
            "level": f"{row['positive']:.0f} of {row['answered']:.0f}",
            "n": row["size"],
            "events": row["sum"],
        }
        for row in grouped.to_dict("records")
    ]
