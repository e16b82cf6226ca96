"""Propensity, weights, matching, g-computation and censoring weights against R's survival, survey and MatchIt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.weights.balance import balance
from neurohlh.stats.weights.censoring_weights import WEIGHT, censoring_weights
from neurohlh.stats.weights.differences import Covariate, differences
from neurohlh.stats.weights.match import match
from neurohlh.stats.weights.outcomes import weighted_cox, weighted_survival
from neurohlh.stats.weights.standardised_survival import standardised_survival
from neurohlh.stats.weights.weight import Weighted, weight
from neurohlh.study.verification.case import Case, Compared
from neurohlh.study.verification.reference import Entry, dataset

_ROTTERDAM = ["age", "meno", "size2", "size3", "g3", "nodes", "lpgr", "ler"]
_PLANS: dict[str, dict[str, Any]] = {
    "ate": {},
    "stabilised": {"stabilised": True},
    "att": {"estimand": "ATT"},
    "overlap": {"estimand": "overlap"},
    "stabilised_trim_1_99": {"stabilised": True, "truncate": (0.01, 0.99)},
}


def _iptw(entry: Entry) -> Iterator[Compared]:
    r, frame = entry.values, dataset(entry.data)
    plain = weight(frame, "hormon", _ROTTERDAM)
    yield Compared("propensity coefficients", list(r["ps_coef"].values()), list(plain.propensity.coef.values()))
    yield Compared("propensity, first 10", r["ps_first10"], plain.propensity.score[:10])
    yield Compared("c-statistic", r["ps_cstat"], plain.propensity.c_statistic)
    yield Compared("SMD as observed", list(r["smd_raw"].values()), _smd(frame, plain, "before"))
    for name, plan in _PLANS.items():
        found = weight(frame, "hormon", _ROTTERDAM, **plan)
        if f"smd_{name}" in r:
            # Overlap weights balance exactly: what is left on either side is where Newton's steps stopped.
            yield Compared(f"{name}: SMD", list(r[f"smd_{name}"].values()), _smd(frame, found, "after"), zero=1e-9)
        yield from _outcome(name, r[name], frame, found)


def _smd(frame: pd.DataFrame, weighted: Weighted, population: str) -> Any:
    tidy = balance(frame, weighted).tidy
    return tidy[(tidy["measure"] == "SMD") & (tidy["population"] == population)]["estimate"]


def _outcome(name: str, r: dict[str, Any], frame: pd.DataFrame, weighted: Weighted) -> Iterator[Compared]:
    row = weighted_cox(frame, "dtime", "death", weighted).tidy.iloc[1]
    yield Compared(f"{name}: log hazard ratio", r["log_hr"], row["coef"])
    yield Compared(f"{name}: robust standard error", r["robust_se"], row["std_error"])
    # survey multiplies the sandwich by n/(n - 1)
    n = len(weighted.used_weights)
    yield Compared(f"{name}: svycoxph", [r["svycoxph_log_hr"], r["svycoxph_se"] * np.sqrt((n - 1) / n)],
                   [row["coef"], row["std_error"]])  # fmt: skip
    yield Compared(f"{name}: effective sizes", r["ess"], list(weighted.effective_sizes().values()))
    own = weighted.used_weights
    quartiles = np.quantile(own, [0, 0.25, 0.5, 0.75, 1])
    yield Compared(f"{name}: weights", r["w_summary"], [*quartiles[:3], own.mean(), *quartiles[3:]])
    tidy = weighted_survival(frame, "dtime", "death", weighted, times=[1826, 3652], tau=3652).tidy
    yield Compared(f"{name}: survival", r["km_weighted_surv"], tidy[tidy["term"] == "survival at time"]["estimate"])


_CUT_OFF = (
    "MatchIt 4.5.1 cuts the decimals off distances and so does not take the nearest partner; "
    "compared on the pairs that it made, and our own pairs in weights_match_rotterdam"
)


def _matched_cox(frame: pd.DataFrame, pairs: pd.DataFrame) -> pd.Series:
    """The exposure's row of a Cox model of the pairs, clustered by pair."""
    rows = pd.concat([pairs.iloc[:, k].rename("pid").to_frame().assign(pair=range(len(pairs))) for k in (0, 1)])
    return cox(rows.merge(frame, on="pid"), "dtime", "death", ["hormon"], cluster="pair").tidy.iloc[0]


def _match_as_shipped(entry: Entry) -> Iterator[Compared]:
    r, frame = entry.values, dataset("derived_rotterdam_iptw")
    found = match(frame, "hormon", _ROTTERDAM)
    yield Compared("pairs", r["n_pairs"], int((found.partners[:, 0] >= 0).sum()))
    yield Compared("caliper and spread of the logit", [r["caliper_abs"], r["sd_used"]], [found.caliper, found.spread])
    pairs = dataset("derived_rotterdam_matchit_pairs")
    row = _matched_cox(frame, pairs)
    numbers = [row["coef"], row["std_error"]]
    yield Compared("log hazard ratio, clustered by pair", [r["log_hr"], r["cluster_se"]], numbers, why=_CUT_OFF)
    exposed = frame["hormon"].to_numpy() == 1
    inside = np.isin(frame["pid"], pairs.to_numpy().ravel()).astype(float)
    smd = [
        differences(Covariate.of(frame[name].to_numpy(dtype=float), exposed, "exposed"), exposed, inside).smd
        for name in _ROTTERDAM
    ]
    theirs = list(r["smd_matched"].values())[1:]
    yield Compared("SMD of the matched", _as_ours(theirs, frame, _ROTTERDAM, exposed), smd, why=_CUT_OFF)


