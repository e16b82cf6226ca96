"""Findings read from the free text of an MRI or CT report, English or Chinese, with the words that they came from.

Rules (dossier 8 and 9: denial first, then the longest expression; the vocabulary is catalogue/mri_report_terms.toml):

* a place is a finding only beside a word for a lesion, and is absent beside 'normal' or a denied lesion;
* what is denied is absent, what is doubted is undecided, what is planned or asked for is left out;
* what an earlier examination showed says nothing about now, unless the report says that it is gone (absent) or still
  there (present);
* wide sulci or extra-axial spaces are undecided in an infant and where the age is not known (benign there, or of
  steroids); a signal that the report explains as delayed myelination, a variant or an artefact is undecided;
* a report that calls the brain normal makes `mri_abnormal` absent, and no single finding;
* of several statements on one finding: present before undecided before absent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.clinical.kleene import INDETERMINATE, MET, NOT_MET
from neurohlh.clinical.report_characters import is_chinese, plain_characters, sentences
from neurohlh.clinical.report_statements import ABNORMAL, Mention, read_sentence
from neurohlh.core.errors import InputError

REPORT_COLUMNS = ("patient_id", "finding", "status", "before", "words", "start", "end", "language")
INFANCY_DAYS = 365.25
"""Up to this age wide extra-axial spaces may be benign (mri_findings.csv, sulcal_widening: 'in infancy')."""
_EQUIVOCAL_IN_INFANTS = "mri_sulcal_widening"
_RANK = {MET: 0, INDETERMINATE: 1, NOT_MET: 2}


@dataclass(frozen=True)
class TextFinding:
    """A finding that a report speaks of.

    Attributes
    ----------
    finding : variable of the codebook (`mri_thalamus`, …; `mri_abnormal` for the scan as a whole).
    status : met, not_met or indeterminate, as of the examination reported.
    words : what it was read from, exactly as written; `start` to `end` is its place in the text.
    language : 'zh' if these words hold Chinese characters, else 'en'.
    before : whether the words speak of an earlier examination (a lesion that is gone, or shown before only).
    """

    finding: str
    status: str
    words: str
    start: int
    end: int
    language: str
    before: bool = False


def read_report(text: str, *, infant: bool | None = None) -> tuple[TextFinding, ...]:
    """The findings of one report, each once, in the order of the text; a finding not spoken of is not among them.

    `infant`: whether the patient is in the first year of life (None: not known).
    """
    plain = plain_characters(text)
    best: dict[str, Mention] = {}
    for start, end in sentences(plain.text):
        for mention in read_sentence(plain.text, start, end):
            known = best.get(mention.finding)
            if known is None or _rank(mention) < _rank(known):
                best[mention.finding] = mention
    _settle_whole(best)
    found = [_finding(m, text, plain.original(m.start, m.end)) for m in best.values()]
    if infant is not False:
        found = [_equivocal(f) if f.finding == _EQUIVOCAL_IN_INFANTS else f for f in found]
    return tuple(sorted(found, key=lambda f: (f.start, f.end, f.finding)))


def _rank(m: Mention) -> tuple[int, int]:
    # An earlier examination counts least, except that a lesion that is gone is absent.
    shown_before_only = m.before and m.status != NOT_MET
    return (1 if shown_before_only else 0), _RANK[m.status]


def _settle_whole(best: dict[str, Mention]) -> None:
    """The scan as a whole is spoken of only where no finding of its own says more."""
    whole = best.get(ABNORMAL)
    others = [m for code, m in best.items() if code != ABNORMAL and not m.before]
    if whole is None:
        return
    contradicting = (MET,) if whole.status == MET else (MET, INDETERMINATE)
    if any(m.status in contradicting for m in others):
        del best[ABNORMAL]


def _finding(m: Mention, text: str, span: tuple[int, int]) -> TextFinding:
    words = text[span[0] : span[1]]
    language = "zh" if any(map(is_chinese, words)) else "en"
    return TextFinding(f"mri_{m.finding}", m.status, words, *span, language, m.before)


def _equivocal(f: TextFinding) -> TextFinding:
    return replace(f, status=INDETERMINATE) if f.status == MET else f


def read_reports(frame: Any, text: str = "mri_report_text") -> pd.DataFrame:
    """The findings of every report of a pandas frame, long: one row per patient and finding (`REPORT_COLUMNS`).

    `frame` has `patient_id` and the column `text` (missing: no report); `age_days` or `age_years` tell infants. Each
    distinct text is read once. Raises InputError if the column is not there.
    """
    if text not in frame:
        raise InputError(f"there is no column {text!r} with reports")
    said, infants = frame[text], _infants(frame)
    codes, texts = pd.factorize(said.astype(object).where(said.notna(), None))
    keys = codes * 3 + infants
    rows = np.flatnonzero(codes >= 0)
    known, first = np.unique(keys[rows], return_inverse=True)
    readings = [read_report(str(texts[key // 3]), infant=(None, False, True)[key % 3]) for key in known.tolist()]
    table = pd.DataFrame([vars(f) for r in readings for f in r], columns=list(REPORT_COLUMNS[1:]))
    counts = np.array([len(r) for r in readings], dtype=int)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(int) if len(counts) else np.zeros(0, dtype=int)
    own = _spread(starts[first], counts[first])
    patients = np.repeat(frame["patient_id"].to_numpy(dtype=object)[rows], counts[first])
    found = table.iloc[own].reset_index(drop=True)
    found.insert(0, "patient_id", patients)
    return found


def _spread(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """start, start + 1, … for each start, as many as its count."""
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(starts, counts) + within


def _infants(frame: Any) -> np.ndarray:
    """Per row 0 where the age is not known, 1 beyond infancy, 2 in it."""
    days = np.full(len(frame), np.nan)
    if "age_days" in frame:
        days = pd.to_numeric(frame["age_days"]).to_numpy(dtype=float, na_value=np.nan)
    if "age_years" in frame:
        years = pd.to_numeric(frame["age_years"]).to_numpy(dtype=float, na_value=np.nan)
        days = np.where(np.isnan(days), years * INFANCY_DAYS, days)
    return np.where(np.isnan(days), 0, np.where(days < INFANCY_DAYS, 2, 1)).astype(np.int64)


def is_report(texts: Iterable[Any]) -> np.ndarray:
    """Whether each cell holds a report at all (boolean array)."""
    return np.array([isinstance(t, str) and any(map(str.isalpha, t)) for t in texts], dtype=bool)
