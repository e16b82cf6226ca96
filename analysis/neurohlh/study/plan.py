"""The first results of a study, in their order: description, CNS frequency, survival from the landmark, Cox models.

The standard exposure is CNS status within the baseline window; survival is followed from the landmark, so that nobody
has to live long enough to be called exposed. 'Ever CNS' followed from day 0 is not offered as an answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result
from neurohlh.etl.codebook import codebook
from neurohlh.stats.binary import risks_only, two_by_two
from neurohlh.stats.completeness import completeness
from neurohlh.stats.cox import cox_table
from neurohlh.stats.curves import kaplan_meier, reverse_kaplan_meier
from neurohlh.stats.describe import TableVariable, table1
from neurohlh.stats.landmark import landmark
from neurohlh.stats.logrank import logrank
from neurohlh.stats.proportions import frequency, testing_rates
from neurohlh.study.classify import Classified
from neurohlh.study.config import StudyConfig
from neurohlh.study.covariates import check_covariates, default_covariates, variable_of
from neurohlh.study.population import Population

EXPOSURE = "cns"
TIMES = (30, 180, 365, 1095)
"""Days at which survival is printed: 30 d, 180 d, 1 y, 3 y."""
FEW_EVENTS = 2
"""Below this many deaths with a known time no survival model is tried."""
_STATUS_WORDS = {
    "met": "CNS involved",
    "not_met": "CNS not involved",
    "indeterminate": "CNS not decidable",
    "not_applicable": "CNS status not applicable",
}
_TABLE1_DOMAINS = (
    "demographic", "etiology", "clinical", "lab_blood", "immune", "pathology", "genetic", "diagnosis", "severity",
)  # fmt: skip
_TABLE1_NOT = ("ferritin_censored", "scd25_unit", "scd25_uln", "hlh_confirmed", "ms_score", "hscore_probability")


@dataclass(frozen=True)
class Survival:
    """The patients of the survival analysis: days since the landmark, event, exposure, and who was left out and why."""

    frame: pd.DataFrame
    supplied: int
    dropped: dict[str, int]


def analyse(classified: Classified, population: Population, config: StudyConfig) -> dict[str, Result]:
    """Every first result that the data bear, by name."""
    frame = classified.frame[population.included].reset_index(drop=True)
    states = classified.cohort.states[population.included].reset_index(drop=True)
    results = {
        "completeness": completeness(states, list(states.columns)),
        "table1": _table1(frame),
        "frequency": frequency(frame["cns_status"], variable="cns_status"),
        "testing": _testing(frame),
    }
    if config.endpoint.os.analyse and _events(frame) >= FEW_EVENTS:
        results |= _survival(frame, config)
    else:
        results["two_by_two"] = _two_by_two(frame)
    return results


def _events(frame: pd.DataFrame) -> int:
    return int(((frame["os_event"] == 1) & frame["os_days"].notna()).sum())


def table1_variables(frame: pd.DataFrame) -> list[TableVariable]:
    """The baseline variables of Table 1 that the data hold, in the codebook's order."""
    chosen = []
    for variable in codebook():
        name = variable.name
        wanted = variable.domain in _TABLE1_DOMAINS and variable.role in ("baseline", "derived")
        held = name in frame and frame[name].notna().any() and variable.type not in ("date", "string")
        if wanted and held and name not in _TABLE1_NOT and not name.endswith("_met"):
            kind = {"float": "continuous", "int": "continuous", "bool": "binary", "tri": "binary"}.get(variable.type)
            chosen.append(
                TableVariable(
                    name,
                    label=variable.label(),
                    unit=variable.unit,
                    kind=kind or "category",
                    positive="met" if variable.type == "tri" else "",
                )
            )
    return chosen


def _table1(frame: pd.DataFrame) -> Result:
    return table1(frame, by="cns_status", variables=table1_variables(frame))


def _testing(frame: pd.DataFrame) -> Result:
    tested = pd.DataFrame({name: frame[name] for name in ("symptoms_tested", "csf_tested", "imaging_tested")})
    return testing_rates(tested, frame["died"])


