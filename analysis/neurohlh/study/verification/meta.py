"""Meta-analysis against R's metafor and lme4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.result import Result
from neurohlh.stats.columns import Floats
from neurohlh.stats.meta.binomial_normal import binomial_normal
from neurohlh.stats.meta.effect_sizes import inverse_freeman_tukey, proportion_effects, two_group_effects
from neurohlh.stats.meta.fit import MetaFit, fit_meta, moderator_test, prediction_interval
from neurohlh.stats.meta.meta_analysis import meta_analysis
from neurohlh.stats.meta.meta_regression import meta_regression
from neurohlh.stats.meta.pooled_tables import mantel_haenszel, peto
from neurohlh.stats.meta.small_study import Asymmetry, begg, egger_lm, egger_rma, peters, trim_and_fill
from neurohlh.stats.meta.stratified import mantel_haenszel_tables, peto_tables
from neurohlh.study.verification.case import Case, Compared
from neurohlh.study.verification.reference import Entry, dataset

_BCG: Any = {"events": "tpos", "n": "n1", "events_reference": "cpos", "n_reference": "n2", "study": "trial"}
_YUSUF: Any = {"events": "ai", "n": "n1i", "events_reference": "ci", "n_reference": "n2i"}
_ROOT = "R stops its search for the root at a tolerance of about 1e-4; with a tight one it gives our number (q_profile)"
_STEPS = "R stops its iteration at a step of 1e-5 here"
_LME4 = "lme4 maximises the same likelihood to about 1e-6 and differences it for the standard error"


def _bcg() -> pd.DataFrame:
    return dataset("metadat_dat_bcg").assign(n1=lambda d: d["tpos"] + d["tneg"], n2=lambda d: d["cpos"] + d["cneg"])


def _arrays(frame: pd.DataFrame, columns: Mapping[str, Any]) -> tuple[Floats, Floats, Floats, Floats]:
    a, n, c, m = (frame[columns[role]].to_numpy(float) for role in ("events", "n", "events_reference", "n_reference"))
    return a, n, c, m


def _pick(result: Result, term: str, measure: str, *columns: str) -> list[float]:
    tidy = result.tidy
    found = tidy.loc[(tidy["term"] == term) & (tidy["measure"] == measure), list(columns)]
    return [float(v) for v in found.to_numpy().ravel()]


def _summary(fit: MetaFit, level: float = 0.95) -> dict[str, Any]:
    coef, se = fit.coef, fit.std_error
    wide = fit.quantile(level) * se
    found = {"b": coef, "se": se, "z": coef / se, "p": [fit.p_value(z) for z in coef / se]}
    found |= {"lower": coef - wide, "upper": coef + wide, "tau2": fit.tau2, "tau2_se": fit.tau2_se}
    return {**found, "I2": 100 * fit.i2, "H2": fit.h2, "Q": fit.q, "Qp": fit.q_p}


def _same(name: str, r: Mapping[str, Any], fit: MetaFit, tolerance: float = 1e-6, why: str = "") -> Iterator[Compared]:
    ours = _summary(fit)
    if r.get("tau2_se") is None:
        ours["tau2_se"] = None
    keys = [key for key in ours if key in r]
    yield Compared(f"{name}: pool, tau2, I2, Q", [r[k] for k in keys], [ours[k] for k in keys], tolerance, why, 1e-9)


def _bcg_case(entry: Entry) -> Iterator[Compared]:
    r, frame = entry.values, _bcg()
    e = two_group_effects(*_arrays(frame, _BCG), "RR")
    y, v = e.effect, e.variance
    yield Compared("effects and variances", [r["yi"], r["vi"]], [y, v])
    for method, theirs in r["fits"].items():
        yield from _same(method, theirs, fit_meta(y, v, method=method))
    reml, dl = fit_meta(y, v, method="REML"), fit_meta(y, v, method="DL")
    for name, fit, how in (("REML_z", reml, "z"), ("DL_z", dl, "z"), ("DL_t_kminus2", dl, "t_k-2")):
        limits = prediction_interval(fit.coef[0], fit.covariance[0, 0], fit.tau2, 13, how, 0.95)
        yield Compared(f"prediction interval {name}", r[f"pred_interval_{name}"], limits)
    for method in ("REML", "DL"):
        fit = fit_meta(y, v, method=method, knapp_hartung="plain")
        yield from _same(f"Knapp-Hartung {method}", r[f"hksj_{method}"], fit)
        result = meta_analysis(frame, measure="RR", method=method, **_BCG)
        theirs = np.array(r[f"qprofile_{method}"]["values"])[[0, 2, 3]]
        ours = [
            _pick(result, "heterogeneity", m, "estimate", "conf_low", "conf_high") for m in ("tau2", "I2 (%)", "H2")
        ]
        yield Compared(f"heterogeneity and its limits {method}", theirs, ours, 5e-4, _ROOT)
        filled, theirs = trim_and_fill(y, v, method=method), r[f"trimfill_{method}"]
        pool = [filled.missing, filled.fit.coef[0], filled.fit.std_error[0]]
        yield Compared(f"trim and fill {method}", [theirs["k0"], theirs["b"], theirs["se"]], pool, 1e-5, _STEPS)
    yield from _asymmetry(r, y, v)
    x = np.column_stack([np.ones(13), frame["ablat"]])
    fit, theirs = fit_meta(y, v, x), r["metareg_ablat"]
    yield from _same("moderator", theirs, fit)
    explained = 100 * (reml.tau2 - fit.tau2) / reml.tau2
    yield Compared("QM, R2", [theirs["QM"], theirs["QMp"], theirs["R2"]], [*moderator_test(fit, [1])[:2], explained])
    result = meta_analysis(frame, measure="RR", method="DL", order="year", **_BCG)
    without, added = r["leave1out_DL"], r["cumul_DL"]
    yield Compared("leave one out", without["b"], _pick(result, "leave one out", "RR", "coef"))
    yield Compared("its standard error", without["se"], _pick(result, "leave one out", "RR", "std_error"))
    yield Compared("its I2", without["I2"], _pick(result, "leave one out", "I2 (%)", "estimate"))
    # A single study has no random-effects pool here; R shows the study itself.
    yield Compared("cumulative", added["b"][1:], _pick(result, "cumulative", "RR", "coef")[1:])
    yield Compared("its standard error", added["se"][1:], _pick(result, "cumulative", "RR", "std_error")[1:])


def _asymmetry(r: Mapping[str, Any], y: Floats, v: Floats) -> Iterator[Compared]:
    line, mixed, ranks = egger_lm(y, v), egger_rma(y, v, "REML"), begg(y, v)
    theirs = r["egger_lm"]
    expected = [theirs["z"], theirs["p"], theirs["intercept_est"]]
    yield Compared("Egger's regression", expected, [line.statistic, line.p_value, line.limit])
    yield Compared("Egger, mixed", [r["egger_rma"]["z"], r["egger_rma"]["p"]], [mixed.statistic, mixed.p_value])
    yield Compared("rank test", [r["begg"]["tau"]["tau"], r["begg"]["p"]], [ranks.statistic, ranks.p_value])


def _proportion_case(entry: Entry) -> Iterator[Compared]:
    r, frame = entry.values, dataset(entry.data)
    x, n = frame["xi"].to_numpy(float), frame["ni"].to_numpy(float)
    for transform, name in (("logit",) * 2, ("freeman-tukey", "freeman_tukey"), ("raw",) * 2, ("arcsine",) * 2):
        e, theirs = proportion_effects(x, n, transform), r[name]
        yield Compared(f"{transform}: effects and variances", [theirs["yi"], theirs["vi"]], [e.effect, e.variance])
        for method in ("DL", "REML"):
            fit = fit_meta(e.effect, e.variance, method=method)
            tiny = {**theirs[method], "I2": round(theirs[method]["I2"], 7)}  # R stops at a tau2 of 3e-13 for one of 0
            yield from _same(f"{transform} {method}", tiny, fit)
    pooled = {"freeman-tukey": "freeman_tukey_DL_backtransformed_harmonic", "logit": "logit_DL_backtransformed"}
    for transform, name in pooled.items():
        result = meta_analysis(frame, measure="proportion", events="xi", n="ni", transform=transform, method="DL")
        ours = _pick(result, "pooled", "proportion", "estimate", "conf_low", "conf_high")
        yield Compared(f"{transform}: pooled proportion", r[name], ours)
    result = meta_analysis(frame, measure="proportion", events="xi", n="ni", method="GLMM")
    theirs = r["glmm_logit"]
    yield Compared("GLMM", [theirs["b"], theirs["se"]], _pick(result, "pooled", "proportion", "coef", "std_error"))
    yield Compared("GLMM tau2", theirs["tau2"], _pick(result, "heterogeneity", "tau2", "estimate"))


def _loghr_case(entry: Entry) -> Iterator[Compared]:
    r, frame = entry.values, dataset(entry.data).assign(g=list("ABABABAB"))
    y, s = np.array(r["yi"]), np.array(r["sei"])
    for name in ("FE", "DL", "REML"):
        yield from _same(name, r[name], fit_meta(y, s**2, method=name))
    yield from _same("Knapp-Hartung", r["HKSJ"], fit_meta(y, s**2, knapp_hartung="plain"))
    columns: Any = {"measure": "HR", "estimate": "hr", "low": "lo", "high": "hi", "study": "study"}
    result = meta_analysis(frame, method="DL", by="g", **columns)
    yield Compared(
        "effects", [*y, *s], [*_pick(result, "study", "HR", "coef"), *_pick(result, "study", "HR", "std_error")]
    )
    yield Compared("subgroup difference", r["subgroup_QM"], _pick(result, "subgroup difference", "QM", "statistic"))
    yield Compared("weights DL", r["weights_DL"], 100 * np.array(_pick(result, "weight", "weight", "estimate")))
    common = 100 * fit_meta(y, s**2, method="FE").weights
    yield Compared("weights FE", r["weights_FE"], common)


def _effects_case(entry: Entry) -> Iterator[Compared]:
    frame = dataset(entry.data)
    known = frame["ai"].notna()
    for measure, r in entry.values.items():
        e = two_group_effects(*_arrays(frame[known], _YUSUF), measure)
        theirs = [[value for value, use in zip(r[key], known, strict=True) if use] for key in ("yi", "vi")]
        yield Compared(measure, theirs, [e.effect, e.variance])


def _pool_case(entry: Entry) -> Iterator[Compared]:
    frame = dataset(entry.data)
    for method, r in entry.values.items():
        result = meta_analysis(frame, measure="OR", method=method, **_YUSUF)
        ours = _pick(result, "pooled", "OR", "coef", "std_error", "p_value")
        yield Compared(f"{method}: pool", [r["b"], r["se"], r["p"]], ours)
        if method != "FE":
            yield Compared(f"{method}: tau2", r["tau2"], _pick(result, "heterogeneity", "tau2", "estimate"), zero=1e-9)
        yield Compared(f"{method}: Q", [r["Q"], r["Qp"]], _pick(result, "heterogeneity", "Q", "statistic", "p_value"))


def _tables_case(entry: Entry) -> Iterator[Compared]:
    r, frame = entry.values, dataset(entry.data)
    pairs = [("OR", r["mh"]["OR"]), ("RR", r["mh"]["RR"]), ("RD", r["mh_rd"])]
    for measure, theirs in pairs:
        result = mantel_haenszel(frame, measure=measure, **_YUSUF)
        yield Compared(measure, [theirs["b"], theirs["se"]], _pick(result, "pooled", measure, "coef", "std_error"))
        yield Compared(f"{measure}: Q", theirs["Q"], _pick(result, "heterogeneity", "Q", "statistic"))
        if measure == "OR":
            tests: Any = result.checks.set_index("check")
            cmh = [f"Cochran-Mantel-Haenszel test {h}" for h in ("without correction", "with continuity correction")]
            tarone = tests.loc["equal odds ratios (Breslow-Day, Tarone)", ["statistic", "p_value"]]
            expected = [r["cmh_plain"], theirs["cmh_corrected"], theirs["tarone"], theirs["tarone_p"]]
            yield Compared("tests", expected, [*tests.loc[cmh, "statistic"], *tarone])
    result, theirs = peto(frame, **_YUSUF), r["peto"]
    yield Compared("Peto", [theirs["b"], theirs["se"]], _pick(result, "pooled", "OR", "coef", "std_error"))
    yield Compared("Peto: Q", [theirs["Q"], theirs["Qp"]], _pick(result, "heterogeneity", "Q", "statistic", "p_value"))


def _tables_bcg_case(entry: Entry) -> Iterator[Compared]:
    r, arrays = entry.values, _arrays(_bcg(), _BCG)
    pooled, one_step = mantel_haenszel_tables(*arrays, "OR"), peto_tables(*arrays)
    yield Compared("Mantel-Haenszel", [r["b"], r["se"]], [pooled.coef, pooled.std_error])
    yield Compared("Peto", [r["peto"], r["peto_se"]], [one_step.coef, one_step.std_error])
    result = mantel_haenszel(_bcg(), measure="OR", **_BCG)
    yield Compared("tests", [r["cmh"], r["tarone"]], result.checks["statistic"].to_numpy()[[1, 3]])


def _profile_case(entry: Entry) -> Iterator[Compared]:
    result = meta_analysis(_bcg(), measure="RR", **_BCG)
    for key, measure in (("tau2", "tau2"), ("I2", "I2 (%)"), ("H2", "H2")):
        yield Compared(measure, entry.values[key], _pick(result, "heterogeneity", measure, "conf_low", "conf_high"))


def _normand_case(entry: Entry) -> Iterator[Compared]:
    r, frame = dict(entry.values), dataset(entry.data)
    y, v = frame["yi"].to_numpy(), frame["sei"].to_numpy() ** 2
    result = meta_analysis(frame, measure="MD", estimate="yi", std_error="sei", study="study")
    left = r.pop("leave1out")
    yield Compared("weights", r.pop("weights"), 100 * np.array(_pick(result, "weight", "weight", "estimate")))
    yield Compared("leave one out", left["b"], _pick(result, "leave one out", "MD", "coef"))
    yield Compared("its tau2", left["tau2"], _pick(result, "leave one out", "tau2", "estimate"))
    for name, theirs in r.items():
        kh = {"knha": "plain", "adhoc": "ad hoc"}.get(name, "none")
        fit = fit_meta(y, v, method="REML" if kh != "none" else name, knapp_hartung=kh)
        yield from _same(name, theirs, fit)


def _adhoc_case(entry: Entry) -> Iterator[Compared]:
    shipped = dataset(entry.data)
    y, s = (
        np.log(shipped["hr"].to_numpy()),
        np.log((shipped["hi"] / shipped["lo"]).to_numpy()) / (2 * 1.959963984540054),
    )
    for name, rows in (("all", slice(None)), ("four", [1, 2, 4, 6])):
        for key, kh in (("knha", "plain"), ("adhoc", "ad hoc")):
            fit = fit_meta(y[rows], s[rows] ** 2, method="DL", knapp_hartung=kh)
            yield from _same(f"{name}, {kh}", entry.values[name][key], fit)


def _regression_case(entry: Entry) -> Iterator[Compared]:
    for name, r in entry.values.items():
        method, kh = name.split("_")[0], name.endswith("knha")
        result = meta_regression(
            _bcg(), ["ablat", "year", "alloc"], measure="RR", method=method, knapp_hartung=kh,
            reference={"alloc": "random"}, **_BCG,
        )  # fmt: skip
        tidy = result.tidy[result.tidy["coef"].notna()]
        yield Compared(f"{name}: coefficients", [r["b"], r["se"], r["p"]], tidy[["coef", "std_error", "p_value"]].T)
        tests = result.tidy.set_index("term")[["statistic", "p_value"]]
        yield Compared(f"{name}: QM", [r["QM"], r["QMp"]], tests.loc["moderators"])
        residual = _pick(result, "heterogeneity", "Q", "statistic", "p_value")
        yield Compared(f"{name}: residual Q", [r["Q"], r["Qp"]], residual)
        if method == "FE":
            continue
        blocks = result.tidy[(result.tidy["term"] == "alloc") & (result.tidy["measure"] == "QM")]
        yield Compared(f"{name}: alloc", r["alloc"], blocks[["statistic", "p_value"]])
        between = _pick(result, "heterogeneity", "tau2", "estimate", "std_error")
        yield Compared(f"{name}: tau2", [r["tau2"], r["tau2_se"]], between)
        ours = [_pick(result, "heterogeneity", m, "estimate") for m in ("I2 (%)", "H2", "R2 (%)")]
        yield Compared(f"{name}: I2, H2, R2", [r["I2"], r["H2"], r["R2"]], ours)


def _subgroup_case(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    common = meta_analysis(_bcg(), measure="RR", by="alloc", **_BCG)
    yield Compared(
        "common tau2", [r["b"], r["se"]], [_pick(common, "subgroup", "RR", c) for c in ("coef", "std_error")]
    )
    test = _pick(common, "subgroup difference", "QM", "statistic", "p_value")
    yield Compared("their difference", [r["QM"], r["QMp"]], test)
    own = meta_analysis(_bcg(), measure="RR", by="alloc", subgroup_tau2="separate", **_BCG)
    yield Compared(
        "own tau2", [r["own_b"], r["own_se"]], [_pick(own, "subgroup", "RR", c) for c in ("coef", "std_error")]
    )
    test = _pick(own, "subgroup difference", "QM", "statistic", "p_value")
    yield Compared("their difference", [r["own_Q"], r["own_Qp"]], test)


def _robust_case(entry: Entry) -> Iterator[Compared]:
    for method, r in entry.values.items():
        result = meta_analysis(_bcg(), measure="RR", method=method, cohort="alloc", **_BCG)
        columns = ("coef", "std_error", "df", "p_value", "conf_low", "conf_high")
        theirs = [r["b"], r["se"], r["df"], r["p"], np.exp(r["lower"]), np.exp(r["upper"])]
        yield Compared(method, theirs, _pick(result, "pooled (shared patients)", "RR", *columns))


def _small_study_case(entry: Entry) -> Iterator[Compared]:
    r, frame = entry.values, dataset(entry.data).dropna(subset="ai")
    frame = frame[frame["ai"] + frame["ci"] > 0]
    a, n, c, m = _arrays(frame, _YUSUF)
    e = two_group_effects(a, n, c, m, "OR")

    def numbers(found: Asymmetry) -> list[float]:
        return [found.statistic, found.p_value, found.limit]

    yield Compared("Egger's regression", r["lm"], numbers(egger_lm(e.effect, e.variance)))
    yield Compared("Egger, mixed", r["rma"], numbers(egger_rma(e.effect, e.variance, "DL")))
    yield Compared("rank test", r["begg"], numbers(begg(e.effect, e.variance))[:2])
    yield Compared("Peters", r["peters"], numbers(peters(e.effect, a + c, n + m))[:2])
    filled = trim_and_fill(e.effect, e.variance, method="DL")
    yield Compared("trim and fill", r["trimfill"], [filled.missing, filled.fit.coef[0], filled.fit.std_error[0]])


def _filled_case(entry: Entry) -> Iterator[Compared]:
    r, frame = entry.values, dataset(entry.data)
    filled = trim_and_fill(frame["yi"].to_numpy(), frame["sei"].to_numpy() ** 2, method="DL")
    ours = [filled.missing, filled.fit.coef[0], filled.fit.std_error[0]]
    yield Compared("trim and fill", [r["k0"], r["b"], r["se"]], ours)


def _glmm_case(entry: Entry) -> Iterator[Compared]:
    r, frame = entry.values, dataset(entry.data)
    fit = binomial_normal(frame["xi"].to_numpy(float), frame["ni"].to_numpy(float))
    yield Compared("mean logit, tau2", [r["b"], r["tau2"]], [fit.coef, fit.tau2], 1e-4, _LME4)
    yield Compared("standard error", r["se"], fit.std_error, 1e-4, _LME4)
    yield Compared("metafor's own", [r["metafor_b"], r["metafor_tau2"]], [fit.coef, fit.tau2], 1e-4, _LME4)
    yield Compared("likelihood ratio", [r["lrt"], r["lrt_p"]], [fit.q, fit.q_p])


def _pritz_case(entry: Entry) -> Iterator[Compared]:
    r, frame = entry.values, dataset(entry.data)
    columns: Any = {"measure": "proportion", "events": "xi", "n": "ni", "prediction": "z"}
    for name, transform in (("PLO", "logit"), ("PFT", "freeman-tukey"), ("PR", "raw"), ("PAS", "arcsine")):
        result = meta_analysis(frame, transform=transform, **columns)
        theirs = r[name]
        ours = _pick(result, "pooled", "proportion", "coef", "std_error")
        yield Compared(f"{transform}: pool", [theirs["b"], theirs["se"]], ours)
        yield Compared(f"{transform}: tau2", theirs["tau2"], _pick(result, "heterogeneity", "tau2", "estimate"))
    result = meta_analysis(frame, transform="freeman-tukey", **columns)
    yield Compared(
        "harmonic", r["harmonic"], _pick(result, "pooled", "proportion", "estimate", "conf_low", "conf_high")
    )
    sizes = frame["ni"].to_numpy(float)
    value = proportion_effects(frame["xi"].to_numpy(float), sizes, "freeman-tukey").effect
    back = [float(inverse_freeman_tukey(v, n)) for v, n in zip(value, sizes, strict=True)]
    yield Compared("back-transformation", r["ipft"], back)


CASES = (
    Case("meta_bcg_logRR", _bcg_case),
    Case("meta_proportions", _proportion_case),
    Case("meta_loghr", _loghr_case),
    Case("meta_effects_yusuf", _effects_case),
    Case("meta_pool_yusuf_or", _pool_case),
    Case("meta_tables_yusuf", _tables_case),
    Case("meta_tables_bcg", _tables_bcg_case),
    Case("meta_q_profile", _profile_case),
    Case("meta_normand_md", _normand_case),
    Case("meta_knha_adhoc_loghr", _adhoc_case),
    Case("meta_regression_bcg", _regression_case),
    Case("meta_subgroups_bcg", _subgroup_case),
    Case("meta_robust_bcg", _robust_case),
    Case("meta_small_study_yusuf", _small_study_case),
    Case("meta_trimfill_normand", _filled_case),
    Case("meta_glmm_pritz", _glmm_case),
    Case("meta_glmm_debruin", _glmm_case),
    Case("meta_proportions_pritz", _pritz_case),
)
