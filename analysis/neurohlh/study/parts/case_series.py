"""Published cases are chosen for being remarkable: what may be counted in them, and what may not be estimated."""

from __future__ import annotations

import numpy as np

from neurohlh.core.result import Result
from neurohlh.study.parts.material import Material

NO_FREQUENCY = "published cases are chosen for being remarkable: counts only, no frequency and no comparison"
_ESTIMATED = ("estimate", "conf_low", "conf_high", "coef", "std_error", "statistic", "df", "p_value")


def is_case_series(material: Material) -> bool:
    """Whether the study declares that its patients are published cases."""
    return material.config.study.design == "case_series"


def fit_to_design(result: Result, material: Material) -> Result:
    """The result itself; of a case series only its counts, without picture, and with the reason as a note."""
    if not is_case_series(material):
        return result
    tidy = result.tidy.assign(**dict.fromkeys(_ESTIMATED, np.nan))
    method = {k: v for k, v in result.method.items() if k not in ("picture", "conf_level", "interval", "test")}
    return result.with_(
        tidy=tidy,
        curves=result.curves.iloc[0:0],
        checks=result.checks.iloc[0:0],
        method=method,
        notes=(f"{NO_FREQUENCY[:1].upper()}{NO_FREQUENCY[1:]}.", *result.notes),
    )
