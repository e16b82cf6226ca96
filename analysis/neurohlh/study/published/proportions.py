"""Proportions of published cohorts: a row per study with Wilson's limits, and the rows of a pool of them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from neurohlh.stats.describe.proportions import wilson
from neurohlh.study.published.pools import Pool, pool_proportions

HEADS = {
    "level": "Study or pool",
    "population": "Patients",
    "contrast": "Definition",
    "events": "With",
    "n": "Of",
    "estimate": "Percent",
    "p_value": "p",
    "note": "Remark",
}
"""Columns of a table of proportions, in their order."""
TWO = "two studies cannot tell how far studies differ, so read them rather than the pool"


def study_row(study: pd.Series, group: str, note: str = "") -> dict[str, Any]:
    """The tidy row of one cohort's proportion."""
    events, n = int(study["events"]), int(study["n"])
    low, high = wilson(events, n)
    return {
        "group": group,
        "term": "study",
        "level": study["label"],
        "population": study["age"],
        "contrast": study["definition"],
        "n": n,
        "events": events,
        "measure": "proportion",
        "estimate": events / n,
        "conf_low": low,
        "conf_high": high,
        "method": "Wilson",
        "note": note,
    }


def pooled_rows(studies: pd.DataFrame, group: str, name: str, *, prediction: bool = True) -> list[dict[str, Any]]:
    """The pooled proportion, with how far the studies differ, and the prediction interval of a further study."""
    if len(studies) == 1:
        return [study_row(studies.iloc[0], group, "one study: nothing to pool") | {"term": "single", "level": name}]
    pool = pool_proportions(studies)
    row = {"group": group, "level": name, "measure": "proportion", "method": "REML, Knapp-Hartung, logit"}
    said = f"{len(studies)} studies; {pool.heterogeneity()}" if pool.result else ""
    said += f"; {TWO}" if len(studies) == 2 and said else ""
    rows = [{**row, "term": "pooled", **pool.numbers(), "note": said or pool.numbers()["note"]}]
    if prediction and pool.result is not None:
        rows.append(prediction_row(pool, row))
    return rows


def prediction_row(pool: Pool, row: dict[str, Any]) -> dict[str, Any]:
    """Where the true value of a further study is to be expected."""
    found = pool.numbers("prediction interval")
    kept = {k: v for k, v in found.items() if k in ("estimate", "conf_low", "conf_high", "scale")}
    note = str(found["note"]) or "where the true value of a further study is expected (95 %)"
    return {**row, "term": "prediction interval", "level": "Prediction interval", **kept, "note": note}


def difference_row(studies: pd.DataFrame, by: str, group: str) -> list[dict[str, Any]]:
    """The test whether the pools of the groups `by` differ; nothing for a single group."""
    if studies[by].nunique() < 2:
        return []
    pool = pool_proportions(studies, by=by, subgroup_tau2="separate")
    found = pool.row("subgroup difference")
    row = {"group": group, "term": "difference", "level": "Test for a difference between the groups"}
    if not found:
        return [{**row, "note": f"not estimated: {pool.reason}"}]
    kept = {key: found[key] for key in ("statistic", "df", "p_value", "note")}
    return [{**row, **kept, "note": str(kept["note"]) or "between studies: other differences come with it"}]


def forest_lines(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows as lines of a forest in percent; counts stand in the label."""
    roles = {
        "study": "published", "single": "published", "pooled": "pooled", "own": "main",
        "prediction interval": "prediction",
    }  # fmt: skip
    lines = []
    for row in rows:
        value = row.get("estimate")
        if row.get("term") not in roles or value is None or value != value:
            continue
        counts = f", {row['events']:.0f}/{row['n']:.0f}" if row["term"] != "prediction interval" else ""
        values = {c: 100 * float(row[c]) for c in ("estimate", "conf_low", "conf_high")}
        line = {"block": row["group"], "label": f"{row['level']}{counts}", "role": roles[row["term"]]}
        lines.append({**line, **values})
    return lines


_COLUMN_WORDS = {
    "n_cns_died": "died with CNS involvement",
    "n_neuro_symptoms": "with neurological symptoms",
    "n_neuro_sequelae": "with sequelae",
    "n_died_total": "died",
    "n_cns": "with CNS involvement",
}


def in_words(text: str) -> str:
    """A remark of the table with its columns' names put into words."""
    for column, words in _COLUMN_WORDS.items():
        text = text.replace(column, words)
    return text
