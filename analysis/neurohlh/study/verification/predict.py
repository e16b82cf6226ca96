"""Time-dependent scores, calibration and bootstrap validation against riskRegression, rms and glm."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from neurohlh.stats.predict.calibration_binary import calibration_binary
from neurohlh.stats.predict.scores import prediction_scores
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
        numbers = tidy.loc[term, ["estimate", "std_error"]]
        yield Compared(f"calibration {term}", [r[term], r[f"{term}_se"]], numbers)
    yield Compared("observed/expected", r["observed_expected"], tidy.loc["observed/expected", "estimate"])


CASES = (
    Case("predict_score_melanoma", _score_melanoma),
    Case("predict_calibration_birthwt", _calibration_birthwt),
)
