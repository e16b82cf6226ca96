"""The published effect of CNS involvement on death: a pool per measure and horizon, all together as a warning."""

from __future__ import annotations

from typing import Any

import pandas as pd

from neurohlh.core.pictures import forest
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.recipe import software
from neurohlh.study.published.pools import Pool, pool_ratios
from neurohlh.study.published.ratios import RULE

MAIN = "HR, death"
"""The pool that a study's hazard ratio is held against."""
_ORDER = (MAIN, "HR, early death", "OR, death", "OR, early death", "RR, death", "RR, early death")
_WORDS = {"HR": "Hazard ratio", "OR": "Odds ratio", "RR": "Risk ratio"}
LEFT = "Not pooled, and why"
MIXED = "All ratios together: a warning, not an answer"
_WIDE = "so wide because two studies tell next to nothing about how far studies differ"
HEADS = {
    "level": "Study or pool",
    "population": "Model",
    "contrast": "Compared",
    "method": "How",
    "estimate": "Ratio",
    "p_value": "p",
    "note": "Remark",
}


def effect(ratios: pd.DataFrame) -> Result:
    """Every printed ratio of death: pooled with its like, or shown with the reason why not."""
    used = ratios[ratios["reason"] == ""]
    rows: list[dict[str, Any]] = []
    for key in _ORDER:
        part = used[used["pool"] == key]
        if len(part):
            rows += [ratio_row(row, block(key)) for _, row in part.iterrows()]
            rows += pooled_rows(part, block(key))
    mixed = _mixed_rows(used)
    left = [_left_row(row) for _, row in ratios[ratios["reason"] != ""].iterrows()]
    reasons = ratios.loc[ratios["reason"] != "", "reason"].value_counts().to_dict()
    result = Result(
        kind="published_effect",
        tidy=tidy_frame([{"analysis": "published_effect", **row} for row in [*rows, *mixed, *left]]),
        method={
            "title": "Death with against without CNS involvement in published cohorts",
            "estimator": "random effects on the logarithm, REML, Knapp-Hartung never below the usual variance",
            "interval": "studies: as printed, or from p; pools: t",
            "prediction": "t with k - 2 degrees of freedom",
            "conf_level": 0.95,
            "shared_patients": RULE,
            "small_study_effects": "not tested: fewer than 10 studies",
            "software": software("numpy", "scipy"),
            "heads": HEADS,
            "reference": [
                "Viechtbauer 2005, J Educ Behav Stat 30:261",
                "Knapp & Hartung 2003, Stat Med 22:2693",
                "Altman & Bland 2011, BMJ 343:d2090 (interval from p)",
                "Altman & Bland 2011, BMJ 343:d2304 (p from the interval)",
            ],
        },
        counts={"unit": "printed effects", "supplied": len(ratios), "used": len(used), "dropped": reasons},
        notes=_notes(used),
    )
    lines = forest_lines([*rows, *mixed])
    return forest(result, lines, axis="ratio of death, with against without (95 % interval)") if lines else result


def block(key: str) -> str:
    """'HR, early death' as a heading."""
    measure, _, horizon = key.partition(", ")
    return f"{_WORDS.get(measure, measure)} of {horizon}"


def ratio_row(row: pd.Series, group: str) -> dict[str, Any]:
    """The tidy row of one printed ratio."""
    return {
        "group": group,
        "term": "study",
        "level": row["label"],
        "population": row["adjusted_words"],
        "contrast": row["exposure"],
        "outcome": row["outcome"],
        "measure": row["measure"],
        "scale": "log",
        "estimate": row["estimate"],
        "conf_low": row["conf_low"],
        "conf_high": row["conf_high"],
        "std_error": row["std_error"],
        "p_value": row["p_value"] if row["p_sign"] == "=" else None,
        "note": "; ".join(t for t in (str(row["remark"]), str(row["time_horizon"])) if t),
    }


