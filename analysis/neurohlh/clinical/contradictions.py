"""Records on the nervous system that can't all be right: a summary against its parts, a result without its test."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from neurohlh.clinical import csf, imaging, symptoms
from neurohlh.clinical.cns_definitions import definition
from neurohlh.clinical.cns_status import evaluate
from neurohlh.clinical.finding_words import Seen
from neurohlh.clinical.observe import Columns, either

CONTRADICTION_COLUMNS = ("patient_id", "variable", "code", "message", "action")
_LOOK = "Look into the record and correct the one that is wrong."


def cns_contradictions(frame: Any) -> pd.DataFrame:
    """One row per patient and contradiction (columns patient_id, variable, code, message, action).

    `frame` is as for `classify_cns`, with `patient_id`. Codes: summary_contradicts_components, value_without_test,
    finding_without_test, enhancement_without_contrast, symptom_without_assessment. Nothing is changed by it.
    """
    whole = nw.from_native(frame).lazy().collect("pandas")
    beside = whole.to_native()
    columns = Columns(dict(whole.collect_schema()))
    if csf.SUMMARY in columns:  # whose parts are values against limits by age, which only the classification knows
        work, columns = evaluate(whole, definition("seed_any3"), None, (-14, 14))
        # The classification keeps only what it reads; glucose, for one, is recorded but decides nothing.
        classified = work.to_native().reset_index(drop=True)
        rest = beside[[c for c in beside if c not in classified]].reset_index(drop=True)
        beside = classified.join(rest)
    seen = Seen(beside, columns, definition("seed_any3"))
    rows = [*_summaries(columns), *_without_test(columns)]
    masks = seen.masks({str(i): expr for i, (_, _, _, expr) in enumerate(rows)})
    found = [_rows(seen, masks[str(i)], variable, code, message) for i, (variable, code, message, _) in enumerate(rows)]
    found = [f for f in found if len(f)]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(CONTRADICTION_COLUMNS))


_Row = tuple[str, str, str, nw.Expr]


def _rows(seen: Seen, mask: np.ndarray, variable: str, code: str, message: str) -> pd.DataFrame:
    patients = seen.work["patient_id"][mask]
    said = {"patient_id": patients, "variable": variable, "code": code, "message": message, "action": _LOOK}
    return pd.DataFrame(said, columns=list(CONTRADICTION_COLUMNS))


def _summaries(columns: Columns) -> list[_Row]:
    """Where a summary says no although a part of it says yes, or yes although every part says no."""
    analytes = [v for v in (csf.WBC, csf.PROTEIN) if v in columns]
    parts = {
        symptoms.SUMMARY: (_other(symptoms.components(columns), symptoms.SUMMARY), "a counted symptom"),
        csf.SUMMARY: ([nw.col(f"_{v}_true") for v in analytes], "a CSF value above its limit"),
        imaging.MRI: (_other(imaging.components(columns), imaging.MRI), "a counted MRI finding"),
        imaging.ANY: (
            [columns.yes(v) for v in (imaging.MRI, imaging.CT) if v in columns],
            "an abnormal MRI or CT",
        ),
    }
    return [
        (
            summary,
            "summary_contradicts_components",
            f"{summary} says normal beside {words}, which decides",
            columns.no(summary) & either(yes),
        )
        for summary, (yes, words) in parts.items()
        if summary in columns and yes
    ]


def _other(components: dict[str, Any], summary: str) -> list[nw.Expr]:
    return [known.true for name, known in components.items() if name != summary]


def _without_test(columns: Columns) -> list[_Row]:
    """Where something is recorded of an examination that was not done."""
    no_lp, no_mri, no_ct = columns.no("lp_done"), columns.no("mri_done"), columns.no("ct_done")
    rows: list[_Row] = []
    for name in ("csf_wbc", "csf_protein", "csf_rbc", "csf_glucose"):
        words = f"{name} has a value although no lumbar puncture was done; it is not used"
        rows.append((name, "value_without_test", words, no_lp & columns.is_number(name)))
    for name, undone, test in (
        (csf.SUMMARY, no_lp, "lumbar puncture"),
        ("csf_hemophagocytes", no_lp, "lumbar puncture"),
        (imaging.MRI, no_mri, "MRI"),
        (imaging.CT, no_ct, "CT"),
        (imaging.ANY, no_mri & no_ct, "MRI or CT"),
    ):
        words = f"{name} has a result although no {test} was done; it is not used"
        rows.append((name, "value_without_test", words, undone & (columns.yes(name) | columns.no(name))))
    for name in imaging.vocabulary():
        words = f"{name} is recorded as present although no MRI was done; it is not used"
        rows.append((name, "finding_without_test", words, no_mri & columns.yes(name)))
    for name in sorted(imaging.ENHANCEMENT):
        words = f"{name} is recorded as present although no contrast was given; it is not used"
        rows.append((name, "enhancement_without_contrast", words, columns.no("mri_contrast") & columns.yes(name)))
    words = "a symptom is recorded although the patient was not neurologically assessed; the symptom counts"
    present = either(p.true for p in symptoms.components(columns).values())
    rows.append((symptoms.ASSESSED, "symptom_without_assessment", words, columns.no(symptoms.ASSESSED) & present))
    return [row for row in rows if row[0] in columns]
