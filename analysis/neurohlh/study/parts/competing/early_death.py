"""Death in the first days, by CNS status: three-valued, with what is unknown read both ways."""

from __future__ import annotations

from typing import Any

import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.describe.two_by_two import risks_only, two_by_two
from neurohlh.study.follow import ZERO_WORDS
from neurohlh.study.parts.competing.causes import STATUS
from neurohlh.study.parts.hazard_rows import CONTRAST
from neurohlh.study.parts.known import Known
from neurohlh.study.parts.material import Material

_TRUTH = {"met": True, "not_met": False}
KNOWN = "outcome and CNS status known"
ON_DAY_ZERO = "CNS status as it was known on day 0"
_AT_ZERO = "cns_on_day_0"
_DEFINED = "Li 2020, doi 10.1186/s13023-020-01515-4 (7 and 30 days from admission)"
_EIGHT_WEEKS = "56 days, the induction of HLH-94; a choice of this package"
NOTES = (
    "Whoever dies within days is often not tested, and nobody dies before the evidence that makes the CNS involved: "
    "the CNS status of these deaths is first of all a matter of testing. Read the bounds, not the first lines.",
    "CNS status is that of the baseline window. Whoever was found involved after the first days had to live so long: "
    "the first lines credit that time to CNS involvement. The lines by what was known on day 0 do not, but most are "
    "not yet decided there.",
)


OUTCOMES = {
    "death_7d": "death within 7 days",
    "death_30d": "death within 30 days",
    "death_8w_prehsct": "death within 8 weeks, before any transplant",
}


def lacking(material: Material, outcome: str) -> str:
    """Why this early death can't be analysed ('' where it can)."""
    frame = material.frame
    if outcome == "death_8w_prehsct" and not {"hsct", "date_hsct"} & set(frame):
        return "no column says whether, and when, patients were transplanted"
    if (frame[outcome] == "indeterminate").all():
        return f"of no patient is it known whether there was {OUTCOMES[outcome]}"
    if not (frame[outcome] == "met").any():
        return f"of nobody is {OUTCOMES[outcome]} known"
    return ""


def title(material: Material, outcome: str) -> str:
    """The heading, with what the days are counted from."""
    start: str = material.config.endpoint.os.origin
    if outcome != "death_8w_prehsct":
        start = str(material.frame["early_origin"].iloc[0])
    days, _, rest = OUTCOMES[outcome].partition(",")
    return f"{days[:1].upper()}{days[1:]} of {ZERO_WORDS.get(start, start).removeprefix('the ')}{rest and ','}{rest}"


def early_death(material: Material, known: Known, outcome: str) -> Result:
    """One early death by CNS status: the risks, their difference and ratio, and the bounds of what is unknown."""
    found = _table(material, known, outcome)
    if outcome != "death_8w_prehsct":
        return found.with_(method={**found.method, "defined_by": _DEFINED})
    transplanted = int((material.frame["hsct_by_day_56"] == "met").sum())
    counted = f"who had a transplant by day 56 counts as 'not died before transplant': {transplanted} patients"
    return found.with_(method={**found.method, "competing_event": counted, "defined_by": _EIGHT_WEEKS})


def _table(material: Material, known: Known, outcome: str) -> Result:
    at_zero = None if known.unreadable else known.by(0).frame["cns_baseline"]
    frame = material.frame.assign(**{_AT_ZERO: at_zero})
    frame = frame[frame["cns_baseline"].isin(list(STATUS))]
    found = [
        (reading, _compared(exposure, happened))
        for reading, exposure, happened in _readings(frame["cns_baseline"], frame[_AT_ZERO], frame[outcome])
    ]
    unknown, undecided = ((frame[c] == "indeterminate").sum() for c in (outcome, "cns_baseline"))
    notes = [f"Unknown whether there was {OUTCOMES[outcome]}: {unknown} of {len(frame)} patients."] if unknown else []
    notes += [f"CNS status at baseline not decidable: {undecided} of {len(frame)} patients."] if undecided else []
    elsewhere = len(material.frame) - len(frame)
    return Result(
        kind="early_death",
        tidy=tidy_frame(pd.concat([_said(own, words, OUTCOMES[outcome]) for words, own in found], ignore_index=True)),
        method={**found[0][1].method, "denominator": "patients to whom the CNS definition applies"},
        counts={
            "supplied": len(material.frame),
            "used": len(frame),
            "events": int((frame[outcome] == "met").sum()),
            "dropped": {"CNS status not applicable": elsewhere} if elsewhere else {},
        },
        notes=(*NOTES, *notes),
    )


def _readings(
    status: pd.Series[Any], at_zero: pd.Series[Any], outcome: pd.Series[Any]
) -> list[tuple[str, pd.Series[Any], pd.Series[Any]]]:
    """(words, exposure, outcome) of the table as known, by what was known on day 0, and of the bounds of the first."""
    known = outcome.map(_TRUTH).astype("boolean")
    found = [(KNOWN, status, known)]
    if at_zero.notna().any():
        found.append((ON_DAY_ZERO, at_zero, known))
    if (outcome == "indeterminate").any():
        found += [(f"bound: unknown outcome read as {w}", status, known.fillna(v)) for w, v in _ENDS.items()]
    if (status == "indeterminate").any():
        found += [
            (f"bound: undecided CNS read as {words}", status.replace("indeterminate", read), known)
            for words, read in (("not involved", "not_met"), ("involved", "met"))
        ]
    return found


_ENDS = {"alive": False, "dead": True}


def _compared(status: pd.Series[Any], outcome: pd.Series[Any]) -> Result:
    """The risk in every CNS group, the undecided included, then difference and ratios of the two decided groups."""
    risks = risks_only(status, outcome, reason="").tidy
    risks = risks[risks["term"] == "risk"]
    decided = status.where(status.isin(["met", "not_met"]))
    try:
        found = two_by_two(decided, outcome, reference="not_met")
        effects = found.tidy[found.tidy["term"] != "risk"]
    except (NotEstimable, ValueError) as reason:
        found = risks_only(decided, outcome, reason=str(reason))
        effects = found.tidy[found.tidy["term"] != "risk"]
    return found.with_(tidy=pd.concat([risks, effects], ignore_index=True))


def _said(found: Result, reading: str, outcome: str) -> pd.DataFrame:
    tidy = found.tidy
    if reading != KNOWN:
        tidy = tidy[tidy["term"].isin(["risk", "risk difference"])]
    return tidy.assign(
        analysis="early_death",
        outcome=outcome,
        population=reading,
        variable="",
        method="",
        group=tidy["group"].replace(STATUS),
        contrast=tidy["contrast"].where(tidy["term"] == "risk", CONTRAST),
        is_reference=False,
    )
