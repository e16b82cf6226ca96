"""Survival curves with their risk table: Kaplan-Meier (plain, weighted, by stratum), Simon and Makuch, standardised."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.report.figures import panels
from neurohlh.report.figures.look import Drawing
from neurohlh.report.figures.risk import heading, risk_rows, suppressed_note
from neurohlh.report.figures.time_axis import time_axis, unit_of
from neurohlh.report.names import Names


def kaplan_meier(
    result: Result,
    names: Names,
    *,
    x_label: str | None = None,
    width: float = panels.WIDTH,
    risk: Sequence[str] | None = None,
    censor_marks: bool = True,
    bands: bool = True,
    medians: bool = False,
    test: bool = True,
    unit: str = "auto",
) -> Drawing:
    """Curves with limits and censor ticks; below them who is at risk; thin where few are.

    `risk` names what the risk table counts, of n_risk, weight_risk, n_event and n_censor (the latter two until then);
    an empty one leaves it out, None shows patients and deaths, or patients and their weights under weights. `medians`
    draws and writes them, `test` writes the p value that the Result carries, `unit` is auto, days, months or years.
    A column `panel` of the curves makes a plot per stratum, each with its own risk table.
    """
    wanted = _wanted(result) if risk is None else tuple(risk)
    groups = list(dict.fromkeys(result.curves["group"]))
    labels = {g: names.say(names.group(g)) for g in groups}
    ticks, texts, axis_label = time_axis(result, unit, x_label, names)
    made = tuple(
        panels.Panel(_title(name, names), _curves(part, result, name), rows=risk_rows(result, wanted, name))
        for name, part in _by_panel(result.curves)
    )
    notes = (
        *_said(result, names, labels, test=test),
        *(_median_notes(result, names, labels, ticks, unit) if medians else ()),
        *suppressed_note(made, names),
    )
    sheet = panels.Sheet(
        made, labels, ticks, texts, axis_label, names.say("Survival"), heading(wanted, "deaths", names), notes=notes,
        medians=medians, bands=bands, censor_marks=censor_marks,
    )  # fmt: skip
    return panels.draw(sheet, width)


def _wanted(result: Result) -> tuple[str, ...]:
    return ("n_risk", "weight_risk") if "weight_risk" in result.curves else ("n_risk", "n_event")


def _by_panel(curves: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    if "panel" not in curves:
        return [("", curves)]
    return [(str(name), part) for name, part in curves.groupby("panel", sort=False)]


def _title(panel: str, names: Names) -> str:
    return names.say(names.prose(panel)) if panel else ""


def _curves(part: pd.DataFrame, result: Result, panel: str) -> tuple[panels.Curve, ...]:
    return tuple(_curve(str(g), own, _median(result, str(g), panel)) for g, own in part.groupby("group", sort=False))


def _curve(group: str, part: pd.DataFrame, median: float | None) -> panels.Curve:
    numbers = {c: part[c].to_numpy(float) for c in ("time", "survival", "conf_low", "conf_high", "n_censor")}
    return panels.Curve(
        group, numbers["time"], numbers["survival"], numbers["conf_low"], numbers["conf_high"],
        part["sparse"].to_numpy(bool), numbers["n_censor"], median=median,
    )  # fmt: skip


def _median_rows(result: Result) -> pd.DataFrame:
    return result.tidy[(result.tidy["term"] == "median") & (result.tidy["measure"] == "median survival")]


def _median(result: Result, group: str, panel: str) -> float | None:
    rows = _median_rows(result)
    rows = rows[(rows["group"] == group) & (rows["population"].fillna("") == panel)]
    return float(rows["estimate"].iloc[0]) if len(rows) else None


def _median_notes(
    result: Result, names: Names, labels: Mapping[str, str], ticks: Sequence[float], unit: str
) -> tuple[str, ...]:
    rows = _median_rows(result)
    days, word = unit_of(ticks, unit)
    not_reached = names.say("not reached")
    said = []
    for row in rows[rows["population"].fillna("") == ""].to_dict("records"):
        median, low, high = (row[c] / days for c in ("estimate", "conf_low", "conf_high"))
        reached = not fmt.is_missing(median)
        value = fmt.with_interval(median, low, high, _SHOWN[word], open_end=not_reached) if reached else not_reached
        label = labels.get(str(row["group"]), str(row["group"]))
        said.append(names.say(f"{label}: median survival {value}, in {word.lower()}."))
    return tuple(said)


_SHOWN: dict[str, Callable[[float | None], str]] = {
    "Days": fmt.integer,
    "Months": lambda value: fmt.fixed(value, 1),
    "Years": lambda value: fmt.fixed(value, 2),
}


def _said(result: Result, names: Names, labels: Mapping[str, str], *, test: bool) -> tuple[str, ...]:
    picture = result.method.get("picture", {})
    notes = [names.say(text) for text in picture.get("notes", ())]
    tested = picture.get("test")
    if test and tested:
        notes.append(_test_words(tested, names, labels))
    return tuple(notes)


def _test_words(tested: Mapping[str, Any], names: Names, labels: Mapping[str, str]) -> str:
    said, p = tested["name"], fmt.p_equals(tested["p_value"])
    groups = [g for g in tested["groups"] if g in labels]
    if len(groups) == 2 and len(labels) > 2:
        return names.say(f"{said} of {labels[groups[0]]} and {labels[groups[1]]}: {p}.")
    return names.say(f"{said}: {p}.")


def standardised(
    result: Result, names: Names, *, x_label: str | None = None, width: float = panels.WIDTH, unit: str = "auto"
) -> Drawing:
    """Two averaged curves of one population: as if all were exposed, as if none were; limits at the times read off.

    There is no risk table, for nobody is at risk in a curve of predictions; the population is said instead.
    """
    curves = result.curves
    groups = list(dict.fromkeys(curves["group"]))
    labels = {g: names.say(_STANDARDISED.get(g, names.group(g))) for g in groups}
    ticks, texts, axis_label = time_axis(result, unit, x_label, names)
    made = tuple(
        panels.Curve(
            str(g), part["time"].to_numpy(float), part["survival"].to_numpy(float), points=_points(result, str(g))
        )
        for g, part in curves.groupby("group", sort=False)
    )
    people = fmt.integer(result.tidy["n"].max())
    said = names.say(f"Averaged over the same {people} patients; bars are intervals at the times of the table.")
    sheet = panels.Sheet(
        (panels.Panel("", made),), labels, ticks, texts, axis_label, names.say("Survival"), notes=(said,)
    )
    return panels.draw(sheet, width)


_STANDARDISED = {"met": "As if all had CNS involvement", "not_met": "As if none had CNS involvement"}


def _points(result: Result, group: str) -> tuple[tuple[float, float, float, float], ...]:
    tidy = result.tidy
    word = result.method.get("picture", {}).get("groups", {}).get(group, group)
    rows = tidy[(tidy["measure"] == "survival") & (tidy["group"] == word) & tidy["estimate"].notna()]
    found = rows[["time", "estimate", "conf_low", "conf_high"]].to_numpy(float)
    return tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in found if np.isfinite(c) and np.isfinite(d))


def adjusted(
    result: Result, names: Names, *, x_label: str | None = None, width: float = panels.WIDTH, bands: bool = True,
    unit: str = "auto",
) -> Drawing:  # fmt: skip
    """Curves that a Cox model predicts, one for each set of covariates asked for, with their limits."""
    curves = result.curves[result.curves["group"] != "baseline"]
    labels = {str(g): names.say(names.group(str(g))) for g in dict.fromkeys(curves["group"])}
    ticks, texts, axis_label = time_axis(result, unit, x_label, names)
    made = []
    for group, part in curves.groupby("group", sort=False):
        numbers = part[["time", "survival", "conf_low", "conf_high"]].to_numpy(float)
        time, value, low, high = np.vstack([[0.0, 1.0, 1.0, 1.0], numbers]).T  # the model's curve starts at its events
        made.append(panels.Curve(str(group), time, value, low, high))
    said = names.say("Predicted by the model for each set of covariates; not observed in a group.")
    sheet = panels.Sheet(
        (panels.Panel("", tuple(made)),), labels, ticks, texts, axis_label, names.say("Survival"), notes=(said,),
        bands=bands,
    )  # fmt: skip
    return panels.draw(sheet, width)
