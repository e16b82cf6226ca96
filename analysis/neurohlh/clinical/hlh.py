"""HLH by the criteria sets, in the codebook's derived variables, and the probability that belongs to an HScore."""

from __future__ import annotations

import narwhals as nw
import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurohlh.clinical.criteria import load
from neurohlh.clinical.rules import Frame, evaluate

SETS = ("hlh2004", "hlh2024", "mas2016", "ohi", "molecular", "hscore", "mh_score")
"""The criteria sets that the derived variables rest on."""
_ANSWERS = {
    "hlh2004_met": "hlh2004",
    "hlh2024_met": "hlh2024",
    "mas2016_met": "mas2016",
    "ohi_positive": "ohi",
    "molecular_dx_hlh": "molecular",
}
_BOUNDS = {
    "hlh2004_count": "hlh2004__",
    "hlh2024_count": "hlh2024__",
    "hscore": "hscore__",
    "mh_score": "mh_score__",
    "hlh2004_cytopenia_lineages": "hlh2004__3_cytopenia__count_",
    "hscore_cytopenia_lineages": "hscore__cytopenia__count_",
}


def derive_hlh(frame: Frame) -> Frame:
    """The frame with the codebook's derived HLH variables added, in the backend (and laziness) it came in.

    Status words in `<variable>_derived` (`hlh2004_met`, `hlh2024_met`, `mas2016_met`, `ohi_positive`,
    `molecular_dx_hlh`); counts and scores in `<variable>_derived` (the lower bound: unknown items as 0) and
    `<variable>_derived_high` (`hlh2004_count`, `hlh2024_count`, `hscore`, `mh_score`, the two counts of lineages).
    A column that the hospital recorded under the codebook's name stays as it was.
    """
    before = nw.from_native(frame).collect_schema().names()
    data = nw.from_native(evaluate(frame, [load(key) for key in SETS]))
    derived = derived_hlh()
    names = {e for v in (*_ANSWERS, *_BOUNDS) for e in (f"{v}_derived", f"{v}_derived_high")}
    return data.select(*(c for c in before if c not in names), *derived).to_native()


def derived_hlh() -> list[nw.Expr]:
    """The derived variables as expressions over what `evaluate` adds for `SETS`."""
    derived = [nw.col(key).alias(f"{variable}_derived") for variable, key in _ANSWERS.items()]
    for variable, stem in _BOUNDS.items():
        derived += [
            nw.col(f"{stem}low").alias(f"{variable}_derived"),
            nw.col(f"{stem}high").alias(f"{variable}_derived_high"),
        ]
    return derived


def hscore_probability(score: ArrayLike) -> NDArray[np.float64]:
    """Probability in percent of the published table, interpolated linearly on the logit scale; NaN for NaN.

    The table prints numbers from 100 (1 %) to 240 (99 %) only; scores beyond stay at 1 and 99. Source: Fardet 2014.
    """
    points = np.asarray(score, dtype=float)
    scores, percents = (np.array(column) for column in zip(*load("hscore").probability, strict=True))
    logit = np.interp(points, scores, np.log(percents / (100 - percents)))
    return 100 / (1 + np.exp(-logit))


def hscore_probability_text(score: ArrayLike) -> NDArray[np.object_]:
    """The probability as it may be printed: whole percent, '<1' below a score of 100, '>99' above 240, '' for NaN."""
    points = np.atleast_1d(np.asarray(score, dtype=float))
    scores = [s for s, _ in load("hscore").probability]
    found, inverse = np.unique(np.round(hscore_probability(points)), return_inverse=True)
    text = np.array(["" if np.isnan(v) else f"{v:.0f}" for v in found], dtype=object)[inverse]
    text[points < scores[0]] = "<1"
    text[points > scores[-1]] = ">99"
    return text
