"""The cerebrospinal fluid against death: cells and protein as numbers, and the published cuts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.clinical.cns_published import PublishedEvidence, published_evidence
from neurohlh.clinical.csf import PROTEIN, RBC, WBC, without_blood
from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import forest
from neurohlh.core.result import Result
from neurohlh.stats.hazards.term_tests import cox_terms
from neurohlh.study.parts.domains import late
from neurohlh.study.parts.evidence.ratios import AXIS, Exposures, at_landmark, forest_lines, ratios, table
from neurohlh.study.parts.labels import variable_words
from neurohlh.study.parts.material import Material

_SCALES = {WBC: "cells, per doubling of 1 + cells/uL", PROTEIN: "protein, per doubling"}
_CLEAN = "without the blood of the needle"
_KNOTS = 3


def fluid(material: Material) -> Result:
    """Hazard ratios per doubling of CSF cells and protein, a test of a straight line, and the published cuts.

    Patients with a lumbar puncture by the landmark. Cells can be 0: they enter as log2(1 + cells); protein as
    log2(protein). Where erythrocytes were counted, the values without the blood of the needle stand beside the values
    as counted.
    """
    people, gone = at_landmark(material)
    held = [a for a in (WBC, PROTEIN) if a in people and people[a].notna().any()]
    if not held:
        raise NotEstimable("no source has CSF cells or CSF protein")
    done = people["csf_tested"].fillna(False).astype(bool)
    after = late(people, "csf", material.config.endpoint.os.origin, material.landmark)
    known = people[done & ~after & people[held].notna().any(axis=1)].reset_index(drop=True)
    if known.empty:
        raise NotEstimable("no patient at risk has CSF cells or CSF protein by the landmark")
    rows: list[dict[str, Any]] = []
    for analyte in held:
        rows += _slopes(material, known, analyte)
    if len(held) > 1:
        data = known.assign(cells=_log(known[WBC], WBC), protein=_log(known[PROTEIN], PROTEIN))
        both = Exposures({"cells": f"CSF {_SCALES[WBC]}", "protein": f"CSF {_SCALES[PROTEIN]}"})
        own = ratios(material, _complete(data, "cells", "protein"), both, "cells and protein in one model, as counted")
        rows += [{**row, "contrast": f"{row['variable']}, both in one model"} for row in own]
    cuts = [row for cut in published_evidence("cut") if cut.variable in held for row in _cut(material, known, cut)]
    result = table(
        "evidence_csf",
        material,
        [*rows, *cuts],
        known,
        {
            **gone,
            "no lumbar puncture known": int((~done).sum()),
            "first lumbar puncture after the landmark": int((done & after).sum()),
            "neither cells nor protein known": int((done & ~after).sum()) - len(known),
        },
        (
            "Only patients punctured by the landmark: puncture is delayed in bleeding or dying patients, so that these "
            "are not all.",
            "A cut taken from a publication is not confirmed by being above 1 here.",
            *_beyond(known, held),
        ),
        scales=list(_SCALES.values()),
        straight_line=f"likelihood ratio test of a restricted cubic spline with {_KNOTS} knots against a straight line",
    )
    lines = forest_lines([row for row in (*rows, *cuts) if row["analysis"] != "published"], "contrast")
    published = [row for row in cuts if row["analysis"] == "published" and row["estimate"] is not None]
    lines += forest_lines(published, "contrast", "published", "Published")
    return forest(result, sorted(lines, key=lambda line: _BLOCKS.index(line["block"])), axis=AXIS)


_BLOCKS = ("Crude", "Adjusted", "Published")


def _log(values: pd.Series, analyte: str) -> pd.Series:
    numbers = values.astype(float) + (1.0 if analyte == WBC else 0.0)
    return pd.Series(np.log2(numbers.where(numbers > 0)), index=values.index)


def _complete(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return frame[frame[list(columns)].notna().all(axis=1)].reset_index(drop=True)


def _versions(frame: pd.DataFrame, analyte: str) -> Iterator[tuple[str, pd.Series]]:
    """The values as counted and, where that differs for anybody, without the blood of the needle."""
    raw = frame[analyte].astype(float)
    yield "as counted", raw
    if RBC in frame:
        clean = without_blood(frame, analyte).astype(float)
        if not clean.equals(raw):
            yield _CLEAN, clean


def _slopes(material: Material, frame: pd.DataFrame, analyte: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    words = f"CSF {_SCALES[analyte]}"
    for version, values in _versions(frame, analyte):
        data = _complete(frame.assign(doubling=_log(values, analyte)), "doubling")
        here = f"{variable_words(analyte)} {version}"
        if data["doubling"].nunique() < 2:
            rows.append(_refused(words, here, len(data), "no two different values"))
            continue
        own = ratios(material, data, Exposures({"doubling": words}), here)
        rows += [*({**row, "contrast": f"{words}, {version}"} for row in own), _straight(material, data, words, here)]
    return rows


def _refused(words: str, here: str, n: int, reason: str) -> dict[str, Any]:
    return {"analysis": "crude", "outcome": "death", "population": here, "variable": words, "term": "crude",
            "measure": "HR", "n": n, "note": f"not estimable: {reason}"}  # fmt: skip


def _straight(material: Material, data: pd.DataFrame, words: str, here: str) -> dict[str, Any]:
    """The row with the test that the log hazard is a straight line in the doubling."""
    row: dict[str, Any] = {
        "analysis": "straight line", "outcome": "death", "population": here, "variable": words, "term": "straight line",
        "contrast": f"{words}: curved against straight", "n": len(data), "events": int(data["os_event"].sum()),
        "method": "likelihood ratio test, crude",
    }  # fmt: skip
    try:
        found = cox_terms(
            data, "os_days", "os_event", [f"rcs(doubling, {_KNOTS})"], strata=material.config.model.strata
        ).tidy
    except NotEstimable as reason:
        return {**row, "note": f"not estimable: {reason}"}
    test = found[(found["contrast"] == "straight line") & found["method"].str.startswith("likelihood ratio")].iloc[0]
    return {**row, **{name: test[name] for name in ("statistic", "df", "p_value", "note")}}


def _cut(material: Material, frame: pd.DataFrame, cut: PublishedEvidence) -> list[dict[str, Any]]:
    """Above a published cut against not above it, by Firth's likelihood, with what was published."""
    words = f"CSF {_SHORT[cut.variable]} > {cut.threshold:g} {cut.unit}"
    contrast = f"{words} vs not above"
    data = frame.assign(side=above(frame, cut))
    data = _complete(data, "side")
    here = "published cut, as counted and without the blood of the needle alike"
    sides = {"above": words, "not above": "not above"}
    n = int((data["side"] == "above").sum())
    if data["side"].nunique() < 2:
        what = "nobody lies above the cut" if not n else "everybody lies above the cut"
        rows = [{**_refused(words, here, len(data), what), "contrast": contrast, "events": data["os_event"].sum()}]
    else:
        exposures = Exposures({"side": words}, sides, {"side": "not above"})
        rows = ratios(material, data, exposures, here, penalised=True)
        rows = [{**row, "contrast": contrast if row.get("contrast", contrast) else ""} for row in rows]
    row = {
        "analysis": "published", "outcome": cut.outcome, "population": f"published: {cut.source}", "variable": words,
        "term": "published", "contrast": contrast, "n": cut.n, "measure": cut.measure,
        "scale": "log" if cut.measure else "",
        "estimate": cut.estimate, "conf_low": cut.conf_low, "conf_high": cut.conf_high,
        "note": f"{cut.status}; {cut.note}; groups and deaths not printed", "method": "as published",
    }  # fmt: skip
    return [*rows, row]


