"""Propensity, weights, matching, g-computation and censoring weights against R's survival, survey and MatchIt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.stats.cox.cox import cox
from neurohlh.stats.weights.balance import balance
from neurohlh.stats.weights.censoring_weights import WEIGHT, censoring_weights
from neurohlh.stats.weights.match import Matched, match
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
            yield Compared(f"{name}: SMD", list(r[f"smd_{name}"].values()), _smd(frame, found, "after"))
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


def _match_rotterdam(entry: Entry) -> Iterator[Compared]:
    r, frame = entry.values, dataset(entry.data)
    found = match(frame, "hormon", _ROTTERDAM)
    theirs = dataset("derived_rotterdam_match_pairs").sort_values("treated_pid")
    pid, has = frame["pid"].to_numpy(), found.partners[:, 0] >= 0
    ours = pd.DataFrame({"treated_pid": pid[found.focal[has]], "control_pid": pid[found.partners[has, 0]]})
    yield Compared("pairs", r["n_pairs"], int(has.sum()))
    yield Compared("who is paired with whom", theirs.to_numpy(), ours.sort_values("treated_pid").to_numpy())
    yield Compared("caliper and spread of the logit", [r["caliper_abs"], r["sd_used"]], [found.caliper, found.spread])
    pairs = found.frame(frame)
    row = cox(pairs, "dtime", "death", ["hormon"], cluster="pair").tidy.iloc[0]
    yield Compared("log hazard ratio, clustered by pair", [r["log_hr"], r["cluster_se"]],
                   [row["coef"], row["std_error"]])  # fmt: skip
    exposed = match(frame, "hormon", _ROTTERDAM, denominator="exposed").result.tidy
    after = exposed[(exposed["measure"] == "SMD") & (exposed["population"] == "after")]["estimate"]
    yield Compared("SMD of the matched", list(r["smd_matched"]["values"] if "values" in r["smd_matched"] else
                                             r["smd_matched"].values())[1:], after)  # fmt: skip


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
    options: dict[str, dict[str, Any]] = {
        "no_caliper": {"caliper": None},
        "ratio_2": {"caliper": 0.2, "ratio": 2},
        "replace": {"caliper": 0.2, "replace": True},
    }
    for name, own in options.items():
        found = match(frame, "treat", terms, denominator="exposed", **own)
        yield from _matched(name, entry.values[name], found, frame["treat"].to_numpy() == 1)


def _matched(name: str, r: dict[str, Any], found: Matched, exposed: Any) -> Iterator[Compared]:
    own = np.nan_to_num(found.weights)
    numbers = [(own[exposed] > 0).sum(), (own[~exposed] > 0).sum(), own[~exposed].sum(), own.max()]
    theirs = [r[k] for k in ("matched_exposed", "matched_unexposed", "weight_sum_unexposed", "largest_weight")]
    yield Compared(f"{name}: matched, and their weights", theirs, numbers)
    tidy = found.result.tidy
    smd = tidy[(tidy["measure"] == "SMD") & (tidy["population"] == "after")]["estimate"]
    yield Compared(f"{name}: SMD", r["smd"], smd)


CASES = (
    Case("iptw_rotterdam", _iptw),
    Case("match_rotterdam_nearest_caliper", _match_rotterdam),
    Case("weights_g_computation_rotterdam", _g_computation),
    Case("weights_ipcw_lung", _censoring),
    Case("weights_match_lalonde", _match_lalonde),
)
