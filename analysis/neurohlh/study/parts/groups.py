"""Whether there are two groups to compare at all, and why not, in words."""

from __future__ import annotations

import pandas as pd

from neurohlh.study.follow import EXPOSURE

_LACKING = {
    "met": "nobody at risk at the landmark is CNS involved",
    "not_met": "nobody at risk at the landmark is known not to be CNS involved",
}
_SAME = f"{EXPOSURE} has the same level in all patients used"
"""What a model says that is left with one group once covariates are unknown."""


def one_sided(frame: pd.DataFrame) -> str:
    """Why the patients of `frame` (with `cns` met or not_met) can't be compared; '' if both groups have somebody."""
    lacking = [said for status, said in _LACKING.items() if not (frame[EXPOSURE] == status).any()]
    if len(lacking) == len(_LACKING):
        return "nobody at risk at the landmark has a decided CNS status"
    return lacking[0] if lacking else ""


def reason_in_words(reason: str) -> str:
    """A model's reason as a clinician would say it."""
    return "all patients with known covariates have the same CNS status" if reason == _SAME else reason
