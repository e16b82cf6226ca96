"""How frequent CNS involvement is in published cohorts: pooled over all, by age, definition, domain and choice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.pictures import forest
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.describe.arithmetic import possible_counts
from neurohlh.stats.recipe import software
from neurohlh.study.published.pools import Pool, pool_proportions
from neurohlh.study.published.proportions import (
    HEADS,
    difference_row,
    forest_lines,
    in_words,
    pooled_rows,
    study_row,
)
from neurohlh.study.published.rules import age_of, design_kind, rules
from neurohlh.study.published.selection import RULE, Selection, shared_groups, unrecorded_overlaps
from neurohlh.study.published.tables import Evidence, decimals

ALL = "All studies"
_HEADS = {column: head for column, head in HEADS.items() if column != "contrast"}  # the headings say the definition
_DOMAINS = {
    "neurological symptoms, of those examined": ("n_neuro_symptoms", "n_neuro_symptoms_denominator"),
    "abnormal CSF, of those tapped": ("n_csf_abnormal", "n_csf_tested"),
    "abnormal imaging, of those imaged": ("n_imaging_abnormal", "n_imaging_tested"),
}
REFERENCES = [
    "Viechtbauer 2005, J Educ Behav Stat 30:261",
    "Knapp & Hartung 2003, Stat Med 22:2693",
    "Higgins, Thompson & Spiegelhalter 2009, J R Stat Soc A 172:137",
    "Wilson 1927, J Am Stat Assoc 22:209",
]


def frequency(selection: Selection, evidence: Evidence) -> Result:
    """Each cohort's frequency, and the pools: all, by age, by definition, those kept apart, and each domain alone."""
    used = selection.used
    rows = [study_row(study, f"Studies: {study['definition']}", _derived(study)) for _, study in _ordered(used)]
    if used.empty:
        pooled: list[dict[str, Any]] = [{"group": ALL, "level": "Pool", "note": "not estimated: no cohort has counts"}]
    else:
        pooled = pooled_rows(used, ALL, f"{len(used)} cohorts, each by its own definition")
        for by, group in (("age", "By age group"), ("definition", "By definition of CNS involvement")):
            for name, part in used.groupby(by, sort=False):
                pooled += pooled_rows(part, group, str(name), prediction=False)
            pooled += difference_row(used, by, group)
    apart = [study_row(s, f"Kept apart: {s['definition']}", s["apart_reason"]) for _, s in selection.apart.iterrows()]
    domains = _domain_rows(evidence.cohorts)
    tidy = tidy_frame([{"analysis": "published_frequency", **row} for row in [*pooled, *apart, *domains, *rows]])
    result = Result(
        kind="published_frequency",
        tidy=tidy,
        method={**_method(), "title": "How frequent CNS involvement is in published cohorts", "heads": _HEADS},
        counts=_counts(selection),
        notes=_notes(selection),
    )
    drawn = [*rows, *(r for r in pooled if r["group"] == ALL), *(r for r in pooled if r["group"].startswith("By"))]
    axis = "percent with CNS involvement (95 % interval)"
    return forest(result, forest_lines(drawn), axis=axis, scale="percent") if forest_lines(drawn) else result


def choices(selection: Selection) -> Result:
    """The pooled frequency under other choices: method, each alternative cohort, without each cohort in turn."""
    used = selection.used
    rows: list[dict[str, Any]] = []
    main = pool_proportions(used, leave_one_out=True)
    rows.append(_choice("Main analysis", "REML, Knapp-Hartung, logit", main))
    for name, options in _METHODS.items():
        rows.append(_choice("Another method", name, pool_proportions(used, **options)))
    for name, frame in _replacements(selection):
        rows.append(_choice("Another choice of cohorts", name, pool_proportions(frame)))
    rows += _omitting(main)
    heads = {"level": "Choice", "n": "Patients", "estimate": "Percent", "note": "Remark"}
    return Result(
        kind="published_frequency_choices",
        tidy=tidy_frame([{"analysis": "published_frequency_choices", **row} for row in rows]),
        method={**_method(), "title": "The pooled frequency under other choices", "heads": heads},
        counts=_counts(selection),
    )


_METHODS: dict[str, dict[str, Any]] = {
    "binomial-normal likelihood (GLMM), logit": {"method": "GLMM"},
    "REML, Wald limits, logit": {"knapp_hartung": False},
    "Paule-Mandel, Knapp-Hartung, logit": {"method": "PM"},
    "REML, Knapp-Hartung, Freeman-Tukey": {"transform": "freeman-tukey"},
    "REML, Knapp-Hartung, arcsine": {"transform": "arcsine"},
    "common effect (wrong if the studies differ), logit": {"method": "FE"},
}


def _choice(group: str, name: str, pool: Pool) -> dict[str, Any]:
    found = pool.numbers()
    note = "; ".join(t for t in (f"{pool.k} studies", pool.heterogeneity(), str(found["note"])) if t)
    return {"group": group, "term": "pooled", "level": name, "measure": "proportion", **found, "note": note}


def _omitting(main: Pool) -> list[dict[str, Any]]:
    """The pool without each cohort in turn."""
    if main.result is None:
        return []
    tidy = main.result.tidy
    rows = tidy[(tidy["term"] == "leave one out") & (tidy["measure"] == "proportion")]
    kept = ["measure", "n", "events", "estimate", "conf_low", "conf_high", "note"]
    names = {"group": "Leaving one out", "term": "pooled"}
    return [{**names, "level": f"without {row['level']}", **row[kept]} for _, row in rows.iterrows()]


