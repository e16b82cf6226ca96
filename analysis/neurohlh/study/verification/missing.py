"""Patterns of missing values, Rubin's rules and pooled tests against R's mice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.curves.kaplan_meier import kaplan_meier
from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.hazards.model import CoxOptions, cox_model
from neurohlh.stats.missing.model import nelson_aalen_at
from neurohlh.stats.missing.patterns import missing_patterns
from neurohlh.stats.missing.pool import pool
from neurohlh.stats.missing.pooled_tests import PooledTest, d1, d2, d3, linear_likelihood, logistic_likelihood
from neurohlh.stats.missing.rubin import pool_r_squared, pool_scalar
from neurohlh.study.verification.case import Case, Compared
from neurohlh.study.verification.reference import Entry, dataset

_PBC = ["trt", "age", "female", "lbili", "chol", "albumin", "copper"]
_SCALAR = ("qbar", "ubar", "b", "t", "df", "r", "fmi")


def completed(name: str) -> list[pd.DataFrame]:
    """The completed data sets of a long file (imputation 0 is the data with gaps)."""
    whole = dataset(name)
    return [rows.reset_index(drop=True) for i, rows in whole.groupby(".imp") if i]


def _nhanes() -> list[pd.DataFrame]:
    return completed("derived_nhanes_imputed_long")


def _pbc() -> list[pd.DataFrame]:
    return completed("derived_pbc_imputed_long")


def _matrix(frame: pd.DataFrame, names: Sequence[str]) -> Any:
    return np.column_stack([np.ones(len(frame)), *(frame[name].to_numpy(dtype=float) for name in names)])


def _linear(frame: pd.DataFrame, y: str, names: Sequence[str]) -> tuple[Any, Any, float]:
    """Coefficients, covariance and R2 of a linear model."""
    x, outcome = _matrix(frame, names), frame[y].to_numpy(dtype=float)
    coef = np.linalg.solve(x.T @ x, x.T @ outcome)
    rest = float(((outcome - x @ coef) ** 2).sum())
    cov = rest / (len(x) - x.shape[1]) * np.linalg.inv(x.T @ x)
    return coef, cov, 1 - rest / float(((outcome - outcome.mean()) ** 2).sum())


def _logistic(frame: pd.DataFrame, y: Any, names: Sequence[str]) -> tuple[Any, Any]:
    """Coefficients and covariance of a logistic model."""
    import statsmodels.api as sm

    fitted = sm.Logit(y(frame), _matrix(frame, names)).fit(disp=0, tol=1e-14, maxiter=200)
    return np.asarray(fitted.params), np.asarray(fitted.cov_params())


def _rows(terms: Sequence[str], coef: Any, cov: Any, measure: str) -> Result:
    scale = "identity" if measure == "slope" else "log"
    rows = [
        {
            "term": term,
            "measure": measure,
            "scale": scale,
            "estimate": b if scale == "identity" else np.exp(b),
            "coef": b,
            "std_error": np.sqrt(v),
            "p_value": 0.5,
        }
        for term, b, v in zip(terms, coef, np.diag(cov), strict=True)
    ]
    return Result("model", tidy_frame(rows))


def _pooled(r: Mapping[str, Any], results: Sequence[Result], dfcom: float | None = None) -> Iterator[Compared]:
    found = pool(results, dfcom=dfcom)
    tidy, checks = found.tidy, found.checks[found.checks["check"] == "missing information"]
    yield Compared("estimates", r["estimate"], tidy["coef"])
    yield Compared("total variance", r["t"], tidy["std_error"] ** 2)
    yield Compared("degrees of freedom", r["df"], tidy["df"])
    yield Compared("fraction of missing information", r["fmi"], checks["value"])
    yield Compared("relative increase of variance", r["riv"], checks["statistic"])
    if "lower" in r:
        log = (tidy["scale"] == "log").all()
        limits = [np.log(tidy[c]) if log else tidy[c] for c in ("conf_low", "conf_high")]
        yield Compared("limits", [*r["lower"], *r["upper"]], np.concatenate(limits))
        yield Compared("p", r["p"], tidy["p_value"])


def _nhanes_linear(entry: Entry) -> Iterator[Compared]:
    fits = [_linear(frame, "chl", ["age", "bmi"]) for frame in _nhanes()]
    yield from _pooled(entry.values, [_rows(["i", "age", "bmi"], b, v, "slope") for b, v, _ in fits], 22)
    found = pool_r_squared([r2 for *_, r2 in fits], [25] * 5)
    # The first and third of R's four: its limits square a negative root of R2, and its quantile is 1.96.
    yield Compared("R2", entry.values["r2"][0], found["estimate"])
    yield Compared("fraction of missing information of R2", entry.values["r2"][3], found["fmi"])
    why = "R's quantile of the normal distribution is 1.96"
    yield Compared("upper limit of R2", entry.values["r2"][2], found["conf_high"], 1e-4, why)


def _nhanes_logistic(entry: Entry) -> Iterator[Compared]:
    fits = [_logistic(frame, lambda d: d["hyp"] - 1, ["age", "chl"]) for frame in _nhanes()]
    yield from _pooled(entry.values, [_rows(["i", "age", "chl"], b, v, "OR") for b, v in fits], 22)


def _test(name: str, r: Mapping[str, float], found: PooledTest, tolerance: float = 1e-6, why: str = "") -> Compared:
    got = [found.statistic, found.df1, found.df2, found.p_value, found.riv]
    return Compared(name, [r[k] for k in ("F", "df1", "df2", "p", "riv")], got, tolerance, why)


def _nhanes_tests(entry: Entry) -> Iterator[Compared]:
    r, fits = entry.values, [_linear(frame, "chl", ["age", "bmi"]) for frame in _nhanes()]
    q, cov = np.array([b[2:] for b, *_ in fits]), np.array([v[2:, 2:] for _, v, _ in fits])
    yield _test("D1", r["D1"], d1(q, cov, dfcom=22))
    yield _test("D2", r["D2"], d2(q[:, 0] ** 2 / cov[:, 0, 0], 1))
    yield _test("D3", r["D3"], _d3_linear(["age", "bmi"], ["age"]))


def _d3_linear(full: Sequence[str], null: Sequence[str]) -> PooledTest:
    frames = _nhanes()
    coefs: Any = [np.array([_linear(f, "chl", names)[0] for f in frames]) for names in (full, null)]
    y = [f["chl"].to_numpy(dtype=float) for f in frames]
    at = [[linear_likelihood(_matrix(f, n), own) for f, own in zip(frames, y, strict=True)] for n in (full, null)]
    return d3(coefs[0], coefs[1], at[0], at[1])


def _d3_logistic(frames: Sequence[pd.DataFrame], y: Callable[[Any], Any], full: Any, null: Any) -> PooledTest:
    coefs: Any = [np.array([_logistic(f, y, names)[0] for f in frames]) for names in (full, null)]
    at = [[logistic_likelihood(_matrix(f, n), y(f).to_numpy(dtype=float)) for f in frames] for n in (full, null)]
    return d3(coefs[0], coefs[1], at[0], at[1])


def _scalar(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    for name, found in (
        ("barnard_rubin", pool_scalar(r["Q"], r["U"], r["n"], r["k"])),
        ("large_sample", pool_scalar(r["Q"], r["U"])),
    ):
        yield Compared(name.replace("_", " "), [r[name][k] for k in _SCALAR], [getattr(found, k) for k in _SCALAR])


def _concordance(entry: Entry) -> Iterator[Compared]:
    r, results = entry.values, [cox(frame, "time", "death", _PBC) for frame in _pbc()]
    own = pd.concat([x.checks[x.checks["check"] == "concordance"] for x in results])
    yield Compared("concordance per imputation", r["c"], own["value"])
    yield Compared("its standard error", r["se"], own["statistic"])
    checks: Any = pool(results).checks.set_index("check")
    yield Compared("pooled concordance", r["pooled_c_logit"], checks.loc["concordance", "value"])
    yield Compared("total variance, logit scale", r["t"], checks.loc["concordance, logit", "statistic"] ** 2)
    limits = [checks.loc[f"concordance, {side} limit", "value"] for side in ("lower", "upper")]
    yield Compared("limits", [r["lower"], r["upper"]], limits)


def _patterns(columns: list[str]) -> Callable[[Entry], Iterator[Compared]]:
    def compute(entry: Entry) -> Iterator[Compared]:
        r = entry.values
        tidy = missing_patterns(dataset(entry.data), columns).tidy
        rows = tidy[tidy["analysis"] == "missing_patterns"].set_index("level")["events"]
        yield Compared("rows per pattern", r["n"], [rows.get(level, np.nan) for level in r["level"]])
        yield Compared("patterns", len(r["n"]), len(rows))
        yield Compared("missing", r["missing"], tidy.loc[tidy["analysis"] == "missing_by_variable", "events"])
        flux = tidy[tidy["analysis"] == "flux"]
        names = {"influx": "influx", "outflux": "outflux", "ainb": "average inbound", "aout": "average outbound"}
        for theirs, ours in {**names, "fico": "incomplete cases among observed"}.items():
            yield Compared(ours, r["flux"][theirs], flux.loc[flux["term"] == ours, "estimate"])
        pairs = tidy[tidy["analysis"] == "usable_pairs"]
        where = [(columns.index(v), columns.index(t)) for v, t in zip(pairs["variable"], pairs["term"], strict=True)]
        yield Compared("usable pairs", [r["mr"][i][j] for i, j in where], pairs["events"])

    return compute


def _nelson_aalen(query: str, event: Callable[[pd.DataFrame], Any]) -> Callable[[Entry], Iterator[Compared]]:
    def compute(entry: Entry) -> Iterator[Compared]:
        frame = dataset(entry.data).query(query)
        hazard = nelson_aalen_at(frame["time"].to_numpy(dtype=float), event(frame).to_numpy())
        yield Compared("hazard at each patient's time", entry.values, hazard)

    return compute


def _cox(entry: Entry) -> Iterator[Compared]:
    results = [cox(frame, "time", "death", _PBC) for frame in _pbc()]
    yield Compared("complete-data degrees of freedom", entry.values["dfcom"][0], pool(results).method["dfcom"])
    yield from _pooled(entry.values, results)


def _cox_strata(entry: Entry) -> Iterator[Compared]:
    options: dict[str, Any] = {"strata": "female", "ties": "breslow"}
    yield from _pooled(entry.values, [cox(f, "time", "death", ["age", "chol"], **options) for f in _pbc()])


def _dfcom(entry: Entry) -> Iterator[Compared]:
    results = [cox(frame, "time", "death", _PBC) for frame in _pbc()]
    for name, dfcom in (("large", np.inf), ("five", 5), ("one", 1)):
        found = pool(results, dfcom=dfcom)
        # From a share of 1e-4 on the large-sample df are (m - 1) / share^2: they magnify the last digits of a fit.
        yield Compared(f"degrees of freedom, {name}", entry.values[name]["df"], found.tidy["df"], 1e-5, _MAGNIFIED)
        fmi = found.checks.loc[found.checks["check"] == "missing information", "value"]
        yield Compared(f"missing information, {name}", entry.values[name]["fmi"], fmi)


_MAGNIFIED = "df of 1e8 rest on a variance between imputations of 1e-4 of the total, where R's fits end at 1e-9"


def _cox_tests(entry: Entry) -> Iterator[Compared]:
    models = [cox_model(frame, "time", "death", _PBC, CoxOptions()) for frame in _pbc()]
    places = [_PBC.index(name) for name in ("chol", "copper", "lbili")]
    q = np.array([model.fit.coef[places] for model in models])
    cov = np.array([model.cov[np.ix_(places, places)] for model in models])
    yield _test("D1, large sample", entry.values["large"], d1(q, cov))
    yield _test("D1, small sample", entry.values["small"], d1(q, cov, dfcom=118))
    wald = [float(b @ np.linalg.solve(v, b)) for b, v in zip(q, cov, strict=True)]
    yield _test("D2", entry.values["D2"], d2(wald, 3))


def _kaplan_meier(entry: Entry) -> Iterator[Compared]:
    results = [
        kaplan_meier(f.assign(high=f["chol"] > 300), "time", "death", by="high", times=(1000, 2000)) for f in _pbc()
    ]
    found = pool(results)
    rows = found.tidy[found.tidy["measure"] == "survival"]
    expected = pd.DataFrame(list(entry.values))
    for theirs, ours in {"survival": "estimate", "lower": "conf_low", "upper": "conf_high", "df": "df"}.items():
        yield Compared(ours.replace("_", " "), expected[theirs], rows[ours])


def _proportion(entry: Entry) -> Iterator[Compared]:
    shares = [float((frame["chol"] > 300).mean()) for frame in _pbc()]
    results = [Result("p", tidy_frame([{"measure": "proportion", "n": 312, "estimate": p}])) for p in shares]
    row = pool(results).tidy.iloc[0]
    yield Compared("proportion and its limits", entry.values, [row["estimate"], row["conf_low"], row["conf_high"]])


def _one_test(compute: Callable[[], PooledTest]) -> Callable[[Entry], Iterator[Compared]]:
    return lambda entry: iter([_test("D3", entry.values, compute())])


CASES = (
    Case("mice_pool_nhanes_lm", _nhanes_linear),
    Case("mice_pool_nhanes_glm", _nhanes_logistic),
    Case("mice_D1_D2_D3_nhanes", _nhanes_tests),
    Case("pool_scalar", _scalar),
    Case("pool_cindex_logit_pbc", _concordance),
    Case("missing_patterns_nhanes", _patterns(["age", "bmi", "hyp", "chl"])),
    Case(
        "missing_patterns_pbc",
        _patterns(
            ["age", "trt", "ascites", "chol", "copper", "alk.phos", "trig", "platelet", "protime", "stage"],
        ),
    ),
    Case(
        "missing_patterns_lung",
        _patterns(["inst", "age", "ph.ecog", "ph.karno", "pat.karno", "meal.cal", "wt.loss"]),
    ),
    Case("missing_nelsonaalen_lung", _nelson_aalen("time > 0", lambda d: d["status"] == 2)),
    Case("missing_nelsonaalen_colon", _nelson_aalen("etype == 2", lambda d: d["status"] == 1)),
    Case("missing_pool_cox", _cox),
    Case("missing_pool_cox_strata", _cox_strata),
    Case("missing_pool_dfcom", _dfcom),
    Case("missing_D1_D2_cox", _cox_tests),
    Case("missing_D3_lm", _one_test(lambda: _d3_linear(["age", "bmi", "hyp"], ["age"]))),
    Case(
        "missing_D3_glm",
        _one_test(lambda: _d3_logistic(_nhanes(), lambda d: d["hyp"] - 1, ["age", "chl"], ["age"])),
    ),
    Case(
        "missing_D3_glm_pbc",
        _one_test(
            lambda: _d3_logistic(_pbc(), lambda d: d["death"], ["age", "lbili", "chol", "copper"], ["age", "lbili"])
        ),
    ),
    Case("missing_pool_km", _kaplan_meier),
    Case("missing_pool_proportion", _proportion),
)
