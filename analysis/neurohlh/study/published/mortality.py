"""How many of the published patients with CNS involvement died, where the counts are known; case series apart."""

from __future__ import annotations

from math import exp
from typing import Any

import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import forest
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.meta.stratified import mantel_haenszel_tables
from neurohlh.stats.recipe import software, z_value
from neurohlh.study.published.frequency import REFERENCES
from neurohlh.study.published.proportions import HEADS, forest_lines, in_words, pooled_rows, study_row
from neurohlh.study.published.rules import age_of, definition_of, design_kind
from neurohlh.study.published.selection import RULE, SHARED, shared_groups

GROUP = "Deaths with CNS involvement"


def cns_deaths(cohorts: pd.DataFrame) -> pd.DataFrame:
    """Cohorts with deaths counted among their patients with CNS involvement: events, n, `series`, `reason` if left out.

    `series` marks case series, whose patients are published because of their course.
    """
    known = cohorts["n_cns_died"].notna() & (cohorts["n_cns_outcome_known"] > 0)
    shared = shared_groups(cohorts)
    found = cohorts[known].assign(shared=shared[known])
    if found.empty:
        return found.assign(events=[], n=[], age=[], definition=[], series=[], reason=[])
    found = found.assign(
        events=found["n_cns_died"],
        n=found["n_cns_outcome_known"],
        age=found["age_group"].map(age_of),
        definition=found["cns_domains"].map(lambda d: definition_of(d)[0]),
        series=found["design"].map(lambda d: design_kind(d)[0] == "case series"),
        reason="",
    )
    found.loc[found["events"] > found["n"], "reason"] = "its counts cannot be: more deaths than patients"
    virological = found["cns_domains"].map(lambda d: definition_of(d)[1])
    found["reason"] = found["reason"].where((found["reason"] != "") | (virological == ""), virological)
    ranked = found[found["reason"] == ""].sort_values(
        ["n", "published", "cohort_id"], ascending=[False, False, True], kind="stable"
    )
    twice = ranked[(ranked["shared"] != "") & ranked.duplicated(["shared", "series"])]
    found.loc[twice.index, "reason"] = SHARED
    return found.reset_index(drop=True)


def mortality(cohorts: pd.DataFrame) -> Result:
    """Deaths among patients with CNS involvement: cohorts pooled, case series shown and pooled apart."""
    found = cns_deaths(cohorts)
    used = found[found["reason"] == ""]
    rows: list[dict[str, Any]] = []
    for series, group, name in (
        (False, f"{GROUP}: cohorts", "cohorts"),
        (True, f"{GROUP}: case series", "case series"),
    ):
        part = used[used["series"] == series]
        rows += [study_row(s, group, _horizon(s)) for _, s in part.sort_values(["n", "cohort_id"]).iterrows()]
        if len(part) > 1:
            rows += pooled_rows(part, group, f"{len(part)} {name}", prediction=not series)
    return _told(rows, found, cohorts)


def _told(rows: list[dict[str, Any]], found: pd.DataFrame, cohorts: pd.DataFrame) -> Result:
    silent = len(cohorts) - len(found)
    left_out = found.loc[found["reason"] != "", "reason"].value_counts().to_dict()
    result = Result(
        kind="published_mortality",
        tidy=tidy_frame([{"analysis": "published_mortality", "outcome": "death", **row} for row in rows]),
        method={
            "title": "Deaths among published patients with CNS involvement",
            "estimator": "random effects on the logit, REML, Knapp-Hartung never below the usual variance",
            "interval": "studies: Wilson; pools: t",
            "conf_level": 0.95,
            "shared_patients": RULE,
            "denominator": "patients with CNS involvement whose outcome the paper knows",
            "software": software("numpy", "scipy", "statsmodels"),
            "reference": REFERENCES,
            "heads": HEADS,
        },
        counts={
            "unit": "cohorts",
            "supplied": len(cohorts),
            "used": int((found["reason"] == "").sum()),
            "dropped": {"prints no deaths among patients with CNS involvement": silent, **left_out},
        },
        notes=(
            "Follow-up differs and is not always printed: these are deaths until whenever each paper stopped, not "
            "mortality at one time.",
            "Case series hold patients chosen for their course: they stand apart and are no mortality.",
            "Where nobody or everybody of a cohort died, 1/2 is added to both of its cells for the pool.",
            _comparison(cohorts),
        ),
    )
    lines = forest_lines(rows)
    return forest(result, lines, axis="percent who died (95 % interval)", scale="percent") if lines else result


def _comparison(cohorts: pd.DataFrame) -> str:
    """Deaths with against without CNS involvement, pooled by Mantel and Haenszel where papers count both."""
    needed = ["n_cns_died", "n_cns_outcome_known", "n_nocns_died", "n_nocns_outcome_known"]
    both = cohorts[cohorts[needed].notna().all(axis=1)]
    both = both[(both[needed[0]] <= both[needed[1]]) & (both[needed[2]] <= both[needed[3]])]
    both = both[(both[needed[1]] > 0) & (both[needed[3]] > 0)]
    if both.empty:
        return "No cohort counts deaths both with and without CNS involvement, so no ratio follows from counts."
    shared = shared_groups(cohorts)[both.index]
    both = both[(shared == "") | ~shared.duplicated()]
    try:
        a, n, c, m = (both[column].to_numpy(float) for column in needed)
        pool = mantel_haenszel_tables(a, n, c, m, "OR")
    except NotEstimable as reason:
        return f"{len(both)} cohorts count deaths with and without CNS involvement; no odds ratio: {reason}."
    ends = [f"{v:.2f}" for v in _limits(pool.coef, pool.std_error)]
    return (
        f"{len(both)} cohorts count deaths both with and without CNS involvement: crude odds ratio of death {ends[0]} "
        f"({ends[1]}–{ends[2]}), pooled by Mantel and Haenszel."
    )


def _limits(coef: float, std_error: float) -> tuple[float, float, float]:
    z = z_value(0.95)
    return exp(coef), exp(coef - z * std_error), exp(coef + z * std_error)


def _horizon(study: pd.Series) -> str:
    at = [p.strip() for p in str(study["derived_fields"]).split(";") if "died" in p]
    followed = str(study.get("followup_median", "")).strip()
    if followed:
        at.append(f"follow-up {followed} {study.get('followup_unit', '')}".strip())
    return in_words("; ".join(at)) or "time of the deaths not printed"
