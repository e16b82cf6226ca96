"""The first results of a study, in their order: description, CNS frequency, survival from the landmark, Cox models."""

from __future__ import annotations

import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import compared
from neurohlh.core.result import Result
from neurohlh.etl.codebook import codebook
from neurohlh.stats.curves.kaplan_meier import kaplan_meier, reverse_kaplan_meier
from neurohlh.stats.curves.logrank import logrank
from neurohlh.stats.describe.completeness import completeness
from neurohlh.stats.describe.proportions import frequency, testing_rates
from neurohlh.stats.describe.table1 import TableVariable, table1
from neurohlh.stats.describe.two_by_two import risks_only, two_by_two
from neurohlh.stats.hazards.cox import cox_table
from neurohlh.study.classify import Classified
from neurohlh.study.config import StudyConfig
from neurohlh.study.covariates import adjustment
from neurohlh.study.follow import (
    EXPOSURE,
    FEW_EVENTS,
    TIMES,
    ZERO_WORDS,
    Survival,
    counted_from,
    survival_set,
    time_zero_words,
    told,
    year_ticks,
)
from neurohlh.study.gaps import model_gaps
from neurohlh.study.population import Population

_TABLE1_DOMAINS = (
    "demographic", "etiology", "clinical", "lab_blood", "immune", "pathology", "genetic", "diagnosis", "severity",
)  # fmt: skip
_TABLE1_NOT = (
    "age_days",
    "ferritin_censored",
    "scd25_unit",
    "scd25_uln",
    "hlh_confirmed",
    "ms_score",
    "hscore_probability",
)


def first_results(classified: Classified, population: Population, config: StudyConfig) -> dict[str, Result]:
    """Every first result that the data bear, by name; none where no patient is in the study."""
    frame = classified.frame[population.included].reset_index(drop=True)
    if frame.empty:
        return {}
    states = classified.cohort.states[population.included].reset_index(drop=True)
    results = {"completeness": completeness(states, list(states.columns)), "table1": _table1(frame)}
    results["missing_patterns"] = model_gaps(frame, states, config)
    if (frame["cns_status"] != "not_applicable").any():
        results |= {"frequency": frequency(frame["cns_status"], variable="cns_status"), "testing": _testing(frame)}
    if config.endpoint.os.analyse and _events(frame) >= FEW_EVENTS:
        results |= _survival(frame, config)
    elif frame["died"].notna().any():
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
        held = name in frame and variable.type not in ("date", "string") and _says_something(frame[name])
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


def _says_something(column: pd.Series) -> bool:
    return bool((column.notna() & (column.astype(object) != "unknown")).any())


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


def _survival(frame: pd.DataFrame, config: StudyConfig) -> dict[str, Result]:
    whole = frame[frame["os_days"].notna() & frame["os_event"].notna()]
    overall = kaplan_meier(whole, "os_days", "os_event", times=TIMES, ticks=year_ticks(whole["os_days"]))
    overall = counted_from(overall, f"since {ZERO_WORDS[config.endpoint.os.origin]}")
    results = {"kaplan_meier_overall": overall, "followup": reverse_kaplan_meier(whole, "os_days", "os_event")}
    survival = survival_set(frame, config.model.landmark_days)
    try:
        return results | _by_exposure(survival, config)
    except NotEstimable as reason:
        notes = (*overall.notes, f"No comparison by CNS status: {reason}.")
        return results | {"kaplan_meier_overall": overall.with_(notes=notes)}


def _by_exposure(survival: Survival, config: StudyConfig) -> dict[str, Result]:
    everybody = survival.frame
    known = everybody[everybody[EXPOSURE].isin(["met", "not_met"])]
    undecided = int((everybody[EXPOSURE] == "indeterminate").sum())
    gone = {
        "CNS status at baseline not decidable": undecided,
        "CNS status not applicable": len(everybody) - len(known) - undecided,
    }
    gone = {reason: n for reason, n in gone.items() if n}
    ticks = year_ticks(everybody["os_days"])
    tested = logrank(known, "os_days", "os_event", EXPOSURE)
    curves = kaplan_meier(everybody, "os_days", "os_event", by=EXPOSURE, times=TIMES, ticks=ticks)
    curves = compared(curves, "Log-rank test", tested)
    results = {
        "kaplan_meier": counted_from(told(curves, survival, {}), time_zero_words(config)),
        "logrank": told(tested, survival, gone),
        "cox": told(_cox(known, config), survival, gone),
    }
    if undecided:
        results["cox_bounds"] = told(_cox_bounds(everybody, undecided, config), survival, {})
    return results


def _cox_bounds(everybody: pd.DataFrame, undecided: int, config: StudyConfig) -> Result:
    """The hazard ratio of the exposure with everybody undecided read as negative, then as positive."""
    rows = []
    for reading, status in (("negative", "not_met"), ("positive", "met")):
        read = everybody.assign(**{EXPOSURE: everybody[EXPOSURE].replace("indeterminate", status)})
        bound = _cox(read[read[EXPOSURE].isin(["met", "not_met"])], config)
        tidy = bound.tidy
        wanted = (tidy["variable"] == EXPOSURE) & tidy["analysis"].isin(["cox_crude", "cox_adjusted"])
        rows.append(tidy[wanted & ~tidy["is_reference"]].assign(population=f"undecided read as {reading}"))
    return Result(
        kind="cox_bounds",
        tidy=pd.concat(rows, ignore_index=True),
        method={**bound.method, "denominator": "everybody at risk at the landmark"},
        counts={**bound.counts, "undecided": undecided},
        notes=(
            f"Bounds, not answers: {undecided} patients whose baseline CNS status can't be decided are read as one or "
            "the other.",
        ),
    )


def _cox(known: pd.DataFrame, config: StudyConfig) -> Result:
    adjusted = adjustment(known, config.model)
    result = cox_table(
        adjusted.frame,
        "os_days",
        "os_event",
        EXPOSURE,
        list(adjusted.terms),
        strata=config.model.strata,
        reference={EXPOSURE: "not_met"},
    )
    return result.with_(notes=(*result.notes, *adjusted.notes))
