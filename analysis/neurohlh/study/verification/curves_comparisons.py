"""The log-rank family, restricted mean survival time and differences of survival against R."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.result import Result
from neurohlh.stats.curves.correction import adjusted
from neurohlh.stats.curves.logrank import logrank
from neurohlh.stats.curves.logrank_sums import Family, Sample, family_sums
from neurohlh.stats.curves.rmst import rmst
from neurohlh.stats.curves.survival_difference import survival_difference
from neurohlh.study.verification.case import Case, Compared
from neurohlh.study.verification.curves import colon, heart, lung, pbc, rotterdam, veteran
from neurohlh.study.verification.reference import Entry, dataset

_TEST = ["statistic", "df", "p_value"]
_WEIGHTINGS: dict[str, dict[str, Any]] = {
    "logrank": {},
    "gehan_wilcoxon": {"test": "gehan"},
    "tarone_ware": {"test": "tarone-ware"},
    "peto_peto_S_tilde": {"test": "peto-peto"},
    "modified_peto_peto_andersen": {"test": "modified-peto-peto"},
    **{
        f"FH_{rho:g}_{gamma:g}_lagged_KM": {"test": "fleming-harrington", "rho": rho, "gamma": gamma}
        for rho, gamma in ((1, 0), (0, 1), (1, 1), (0.5, 0.5))
    },
}


def _part(result: Result, term: str) -> pd.DataFrame:
    return result.tidy[result.tidy["term"] == term]


def _covariance(frame: pd.DataFrame, columns: tuple[str, str, str], strata: str | None) -> Any:
    time, event, by = columns
    known = frame.dropna(subset=[strata] if strata else [])
    group, names = pd.factorize(known[by], sort=True)
    stratum = pd.factorize(known[strata])[0] if strata else np.zeros(len(known), dtype=int)
    happened = known[event].to_numpy() == 1
    sample = Sample(known[time].to_numpy(float), happened, None, group, stratum, len(names))
    return family_sums(sample, Family()).variance


def _logrank(entry: str, frame: Any, columns: tuple[str, str, str], strata: str | None = None) -> Case:
    def compute(reference: Entry) -> Iterator[Compared]:
        r = reference.values
        result = logrank(frame(), *columns, strata=strata)
        groups = _part(result, "group")
        yield Compared("observed", r["obs"], groups["events"])
        yield Compared("expected", r["exp"], groups["estimate"])
        yield Compared("observed minus expected", np.subtract(r["obs"], r["exp"]), groups["coef"])
        yield Compared("its standard error", np.sqrt(np.diag(r["var"])), groups["std_error"])
        yield Compared("covariance", r["var"], _covariance(frame(), columns, strata))
        yield Compared("chi-square, df, p", [r["chisq"], r["df"], r["p"]], _part(result, "test")[_TEST])

    return Case(entry, compute)


def _weightings(entry: str, frame: Any, columns: tuple[str, str, str]) -> Case:
    def compute(reference: Entry) -> Iterator[Compared]:
        for name, options in _WEIGHTINGS.items():
            r = reference.values[name]
            result = logrank(frame(), *columns, **options)
            first = _part(result, "group").iloc[0]
            got = [first["coef"], first["std_error"] ** 2, first["coef"] / first["std_error"]]
            yield Compared(f"{name}: U, V, z", [r["U"], r["V"], r["z"]], got)
            yield Compared(
                f"{name}: chi-square, p", [r["chisq"], r["p"]], _part(result, "test")[["statistic", "p_value"]]
            )

    return Case(entry, compute)


def _trend(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    for scores in (True, r["scores"], dict(zip("0123", r["scores"], strict=True))):
        row = _part(logrank(lung(), "time", "death", "ph.ecog", trend=scores), "trend").iloc[0]
        word = "default" if scores is True else type(scores).__name__
        yield Compared(f"U, V, scores: {word}", [r["U"], r["V"]], [row["coef"], row["std_error"] ** 2])
        yield Compared(f"chi-square, p, scores: {word}", [r["chisq"], r["p"]], row[["statistic", "p_value"]])


def _survdiff(entry: Entry) -> Iterator[Compared]:
    half, one = ({"test": "fleming-harrington", "rho": rho} for rho in (0.5, 1))
    extent = colon().assign(block=lambda d: d["extent"] * 10 + d["node4"])
    analyses: dict[str, tuple[pd.DataFrame, tuple[str, str, str], dict[str, Any]]] = {
        "colon_rx": (colon(), ("time", "status", "rx"), {}),
        "colon_rx_half_strata": (extent, ("time", "status", "rx"), {**half, "strata": "block"}),
        "pbc_stage_rho1": (pbc(), ("time", "death", "stage"), one),
        "pbc_trt_strata": (pbc(), ("time", "death", "trt"), {"strata": "stage"}),
        "veteran_half_strata": (veteran(), ("time", "status", "celltype"), {**half, "strata": "trt"}),
        "ovarian": (dataset("survival_ovarian"), ("futime", "fustat", "rx"), {}),
        "aml": (dataset("survival_aml"), ("time", "status", "x"), {}),
        "aml_rho1": (dataset("survival_aml"), ("time", "status", "x"), one),
    }
    for name, (frame, columns, options) in analyses.items():
        r = entry.values[name]
        result = logrank(frame, *columns, **options)
        groups, test = _part(result, "group"), _part(result, "test")
        yield Compared(f"{name}: observed minus expected", np.subtract(r["obs"], r["exp"]), groups["coef"])
        yield Compared(f"{name}: its standard error", np.sqrt(np.diag(r["var"])), groups["std_error"])
        yield Compared(f"{name}: chi-square, p", [r["chisq"], r["p"]], test[["statistic", "p_value"]])


def _robust(entry: Entry) -> Iterator[Compared]:
    few = lung().query("`ph.ecog` < 3")
    start_stop: dict[str, Any] = {"entry": "start", "id": "id", "weights": "w"}
    analyses = {
        "lung_weighted": logrank(few, "time", "death", "ph.ecog", weights="w"),
        "lung_cluster": logrank(lung(), "time", "death", "sex", cluster="inst"),
        "heart_weighted": logrank(heart(), "stop", "event", "transplant", **start_stop),
        "heart_strata": logrank(heart(), "stop", "event", "transplant", strata="surgery", **start_stop),
        "rotterdam": logrank(rotterdam(), "dtime", "death", "hormon", weights="w"),
    }
    for name, result in analyses.items():
        yield Compared(f"chi-square, {name}", entry.values[name], _part(result, "test")["statistic"])


def _weightings_entry(entry: Entry) -> Iterator[Compared]:
    options: dict[str, Any] = {"entry": "start", "id": "id", "strata": "surgery"}
    for test, expected in entry.values.items():
        powers: dict[str, Any] = {"rho": 0.5, "gamma": 2} if test == "fleming-harrington" else {}
        result = logrank(heart(), "stop", "event", "transplant", test=test, **powers, **options)
        row = _part(result, "group").iloc[1]
        yield Compared(f"{test}: U, V", expected, [row["coef"], row["std_error"] ** 2])


def _pairwise(entry: Entry) -> Iterator[Compared]:
    names = {"BH": "benjamini-hochberg", "BY": "benjamini-yekutieli"}
    result = logrank(veteran(), "time", "status", "celltype", pairwise=True)
    yield Compared("p", entry.values["p"], _part(result, "pairwise")["p_value"])
    yield Compared("p adjusted by default (holm)", entry.values["holm"], _part(result, "pairwise adjusted")["p_value"])
    for method in ("holm", "hochberg", "hommel", "bonferroni", "BH", "BY"):
        got = adjusted(np.array(entry.values["p"]), names.get(method, method))
        yield Compared(f"{method}", entry.values[method], got)


def _permutation(entry: Entry) -> Iterator[Compared]:
    young = dataset("survival_ovarian").query("age < 56")
    options: dict[str, Any] = {"permutations": 1000, "rng": 1}
    row = _part(logrank(young, "futime", "fustat", "rx", **options), "permutation").iloc[0]
    yield Compared("exact p, statistic", [entry.values["p"], entry.values["chisq"]], row[["p_value", "statistic"]])


def _rmst_lung(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    sex = lung().assign(sex=lambda d: d["sex"].map({1: "male", 2: "female"}).astype("category"))
    sex["sex"] = sex["sex"].cat.set_categories(["male", "female"])
    result = rmst(sex, "time", "death", tau=r["tau"], by="sex")
    mean = _part(result, "mean").set_index("group")
    for group in ("male", "female"):
        expected = [r[group][k] for k in ("rmst", "se", "lower", "upper")]
        yield Compared(group, expected, mean.loc[[group], ["estimate", "std_error", "conf_low", "conf_high"]])
    yield Compared("difference", list(r["diff"].values()), _compared(result, "difference", "std_error"))
    yield Compared("ratio", list(r["ratio"].values()), _compared(result, "ratio"))
    lost = _part(result, "ratio of time lost")[["estimate", "conf_low", "conf_high"]]
    yield Compared("ratio of time lost", list(r["rmtl_ratio"].values()), lost)
    yield Compared(
        "as R's survfit", [r["survfit_table_rmean"], r["survfit_table_se"]], [*mean["estimate"], *mean["std_error"]]
    )


def _compared(result: Result, term: str, *further: str) -> pd.DataFrame:
    return _part(result, term)[["estimate", *further, "conf_low", "conf_high", "p_value"]]


def _rmst(entry: Entry) -> Iterator[Compared]:
    poor = dataset("survival_aml").query("x == 'Nonmaintained'")
    reverse = lung().assign(left=lambda d: ~d["death"])
    analyses = {
        "pbc": rmst(pbc(), "time", "death", by="trt", tau=3000),
        "colon": rmst(colon(), "time", "status", by="rx", tau=2500),
        "aml_to_zero": rmst(poor, "time", "status", tau=60),
        "entry": rmst(dataset("survival_myeloma600"), "futime", "death", entry="entry", tau=2000),
        "follow_up": rmst(reverse, "time", "left", tau=1022),
        "weighted": rmst(lung(), "time", "death", weights="w", tau=500),
    }
    for name, result in analyses.items():
        r, rows = entry.values[name], _part(result, "mean")
        yield Compared(f"mean, {name}", r["mean"], rows["estimate"])
        yield Compared(f"standard error, {name}", r["se"], rows["std_error"])


def _difference(entry: Entry) -> Iterator[Compared]:
    analyses = {
        "colon": survival_difference(colon(), "time", "status", "rx", times=[1825]),
        "veteran": survival_difference(veteran(), "time", "status", "celltype", times=[90]),
        "rotterdam_weighted": survival_difference(rotterdam(), "dtime", "death", "hormon", weights="w", times=[2000]),
    }
    for name, result in analyses.items():
        r = entry.values[name]
        difference, ratio = _part(result, "difference"), _part(result, "ratio")
        yield Compared(f"difference, {name}", r["difference"], difference["estimate"])
        yield Compared(f"its standard error, {name}", r["se_difference"], difference["std_error"])
        yield Compared(f"log ratio, {name}", r["log_ratio"], ratio["coef"])
        yield Compared(f"its standard error, {name}", r["se_log_ratio"], ratio["std_error"])
        yield Compared(f"log-log chi-square, {name}", r["cloglog"], _part(result, "log-log test")["statistic"])
        if name != "rotterdam_weighted":
            yield Compared(f"all groups, {name}", r["all_groups"], _part(result, "all groups")["statistic"])


CASES = (
    _logrank("logrank_lung_sex", lung, ("time", "death", "sex")),
    _logrank("logrank_veteran_celltype", veteran, ("time", "status", "celltype")),
    _logrank("logrank_stratified_lung", lung, ("time", "death", "sex"), "ph.ecog"),
    _weightings("logrank_weighted_all_lung_sex", lung, ("time", "death", "sex")),
    _weightings("logrank_weighted_all_veteran_trt", veteran, ("time", "status", "trt")),
    Case("logrank_trend_lung_ecog", _trend),
    Case("curves_survdiff", _survdiff),
    Case("curves_robust_score", _robust),
    Case("curves_weighted_entry_heart", _weightings_entry),
    Case("curves_pairwise_veteran", _pairwise),
    Case("curves_permutation_exact", _permutation),
    Case("rmst_lung_sex_365", _rmst_lung),
    Case("curves_rmst", _rmst),
    Case("curves_difference", _difference),
)
