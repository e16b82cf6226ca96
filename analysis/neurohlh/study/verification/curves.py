"""Kaplan-Meier and Nelson-Aalen curves against R's survival package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.stats.curves.kaplan_meier import kaplan_meier, reverse_kaplan_meier
from neurohlh.stats.curves.limits import CONF_TYPES
from neurohlh.stats.curves.nelson_aalen import nelson_aalen
from neurohlh.study.verification.case import Case, Compared
from neurohlh.study.verification.reference import Entry, dataset

_LIMITS = ["estimate", "conf_low", "conf_high"]
_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


def lung() -> pd.DataFrame:
    """The lung data with death, and the fractional weights of the weighted entries."""
    return dataset("survival_lung").assign(death=lambda d: d["status"] == 2, w=lambda d: 0.5 + d["age"] % 7 / 4)


def heart() -> pd.DataFrame:
    """The start-stop heart data with the weights of the weighted entries."""
    return dataset("survival_heart").assign(w=lambda d: 0.5 + d["id"] % 5 / 3)


def veteran() -> pd.DataFrame:
    """The veteran data with cell types in R's order."""
    levels = ["squamous", "smallcell", "adeno", "large"]
    return dataset("survival_veteran").assign(celltype=lambda d: pd.Categorical(d["celltype"], levels))


def pbc() -> pd.DataFrame:
    """The 312 randomised patients of pbc with death."""
    return dataset("survival_pbc").iloc[:312].assign(death=lambda d: d["status"] == 2)


def colon() -> pd.DataFrame:
    """The colon data with death as the event."""
    return dataset("survival_colon").query("etype == 2")


def rotterdam() -> pd.DataFrame:
    """The rotterdam data with the weights of the weighted entries."""
    return dataset("derived_rotterdam_iptw").assign(w=lambda d: 1 + d["age"] % 4 / 3)


def survival_rows(tidy: pd.DataFrame) -> pd.DataFrame:
    """The rows of survival at chosen times."""
    return tidy[tidy["measure"] == "survival"]


def _at_times(values: Mapping[str, Any], tidy: pd.DataFrame, se: str = "se") -> Iterator[Compared]:
    rows = survival_rows(tidy)
    yield Compared("survival", values["surv"], rows["estimate"])
    yield Compared("standard error", values[se], rows["std_error"])
    yield Compared("limits", [values["lower"], values["upper"]], [*rows["conf_low"], *rows["conf_high"]])


def _median(tidy: pd.DataFrame) -> pd.DataFrame:
    return tidy.loc[tidy["term"] == "median", _LIMITS]


def _interval(conf_type: str) -> Case:
    def compute(entry: Entry) -> Iterator[Compared]:
        r = entry.values
        options: dict[str, Any] = {"times": r["time"], "quantiles": (0.25, 0.75), "conf_type": conf_type}
        tidy = kaplan_meier(lung(), "time", "death", **options).tidy
        yield from _at_times(r, tidy, "std_err")
        yield Compared("at risk", r["n_risk"], survival_rows(tidy)["n"])
        yield Compared("median and its limits", r["median"], _median(tidy))
        quarters = tidy.loc[tidy["measure"] == "time to event, quantile", _LIMITS]
        yield Compared("quartiles and their limits", [r["q25"], r["q75"]], quarters)

    return Case(f"km_lung_{conf_type.replace('-', '')}", compute)


