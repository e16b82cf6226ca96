"""How far two or more readings of the same patients agree: kappa and its relatives, as Results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Floats, column, labels
from neurohlh.stats.describe.kappa import (
    Agreement,
    cohen_kappa,
    fleiss_kappa,
    fleiss_null_std_error,
    gwet_ac1,
    null_std_error,
    pabak,
    specific_agreement,
)
from neurohlh.stats.recipe import software, z_value
from neurohlh.stats.status import INDETERMINATE, NOT_APPLICABLE
from neurohlh.stats.survival_data import first_reasons

UNDECIDED = ("own category", "left out")


def kappa(
    frame: pd.DataFrame,
    first: str,
    second: str,
    *,
    weights: str = "none",
    order: Sequence[str] | None = None,
    undecided: str = "own category",
    conf_level: float = 0.95,
) -> Result:
    """Agreement of two readings of the same patients: the columns `first` and `second` hold words or true/false.

    `weights` ("linear", "quadratic") need the `order` of the categories. `undecided` says what an indeterminate reading
    is: a category of its own, or left out and counted; missing and not-applicable readings are always left out and
    counted. Rows: "agreement" (observed), "kappa" with its test, "PABAK", "AC1", for two categories the "prevalence
    index" and "bias index", "specific agreement" on each category (`level`), and the cells of the table ("cell":
    `level` first / second). Raises ValueError for wrong columns or options, NotEstimable without patients who have
    both.
    """
    if undecided not in UNDECIDED:
        raise ValueError(f"undecided must be one of {', '.join(UNDECIDED)}, not {undecided!r}")
    if weights != "none" and order is None:
        raise ValueError("weights need the order of the categories")
    a, b, names, dropped = _readings(frame, (first, second), order, undecided)
    table = np.zeros((len(names), len(names)))
    places = {name: i for i, name in enumerate(names)}
    np.add.at(table, ([places[v] for v in a], [places[v] for v in b]), 1.0)
    shared = {"analysis": "agreement", "variable": f"{first} and {second}", "n": len(a)}
    rows = [*_kappa_rows(table, weights, z_value(conf_level)), *_specific_rows(table, names), *_cell_rows(table, names)]
    return Result(
        kind="agreement",
        tidy=tidy_frame([{**shared, **row} for row in rows]),
        checks=check_frame(_kappa_checks(table, names)),
        method=_method(f"Cohen's kappa, weights: {weights}", undecided, conf_level),
        counts={"supplied": len(frame), "used": len(a), "dropped": dropped},
    )


def _readings(
    frame: pd.DataFrame, columns: Sequence[str], order: Sequence[str] | None, undecided: str
) -> tuple[Any, ...]:
    found = [labels(column(frame, name)) for name in columns]
    reasons = {}
    for name, (texts, _) in zip(columns, found, strict=True):
        reasons[f"missing {name}"] = np.array([t is None for t in texts], dtype=bool)
        reasons[f"{name} not applicable"] = texts == NOT_APPLICABLE
        if undecided == "left out":
            reasons[f"{name} undecided"] = texts == INDETERMINATE
    kept, dropped = first_reasons(reasons, len(frame))
    if not kept.any():
        raise NotEstimable("no patient has all readings")
    used = [texts[kept] for texts, _ in found]
    seen = list(dict.fromkeys(level for _, levels in found for level in levels))
    names = [level for level in (order or seen) if order or any((texts == level).any() for texts in used)]
    strange = sorted(set(np.concatenate(used)) - set(names))
    if strange:
        raise ValueError(f"the order lacks the categories {', '.join(strange)}")
    return (*used, names, dropped)


def _coefficient(term: str, found: Agreement, z: float) -> dict[str, Any]:
    row = {"term": term, "measure": term, "scale": "identity", "estimate": found.value}
    if not found.std_error > 0:
        return {**row, "note": "limits not estimable: the variance is 0"}
    half = z * found.std_error
    low, high = max(-1.0, found.value - half), min(1.0, found.value + half)
    return {**row, "conf_low": low, "conf_high": high, "coef": found.value, "std_error": found.std_error}


def _null_test(found: Agreement, std_error: float) -> dict[str, Any]:
    """Kappa over its standard error without agreement; none where a reading never varies."""
    if not std_error > 1e-12:
        return {"note": "test not estimable: one reading is always the same"}
    statistic = found.value / std_error
    return {"statistic": statistic, "p_value": float(2 * norm.sf(abs(statistic)))}


def _kappa_rows(table: Floats, weights: str, z: float) -> list[dict[str, Any]]:
    p = table / table.sum()
    rows: list[dict[str, Any]] = [
        {"term": "agreement", "measure": "proportion", "events": np.trace(table), "estimate": float(np.trace(p))}
    ]
    try:
        found = cohen_kappa(table, weights)
        rows.append(
            {**_coefficient("kappa", found, z), **_null_test(found, null_std_error(table, weights)), "method": weights}
        )
    except NotEstimable as error:
        return [*rows, {"term": "kappa", "measure": "kappa", "note": f"not estimable: {error}"}]
    rows += [{"term": "PABAK", "measure": "PABAK", "estimate": pabak(table)}, _coefficient("AC1", gwet_ac1(table), z)]
    if len(table) == 2:
        rows.append({"term": "prevalence index", "measure": "index", "estimate": float(p[0, 0] - p[1, 1])})
        rows.append({"term": "bias index", "measure": "index", "estimate": float(p[0, 1] - p[1, 0])})
    return rows


def _specific_rows(table: Floats, names: Sequence[str]) -> list[dict[str, Any]]:
    found = [(name, specific_agreement(table, i)) for i, name in enumerate(names)]
    return [{"term": "specific agreement", "level": name, "measure": "proportion", "estimate": p} for name, p in found]


def _cell_rows(table: Floats, names: Sequence[str]) -> list[dict[str, Any]]:
    rows = []
    for (i, j), count in np.ndenumerate(table):
        rows.append({"term": "cell", "level": f"{names[i]} / {names[j]}", "measure": "count", "estimate": count})
    return rows


def _kappa_checks(table: Floats, names: Sequence[str]) -> list[dict[str, Any]]:
    shares = (table.sum(axis=0) + table.sum(axis=1)) / (2 * table.sum())
    top = int(np.argmax(shares))
    row: dict[str, Any] = {"check": "prevalence", "term": "GLOBAL", "value": shares[top]}
    if shares[top] <= 0.9:
        return [{**row, "verdict": "ok", "note": ""}]
    said = f"{names[top]} makes up {shares[top]:.0%} of the readings: kappa is low however much they agree"
    return [{**row, "verdict": "attention", "note": said}]


def agreement_of_many(
    frame: pd.DataFrame, readings: Sequence[str], *, undecided: str = "own category", conf_level: float = 0.95
) -> Result:
    """Fleiss' kappa of several readings (columns) of the same patients: raters, or definitions held side by side.

    `undecided` as for `kappa`; patients without all readings are dropped and counted. Rows: "agreement" (the mean share
    of agreeing pairs), "Fleiss' kappa" with its test, and one per category ("category": that category against the
    rest). Raises as `kappa` does.
    """
    if undecided not in UNDECIDED:
        raise ValueError(f"undecided must be one of {', '.join(UNDECIDED)}, not {undecided!r}")
    if len(readings) < 2:
        raise ValueError("agreement needs at least two readings")
    *used, names, dropped = _readings(frame, readings, None, undecided)
    counts = np.column_stack([np.sum([texts == name for texts in used], axis=0) for name in names]).astype(float)
    z = z_value(conf_level)
    rows = [_fleiss_row("Fleiss' kappa", "", counts, z)]
    shared = {"analysis": "agreement", "variable": ", ".join(readings), "n": len(counts)}
    r = len(readings)
    pairs = float((((counts**2).sum(axis=1) - r) / (r * (r - 1))).mean())
    rows.append({"term": "agreement", "measure": "proportion", "estimate": pairs})
    if len(names) > 2:
        for j, name in enumerate(names):
            rows.append(_fleiss_row("category", name, np.column_stack([counts[:, j], r - counts[:, j]]), z))
    return Result(
        kind="agreement",
        tidy=tidy_frame([{**shared, **row} for row in rows]),
        method=_method("Fleiss' kappa", undecided, conf_level),
        counts={"supplied": len(frame), "used": len(counts), "dropped": dropped},
    )


def _fleiss_row(term: str, level: str, counts: Floats, z: float) -> dict[str, Any]:
    try:
        found = fleiss_kappa(counts)
    except NotEstimable as error:
        return {"term": term, "level": level, "measure": "kappa", "note": f"not estimable: {error}"}
    row = {**_coefficient(term, found, z), "level": level, "measure": "kappa"}
    return {**row, **_null_test(found, fleiss_null_std_error(counts))}


def _method(estimator: str, undecided: str, conf_level: float) -> dict[str, Any]:
    many = estimator.startswith("Fleiss")
    return {
        "estimator": estimator,
        "variance": "jackknife over patients" if many else "Fleiss, Cohen & Everitt; AC1: Gwet",
        "interval": "Wald",
        "test": "kappa = 0, with the standard error under that hypothesis",
        "correction": "none",
        "undecided": undecided,
        "conf_level": conf_level,
        "denominator": "patients with all readings",
        "software": software("numpy", "scipy"),
        "reference": ["Fleiss 1971, Psychol Bull 76:378", "Fleiss, Nee & Landis 1979, Psychol Bull 86:974"]
        if many
        else [
            "Cohen 1960, Educ Psychol Meas 20:37",
            "Fleiss, Cohen & Everitt 1969, Psychol Bull 72:323",
            "Byrt, Bishop & Carlin 1993, J Clin Epidemiol 46:423",
            "Gwet 2008, Br J Math Stat Psychol 61:29",
            "Cicchetti & Feinstein 1990, J Clin Epidemiol 43:551",
        ],
    }
