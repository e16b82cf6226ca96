"""Which likelihood a design asks for."""

from __future__ import annotations

from neurohlh.stats.hazards.exact import ExactAtPredictor, ExactLikelihood
from neurohlh.stats.hazards.partial_likelihood import AtPredictor, PartialLikelihood
from neurohlh.stats.hazards.sorted_design import SortedDesign

Likelihood = PartialLikelihood | ExactLikelihood
Evaluated = AtPredictor | ExactAtPredictor


def likelihood_of(design: SortedDesign) -> Likelihood:
    """The likelihood with the design's treatment of tied events; each gives itself `at` a linear predictor.

    Without a tied event all treatments are the same, and the exact one is computed as the others are.
    """
    tied = design.ties == "exact" and bool((design.sets.tied > 1).any())
    return ExactLikelihood(design) if tied else PartialLikelihood(design)