def _two_by_two(frame: pd.DataFrame) -> Result:
    exposed = frame["cns_status"].map({"met": True, "not_met": False}).astype("boolean")
    try:
        return two_by_two(exposed, frame["died"])
    except NotEstimable as reason:
        return risks_only(exposed, frame["died"], reason=str(reason))


def survival_set(frame: pd.DataFrame, config: StudyConfig) -> Survival:
    """Patients at risk at the landmark with a known time and outcome; everyone else is counted by reason.

    Deaths before the landmark are counted by CNS status, because it is the untested who die early.
    """
    day = config.model.landmark_days
    known = frame["os_days"].notna() & frame["os_event"].notna()
    early = frame[known & (frame["os_days"] <= day)]
    dropped = {"time or outcome unknown": int((~known).sum())}
    for status, word in _STATUS_WORDS.items():
        dropped[f"died by day {day}, {word}"] = int(
            ((early["os_event"] == 1) & (early["cns_baseline"] == status)).sum()
        )
    dropped[f"last seen alive by day {day}"] = int((early["os_event"] == 0).sum())
    kept = landmark(frame[known], "os_days", "os_event", day).frame
    kept = kept.assign(**{EXPOSURE: kept["cns_baseline"]}).reset_index(drop=True)
    return Survival(kept, len(frame), {reason: n for reason, n in dropped.items() if n})


def _survival(frame: pd.DataFrame, config: StudyConfig) -> dict[str, Result]:
    whole = frame[frame["os_days"].notna() & frame["os_event"].notna()]
    results = {
        "kaplan_meier_overall": kaplan_meier(whole, "os_days", "os_event", times=TIMES),
        "followup": reverse_kaplan_meier(whole, "os_days", "os_event"),
    }
    survival = survival_set(frame, config)
    known = survival.frame[survival.frame[EXPOSURE].isin(["met", "not_met"])]
    undecided = len(survival.frame) - len(known)
    try:
        results["kaplan_meier"] = _told(
            kaplan_meier(survival.frame, "os_days", "os_event", by=EXPOSURE, times=TIMES), survival, {}
        )
        gone = {"CNS status at baseline not decidable": undecided} if undecided else {}
        results["logrank"] = _told(logrank(known, "os_days", "os_event", EXPOSURE), survival, gone)
        results["cox"] = _told(_cox(known, frame, config), survival, gone)
    except NotEstimable as reason:
        results["kaplan_meier_overall"] = results["kaplan_meier_overall"].with_(
            notes=(*results["kaplan_meier_overall"].notes, f"No comparison by CNS status: {reason}.")
        )
    return results


def _told(result: Result, survival: Survival, gone: dict[str, int]) -> Result:
    """The result with its counts taken back to the study population."""
    dropped = {**survival.dropped, **gone, **result.counts.get("dropped", {})}
    return result.with_(counts={**result.counts, "supplied": survival.supplied, "dropped": dropped})


def _cox(known: pd.DataFrame, frame: pd.DataFrame, config: StudyConfig) -> Result:
    declared = config.model.covariates
    if declared is None:
        terms, lacking = default_covariates(known)
    else:
        terms, lacking = check_covariates(declared, codebook(), frame), ()
    strata = config.model.strata
    result = cox_table(
        known, "os_days", "os_event", EXPOSURE, list(terms), strata=strata, reference={EXPOSURE: "not_met"}
    )
    notes = [*result.notes]
    if lacking:
        notes.append("Covariates of the default set that the data do not hold: " + ", ".join(lacking) + ".")
    for name in map(variable_of, terms):
        censored = known.get(f"{name}_censored")
        n = 0 if censored is None else int(censored.notna().sum())
        if n:
            notes.append(f"{n} values of {name} lie beyond a limit of measurement and enter the model as that limit.")
    return result.with_(notes=tuple(notes))


def undecided_share(frame: pd.DataFrame) -> float:
    """Share of the patients whose CNS status can't be decided."""
    return float(np.mean(frame["cns_status"] == "indeterminate")) if len(frame) else 0.0
