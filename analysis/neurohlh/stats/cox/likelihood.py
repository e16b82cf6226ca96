"""Which likelihood a design asks for, and what a fit needs of it."""

from __future__ import annotations

from typing import Protocol

from neurohlh.stats.columns import Floats
from neurohlh.stats.cox.partial_likelihood import PartialLikelihood
from neurohlh.stats.cox.sorted_design import SortedDesign


class Evaluated(Protocol):
    """A likelihood at one linear predictor: its logarithm, its gradient and minus its matrix of second derivatives."""

    loglik: float

    def score(self) -> Floats:
        """(p,)"""

    def information(self) -> Floats:
        """(p, p)"""


class Likelihood(Protocol):
    """A likelihood of the linear predictor of a design's sorted rows."""

    def at(self, predictor: Floats) -> Evaluated:
        """The likelihood at a linear predictor (m,), offset included."""

    def start(self) -> Floats:
        """The linear predictor of coefficients 0."""


def likelihood_of(design: SortedDesign) -> Likelihood:
    """The likelihood with the design's treatment of tied events."""
    return PartialLikelihood(design)
