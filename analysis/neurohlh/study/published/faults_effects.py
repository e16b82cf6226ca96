"""Checks of the printed effects: intervals, p, counts, and whether a ratio runs the way that survival runs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from neurohlh.stats.describe.arithmetic import survival_difference, survival_ratio
from neurohlh.study.published.faults_numbers import of_counts, of_percentage, of_ratio
from neurohlh.study.published.finding import IMPOSSIBLE, NEAR, REVERSED, Finding
from neurohlh.study.published.printed import Ratio, percentages, two_survivals
from neurohlh.study.published.ratios import RATIOS
from neurohlh.study.published.rules import contrast_of, horizon_of, is_reversed
from neurohlh.study.published.tables import Evidence

_COUNTED = re.compile(r"(\d+)\s*/\s*(\d+)")


def effect_findings(evidence: Evidence) -> Iterator[Finding]:
    """Every check of every printed effect."""
    cohorts = evidence.cohorts.set_index("cohort_id")
    for _, row in evidence.effects.iterrows():
        yield from _interval(row)
        yield from _of_counts(row)
        yield from _direction(row, cohorts.loc[row["cohort_id"]])
        for found in percentages(str(row["direction_note"])):
            yield of_percentage(str(row["label"]), str(row["effect_id"]), found)


def _interval(row: pd.Series) -> Iterator[Finding]:
    if row["measure"] not in RATIOS or np.isnan(row[["estimate", "ci_low", "ci_high"]].astype(float)).any():
        return
    estimate, low, high = row["printed"]
    text = f"{row['measure']} {estimate} ({low}–{high})"
    found = Ratio(text, row["measure"], estimate, low, high, str(row["p"]))
    yield from of_ratio(str(row["label"]), str(row["effect_id"]), found, float(row["ci_level"]))


def _of_counts(row: pd.Series) -> Iterator[Finding]:
    table = _table(row)
    if table is None:
        return
    label, where = str(row["label"]), str(row["effect_id"])
    printed = " v ".join(f"{a}/{n}" for a, n in table)
    if any(a > n for a, n in table):
        yield Finding(label, where, "p of counts", IMPOSSIBLE, printed, "more events than patients")
    elif row["p"]:
        cells = np.array([[a, n - a] for a, n in table])
        yield of_counts(label, where, cells, str(row["p"]), printed)


def _table(row: pd.Series) -> list[tuple[int, int]] | None:
    """(events, patients) of each group; of more than two groups from their words ('FHL2 7/11')."""
    if row["measure"] == "r x c":
        found = _COUNTED.findall(f"{row['exposed_group']} ; {row['reference_group']}")
        return [(int(a), int(n)) for a, n in found] if len(found) > 1 else None
    counts = [row[c] for c in ("exposed_events", "exposed_n", "reference_events", "reference_n")]
    if row["measure"] != "2x2" or np.isnan(counts).any():
        return None
    a, n, c, m = (int(v) for v in counts)
    return [(a, n), (c, m)]


def _direction(row: pd.Series, cohort: pd.Series) -> Iterator[Finding]:
    """A hazard ratio of death against the survival percentages of the same groups."""
    if row["measure"] != "HR" or np.isnan(row["estimate"]) or row["estimate"] <= 0 or not horizon_of(row["outcome"]):
        return
    survival = _survivals(row, cohort)
    if survival is None:
        return
    affected, affected_se, free, free_se = survival
    if not (0 < affected < 100 and 0 < free < 100):
        return
    implied = survival_ratio(affected / 100, free / 100)
    label, where = str(row["label"]), str(row["effect_id"])
    printed = f"HR {row['printed'][0]}; survival {affected:g} % with, {free:g} % without"
    said = f"survival implies a ratio of {implied:.2f} (with against without)"
    if not np.isnan([affected_se, free_se]).any() and affected_se > 0 and free_se > 0:
        z, p = survival_difference(affected, affected_se, free, free_se)
        said += f"; their difference has z = {z:.2f}, p = {p:.4f}"
    if (np.log(row["estimate"]) > 0) != (np.log(implied) > 0):
        other = 1 / row["estimate"]
        note = f"coded the other way round: its reciprocal is {other:.2f}; as printed it would point the wrong way"
        if not is_reversed(str(row["exposed_group"])):
            note += "; the table does not say so, so the row needs a reader"
        yield Finding(label, where, "direction of a ratio", REVERSED, printed, said, note)
        return
    note = "the same direction; survival at one time and a hazard ratio need not be equal"
    yield Finding(label, where, "direction of a ratio", NEAR, printed, said, note)


def _survivals(row: pd.Series, cohort: pd.Series) -> tuple[float, float, float, float] | None:
    """Survival of the affected and of the free group with standard errors, in percent, as the paper prints them."""
    told = two_survivals(str(row["direction_note"]))
    if told:
        return told.first, told.first_se, told.second, told.second_se
    if contrast_of(str(row["contrast"]))["name"] != "CNS involvement":
        return None
    values = [float(cohort[c]) for c in ("os_cns_pct", "os_cns_se_pct", "os_nocns_pct", "os_nocns_se_pct")]
    return None if np.isnan([values[0], values[2]]).any() else (values[0], values[1], values[2], values[3])
