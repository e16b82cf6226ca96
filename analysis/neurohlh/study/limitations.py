"""What these very data cannot say: each sentence follows from a count of the data set and names it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.etl.codebook import codebook
from neurohlh.study.classify import Classified
from neurohlh.study.config import StudyConfig
from neurohlh.study.covariates import default_covariates, variable_of
from neurohlh.study.population import Population

FEW_DEATHS = 10
"""A group with fewer deaths than this carries no comparison alone (the same bound as deaths per parameter)."""
TESTED_SHARE = 0.90
"""Below this share of tested patients a test is called selective (a choice of this package)."""
MANY_P_VALUES = 20
"""From this many p values on, one below 0.05 is expected by chance."""
LONG_PERIOD_YEARS = 10
"""A period in which care changes (a choice of this package)."""
_TESTS = {
    "symptoms_tested": "A neurological assessment is known",
    "csf_tested": "A lumbar puncture is known",
    "imaging_tested": "Imaging of the brain is known",
}


def limitations(
    classified: Classified, population: Population, results: Mapping[str, Result], config: StudyConfig
) -> tuple[str, ...]:
    """Sentences on what these data can't say."""
    frame = classified.frame[population.included]
    said = (
        _of_design(frame, config),
        _of_time(frame, results, config),
        _of_exposure(frame),
        _of_models(frame, results),
    )
    return tuple(text for sentences in (*said, _of_records(frame, classified), _of_many(results)) for text in sentences)


def _of_design(frame: pd.DataFrame, config: StudyConfig) -> Iterator[str]:
    """One centre, a long period, chosen patients."""
    n = fmt.integer(len(frame))
    if config.study.design == "case_series":
        yield f"The {n} patients were published because they were remarkable: they stand for themselves alone."
    centres = frame["center_id"].nunique() if "center_id" in frame else 0
    if centres == 1:
        yield f"All {n} patients are of one centre: what is true there need not be true elsewhere."
    elif not centres and len(frame):
        yield f"For none of the {n} patients a centre is named: differences between centres cannot be seen."
    days = frame["date_hlh_diagnosis"].dropna() if "date_hlh_diagnosis" in frame else pd.Series(dtype="datetime64[ns]")
    years = (days.max() - days.min()).days / 365.25 if len(days) else 0.0
    if years >= LONG_PERIOD_YEARS:
        yield (
            f"The patients were diagnosed over {fmt.integer(int(years))} years, in which care and tests changed; the "
            "main models do not follow that change."
        )


def _of_time(frame: pd.DataFrame, results: Mapping[str, Result], config: StudyConfig) -> Iterator[str]:
    """What is not followed, or not known of follow-up."""
    if "kaplan_meier" in results:
        yield (
            f"Survival by CNS status is followed from day {config.model.landmark_days} after time zero: it says "
            "nothing about deaths before that day, which are counted apart."
        )
    unknown = int(frame["os_event"].isna().sum())
    if unknown:
        yield f"Whether {unknown} of {len(frame)} patients died is unknown; they take no part in survival analyses."
    untimed = int((frame["os_event"].notna() & frame["os_days"].isna()).sum())
    if untimed:
        yield f"For {untimed} of {len(frame)} patients the outcome is known, but not when: survival cannot count them."
    withdrawn = int(frame.get("withdrawn", pd.Series(False, index=frame.index)).sum())
    if withdrawn:
        yield (
            f"Care was withdrawn for {withdrawn} of {len(frame)} patients. They are censored at the last contact, "
            "although withdrawal is seldom unrelated to prognosis."
        )
    short = int((frame["os_event"].eq(0) & frame["os_days"].lt(365)).sum())
    if short and "kaplan_meier" in results:
        yield f"Of the patients alive at last contact, {short} were followed for less than a year."


def _of_exposure(frame: pd.DataFrame) -> Iterator[str]:
    """Who was tested, and what the CNS status rests on."""
    n = len(frame)
    undecided = int(frame["cns_status"].eq("indeterminate").sum())
    if undecided:
        share = fmt.count_of(undecided, n)
        yield f"CNS status stays undecided in {share} patients: comparisons by CNS status rest on the others."
    for variable, words in _TESTS.items():
        tested = int(frame[variable].fillna(False).sum()) if variable in frame else n
        if n and tested / n < TESTED_SHARE:
            yield f"{words} of {fmt.count_of(tested, n)} patients: who was tested was not left to chance."
    undated = int(frame.get("cns_undated", pd.Series(False, index=frame.index)).sum())
    if undated:
        yield (
            f"For {undated} of {n} patients CNS evidence is recorded without a date; the columns are read as baseline "
            "findings, which they may not all be."
        )


def _of_models(frame: pd.DataFrame, results: Mapping[str, Result]) -> Iterator[str]:
    """Few deaths, covariates that are not there."""
    if "cox" in results:
        yield (
            "An association adjusted for measured covariates is not proof of cause: organ failure and CNS disease "
            "share the cytokine storm, and what was not recorded was not adjusted for."
        )
        absent = [codebook()[variable_of(term)].label() for term in default_covariates(frame)[1]]
        if absent:
            yield f"No model is adjusted for these, of which the tables hold no two values: {', '.join(absent)}."
    test = results.get("logrank")
    groups = test.tidy[test.tidy["term"] == "group"] if test is not None else pd.DataFrame()
    for row in groups.to_dict("records"):
        if row["events"] < FEW_DEATHS:
            words = {"met": "with CNS involvement", "not_met": "without CNS involvement"}.get(
                row["group"], row["group"]
            )
            yield (
                f"Of the {fmt.integer(row['n'])} patients {words} on the curves only {fmt.integer(row['events'])} "
                "died: every comparison rests on these few deaths."
            )


def _of_records(frame: pd.DataFrame, classified: Classified) -> Iterator[str]:
    """How the tables were filled."""
    unnamed = [v.name for v in codebook() if v.numeric and _unnamed(frame, v.name)]
    if unnamed:
        labels = ", ".join(codebook()[name].label() for name in unnamed)
        yield f"No unit was named for some values of: {labels}. The codebook's unit was assumed."
    reports = classified.cohort.reports
    if len(reports):
        read = fmt.integer(reports["patient_id"].nunique())
        yield f"What images of {read} patients showed was read by rules from the text of reports that nobody coded."


def _unnamed(frame: pd.DataFrame, name: str) -> bool:
    column = f"{name}_unit"
    return name in frame and column in frame and bool((frame[name].notna() & frame[column].isna()).any())


def _of_many(results: Mapping[str, Result]) -> Iterator[str]:
    """How often chance alone would speak."""
    n = sum(int(result.tidy["p_value"].notna().sum()) for result in results.values())
    if n >= MANY_P_VALUES:
        yield (
            f"The report holds {fmt.integer(n)} p values. Without any effect about {fmt.integer(n / 20)} of them would "
            "be below 0.05 by chance; only those marked as adjusted are corrected."
        )