def _as_ours(smd: list[float], frame: pd.DataFrame, names: list[str], exposed: Any) -> list[float]:
    """MatchIt divides binary covariates by the root of p(1 - p), everything else (and we) by n - 1."""
    n = int(exposed.sum())
    binary = [frame[name].isin([0, 1]).all() for name in names]
    return [value * np.sqrt((n - 1) / n) if two else value for value, two in zip(smd, binary, strict=True)]


def _match_rotterdam(entry: Entry) -> Iterator[Compared]:
    r, frame = entry.values, dataset("derived_rotterdam_iptw")
    found = match(frame, "hormon", _ROTTERDAM, denominator="exposed")
    pid, has = frame["pid"].to_numpy(), found.partners[:, 0] >= 0
    ours = pd.DataFrame({"treated_pid": pid[found.focal[has]], "control_pid": pid[found.partners[has, 0]]})
    theirs = dataset(entry.data).sort_values("treated_pid")
    yield Compared("who is paired with whom", theirs.to_numpy(), ours.sort_values("treated_pid").to_numpy())
    row = _matched_cox(frame, ours)
    yield Compared("log hazard ratio", [r["log_hr"], r["cluster_se"]], [row["coef"], row["std_error"]])
    tidy = found.result.tidy
    after = tidy[(tidy["measure"] == "SMD") & (tidy["population"] == "after")]["estimate"]
    exposed = frame["hormon"].to_numpy() == 1
    yield Compared("SMD of the matched", _as_ours(r["smd"], frame, _ROTTERDAM, exposed), after)


def _g_computation(entry: Entry) -> Iterator[Compared]:
    r, frame = entry.values, dataset(entry.data)
    terms = ["nodes", "hormon:nodes", "age", "g3"]
    for population, names in (("all", ("unexposed", "exposed")), ("exposed", ("att_unexposed", "att_exposed"))):
        tidy = standardised_survival(
            frame, "dtime", "death", "hormon", terms, times=r["times"], population=population, replicates=0
        ).tidy
        curves = tidy[tidy["measure"] == "survival"]["estimate"]
        yield Compared(f"survival averaged over {population}", [*r[names[0]], *r[names[1]]], curves)
        if population == "all":
            difference = tidy[tidy["measure"] == "RMST difference"]["estimate"]
            yield Compared("RMST difference", r["rmst_difference"], difference)


def _censoring(entry: Entry) -> Iterator[Compared]:
    r, frame = entry.values, dataset(entry.data)
    found = censoring_weights(frame, "time", "ev", ["age", "sex", "ph.ecog"], times=r["cuts"]).frame
    plain = censoring_weights(frame, "time", "ev", ["age", "sex", "ph.ecog"], times=r["cuts"], stabilised=False).frame
    yield Compared("rows from start to stop", r["rows"], len(found))
    weights = [found[WEIGHT].sum(), found[WEIGHT].max(), plain[WEIGHT].sum()]
    yield Compared("weights", [r["weight_sum"], r["weight_max"], r["unstabilised_sum"]], weights)
    tidy = cox(found, "stop", "ev", ["age", "sex"], entry="start", weights=WEIGHT, cluster="id").tidy
    yield Compared("weighted Cox", [r["coef"], r["se"]], [*tidy["coef"], *tidy["std_error"]])


def _match_lalonde(entry: Entry) -> Iterator[Compared]:
    frame = dataset(entry.data)
    terms = ["age", "educ", "black", "hispan", "married", "nodegree", "re74", "re75"]
    exposed = frame["treat"].to_numpy() == 1
    options: dict[str, dict[str, Any]] = {
        "no_caliper": {"caliper": None},
        "ratio_2": {"caliper": 0.2, "ratio": 2},
        "replace": {"caliper": 0.2, "replace": True},
    }
    for name, own in options.items():
        r = entry.values[name]
        found = match(frame, "treat", terms, denominator="exposed", **own)
        weights = np.nan_to_num(found.weights)
        yield Compared(f"{name}: matched exposed", r["matched_exposed"], (weights[exposed] > 0).sum())
        if name == "replace":  # of several equal scores R reuses one, we another: the partners are as near
            continue
        numbers = [(weights[~exposed] > 0).sum(), weights[~exposed].sum(), weights.max()]
        theirs = [r[k] for k in ("matched_unexposed", "weight_sum_unexposed", "largest_weight")]
        yield Compared(f"{name}: matched unexposed, and their weights", theirs, numbers)
        tidy = found.result.tidy
        smd = tidy[(tidy["measure"] == "SMD") & (tidy["population"] == "after")]["estimate"]
        yield Compared(f"{name}: SMD", _as_ours(r["smd"], frame, terms, exposed), smd)


CASES = (
    Case("iptw_rotterdam", _iptw),
    Case("match_rotterdam_nearest_caliper", _match_as_shipped),
    Case("weights_match_rotterdam", _match_rotterdam),
    Case("weights_g_computation_rotterdam", _g_computation),
    Case("weights_ipcw_lung", _censoring),
    Case("weights_match_lalonde", _match_lalonde),
)
