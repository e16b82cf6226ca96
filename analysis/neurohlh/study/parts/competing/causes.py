"""What the results on competing events share: the rows of one cause, and CNS status in words."""

from __future__ import annotations

import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result
from neurohlh.study.follow import EXPOSURE
from neurohlh.study.parts.hazard_rows import CONTRAST

STATUS = {"met": "CNS involved", "not_met": "CNS not involved", "indeterminate": "CNS not decidable"}


def by_cause(found: Result, cause: str) -> Result:
    """The rows of one cause. Raises NotEstimable with the reason where its model could not be fitted."""
    own = found.tidy[found.tidy["outcome"] == cause].reset_index(drop=True)
    if not (own["variable"] != "").any():
        raise NotEstimable(str(own["note"].iloc[0]).removeprefix("not estimable: "))
    return found.with_(tidy=own)


def ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` with the uninvolved as the first group, which the others are compared with."""
    return frame.assign(**{EXPOSURE: pd.Categorical(frame[EXPOSURE], categories=["not_met", "met"])})


def in_words(found: Result) -> Result:
    """The rows with CNS status in words; curves and numbers at risk keep the codes that figures are coloured by."""
    tidy = found.tidy
    contrast = tidy["contrast"].replace({"met vs not_met": CONTRAST})
    said = tidy.assign(group=tidy["group"].replace(STATUS), contrast=contrast, outcome="", variable="", method="")
    return found.with_(tidy=said)
