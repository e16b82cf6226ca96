"""The main line beside everything that the untested could change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import forest
from neurohlh.core.result import Result, tidy_frame
from neurohlh.study.follow import EXPOSURE
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.part import Results
from neurohlh.study.parts.testing.at_landmark import NUMBERS, TERMS, at_risk, forest_rows

MAIN = "decided at baseline (the main line)"
_ANALYSES = {"cox_crude": "crude", "cox_adjusted": "adjusted"}


def compared(material: Material, results: Results) -> Result:
    """Hazard ratios from the landmark: the main line, bounds, weighted, imputed; the numbers of the other tables."""
    main = results.get("cox")
    if main is None:
        raise NotEstimable("there is no Cox model of the main line to compare with")
    adjusted = bool(material.adjustment(material.followed().frame).terms)
    own = _exposure(main.tidy)
    sizes = {k: (part["n"].sum(), part["events"].sum()) for k, part in own.groupby("analysis")}
    rows = _rows(own, sizes, MAIN, adjusted)
    if "cox_bounds" in results:
        bounds, frame = results["cox_bounds"], at_risk(material).frame
        sizes = {
            "cox_crude": (len(frame), frame["os_event"].sum()),
            "cox_adjusted": (bounds.counts["used"], bounds.counts["events"]),
        }
        rows += _rows(_exposure(bounds.tidy), sizes, "", adjusted)
    for name in ("testing_weighted", "testing_imputed"):
        found = results[name].tidy if name in results else pd.DataFrame(columns=["measure"])
        rows += [{str(k): v for k, v in r.items()} for r in found[found["measure"] == "HR"].to_dict("records")]
    result = main.with_(
        kind="testing_compared",
        tidy=tidy_frame([{**row, "analysis": "comparison"} for row in rows]),
        checks=main.checks.iloc[:0],
        counts={k: v for k, v in main.counts.items() if k in ("supplied", "used", "events", "dropped")},
        notes=(
            "The main line leaves the undecided out. The others are sensitivities: bounds, weights and imputation rest "
            "on different assumptions and speak of different patients; none replaces it.",
            "A hazard ratio changes with the patients and covariates of its model even without any bias.",
        ),
    )
    drawn = [{**row, "role": "main" if row["label"] == MAIN else "other"} for row in forest_rows(rows)]
    return forest(result, drawn, axis="Hazard ratio of death, CNS involved against not")


def _exposure(tidy: pd.DataFrame) -> pd.DataFrame:
    """The exposure's rows of a Cox table, reference included."""
    return tidy[(tidy["variable"] == EXPOSURE) & tidy["analysis"].isin(list(_ANALYSES))]


def _rows(
    own: pd.DataFrame, sizes: Mapping[Any, tuple[float, float]], population: str, adjusted: bool
) -> list[dict[str, Any]]:
    """The hazard ratios as rows, with the patients and deaths of the whole model."""
    rows = []
    for r in own[~own["is_reference"]].to_dict("records"):
        analysis = _ANALYSES[r["analysis"]]
        if analysis == "adjusted" and not adjusted:
            continue
        n, events = sizes[r["analysis"]]
        numbers = {name: r[name] for name in (*NUMBERS, "method", "note")}
        shown = population or r["population"]
        rows.append({**numbers, "population": shown, "term": TERMS[analysis], "n": n, "events": events})
    return rows
