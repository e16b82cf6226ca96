"""How well risk scores order survival times: Harrell's and Uno's concordance, and differences between scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import norm

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import Floats, Ints, Labels, column, labels, numbers
from neurohlh.stats.concordance import Concordance, concordance
from neurohlh.stats.curves.product_limit import product_limit
from neurohlh.stats.predict.time_scores import ROUNDING
from neurohlh.stats.predict.tripod import tripod
from neurohlh.stats.recipe import software, z_value
from neurohlh.stats.survival_data import SurvivalData, first_reasons, survival_data

_NAMES = {"harrell": "Harrell's C", "uno": "Uno's C"}
_TIME_WEIGHTS = {"harrell": "n", "uno": "n/G2"}
_REFERENCES = {
    "harrell": "Harrell, Lee & Mark 1996, Stat Med 15:361",
    "uno": "Uno, Cai, Pencina, D'Agostino & Wei 2011, Stat Med 30:1105",
}


def concordance_index(
    frame: pd.DataFrame,
    time: str,
    event: str,
    scores: str | Sequence[str],
    *,
    estimator: str = "harrell",
    tau: float | None = None,
    entry: str | None = None,
    strata: str | None = None,
    conf_level: float = 0.95,
) -> Result:
    """The share of comparable pairs in which the patient with the higher score has the event first; ties half.

    `scores` are columns in which higher means worse (the event earlier). `estimator` "harrell" counts every pair alike,
    "uno" weights by the inverse squared probability of staying uncensored (its curve within each of `strata`), which
    frees the answer from the censoring; events after `tau` (in the unit of `time`) start no pair. Pairs are formed
    within `strata`. With several scores their differences follow, first minus second. Equal to survival::concordance
    of the same fits; the standard errors are its infinitesimal jackknife, which takes Uno's weights as known. Limits
    are on the logit scale (so they stay within 0 and 1), those of differences Wald.

    Rows without follow-up, stratum or any score are dropped and counted. Raises ValueError for wrong columns or
    options, and for "uno" with delayed entry; NotEstimable without an event (by tau), or without comparable pairs.
    """
    z = z_value(conf_level)
    names = [scores] if isinstance(scores, str) else list(scores)
    _check_options(names, estimator, tau, entry)
    data, found, own = _data(frame, (time, event), names, entry, strata)
    events = int((data.event & (data.time <= (np.inf if tau is None else tau))).sum())
    if not events:
        raise NotEstimable(f"no events{'' if tau is None else f' by {tau:g}'} among {data.n} patients")
    each = {
        name: concordance(
            score, data.time, data.event, entry=data.entry, strata=own, time_weight=_TIME_WEIGHTS[estimator], tau=tau
        )
        for name, score in found.items()
    }
    if np.isnan(each[names[0]].estimate):
        raise NotEstimable("no two patients can be compared: nobody is followed beyond another one's event")
    rows = [_row(name, one, z) for name, one in each.items()]
    rows += [_difference(one, two, each, z) for one, two in combinations(names, 2)]
    shared = {"analysis": "concordance", "outcome": event, "n": data.n, "events": events, "method": _NAMES[estimator]}
    if tau is not None:
        shared["time"] = tau
    return Result(
        kind="concordance",
        tidy=tidy_frame([{**shared, **row} for row in rows]),
        method=_method(estimator, {"tau": tau, "entry": entry or "", "strata": strata or "", "conf_level": conf_level}),
        counts={
            "supplied": len(frame),
            "used": data.n,
            "events": events,
            "dropped": data.dropped,
            "pairs": {name: one.pairs for name, one in each.items()},
        },
        notes=_notes(data, own, estimator, tau),
    )


def _check_options(names: Sequence[str], estimator: str, tau: float | None, entry: str | None) -> None:
    if not names or len(set(names)) < len(names):
        raise ValueError("scores must name at least one column, and each once")
    if estimator not in _NAMES:
        raise ValueError(f"estimator must be one of {', '.join(_NAMES)}, not {estimator!r}")
    if tau is not None and not (np.isfinite(tau) and tau > 0):
        raise ValueError("tau must be a time above 0")
    if entry is not None and estimator == "uno":
        raise ValueError("Uno's C needs a censoring distribution, which delayed entry hides: use harrell")


def _data(
    frame: pd.DataFrame, outcome: tuple[str, str], names: Sequence[str], entry: str | None, strata: str | None
) -> tuple[SurvivalData, dict[str, Floats], Ints | None]:
    survival = survival_data(frame, *outcome, entry=entry)
    values = {name: numbers(column(frame, name)) for name in names}
    found: Labels | None = None if strata is None else labels(column(frame, strata))[0]
    reasons = {"no follow-up": ~survival.kept}
    if found is not None:
        reasons[f"missing {strata}"] = np.array([label is None for label in found], dtype=bool)
    reasons |= {f"missing {name}": np.isnan(score) for name, score in values.items()}
    kept, dropped = first_reasons(reasons, len(frame))
    if not kept.any():
        raise NotEstimable("no row has follow-up, stratum and all scores")
    dropped.pop("no follow-up", None)
    data = replace(survival.subset(kept), dropped={**survival.dropped, **dropped})
    own = None if found is None else np.unique(found[kept].astype(str), return_inverse=True)[1]
    return data, {name: score[kept] for name, score in values.items()}, own


def _row(name: str, found: Concordance, z: float) -> dict[str, Any]:
    c, se = found.estimate, found.std_error
    row: dict[str, Any] = {"term": name, "group": name, "measure": "concordance", "scale": "logit", "estimate": c}
    if c in (0.0, 1.0):
        return {**row, "note": "limits not estimable: the score orders every pair alike"}
    if not se > ROUNDING:
        return {**row, "note": "limits not estimable: no variation"}
    coef, width = float(logit(c)), se / (c * (1 - c))
    limits = {"conf_low": float(expit(coef - z * width)), "conf_high": float(expit(coef + z * width))}
    return {**row, "coef": coef, "std_error": width, **limits}


def _difference(one: str, two: str, each: Mapping[str, Concordance], z: float) -> dict[str, Any]:
    estimate = each[one].estimate - each[two].estimate
    se = float(np.sqrt(((each[one].influence - each[two].influence) ** 2).sum()))
    row: dict[str, Any] = {"contrast": f"{one} - {two}", "measure": "concordance difference", "scale": "identity"}
    row["estimate"] = estimate
    if not se > ROUNDING:
        return {**row, "note": "limits not estimable: the scores do not differ in how they order"}
    limits = {"conf_low": estimate - z * se, "conf_high": estimate + z * se}
    row |= {"coef": estimate, "std_error": se, "statistic": estimate / se, **limits}
    return {**row, "p_value": float(2 * norm.sf(abs(estimate / se)))}


def _notes(data: SurvivalData, own: Ints | None, estimator: str, tau: float | None) -> tuple[str, ...]:
    if estimator != "uno":
        return ("Harrell's C depends on the censoring: compare it only within one study.",)
    last = float(data.time[data.event].max()) if tau is None else min(tau, float(data.time[data.event].max()))
    strata = np.zeros(data.n, dtype=np.intp) if own is None else own
    left = 1.0
    for stratum in np.unique(strata):
        inside = strata == stratum
        curve = product_limit(data.time[inside], ~data.event[inside], None, z=0.0)
        left = min(left, float(curve.survival[np.searchsorted(curve.time, last) - 1]))
    if left >= 0.1:
        return ()
    return (f"Fewer than one in ten would still be uncensored at {last:g}: a few patients stand for many; set tau.",)


def _method(estimator: str, options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "estimator": _NAMES[estimator],
        **options,
        "variance": "infinitesimal jackknife; time weights taken as known",
        "interval": "logit; differences: Wald",
        "ties": "equal scores count one half; censored at the time of an event outlives it",
        "test": "Wald test of the difference between scores",
        "correction": "none",
        "denominator": "patients with follow-up, stratum and all scores known",
        "software": software("numpy", "scipy"),
        "reference": [_REFERENCES[estimator]],
        "tripod": tripod("10d", "16"),
    }
