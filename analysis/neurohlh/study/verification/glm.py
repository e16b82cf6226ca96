"""Logistic, Firth, risk ratios, standardised risks, counts, rates, correlated data and least squares against R."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.result import Result
from neurohlh.stats.describe.mcnemar import mcnemar
from neurohlh.stats.describe.proportions import agresti_coull, clopper_pearson, wald_limits, wilson
from neurohlh.stats.describe.rates import exact_rate_ratio, poisson_limits
from neurohlh.stats.describe.stratified_two_by_two import stratified_two_by_two
from neurohlh.stats.describe.two_by_two_methods import two_by_two_methods
from neurohlh.stats.glm.counts import negative_binomial, poisson_rates
from neurohlh.stats.glm.gee import gee
from neurohlh.stats.glm.linear import linear
from neurohlh.stats.glm.logistic import logistic
from neurohlh.stats.glm.risk_ratio import risk_ratio
from neurohlh.stats.glm.standardised_risk import standardised_risk
from neurohlh.study.verification.case import Case, Compared
from neurohlh.study.verification.reference import Entry, dataset

_BIRTH = ["age", "lwt", "black", "other", "smoke", "ptd", "ht", "ui"]
_SPLINE = "R interpolates the profile with a spline; ours is solved to 1e-10"


def _lines(result: Result) -> pd.DataFrame:
    return result.tidy[result.tidy["coef"].notna()]


def _check(result: Result, name: str, column: str = "value") -> float:
    return float(result.checks.loc[result.checks["check"] == name, column].iloc[0])


def _fit(name: str, r: Any, result: Result, coef: str = "coef", se: str = "se") -> Iterator[Compared]:
    lines = _lines(result)
    yield Compared(f"{name}: coefficients", r[coef], lines["coef"])
    yield Compared(f"{name}: standard errors", r[se], lines["std_error"])


def _logistic_birthwt(entry: Entry) -> Iterator[Compared]:
    r, frame = entry.values, dataset(entry.data)
    found = logistic(frame, "low", _BIRTH)
    yield from _fit("logistic", r, found)
    yield Compared("z and p", [r["z"], r["p"]], [*found.tidy["statistic"], *found.tidy["p_value"]])
    ours = np.log(found.tidy[["conf_low", "conf_high"]].to_numpy())
    for place, end in enumerate(("lower", "upper")):
        yield Compared(f"profile limits, {end}", r[f"profile_{end}"], ours[:, place], tolerance=1e-3, why=_SPLINE)
    names = {"deviance": "deviance", "null_deviance": "null deviance", "aic": "AIC", "bic": "BIC", "auc": "AUC",
             "brier": "Brier score", "nagelkerke": "Nagelkerke R2", "mcfadden": "McFadden R2",
             "cooks_max": "largest Cook's distance", "hat_max": "largest leverage"}  # fmt: skip
    yield Compared("fit and influence", [r[k] for k in names], [_check(found, name) for name in names.values()])
    yield Compared("AUC, variance", r["auc_var"], _check(found, "AUC", "statistic") ** 2)
    hosmer = [_check(found, "Hosmer-Lemeshow", c) for c in ("statistic", "p_value")]
    yield Compared("Hosmer-Lemeshow", [r["hosmer_lemeshow"], r["hl_p"]], hosmer)
    checks = found.checks
    yield Compared("VIF", r["vif"], checks.loc[checks["check"] == "VIF", "value"])
    tests = checks[(checks["check"] == "likelihood ratio test") & (checks["term"] != "GLOBAL")]
    yield Compared("drop1", [r["drop1"]["LRT"][1:], r["drop1"]["Pr(>Chi)"][1:]], tests[["statistic", "p_value"]].T)
    for variance in ("HC0", "HC1", "HC3"):
        robust = logistic(frame, "low", _BIRTH, variance=variance)
        yield Compared(variance, r[variance], robust.tidy["std_error"])


def _firth(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    found = logistic(dataset(entry.data), "case", ["age", "oc", "vic", "vicl", "vis", "dia"], penalty="firth")
    yield from _fit("Firth", r, found)
    ours = np.log(found.tidy[["conf_low", "conf_high"]].to_numpy())
    yield Compared("profile limits", [r["profile_lower"], r["profile_upper"]], ours.T)
    tests = found.tidy[["statistic", "p_value"]].T
    yield Compared("penalised likelihood ratio", [r["plr_chisq"], r["plr_p"]], tests)
    yield Compared("penalised log likelihood", r["pen_loglik"], _check(found, "penalised log likelihood"))


def _endometrial(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    found = logistic(dataset(entry.data), "HG", ["NV", "PI", "EH"], penalty="firth")
    yield from _fit("Firth", r, found)
    slopes = found.tidy.iloc[1:]
    why = "R's profile is a numerical maximisation"
    limits = np.log(slopes[["conf_low", "conf_high"]].to_numpy()).T
    yield Compared("profile limits", [r["low"], r["high"]], limits, tolerance=1e-5, why=why)
    yield Compared("penalised likelihood ratio", r["chi"], slopes["statistic"], tolerance=1e-5, why=why)


def _pima(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    terms = ["npreg", "log(glu)", "bp", "bmi", "ped", "age"]
    found = logistic(dataset(entry.data), "diab", terms, conf_level=0.9)
    yield from _fit("logistic", r, found)
    ours = np.log(found.tidy[["conf_low", "conf_high"]].to_numpy()).T
    yield Compared("profile limits", [r["low90"], r["high90"]], ours, tolerance=2e-3, why=_SPLINE)
    yield Compared("AUC", r["auc"][1], _check(found, "AUC"))


def _weights(entry: Entry) -> Iterator[Compared]:
    r, frame = entry.values, dataset(entry.data)
    yield from _fit("logistic", r, logistic(frame, "y", ["x", "z"], weights="w"))
    robust = logistic(frame, "y", ["x", "z"], weights="w", variance="HC0")
    yield Compared("HC0", r["HC0"], robust.tidy["std_error"])
    for variance in ("CR0", "CR1"):
        found = logistic(frame, "y", ["x", "z"], weights="w", cluster="g", variance=variance)
        yield Compared(variance, r[variance], found.tidy["std_error"])


def _modified_poisson(entry: Entry) -> Iterator[Compared]:
    r, frame = entry.values, dataset(entry.data)
    yield Compared("coefficients", r["coef"], risk_ratio(frame, "low", _BIRTH).tidy["coef"])
    yield Compared("p, HC0", r["p_HC0"], risk_ratio(frame, "low", _BIRTH).tidy["p_value"])
    for variance, name in (("model", "naive_se"), ("HC0", "HC0"), ("HC1", "HC1"), ("HC3", "HC3")):
        yield Compared(name, r[name], risk_ratio(frame, "low", _BIRTH, variance=variance).tidy["std_error"])
    for variance in ("CR0", "CR1"):
        found = risk_ratio(frame, "low", _BIRTH, cluster="age", variance=variance)
        yield Compared(variance, r[f"cluster_by_age_{variance}"], found.tidy["std_error"])


def _log_binomial(entry: Entry) -> Iterator[Compared]:
    found = risk_ratio(dataset(entry.data), "low", ["smoke", "ptd"], model="log_binomial")
    yield from _fit("log-binomial", entry.values, found)


def _standardised(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    found = standardised_risk(dataset(entry.data), "low", "smoke", [c for c in _BIRTH if c != "smoke"]).tidy
    yield Compared("risks, RD, RR", [r[k] for k in ("risk1", "risk0", "rd", "rr")], found["estimate"][:4])
    yield Compared("standard errors", [r["rd_se"], r["log_rr_se"]], found["std_error"][2:4])


def _standardised_infert(entry: Entry) -> Iterator[Compared]:
    frame = dataset(entry.data).assign(spontaneous=lambda d: (d["spontaneous"] > 0).astype(int))
    for population, r in entry.values.items():
        found = standardised_risk(frame, "case", "spontaneous", ["age", "parity"], population=population).tidy
        yield Compared(f"{population}: risks", [r["risk1"], r["risk0"], r["rd"]], found["estimate"][:3])
        errors = [r[k] for k in ("se1", "se0", "rd_se", "log_rr_se", "log_or_se")]
        yield Compared(f"{population}: standard errors", errors, found["std_error"][:5])


def _linear_birthwt(entry: Entry) -> Iterator[Compared]:
    r, frame = entry.values, dataset(entry.data)
    found = linear(frame, "bwt", _BIRTH, variance="model")
    yield from _fit("least squares", r, found)
    yield Compared("HC3", r["HC3"], linear(frame, "bwt", _BIRTH).tidy["std_error"])
    ours = [_check(found, name) for name in ("residual standard deviation", "R2", "adjusted R2")]
    yield Compared("sigma, R2", [r["sigma"], r["r2"], r["adj_r2"]], ours)
    test = [_check(found, "Breusch-Pagan test", c) for c in ("statistic", "p_value")]
    yield Compared("Breusch-Pagan", [r["bp_test"], r["bp_p"]], test)


def _linear_pima(entry: Entry) -> Iterator[Compared]:
    r, frame, terms = entry.values, dataset(entry.data), ["age", "bmi", "npreg"]
    found = linear(frame, "bp", terms, variance="model")
    yield from _fit("least squares", r, found)
    yield Compared("t limits", [r["low"], r["high"]], found.tidy[["conf_low", "conf_high"]].T)
    yield Compared("F", r["f"], _check(found, "F test", "statistic"))
    for variance in ("HC0", "HC1", "HC3"):
        yield Compared(variance, r[variance], linear(frame, "bp", terms, variance=variance).tidy["std_error"])


def _gee_ohio(entry: Entry) -> Iterator[Compared]:
    why = "R stopped at its default tolerance of 1e-4"
    for name, r in entry.values.items():
        found = gee(dataset(entry.data), "resp", ["age", "smoke", "age:smoke"], cluster="id", correlation=name)
        loose: dict[str, Any] = {"tolerance": 1e-4, "why": why} if name == "ar1" else {}
        yield Compared(f"{name}: coefficients", r["coef"], found.tidy["coef"], **loose)
        yield Compared(f"{name}: robust standard errors", r["robust_se"], found.tidy["std_error"], **loose)


def _gee_respiratory(entry: Entry) -> Iterator[Compared]:
    terms = ["treat", "sex", "age", "baseline"]
    for name, r in entry.values.items():
        found = gee(dataset(entry.data), "outcome", terms, cluster="pid", order="visit", correlation=name,
                    reference={"treat": "A", "sex": "F"})  # fmt: skip
        yield from _fit(name, r, found)


def _gee_clusters(entry: Entry) -> Iterator[Compared]:
    for name, r in entry.values.items():
        family, correlation = name.split("_")
        outcome = {"binomial": "y", "poisson": "count", "gaussian": "w"}[family]
        found = gee(dataset(entry.data), outcome, ["x", "z"], cluster="g", family=family, correlation=correlation)
        yield from _fit(name, r, found)
        ours = [_check(found, "working correlation"), _check(found, "scale")]
        yield Compared(f"{name}: correlation and scale", [r["alpha"], r["gamma"]], ours)


def _epil(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    frame = dataset(entry.data).assign(base4=lambda d: d["base"] / 4)
    terms, reference = ["trt", "log(base4)", "log(age)"], {"trt": "placebo"}
    found = negative_binomial(frame, "y", terms, reference=reference)
    yield from _fit("negative binomial", r, found, "nb_coef", "nb_se")
    theta = [_check(found, "theta"), _check(found, "theta", "statistic"), _check(found, "log likelihood")]
    yield Compared("theta, its standard error, log likelihood", [r["theta"], r["theta_se"], r["loglik"]], theta)
    poisson = poisson_rates(frame, "y", terms, reference=reference)
    yield from _fit("Poisson", r, poisson, "pois_coef", "pois_se")
    yield Compared("Pearson dispersion", r["pearson_dispersion"], _check(poisson, "overdispersion"))


def _epil_offset(entry: Entry) -> Iterator[Compared]:
    r, frame = entry.values, dataset(entry.data).assign(span=lambda d: d["period"] + 1)
    terms, reference = ["trt", "log(base)", "age"], {"trt": "placebo"}
    found = negative_binomial(frame, "y", terms, person_time="span", reference=reference)
    yield from _fit("negative binomial", r, found)
    yield Compared("theta", [r["theta"], r["theta_se"]], [_check(found, "theta"), _check(found, "theta", "statistic")])
    poisson = poisson_rates(frame, "y", terms, person_time="span", reference=reference, variance="HC0")
    yield from _fit("Poisson", r, poisson, "poisson", "poisson_HC0")


def _pairs(b: int, c: int) -> pd.DataFrame:
    """Pairs that differ, `b` one way and `c` the other."""
    return pd.DataFrame({"first": [1] * b + [0] * c, "second": [0] * b + [1] * c})


def _patients(a: int, b: int, c: int, d: int) -> pd.DataFrame:
    return pd.DataFrame({"x": [1] * (a + b) + [0] * (c + d), "y": [1] * a + [0] * b + [1] * c + [0] * d}).assign(
        x=lambda t: t["x"] == 1
    )


def _proportions(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    binomial = r["binom_15_of_148"]
    yield Compared("Wilson", binomial["wilson"][1:], wilson(15, 148))
    yield Compared("Clopper-Pearson", binomial["exact"], clopper_pearson(15, 148))
    yield Compared("Wald", binomial["wald"][1:], wald_limits(15, 148))
    yield Compared("Agresti-Coull", binomial["agresti_coull"], agresti_coull(15, 148))
    yield Compared("0 of 20", [r["zero_of_20_exact"], r["zero_of_20_wilson"][1:]],
                   [*clopper_pearson(0, 20), *wilson(0, 20)])  # fmt: skip
    yield Compared("rate", r["rate_11_per_2450py"]["exact"], np.array(poisson_limits(11)) / 2450)
    ratio = r["rate_ratio_11_800_4_900"]
    yield Compared("rate ratio", [ratio["ci"], ratio["p"]], exact_rate_ratio(11, 800, 4, 900))
    tidy, pairs = mcnemar(_pairs(12, 5), "first", "second").tidy, r["mcnemar_12_5"]
    ours = [tidy["statistic"][1], tidy["statistic"][2], tidy["p_value"][2], tidy["p_value"][0]]
    yield Compared("McNemar", [pairs[k] for k in ("chisq", "chisq_cc", "p_cc", "exact_p")], ours)


def _rates_exact(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    cells = {"ratio": (11, 800, 4, 900), "none": (0, 50, 5, 60), "reference_none": (7, 50, 0, 60)}
    for name, cell in cells.items():
        yield Compared(name, [r[name][k] for k in ("low", "high", "p")], exact_rate_ratio(*cell))
    yield Compared(
        "rates", [r["rate"], r["rate0"]], [np.array(poisson_limits(11)) / 800, np.array(poisson_limits(0)) / 50]
    )
    low, high, p = exact_rate_ratio(11, 800, 4, 900, mid_p=True)
    why = "epitools' roots have a tolerance of about 1e-4"
    yield Compared("mid-p limits", r["midp"][1:], [low, high], tolerance=1e-3, why=why)
    yield Compared("mid-p", r["midp_p"], p)


def _tables(entry: Entry) -> Iterator[Compared]:
    for name, r in entry.values.items():
        tidy: Any = two_by_two_methods(_patients(*map(int, r["cells"])), "x", "y").tidy.set_index("method")
        ends = ["conf_low", "conf_high"]
        yield Compared(f"{name}: Woolf", r["woolf"], tidy.loc["Woolf", ["estimate", *ends]])
        yield Compared(f"{name}: log-Wald", r["rr_wald"], tidy.loc["log-Wald", ["estimate", *ends]])
        yield Compared(f"{name}: Koopman", r["koopman"], tidy.loc["Koopman score", ends])
        yield Compared(f"{name}: Miettinen-Nurminen", r["miettinen"], tidy.loc["Miettinen-Nurminen score", ends])
        yield Compared(f"{name}: Fisher p", r["fisher_p"], tidy.loc["Fisher exact", "p_value"])


def _mcnemar(entry: Entry) -> Iterator[Compared]:
    for name, cells in (("a", (12, 5)), ("b", (3, 1))):
        r = entry.values[name]
        tidy: Any = mcnemar(_pairs(*cells), "first", "second").tidy
        yield Compared("tests", [r["chi"], r["chi_corrected"], r["p"]], [*tidy["statistic"][1:3], tidy["p_value"][0]])
        yield Compared("limits", [r["odds_low"], r["odds_high"]], tidy.loc[0, ["conf_low", "conf_high"]])


def _stratified(entry: Entry) -> Iterator[Compared]:
    frame = dataset(entry.data).assign(abortion=lambda d: d["induced"] > 0, before=lambda d: d["spontaneous"] > 0)
    for name, strata in (("education", "education"), ("both", ["education", "before"])):
        r = entry.values[name]
        found = stratified_two_by_two(frame, "abortion", "case", strata)
        lines: Any = found.tidy[found.tidy["method"] == "Mantel-Haenszel"].set_index("measure")
        for measure in ("OR", "RR", "RD"):
            line = lines.loc[measure, ["coef", "std_error"]]
            yield Compared(f"{name}: {measure}", [r[measure]["coef"], r[measure]["se"]], line)
        tests = [_check(found, f"Cochran-Mantel-Haenszel test {w} continuity correction", "statistic")
                 for w in ("without", "with")]  # fmt: skip
        yield Compared(f"{name}: Cochran-Mantel-Haenszel", [r["cmh"], r["cmh_corrected"]], tests)
        homogeneity = [_check(found, n, c) for n in ("Breslow-Day test", "Breslow-Day test with Tarone's correction")
                       for c in ("statistic", "p_value")]  # fmt: skip
        yield Compared(f"{name}: Breslow-Day", [r[k] for k in ("bd", "bd_p", "tarone", "tarone_p")], homogeneity)


CASES = (
    Case("logistic_birthwt", _logistic_birthwt),
    Case("firth_logistic_sex2", _firth),
    Case("poisson_robust_rr_birthwt", _modified_poisson),
    Case("margins_birthwt_standardised_rd", _standardised),
    Case("linear_birthwt", _linear_birthwt),
    Case("gee_ohio", _gee_ohio),
    Case("negbin_poisson_epil", _epil),
    Case("proportion_rate_ci", _proportions),
    Case("glm_logistic_pima", _pima),
    Case("glm_logistic_weights", _weights),
    Case("glm_firth_endometrial", _endometrial),
    Case("glm_log_binomial_birthwt", _log_binomial),
    Case("glm_standardised_infert", _standardised_infert),
    Case("glm_rates_exact", _rates_exact),
    Case("glm_count_pima_epil", _epil_offset),
    Case("glm_gee_respiratory", _gee_respiratory),
    Case("glm_gee_clusters", _gee_clusters),
    Case("glm_linear_pima", _linear_pima),
    Case("glm_two_by_two", _tables),
    Case("glm_mcnemar", _mcnemar),
    Case("glm_stratified_infert", _stratified),
)
