"""Completed data sets, kept as the original frame once and the imputed cells of every imputation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from neurohlh.core.result import Result
from neurohlh.stats.columns import Floats
from neurohlh.stats.missing.chain import completed
from neurohlh.stats.missing.model import ImputationModel


@dataclass(frozen=True)
class Imputations:
    """The completed data sets of `impute`.

    Attributes
    ----------
    model : the original frame and the regressions.
    cells : per imputation the imputed values of every variable (places in the levels of a categorical one).
    diagnostics : Result of kind "imputation": gaps, observed against imputed values, chains, convergence.
    """

    model: ImputationModel
    cells: tuple[dict[str, Floats], ...]
    diagnostics: Result

    @property
    def m(self) -> int:
        """How many imputations there are."""
        return len(self.cells)

    def frame(self, i: int) -> pd.DataFrame:
        """The completed data set `i` (from 0), rows and columns as in the frame handed in, derived columns added."""
        return completed(self.model, self.cells[i])

    def frames(self) -> Iterator[pd.DataFrame]:
        """The completed data sets, one after the other."""
        return (self.frame(i) for i in range(self.m))

    def _repr_html_(self) -> str:
        return self.diagnostics._repr_html_()
