"""Marginal standardisation on arrays: mean risks if all were exposed or none, and their covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from neurohlh.stats.columns import Floats


@dataclass(frozen=True)
class Standardised:
    """`risks` (2,) exposed and unexposed, and their covariance `cov` (2, 2) with the covariates held fixed."""

    risks: Floats
    cov: Floats


def standardised_risks(coef: Floats, cov: Floats, exposed: Floats, unexposed: Floats, weights: Floats) -> Standardised:
    """Mean of the fitted risks over the rows of two matrices (the same patients, exposure set), weighted.

    Source: Localio, Margolis and Berlin 2007, J Clin Epidemiol 60:874.
    """
    share = weights / weights.sum()
    parts = []
    for matrix in (exposed, unexposed):
        p = expit(matrix @ coef)
        parts.append((share @ p, (share * p * (1 - p)) @ matrix))
    gradient = np.array([g for _, g in parts])
    return Standardised(np.array([risk for risk, _ in parts]), gradient @ cov @ gradient.T)


def contrasts(found: Standardised) -> dict[str, tuple[float, float]]:
    """Estimate and standard error on the working scale: RD (identity), RR and OR (log)."""
    r1, r0 = found.risks
    odds = found.risks * (1 - found.risks)
    gradients = {
        "RD": np.array([1.0, -1.0]),
        "RR": np.array([1 / r1, -1 / r0]),
        "OR": np.array([1 / odds[0], -1 / odds[1]]),
    }
    values = {"RD": r1 - r0, "RR": np.log(r1 / r0), "OR": np.log(r1 / (1 - r1)) - np.log(r0 / (1 - r0))}
    return {m: (float(values[m]), float(np.sqrt(g @ found.cov @ g))) for m, g in gradients.items()}
