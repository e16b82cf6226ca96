"""Printed ratios of death with against without CNS involvement: which may be pooled with which, which not and why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from neurohlh.stats.describe.arithmetic import inside_limits, log_asymmetry, ratio_arithmetic, std_error_from_p
from neurohlh.stats.recipe import z_value
from neurohlh.study.published.faults_numbers import BELIEVABLE
from neurohlh.study.published.rules import contrast_of, design_kind, horizon_of, is_reversed
from neurohlh.study.published.selection import SHARED, shared_groups
from neurohlh.study.published.tables import Evidence, decimals

RATIOS = ("HR", "OR", "RR")
RULE = (
    "one estimate per group of shared patients and pool: CNS involvement by any domain before abnormal CSF before "
    "symptoms; of equals, the smallest standard error"
)


def death_ratios(evidence: Evidence) -> pd.DataFrame:
    """Every printed effect with the decision on it.

    Added columns: `exposure` (what was compared), `horizon` ('death', 'early death', ''), `estimate`, `conf_low`,
    `conf_high`, `std_error` (of the logarithm) in the direction with against without, `remark` (what was derived or
    turned round, and why), `adjusted_words`, `reason` ('' where it may be pooled), `shared`, `pool` ('HR, death').
    """
    cohorts = evidence.cohorts.set_index("cohort_id")
    shared = shared_groups(evidence.cohorts).set_axis(evidence.cohorts["cohort_id"])
    rows = [_read(row, cohorts.loc[row["cohort_id"]]) for _, row in evidence.effects.iterrows()]
    found = evidence.effects.drop(columns=["estimate"]).join(pd.DataFrame(rows, index=evidence.effects.index))
    found["shared"] = [shared[c] or f"cohort {c}" for c in found["cohort_id"]]
    found["pool"] = found["measure"] + ", " + found["horizon"]
    wrong = _faulty(found)
    of_paper = found["cohort_id"].isin(set(found.loc[wrong, "cohort_id"]))
    found.loc[wrong, "remark"] = found.loc[wrong, "remark"].map(lambda said: _joined(said, _FAULT))
    found.loc[of_paper & ~wrong, "remark"] = found.loc[of_paper & ~wrong, "remark"].map(lambda s: _joined(s, _DOUBT))
    return _one_per_group(found)


_FAULT = "its interval cannot be right"
_DOUBT = "another interval of this paper cannot be right, which casts doubt on this one"


def _joined(*texts: str) -> str:
    return "; ".join(text for text in texts if text)


def _faulty(found: pd.DataFrame) -> pd.Series:
    """Whether the printed interval of a ratio that is not pooled cannot belong to it."""
    printed = found["measure"].isin(RATIOS) & found[["estimate", "ci_low", "ci_high"]].notna().all(axis=1)
    wrong = pd.Series(False, index=found.index)
    for at in found.index[printed & (found["reason"] != "")]:
        wrong[at] = bool(interval_fault(found.loc[at]))
    return wrong


def interval_fault(row: pd.Series) -> str:
    """Why the printed interval cannot belong to the printed ratio ('' where it can)."""
    estimate, low, high = row["estimate"], row["ci_low"], row["ci_high"]
    if not (0 < low < high) or not inside_limits(estimate, low, high):
        return "the estimate lies outside its own interval"
    if log_asymmetry(estimate, low, high, decimals=printed_decimals(row), conf_level=row["ci_level"]) > BELIEVABLE:
        return "the interval cannot belong to this ratio: not symmetric on the logarithmic scale"
    return ""


def _read(row: pd.Series, cohort: pd.Series) -> dict[str, Any]:
    rule = contrast_of(row["contrast"])
    told: dict[str, Any] = {
        "exposure": rule["name"],
        "rank": int(rule.get("rank", 99)),
        "horizon": horizon_of(row["outcome"]),
        "adjusted_words": adjustment_words(row["adjusted"]),
        "estimate": row["estimate"],
        "conf_low": row["ci_low"],
        "conf_high": row["ci_high"],
        "std_error": np.nan,
        "remark": "",
    }
    told["reason"] = _never_pooled(row, cohort, rule, told["horizon"])
    if not told["reason"]:
        told |= _spread(row)
    if not told["reason"] and is_reversed(row["exposed_group"]):
        told |= _turned(row, told)
    return told


def _never_pooled(row: pd.Series, cohort: pd.Series, rule: Any, horizon: str) -> str:
    if not horizon:
        return "the outcome is not death"
    if rule["name"] == "not CNS":
        return str(rule["reason"])
    everybody = cohort["n_cns"] == cohort["n_total"] and not np.isnan(cohort["n_total"])
    if everybody or design_kind(cohort["design"])[0] == "cns only":
        return "compares patients who all have CNS involvement"
    if rule.get("reason"):
        return str(rule["reason"])
    if row["measure"] not in RATIOS:
        return "no ratio is printed"
    return ""


def _spread(row: pd.Series) -> dict[str, Any]:
    """The standard error of the logarithm, from the limits or from p; or the reason why there is none."""
    estimate, low, high = row["estimate"], row["ci_low"], row["ci_high"]
    if np.isnan(estimate):
        return {"reason": "no ratio is printed"}
    if not (np.isnan(low) or np.isnan(high)):
        fault = interval_fault(row)
        if fault:
            return {"reason": fault}
        found = ratio_arithmetic(estimate, low, high, conf_level=row["ci_level"])
        return {"std_error": found.std_error}
    if row["p_sign"] != "=" or not 0 < row["p_value"] < 1 or estimate == 1:
        return {"reason": "neither limits nor an exact p are printed: its precision is unknown"}
    error = std_error_from_p(estimate, row["p_value"])
    width = np.exp(z_value(row["ci_level"]) * error)
    said = f"interval derived from p = {row['p'].lstrip('= ')}; none is printed"
    return {"std_error": error, "conf_low": estimate / width, "conf_high": estimate * width, "remark": said}


def _turned(row: pd.Series, told: dict[str, Any]) -> dict[str, Any]:
    if not row["direction_note"]:
        return {"reason": "runs the other way round, and no reason is written why it may be inverted"}
    said = f"inverted from the printed {row['printed'][0]}, which is {row['exposed_group'].split('(')[0].strip()}"
    said += f" against {row['reference_group']}: {row['direction_note']}"
    remark = _joined(said, told["remark"])
    return {
        "estimate": 1 / told["estimate"],
        "conf_low": 1 / told["conf_high"],
        "conf_high": 1 / told["conf_low"],
        "remark": remark,
    }


def _one_per_group(found: pd.DataFrame) -> pd.DataFrame:
    free = found[found["reason"] == ""].sort_values(["rank", "std_error", "effect_id"], kind="stable")
    twice = free[free.duplicated(["pool", "shared"])]
    kept = free.drop_duplicates(["pool", "shared"]).set_index(["pool", "shared"])["label"]
    for at, row in twice.iterrows():
        best = str(kept[(row["pool"], row["shared"])])
        same = best == row["label"]
        found.loc[at, "reason"] = "another contrast of the same cohort is used" if same else f"{SHARED} ({best})"
    return found


def printed_decimals(row: pd.Series) -> tuple[int, int, int]:
    """Decimals of the estimate and its limits as the table writes them."""
    first, second, third = (decimals(text) for text in row["printed"])
    return first, second, third


def adjustment_words(adjusted: str) -> str:
    """'adjusted', 'crude' or 'adjustment unclear'."""
    word = adjusted.strip().lower()
    if word.startswith("yes"):
        return "adjusted"
    return "crude" if word.startswith("no") else "adjustment unclear"
