"""Why a domain that was tested is still undecided, in words that name the missing answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import narwhals as nw
import numpy as np

from neurohlh.clinical import csf, imaging, symptoms
from neurohlh.clinical.finding_words import Pieces, Seen, label_in_sentence
from neurohlh.clinical.isolated import isolated_parts
from neurohlh.clinical.observe import Columns, Known, either

_MOST = 3
"""Named one by one up to this many; more are counted."""
_SUMMARY = "the hospital's summary"


def open_words(seen: Seen, domain: str) -> np.ndarray:
    """What keeps a domain undecided, one text per patient of `seen` (all of them undecided in it)."""
    words = Pieces(len(seen.work))
    for reason, mask in seen.masks(_SPECIAL[domain](seen)).items():
        words.add_where_empty(mask, reason)
    names = _LISTED[domain](seen)
    empty = words.text == ""
    words.text[empty] = _listed(seen, names)[empty]
    words.add_where_empty(words.text == "", _UNANSWERED[domain])
    return words.text


def isolated_words(seen: Seen, never_systemic: nw.Expr) -> np.ndarray:
    """Which parts of the isolated onset are absent, else which are not known, one text per patient."""
    known = Known(nw.col("_symptoms_true"), nw.col("_symptoms_false"))
    parts = isolated_parts(seen.columns, known, never_systemic)
    absent = seen.masks({name: part.false for name, part in parts.items()})
    unknown = seen.masks({name: ~part.true & ~part.false for name, part in parts.items()})
    found, missing = Pieces(len(seen.work)), Pieces(len(seen.work))
    for name in parts:
        found.add(absent[name], name, ", ")
        missing.add(unknown[name], name, ", ")
    no = found.text != ""
    open_ = ~no & (missing.text != "")
    found.text[no] = "absent: " + found.text[no]
    found.text[open_] = "not known: " + missing.text[open_]
    return found.text


_UNANSWERED = {
    "symptoms": "no sign was asked",
    "csf": "WBC and protein not known",
    "imaging": "no result known",
    "eeg": "no clear answer",
}


def _listed(seen: Seen, parts: Mapping[str, nw.Expr]) -> np.ndarray:
    """'not answered: ataxia, coma', or how many of how many."""
    masks, words = seen.masks(parts), Pieces(len(seen.work))
    for name, mask in masks.items():
        words.add(mask, name, ", ")
    number = np.sum(list(masks.values()), axis=0) if masks else np.zeros(len(seen.work), dtype=int)
    named = number > 0
    words.text[named] = "not answered: " + words.text[named]
    for n in np.unique(number[number > _MOST]):
        words.text[number == n] = f"{n} of {len(parts)} questions not answered"
    return words.text


def _unanswered(parts: Mapping[str, Known], labels: Mapping[str, Mapping[str, str]]) -> dict[str, nw.Expr]:
    return {
        label_in_sentence(labels[name]["label_en"]) if name in labels else _SUMMARY: ~known.true & ~known.false
        for name, known in parts.items()
        if name in labels or name in _SUMMARIES
    }


_SUMMARIES = (symptoms.SUMMARY, csf.SUMMARY, imaging.MRI)


def _symptom_list(seen: Seen) -> dict[str, nw.Expr]:
    return _unanswered(symptoms.components(seen.columns), symptoms.vocabulary())


def _fluid_list(seen: Seen) -> dict[str, nw.Expr]:
    columns, rule = seen.columns, seen.definition.csf
    labels = {csf.WBC: "WBC", csf.PROTEIN: "protein"}
    missing = {
        labels[v]: ~columns.is_number(v) if v in columns else nw.lit(True) for v in csf.components(columns, rule)
    }
    return missing | ({_SUMMARY: ~columns.no(csf.SUMMARY)} if csf.summarised(columns, rule) else {})


def _image_list(seen: Seen) -> dict[str, nw.Expr]:
    columns = seen.columns
    parts = imaging.components(columns, atrophy=seen.definition.atrophy)
    listed = _unanswered(parts, {v: r for v, r in imaging.vocabulary().items() if v != "mri_nonspecific"})
    return listed | ({"the hospital's summary of imaging": ~columns.no(imaging.ANY)} if imaging.ANY in columns else {})


def _symptom_special(seen: Seen) -> dict[str, nw.Expr]:
    columns = seen.columns
    low = (columns.number("gcs") <= symptoms.GCS_LIMIT).fill_null(False)
    changed = either(columns.yes(v) for v in symptoms.consciousness()) | low
    vomiting = columns.known("sx_vomiting")
    return {
        "change of consciousness that a metabolic confounder may explain": changed
        & columns.yes("metabolic_confounder"),
        "consciousness cannot be judged beside a metabolic confounder": columns.yes("metabolic_confounder")
        & either(columns.no(v) for v in symptoms.consciousness()),
        "headache, vomiting not known": columns.yes("sx_headache") & ~vomiting.true & ~vomiting.false,
    }


def _fluid_special(seen: Seen) -> dict[str, nw.Expr]:
    columns = seen.columns
    open_ = {
        v: columns.is_number(v) & ~nw.col(f"_{v}_true") & ~nw.col(f"_{v}_false")
        for v in csf.components(columns, seen.definition.csf)
    }
    beyond = [open_[v] & _beyond_limit(columns, v) for v in open_]
    return {
        "bacteria found": columns.is_code("csf_pathogen", "bacteria"),
        "above the limit only without the correction for blood": nw.col("cns_csf_blood_unclear"),
        "recorded only as below or above a limit of measurement": either(beyond),
        "erythrocytes recorded only as above a limit": either(open_.values()) & columns.is_code(_RBC_LIMIT, "right"),
        "age not known": symptoms.age_in_days(columns).is_null() & either(open_.values()),
    }


_RBC_LIMIT = f"{csf.RBC}_censored"


def _beyond_limit(columns: Columns, analyte: str) -> nw.Expr:
    return either(columns.is_code(f"{analyte}_censored", side) for side in ("left", "right"))


def _image_special(seen: Seen) -> dict[str, nw.Expr]:
    columns = seen.columns
    haemorrhage = either(columns.yes(v) for v in imaging.HAEMORRHAGE if v in columns)
    risk = symptoms.bleeding_risk(columns)
    return {
        "CT normal, no MRI": columns.no(imaging.CT) & ~nw.col("_mri_true") & ~columns.yes("mri_done"),
        "CT without a result, no MRI": columns.no("mri_done") & ~columns.yes(imaging.CT) & ~columns.no(imaging.CT),
        "haemorrhage, platelets or DIC not known": haemorrhage & ~risk.true & ~risk.false,
        "haemorrhage that platelets or DIC may explain": haemorrhage & risk.true & columns.yes(imaging.MRI),
        "MRI without contrast, enhancement not tested": columns.no("mri_contrast")
        & either(columns.yes("mri_done") for v in imaging.ENHANCEMENT if v in columns),
        "non-specific foci only": columns.yes("mri_nonspecific"),
    }


_SPECIAL: dict[str, Callable[[Seen], dict[str, nw.Expr]]] = {
    "symptoms": _symptom_special,
    "csf": _fluid_special,
    "imaging": _image_special,
    "eeg": lambda _: {},
}
_LISTED: dict[str, Callable[[Seen], dict[str, nw.Expr]]] = {
    "symptoms": _symptom_list,
    "csf": _fluid_list,
    "imaging": _image_list,
    "eeg": lambda _: {},
}
