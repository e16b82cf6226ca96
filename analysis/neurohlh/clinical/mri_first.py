"""What MRI shows beside symptoms and CSF, and which of them was found first.

An MRI date is a date of detection, not of onset (dossier 13.12), and `date_imaging_first` is that of the first cranial
imaging, MRI or CT. Rules ("toolkit" marks our own operational choice):

* the image is positive where the MRI is abnormal (`imaging.mri`); in data without a column on MRI, where cranial
  imaging is (`cns_imaging`: MRI or CT);
* symptoms are dated by `date_neuro_onset`, CSF by `date_lp_first`, each only where it is positive;
* the image came first where every other positive domain is dated and dated later; a positive domain without a date
  leaves it undecided (toolkit).
"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from neurohlh.clinical import imaging
from neurohlh.clinical.kleene import INDETERMINATE, MET, NOT_MET, status_of
from neurohlh.clinical.observe import Columns

POSITIVE, BESIDE = "image_positive", "image_beside"
DAYS = {"symptoms": "image_days_before_symptoms", "csf": "image_days_before_csf", "other": "image_days_before_other"}
"""Days from the image to each (positive: the image was earlier); `other` is the first of the positive ones."""
_DATES = {"symptoms": "date_neuro_onset", "csf": "date_lp_first"}
IMAGE_DATE = "date_imaging_first"
ALONE, CSF_UNTESTED = "alone", "csf_untested"
BESIDE_WORDS = {
    ALONE: "symptoms and CSF both tested and negative",
    CSF_UNTESTED: "no symptoms, CSF not tested",
    "csf_undecided": "no symptoms, CSF tested but undecided, or not known whether tested",
    "symptoms_undecided": "symptoms not known, CSF not abnormal as far as known",
    "symptoms": "symptoms, CSF not abnormal as far as known",
    "csf": "abnormal CSF, no symptoms as far as known",
    "both": "symptoms and abnormal CSF",
}


def asks_mri(frame: pd.DataFrame) -> bool:
    """Whether the data have any column that says what an MRI showed."""
    return bool(imaging.components(Columns(dict(nw.from_native(frame).collect_schema()))))


def with_mri_first(frame: pd.DataFrame) -> pd.DataFrame:
    """A classified frame (`cns_symptoms`, `cns_csf`, `cns_imaging`, `csf_tested`) with the image beside the others.

    Adds `image_positive` (met, not_met, indeterminate), `image_beside` (codes of `BESIDE_WORDS`, for everybody) and the
    three columns of `DAYS` (missing unless image and the other are positive and dated).
    """
    positive = _mri_status(frame) if asks_mri(frame) else frame["cns_imaging"].astype(object)
    domains: dict[str, Any] = {POSITIVE: positive, BESIDE: _beside(frame)}
    found = frame.assign(**domains)
    days = {domain: _days(found, domain) for domain in _DATES}
    undated = {d: (found[f"cns_{d}"] == MET) & days[d].isna() for d in _DATES}
    both = pd.DataFrame(days).min(axis=1).mask(undated["symptoms"] | undated["csf"])
    columns: dict[str, Any] = {DAYS[d]: days[d] for d in _DATES}
    return found.assign(**columns, **{DAYS["other"]: both})


def _mri_status(frame: pd.DataFrame) -> pd.Series:
    whole = nw.from_native(frame, eager_only=True)
    known = imaging.mri(Columns(dict(whole.collect_schema())))
    said: pd.Series = whole.select(status_of(known.true, known.false).alias(POSITIVE)).to_native()[POSITIVE]
    return said


def _beside(frame: pd.DataFrame) -> Any:
    symptoms, csf = frame["cns_symptoms"], frame["cns_csf"]
    untested = (frame["csf_tested"] == False).fillna(False).astype(bool)  # noqa: E712 (three-valued)
    ill, fluid = symptoms == MET, csf == MET
    conditions = [
        ill & fluid,
        ill,
        fluid,
        symptoms == INDETERMINATE,
        (symptoms == NOT_MET) & (csf == NOT_MET),
        untested,
    ]
    return np.select(
        conditions, ["both", "symptoms", "csf", "symptoms_undecided", ALONE, CSF_UNTESTED], "csf_undecided"
    )


def _days(frame: pd.DataFrame, domain: str) -> pd.Series:
    """Days from a positive image to a positive `domain`."""
    empty = pd.Series(np.nan, index=frame.index)
    if IMAGE_DATE not in frame or _DATES[domain] not in frame:
        return empty
    days = (frame[_DATES[domain]] - frame[IMAGE_DATE]).dt.days.astype(float)
    return days.where((frame[POSITIVE] == MET) & (frame[f"cns_{domain}"] == MET))
