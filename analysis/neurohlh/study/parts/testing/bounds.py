"""What the undecided could change: bounds over everybody from time zero, early deaths included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from neurohlh.clinical.cns_time import FIRST
from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import forest
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.describe.proportions import frequency
from neurohlh.stats.describe.two_by_two import two_by_two
from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.recipe import software
from neurohlh.stats.start_stop import START, STOP, episodes
from neurohlh.study.follow import EXPOSURE, ZERO_WORDS, counted_from
from neurohlh.study.parts.domains import all_answered, asked, with_hlh
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.testing.at_landmark import complete
from neurohlh.study.parts.testing.readings import DECIDED, EXTREMES, NEGATIVE, POSITIVE, readings

RISK_DAY = 30
"""Day of the early-death risk (30-day mortality, Li 2020)."""
COMPLETE = "only patients with an answer in every domain"
_BEGINS = "cns_begins"


def _considered(material: Material, frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Patients to whom the definition applies; the status of the others is not asked."""
    kept, gone = with_hlh(material, frame)
    aside = kept["cns_baseline"] == "not_applicable"
    if aside.any():
        gone = {**gone, "left out by the CNS definition": int(aside.sum())}
    return kept[~aside].reset_index(drop=True), gone


def frequency_and_risk(material: Material) -> Result:
    """The frequency of CNS involvement at baseline, and the risk of death by day 30, under every reading."""
    if material.config.study.design == "case_series":
        raise NotEstimable("patients of a case series were chosen for being remarkable: no frequency and no risk")
    frame, gone = _considered(material, material.frame)
    rows = [*_frequencies(material, frame), *_risks(frame)]
    undecided = int((frame["cns_baseline"] == "indeterminate").sum())
    return Result(
        kind="testing_bounds",
        tidy=tidy_frame(rows),
        method={
            "interval": "frequency: Wilson; risks: Clopper-Pearson; difference: Newcombe",
            "conf_level": 0.95,
            "denominator": "everybody at time zero, early deaths included",
            "software": software("statsmodels", "scipy"),
            "reference": ["Wilson 1927, J Am Stat Assoc 22:209", "Newcombe 1998, Stat Med 17:873",
                          "Manski 1990, Am Econ Rev 80:319 (bounds without assumptions)"],
        },
        counts={"supplied": len(material.frame), "used": len(frame), "undecided": undecided, "dropped": gone},
        notes=(
            f"{undecided} of {len(frame)} patients have no decided CNS status at baseline. The readings are bounds, "
            "not answers; their limits hold for the reading only.",
            "One abnormal test makes a patient positive, but only normal answers everywhere make one negative: among "
            "the decided the positive are therefore too many. Those with an answer in every domain are free of that.",
            f"Risk of death within {RISK_DAY} days after time zero; patients last seen alive before are in no risk. "
            "Whoever dies in the first days had less time to be found positive.",
        ),
    )  # fmt: skip


def _frequencies(material: Material, frame: pd.DataFrame) -> list[dict[str, Any]]:
    shared = {"analysis": "frequency", "term": "frequency of CNS involvement at baseline"}
    names = {
        "as tested": DECIDED, "unknown as negative": NEGATIVE, "worst case: unknown as positive": POSITIVE,
    }  # fmt: skip
    found = frequency(frame["cns_baseline"]).tidy
    rows = [
        {**_numbers(row), **shared, "population": names[row["term"]]}
        for row in found.to_dict("records")
        if row["term"] in names
    ]
    try:
        whole = frame[all_answered(frame, asked(material.config))]
        row = frequency(whole["cns_baseline"]).tidy.iloc[0].to_dict()
        rows.append({**_numbers(row), **shared, "population": COMPLETE})
    except NotEstimable as reason:
        note = f"not estimable: {reason}"
        rows.append({**shared, "population": COMPLETE, "measure": "proportion", "note": note})
    return rows


def _numbers(row: dict[Any, Any]) -> dict[str, Any]:
    kept = ("n", "events", "measure", "scale", "estimate", "conf_low", "conf_high", "method", "note")
    return {name: row[name] for name in kept}


def _risks(frame: pd.DataFrame) -> list[dict[str, Any]]:
    days, died = frame["os_days"], frame["os_event"] == 1
    outcome = pd.Series(pd.NA, index=frame.index, dtype="boolean")
    outcome = outcome.mask(died & (days <= RISK_DAY), True).mask(days > RISK_DAY, False)
    outcome = outcome.mask((days == RISK_DAY) & (frame["os_event"] == 0), False)
    known = outcome.notna()
    rows = []
    for words, status in readings(frame.loc[known, "cns_baseline"], outcome[known].astype(bool)):
        shared = {"analysis": f"death by day {RISK_DAY}", "population": words, "time": RISK_DAY}
        try:
            found = two_by_two(status.rename("status"), outcome[known], reference="not_met").tidy
        except (NotEstimable, ValueError) as reason:
            rows.append({**shared, "term": "risk difference", "measure": "RD", "note": f"not estimable: {reason}"})
            continue
        found = found[found["term"].isin(["risk", "risk difference"])]
        rows += [{**_numbers(row), **shared, **_side(row)} for row in found.to_dict("records")]
    return rows


