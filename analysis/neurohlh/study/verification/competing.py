"""Competing risks against survival, cmprsk and riskRegression."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.stats.competing.cause_specific import cause_specific_cif, cause_specific_cox
from neurohlh.stats.competing.cumulative_incidence import cumulative_incidence
from neurohlh.stats.competing.fine_gray import fine_gray, fine_gray_cif, fine_gray_model
from neurohlh.stats.competing.gray_test import gray_test
from neurohlh.study.verification.case import Case, Compared
from neurohlh.study.verification.reference import Entry, dataset

_ENDS = ("estimate", "std_error", "conf_low", "conf_high")


def _survfit(entry: Entry) -> Iterator[Compared]:
    frame, names = dataset(entry.data), dict(zip(_ENDS, ("pstate", "std_err", "lower", "upper"), strict=True))
    for key, scale in (("log", "log"), ("loglog", "log-log"), ("plain", "plain")):
        r = entry.values[key]
        tidy = cumulative_incidence(
            frame, "etime", "ev", cause=1, censored=0, times=r["time"], conf_type=scale
        ).tidy.query("term == 'incidence at time'")
        for ours, theirs in names.items():
            expected = [[row[k] for row in r[theirs]] for k in (1, 2)]
            yield Compared(f"{scale}: {ours}", expected, tidy[ours])


def _cmprsk(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    yield from _est_var(dataset(entry.data), None, r, r["times"])


def _est_var(frame: pd.DataFrame, by: str | None, r: Mapping[str, Any], times: list[float]) -> Iterator[Compared]:
    found = cumulative_incidence(frame, "etime", "ev", cause=1, censored=0, by=by, times=times, variance="Aalen").tidy
    at = found[found["term"] == "incidence at time"].sort_values(["level", "group", "time"])
    yield Compared("incidence", r["est"], at["estimate"])
    yield Compared("Aalen's variance", r["var"], at["std_error"] ** 2)


def _gray_sex(entry: Entry) -> Iterator[Compared]:
    frame = dataset(entry.data)
    yield from _tests(frame, "sex", entry)
    yield from _est_var(frame, "sex", entry.values, [60, 120, 240])


def _tests(frame: pd.DataFrame, by: str, entry: Entry) -> Iterator[Compared]:
    tests = entry.values["tests"]
    found = [gray_test(frame, "etime", "ev", by, cause=k, censored=0).tidy.iloc[0] for k in (1, 2)]
    yield Compared("Gray's statistic", tests["stat"], [row["statistic"] for row in found])
    why = "R computes 1 - pchisq, which is rounded to 1e-16"
    p = [row["p_value"] for row in found]
    yield Compared("p", tests["pv"], p, zero=1e-9, why=why)


def _gray_three(entry: Entry) -> Iterator[Compared]:
    frame = dataset(entry.data)
    frame["age_group"] = pd.cut(frame["age"], [0, 60, 75, 200], labels=["lt60", "60-75", "gt75"])
    yield from _tests(frame, "age_group", entry)


_COVARIATES = ["age", "male", "mspike"]


def _fine_gray(frame: pd.DataFrame, cause: int = 1, **options: Any) -> pd.DataFrame:
    frame = frame.assign(male=frame["male"].astype(float))
    return fine_gray(frame, "etime", "ev", _COVARIATES, cause=cause, censored=0, **options).tidy


def _crr(entry: Entry) -> Iterator[Compared]:
    r, frame = entry.values, dataset(entry.data)
    found, model_based = _fine_gray(frame), _fine_gray(frame, variance="model")
    yield Compared("coefficients", r["coef"], found["coef"])
    yield Compared("standard errors", r["se"], found["std_error"])
    yield Compared("standard errors by the information", r["invinf_se"], model_based["std_error"])
    death = _fine_gray(frame, 2)
    yield Compared("death: coefficients", r["death_coef"], death["coef"])
    yield Compared("death: standard errors", r["death_se"], death["std_error"])
    model = fine_gray_model(frame, "etime", "ev", _COVARIATES, cause=1, censored=0)
    yield Compared("log-likelihoods", [r["loglik"], r["loglik_null"]], [model.fit.loglik, model.fit.loglik_null])
    patients = pd.DataFrame({"age": [60, 80], "male": [1, 0], "mspike": [1, 2]})
    predicted = fine_gray_cif(model, patients, r["pred_times"]).tidy.sort_values(["time", "level"])
    yield Compared("predicted incidence", r["pred_cif"], predicted["estimate"])


def _finegray(entry: Entry) -> Iterator[Compared]:
    r, frame = entry.values, dataset(entry.data)
    efron = _fine_gray(frame, ties="efron", variance="robust")
    yield Compared("Efron: coefficients", r["efron_coef"], efron["coef"])
    yield Compared("Efron: robust standard errors", r["efron_robust_se"], efron["std_error"])
    naive = _fine_gray(frame, ties="efron", variance="model")
    yield Compared("Efron: standard errors by the information", r["efron_naive_se"], naive["std_error"])
    breslow = _fine_gray(frame, censoring_ties="events first", variance="robust")
    yield Compared("Breslow: coefficients", r["breslow_coef"], breslow["coef"])
    yield Compared("Breslow: robust standard errors", r["breslow_robust_se"], breslow["std_error"])


def _cause_specific(entry: Entry) -> Iterator[Compared]:
    r, frame = entry.values, dataset(entry.data)
    frame["male"] = frame["male"].astype(float)
    tidy = cause_specific_cox(frame, "etime", "ev", _COVARIATES, cause=1, censored=0).tidy
    for name, outcome in (("pcm", "1"), ("death", "2")):
        found = tidy[tidy["outcome"] == outcome]
        yield Compared(f"{name}: coefficients", r[name]["coef"], found["coef"])
        yield Compared(f"{name}: standard errors", r[name]["se"], found["std_error"])
    patients = pd.DataFrame({"age": [60, 80], "male": [1, 0], "mspike": [1, 2]})
    said = ("etime", "ev", _COVARIATES, patients, r["csc_cif_times"])
    predicted = cause_specific_cif(frame, *said, cause=1, censored=0).tidy["estimate"]
    yield Compared("predicted incidence", r["csc_cif_pcm"], predicted)


def _melanoma(entry: Entry) -> pd.DataFrame:
    frame = dataset(entry.data)
    months = np.ceil(frame["time"] / 30.4375)
    male = (frame["sex"] == "Male").astype(float)
    return frame.assign(months=months, male=male, start=np.floor(months / 4))


def _melanoma_gray(entry: Entry) -> Iterator[Compared]:
    frame = _melanoma(entry)
    for rho in entry.values["rho"]:
        found = [
            gray_test(frame, "months", "status", "invasion", cause=k, censored=0, strata="ulcer", rho=rho)
            for k in (1, 2)
        ]
        yield Compared(f"rho {rho}", entry.values[f"rho{rho}"], [one.tidy.loc[0, "statistic"] for one in found])


def _melanoma_model(given: Entry, prefix: str, **options: Any) -> Iterator[Compared]:
    covariates = ["age", "thick", "male"]
    tidy = fine_gray(_melanoma(given), "months", "status", covariates, cause=1, censored=0, **options).tidy
    yield Compared(f"{prefix}coefficients", given.values[f"{prefix}coef"], tidy["coef"])
    yield Compared(f"{prefix}standard errors", given.values[f"{prefix}se"], tidy["std_error"])


def _melanoma_crr(entry: Entry) -> Iterator[Compared]:
    yield from _melanoma_model(entry, "")


def _melanoma_finegray(entry: Entry) -> Iterator[Compared]:
    yield from _melanoma_model(entry, "strata_", strata="ulcer", ties="efron", variance="robust")
    yield from _melanoma_model(entry, "entry_", entry="start", ties="efron")


def _pbc(entry: Entry) -> pd.DataFrame:
    frame = dataset(entry.data)
    months, row = np.ceil(frame["time"] / 30.4375), np.arange(1, len(frame) + 1)
    male = (frame["sex"] == "m").astype(float)
    whole = 1 + row % 3
    return frame.assign(months=months, male=male, start=np.floor(months / 4), w=whole, half=whole / 2)


def _pbc_survfit(entry: Entry) -> Iterator[Compared]:
    names = dict(zip(_ENDS, ("pstate", "std_err", "lower", "upper"), strict=True))
    used: dict[str, dict[str, Any]] = {"plain": {}, "weights": {"weights": "half"}, "entry": {"entry": "start"}}
    for key, options in used.items():
        r = entry.values[key]
        tidy = cumulative_incidence(
            _pbc(entry), "months", "status", cause=1, censored=0, times=r["time"], **options
        ).tidy.query("term == 'incidence at time'")
        for ours, theirs in names.items():
            yield Compared(f"{key}: {ours}", [[row[k] for row in r[theirs]] for k in (0, 1)], tidy[ours])


def _pbc_gray(entry: Entry) -> Iterator[Compared]:
    for rho in entry.values["rho"]:
        said = (_pbc(entry), "months", "status", "edema")
        found = [gray_test(*said, cause=k, censored=0, strata="sex", rho=rho).tidy.iloc[0] for k in (1, 2)]
        yield Compared(f"rho {rho}", entry.values[f"rho{rho}"], [row["statistic"] for row in found])


_PBC = ["age", "bili", "male"]


def _pbc_crr(entry: Entry) -> Iterator[Compared]:
    for k in (1, 2):
        tidy = fine_gray(_pbc(entry), "months", "status", _PBC, cause=k, censored=0).tidy
        yield Compared(f"cause {k}: coefficients", entry.values[f"coef{k}"], tidy["coef"])
        yield Compared(f"cause {k}: standard errors", entry.values[f"se{k}"], tidy["std_error"])


def _pbc_groups(entry: Entry) -> Iterator[Compared]:
    tidy = fine_gray(_pbc(entry), "months", "status", _PBC, cause=2, censored=0, censoring_groups="sex").tidy
    yield Compared("coefficients", entry.values["coef"], tidy["coef"])


def _pbc_weights(entry: Entry) -> Iterator[Compared]:
    options: dict[str, Any] = {"weights": "w", "censoring_ties": "events first", "variance": "robust"}
    tidy = fine_gray(_pbc(entry), "months", "status", _PBC, cause=2, censored=0, **options).tidy
    yield Compared("coefficients", entry.values["coef"], tidy["coef"])
    yield Compared("standard errors", entry.values["se"], tidy["std_error"])


def _pbc_risks(entry: Entry) -> Iterator[Compared]:
    frame, times = _pbc(entry), entry.values["times"]
    patients = pd.DataFrame({"age": [40, 60], "bili": [1, 5], "male": [0.0, 1.0]})
    model = fine_gray_model(frame, "months", "status", _PBC, cause=2, censored=0)
    predicted = fine_gray_cif(model, patients, times).tidy["estimate"]
    why = "FGR stops at crr's default tolerance of 1e-6"
    yield Compared("FGR", entry.values["fgr"], predicted, tolerance=1e-5, why=why)
    said = ("months", "status", _PBC, patients, times)
    predicted = cause_specific_cif(frame, *said, cause=2, censored=0).tidy["estimate"]
    yield Compared("CSC", entry.values["csc"], predicted)


CASES = (
    Case("competing_melanoma_gray", _melanoma_gray),
    Case("competing_melanoma_crr_ties", _melanoma_crr),
    Case("competing_melanoma_finegray_strata_entry", _melanoma_finegray),
    Case("competing_pbc_survfit", _pbc_survfit),
    Case("competing_pbc_gray", _pbc_gray),
    Case("competing_pbc_crr", _pbc_crr),
    Case("competing_pbc_crr_cengroup", _pbc_groups),
    Case("competing_pbc_finegray_weights", _pbc_weights),
    Case("competing_pbc_riskregression", _pbc_risks),
    Case("cause_specific_mgus2", _cause_specific),
    Case("finegray_mgus2_crr", _crr),
    Case("finegray_mgus2_coxph", _finegray),
    Case("cuminc_mgus2_survfit", _survfit),
    Case("cuminc_mgus2_cmprsk", _cmprsk),
    Case("gray_test_mgus2_sex", _gray_sex),
    Case("gray_test_3groups_mgus2", _gray_three),
)