_SHORT = {WBC: "cells", PROTEIN: "protein"}


def above(frame: pd.DataFrame, cut: PublishedEvidence) -> pd.Series:
    """'above' or 'not above' a published cut, by the value as counted and without the blood of the needle alike.

    Missing where the two disagree, or where a limit of measurement leaves it open. Raises ValueError without a cut.
    """
    if cut.threshold is None:
        raise ValueError(f"{cut.key!r} is no cut")
    raw = frame[cut.variable].astype(float)
    clean = without_blood(frame, cut.variable).astype(float) if RBC in frame else raw
    over, under = (raw > cut.threshold) & (clean > cut.threshold), (raw <= cut.threshold) & (clean <= cut.threshold)
    marks = frame.get(f"{cut.variable}_censored")
    if marks is not None:
        over, under = over & (marks != "left"), under & (marks != "right")
        over |= (marks == "right") & (raw >= cut.threshold) & (clean >= cut.threshold)
    words = np.select([over, under], ["above", "not above"], default="")
    return pd.Series(words, index=frame.index, dtype=object).where(over | under)


def _beyond(frame: pd.DataFrame, analytes: list[str]) -> Iterator[str]:
    for name in analytes:
        marks = frame.get(f"{name}_censored")
        n = 0 if marks is None else int(marks.isin(["left", "right"]).sum())
        if n:
            values, verb = ("value lies", "enters") if n == 1 else ("values lie", "enter")
            words = variable_words(name)
            yield f"{words}: {n} {values} beyond a limit of measurement and {verb} the slopes as that limit."
