"""Which of what the main model needs is not known together: CNS status, time and outcome, and the covariates."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from neurohlh.core.result import Result
from neurohlh.stats.missing.state_patterns import state_patterns
from neurohlh.stats.status import CELL_STATES
from neurohlh.study.config import StudyConfig
from neurohlh.study.covariates import DEFAULT_COVARIATES, variable_of
from neurohlh.study.parts.labels import variable_words

FOLLOWED = "followed"
_UNKNOWN_WORDS = ("unknown", "indeterminate")


def model_gaps(frame: pd.DataFrame, states: pd.DataFrame, config: StudyConfig) -> Result:
    """Patterns of what is not known among the patients of the study; `states` are the cells of the same rows.

    A derived variable (age from dates) is known where it could be derived; where not, the state of its own cell says
    why, or it is unknown.
    """
    terms = DEFAULT_COVARIATES if config.model.covariates is None else config.model.covariates
    covariates = [name for name in dict.fromkeys(map(variable_of, terms)) if name in frame]
    found = pd.DataFrame({name: _states(frame[name], states.get(name)) for name in covariates})
    found.insert(0, "cns", _exposure(frame["cns_baseline"]))
    if config.endpoint.os.analyse:
        known = frame["os_days"].notna() & frame["os_event"].notna()
        found.insert(1, FOLLOWED, np.where(known, "value", "unknown"))
    result = state_patterns(found, list(found.columns))
    labels = {FOLLOWED: "Time and outcome", "cns": "CNS involvement at baseline"}
    labels |= {name: variable_words(name) for name in covariates}
    title = "What is not known together of what the main model needs"
    tidy = result.tidy.copy()
    tidy.loc[tidy["variable"] == "", "level"] = list(_gaps_in_words(result.curves, labels))
    return result.with_(
        tidy=tidy, method={**result.method, "title": title, "labels": labels, "denominator": "patients in the study"}
    )


def _gaps_in_words(curves: pd.DataFrame, labels: dict[str, str]) -> Iterator[str]:
    """What each pattern lacks, in the order of the patterns."""
    for _, rows in curves.groupby("pattern"):
        gaps = rows[rows["state"] != "value"]
        states = gaps["state"].str.replace("_", " ")
        yield "; ".join(f"{labels[v]}: {s}" for v, s in zip(gaps["variable"], states, strict=True)) or "all known"


def _states(values: pd.Series, cells: pd.Series | None) -> np.ndarray:
    unknown = values.astype(object).isin(_UNKNOWN_WORDS)
    codes = np.full(len(values), CELL_STATES.index("unknown")) if cells is None else cells.to_numpy(dtype=int)
    gaps = np.array(CELL_STATES, dtype=object)[codes]
    gaps[(gaps == "value") | unknown] = "unknown"
    return np.where(values.notna() & ~unknown, "value", gaps)


def _exposure(status: pd.Series) -> np.ndarray:
    gaps = np.where(status == "not_applicable", "not_applicable", "unknown")
    return np.where(status.isin(["met", "not_met"]), "value", gaps)
