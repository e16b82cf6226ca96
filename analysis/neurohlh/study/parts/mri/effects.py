"""A finding against death: odds ratio with exact test, hazard ratio; Firth's penalty where the data are sparse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.describe.adjust import adjusted_p_values
from neurohlh.stats.describe.fisher import fisher
from neurohlh.stats.glm.logistic import logistic
from neurohlh.stats.hazards.checks import FEW_EVENTS
from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.hazards.firth import cox_firth

WITH, WITHOUT = "with", "without"
_KEPT = ("estimate", "conf_low", "conf_high", "coef", "std_error", "statistic", "p_value")
REFERENCES = (
    "Fisher 1935, J R Stat Soc 98:39",
    "Firth 1993, Biometrika 80:27",
    "Heinze & Schemper 2002, Stat Med 21:2409",
    "Holm 1979, Scand J Stat 6:65",
)


def odds_ratio(status: pd.Series, died: pd.Series, **words: Any) -> dict[str, Any]:
    """Odds of death with a finding (met) against without it (not_met), among those known for both.

    Fisher's conditional estimate with exact limits; with an empty cell Firth's penalised estimate and profile limits.
    The p value is Fisher's, two-sided, in either case.
    """
    known = status.isin(["met", "not_met"]).to_numpy() & died.notna().to_numpy()
    present, dead = (status[known] == "met").to_numpy(), died[known].astype(bool).to_numpy()
    row: dict[str, Any] = {"measure": "OR", "scale": "log", "n": len(dead), "events": int(dead.sum()), **words}
    why = _one_sided(present, dead)
    if why:
        return {**row, "note": f"not estimable: {why}"}
    cells = [int((own & outcome).sum()) for own in (present, ~present) for outcome in (dead, ~dead)]
    return {**row, **_of_cells(*cells)}


@lru_cache(maxsize=1024)
def _of_cells(a: int, b: int, c: int, d: int) -> Mapping[str, Any]:
    """The numbers of the table [[a, b], [c, d]]; kept, for the same table recurs in several results."""
    exact = fisher(a, b, c, d)
    if min(a, b, c, d) > 0:
        limits = {"estimate": exact.estimate, "conf_low": exact.conf_low, "conf_high": exact.conf_high}
        return {**limits, "p_value": exact.p_value, "method": "Fisher exact"}
    rows = np.repeat([[True, True], [True, False], [False, True], [False, False]], [a, b, c, d], axis=0)
    table = pd.DataFrame(rows, columns=["present", "dead"])
    shared = {"p_value": exact.p_value, "note": f"an empty cell: {_empty_cell((a, b, c, d))}"}
    try:
        fitted = logistic(table, "dead", ["present"], penalty="firth").tidy
    except NotEstimable as reason:
        return {**shared, "note": f"not estimable: {reason}"}
    found = fitted[(fitted["term"] == "present") & ~fitted["is_reference"]].iloc[0]
    limits = {name: found[name] for name in ("estimate", "conf_low", "conf_high")}
    return {**shared, **limits, "method": "Firth's penalised logistic regression; p: Fisher exact"}


def hazard_ratio(frame: pd.DataFrame, status: pd.Series, **words: Any) -> dict[str, Any]:
    """Hazard of death (`os_days`, `os_event`) with a finding against without it."""
    known = status.isin(["met", "not_met"])
    data = frame.loc[known, ["os_days", "os_event"]].assign(present=(status[known] == "met").to_numpy())
    row = {"measure": "HR", "scale": "log", "n": len(data), "events": int((data["os_event"] == 1).sum()), **words}
    dead = (data["os_event"] == 1).to_numpy()
    why = "nobody died" if not dead.any() else _one_sided(data["present"].to_numpy(), None)
    if why:
        return {**row, "note": f"not estimable: {why}"}
    own = data["present"].to_numpy()
    silent = not (own & dead).any() or not (~own & dead).any()
    return {**row, **_hazard(data, "present", "no death on one side" if silent else "")}


def per_unit(frame: pd.DataFrame, values: pd.Series, **words: Any) -> list[dict[str, Any]]:
    """Odds ratio and hazard ratio of death per unit of a number, among those for whom it is known."""
    data = frame[["os_days", "os_event"]].assign(value=values, dead=frame["os_event"] == 1)
    data = data[values.notna().to_numpy()].reset_index(drop=True)
    shared = {"scale": "log", "n": len(data), "events": int(data["dead"].sum()), **words}
    if data["value"].nunique() < 2 or data["dead"].nunique() < 2:
        note = "not estimable: the number, or the outcome, is the same in everybody for whom it is known"
        return [{**shared, "measure": m, "note": note} for m in ("OR", "HR")]
    few = _few(data["dead"])
    odds = logistic(data, "dead", ["value"], penalty="firth" if few else None).tidy
    found = odds[odds["term"] == "value"].iloc[0]
    said = {"method": f"{found['method']}, profile limits", "note": "; ".join(filter(None, [few, found["note"]]))}
    rows = [{**shared, "measure": "OR", **_numbers(found), **said}]
    return [*rows, {**shared, "measure": "HR", **_hazard(data, "value", "")}]


def adjusted(rows: Sequence[dict[str, Any]], contrast: str) -> list[dict[str, Any]]:
    """The rows, each followed by its p adjusted for all of them (Holm); rows without a p are no test."""
    tests = pd.DataFrame({"term": [r["term"] for r in rows], "p": [r.get("p_value", np.nan) for r in rows]})
    try:
        found = adjusted_p_values(tests, "p", test="term").tidy
    except NotEstimable:
        return list(rows)
    found = found[found["term"] == "adjusted p value"].set_index("level")
    out: list[dict[str, Any]] = []
    for row in rows:
        out.append(row)
        if row["term"] in found.index:
            one = found.loc[row["term"]]
            same: dict[str, Any] = {
                k: row[k] for k in ("analysis", "outcome", "population", "variable", "term", "n", "events") if k in row
            }
            method = f"Holm, {int(one['n'])} tests"
            more = {"measure": f"p adjusted ({row['measure']})" if row.get("measure") else "p adjusted"}
            out.append({**same, "contrast": contrast, "method": method, "p_value": one["p_value"], **more})
    return out


def _hazard(data: pd.DataFrame, term: str, silent: str) -> dict[str, Any]:
    """Cox regression; with Firth's penalty where a side has no death, or the deaths are few (dossier 13.5)."""
    why = silent or _few(data["os_event"] == 1)
    tidy = (cox_firth if why else cox)(data, "os_days", "os_event", [term]).tidy
    found = tidy[~tidy["is_reference"]].iloc[0]
    return {**_numbers(found), "method": found["method"], "note": "; ".join(filter(None, [why, found["note"]]))}


def _few(dead: pd.Series) -> str:
    return f"fewer than {FEW_EVENTS} deaths" if int(dead.sum()) < FEW_EVENTS else ""


def _numbers(found: pd.Series) -> dict[str, Any]:
    return {c: found[c] for c in _KEPT}


def _one_sided(present: Any, dead: Any) -> str:
    if not len(present):
        return "nobody is known for both"
    if not present.any() or present.all():
        return "nobody has it" if not present.any() else "everybody has it"
    if dead is not None and (not dead.any() or dead.all()):
        return "nobody died" if not dead.any() else "everybody died"
    return ""


def _empty_cell(cells: Sequence[int]) -> str:
    names = ("nobody with it died", "everybody with it died", "nobody without it died", "everybody without it died")
    return ", ".join(name for name, count in zip(names, cells, strict=True) if count == 0)