def _side(row: dict[Any, Any]) -> dict[str, str]:
    words = {"met": "CNS involved", "not_met": "CNS not involved"}
    term = f"risk of death by day {RISK_DAY}" if row["term"] == "risk" else "difference of the risks"
    contrast = "CNS involved minus not involved" if row["contrast"] else ""
    return {"term": term, "group": words.get(row["group"], ""), "contrast": contrast}


def hazard(material: Material) -> Result:
    """The hazard ratio of death from time zero under every reading; exposed from the day of the first evidence on.

    Patients are not at risk as exposed before the day on which evidence was found, so that nobody has to live long
    enough to be called exposed; evidence without a date counts from time zero. Undecided patients who are read as
    positive are exposed from time zero on.
    """
    frame, gone = _considered(material, material.timed)
    unknown = len(material.frame) - len(material.timed)
    rows: list[dict[str, Any]] = []
    models: list[Result] = []
    refused: list[str] = []
    died = frame["os_event"] == 1
    for words, status in readings(frame["cns_baseline"], died):
        if status.nunique() < 2:
            refused.append(f"{words}: all patients have the same status")
            continue
        adjusted = material.adjustment(_followed(material, frame, status))
        for analysis, terms in (("crude", ()), ("adjusted", adjusted.terms)):
            if analysis == "adjusted" and not terms:
                continue
            try:
                model = _model(material, adjusted.frame, terms)
            except NotEstimable as reason:
                refused.append(f"{words}, {analysis}: {reason}")
                continue
            models.append(model)
            rows.append(_line(model, words, analysis, _patients(adjusted.frame, terms)))
    if not models:
        raise NotEstimable("; ".join(refused) or "nobody has a known time")
    notes = (
        "Bounds, not answers; their limits hold for the reading only. The last two readings are extremes: every "
        "undecided patient who died on one side, every other one on the other.",
        "Exposed time begins on the day of the first evidence, which for CSF and imaging is the day of the test, not "
        "of the disease; evidence without a date counts from time zero.",
        *(f"{reason}." for reason in refused),
    )  # fmt: skip
    result = models[0].with_(
        kind="testing_bounds_hazard",
        tidy=tidy_frame(rows),
        checks=models[0].checks.iloc[:0],
        counts={
            "supplied": len(material.frame),
            "used": len(frame),
            "events": int(died.sum()),
            "undecided": int((frame["cns_baseline"] == "indeterminate").sum()),
            "dropped": {**gone, **({"time or outcome unknown": unknown} if unknown else {})},
        },
        notes=notes,
    )
    drawn = [
        {"block": row["term"], "label": row["population"], **{k: row.get(k) for k in _DRAWN},
         "role": "warning" if row["population"] in EXTREMES else "other"}
        for row in sorted(rows, key=lambda row: row["term"], reverse=True)
    ]  # fmt: skip
    zero = f"since {ZERO_WORDS[material.config.endpoint.os.origin]}"
    return counted_from(forest(result, drawn, axis="Hazard ratio of death, CNS involved against not"), zero)


def _followed(material: Material, frame: pd.DataFrame, status: pd.Series) -> pd.DataFrame:
    """Rows from start to stop under one reading, `cns` met from the day of the first evidence on."""
    read = frame[status.notna()].assign(
        **{
            "os_days": frame["os_days"].clip(lower=0.5),
            EXPOSURE: status,
            _BEGINS: _begins(material, frame).where(status == "met"),
        }
    )
    follow = episodes(read, "os_days", "os_event", {"exposed": _BEGINS}, before_event=0.5)
    return follow.frame.assign(**{EXPOSURE: follow.frame["exposed"].map({True: "met", False: "not_met"})})


def _model(material: Material, rows: pd.DataFrame, terms: Sequence[str]) -> Result:
    return cox(
        rows, STOP, "os_event", [EXPOSURE, *terms], entry=START, reference={EXPOSURE: "not_met"},
        strata=material.config.model.strata,
    )  # fmt: skip


_DRAWN = ("estimate", "conf_low", "conf_high", "n", "events", "note")


def _begins(material: Material, frame: pd.DataFrame) -> pd.Series:
    """Days from time zero to the first evidence; 0 where it came before, has no date, or the status is undecided."""
    origin = material.config.endpoint.os.origin
    if FIRST not in frame or origin not in frame:
        return pd.Series(0.0, index=frame.index)
    days = (frame[FIRST] - frame[origin]).dt.days.astype(float)
    return days.where(frame["cns_baseline"] == "met").fillna(0.0).clip(lower=0.0)


def _patients(rows: pd.DataFrame, terms: Sequence[str]) -> int:
    """How many patients the rows of a model belong to."""
    return int(rows.loc[complete(rows, terms), "id"].nunique())


def _line(model: Result, words: str, analysis: str, n: int) -> dict[str, Any]:
    tidy = model.tidy
    row = tidy[(tidy["variable"] == EXPOSURE) & ~tidy["is_reference"]].iloc[0]
    used = model.counts["events"]
    numbers = ("measure", "scale", "estimate", "conf_low", "conf_high", "coef", "std_error", "p_value", "note")
    shared = {"analysis": "hazard from time zero", "population": words, "term": f"{analysis} hazard ratio"}
    return {**shared, **{name: row[name] for name in numbers}, "n": n, "events": used, "method": "Cox regression"}
