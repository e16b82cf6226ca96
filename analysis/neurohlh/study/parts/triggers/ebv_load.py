"""EBV load, each material by itself: its median, whether it goes with death and with CNS involvement, published cuts.

A load below a limit of detection is known to be below it, no more. Medians and tests therefore treat the load as a
censored time: `top - log10(load)` grows as the load falls, and a load below the limit is censored there (the "flipped"
Kaplan-Meier curve; Ware and DeMets 1976, Biometrics 32:459).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from neurohlh.clinical.trigger_facts import LoadCut, load_cuts, specimens
from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.curves.kaplan_meier import kaplan_meier
from neurohlh.stats.curves.logrank import logrank
from neurohlh.stats.describe.diagnostic import diagnostic_accuracy
from neurohlh.stats.hazards.cox import cox
from neurohlh.study.parts.case_series import fit_to_design
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.part import refusal
from neurohlh.study.parts.rows import Row, picked
from neurohlh.study.parts.triggers.tally import CNS_WORDS, died, share

TITLE = "EBV load by material"
LOAD, LIMIT, SPECIMEN = "ebv_dna", "ebv_dna_censored", "ebv_specimen"
FEW = 10
"""Fewer loads than this in a material are counted and not analysed (a choice of this package)."""
_TERMS = {"median": "median", "quantile 0.75": "lower quartile", "quantile 0.25": "upper quartile"}
_DEATH_WORDS = {True: "Died", False: "Alive at last follow-up"}


def ebv_load(material: Material) -> Result:
    """Loads in each material: how many, how high, and whether those who died or had CNS involvement had higher ones."""
    frame = material.frame
    if LOAD not in frame or frame[LOAD].notna().sum() == 0:
        return refusal("ebv_load", TITLE, "no source has an EBV load")
    measured = frame[frame[LOAD].notna()].reset_index(drop=True)
    held = measured[SPECIMEN] if SPECIMEN in measured else pd.Series(None, index=measured.index, dtype=object)
    rows, names = [], specimens()
    for code, name in names.items():
        inside = measured[held == code].reset_index(drop=True)
        if len(inside):
            rows += _of_material(inside, name, code, material)
    nowhere = measured[~held.isin(list(names))]
    if len(nowhere):
        note = "not analysed: the loads may be of plasma, of whole blood or of cells, which are not comparable"
        rows.append(_counted(nowhere, "Material not recorded", note))
    result = Result(
        kind="ebv_load",
        tidy=tidy_frame(rows),
        method={
            "title": TITLE,
            "estimator": "median and quartiles of log10 copies/mL from the flipped Kaplan-Meier curve",
            "interval": "median: Brookmeyer-Crowley; HR: Wald; shares: Wilson",
            "conf_level": 0.95,
            "test": "generalised Wilcoxon (Gehan) on the flipped loads",
            "few loads": f"fewer than {FEW} in a material are counted only (a choice of this package)",
            "reference": [
                "Ware & DeMets 1976, Biometrics 32:459",
                "Gehan 1965, Biometrika 52:203",
                *dict.fromkeys(f"{c.source} ({c.status})" for c in load_cuts()),
            ],
        },
        counts={
            "supplied": len(frame),
            "used": len(measured) - len(nowhere),
            "events": died(measured[held.isin(list(names))]),
            "dropped": {
                k: v
                for k, v in (
                    ("EBV load not recorded", len(frame) - len(measured)),
                    ("material not recorded", len(nowhere)),
                )
                if v
            },
        },
        notes=(
            "Loads of different materials are not interchangeable and are never put together or compared. The date of "
            "the measurement is not recorded.",
            "A load recorded as 0 is read as below the lowest limit or value of its material. In the hazard ratio a "
            "load beyond a limit enters as that limit, and a 0 takes no part.",
        ),
    )
    return fit_to_design(result, material)


def _counted(inside: pd.DataFrame, name: str, note: str = "") -> dict[str, Any]:
    row = {"group": name, "term": "loads measured", "measure": "patients", "n": len(inside), "events": died(inside)}
    return {**row, "note": note}


def _of_material(inside: pd.DataFrame, name: str, code: str, material: Material) -> list[Row]:
    flipped = _flipped(inside)
    below, above = int((flipped["seen"] == 0).sum()), int(flipped["above"].sum())
    note = "; ".join(
        w for w in (f"{below} below a limit" if below else "", f"{above} above a limit" if above else "") if w
    )
    rows = [_counted(inside, name, note)]
    if len(inside) < FEW:
        return [{**rows[0], "note": "; ".join(w for w in (note, f"not analysed: fewer than {FEW} loads") if w)}]
    rows += _heights(flipped, "All", name)
    rows += _compared(flipped.assign(side=flipped["died"].map(_DEATH_WORDS)), "death", name)
    cns = flipped[flipped["cns_baseline"].isin(["met", "not_met"])]
    rows += _compared(cns.assign(side=cns["cns_baseline"].map(CNS_WORDS)), "CNS involvement at baseline", name)
    if material.survival_analysed:
        rows.append(_hazard(inside, name))
    return rows + [r for cut in load_cuts() if cut.specimen in ("", code) for r in _at_cut(flipped, cut, name)]


def _flipped(inside: pd.DataFrame) -> pd.DataFrame:
    """`fall` (top - log10 load), `seen` (0 for a load below a limit, else 1), and the bounds `low` and `high`."""
    load = inside[LOAD].astype(float)
    side = inside[LIMIT].astype(object) if LIMIT in inside else pd.Series(None, index=inside.index, dtype=object)
    lowest = load[load > 0].min() if (load > 0).any() else 1.0
    nothing = load <= 0
    load = load.mask(nothing, lowest)
    below, above = (side == "left") | nothing, (side == "right") & ~nothing
    height = np.log10(load)
    return inside.assign(
        fall=float(height.max()) + 1.0 - height,
        top=float(height.max()) + 1.0,
        seen=(~below).astype(float),
        above=above,
        low=load.mask(below, 0.0),
        high=load.mask(above, np.inf),
        died=inside["died"].astype("boolean"),
    )


def _heights(flipped: pd.DataFrame, side: str, name: str) -> list[Row]:
    """Median and quartiles of log10 load; what lies among the undetected is empty with the reason."""
    top = float(flipped["top"].iloc[0])
    curve = kaplan_meier(flipped, "fall", "seen", times=[1.0], quantiles=[0.25, 0.75]).tidy
    rows = []
    for term, word in _TERMS.items():
        line = curve[curve["term"] == term].iloc[0]
        row: Row = {"group": name, "level": side, "term": word, "measure": "log10 copies/mL", "n": len(flipped)}
        row |= {
            "estimate": top - line["estimate"],
            "conf_low": top - line["conf_high"],
            "conf_high": top - line["conf_low"],
        }
        if np.isnan(row["estimate"]):
            row = {
                **row,
                "conf_low": np.nan,
                "conf_high": np.nan,
                "note": "not estimable: among the loads below a limit",
            }
        rows.append({**row, "scale": "identity", "method": "flipped Kaplan-Meier"})
    return rows


def _compared(flipped: pd.DataFrame, about: str, name: str) -> list[Row]:
    """Median of both sides and the generalised Wilcoxon test between them."""
    known = flipped[flipped["side"].notna()].reset_index(drop=True)
    sides = sorted(known["side"].unique())
    rows = [_heights(known[known["side"] == side], side, name)[0] for side in sides]
    row: Row = {"group": name, "term": f"load and {about}: test", "measure": "chi-square", "n": len(known)}
    row["method"] = "Gehan's generalised Wilcoxon"
    try:
        test = logrank(known, "fall", "seen", "side", test="gehan").tidy
    except NotEstimable as reason:
        return [*rows, {**row, "note": f"not estimable: {reason}"}]
    line = test[test["term"] == "test"].iloc[0]
    return [*rows, {**row, **{key: line[key] for key in ("statistic", "df", "p_value")}}]


def _hazard(inside: pd.DataFrame, name: str) -> Row:
    row: Row = {
        "group": name,
        "term": "death, per tenfold load (crude)",
        "measure": "HR",
        "scale": "log",
        "method": "Cox",
    }
    positive = inside[(inside[LOAD] > 0) & inside["os_days"].notna() & inside["os_event"].notna()]
    row |= {"n": len(positive), "events": int(positive["os_event"].sum())}
    try:
        line = cox(positive, "os_days", "os_event", [f"log10({LOAD})"]).tidy.iloc[0]
    except NotEstimable as reason:
        return {**row, "note": f"not estimable: {reason}"}
    return {**row, **picked(line)}


def _at_cut(flipped: pd.DataFrame, cut: LoadCut, name: str) -> list[Row]:
    """Loads above and up to a published cut; a load whose limit lies on the other side of it is undecided."""
    over, under = flipped["low"] > cut.copies_per_ml, flipped["high"] <= cut.copies_per_ml
    undecided = len(flipped) - int(over.sum()) - int(under.sum())
    words = f"{cut.copies_per_ml:,.0f} copies/mL, published for {cut.about}"
    note = f"{cut.source}; {cut.status}" + (f"; undecided loads: {undecided}" if undecided else "")
    shared = {"group": name, "level": words}
    known = flipped["died"].notna()
    rows = [
        share("deaths above the cut", died(flipped[over & known]), int((over & known).sum()), note=note, **shared),
        share("deaths up to the cut", died(flipped[under & known]), int((under & known).sum()), **shared),
    ]
    if cut.sensitivity is None or cut.specificity is None:
        return rows
    test = pd.Series(np.select([over, under], ["met", "not_met"], "indeterminate"), index=flipped.index)
    read = pd.DataFrame({"above the cut": test, "death": flipped["died"]})
    try:
        own = diagnostic_accuracy(read, "above the cut", "death").tidy.set_index("term")
    except NotEstimable as reason:
        return [*rows, {**shared, "term": "sensitivity for death", "note": f"not estimable: {reason}"}]
    for term, value in (("sensitivity", cut.sensitivity), ("specificity", cut.specificity)):
        line = own.loc[term]
        numbers = {key: line[key] for key in ("n", "events", "measure", "estimate", "conf_low", "conf_high", "note")}
        rows.append({**shared, **numbers, "term": f"{term} for death, these patients", "method": "Wilson"})
        said = {"measure": line["measure"], "estimate": value, "note": f"{cut.source}; {cut.status}"}
        rows.append({**shared, **said, "term": f"{term} for death, as published"})
    return rows
