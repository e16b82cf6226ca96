"""Firth's Cox regression against penalised likelihoods maximised in R."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from neurohlh.stats.hazards.firth import cox_firth
from neurohlh.stats.hazards.firth_fit import firth_fit
from neurohlh.stats.hazards.sorted_design import SortedDesign
from neurohlh.study.verification.case import Case, Compared
from neurohlh.study.verification.reference import Entry, dataset


def _plain(entry: Entry) -> Iterator[Compared]:
    v, frame = entry.values, dataset(entry.data)
    if "x1" in v["coef"]:
        names = ["x1", "x2"]
    else:
        frame, names = frame.assign(age10=frame["age"] / 10, ecog=frame["ph.ecog"]), ["age10", "sex", "ecog"]
    found = cox_firth(frame, "time", "ev", names, ties=v["ties"]).tidy
    yield Compared("coefficients", v["coef"], found["coef"])
    yield Compared("standard errors", v["se_information"], found["std_error"])
    yield Compared("lower profile limits", v["profile_lower"], np.log(found["conf_low"]))
    yield Compared("upper profile limits", v["profile_upper"], np.log(found["conf_high"]))
    yield Compared("penalised likelihood ratio", v["plr_chisq"], found["statistic"])
    yield Compared("p", v["plr_p"], found["p_value"])
    matrix, time = frame[names].to_numpy(dtype=float), frame["time"].to_numpy(dtype=float)
    design = SortedDesign.of(matrix, time, frame["ev"].to_numpy() == 1, ties=v["ties"])
    yield Compared("penalised log-likelihood", v["pen_loglik"], firth_fit(design, limits=False).loglik)


def _compared(reference: Entry, frame: pd.DataFrame, /, *model: object, **options: object) -> Iterator[Compared]:
    v = reference.values
    found = cox_firth(frame, *model, **options)  # type: ignore[arg-type]
    rows = found.tidy[found.tidy["coef"].notna()]
    yield Compared("coefficients", v["coef"], rows["coef"])
    yield Compared("standard errors", v["se"], rows["std_error"])
    yield Compared("lower profile limits", v["lower"], np.log(rows["conf_low"]))
    yield Compared("upper profile limits", v["upper"], np.log(rows["conf_high"]))
    yield Compared("penalised likelihood ratio", v["plr"], rows["statistic"])
    yield Compared("global test", 2 * (v["loglik"][1] - v["loglik"][0]), found.checks["statistic"].iloc[0])


def _heart(entry: Entry) -> Iterator[Compared]:
    ties, terms = entry.name.rsplit("_", 1)[1], ["age", "year", "transplant"]
    frame = dataset(entry.data).rename(columns={"start": "s"})
    return _compared(entry, frame, "stop", "event", terms, entry="s", strata="surgery", ties=ties)


def _no_events(entry: Entry) -> Iterator[Compared]:
    frame = dataset(entry.data)
    large = frame["celltype"] == "large"
    kept = frame[~large | (frame["status"] == 0) | (frame["time"] > 200)].copy()
    kept.loc[kept["celltype"] == "large", "status"] = 0
    levels = ["squamous", "smallcell", "adeno", "large"]
    kept["celltype"] = pd.Categorical(kept["celltype"], levels)
    ties = entry.name.rsplit("_", 1)[1]
    base = {"celltype": "squamous"}
    return _compared(entry, kept, "time", "status", ["celltype", "karno"], reference=base, ties=ties)


CASES = (
    Case("firth_cox_monotone20_breslow", _plain),
    Case("firth_cox_monotone20_efron", _plain),
    Case("firth_cox_lung_breslow", _plain),
    Case("terms_firth_heart_strata_breslow", _heart),
    Case("terms_firth_heart_strata_efron", _heart),
    Case("terms_firth_no_events_breslow", _no_events),
    Case("terms_firth_no_events_efron", _no_events),
)
