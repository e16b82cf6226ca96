"""What must stand beside the numbers of this very data set: sentences that follow from its counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.study.classify import Classified
from neurohlh.study.config import StudyConfig
from neurohlh.study.population import Population

UNDECIDED_SHARE = 0.10
"""From this share of undecided patients on, the frequency is led by its bounds (a choice of this package)."""
EVENTS_PER_PARAMETER = 10
"""Below this many events per parameter a Cox model is called sparse (dossier 13.5)."""


def cautions(
    classified: Classified, population: Population, results: Mapping[str, Result], config: StudyConfig
) -> tuple[str, ...]:
    """Sentences for the top of the report."""
    frame = classified.frame[population.included]
    return tuple(_cautions(frame, population, results, config))


def _cautions(
    frame: pd.DataFrame, population: Population, results: Mapping[str, Result], config: StudyConfig
) -> Iterator[str]:
    n = len(frame)
    if n == 0:
        yield "No patient fulfils the eligibility of this study; nothing can be estimated."
        return
    undecided = int((frame["cns_status"] == "indeterminate").sum())
    if config.study.design == "case_series":
        yield "These patients were published because they were remarkable: no frequency can be estimated from them."
    if undecided / n >= UNDECIDED_SHARE:
        bounds = "" if config.study.design == "case_series" else " Read the frequency with its bounds."
        yield f"CNS status can't be decided for {undecided} of {n} patients. Not tested is not negative.{bounds}"
    kept_out = population.flow.loc[population.flow["step"] == "conflicting_rows", "n_excluded"].sum()
    if kept_out:
        yield f"{int(kept_out)} patients are kept out because their rows contradict each other (see the issues)."
    if config.eligibility.criteria == "none":
        yield "The study asks for no HLH criteria: every patient in the tables counts as having HLH."
    elif "indeterminate" in config.eligibility.keep:
        yield "The study keeps patients who can't be shown to fulfil the HLH criteria."
    yield from _survival_cautions(results)
    if "two_by_two" in results:
        if config.endpoint.os.analyse:
            yield "There are too few deaths with a known time for a survival analysis."
        else:
            yield "The study declares no common time zero, so there is no survival analysis."
        yield (
            "CNS status and death are shown as a two-by-two table over the whole course: who lived longer had more "
            "time to be found CNS positive, so it describes and proves nothing."
        )


def _survival_cautions(results: Mapping[str, Result]) -> Iterator[str]:
    cox = results.get("cox")
    if cox is None:
        return
    sparse = cox.checks[(cox.checks["check"] == "events per parameter") & (cox.checks["value"] < EVENTS_PER_PARAMETER)]
    if len(sparse):
        yield (
            f"The adjusted model has {fmt.fixed(sparse['value'].iloc[0], 1)} deaths per parameter, fewer than "
            f"{EVENTS_PER_PARAMETER}: its estimates are unstable."
        )
    supplied, used = cox.counts.get("supplied", 0), cox.counts.get("used", 0)
    if supplied and used < supplied / 2:
        yield f"The adjusted model rests on {used} of {supplied} patients; the others lack a value it needs."
    broken = cox.checks[(cox.checks["check"] == "proportional hazards") & (cox.checks["verdict"] == "attention")]
    if len(broken):
        yield (
            "Hazards are not proportional for: "
            + ", ".join(broken["term"])
            + "; a single hazard ratio averages over an effect that changes with time."
        )
