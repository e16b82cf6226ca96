"""What the hazard ratio means in patients: survival had all been CNS involved, had none been, and the difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.curves.rmst import rmst
from neurohlh.stats.curves.survival_difference import survival_difference
from neurohlh.stats.weights.outcomes import weighted_survival
from neurohlh.stats.weights.standardised_survival import standardised_survival
from neurohlh.study.covariates import variable_of
from neurohlh.study.follow import EXPOSURE, TIMES
from neurohlh.study.parts.confounding.adjustment_set import Sets
from neurohlh.study.parts.confounding.estimates import CONTRAST, EVENT, TIME, propensity_terms, weighed
from neurohlh.study.parts.material import Followed, Material

ENOUGH = 10
"""Patients at risk in each group below which nothing is read off (dossier 13.14, a DOSSIER RULE)."""
REPLICATES = 200
GCOMPUTATION, CRUDE = "standardised (Cox model, g-computation)", "Kaplan-Meier, crude"
WEIGHTED = {"overlap": "Kaplan-Meier, overlap weights", "ATE": "Kaplan-Meier, weights for all patients (ATE)"}
DIFFERENCES = ("survival difference", "RMST difference")
_GROUPS = {"met": "all CNS involved", "not_met": "none CNS involved"}


def span(days: float) -> str:
    """Days in words: '180 days', '1 year'."""
    years = days / 365
    if years != int(years):
        return f"{days:g} days"
    return f"{years:g} year" if years == 1 else f"{years:g} years"


def longest(frame: pd.DataFrame) -> float:
    """The last of the printed times, or the last day with enough at risk in both groups if that is sooner (0: none)."""
    last = [
        np.sort(own[TIME].to_numpy())[-ENOUGH] if len(own) >= ENOUGH else 0.0
        for _, own in frame.groupby(EXPOSURE, observed=True)
    ]
    return float(min([*last, TIMES[-1]])) if len(last) == 2 else 0.0


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with those not involved first, so that every difference is that of the involved against them."""
    return frame.assign(**{EXPOSURE: pd.Categorical(frame[EXPOSURE], categories=["not_met", "met"])})


def standardised(material: Material, sets: Sets, followed: Followed) -> Result:
    """Survival differences at the printed times and RMST differences: standardised, weighted and crude.

    Raises NotEstimable where a group is too small, or the model can't be fitted.
    """
    terms = propensity_terms(material, sets)
    if not terms:
        raise NotEstimable("the data hold no covariate to standardise for")
    frame = in_order(sets.main.frame.dropna(subset=[variable_of(term) for term in terms]))
    tau = longest(frame)
    if tau <= 0:
        raise NotEstimable(f"a group has fewer than {ENOUGH} patients at risk with all covariates known")
    times = [float(t) for t in TIMES if t <= tau] or [tau]
    main = standardised_survival(
        sets.main.frame,
        TIME,
        EVENT,
        EXPOSURE,
        list(terms),
        times=times,
        tau=tau,
        replicates=REPLICATES,
        seed=material.seed("confounding_standardised"),
    )
    kept = main.tidy[main.tidy["measure"].isin(["survival", "RMST", *DIFFERENCES])]
    rows = [kept.assign(method=GCOMPUTATION, group=kept["group"].replace(_GROUPS))]
    rows.append(pd.DataFrame(_beside(material, sets, frame, times, tau)))
    tidy = tidy_frame(pd.concat([part for part in rows if len(part)], ignore_index=True))
    tidy = tidy.assign(analysis="standardised_survival", variable=EXPOSURE, outcome="death", population="", term="")
    tidy["contrast"] = np.where(tidy["contrast"] != "", CONTRAST, "")
    dead = frame.loc[frame[EVENT] == 1, TIME].to_numpy()
    tidy = tidy.assign(n=len(frame), events=[(dead <= t).sum() if t == t else len(dead) for t in tidy["time"]])
    late = [f"{t:g}" for t in TIMES if t > tau]
    notes = [
        *main.notes,
        "Times are days after the landmark; events are the deaths by then. A negative difference means fewer "
        "survivors, or less time lived, with CNS involvement; RMST is the mean number of days lived up to its time.",
        *([f"Not read off at {', '.join(late)} days: fewer than {ENOUGH} at risk in a group."] if late else []),
        *number_needed(tidy),
    ]
    return followed.tell(
        main.with_(
            tidy=tidy,
            method={
                **main.method,
                "title": "Survival with and without CNS involvement, other things alike",
                "beside": [CRUDE, *WEIGHTED.values()],
                "picture": {"groups": _GROUPS},
                "tau_rule": f"the last printed time, or the last day with {ENOUGH} at risk in both groups",
            },
            notes=tuple(notes),
        )
    )


def _beside(
    material: Material, sets: Sets, frame: pd.DataFrame, times: Sequence[float], tau: float
) -> Iterator[dict[str, Any]]:
    """The differences of Kaplan-Meier curves, crude and weighted, in the same patients."""
    crude = pd.concat(
        [
            survival_difference(frame, TIME, EVENT, EXPOSURE, times=times).tidy,
            rmst(frame, TIME, EVENT, by=EXPOSURE, tau=tau).tidy,
        ]
    )
    yield from _differences(crude, CRUDE)
    for estimand, words in WEIGHTED.items():
        try:
            weights = weighed(material, sets, estimand)
            found = weighted_survival(sets.main.frame, TIME, EVENT, weights, times=times, tau=tau).tidy
        except NotEstimable as error:
            note = f"not estimable: {error}"
            yield {"method": words, "measure": DIFFERENCES[0], "contrast": CONTRAST, "note": note}
            continue
        yield from _differences(found, words)


def _differences(tidy: pd.DataFrame, words: str) -> Iterator[dict[str, Any]]:
    for row in tidy[tidy["measure"].isin(DIFFERENCES)].to_dict("records"):
        yield {str(k): v for k, v in row.items()} | {"method": words}


def number_needed(tidy: pd.DataFrame) -> tuple[str, ...]:
    """How many patients with CNS involvement there are for one death more (or fewer), at the last time read off.

    Nothing where the limits of the standardised difference include 0: its inverse has no limits then.
    """
    rows = tidy[(tidy["method"] == GCOMPUTATION) & (tidy["measure"] == DIFFERENCES[0]) & tidy["conf_low"].notna()]
    if rows.empty:
        return ()
    last = rows.sort_values("time").iloc[-1]
    low, high = float(last["conf_low"]), float(last["conf_high"])
    if low <= 0 <= high:
        return ()
    one, few, many = (1 / abs(x) for x in (last["estimate"], *((low, high) if high < 0 else (high, low))))
    more = "more" if high < 0 else "fewer"
    return (
        f"Read as a number: within {span(last['time'])} about one death {more} for every {one:.0f} patients with CNS "
        f"involvement ({few:.0f} to {many:.0f}), other things alike.",
    )
