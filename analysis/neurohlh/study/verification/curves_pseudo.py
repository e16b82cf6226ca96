"""Pseudo-observations and their regressions against R's survival and geepack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from neurohlh.stats.curves.pseudo import pseudo_observations
from neurohlh.stats.curves.pseudo_regression import pseudo_regression
from neurohlh.study.verification.case import Case, Compared
from neurohlh.study.verification.curves import lung
from neurohlh.study.verification.reference import Entry, dataset

_COVARIATES = ["age", "sex", "ph.ecog"]
_ROUNDING = 1e-9


def _rmst_regression(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    options: dict[str, Any] = {"times": [365], "kind": "rmst", "jackknife": "infinitesimal"}
    values = pseudo_observations(lung(), "time", "death", **options)
    yield Compared("pseudo-observations", r["pseudo_first10"], values[365.0].head(10))
    tidy = pseudo_regression(lung(), "time", "death", _COVARIATES, **options).tidy
    yield Compared("coefficients", r["coef"], tidy["coef"])
    yield Compared("standard errors", r["se"], tidy["std_error"])


def _leave_one_out(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    values = pseudo_observations(lung(), "time", "death", times=[365])[365.0]
    yield Compared("pseudo-observations", r["pseudo_first10"], values.head(10))
    yield Compared("mean, standard deviation", [r["mean"], r["sd"]], [values.mean(), values.std()])


def _pseudo(entry: Entry) -> Iterator[Compared]:
    frame = dataset(entry.data)
    for kind in ("survival", "rmst"):
        for jackknife, prefix in (("leave-one-out", ""), ("infinitesimal", "infinitesimal_")):
            options: dict[str, Any] = {"times": [500], "kind": kind, "jackknife": jackknife}
            got = pseudo_observations(frame, "futime", "fustat", **options)
            yield Compared(f"{kind}, {jackknife}", entry.values[f"{prefix}{kind}_500"], got, zero=_ROUNDING)


def _regression(entry: Entry) -> Iterator[Compared]:
    frame = lung().dropna(subset=["inst"])
    for name in ("identity", "log", "cloglog", "rmst_cluster"):
        rmst = name == "rmst_cluster"
        options: dict[str, Any] = {"times": [365], "kind": "rmst", "cluster": "inst"} if rmst else {"link": name}
        found = pseudo_regression(frame, "time", "death", _COVARIATES, **{"times": [180, 365], **options})
        r = entry.values[name]
        yield Compared(f"coefficients, {name}", r["coef"], np.asarray(found.tidy["coef"]))
        yield Compared(f"standard errors, {name}", r["se"], np.asarray(found.tidy["std_error"]))


CASES = (
    Case("pseudo_rmst_lung_365", _rmst_regression),
    Case("pseudo_surv_exact_jackknife_lung_365", _leave_one_out),
    Case("curves_pseudo", _pseudo),
    Case("curves_pseudo_regression", _regression),
)
