"""The sentences that the question came with, held against the published cohorts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.describe.arithmetic import possible_counts
from neurohlh.stats.recipe import software
from neurohlh.study.published.frequency import REFERENCES
from neurohlh.study.published.mortality import cns_deaths
from neurohlh.study.published.pools import Pool, pool_proportions
from neurohlh.study.published.proportions import study_row
from neurohlh.study.published.rules import rules
from neurohlh.study.published.selection import Selection
from neurohlh.study.published.tables import Evidence, decimals

HEADS = {
    "level": "Held against", "events": "With", "n": "Of", "estimate": "Percent", "method": "Verdict", "note": "Remark",
}  # fmt: skip


def claims(selection: Selection, evidence: Evidence) -> Result:
    """Each claim with what the pools, the single cohorts and the printed percentages say about it."""
    said = rules()["claims"]
    low, high = said["frequency"]
    rows = [*_frequency_rows(selection.used, low, high), *_mortality_rows(evidence.cohorts, said["mortality"])]
    return Result(
        kind="published_claims",
        tidy=tidy_frame([{"analysis": "published_claims", "measure": "proportion", **row} for row in rows]),
        method={
            "title": "The sentences that the question came with, held against published cohorts",
            "claims": said["source"],
            "estimator": "random effects on the logit, REML, Knapp-Hartung never below the usual variance",
            "conf_level": 0.95,
            "software": software("numpy", "scipy"),
            "reference": REFERENCES,
            "heads": HEADS,
        },
        counts={"unit": "cohorts", "supplied": len(evidence.cohorts), "used": len(selection.used)},
        notes=(
            f"The claims stand in the {said['source']}.",
            "'Up to' names the highest figure that somebody found, not what a patient has to expect.",
        ),
    )


def frequency_claim(low: float, high: float) -> str:
    """The claim about frequency as a heading."""
    return f"Claim: CNS involvement in {100 * low:.0f} to {100 * high:.0f} %"


def _frequency_rows(used: pd.DataFrame, low: float, high: float) -> list[dict[str, Any]]:
    group = frequency_claim(low, high)
    if used.empty:
        return [{"group": group, "level": "no cohort with counts", "method": "cannot be held against anything"}]
    share = used["events"] / used["n"]
    inside = used[(share >= low) & (share <= high)]
    names = ", ".join(sorted(inside["label"]))
    rows: list[dict[str, Any]] = [
        {
            "group": group,
            "term": "studies",
            "level": f"{len(used)} cohorts",
            "method": f"{len(inside)} of {len(used)} cohorts lie within, {int((share < low).sum())} below, "
            f"{int((share > high).sum())} above",
            "note": names,
        }
    ]
    rows += _pooled(pool_proportions(used), group, "Pool of all cohorts", low, high)
    children = used[used["age"] == "children"]
    if 1 < len(children) < len(used):
        rows += _pooled(pool_proportions(children), group, "Pool of the cohorts of children", low, high)
    return rows


def _pooled(pool: Pool, group: str, name: str, low: float, high: float) -> list[dict[str, Any]]:
    if pool.result is None:
        return [{"group": group, "level": name, "method": f"not estimated: {pool.reason}"}]
    rows = []
    for term, level in (("pooled", name), ("prediction interval", f"{name}: where a further study is expected")):
        found = pool.numbers(term)
        rows.append(
            {
                **{k: found.get(k) for k in ("n", "events", "estimate", "conf_low", "conf_high")},
                "group": group,
                "term": term,
                "level": level,
                "method": _range_verdict(found, low, high),
                "note": found["note"],
            }
        )
    return rows


def _range_verdict(found: dict[str, Any], low: float, high: float) -> str:
    least, most = found.get("conf_low", np.nan), found.get("conf_high", np.nan)
    if np.isnan([least, most]).any():
        return "not estimated"
    if most < low:
        return "below the claim, interval and all"
    if least > high:
        return "above the claim, interval and all"
    if low <= least and most <= high:
        return "within the claim, interval and all"
    return "reaches into the claim, and beyond it"


def _mortality_rows(cohorts: pd.DataFrame, claim: float) -> list[dict[str, Any]]:
    group = f"Claim: mortality with CNS involvement up to {100 * claim:.0f} %"
    found = cns_deaths(cohorts)
    used = found[found["reason"] == ""]
    main = used[~used["series"]] if len(used) else used
    rows = []
    for _, study in used.sort_values(["series", "cohort_id"]).iterrows() if len(used) else ():
        said = ("case series: chosen for its course" if study["series"] else "", study["age"])
        row = study_row(study, group, "; ".join(text for text in said if text))
        rows.append({**row, "contrast": "", "population": "", "method": _against(row, claim)})
    if len(main) > 1:
        pool = pool_proportions(main)
        rows.append(
            {"group": group, "term": "pooled", "level": f"Pool of {len(main)} cohorts", **pool.numbers()}
            | {"method": _against(pool.numbers(), claim)}
        )
    return [*rows, *_uncounted(cohorts, group)]


def _against(found: dict[str, Any], claim: float) -> str:
    if np.isnan([found.get("estimate", np.nan), found.get("conf_high", np.nan)]).any():
        return "not estimated"
    if found["conf_high"] < claim:
        return "below, interval and all"
    return "above, interval and all" if found["conf_low"] > claim else "the interval reaches it"


def _uncounted(cohorts: pd.DataFrame, group: str) -> list[dict[str, Any]]:
    """Percentages that are quoted for the claim and belong to no count."""
    rows = []
    for entry in rules()["uncounted"]:
        for _, cohort in cohorts[cohorts["cohort_id"] == entry["cohort_id"]].iterrows():
            possible = possible_counts(float(entry["percent"]), entry["n"], decimals=decimals(entry["percent"]))
            none = f"no whole number of its {entry['n']} patients gives it"
            fits = f"{possible[0]} of {entry['n']}" if possible else none
            rows.append(
                {
                    "group": group,
                    "term": "printed percentage",
                    "level": f"{cohort['label']}: {entry['percent']} % {entry['what']}",
                    "method": "not pooled: a percentage without its count",
                    "note": fits,
                }
            )
    return rows
