"""The first results of a study, in their order: description, CNS frequency, survival from the landmark, Cox models.

The standard exposure is CNS status within the baseline window; survival is followed from the landmark, so that nobody
has to live long enough to be called exposed. 'Ever CNS' followed from day 0 is not offered as an answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result
from neurohlh.etl.codebook import codebook
from neurohlh.stats.curves.kaplan_meier import kaplan_meier, reverse_kaplan_meier
from neurohlh.stats.curves.logrank import logrank
from neurohlh.stats.describe.completeness import completeness
from neurohlh.stats.describe.proportions import frequency, testing_rates
from neurohlh.stats.describe.table1 import TableVariable, table1
from neurohlh.stats.describe.two_by_two import risks_only, two_by_two
from neurohlh.stats.hazards.cox import cox_table
from neurohlh.stats.landmarks import landmark
from neurohlh.study.classify import Classified
from neurohlh.study.config import StudyConfig
from neurohlh.study.covariates import default_covariates, merge_sparse_levels, variable_of
from neurohlh.study.population import Population

EXPOSURE = "cns"
TIMES = (30, 180, 365, 1095)
"""Days at which survival is printed: 30 d, 180 d, 1 y, 3 y."""
DAYS_PER_YEAR = 365.25
TICKS = 6
"""Columns of a risk table at the most, so that they do not run into each other."""
FEW_EVENTS = 2
"""Below this many deaths with a known time no survival model is tried."""
_STATUS_WORDS = {
    "met": "CNS involved",
    "not_met": "CNS not involved",
    "indeterminate": "CNS not decidable",
    "not_applicable": "CNS status not applicable",
}
ZERO_WORDS = {
    "date_hlh_diagnosis": "the diagnosis of HLH",
    "date_admission": "admission",
    "date_treatment_start": "the start of treatment",
}
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


@dataclass(frozen=True)
class Survival:
    """The patients of the survival analysis: days since the landmark, event, exposure, and who was left out and why."""

    frame: pd.DataFrame
    supplied: int
    dropped: dict[str, int]


def analyse(classified: Classified, population: Population, config: StudyConfig) -> dict[str, Result]:
    """Every first result that the data bear, by name; none where no patient is in the study."""
    frame = classified.frame[population.included].reset_index(drop=True)
    if frame.empty:
        return {}
    states = classified.cohort.states[population.included].reset_index(drop=True)
    results = {"completeness": completeness(states, list(states.columns)), "table1": _table1(frame)}
    if (frame["cns_status"] != "not_applicable").any():
        results |= {"frequency": frequency(frame["cns_status"], variable="cns_status"), "testing": _testing(frame)}
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


def survival_set(frame: pd.DataFrame, day: float) -> Survival:
    """Patients at risk on the landmark `day` with a known time and outcome; everyone else is counted by reason.

    Deaths before the landmark are counted by CNS status, because it is the untested who die early.
    """
    known = frame["os_days"].notna() & frame["os_event"].notna()
    early = frame[known & (frame["os_days"] <= day)]
    dropped = {"time or outcome unknown": int((~known).sum())}
    for status, word in _STATUS_WORDS.items():
        dropped[f"died by day {day:g}, {word}"] = int(
            ((early["os_event"] == 1) & (early["cns_baseline"] == status)).sum()
        )
    dropped[f"last seen alive by day {day:g}"] = int((early["os_event"] == 0).sum())
    kept = landmark(frame[known], "os_days", "os_event", day).frame
    kept = kept.assign(**{EXPOSURE: kept["cns_baseline"]}).reset_index(drop=True)
    return Survival(kept, len(frame), {reason: n for reason, n in dropped.items() if n})


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
    curves = kaplan_meier(everybody, "os_days", "os_event", by=EXPOSURE, times=TIMES, ticks=ticks)
    results = {
        "kaplan_meier": counted_from(told(curves, survival, {}), time_zero_words(config)),
        "logrank": told(logrank(known, "os_days", "os_event", EXPOSURE), survival, gone),
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


def time_zero_words(config: StudyConfig) -> str:
    """What the times of the comparison by CNS status count from."""
    return f"since day {config.model.landmark_days} after {ZERO_WORDS[config.endpoint.os.origin]}"


def counted_from(result: Result, words: str) -> Result:
    """The result with words for what its times count from."""
    return result.with_(method={**result.method, "time_zero": words})


def year_ticks(days: pd.Series) -> list[float] | None:
    """Whole years within the follow-up, as days; None below two years (round days serve better)."""
    years = float(days.max()) / DAYS_PER_YEAR
    if years < 2:
        return None
    step = next(s for s in (1, 2, 5, 10, 20, 50) if years / s <= TICKS)
    return [y * DAYS_PER_YEAR for y in range(0, int(years) + 1, step)]


def told(result: Result, survival: Survival, gone: dict[str, int]) -> Result:
    """The result with its counts taken back to the study population."""
    dropped = {**survival.dropped, **gone, **result.counts.get("dropped", {})}
    return result.with_(counts={**result.counts, "supplied": survival.supplied, "dropped": dropped})


def _cox(known: pd.DataFrame, config: StudyConfig) -> Result:
    terms = config.model.covariates
    notes: list[str] = []
    if terms is None:
        terms, lacking = default_covariates(known)
        known, notes = merge_sparse_levels(known, terms, "os_event")
        if lacking:
            notes.append("Covariates of the default set that the data do not hold: " + ", ".join(lacking) + ".")
    result = cox_table(
        known,
        "os_days",
        "os_event",
        EXPOSURE,
        list(terms),
        strata=config.model.strata,
        reference={EXPOSURE: "not_met"},
    )
    for name in map(variable_of, terms):
        censored = known.get(f"{name}_censored")
        n = 0 if censored is None else int(censored.notna().sum())
        if n:
            values = "value lies" if n == 1 else "values lie"
            label = codebook()[name].label()
            notes.append(f"{label}: {n} {values} beyond a limit of measurement and enter the model as that limit.")
    return result.with_(notes=(*result.notes, *notes))
