"""CNS involvement in time: three honest ways to follow patients by it, and the usual one that is not."""

from __future__ import annotations

from neurohlh.core.result import Result
from neurohlh.study.follow import EXPOSURE, zero_words
from neurohlh.study.parts.case_series import fit_to_design
from neurohlh.study.parts.exposure_in_time.course import course, dependent, dependent_lines, simon_makuch
from neurohlh.study.parts.exposure_in_time.landmarks import (
    known_at_landmarks,
    landmark_deaths,
    landmark_line,
    landmark_lines,
    landmarks,
)
from neurohlh.study.parts.exposure_in_time.warning import ever_warning, warning_lines
from neurohlh.study.parts.hazard_rows import Line, Rows, line, table
from neurohlh.study.parts.known import Known
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.part import Part, Results, answer, refusal

WINDOW_RULES = (
    "Status by the evidence of the baseline window can be followed honestly in two ways only: from the end of the "
    "window (the landmark analysis), or, as here, from day 0 by what was known on day 0.",
    "Who was tested later than day 0 is not decidable here, whatever the test showed. The bound reads all of them as "
    "not involved: it compares 'evidence by day 0' with 'no evidence by day 0', not involvement with its absence.",
)


def _results(material: Material, found: Results) -> Results:
    known, followed = known_at_landmarks(material), course(material)
    if known.unreadable:
        return {"time": refusal("refusal", PART.title, known.unreadable)}
    by_landmark, in_course = landmark_lines(known), dependent_lines(known, followed)
    on_day_zero, warned = _day_zero(known), warning_lines(material, followed)
    title = "Survival with CNS involvement as it became known (Simon and Makuch)"
    results = {
        "time_compared": _compared(material, (*by_landmark, in_course[0], on_day_zero[0], in_course[-1], *warned)),
        "time_landmarks": landmarks(known, by_landmark),
        "time_landmark_deaths": landmark_deaths(known),
        "time_dependent": dependent(material, followed, in_course),
        "time_simon_makuch": answer("kaplan_meier", title, lambda: simon_makuch(known, followed)),
        "time_baseline_window": _baseline_window(material, on_day_zero),
        "time_ever_cns_warning": ever_warning(material, followed, warned),
    }
    return {name: fit_to_design(result, material) for name, result in results.items()}


def _day_zero(known: Known) -> tuple[Line, ...]:
    """What was known on day 0, followed from day 0; then its bound with the undecided read as not involved."""
    everybody = known.by(0).followed(0).everybody.frame
    read = everybody.assign(**{EXPOSURE: everybody[EXPOSURE].replace("indeterminate", "not_met")})
    read = read[read[EXPOSURE].isin(["met", "not_met"])].reset_index(drop=True)
    words = "bound: evidence by day 0 against none by day 0"
    bound = line(words, "other", known.material, lambda: Rows(read), key="day_zero_bound")
    return landmark_line(known, 0.0, "other", end=0), bound


def _baseline_window(material: Material, lines: tuple[Line, ...]) -> Result:
    shown = table(
        "baseline_window",
        lines,
        title="Survival from day 0 by what was known of the CNS on day 0",
        exposure="status by the evidence dated on or before day 0",
        time_zero=zero_words(material.config, 0),
    )
    return shown.with_(notes=(*WINDOW_RULES, *shown.notes), counts=lines[0].counts)


def _compared(material: Material, lines: tuple[Line, ...]) -> Result:
    shown = table("exposure_in_time", lines, title="The same question followed in different ways")
    notes = (
        f"The answer declared beforehand is the landmark on day {material.landmark:g}. The other honest analyses ask "
        "the same of other patients over other days; they need not agree to a decimal.",
        "The lines marked as a warning are shown so that nobody believes them: what was learned later decides there "
        "who is counted from day 0, and as what.",
    )
    return shown.with_(notes=(*notes, *shown.notes), counts=lines[0].counts)


PART = Part(
    "time",
    "CNS involvement in time",
    "Does the answer depend on when CNS involvement is found and from which day survival is followed?",
    _results,
    needs_survival=True,
    lead=("time_compared", "time_simon_makuch"),
)
