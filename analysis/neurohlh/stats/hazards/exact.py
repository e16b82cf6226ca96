"""The exact partial likelihood of tied events: that of a conditional logistic regression.

The d events of a moment are one of all sets of d patients at risk, so that the denominator is the elementary symmetric
polynomial of degree d in the relative hazards. Its recursion and those of its derivatives (Gail, Lubin & Rubinstein
1981, Biometrika 68:703) are running sums over the rows of a stratum, one pass per degree, for all moments at once.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats, Ints
from neurohlh.stats.hazards.running_sums import Segments
from neurohlh.stats.hazards.sorted_design import SortedDesign

_TOO_COSTLY = 4e9  # additions per evaluation
_TOO_MANY = 600  # tied events at one moment, beyond which the polynomial leaves the range of numbers


class ExactLikelihood:
    """The exact likelihood of a design without case weights.

    Raises ValueError for case weights, NotEstimable if the tied events are so many that it cannot be computed.
    """

    def __init__(self, design: SortedDesign) -> None:
        self.design, sets = design, design.sets
        if design.weight is not None and (design.weight != 1).any():
            raise ValueError("the exact likelihood of tied events has no case weights; use ties='efron'")
        degree, p = int(sets.tied.max()), design.x.shape[1]
        self.blocks = list(_blocks(design))
        rows = sum(len(block.rows) for block in self.blocks)
        if degree > _TOO_MANY or float(rows) * degree * (1 + p + p * (p + 1) / 2) > _TOO_COSTLY:
            raise NotEstimable(
                f"up to {degree} tied events among {rows} patients at risk are too many for the exact likelihood; "
                "use ties='efron'"
            )

    def at(self, predictor: Floats) -> ExactAtPredictor:
        """The likelihood at a linear predictor (m,) of the sorted rows, offset included."""
        return ExactAtPredictor(self, predictor)

    def start(self) -> Floats:
        """The linear predictor of coefficients 0, which is the offset."""
        offset = self.design.offset
        return np.zeros(len(self.design.x)) if offset is None else offset.copy()


class _Block:
    """Rows whose running sums give the polynomials of some moments: at the places `last`, of degree `tied`."""

    def __init__(self, rows: Ints, starts: Ints, last: Ints, tied: Ints) -> None:
        self.rows, self.last, self.tied = rows, last, tied
        self.segments, self.starts = Segments.of(starts), starts[:-1]
        self.lengths = np.diff(starts)
        self.degrees = np.maximum.reduceat(tied, np.searchsorted(last, starts[:-1]))


def _blocks(design: SortedDesign) -> Iterator[_Block]:
    """One block of all strata if nobody enters late; otherwise one for each moment, as risk sets are not nested."""
    sets = design.sets
    if not len(sets.late):
        rows = np.arange(len(sets.rows))
        starts = np.append(sets.starts[sets.strata_starts[:-1]], len(rows))
        yield _Block(rows, starts, sets.starts[1:] - 1, sets.tied)
        return
    for moment in range(sets.size):
        rows = np.flatnonzero((sets.first <= moment) & (moment < sets.stop))
        yield _Block(rows, np.array([0, len(rows)]), np.array([len(rows) - 1]), sets.tied[[moment]])


class ExactAtPredictor:
    """The exact likelihood at one linear predictor."""

    def __init__(self, likelihood: ExactLikelihood, predictor: Floats) -> None:
        self._likelihood, self._predictor = likelihood, predictor
        dead = likelihood.design.sets.dead
        self.loglik = float(predictor[dead].sum())
        for block in likelihood.blocks:
            risk, shift = _scaled(block, predictor[block.rows])
            self.loglik -= float((shift * block.tied).sum())
            for degree, value in _polynomials(block, risk):
                at = block.last[block.tied == degree]
                with np.errstate(divide="ignore"):
                    self.loglik -= float(np.log(value[at]).sum())

    def score(self) -> Floats:
        """(p,) observed minus expected covariates of the sets of events."""
        return self._derivatives()[0]

    def information(self) -> Floats:
        """(p, p) covariance of the sums of the covariates over the possible sets of events."""
        return self._derivatives()[1]

    def _derivatives(self) -> tuple[Floats, Floats]:
        design, p = self._likelihood.design, self._likelihood.design.x.shape[1]
        score, information = design.x[design.sets.dead].sum(axis=0), np.zeros((p, p))
        upper = np.triu_indices(p)
        for block in self._likelihood.blocks:
            x = design.x[block.rows]
            risk, _ = _scaled(block, self._predictor[block.rows])
            for degree, value, first, second in _differentiated(block, risk, x, upper):
                at = block.last[block.tied == degree]
                mean = first[at] / value[at, None]
                score = score - mean.sum(axis=0)
                packed = np.zeros((p, p))
                packed[upper] = (second[at] / value[at, None]).sum(axis=0)
                information += packed + np.triu(packed, 1).T - mean.T @ mean
        return score, information


def _scaled(block: _Block, predictor: Floats) -> tuple[Floats, Floats]:
    """Relative hazards whose sum in a stratum is its highest degree (polynomials stay below e^degree), and the log of
    what each moment's were divided by."""
    largest = np.maximum.reduceat(predictor, block.starts)
    risk = np.exp(predictor - np.repeat(largest, block.lengths))
    unit = np.add.reduceat(risk, block.starts) / block.degrees
    stratum = np.searchsorted(block.starts, block.last, side="right") - 1
    return risk / np.repeat(unit, block.lengths), (largest + np.log(unit))[stratum]


def _before(block: _Block, running: Floats) -> Floats:
    """The running sums one row earlier: 0 at the start of each stratum."""
    out = np.empty_like(running)
    out[1:] = running[:-1]
    out[block.starts] = 0
    return out


def _polynomials(block: _Block, risk: Floats) -> Iterator[tuple[int, Floats]]:
    """Degree and the polynomial of that degree in the rows up to each row, for degrees from 1."""
    value = block.segments.forward(risk.copy())
    for degree in range(1, int(block.tied.max()) + 1):
        if degree > 1:
            value = block.segments.forward(risk * _before(block, value))
        yield degree, value


def _differentiated(
    block: _Block, risk: Floats, x: Floats, upper: tuple[Ints, Ints]
) -> Iterator[tuple[int, Floats, Floats, Floats]]:
    """As `_polynomials`, with the first derivatives (rows, p) and the second ones (rows, upper triangle)."""
    i, j = upper
    weight = risk[:, None]
    products = x[:, i] * x[:, j]
    add = block.segments.forward
    value, first, second = add(risk.copy()), add(weight * x), add(weight * products)
    for degree in range(1, int(block.tied.max()) + 1):
        if degree > 1:
            v, f, s = _before(block, value)[:, None], _before(block, first), _before(block, second)
            second = add(weight * (products * v + x[:, i] * f[:, j] + f[:, i] * x[:, j] + s))
            first = add(weight * (x * v + f))
            value = add(risk * v[:, 0])
        yield degree, value, first, second
