"""The data of a Cox model, sorted once: what a fit, its replicates and its residuals share."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from neurohlh.stats.columns import Bools, Floats, Ints
from neurohlh.stats.hazards.risk_sets import RiskSets, counting_order, risk_sets

TIES = ("efron", "breslow", "exact")


@dataclass(frozen=True)
class SortedDesign:
    """Covariates, case weights and offsets in the order of the risk sets.

    Rows are sorted by stratum and time once; `take`, `with_weights` and `with_matrix` reuse that order. Covariates are
    centred and scaled, so that columns of very different size are fitted alike.

    Attributes
    ----------
    n : rows handed in.
    sets : who is at risk when; `sets.rows` are the rows handed in that are at risk at some event.
    x : (m, p) covariates of those rows, minus `centre`, divided by `unit`.
    weight, offset : (m,) case weights (positive) and offsets of those rows, or None.
    ties : "efron", "breslow" or "exact".
    whole : the design before rows of weight 0 were left out, or None.
    """

    n: int
    sets: RiskSets
    x: Floats
    centre: Floats
    unit: Floats
    weight: Floats | None
    offset: Floats | None
    ties: str
    whole: SortedDesign | None = None

    @classmethod
    def of(
        cls,
        matrix: Floats,
        time: Floats,
        event: Bools,
        *,
        entry: Floats | None = None,
        strata: Ints | None = None,
        weights: Floats | None = None,
        offset: Floats | None = None,
        ties: str = "efron",
    ) -> SortedDesign:
        """Sort rows that are at risk over entry < t <= time; `strata` holds integers, weights of 0 leave a row out.

        Raises ValueError for unknown ties, and for weights that are negative or not finite.
        """
        if ties not in TIES:
            raise ValueError(f"ties must be 'efron', 'breslow' or 'exact', not {ties!r}")
        sets = risk_sets(time, np.asarray(event, dtype=bool), entry, strata)
        x, centre, unit = _standardised(np.asarray(matrix, dtype=float), sets.rows)
        shifts = None if offset is None else np.asarray(offset, dtype=float)[sets.rows]
        design = cls(len(time), sets, x, centre, unit, None, shifts, ties)
        return design if weights is None else design.with_weights(weights)

    def with_weights(self, weights: Floats) -> SortedDesign:
        """The same rows with other case weights, one per row handed in."""
        weights = np.asarray(weights, dtype=float)
        if not (np.isfinite(weights).all() and (weights >= 0).all()):
            raise ValueError("case weights must be finite and not negative")
        whole = self.whole or self
        own = weights[whole.sets.rows]
        if own.all():
            return replace(whole, weight=own)
        places = np.flatnonzero(own)
        left = replace(whole, weight=own)._at(places, whole.sets.rows[places], whole.n)
        return replace(left, whole=whole)

    def with_matrix(self, matrix: Floats) -> SortedDesign:
        """The same rows with other covariates (rows handed in, any number of columns)."""
        x, centre, unit = _standardised(np.asarray(matrix, dtype=float), self.sets.rows)
        whole = None if self.whole is None else self.whole.with_matrix(matrix)
        return replace(self, x=x, centre=centre, unit=unit, whole=whole)

    def with_columns(self, columns: list[int]) -> SortedDesign:
        """The same rows with some of the covariates."""
        whole = None if self.whole is None else self.whole.with_columns(columns)
        x = np.ascontiguousarray(self.x[:, columns])
        return replace(self, x=x, centre=self.centre[columns], unit=self.unit[columns], whole=whole)

    def take(self, rows: Ints) -> SortedDesign:
        """The design of the given rows (numbers of the rows handed in, repeats allowed), such as a bootstrap sample.

        Row j of the new design is rows[j]. The order is that of this design, found by counting, not by sorting times.
        """
        rank = np.full(self.n, -1)
        rank[self.sets.rows] = np.arange(len(self.sets.rows))
        places = rank[rows]
        there = np.flatnonzero(places >= 0)
        there = there[counting_order(places[there], len(self.sets.rows))]
        return replace(self, whole=None)._at(places[there], there, len(rows))

    def _at(self, places: Ints, rows: Ints, n: int) -> SortedDesign:
        """The sorted rows at `places`, which are `rows` of data with n rows."""
        sets = self.sets.chosen(places, np.arange(len(places)))
        if len(sets.rows) < len(places):
            places, rows = places[sets.rows], rows[sets.rows]
        return replace(
            self,
            n=n,
            sets=replace(sets, rows=rows),
            x=self.x[places],
            weight=None if self.weight is None else self.weight[places],
            offset=None if self.offset is None else self.offset[places],
        )

    @property
    def dead_weight(self) -> Floats:
        """(events,) case weights of the events, in the order of `sets.dead`."""
        return np.ones(len(self.sets.dead)) if self.weight is None else self.weight[self.sets.dead]

    def loglik(self, coef: Floats) -> float:
        """The log partial likelihood at coefficients on the covariates' own scale."""
        from neurohlh.stats.hazards.likelihood import likelihood_of  # which imports this module

        likelihood = likelihood_of(self)
        return likelihood.at(likelihood.start() + self.x @ (coef * self.unit)).loglik

    def unsorted(self, values: Floats) -> Floats:
        """`values` of the sorted rows in the order of the rows handed in; 0 for those that are never at risk."""
        out = np.zeros((self.n, *values.shape[1:]))
        out[self.sets.rows] = values
        return out


def _standardised(matrix: Floats, rows: Ints) -> tuple[Floats, Floats, Floats]:
    x = np.take(matrix, rows, axis=0)
    if not len(x):
        return x, np.zeros(x.shape[1]), np.ones(x.shape[1])
    centre = np.full(len(x), 1 / len(x)) @ x
    x -= centre
    unit = np.sqrt(np.einsum("ij,ij->j", x, x) / len(x))
    constant = unit <= 1e-13 * np.abs(centre)  # what is left of a constant is rounding
    unit[constant] = 1.0
    x /= unit
    x[:, constant] = 0
    return x, centre, unit