def _replacements(selection: Selection) -> list[tuple[str, pd.DataFrame]]:
    """Other sets of cohorts that could stand for the same literature."""
    used, everybody = selection.used, selection.cohorts
    found = []
    for _, other in selection.alternatives.iterrows():
        rest = used[used["label"] != other["stands_for"]]
        found.append((f"{other['label']} in place of {other['stands_for']}", _with(rest, other)))
    for entry in rules()["recovered"]:
        for _, cohort in everybody[everybody["cohort_id"] == entry["cohort_id"]].iterrows():
            possible = possible_counts(float(entry["percent"]), entry["n"], decimals=decimals(entry["percent"]))
            if cohort["n_total"] != entry["n"] or len(possible) != 1 or cohort["reason"] == "":
                continue
            counted = cohort.copy()
            counted[["events", "n"]] = float(possible[0]), float(entry["n"])
            same = (used["shared"] == cohort["shared"]) & (cohort["shared"] != "")
            gone = " and ".join(used["label"][same])
            name = f"{cohort['label']} ({possible[0]}/{entry['n']}, from its {entry['percent']} %)"
            found.append((name + (f" in place of {gone}" if gone else " added"), _with(used[~same], counted)))
    for wide, narrow in unrecorded_overlaps(used):
        for one, partner in ((wide, narrow), (narrow, wide)):
            found.append((f"without {one} (may share patients with {partner})", used[used["label"] != one]))
    derived = used["derived_fields"].str.contains("n_cns|n_neuro_symptoms")
    if derived.any() and not derived.all():
        found.append(("only counts that the papers print themselves", used[~derived]))
    return found


def _with(frame: pd.DataFrame, row: pd.Series) -> pd.DataFrame:
    needed = ["label", "events", "n"]
    own = pd.DataFrame([[row["label"], float(row["events"]), float(row["n"])]], columns=needed)
    return pd.concat([frame[needed], own], ignore_index=True)


def _domain_rows(cohorts: pd.DataFrame) -> list[dict[str, Any]]:
    """Each kind of evidence among those who were looked at for it, whatever the cohort calls CNS involvement."""
    allowed = cohorts["row_use"].isin([u for u, reason in rules()["row_use"].items() if reason == ""])
    usual = cohorts["design"].map(lambda d: design_kind(d)[0] == "")
    # Within the patients with CNS involvement alone a share of abnormal tests is no frequency in HLH.
    rows: list[dict[str, Any]] = []
    for name, (events, n) in _DOMAINS.items():
        known = cohorts[events].notna() & cohorts[n].notna() & (cohorts[n] > 0) & (cohorts[events] <= cohorts[n])
        part = cohorts["n_cns"].notna() & (cohorts["n_cns"] < cohorts["n_total"])
        among_cns = part & (cohorts[n] <= cohorts["n_cns"])
        virological = cohorts["cns_domains"].str.contains("csf_ebv")
        found = cohorts[allowed & usual & known & ~among_cns & ~virological]
        if found.empty:
            continue
        found = found.assign(
            events=found[events],
            n=found[n],
            shared=shared_groups(cohorts)[found.index],
            definition=name,
            age=found["age_group"].map(age_of),
        )
        best = found.sort_values(["n", "published", "cohort_id"], ascending=[False, False, True], kind="stable")
        best = best[(best["shared"] == "") | ~best["shared"].duplicated()]
        said = pooled_rows(best, "Each domain alone, of those tested for it", name, prediction=False)
        who = ", ".join(sorted(best["label"]))
        rows += [{**row, "note": f"{row['note']}: {who}"} for row in said]
    return rows


def _ordered(used: pd.DataFrame) -> list[tuple[Any, pd.Series]]:
    order = {entry["name"]: i for i, entry in enumerate(rules()["definition"])}
    share = used["events"] / used["n"]
    at = used.assign(_place=used["definition"].map(order), _share=share).sort_values(["_place", "_share", "cohort_id"])
    return list(at.drop(columns=["_place", "_share"]).iterrows())


def _derived(study: pd.Series) -> str:
    said = [p.strip() for p in str(study["derived_fields"]).split(";")]
    about = [p for p in said if p.startswith(("n_cns", "n_neuro_symptoms", "evaluable"))]
    return in_words(f"count not printed as such: {'; '.join(about)}") if about else ""


def _method() -> dict[str, Any]:
    return {
        "estimator": "random effects on the logit, REML, Knapp-Hartung never below the usual variance",
        "interval": "studies: Wilson; pools: t",
        "prediction": "t with k - 2 degrees of freedom",
        "conf_level": 0.95,
        "shared_patients": RULE,
        "denominator": "patients in whom the cohort could decide CNS involvement by its own definition",
        "software": software("numpy", "scipy", "statsmodels"),
        "reference": REFERENCES,
    }


def _counts(selection: Selection) -> dict[str, Any]:
    used = selection.used
    return {
        "unit": "cohorts",
        "supplied": len(selection.cohorts),
        "used": len(used),
        "patients": int(np.nansum(used["n"])),
        "dropped": selection.dropped(),
    }


def _notes(selection: Selection) -> tuple[str, ...]:
    notes = [
        "Percentages of studies that looked for different things in different patients: the prediction interval says "
        "more than the pooled value, which is that of a typical study.",
        "By the habit of this literature a patient who was not tested counts as not involved: where few were tested, "
        "the printed frequency is too low.",
    ]
    notes += [
        f"{a} and {b} may share patients (same country and years, one of them over many centres), though the table "
        "records no overlap; leaving either out is shown among the other choices."
        for a, b in unrecorded_overlaps(selection.used)
    ]
    return tuple(notes)
