"""What was read from the text of MRI and CT reports, how much of it is used, and how well such texts are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from neurohlh.clinical.report_quality import STATUSES, first_readings, quality
from neurohlh.clinical.report_text import is_report
from neurohlh.clinical.report_use import CONTRADICTION, CT_TEXT, MRI_TEXT
from neurohlh.core.result import Result, tidy_frame
from neurohlh.etl.codebook import codebook
from neurohlh.stats.describe.proportions import wilson
from neurohlh.study.parts.material import Material

_TEXTS = {"mri": ("MRI", MRI_TEXT), "ct": ("CT", CT_TEXT)}
_STATUS = {"met": "present", "not_met": "absent", "indeterminate": "undecided"}
_BEFORE = "of an earlier examination"
_SETS = {
    "tuning": "the first sentences and four of the rounds, after repairs",
    "held_out": "the last round, after one repair",
}
_WILSON = "Wilson 1927, J Am Stat Assoc 22:209"


def results_of_reports(material: Material) -> dict[str, Result]:
    """The results on texts of reports (`mri_reports`, `mri_reports_quality`); none where no source has such texts."""
    if not any(text in material.frame for _, text in _TEXTS.values()):
        return {}
    if material.config.values.reports == "ignore":
        return {"mri_reports": _ignored(material)}
    return {"mri_reports": report_findings(material), "mri_reports_quality": reading_quality()}


def report_findings(material: Material) -> Result:
    """Reports read, findings by what the reports say of them, how many of them are used, contradictions of codes.

    Rows: `n` is the number of reports (of patients in the first row of each examination), `events` those of them.
    """
    rows = [row for key in _TEXTS for row in _rows(material, key)]
    read = material.reports
    contradictions = int((read["why"] == CONTRADICTION).sum()) if len(read) else 0
    notes = [
        "A coded value always stands; a text answers only what nobody coded. A finding that a report does not mention "
        "is unknown, not absent.",
    ]
    if contradictions:
        notes.append(
            f"{_of(contradictions, 'finding contradicts', 'findings contradict')} a coded value; the issues say where."
        )
    return Result(
        kind="mri_reports",
        tidy=tidy_frame([{"analysis": "reports", "measure": "proportion", **row} for row in rows]),
        method={
            "title": "Findings read from the texts of reports",
            "interval": "Wilson",
            "reference": _WILSON,
            "vocabulary": "catalogue/mri_report_terms.toml",
        },
        counts={
            "supplied": len(material.frame),
            "used": int(read["used"].astype(bool).sum()) if len(read) else 0,
            "contradictions": contradictions,
        },
        notes=tuple(notes),
    )


def _rows(material: Material, key: str) -> Iterator[dict[str, Any]]:
    words, text = _TEXTS[key]
    if text not in material.frame:
        return
    n = int(is_report(material.frame[text]).sum())
    own = material.reports
    own = own[own["report"] == key] if len(own) else own
    yield {"group": words, "term": "patients with the text of a report", **_share(n, len(material.frame))}
    told = own["patient_id"].nunique() if len(own) else 0
    yield {"group": words, "term": "reports that say anything about these findings", **_share(told, n)}
    for variable in codebook():
        some = own[own["finding"] == variable.name] if len(own) else own
        if len(some):
            yield from _finding_rows(some, words, variable.name, variable.label(), n)


def _finding_rows(found: pd.DataFrame, words: str, name: str, label: str, n: int) -> Iterator[dict[str, Any]]:
    level = found["status"].map(_STATUS).where(~found["before"].astype(bool), _BEFORE)
    for said in (*_STATUS.values(), _BEFORE):
        some = found[level == said]
        if len(some):
            yield {
                "group": words,
                "variable": name,
                "term": label,
                "level": said,
                **_share(len(some), n),
                "note": _fate(some),
            }


def _fate(found: pd.DataFrame) -> str:
    """How many are used, how many contradict a code, how many say what is coded already."""
    used, why = int(found["used"].astype(bool).sum()), found["why"]
    against, same = int((why == CONTRADICTION).sum()), int((why == "the same is coded").sum())
    said = [f"{used} used"]
    said += [f"{same} coded already"] if same else []
    said += [f"{against} against the code"] if against else []
    return ", ".join(said)


def reading_quality() -> Result:
    """Precision and recall of the reading on labelled sentences that come with the package, by what is said.

    Rows: `n` findings read (precision) or labelled (recall), `events` those read as labelled.
    """
    rounds = first_readings()
    new = int(rounds.groupby("round")["sentences"].first().sum())
    words = f"{new} new sentences in {rounds['round'].nunique()} rounds, each as first read"
    rows = []
    for status in (*STATUSES, "all"):
        some = rounds if status == "all" else rounds[rounds["status"] == status]
        rows += _quality_rows(words, status, some[["labelled", "read", "right"]].sum())
    for one in quality().to_dict("records"):
        rows += _quality_rows(_SETS[one["set"]], one["status"], one)
    return Result(
        kind="mri_reports_quality",
        tidy=tidy_frame(rows),
        method={
            "title": "How well reports are read",
            "interval": "Wilson",
            "reference": _WILSON,
            "sentences": "catalogue/reference/mri_report_sentences.csv",
        },
        notes=(
            "The first figures are what to expect of reports that the rules have not met. They were measured on "
            "sentences written and labelled for this package by one person, in English and Chinese, and not on reports "
            "of patients; those of another hospital may be read worse. A radiologist should read a share of these "
            "patients' reports before the findings are relied on.",
        ),
    )


def _quality_rows(population: str, status: str, counted: Mapping[Any, Any] | pd.Series) -> list[dict[str, Any]]:
    shared = {
        "analysis": "reading",
        "population": population,
        "level": _STATUS.get(status, "all"),
        "measure": "proportion",
    }
    return [
        {**shared, "term": term, **_share(int(counted["right"]), int(counted[of]))}
        for term, of in (("precision", "read"), ("recall", "labelled"))
    ]


def _share(events: int, n: int) -> dict[str, Any]:
    row: dict[str, Any] = {"n": n, "events": events, "scale": "identity"}
    if n == 0:
        return {**row, "note": "not estimable: there is none"}
    low, high = wilson(events, n)
    return {**row, "estimate": events / n, "conf_low": low, "conf_high": high, "method": "Wilson"}


def _of(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


def _ignored(material: Material) -> Result:
    return Result(
        kind="mri_reports",
        tidy=tidy_frame([]),
        method={"title": "Findings read from the texts of reports"},
        counts={"supplied": len(material.frame)},
        notes=(
            'Not estimated: the study file says that the texts of reports are not read (values.reports = "ignore").',
        ),
    )
