"""Cox models, their tests, residuals and predictions, and concordance, against R's survival package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.result import Result
from neurohlh.stats.concordance import concordance
from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.hazards.model import CoxOptions, cox_model
from neurohlh.stats.hazards.residuals import cox_residuals
from neurohlh.stats.hazards.survival import cox_survival
from neurohlh.study.verification.case import Case, Compared
from neurohlh.study.verification.reference import Entry, dataset

_LUNG = ["age", "sex", "ph.ecog", "wt.loss"]
_HEART = ["age", "year", "surgery", "transplant"]
_COLUMNS = {
    "coef": "coef", "std_error": "se", "estimate": "hr", "conf_low": "hr_lower", "conf_high": "hr_upper",
    "p_value": "p",
}  # fmt: skip


def _lung(entry: Entry) -> pd.DataFrame:
    return dataset(entry.data).assign(w=lambda d: 0.5 + d["age"] % 7 / 4)


def _by_rows(frame: pd.DataFrame) -> pd.Series[Any]:
    return pd.Series(0.5 + np.arange(1, len(frame) + 1) % 5 / 3, index=frame.index)


def _heart() -> pd.DataFrame:
    frame = dataset("survival_heart")
    moved = {f"{name}_moved": frame[name] * frame["transplant"] for name in ("age", "surgery")}
    return frame.assign(**moved)


def _colon() -> pd.DataFrame:
    frame = dataset("survival_colon").query("etype == 2")
    return frame.assign(w=0.5 + frame["id"] % 5 / 3, k=1 + frame["id"] % 3)


def _cgd() -> pd.DataFrame:
    return dataset("survival_cgd").assign(w=lambda d: 0.5 + d["id"] % 5 / 3)


def _veteran() -> pd.DataFrame:
    return dataset("survival_veteran").assign(w=_by_rows, weeks=lambda d: np.ceil(d["time"] / 7))


def _myeloma() -> pd.DataFrame:
    return dataset("survival_myeloma600").assign(w=_by_rows)


def _model(prefix: str, ours: Result, r: Mapping[str, Any]) -> Iterator[Compared]:
    """Everything of summary.coxph: coefficients, the three or four overall tests, concordance, AIC and BIC."""
    tidy, checks = ours.tidy[ours.tidy["coef"].notna()], ours.checks.set_index("check")
    for column, theirs in _COLUMNS.items():
        if r.get(theirs) is not None:
            yield Compared(f"{prefix}{theirs}", r[theirs], tidy[column])
    gain = 2 * (r["loglik"][1] - r["loglik"][0])
    statistics = [checks.loc[f"{name} test", "statistic"] for name in ("likelihood ratio", "Wald", "score")]
    yield Compared(f"{prefix}overall tests", [gain, r["wald"], r["score"]], statistics)
    if r.get("robust_score") is not None:
        yield Compared(f"{prefix}robust score", r["robust_score"], checks.loc["robust score test", "statistic"])
    c = r["concordance"]
    both = c if isinstance(c, list) else [c, r["concordance_se"]]
    yield Compared(
        f"{prefix}concordance", both, ours.checks.loc[ours.checks["check"] == "concordance", ["value", "statistic"]]
    )
    yield Compared(f"{prefix}AIC, BIC", [r["aic"], r["bic"]], [checks.loc[name, "value"] for name in ("AIC", "BIC")])


def _lung_case(*, covariates: list[str] | None = None, **options: Any) -> Any:
    def compute(entry: Entry) -> Iterator[Compared]:
        ours = cox(_lung(entry), "time", "ev", covariates or _LUNG, **options)
        yield from _model("", ours, entry.values)
        used = [entry.values["n"], entry.values["nevent"]]
        yield Compared("patients, events", used, [ours.counts["used"], ours.counts["events"]])

    return compute


def _weights(entry: Entry) -> Iterator[Compared]:
    for name, robust in (("naive", False), ("robust", None)):
        ours = cox(_lung(entry), "time", "ev", _LUNG, weights="w", robust=robust)
        yield from _model(f"{name}: ", ours, entry.values[name])


def _start_stop(entry: Entry) -> Iterator[Compared]:
    times: Any = {"time": "stop", "event": "event", "entry": "start"}
    main = cox(_heart(), covariates=_HEART, **times)
    yield from _model("", main, entry.values["main"])
    yield from _model(
        "by patient: ", cox(_heart(), covariates=_HEART, cluster="id", **times), entry.values["robust_id"]
    )
    columns = ["age", "surgery", "transplant", "year", "age_moved", "surgery_moved"]
    yield from _model("interactions: ", cox(_heart(), covariates=columns, **times), entry.values["interaction"])
    yield Compared("cox.zph", entry.values["zph"]["values"], _zph(main))


def _zph(result: Result) -> pd.DataFrame:
    rows = result.checks[result.checks["check"] == "proportional hazards"]
    return rows[["statistic", "df", "p_value"]]


def _zph_lung(entry: Entry) -> Iterator[Compared]:
    for transform, r in entry.values.items():
        ours = _zph(cox(_lung(entry), "time", "ev", _LUNG, ph_transform=transform))
        yield Compared(transform, [r["chisq"], r["df"], r["p"]], ours.to_numpy().T)


def _residuals_lung(entry: Entry) -> Iterator[Compared]:
    def ours(kind: str) -> pd.DataFrame:
        return cox_residuals(_lung(entry), "time", "ev", _LUNG, kind=kind)

    r = entry.values
    for kind in ("martingale", "deviance"):
        yield Compared(kind, r[kind], ours(kind))
    for kind in ("score", "dfbeta"):
        yield Compared(kind, r[f"{kind}_first5"], ours(kind).head(5))
    yield Compared("dfbetas, largest", r["dfbetas_absmax"], ours("dfbetas").abs().max())
    yield Compared("Schoenfeld, times", r["schoenfeld_time_first5"], ours("schoenfeld")["time"].head(5))
    yield Compared("Schoenfeld", r["schoenfeld_first5"], ours("schoenfeld")[_LUNG].head(5))
    yield Compared("scaled Schoenfeld", r["scaledsch_first5"], ours("scaled_schoenfeld")[_LUNG].head(5))


def _baseline(entry: Entry) -> Iterator[Compared]:
    r, ties = entry.values, "breslow" if entry.name.endswith("breslow") else "efron"
    new = pd.DataFrame(r.get("newdata", {name: [0.0] for name in _LUNG}))
    times = r.get("times", [100.0])
    ours = cox_survival(_lung(entry), "time", "ev", _LUNG, newdata=new, times=times, ties=ties)
    for level, name in (("uncentred", "cumhaz_x0"), ("centred", "cumhaz_centered")):
        if name not in r:
            continue
        curve = ours.curves[ours.curves["level"] == level]
        place = np.searchsorted(curve["time"], r["time"], side="right")
        yield Compared(f"{level} cumulative hazard", r[name], np.append(0, curve["cumulative_hazard"])[place])
    if "surv" in r:
        tidy = ours.tidy[ours.tidy["measure"] == "survival"].sort_values(["time", "group"], kind="stable")
        for column, name in {
            "estimate": "surv",
            "std_error": "std_err",
            "conf_low": "lower",
            "conf_high": "upper",
        }.items():
            yield Compared(name, r[name]["values"], tidy[column])


def _concordance_lung(entry: Entry) -> Iterator[Compared]:
    model = cox_model(_lung(entry), "time", "ev", _LUNG, CoxOptions())
    predictor = model.design.matrix @ model.fit.coef
    options: dict[str, dict[str, Any]] = {
        "n": {}, "S": {"time_weight": "S"}, "S_over_G": {"time_weight": "S/G"},
        "n_over_G2_uno": {"time_weight": "n/G2"}, "uno_ymax_700": {"time_weight": "n/G2", "tau": 700},
    }  # fmt: skip
    for name, chosen in options.items():
        r = entry.values[name]
        ours = concordance(predictor, model.data.time, model.data.event, **chosen)
        yield Compared(f"{name}: C, standard error", [r["c"], r["se"]], [ours.estimate, ours.std_error])
        counts = [r["counts"][key] for key in ("concordant", "discordant", "tied.x")]
        yield Compared(f"{name}: pairs", counts, [ours.concordant, ours.discordant, ours.tied])


def _matched(entry: Entry) -> Iterator[Compared]:
    frame, r = dataset(entry.data).assign(time=1), entry.values
    columns = ["spontaneous", "induced"]
    exact = cox_model(frame, "time", "case", columns, CoxOptions(strata="stratum", ties="exact"))
    yield Compared("exact: coefficients", r["exact_coef"], exact.fit.coef)
    yield Compared("exact: standard errors", r["exact_se"], np.sqrt(np.diag(exact.cov)))
    yield Compared("exact: likelihood", r["exact_loglik"], [exact.fit.loglik_null, exact.fit.loglik])
    efron = cox_model(frame, "time", "case", columns, CoxOptions(strata="stratum"))
    yield Compared("Efron: coefficients", r["efron_coef"], efron.fit.coef)


def _more_colon(entry: Entry) -> Iterator[Compared]:
    options: dict[str, dict[str, Any]] = {
        "plain": {}, "breslow": {"ties": "breslow"}, "weights": {"weights": "w"},
        "weights_breslow": {"weights": "w", "ties": "breslow"}, "weights_naive": {"weights": "w", "robust": False},
        "counts": {"weights": "k"}, "weights_cluster": {"weights": "w", "cluster": "age"},
        "strata": {"weights": "w", "strata": "rx"},
    }  # fmt: skip
    for name, chosen in options.items():
        ours = cox(_colon(), "time", "status", ["age", "sex", "node4", "obstruct"], **chosen)
        yield from _model(f"{name}: ", ours, entry.values[name])


def _more_cgd(entry: Entry) -> Iterator[Compared]:
    options: dict[str, dict[str, Any]] = {
        "plain": {}, "cluster": {"cluster": "id"}, "weights_cluster": {"weights": "w", "cluster": "id"},
        "breslow": {"ties": "breslow", "weights": "w", "cluster": "id"},
        "strata": {"strata": "enum", "weights": "w", "cluster": "id"},
    }  # fmt: skip
    for name, chosen in options.items():
        ours = cox(_cgd(), "tstop", "status", ["age", "height", "steroids"], entry="tstart", **chosen)
        yield from _model(f"{name}: ", ours, entry.values[name])


def _more_myeloma(entry: Entry) -> Iterator[Compared]:
    options: dict[str, dict[str, Any]] = {"plain": {}, "breslow": {"ties": "breslow"}, "weights": {"weights": "w"}}
    for name, chosen in options.items():
        ours = cox(_myeloma(), "futime", "death", ["year"], entry="entry", **chosen)
        yield from _model(f"{name}: ", ours, entry.values[name])
    exact = cox(_myeloma().head(150), "futime", "death", ["year"], entry="entry", ties="exact")
    yield Compared("exact: coefficient", entry.values["exact_coef"], exact.tidy["coef"])


def _more_exact(entry: Entry) -> Iterator[Compared]:
    columns = ["trt", "karno", "age"]
    for name, time in (("strata", "time"), ("coarse", "weeks")):
        r = entry.values[name]
        ours = cox_model(_veteran(), time, "status", columns, CoxOptions(strata="celltype", ties="exact"))
        yield Compared(f"{name}: coefficients", r["coef"], ours.fit.coef)
        yield Compared(f"{name}: standard errors", r["se"], np.sqrt(np.diag(ours.cov)))
        found = [ours.fit.loglik_null, ours.fit.loglik, ours.fit.score_test]
        yield Compared(f"{name}: likelihood, score test", [*r["loglik"], r["score"]], found)
    options: Any = {"strata": "celltype", "ties": "exact"}
    residuals = cox_residuals(_veteran(), "weeks", "status", columns, **options)
    yield Compared("martingale", entry.values["coarse_martingale"], residuals)
    checked = cox(_veteran(), "weeks", "status", columns, **options)
    yield Compared("cox.zph", entry.values["coarse_zph"], _zph(checked))


def _more_zph(entry: Entry) -> Iterator[Compared]:
    columns = ["trt", "karno", "age"]
    for transform, r in entry.values["strata_weights"].items():
        ours = cox(_veteran(), "time", "status", columns, strata="celltype", weights="w", ph_transform=transform)
        yield Compared(f"strata, weights, {transform}", r, _zph(ours))
    ours = cox(_myeloma(), "futime", "death", ["year"], entry="entry", weights="w")
    yield Compared("entry, weights", entry.values["entry_weights"], _zph(ours))
    ours = cox(_veteran(), "time", "status", columns, ties="breslow")
    yield Compared("Breslow", entry.values["breslow"], _zph(ours))


def _more_residuals(entry: Entry) -> Iterator[Compared]:
    calls: dict[str, tuple[Any, ...]] = {
        "strata_weights": (_veteran(), "time", "status", ["trt", "karno", "age"], {"strata": "celltype"}),
        "entry_weights": (_cgd(), "tstop", "status", ["age", "height"], {"entry": "tstart", "ties": "breslow"}),
    }
    for name, (frame, time, event, columns, options) in calls.items():
        for kind, r in entry.values[name].items():
            asked = "scaled_schoenfeld" if kind == "scaled" else kind
            ours = cox_residuals(frame, time, event, columns, kind=asked, weights="w", **options)
            if "schoenfeld" in asked:
                ours = ours[columns]
            yield Compared(f"{name}: {kind}", r, ours, zero=1e-9)


def _more_survfit(entry: Entry) -> Iterator[Compared]:
    columns = ["trt", "karno", "age"]
    new = pd.DataFrame({"trt": [1, 2], "karno": [40, 80], "age": [60, 45], "celltype": ["large", "squamous"]})
    tall = pd.DataFrame({"age": [10, 20], "height": [130, 170]})
    veteran = _veteran().assign(coarse=lambda d: np.ceil(d["time"] / 20))
    calls: dict[str, tuple[Any, ...]] = {
        "strata_weights": (veteran, "time", columns, new, [30, 100, 200], {"strata": "celltype", "weights": "w"}),
        "breslow_plain": (veteran, "time", columns, new, [30, 100, 200], {"ties": "breslow", "conf_type": "plain"}),
        "tied_log": (veteran, "coarse", columns, new, [2, 5, 10], {"conf_type": "log"}),
        "entry_robust": (
            _cgd(), "tstop", ["age", "height"], tall, [50, 150, 300],
            {"entry": "tstart", "cluster": "id", "conf_type": "log"},
        ),
    }  # fmt: skip
    for name, (frame, time, terms, newdata, times, options) in calls.items():
        ours = cox_survival(frame, time, "status", terms, newdata=newdata, times=times, **options).tidy
        for place, r in enumerate(entry.values[name]):
            rows = ours[ours["group"] == str(place)].sort_values("measure", kind="stable")
            survival, hazard = rows[rows["measure"] == "survival"], rows[rows["measure"] == "cumulative hazard"]
            found = [survival[c] for c in ("estimate", "std_error", "conf_low", "conf_high")]
            yield Compared(f"{name}, row {place + 1}", r, np.concatenate([*found, hazard["estimate"]]))


def _more_concordance(entry: Entry) -> Iterator[Compared]:
    veteran, cgd, r = _veteran(), _cgd(), entry.values
    names = {"n": "n", "S": "S", "SG": "S/G", "nG2": "n/G2", "I": "I"}
    time, event = veteran["time"].to_numpy(float), veteran["status"].to_numpy() == 1
    score, w = veteran["karno"].to_numpy(float), veteran["w"].to_numpy()
    codes: dict[str, Any] = {name: pd.factorize(veteran[name])[0] for name in ("age", "celltype")}

    def found(**options: Any) -> list[float]:
        c = concordance(-score, time, event, **options)
        return [c.estimate, c.std_error, c.concordant, c.discordant, c.tied]

    for name, kind in names.items():
        yield Compared(f"weights, {kind}", r["weights"][name], found(weights=w, time_weight=kind))
    yield Compared("until 150", r["ymax"], found(time_weight="n/G2", tau=150))
    yield Compared("clusters", r["cluster"], found(cluster=codes["age"]))
    yield Compared("strata", r["strata"], found(weights=w, strata=codes["celltype"]))
    stop, start = cgd["tstop"].to_numpy(float), cgd["tstart"].to_numpy(float)
    for name in r["entry"]:
        c = concordance(
            -cgd["height"].to_numpy(float), stop, cgd["status"].to_numpy() == 1, entry=start,
            weights=cgd["w"].to_numpy(), time_weight=name,
        )  # fmt: skip
        ours = [c.estimate, c.std_error, c.concordant, c.discordant, c.tied]
        yield Compared(f"delayed entry, {name}", r["entry"][name], ours)


CASES = (
    Case("cox_lung_efron", _lung_case()),
    Case("cox_lung_breslow", _lung_case(ties="breslow")),
    Case("cox_lung_exact", _lung_case(ties="exact")),
    Case("cox_lung_robust", _lung_case(robust=True)),
    Case("cox_lung_cluster_inst", _lung_case(cluster="inst")),
    Case("cox_lung_strata_ecog", _lung_case(covariates=["age", "sex", "wt.loss"], strata="ph.ecog")),
    Case("cox_weights_lung", _weights),
    Case("cox_heart_startstop", _start_stop),
    Case("cox_lung_zph", _zph_lung),
    Case("cox_lung_residuals", _residuals_lung),
    Case("cox_lung_baseline", _baseline),
    Case("cox_lung_baseline_breslow", _baseline),
    Case("concordance_lung", _concordance_lung),
    Case("clogit_infert", _matched),
    Case("cox_more_colon", _more_colon),
    Case("cox_more_cgd", _more_cgd),
    Case("cox_more_myeloma", _more_myeloma),
    Case("cox_more_veteran_exact", _more_exact),
    Case("cox_more_zph", _more_zph),
    Case("cox_more_residuals", _more_residuals),
    Case("cox_more_survfit", _more_survfit),
    Case("cox_more_concordance", _more_concordance),
)
