"""What was found, in words: the abnormal signs, CSF values and images of each patient, joined by '; '."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from neurohlh.clinical import csf, imaging, symptoms
from neurohlh.clinical.cns_definitions import CnsDefinition
from neurohlh.clinical.observe import Columns

_SUMMARY_WORDS = {
    symptoms.SUMMARY: "neurological symptoms (as recorded)",
    csf.SUMMARY: "CSF abnormal (as recorded)",
    imaging.MRI: "MRI abnormal (as recorded)",
    imaging.ANY: "imaging abnormal (as recorded)",
}
_SIGN = {"right": ">", "left": "<"}
_RCH_ROWS = (61, 183)
"""First days of the rows of protein whose source is printed together with RCH."""


@dataclass
class Pieces:
    """One growing text per patient."""

    n: int
    text: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.text = np.full(self.n, "", dtype=object)

    def add(self, mask: np.ndarray, piece: Any, separator: str = "; ") -> None:
        """Append `piece` (one text, or one per marked patient) where `mask` holds."""
        rows = np.flatnonzero(mask)
        if len(rows):
            before = self.text[rows]
            self.text[rows] = np.where(before == "", "", before + separator) + piece

    def add_where_empty(self, mask: np.ndarray, piece: str) -> None:
        """Write `piece` where `mask` holds and nothing was written yet."""
        self.add(mask & (self.text == ""), piece)


@dataclass(frozen=True)
class Seen:
    """A classified pandas frame with its working columns, and the columns that it was read by."""

    work: pd.DataFrame
    columns: Columns
    definition: CnsDefinition

    def masks(self, exprs: Mapping[str, nw.Expr]) -> dict[str, np.ndarray]:
        """Conditions as boolean arrays, evaluated together."""
        if not exprs:
            return {}
        names = {f"_mask_{i}": expr for i, expr in enumerate(exprs.values())}
        frame = nw.from_native(self.work, eager_only=True).select("patient_id", **names)
        return {key: frame.get_column(m).to_numpy().astype(bool) for key, m in zip(exprs, names, strict=True)}

    def mask(self, expr: nw.Expr) -> np.ndarray:
        """One condition as a boolean array."""
        return self.masks({"": expr})[""]

    def numbers(self, expr: nw.Expr) -> np.ndarray:
        """A numeric expression as floats."""
        frame = nw.from_native(self.work, eager_only=True).select("patient_id", _numbers=expr)
        return frame.get_column("_numbers").to_numpy().astype(float)


def symptom_pieces(seen: Seen) -> np.ndarray:
    """The counted symptoms of each patient ('' without any)."""
    parts = symptoms.components(seen.columns)
    found, words = seen.masks({name: known.true for name, known in parts.items()}), Pieces(len(seen.work))
    for name, row in symptoms.vocabulary().items():
        if name in found:
            words.add(found[name], label_in_sentence(row["label_en"]))
    if "gcs" in found:
        points = seen.numbers(seen.columns.number("gcs"))[found["gcs"]]
        words.add(found["gcs"], np.array([f"GCS {p:g}" for p in points], dtype=object))
    if symptoms.SUMMARY in found:
        words.add_where_empty(found[symptoms.SUMMARY], _SUMMARY_WORDS[symptoms.SUMMARY])
    return words.text


def image_pieces(seen: Seen) -> np.ndarray:
    """The counted imaging findings of each patient ('' without any)."""
    columns = seen.columns
    parts = imaging.components(columns, atrophy=seen.definition.atrophy)
    mri = seen.work["_mri_true"].to_numpy(dtype=bool)
    read = imaging.from_report(columns, atrophy=seen.definition.atrophy)
    found, words = seen.masks({name: known.true for name, known in (parts | read).items()}), Pieces(len(seen.work))
    told = [name for name in found if f"{name}_text" in columns]
    of_text = dict.fromkeys(found, np.zeros(len(seen.work), dtype=bool))
    of_text |= seen.masks({name: columns.yes(f"{name}_text") for name in told})
    for name, row in imaging.vocabulary().items():
        if name in found:
            words.add(found[name] & mri & ~of_text[name], label_in_sentence(row["label_en"]))
    if "mri_region_count" in found:
        number = seen.numbers(columns.number("mri_region_count"))
        marked = found["mri_region_count"] & mri
        words.add(marked, np.array([f"affected brain regions: {v:g}" for v in number[marked]], dtype=object))
    named = words.text != ""
    words.text[named] = "MRI: " + words.text[named]
    reported = _report_pieces(len(seen.work), {name: found[name] & mri & of_text[name] for name in found})
    words.add(reported != "", reported[reported != ""])
    if imaging.MRI in found:
        words.add_where_empty(found[imaging.MRI] & mri, _SUMMARY_WORDS[imaging.MRI])
    ct = seen.mask(imaging.ct_abnormal(columns)) & ~seen.work["_mri_false"].to_numpy(dtype=bool)
    words.add(ct, "CT abnormal")
    words.add(
        seen.mask(imaging.ct_reported(columns)) & ~seen.work["_mri_false"].to_numpy(dtype=bool), "CT report: abnormal"
    )
    words.add_where_empty(seen.mask(columns.yes(imaging.ANY)), _SUMMARY_WORDS[imaging.ANY])
    return words.text


def _report_pieces(n: int, found: Mapping[str, np.ndarray]) -> np.ndarray:
    """'MRI report: thalamic lesion; …' from the findings that were read from a text ('' without any)."""
    words = Pieces(n)
    for name, row in imaging.vocabulary().items():
        if name in found:
            words.add(found[name], label_in_sentence(row["label_en"]))
    if imaging.MRI in found:
        words.add_where_empty(found[imaging.MRI], "abnormal")
    named = words.text != ""
    words.text[named] = "MRI report: " + words.text[named]
    return words.text


def fluid_pieces(seen: Seen) -> np.ndarray:
    """The abnormal CSF values of each patient with the limit that they exceed ('' without any)."""
    columns, rule, words = seen.columns, seen.definition.csf, Pieces(len(seen.work))
    for analyte, use, label, unit in (
        (csf.WBC, rule.wbc, "CSF WBC", "/uL"),
        (csf.PROTEIN, rule.protein, "CSF protein", " g/L"),
    ):
        if f"_{analyte}_true" in seen.work and analyte in columns:
            mask = seen.work[f"_{analyte}_true"].to_numpy(dtype=bool)
            words.add(mask, _value_words(seen, analyte, use, mask, label, unit))
    if rule.haemophagocytes:
        words.add(seen.mask(columns.yes("csf_hemophagocytes")), "haemophagocytes in CSF")
    if rule.by_age:
        words.add_where_empty(seen.mask(columns.yes(csf.SUMMARY)), _SUMMARY_WORDS[csf.SUMMARY])
    return words.text


def _value_words(seen: Seen, analyte: str, use: csf.Use, mask: np.ndarray, label: str, unit: str) -> np.ndarray:
    """'CSF protein 0.62 g/L > 0.32 (age 4 y, RCH/Biou)' for the patients marked."""
    few = Seen(seen.work[mask], seen.columns, seen.definition)
    columns = few.columns
    raw, clean = few.numbers(columns.number(analyte)), few.numbers(csf.corrected(columns, analyte))
    limit = few.numbers(csf.limits(columns, analyte, use)[1])
    if f"{analyte}_censored" in columns:
        sign = few.work[f"{analyte}_censored"].map(_SIGN).fillna("").to_numpy(dtype=object)
    else:
        sign = np.full(len(raw), "", dtype=object)
    values = zip(sign, raw, clean, limit, _limit_words(few, analyte, use), strict=True)
    return np.array(
        [f"{label} {s}{v:g}{unit}{_correction(v, c)} > {x:.3g} ({because})" for s, v, c, x, because in values],
        dtype=object,
    )


def _correction(raw: float, clean: float) -> str:
    """The value without the blood, where that can be seen in the digits that are shown."""
    return f" ({clean:.3g} corrected for blood)" if f"{clean:.3g}" != f"{raw:.3g}" else ""


def _limit_words(seen: Seen, analyte: str, use: csf.Use) -> np.ndarray:
    """Where the limit of each patient comes from."""
    n = len(seen.work)
    if isinstance(use, float):
        return np.full(n, f"fixed limit of {seen.definition.name}", dtype=object)
    age = seen.numbers(symptoms.age_in_days(seen.columns))
    days, codes = np.unique(np.where(np.isnan(age), -1.0, age), return_inverse=True)
    words = np.array([_age_words(analyte, d) for d in days], dtype=object)[codes] if n else np.full(0, "", dtype=object)
    local = seen.mask(seen.columns.is_number(f"{analyte}_uln"))
    return np.where(local, "local limit", words)


def _age_words(analyte: str, days: float) -> str:
    if days < 0:
        return "age unknown, highest limit that may hold"
    if days < 61:
        age = f"{days:.0f} d"
    else:
        # An age given in years becomes days and comes back as the same number of years.
        age = f"{int(days / 30.4375 + 1e-6)} mo" if days < 730 else f"{int(days / 365.25 + 2e-3)} y"
    return f"age {age}, {_source(analyte, days)}"


def _source(analyte: str, days: float) -> str:
    """The first word of the source of the default limit at that age.

    From 2 months to 10 years the table of limits (dossier 7) names its rows by both sources: RCH, Biou for protein.
    """
    row = next(r for r in csf.reference(analyte) if days < r.last_day + 0.5 or r is csf.reference(analyte)[-1])
    own = "interpolated" if row.falling else row.source.split()[0]
    return f"RCH/{own}" if analyte == csf.PROTEIN and _RCH_ROWS[0] <= row.first_day <= _RCH_ROWS[1] else own


def label_in_sentence(label: str) -> str:
    """A label inside a sentence: 'Seizure' -> 'seizure', 'T2/FLAIR …' and 'ADC …' as they are."""
    return label[0].lower() + label[1:] if label[1:2].islower() or label[1:2] == " " else label
