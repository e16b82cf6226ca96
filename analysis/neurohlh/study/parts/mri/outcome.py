"""Findings on MRI by outcome: in everybody, and known by the landmark in those followed from it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from neurohlh.clinical.mri_findings import Finding, seen_column
from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import forest
from neurohlh.core.result import Result, tidy_frame
from neurohlh.study.parts.mri.effects import REFERENCES, adjusted, hazard_ratio, odds_ratio
from neurohlh.study.parts.mri.examined import WITH_MRI, Baseline, Images, counts_of, with_mri
from neurohlh.study.parts.mri.findings import DENOMINATOR, findings_asked
from neurohlh.study.parts.mri.rows import WILSON, share_of
from neurohlh.study.parts.part import Results, refusal

CONTRAST = "with vs without the finding"
ANY_TIME = {True: "Died", False: "Alive when last seen", None: "Outcome unknown"}
LATER = {True: "Died later", False: "Not known to have died"}
LATE = (
    "An MRI made late in the course needs survival until then, and sicker patients may be imaged more, or not at all: "
    "for what a finding foretells read the tables of MRI by the landmark."
)
DATED = (
    "By the landmark: the first cranial imaging (MRI or CT) is dated by then. An MRI date is a date of detection, not "
    "of onset; a finding of a later MRI of the same patient can't be told apart."
)
EVENTS = "Events are patients with the finding in rows of proportions, and deaths in rows of ratios."
CRUDE = "Not adjusted: a finding may stand for age, trigger or severity."


def findings_by_outcome(frame: pd.DataFrame) -> Result:
    """Every finding asked in those who died, live, or whose outcome is unknown; odds of death with exact tests."""
    title = "Findings on MRI by outcome at any time"
    mine, found = with_mri(frame), findings_asked(frame)
    if not found or mine.empty:
        reason = "no source has a column on single findings" if not found else "nobody is known to have had an MRI"
        return refusal("mri_findings_by_outcome", title, reason)
    result = _table(found, mine, mine["died"], ANY_TIME, WITH_MRI, title, "mri_findings_by_outcome")
    return result.with_(counts=counts_of(frame), notes=(LATE, CRUDE, EVENTS))


def findings_survival(images: Images) -> Results:
    """The same of findings known by the landmark, and their hazard ratios from there."""
    names = ("mri_findings_baseline_by_outcome", "mri_findings_survival")
    titles = ("Findings on MRI by the landmark, by later death", "Survival from the landmark by findings on MRI")
    found = findings_asked(images.frame)
    try:
        if not found:
            raise NotEstimable("no source has a column on single findings")
        start = images.baseline()
    except NotEstimable as reason:
        return {name: refusal(name, title, str(reason)) for name, title in zip(names, titles, strict=True)}
    own = start.frame
    table = _table(found, own, own["died_later"], LATER, start.words, titles[0], names[0])
    return {
        names[0]: start.tell(table.with_(notes=(DATED, CRUDE, EVENTS), counts={"used": len(own)})),
        names[1]: _hazards(start, titles[1]),
    }


def _table(
    found: tuple[Finding, ...],
    mine: pd.DataFrame,
    died: pd.Series,
    groups: dict[Any, str],
    population: str,
    title: str,
    kind: str,
) -> Result:
    dead = died.astype("boolean")
    shared = {"analysis": kind, "outcome": "death", "population": population}
    shares, tests = {}, []
    for f in found:
        status = mine[seen_column(f.variable)]
        words = {**shared, "variable": f.variable}
        inside = {w: dead.isna() if code is None else (dead == code).fillna(False) for code, w in groups.items()}
        shares[f.label] = [
            share_of(f.label, status[rows.to_numpy(dtype=bool)], group=group, **words)
            for group, rows in inside.items()
            if rows.any()
        ]
        tests.append(odds_ratio(status, dead, term=f.label, contrast=CONTRAST, **words))
    rows: list[dict[str, Any]] = []
    for row in adjusted(tests, CONTRAST):
        rows += [*shares.pop(row["term"], []), row]
    result = Result(
        kind=kind,
        tidy=tidy_frame(rows),
        method={
            "title": title,
            "estimator": "proportion with the finding; odds ratio of death",
            "interval": "proportion: Wilson; odds ratio: exact, with an empty cell profile penalised likelihood",
            "test": "Fisher exact, two-sided",
            "correction": "Holm over all findings tested in this table; unadjusted p beside",
            "conf_level": 0.95,
            "denominator": DENOMINATOR,
            "reference": [WILSON, *REFERENCES],
        },
    )
    return _drawn(result, tests, "Odds ratio of death, with vs without the finding")


def _hazards(start: Baseline, title: str) -> Result:
    own = start.frame
    words = {
        "analysis": "mri_findings_survival", "outcome": "death", "population": start.words, "contrast": CONTRAST,
    }  # fmt: skip
    tests = [
        hazard_ratio(own, own[seen_column(f.variable)], term=f.label, variable=f.variable, **words)
        for f in findings_asked(own)
    ]
    sides = {f.label: _sides(own, f, words) for f in findings_asked(own)}
    rows: list[dict[str, Any]] = []
    for row in adjusted(tests, CONTRAST):
        rows += [*sides.pop(row["term"], []), row]
    result = Result(
        kind="mri_findings_survival",
        tidy=tidy_frame(rows),
        method={
            "title": title,
            "model": "Cox regression, one finding at a time; Firth's penalty with few deaths or none on one side",
            "ties": "efron",
            "interval": "Wald on the log scale; Firth: profile penalised likelihood",
            "correction": "Holm over all findings tested in this table; unadjusted p beside",
            "conf_level": 0.95,
            "denominator": DENOMINATOR,
            "reference": [
                "Cox 1972, J R Stat Soc B 34:187",
                "Heinze & Schemper 2001, Biometrics 57:114",
                REFERENCES[-1],
            ],
        },
        counts={"used": len(own), "events": int(own["died_later"].sum())},
        notes=(DATED, CRUDE),
    )
    return start.tell(_drawn(result, tests, "Hazard ratio of death, with vs without the finding"))


def _sides(own: pd.DataFrame, finding: Finding, words: dict[str, str]) -> list[dict[str, Any]]:
    """Patients and deaths with the finding and without it."""
    status, dead = own[seen_column(finding.variable)], own["died_later"]
    shared = {
        **words,
        "contrast": "",
        "term": finding.label,
        "variable": finding.variable,
        "measure": "patients, deaths",
    }
    return [
        {**shared, "group": group, "n": int((status == code).sum()), "events": int((dead & (status == code)).sum())}
        for code, group in (("met", "with"), ("not_met", "without"))
    ]


def _drawn(result: Result, rows: list[dict[str, Any]], axis: str) -> Result:
    names = ("estimate", "conf_low", "conf_high", "n", "events", "note")
    lines = [{"label": row["term"], "role": "other", **{c: row.get(c) for c in names}} for row in rows]
    return forest(result, lines, axis=axis)