def pooled_rows(part: pd.DataFrame, group: str, measure: str = "") -> list[dict[str, Any]]:
    """Random effects, common effect and prediction interval of these ratios; nothing for a single one."""
    if len(part) < 2:
        return []
    measure = measure or str(part["measure"].iloc[0])
    pool = pool_ratios(part, measure)
    row = {"group": group, "measure": measure, "population": _models(part)}
    random = {**row, "term": "pooled", "level": f"{len(part)} studies", "method": "random effects", **pool.numbers()}
    said = [pool.heterogeneity(), *([_WIDE] if len(part) == 2 else [])]
    random["note"] = "; ".join(t for t in said if t) if pool.result else random["note"]
    common = {**row, "term": "common", "level": f"{len(part)} studies", "method": "common effect"}
    common |= pool.numbers("pooled (common effect)")
    common["note"] = "right only if the true effect is the same in all"
    return [random, common, _prediction(pool, row)]


def _prediction(pool: Pool, row: dict[str, Any]) -> dict[str, Any]:
    found = pool.numbers("prediction interval")
    return {**row, "term": "prediction interval", "level": "Prediction interval", **found}


def _mixed_rows(used: pd.DataFrame) -> list[dict[str, Any]]:
    """One ratio of each cohort, whatever its measure and horizon: exploratory."""
    order = {key: i for i, key in enumerate(_ORDER)}
    one = used.assign(_place=used["pool"].map(order)).sort_values(["_place", "effect_id"]).drop_duplicates("shared")
    if len(one) < 2 or one["pool"].nunique() < 2:
        return []
    pool = pool_ratios(one, "HR")
    row = {"group": MIXED, "term": "mixed", "level": f"{len(one)} cohorts", "population": _models(one)}
    said = (
        f"{pool.heterogeneity()}; mixes hazard with odds ratios and the whole follow-up with the first weeks, which "
        "differ although no study is wrong: an odds ratio of a frequent outcome is further from 1"
    )
    found = {**row, **pool.numbers(), "method": "random effects"}
    return [{**found, "measure": "ratio", "note": said if pool.result else found["note"]}]


def _left_row(row: pd.Series) -> dict[str, Any]:
    note = "; ".join(t for t in (str(row["reason"]), str(row["remark"])) if t)
    return {**ratio_row(row, LEFT), "term": "left out", "contrast": row["contrast"], "note": note}


def _models(part: pd.DataFrame) -> str:
    return " and ".join(sorted(set(part["adjusted_words"])))


def _notes(used: pd.DataFrame) -> tuple[str, ...]:
    main = used[used["pool"] == MAIN]
    notes = []
    if main["exposure"].nunique() > 1:
        said = ", ".join(f"{r.label}: {r.exposure}" for r in main.itertuples())
        notes.append(f"The hazard ratios pooled do not compare the same thing ({said}).")
    if main["adjusted_words"].nunique() > 1 or (main["adjusted_words"] == "adjustment unclear").any():
        said = ", ".join(f"{r.label}: {r.adjusted_words}" for r in main.itertuples())
        notes.append(f"Crude and adjusted ratios answer different questions ({said}).")
    notes.append(
        "Papers print the ratio of CNS involvement mostly where it was significant; those that found nothing say so in "
        "words and cannot be pooled. The pooled ratio is therefore likely too high."
    )
    return tuple(notes)


def forest_lines(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows as lines of a forest of ratios."""
    roles = {
        "study": "published", "pooled": "pooled", "common": "pooled", "prediction interval": "prediction",
        "mixed": "warning", "own": "main",
    }  # fmt: skip
    lines = []
    for row in rows:
        value = row.get("estimate")
        if row.get("term") not in roles or value is None or value != value:
            continue
        label = f"{row['level']}, {row['method']}" if row["term"] in ("pooled", "common") else str(row["level"])
        label += f" ({row['contrast']}, {row['population']})" if row["term"] == "study" else ""
        line = {"block": row["group"], "label": label, "role": roles[row["term"]]}
        lines.append({**line, **{c: row.get(c) for c in ("estimate", "conf_low", "conf_high")}})
    return lines
