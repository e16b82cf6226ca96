"""What each variable of a fitted Cox model adds to the linear predictor, over the values it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Floats, is_number
from neurohlh.stats.hazards.baseline import predicted_survival
from neurohlh.stats.hazards.fit import SortedDesign
from neurohlh.stats.hazards.model import CoxModel, CoxOptions, cox_model


@dataclass(frozen=True)
class AdditiveModel:
    """A Cox model without interactions: one contribution per variable, measured from a typical patient.

    Attributes
    ----------
    model : the fitted model.
    patients : the rows of the frame that were used.
    typical : one row: the median of every number, the reference level of every category.
    variables : in the order of the model.
    """

    model: CoxModel
    patients: pd.DataFrame
    typical: pd.DataFrame
    variables: tuple[str, ...]

    def is_category(self, variable: str) -> bool:
        """Whether the variable enters as levels."""
        return variable in self.model.design.levels

    def levels(self, variable: str) -> list[str]:
        """The levels of a category that have an estimate, reference first."""
        rows = [row for row in self.model.design.rows if row.variable == variable and row.level]
        known = [row for row in rows if row.is_reference or row.column in self.model.kept]
        return [row.level for row in sorted(known, key=lambda row: not row.is_reference)]

    def contribution(self, variable: str, values: Sequence[Any] | Floats) -> Floats:
        """What each of `values` adds to the log hazard, against the typical patient."""
        many = pd.concat([self.typical] * len(values), ignore_index=True)
        many[variable] = pd.Series(list(values), dtype=self.typical[variable].dtype)
        return self._predictor(many) - self._predictor(self.typical)

    def survival(self, predictor: Floats, times: Floats) -> Floats:
        """Survival (values, times) of patients whose log hazard differs by `predictor` from the typical patient's."""
        data, design = self.model.data, self.model.design
        matrix = design.matrix[:, self.model.kept]
        fitted = SortedDesign.of(matrix, data.time, data.event, ties=self.model.ties)
        typical = design.apply(self.typical).matrix[:, self.model.kept]
        base = predicted_survival(fitted, self.model.fit, typical, times)[0]
        return np.asarray(base[None, :] ** np.exp(predictor)[:, None])

    def _predictor(self, frame: pd.DataFrame) -> Floats:
        return np.asarray(self.model.design.apply(frame).matrix[:, self.model.kept] @ self.model.fit.coef)


def additive_model(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    *,
    reference: Mapping[str, str] | None = None,
    ties: str = "efron",
) -> AdditiveModel:
    """Fit the model and choose the typical patient.

    Raises ValueError for interactions, NotEstimable if a coefficient cannot be estimated.
    """
    if any(":" in term or "*" in term for term in covariates):
        raise ValueError("points and nomograms add one part per variable; a model with interactions has none")
    model = cox_model(frame, time, event, covariates, CoxOptions(reference=reference, ties=ties))
    if not model.sound or model.aliases:
        raise NotEstimable("a coefficient of the model cannot be estimated")
    patients = frame.loc[model.used].reset_index(drop=True)
    variables = tuple(dict.fromkeys(row.variable for row in model.design.rows))
    typical = {
        name: model.design.references.get(name)
        if name in model.design.levels
        else float(np.median(patients[name].to_numpy(dtype=float)))
        for name in variables
    }
    row = pd.DataFrame([typical])
    for name in variables:
        if name not in model.design.levels and not is_number(row[name]):
            row[name] = row[name].astype(float)
    return AdditiveModel(model, patients, row, variables)
