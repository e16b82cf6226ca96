"""Treatment comes after diagnosis: survival by treatment is shown from the landmark, and no effect is offered."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.etl.codebook import codebook
from neurohlh.stats.curves.kaplan_meier import kaplan_meier
from neurohlh.study.follow import EXPOSURE, year_ticks
from neurohlh.study.parts.material import Followed, Material
from neurohlh.study.parts.part import answer, refusal
from neurohlh.study.parts.rows import Row, picked, records

TITLE = "Survival by initial regimen, from the landmark"
DRUG_TITLE = "Survival by treatment given by the landmark"
REGIMEN, START, FIRST_IT = "regimen_initial", "date_treatment_start", "date_it_first"
DRUGS = ("etoposide", "steroid", "cyclosporine", "ruxolitinib", "emapalumab", "ivig")
TIMES = (30.0, 180.0, 365.0)
SPARSE = 10
"""Regimens of fewer patients are one group: fewer at risk make no curve (dossier 13.14)."""
NOT_YET, UNKNOWN = "Not treated by the landmark", "Unknown by the landmark"
MERGED = "Other regimens together"
_AT_TIME = ("time", "estimate", "conf_low", "conf_high", "std_error", "scale", "method", "note")
_WORDS = {
    "steroid_only": "Steroid only",
    "steroid_IVIG": "Steroid and immunoglobulin",
    "ruxolitinib_based": "Ruxolitinib-based",
    "emapalumab_based": "Emapalumab-based",
    "anakinra_based": "Anakinra-based",
    "chemo_lymphoma": "Chemotherapy for lymphoma",
    "none": "No treatment",
    "other": "Other regimen",
}
WHY = (
    "No hazard ratio of a treatment is offered. Treatment begins after diagnosis: whoever receives it has lived long "
    "enough to receive it (immortal time), which is why everybody here is alive at the landmark; and it is chosen by "
    "how ill a patient is (confounding by indication), which no landmark removes.",
)


def regimens(material: Material) -> Result:
    """Kaplan-Meier curves from the landmark by the regimen that had begun by then."""
    reason = _no_frame(material, REGIMEN)
    if reason:
        return refusal("trigger_regimens", TITLE, reason)
    followed = material.followed()
    alive, notes = followed.everybody.frame, list(WHY)
    group = _by_landmark(alive, alive[REGIMEN], _day_of(alive, START, material), followed.day)
    sizes = group.value_counts()
    few = sorted(level for level in sizes.index[sizes < SPARSE] if level not in (NOT_YET, UNKNOWN))
    if len(few) > 1:
        group = group.where(~group.isin(few), MERGED)
        notes.append(f"Regimens of fewer than {SPARSE} patients each are one group: {', '.join(few)}.")

    def curves() -> Result:
        frame = alive.assign(regimen=group)
        return kaplan_meier(frame, "os_days", "os_event", by="regimen", times=TIMES, ticks=year_ticks(frame["os_days"]))

    found = followed.tell(answer("trigger_regimens", TITLE, curves))
    return found.with_(notes=(*found.notes, *notes, _rule(followed)), counts=_counts(followed, found))


def _rule(followed: Followed) -> str:
    return (
        f"A regimen counts where treatment had begun by day {followed.day:g}; without a date of its start it is "
        "unknown by the landmark, and where it began later the patient was not treated by the landmark."
    )


def _counts(followed: Followed, found: Result) -> dict[str, Any]:
    """Everybody at risk at the landmark takes part, whatever the CNS status."""
    dropped = {**followed.everybody.dropped}
    return {**found.counts, "supplied": followed.everybody.supplied, "dropped": dropped}


def _no_frame(material: Material, *columns: str) -> str:
    if not material.survival_analysed:
        return material.no_survival
    held = [c for c in columns if c in material.frame and material.frame[c].notna().any()]
    if not held:
        return f"no source has a column for {' or '.join(codebook()[c].label().lower() for c in columns)}"
    return ""


def _day_of(frame: pd.DataFrame, date: str, material: Material) -> pd.Series[Any]:
    """Days from time zero to `date`; missing without either."""
    origin = material.config.endpoint.os.origin
    if date not in frame or origin not in frame:
        return pd.Series(np.nan, index=frame.index)
    return (frame[date] - frame[origin]).dt.days.astype(float)


def _by_landmark(frame: pd.DataFrame, regimen: pd.Series[Any], start: pd.Series[Any], day: float) -> pd.Series[Any]:
    """The regimen in words where it had begun by `day`; else not treated by then, or unknown."""
    words = regimen.map(lambda code: _WORDS.get(code, code)).astype(object)
    out = pd.Series(UNKNOWN, index=frame.index, dtype=object)
    began = regimen.notna() & (start <= day)
    out[began] = words[began]
    out[start > day] = NOT_YET
    out[(regimen == "none") & start.isna()] = _WORDS["none"]
    return out


def treatments(material: Material) -> Result:
    """Survival from the landmark by each drug and by intrathecal treatment (among those with CNS involvement)."""
    reason = _no_frame(material, *DRUGS, "intrathecal")
    if reason:
        return refusal("trigger_treatments", DRUG_TITLE, reason)
    followed = material.followed()
    alive = followed.everybody.frame
    start = _day_of(alive, START, material)
    rows: list[Row] = []
    for drug in DRUGS:
        if drug in alive and alive[drug].notna().any():
            rows += _survival(alive, _given(alive[drug], start, followed.day), codebook()[drug].label(), "Everybody")
    if "intrathecal" in alive:
        involved = alive[alive[EXPOSURE] == "met"]
        first = _day_of(involved, FIRST_IT, material)
        given = _intrathecal(involved["intrathecal"], first, followed.day)
        rows += _survival(involved, given, codebook()["intrathecal"].label(), "CNS involved at baseline")
    at_risk = len(alive)
    result = Result(
        kind="trigger_treatments",
        tidy=tidy_frame(rows),
        method={
            "title": DRUG_TITLE,
            "estimator": "Kaplan-Meier from the landmark",
            "interval": "log-log",
            "conf_level": 0.95,
            "test": "none",
            "denominator": f"patients alive and followed at day {followed.day:g}",
            "reference": ["Anderson, Cain & Gelber 1983, J Clin Oncol 1:710"],
        },
        counts={
            "supplied": followed.everybody.supplied,
            "used": at_risk,
            "events": int(alive["os_event"].sum()),
            "dropped": dict(followed.everybody.dropped),
        },
        notes=(
            *WHY,
            "Beside a time stand the patients still at risk and the deaths by then.",
            "Of a drug only the start of all treatment is dated: a drug that was added later, to patients who were "
            "still alive and failing, is read as given from the start. Read the rows of a drug as what was given, not "
            "as what it did.",
            "Intrathecal treatment counts by the date of its first dose, among patients with CNS involvement at "
            "baseline; a first dose after the landmark is not given by the landmark.",
        ),
    )
    return Followed(followed.frame, followed.everybody, {}, followed.day, followed.zero).tell(result)


def _given(flag: pd.Series[Any], start: pd.Series[Any], day: float) -> pd.Series[Any]:
    """Given, not given or unknown by `day`: a drug never given was not given by then, whatever the dates."""
    flag = flag.astype("boolean")
    out = pd.Series(UNKNOWN, index=flag.index, dtype=object)
    yes = flag.fillna(False).astype(bool)
    out[yes & (start <= day)] = "Given"
    out[(~flag).fillna(False).astype(bool) | (yes & (start > day))] = "Not given"
    return out


def _intrathecal(flag: pd.Series[Any], first: pd.Series[Any], day: float) -> pd.Series[Any]:
    out = _given(flag, first, day)
    out[flag.isna() & (first <= day)] = "Given"  # a dated first dose says that it was given
    return out


def _survival(frame: pd.DataFrame, group: pd.Series[Any], treatment: str, whom: str) -> list[Row]:
    shared = {"term": treatment, "population": whom, "outcome": "death"}
    try:
        found = kaplan_meier(frame.assign(given=group), "os_days", "os_event", by="given", times=TIMES).tidy
    except NotEstimable as reason:
        return [{**shared, "note": f"not estimable: {reason}"}]
    rows = []
    for row in records(found[found["term"].isin(["size", "survival at time"])]):
        size = row["term"] == "size"
        said: Row = {"level": row["group"], "measure": "patients" if size else "survival", "n": row["n"]}
        numbers = {} if size else picked(row, _AT_TIME)
        rows.append({**shared, **said, "events": row["events"], **numbers})
    return rows
