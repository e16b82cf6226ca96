"""Whether MRI shows CNS involvement where symptoms and CSF do not, and by how many days it comes before them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from neurohlh.clinical.mri_first import (
    ALONE,
    BESIDE,
    BESIDE_WORDS,
    CSF_UNTESTED,
    DAYS,
    IMAGE_DATE,
    POSITIVE,
    asks_mri,
    with_mri_first,
)
from neurohlh.core.result import Result, tidy_frame
from neurohlh.study.parts.mri.rows import WILSON, number, published_rows, quartiles, share
from neurohlh.study.parts.part import refusal

_MRI, _ANY = "MRI", "cranial imaging (MRI or CT)"
_OTHERS = {"symptoms": "first symptom", "csf": "abnormal CSF", "other": "first of symptom and abnormal CSF"}
_DATES = {"symptoms": "date_neuro_onset", "csf": "date_lp_first"}
_BLIND = {ALONE: "symptoms and CSF both tested and negative", CSF_UNTESTED: "no symptoms, CSF not tested"}


def image_first(frame: pd.DataFrame) -> Result:
    """Counts of positive images by what stands beside them, and days from the image to the other evidence."""
    title = "MRI before symptoms and CSF"
    frame = frame if POSITIVE in frame else with_mri_first(frame)
    image = _MRI if asks_mri(frame) else _ANY
    positive = frame[frame[POSITIVE] == "met"]
    decided = frame[frame[POSITIVE].isin(["met", "not_met"])]
    if decided.empty:
        return refusal("mri_first", title, "nobody has a cranial image with a result")
    rows = [*_beside(positive, image), *_without_others(decided, image), *_dates(positive, image)]
    rows += published_rows("first")
    return Result(
        kind="mri_first",
        tidy=tidy_frame([{"analysis": "mri_first", **row} for row in rows]),
        method={
            "title": title,
            "estimator": "proportion; median and quartiles of days by linear interpolation",
            "interval": "Wilson",
            "conf_level": 0.95,
            "denominator": "as the population of each row says",
            "positive": "MRI: atrophy counts, haemorrhage with platelets below 50 or DIC does not (dossier 6.4); "
            "symptoms and CSF: by the study's definition, at any time",
            "reference": WILSON,
        },
        counts={
            "supplied": len(frame),
            "used": len(decided),
            "dropped": {"no image with a result": len(frame) - len(decided)} if len(decided) < len(frame) else {},
        },
        notes=(
            "A date of imaging or of lumbar puncture is a date of detection, not of onset: it says when the test was "
            "made, and a test is often made because of a symptom.",
            "The date is that of the first cranial imaging, MRI or CT; where an abnormal MRI followed a first normal "
            "image, it came later than counted here.",
            "A puncture delayed (by few platelets, for instance) makes the image seem early.",
            *([] if image == _MRI else ["No source has a column on MRI: the result of cranial imaging is read."]),
        ),
    )


def _beside(positive: pd.DataFrame, image: str) -> list[dict[str, Any]]:
    words: dict[str, Any] = {"population": f"patients with a positive {image}", "group": "what stands beside it"}
    counts = positive[BESIDE].value_counts()
    return [share(text, int(counts.get(c, 0)), len(positive), **words) for c, text in BESIDE_WORDS.items()]


def _without_others(decided: pd.DataFrame, image: str) -> list[dict[str, Any]]:
    """How often the image is positive in those in whom nothing else is."""
    rows = []
    for code, text in _BLIND.items():
        own = decided[decided[BESIDE] == code]
        words: dict[str, Any] = {"population": text, "group": "image positive though nothing else is"}
        rows.append(share(f"positive {image}", int((own[POSITIVE] == "met").sum()), len(own), **words))
    return rows


def _dates(positive: pd.DataFrame, image: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    sign = "days from the image to the other (negative: the image was later)"
    for domain, other in _OTHERS.items():
        population = f"positive {image} and {other}, all dated"
        words: dict[str, Any] = {"population": population}
        needed = [IMAGE_DATE, _DATES[domain]] if domain in _DATES else [IMAGE_DATE]
        lacking = [c for c in needed if c not in positive]
        if lacking:
            note = "not estimable: no source has the date of " + ("imaging" if IMAGE_DATE in lacking else other)
            rows.append({"term": "days from the image", "n": 0, **words, "note": note})
            continue
        days = positive[DAYS[domain]]
        known = days.dropna()
        undated = _undated(positive, domain)
        note = f"{undated} more with both positive have no date" if undated else ""
        order = {"image first": known > 0, "same day": known == 0, "image later": known < 0}
        rows += [share(text, int(hit.sum()), len(known), note=note, **words) for text, hit in order.items()]
        rows += quartiles(known, "days", term=sign, **words)
        rows += quartiles(
            known[known > 0], "days", term="days by which the image was earlier, where it came first", **words
        )
        rows.append(number("both positive, not all dated", undated, **words))
    return rows


def _undated(positive: pd.DataFrame, domain: str) -> int:
    domains = ["symptoms", "csf"] if domain == "other" else [domain]
    some = pd.concat([positive[f"cns_{d}"] == "met" for d in domains], axis=1).any(axis=1)
    return int((some & positive[DAYS[domain]].isna()).sum())
