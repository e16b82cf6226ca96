"""Diffusion: restricted, and raised ADC; the published evidence on the two contradicts itself, and both are kept."""

from __future__ import annotations

from typing import Any

import pandas as pd

from neurohlh.clinical.mri_findings import findings, seen_column
from neurohlh.clinical.mri_published import published
from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import forest
from neurohlh.core.result import Result, tidy_frame
from neurohlh.study.parts.mri.effects import REFERENCES, hazard_ratio, odds_ratio
from neurohlh.study.parts.mri.examined import WITH_MRI, Images, counts_of, with_mri
from neurohlh.study.parts.mri.outcome import CONTRAST, CRUDE, DATED
from neurohlh.study.parts.mri.rows import PUBLISHED, WILSON, number, published_row, share, share_of
from neurohlh.study.parts.part import refusal

RESTRICTED, RAISED = "mri_diffusion_restricted", "mri_adc_increased"
_CONTRADICTION = (
    "The publications contradict each other: restricted diffusion went with death in 114 children with CNS-HLH (odds "
    "ratio 9.64, 3.39-27.43), while in genetic HLH every lesion of 21 abnormal MRIs had a raised ADC, the opposite "
    "sign. The cohorts differ; neither finding overrides the other here."
)
_OPEN = "one or both without an answer"
_TOGETHER = {
    ("met", "met"): "both (in different lesions, or a contradiction)",
    ("met", "not_met"): "restricted diffusion only",
    ("not_met", "met"): "raised ADC only",
    ("not_met", "not_met"): "neither",
}


def diffusion(images: Images) -> Result:
    """Each of the two findings against death beside its publication, and how often both stand together."""
    title = "Diffusion on MRI: restricted, and raised ADC"
    frame = images.frame
    names = [v for v in (RESTRICTED, RAISED) if v in frame]
    mine = with_mri(frame)
    if not names or mine.empty:
        reason = "no source has a column on diffusion" if not names else "nobody is known to have had an MRI"
        return refusal("mri_diffusion", title, reason)
    label = {f.variable: f.label for f in findings()}
    start, notes = None, [_CONTRADICTION, CRUDE]
    try:
        start = images.baseline()
        notes.append(DATED)
    except NotEstimable as reason:
        notes.append(f"No rows from the landmark: {reason}.")
    rows: list[dict[str, Any]] = []
    for name in (RESTRICTED, RAISED):
        cited = [published_row(p) for p in published("diffusion") if p.group == name]
        if name not in names:
            notes.append(f"{label[name]}: not asked (no source has a column).")
            rows += cited
            continue
        words = {"variable": name, "term": label[name]}
        rows.append(share_of(words["term"], mine[seen_column(name)], variable=name, population=WITH_MRI))
        effect = {**words, "outcome": "death", "contrast": CONTRAST}
        rows.append(odds_ratio(mine[seen_column(name)], mine["died"], population=WITH_MRI, **effect))
        if start is not None:
            own = start.frame
            rows.append(odds_ratio(own[seen_column(name)], own["died_later"], population=start.words, **effect))
            rows.append(hazard_ratio(own, own[seen_column(name)], population=start.words, **effect))
        rows += cited
    if len(names) == 2:
        rows += _together(mine)
    rows = [{"analysis": "mri_diffusion", **row} for row in rows]
    result = Result(
        kind="mri_diffusion",
        tidy=tidy_frame(rows),
        method={
            "title": title,
            "estimator": "proportion; odds ratio of death (Fisher); hazard ratio from the landmark (Cox)",
            "interval": "proportion: Wilson; OR: exact; HR: Wald; with an empty cell profile penalised likelihood",
            "conf_level": 0.95,
            "correction": "none",
            "denominator": "patients with an MRI in whom the finding was asked and answered",
            "reference": [WILSON, *REFERENCES[:3]],
        },
        counts=counts_of(frame),
        notes=tuple(notes),
    )
    return forest(result, _lines(rows), axis="Ratio for death, with vs without the finding")


def _together(mine: pd.DataFrame) -> list[dict[str, Any]]:
    """Patients by both findings, and how many of them died."""
    restricted, raised = mine[seen_column(RESTRICTED)], mine[seen_column(RAISED)]
    dead = mine["died"].astype("boolean")
    rows, decided = [], 0
    for (first, second), words in _TOGETHER.items():
        inside = ((restricted == first) & (raised == second)).to_numpy()
        decided += int(inside.sum())
        own = dead[inside]
        known = int(own.notna().sum())
        shared: dict[str, Any] = {"level": words, "population": WITH_MRI}
        rows.append(number("patients by both findings", int(inside.sum()), **shared))
        if known:
            rows.append(share("died, among them", int(own.fillna(False).sum()), known, outcome="death", **shared))
    open_ = len(mine) - decided
    return [
        *rows,
        number("patients by both findings", open_, level=_OPEN, population=WITH_MRI),
    ]


def _lines(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = ("estimate", "conf_low", "conf_high", "n", "events", "note")
    return [
        {
            "block": row["term"],
            "label": f"{row['measure']}, {row['population']}",
            "role": "published" if row["analysis"] == PUBLISHED else "other",
            **{c: row.get(c) for c in names},
        }
        for row in rows
        if row["measure"] in ("OR", "HR")
    ]
