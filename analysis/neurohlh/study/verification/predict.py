"""Time-dependent scores, calibration and bootstrap validation against riskRegression, rms and glm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.stats.hazards.baseline import predicted_survival
from neurohlh.stats.hazards.fit import SortedDesign, fit
from neurohlh.stats.predict.calibration import calibration
from neurohlh.stats.predict.calibration_binary import calibration_binary
from neurohlh.stats.predict.discrimination import concordance_index
from neurohlh.stats.predict.roc import roc
from neurohlh.stats.predict.scores import prediction_scores
from neurohlh.stats.predict.validation import validate_cox
from neurohlh.stats.predict.validation_at import validate_cox_at
from neurohlh.study.verification.case import Case, Compared
from neurohlh.study.verification.reference import Entry, dataset


def _score_melanoma(entry: Entry) -> Iterator[Compared]:
    frame, times = dataset(entry.data), entry.values["times"]
    risks = {"age": [f"age_{t}" for t in times], "full": [f"full_{t}" for t in times]}
    tidy = prediction_scores(frame, "months", "status", risks, times=times, cause=1).tidy
    for time in times:
        r = entry.values[f"t{time}"]
        at = tidy[tidy["time"] == time]
        areas, briers, shares = (_of(at, m).loc[["full", "age"]] for m in ("AUC", "Brier score", "IPA"))
        nobody = _of(at, "Brier score").loc[["null model"]]
        yield Compared(f"AUC at {time}", r["auc"], areas["estimate"])
        yield Compared(f"AUC at {time}, standard error", r["auc_se"], areas["std_error"])
        yield Compared(f"Brier at {time}", r["brier"], [*nobody["estimate"], *briers["estimate"]])
        yield Compared(f"Brier at {time}, standard error", r["brier_se"], [*nobody["std_error"], *briers["std_error"]])
        yield Compared(f"IPA at {time}", r["ipa"][1:], shares["estimate"])
        for measure, name in (("AUC", "auc"), ("Brier score", "brier")):
            row = at[at["measure"] == f"{measure} difference"].iloc[0]
            theirs = [r[f"delta_{name}{end}"] for end in ("", "_se", "_p")]
            yield Compared(f"{measure} difference at {time}", theirs, row[["estimate", "std_error", "p_value"]])


def _of(at: pd.DataFrame, measure: str) -> pd.DataFrame:
    return at[at["measure"] == measure].set_index("group")


def _calibration_birthwt(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    tidy = calibration_binary(dataset(entry.data), "low", "risk").tidy.set_index("term")
    for term in ("intercept", "slope"):
        row = tidy.loc[term]
        yield Compared(f"calibration {term}", [r[term], r[f"{term}_se"]], [row["estimate"], row["std_error"]])
    yield Compared("observed/expected", r["observed_expected"], tidy.loc["observed/expected", "estimate"])


def _calibration_lung(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    found = calibration(dataset(entry.data), "time", "ev", "risk", horizon=365)
    tidy = found.tidy.set_index("term")
    yield Compared("observed/expected", r["observed"] / r["expected"], tidy.loc["observed/expected", "estimate"])
    log_error = r["observed_se"] / r["observed"]
    yield Compared("observed/expected, log standard error", log_error, tidy.loc["observed/expected", "std_error"])
    yield Compared("slope", [r["slope"], r["slope_se"]], tidy.loc[["slope"], ["estimate", "std_error"]])
    errors = [r[name] for name in ("ici", "e50", "e90", "emax")]
    yield Compared("ICI, E50, E90, Emax", errors, tidy.loc[["ICI", "E50", "E90", "Emax"], "estimate"])


_LUNG = ["age", "sex", "ph.ecog", "wt.loss"]


def _score_lung(entry: Entry) -> Iterator[Compared]:
    r, times = entry.values, entry.values["auc"]["times"]
    frame = dataset(entry.data)
    matrix = frame[_LUNG].to_numpy(dtype=float)
    design = SortedDesign.of(matrix, frame["time"].to_numpy(dtype=float), frame["ev"].to_numpy() == 1)
    risks = 1 - predicted_survival(design, fit(design), matrix, np.asarray(times, dtype=float))
    yield Compared("predicted risks", r["risk_first5"], risks[:5])
    columns = [f"risk_{t}" for t in times]
    tidy = prediction_scores(
        frame.assign(**dict(zip(columns, risks.T, strict=True))), "time", "ev", {"cox": columns}, times=times
    ).tidy
    areas = tidy[tidy["measure"] == "AUC"]
    for name, column in (("AUC", "estimate"), ("se", "std_error"), ("lower", "conf_low"), ("upper", "conf_high")):
        yield Compared(f"AUC, {name}", r["auc"][name], areas[column])
        theirs = r["brier"]["Brier" if name == "AUC" else name]
        briers = [
            tidy[(tidy["measure"] == "Brier score") & (tidy["group"] == m)][column] for m in ("null model", "cox")
        ]
        yield Compared(f"Brier, {name}", theirs, np.concatenate(briers))
    yield Compared("IPA", r["brier"]["IPA"][3:], tidy[tidy["measure"] == "IPA"]["estimate"])


def _bootstrap_optimism(entry: Entry) -> Iterator[Compared]:
    r, samples = entry.values, dataset(entry.data).to_numpy() - 1
    frame = dataset("derived_lung_cc")
    tidy = validate_cox(frame, "time", "ev", _LUNG, seed=0, rows=samples).tidy
    found = tidy[tidy["measure"] == "concordance"].set_index("term")["estimate"]
    slope = tidy[tidy["measure"] == "calibration slope"].set_index("term")["estimate"]
    yield Compared("apparent concordance", r["apparent"], found["apparent"])
    yield Compared("concordance in the samples, mean", sum(r["boot"]) / len(r["boot"]), found["training"])
    yield Compared("concordance in the original, mean", sum(r["test"]) / len(r["test"]), found["test"])
    yield Compared("optimism", r["optimism"], found["optimism"])
    yield Compared("corrected concordance", r["corrected"], found["corrected"])
    yield Compared("mean calibration slope", r["mean_slope"], slope["corrected"])


def _rms_validate(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    tidy = validate_cox(dataset(entry.data), "time", "ev", _LUNG, seed=1, replicates=200).tidy
    ours = tidy.pivot_table(index="measure", columns="term", values="estimate")
    names = ["Somers' Dxy", "Nagelkerke R2", "calibration slope", "discrimination index D", "unreliability index U",
             "quality index Q", "Gini's mean difference"]  # fmt: skip
    columns = {name: [row[place] for row in r["table"]["values"]] for place, name in enumerate(r["table"]["cols"])}
    yield Compared("index.orig", columns["index.orig"], ours.loc[names, "apparent"])
    why = "other bootstrap samples than R's: Monte-Carlo error of 200 replicates"
    kept = [place for place, name in enumerate(names) if name != "unreliability index U"]  # near 0: noise only
    for column, term in (("training", "training"), ("test", "test"), ("index.corrected", "corrected")):
        theirs = [columns[column][place] for place in kept]
        yield Compared(column, theirs, ours.loc[[names[place] for place in kept], term], tolerance=0.1, why=why)


def _validation_at(entry: Entry) -> Iterator[Compared]:
    samples, models = dataset(entry.data).to_numpy() - 1, {"full": _LUNG, "small": ["age", "sex"]}
    frame, cuts = dataset("derived_lung_cc"), [0.4, 0.55, 0.7]
    tidy = validate_cox_at(frame, "time", "ev", models, horizon=365, seed=0, rows=samples, thresholds=cuts).tidy
    names = ["AUC", "Brier score", "IPA", "observed/expected", *(f"net benefit at {cut:g}" for cut in cuts)]
    for model in models:
        own = tidy[(tidy["group"] == model) & (tidy["measure"] != "concordance")]
        for term in ("apparent", "optimism"):
            ours = own[own["term"] == term]["estimate"]
            for name, theirs, one in zip(names, entry.values[model][term], ours, strict=True):
                yield Compared(f"{model} model: {name}, {term}", theirs, one)


def _roc_asah(entry: Entry) -> Iterator[Compared]:
    r = entry.values
    frame = dataset(entry.data).assign(poor=lambda d: d["outcome"] == "Poor")
    tidy = roc(frame, "poor", ["s100b", "wfns"]).tidy
    for name in ("s100b", "wfns"):
        area = tidy[(tidy["measure"] == "AUC") & (tidy["group"] == name)].iloc[0]
        yield Compared(f"AUC of {name}", r[f"auc_{name}"], area["estimate"])
        yield Compared(f"DeLong limits of {name}", r[f"ci_{name}"], area[["conf_low", "estimate", "conf_high"]])
    difference = tidy[tidy["measure"] == "AUC difference"].iloc[0]
    yield Compared("difference, z and p", [r["z"], r["p"]], [-difference["statistic"], difference["p_value"]])
    best = tidy[(tidy["group"] == "s100b") & (tidy["term"] != "")].set_index("measure")["estimate"]
    yield Compared("Youden's best cut", r["youden"], best[["threshold", "specificity", "sensitivity"]])


def _concordance_gbsg(entry: Entry) -> Iterator[Compared]:
    frame = dataset(entry.data)
    options: dict[str, dict[str, Any]] = {
        "harrell": {},
        "uno": {"estimator": "uno", "tau": 60},
        "strata": {"strata": "large"},
    }
    for name, chosen in options.items():
        r, tidy = entry.values[name], concordance_index(frame, "months", "status", ["s1", "s2"], **chosen).tidy
        c = tidy[tidy["measure"] == "concordance"]
        yield Compared(f"concordance, {name}", r["estimate"], c["estimate"])
        own = c["std_error"] * c["estimate"] * (1 - c["estimate"])
        yield Compared(f"concordance, {name}, standard error", r["se"], own)
        apart = tidy[tidy["measure"] == "concordance difference"]["std_error"]
        yield Compared(f"concordance, {name}, standard error of the difference", r["difference_se"], apart)


CASES = (
    Case("predict_concordance_gbsg", _concordance_gbsg),
    Case("score_lung_brier_auc", _score_lung),
    Case("roc_delong_compare_aSAH", _roc_asah),
    Case("bootstrap_optimism_cindex_lung", _bootstrap_optimism),
    Case("rms_validate_lung", _rms_validate),
    Case("validation_at_lung", _validation_at),
    Case("predict_score_melanoma", _score_melanoma),
    Case("predict_calibration_birthwt", _calibration_birthwt),
    Case("predict_calibration_lung", _calibration_lung),
)