def _groups(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    tidy = kaplan_meier(lung(), "time", "death", by="sex", times=sorted(set(r["time"]))).tidy
    yield from _at_times(r, tidy, "std_err")
    yield Compared("at risk", r["n_risk"], survival_rows(tidy)["n"])
    yield Compared("medians and their limits", [row[6:9] for row in r["median"]["values"]], _median(tidy))


def _whole_curve(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    curves = kaplan_meier(lung(), "time", "death").curves.iloc[1:]
    names = {"time": "time", "n_risk": "n_risk", "n_event": "n_event", "n_censor": "n_censor", "survival": "surv"}
    for column, name in {**names, "conf_low": "lower", "conf_high": "upper"}.items():
        yield Compared(column.replace("_", " "), r[name], curves[column])
    yield Compared("standard error of log S", r["std_err_logS"], curves["std_error"] / curves["survival"])
    hazard = nelson_aalen(lung(), "time", "death").curves.iloc[1:]
    yield Compared("cumulative hazard", r["cumhaz_nelson_aalen"], hazard["hazard"])
    yield Compared("its standard error", r["std_chaz"], hazard["std_error"])


def _fleming_harrington(entry: Entry) -> Iterator[Compared]:
    options: dict[str, Any] = {"times": entry.values["time"], "ties": "fleming-harrington", "conf_type": "log"}
    yield from _at_times(entry.values, nelson_aalen(lung(), "time", "death", **options).tidy, "std_err")


def _weighted(entry: Entry) -> Iterator[Compared]:
    for name, robust in (("robust", None), ("naive", False)):
        r = entry.values[name]
        result = kaplan_meier(lung(), "time", "death", weights="w", robust=robust, times=r["time"])
        for compared in _at_times(r, result.tidy, "std_err"):
            yield Compared(f"{compared.quantity}, {name}", compared.expected, compared.got)
        at_risk = [result.curves.loc[result.curves["time"] >= t, "weight_risk"].iloc[0] for t in r["time"]]
        yield Compared(f"weight at risk, {name}", r["n_risk"], at_risk)


def _start_stop(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    options: dict[str, Any] = {"by": "transplant", "entry": "start", "id": "id", "times": sorted(set(r["time"]))}
    tidy = kaplan_meier(heart(), "stop", "event", **options).tidy
    yield from _at_times(r, tidy, "std_err")
    yield Compared("at risk", r["n_risk"], survival_rows(tidy)["n"])


def _follow_up(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    tidy = reverse_kaplan_meier(lung(), "time", "death").tidy
    yield Compared("median follow-up and its limits", [r[k] for k in ("median", "0.95LCL", "0.95UCL")], _median(tidy))
    yield Compared("patients, censored", [r["records"], r["events"]], tidy[["n", "events"]])


def _censoring(entry: Entry) -> Iterator[Compared]:
    frame = dataset(entry.data).assign(censored=lambda d: d["ev"] == 0)
    tidy = kaplan_meier(frame, "etime", "censored", times=entry.values["time"]).tidy
    yield Compared("not censored", entry.values["G"], survival_rows(tidy)["estimate"])


def _logit(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    options: dict[str, Any] = {"by": "sex", "times": sorted(set(r["time"])), "conf_type": "logit"}
    tidy = kaplan_meier(lung(), "time", "death", quantiles=_QUANTILES, **options).tidy
    yield from _at_times(r, tidy)
    yield Compared("quantiles and their limits", r["quantiles"], _all_quantiles(tidy))


def _all_quantiles(tidy: pd.DataFrame) -> list[float]:
    """Estimates of all groups, then lower limits, then upper ones, each by share: the order of R's quantile."""
    rows = tidy[tidy["measure"].isin(["median survival", "time to event, quantile"])]
    share = rows["term"].str.replace("quantile ", "").replace("median", "0.5").astype(float)
    group = rows["group"].map({name: i for i, name in enumerate(rows["group"].unique())})
    rows = rows.iloc[np.lexsort((share, group))]
    return [value for name in _LIMITS for value in rows[name]]


def _quantiles(name: str, frame: Any, columns: tuple[str, str], by: str | None = None) -> Case:
    def compute(entry: Entry) -> Iterator[Compared]:
        for conf_type in CONF_TYPES:
            found = kaplan_meier(frame(), *columns, by=by, times=(), quantiles=_QUANTILES, conf_type=conf_type)
            expected = entry.values[conf_type]
            yield Compared(f"quantiles and their limits, {conf_type}", expected, _all_quantiles(found.tidy))

    return Case(f"curves_quantiles_{name}", compute)


def _aml(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    frame = dataset(entry.data).assign(x=lambda d: pd.Categorical(d["x"], ["Maintained", "Nonmaintained"]))
    found = kaplan_meier(frame, "time", "status", by="x")
    curves = found.curves[found.curves["time"] > 0]
    names = {"time": "time", "n_risk": "n_risk", "survival": "surv", "conf_low": "lower", "conf_high": "upper"}
    for column, name in names.items():
        yield Compared(column.replace("_", " "), r[name], curves[column])
    medians = found.tidy.loc[found.tidy["term"] == "median", ["n", "events", *_LIMITS]]
    yield Compared("patients, events, medians and their limits", r["table"], medians)


def _entry(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    found = kaplan_meier(dataset(entry.data), "futime", "death", entry="entry", times=r["time"])
    yield from _at_times(r, found.tidy)
    yield Compared("at risk", r["n_risk"], survival_rows(found.tidy)["n"])
    yield Compared("most at risk", r["max_risk"], found.curves["n_risk"].max())


def _edges(entry: Entry) -> Iterator[Compared]:
    frame = dataset(entry.data)
    for case, by_type in entry.values.items():
        own = frame[frame["case"] == case]
        weights, entered = ("weight" if (own["weight"] != 1).any() else None), (own["entry"] > 0).any()
        for conf_type, r in by_type.items():
            options: dict[str, Any] = {
                "conf_type": conf_type,
                "weights": weights,
                "entry": "entry" if entered else None,
            }
            found = kaplan_meier(own, "time", "event", times=(), **options)
            curves = found.curves[found.curves["time"].isin(np.atleast_1d(r["time"]))]
            yield Compared(f"{case}: survival, {conf_type}", r["surv"], curves["survival"])
            at_risk = curves["weight_risk" if weights else "n_risk"]
            yield Compared(f"{case}: at risk, {conf_type}", r["n_risk"], at_risk)
            yield Compared(
                f"{case}: median, {conf_type}", np.atleast_1d(r["median"])[0], _median(found.tidy)["estimate"]
            )
            inside = curves["survival"].between(0, 1, inclusive="neither").to_numpy()
            for column, name in (("std_error", "se"), ("conf_low", "lower"), ("conf_high", "upper")):
                if inside.any():
                    theirs = np.array(np.atleast_1d(r[name]), dtype=float)[inside]
                    yield Compared(f"{case}: {column.replace('_', ' ')}, {conf_type}", theirs, curves[column][inside])


def _weights_entry_id(entry: Entry) -> Iterator[Compared]:
    heart_times, lung_times = (30, 100, 365), (100, 365, 730)
    start_stop: dict[str, Any] = {"time": "stop", "event": "event", "entry": "start", "id": "id", "times": heart_times}
    whole = lung().assign(w=lambda d: 1 + d["age"] % 3)
    lungs: dict[str, Any] = {"time": "time", "event": "death", "times": lung_times}
    analyses: dict[str, tuple[pd.DataFrame, dict[str, Any]]] = {
        "robust": (heart(), {**start_stop, "weights": "w", "by": "transplant"}),
        "robust_one_curve": (heart(), {**start_stop, "weights": "w", "conf_type": "log"}),
        "id_only": (heart(), start_stop),
        "naive": (heart(), {**start_stop, "weights": "w", "robust": False}),
        "cluster": (lung(), {**lungs, "cluster": "inst"}),
        "whole_weights": (whole, {**lungs, "weights": "w"}),
        "iptw": (
            rotterdam(), {"time": "dtime", "event": "death", "by": "hormon", "weights": "w", "times": (1000, 3000)}
        ),
    }  # fmt: skip
    for name, (frame, options) in analyses.items():
        for compared in _at_times(entry.values[name], kaplan_meier(frame, **options).tidy):
            yield Compared(f"{name.replace('_', ' ')}: {compared.quantity}", compared.expected, compared.got)


def _hazard(entry: Entry) -> Iterator[Compared]:
    fleming: dict[str, Any] = {"ties": "fleming-harrington"}
    weighted: dict[str, Any] = {"weights": "w"}
    analyses: dict[str, dict[str, Any]] = {
        "nelson": {},
        "fleming": fleming,
        "fleming_weighted": {**fleming, **weighted, "conf_type": "log"},
        "nelson_weighted": {**weighted, "conf_type": "plain"},
        "fleming_naive": {**fleming, **weighted, "conf_type": "log", "robust": False},
    }
    found = {name: nelson_aalen(lung(), "time", "death", times=(50, 365, 883), **o) for name, o in analyses.items()}
    options: dict[str, Any] = {**fleming, "entry": "start", "conf_type": "logit", "times": (10, 100, 900)}
    found["entry"] = nelson_aalen(heart(), "stop", "event", **options)
    for name, result in found.items():
        r = entry.values[name]
        # With weights R 3.5-3 reads the standard error of log exp(-H) as that of exp(-H) for Nelson-Aalen.
        shown = () if name == "nelson_weighted" else _at_times(r, result.tidy)
        for compared in shown:
            yield Compared(f"{name.replace('_', ' ')}: {compared.quantity}", compared.expected, compared.got)
        hazard = result.tidy[result.tidy["measure"] == "cumulative hazard"]
        yield Compared(f"{name.replace('_', ' ')}: cumulative hazard", r["cumhaz"], hazard["estimate"])
        yield Compared(f"{name.replace('_', ' ')}: its standard error", r["std_chaz"], hazard["std_error"])


CASES = (
    *map(_interval, ("log-log", "log", "plain", "arcsin")),
    Case("km_lung_sex_loglog", _groups),
    Case("km_lung_full_curve", _whole_curve),
    Case("km_lung_fh_tsiatis", _fleming_harrington),
    Case("km_weighted_lung", _weighted),
    Case("km_startstop_heart", _start_stop),
    Case("reverse_km_followup_lung", _follow_up),
    Case("censoring_km_mgus2", _censoring),
    Case("curves_logit_lung_sex", _logit),
    _quantiles("colon", colon, ("time", "status"), "rx"),
    _quantiles("ovarian", lambda: dataset("survival_ovarian"), ("futime", "fustat")),
    _quantiles("veteran", veteran, ("time", "status"), "celltype"),
    _quantiles("pbc", pbc, ("time", "death")),
    Case("curves_aml_curve", _aml),
    Case("curves_myeloma_entry", _entry),
    Case("curves_edges", _edges),
    Case("curves_weights_entry_id", _weights_entry_id),
    Case("curves_hazard", _hazard),
)
