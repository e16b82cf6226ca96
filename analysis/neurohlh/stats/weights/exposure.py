"""Who is exposed, who is not, and with which covariates; everybody who cannot be used is counted by reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable, did_you_mean
from neurohlh.stats.columns import Bools, Floats, Labels, column, is_number, is_truth, labels, truth
from neurohlh.stats.design.terms import Design, model_design
from neurohlh.stats.status import MET, NOT_MET, STATUS_WORDS
from neurohlh.stats.survival_data import first_reasons


@dataclass(frozen=True)
class Exposure:
    """A two-valued exposure over the rows of a frame.

    Attributes
    ----------
    value : 1 exposed, 0 unexposed, NaN unknown, per row of the frame.
    names : what the unexposed and the exposed are called.
    unknown : reason -> rows whose exposure is unknown for that reason.
    """

    value: Floats
    names: tuple[str, str]
    unknown: dict[str, Bools]


@dataclass(frozen=True)
class ExposureData:
    """The rows whose exposure and covariates are all known.

    Attributes
    ----------
    exposed : whether each used row is exposed.
    names : what the unexposed and the exposed are called.
    design : covariates of the used rows (`design.matrix`, `design.rows`, `design.levels`).
    used : which rows of the frame these are.
    dropped : reason -> rows, adding up to the rows not used.
    """

    exposed: Bools
    names: tuple[str, str]
    design: Design
    used: Bools
    dropped: dict[str, int]

    def groups(self) -> Labels:
        """The name of each used row's group."""
        return np.where(self.exposed, self.names[1], self.names[0]).astype(object)


def read_exposure(frame: pd.DataFrame, exposure: str, exposed: str | None = None) -> Exposure:
    """The exposure of every row: true/false, 1/0, met/not_met, or a category of two levels of which `exposed` is one.

    Unknown is never unexposed: missing values, and the words beside met and not_met, are NaN and get a reason.
    Raises ValueError for other codings, and for a category without `exposed`: which level is the exposure is not
    guessed.
    """
    series = column(frame, exposure)
    missing = {f"missing {exposure}": series.isna().to_numpy()}
    if is_truth(series) or is_number(series) or series.isna().all():
        if exposed is not None:
            raise ValueError(f"{exposure!r} holds true/false or 1/0; 'exposed' names a level of a category only")
        return Exposure(truth(series), (f"no {exposure}", exposure), missing)
    texts, levels = labels(series)
    if set(levels) <= set(STATUS_WORDS) and exposed in (None, MET):
        value = np.where(texts == MET, 1.0, np.where(texts == NOT_MET, 0.0, np.nan))
        undecided = {f"{exposure} is {word}": texts == word for word in levels if word not in (MET, NOT_MET)}
        return Exposure(value, (NOT_MET, MET), {**missing, **undecided})
    if exposed is None:
        raise ValueError(f"say which level of {exposure!r} is the exposure: exposed=… (levels: {', '.join(levels)})")
    if exposed not in levels:
        raise ValueError(f"the level {exposed!r} does not occur in {exposure!r}. {did_you_mean(exposed, levels)}")
    if len(levels) != 2:
        raise ValueError(f"{exposure!r} has {len(levels)} levels ({', '.join(levels)}); an exposure here has two")
    known = ~missing[f"missing {exposure}"]
    value = np.where(known, (texts == exposed).astype(float), np.nan)
    return Exposure(value, (next(level for level in levels if level != exposed), exposed), missing)


def exposure_data(
    frame: pd.DataFrame,
    exposure: str,
    covariates: Sequence[str],
    *,
    exposed: str | None = None,
    reference: Mapping[str, str] | None = None,
    usable: Bools | None = None,
    dropped: Mapping[str, int] | None = None,
) -> ExposureData:
    """The rows with known exposure and covariates, and their model matrix.

    `usable` are the rows that earlier steps left, `dropped` what they lost by reason. Raises ValueError for wrong
    columns and codes, an exposure among its own covariates; NotEstimable if a group is empty.
    """
    if isinstance(covariates, str) or not covariates:
        raise ValueError("covariates must be a list of at least one term")
    found = read_exposure(frame, exposure, exposed)
    reasons = {} if usable is None else {"": ~usable}
    known, lost = first_reasons({**reasons, **found.unknown}, len(frame))
    lost.pop("", None)
    design = model_design(frame.loc[known], covariates, reference=reference)
    if any(row.variable == exposure for row in design.rows):
        raise ValueError(f"the exposure {exposure!r} cannot be one of its own covariates")
    used = known.copy()
    used[known] = design.complete
    is_exposed = found.value[used] == 1
    for name, n in zip(found.names, (int((~is_exposed).sum()), int(is_exposed.sum())), strict=True):
        if n == 0:
            raise NotEstimable(f"no patient with known covariates is in the group {name!r} of {exposure!r}")
    return ExposureData(is_exposed, found.names, design, used, {**(dropped or {}), **lost, **design.dropped})
