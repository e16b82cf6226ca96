"""Table 1, group tests, quantiles, adjusted p values, agreement and diagnostic accuracy against R."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.stats.describe.diagnostic import diagnostic_accuracy
from neurohlh.stats.describe.group_tests import compare_levels, compare_numbers, shapiro_wilk
from neurohlh.stats.describe.kappa import cohen_kappa, gwet_ac1, null_std_error, pabak
from neurohlh.stats.describe.measurement import intraclass
from neurohlh.stats.describe.quantiles import quantile, quantile_of_type
from neurohlh.stats.describe.smd import smd_levels
from neurohlh.stats.describe.table1 import table1
from neurohlh.stats.multiplicity import METHODS, p_adjust
from neurohlh.study.verification.case import Case, Compared
from neurohlh.study.verification.reference import Entry, dataset

_NUMBERS = ("age", "bili", "chol")
_LEVELS = ("sex", "edema", "stage", "ascites")


def _randomised() -> pd.DataFrame:
    frame = dataset("survival_pbc").iloc[:312]
    return frame.astype({"edema": str, "stage": str}).assign(ascites=lambda d: d["ascites"] == 1)


def _table1_case(entry: Entry) -> Iterator[Compared]:
    frame = _randomised()
    tidy = table1(frame, "trt", [*_NUMBERS, *_LEVELS], tests=True).tidy
    for name in _NUMBERS:
        yield from _continuous(name, entry.values[name], tidy[tidy["variable"] == name], frame)
    for name in _LEVELS:
        yield from _categorical(name, entry.values[name], tidy[tidy["variable"] == name])
    r = entry.values
    by_stage = {v: [g[v].to_numpy() for _, g in frame.groupby("stage")] for v in ("age", "bili")}
    ours = [
        shapiro_wilk(frame["age"].to_numpy()).p_value,
        compare_numbers(by_stage["age"], "equal variances").p_value,
        compare_numbers(by_stage["age"], "welch").p_value,
        compare_numbers(by_stage["bili"]).p_value,
    ]
    names = ("shapiro_age_p", "anova_age_by_stage_p", "welch_anova_age_by_stage_p", "kruskal_bili_by_stage_p")
    yield Compared("Shapiro-Wilk, analyses of variance, Kruskal-Wallis", [r[name] for name in names], ours)


def _continuous(name: str, r: Any, rows: pd.DataFrame, frame: pd.DataFrame) -> Iterator[Compared]:
    shown: Any = rows[rows["group"].isin(["1", "2"])].set_index(["measure", "group"]).sort_index()
    value: Any = shown["estimate"]
    yield Compared(f"{name}: known", r["n"], [shown.loc[("median", g), "n"].item() for g in "12"])
    yield Compared(f"{name}: missing", r["missing"], [shown.loc[("missing", g), "events"].item() for g in "12"])
    for measure in ("mean", "sd"):
        yield Compared(f"{name}: {measure}", r[measure], [value[(measure, g)].item() for g in "12"])
    quartiles = [[value[(m, g)].item() for m in ("q25", "median", "q75")] for g in "12"]
    yield Compared(f"{name}: quartiles, type 7", r["q_type7"]["values"], quartiles)
    parts = [frame.loc[frame["trt"] == arm, name].dropna().to_numpy(float) for arm in (1, 2)]
    probabilities = np.array([0.25, 0.5, 0.75])
    yield Compared(
        f"{name}: quartiles, type 2", r["q_type2"]["values"], [quantile_of_type(p, probabilities, 2) for p in parts]
    )
    yield Compared(f"{name}: SMD", r["smd"], abs(rows.loc[rows["term"] == "smd", "estimate"]))
    yield Compared(f"{name}: rank-sum test", r["wilcox_p"], rows.loc[rows["term"] == "test", "p_value"])
    tests = [compare_numbers(parts, how).p_value for how in ("welch", "equal variances")]
    yield Compared(f"{name}: t tests", [r["t_welch_p"], r["t_pooled_p"]], tests)


def _categorical(name: str, r: Any, rows: pd.DataFrame) -> Iterator[Compared]:
    counts = np.array(r["counts"])
    if name in ("edema", "stage"):
        levels = rows[(rows["term"] == "level") & rows["group"].isin(["1", "2"])]
        yield Compared(f"{name}: counts", counts, levels["events"])
    yield Compared(f"{name}: SMD", r["smd"], rows.loc[rows["term"] == "smd", "estimate"])
    turned = smd_levels(*counts[:, ::-1].astype(float)).value
    yield Compared(f"{name}: SMD whichever level comes first", r["smd"], turned)
    yield Compared(f"{name}: chi-square", r["chisq_p_uncorrected"], rows.loc[rows["term"] == "test", "p_value"])
    yield Compared(
        f"{name}: chi-square, Yates", r["chisq_p_default"], compare_levels(counts, "chi-square, Yates").p_value
    )
    yield Compared(f"{name}: Fisher", r["fisher_p"], compare_levels(counts, "Fisher").p_value)


def _numbers_case(entry: Entry) -> Iterator[Compared]:
    frame = dataset(entry.data).iloc[:312]
    for name, r in entry.values.items():
        arms = [frame.loc[frame["trt"] == arm, name].dropna().to_numpy(float) for arm in (1, 2)]
        stages = [g[name].dropna().to_numpy(float) for _, g in frame.groupby("stage")]
        ranks = compare_numbers(arms)
        yield Compared(f"{name}: rank-sum", r["wilcox"], [ranks.statistic, ranks.p_value])
        for key, how in (("welch", "welch"), ("equal", "equal variances")):
            t = compare_numbers(arms, how)
            yield Compared(f"{name}: t test, {how}", r[key], [t.statistic, t.df, t.p_value])
        for key, how in (("welch_anova", "welch"), ("anova", "equal variances")):
            f = compare_numbers(stages, how)
            yield Compared(f"{name}: analysis of variance, {how}", r[key], [f.statistic, f.df, f.df2, f.p_value])
        kruskal = compare_numbers(stages)
        yield Compared(f"{name}: Kruskal-Wallis", r["kruskal"], [kruskal.statistic, kruskal.p_value])
        normal = shapiro_wilk(frame[name].dropna().to_numpy(float))
        yield Compared(f"{name}: Shapiro-Wilk", r["shapiro"], [normal.statistic, normal.p_value])


def _wilcoxon_case(entry: Entry) -> Iterator[Compared]:
    for name, r in entry.values.items():
        found = compare_numbers([np.array(r["a"], float), np.array(r["b"], float)])
        yield Compared(name, [r["W"], r["p"]], [found.statistic, found.p_value])


def _levels_case(entry: Entry) -> Iterator[Compared]:
    for name, r in entry.values.items():
        counts = np.array(r["counts"])
        plain, yates = (compare_levels(counts, how) for how in ("chi-square", "chi-square, Yates"))
        yield Compared(f"{name}: chi-square", r["plain"], [plain.statistic, plain.df, plain.p_value])
        yield Compared(f"{name}: with Yates", r["yates"], [yates.statistic, yates.p_value])
        yield Compared(f"{name}: Fisher", r["fisher"], compare_levels(counts, "Fisher").p_value)


def _quantile_case(entry: Entry) -> Iterator[Compared]:
    x, p = np.array([1, 2, 4, 7, 11, 16, 22.0]), np.array([0.1, 0.25, 0.5, 0.75, 0.9])
    for kind in range(1, 10):
        yield Compared(f"type {kind}", entry.values[f"type{kind}"], quantile_of_type(x, p, kind))
    yield Compared("type 7, as in Table 1", entry.values["type7"], [quantile(x, None, q).value for q in p])


def _more_quantiles_case(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    hundred = np.arange(1, 101.0) ** 2
    for kind in range(1, 10):
        ours = quantile_of_type(np.array(r["x"]), np.array(r["p"]), kind)
        yield Compared(f"type {kind}", r["types"][kind - 1], ours)
        places = quantile_of_type(hundred, np.array([0.29, 0.57, 0.58]), kind)
        yield Compared(f"type {kind} at whole places", r["hundred"][kind - 1], places)


def _p_adjust_case(entry: Entry) -> Iterator[Compared]:
    for method in METHODS:
        yield Compared(method, entry.values[method], p_adjust(np.array(entry.values["p"]), method))


def _p_missing_case(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    p = np.array([np.nan if v is None else v for v in r["p"]], dtype=float)
    for method in METHODS:
        yield Compared(method, r["adjusted"][method], p_adjust(p, method))
    yield Compared("a single p value", r["one"], p_adjust(np.array([0.04]), "hommel"))


def _kappa_case(entry: Entry) -> Iterator[Compared]:
    for name, r in entry.values.items():
        table = np.array(r["table"], float)
        found, p = cohen_kappa(table), table / table.sum()
        yield Compared(f"{name}: kappa", r["kappa"][0], found.value)
        yield Compared(f"{name}: standard error without agreement", r["kappa"][1], null_std_error(table))
        yield Compared(f"{name}: test", r["z"][0], found.value / null_std_error(table))
        ours = [pabak(table), p[0, 0] - p[1, 1], p[0, 1] - p[1, 0]]
        yield Compared(f"{name}: PABAK and indices", [r["pabak"], r["pindex"], r["bindex"]], ours)


def _delta_case(entry: Entry) -> Iterator[Compared]:
    for name, r in entry.values.items():
        table = np.array(r["table"], float)
        for how, theirs in r["found"].items():
            found = gwet_ac1(table) if how == "ac1" else cohen_kappa(table, how)
            yield Compared(f"{name}: {how}", theirs, [found.value, found.std_error])


def _icc_case(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    found = intraclass(np.array(r["x"], float))
    for key, name in (("icc1", "ICC(1,1)"), ("icc3", "ICC(3,1)")):
        yield Compared(name, r[key], [found[name].value, found[name].low, found[name].high])
    names = ("ICC(2,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)")
    theirs = [r[key] for key in ("icc2", "icc1k", "icc2k", "icc3k")]
    yield Compared(", ".join(names), theirs, [found[name].value for name in names])


def _diagnostic_case(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    for key, cells, interval in (("exact", 0, "exact"), ("wilson", 0, "wilson"), ("small", 1, "exact")):
        tp, fp, fn, tn = (int(c) for c in r["cells"][cells])
        frame = pd.DataFrame(
            {"test": [1] * (tp + fp) + [0] * (fn + tn), "ill": [1] * tp + [0] * fp + [1] * fn + [0] * tn}
        )
        tidy: Any = diagnostic_accuracy(frame, "test", "ill", interval=interval).tidy.set_index("term")
        for term, theirs in (
            ("sensitivity", "se"), ("specificity", "sp"), ("positive predictive value", "pv.pos"), ("prevalence", "tp"),
            ("negative predictive value", "pv.neg"), ("accuracy", "diag.ac"), ("positive likelihood ratio", "lr.pos"),
            ("negative likelihood ratio", "lr.neg"), ("diagnostic odds ratio", "diag.or"),
        ):  # fmt: skip
            yield Compared(f"{key}: {term}", r[key][theirs], tidy.loc[term, ["estimate", "conf_low", "conf_high"]])
        yield Compared(f"{key}: Youden's index", r[key]["youden"][0], tidy.loc["Youden's index", "estimate"])


CASES = (
    Case("table1_pbc_by_trt", _table1_case),
    Case("quantile_types", _quantile_case),
    Case("p_adjust", _p_adjust_case),
    Case("describe_tests_numbers", _numbers_case),
    Case("describe_wilcox_small", _wilcoxon_case),
    Case("describe_tests_levels", _levels_case),
    Case("describe_quantiles", _more_quantiles_case),
    Case("describe_p_adjust_missing", _p_missing_case),
    Case("describe_kappa", _kappa_case),
    Case("describe_kappa_delta", _delta_case),
    Case("describe_icc", _icc_case),
    Case("describe_diagnostic", _diagnostic_case),
)
