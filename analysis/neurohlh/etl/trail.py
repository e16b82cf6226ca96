"""The way back: from a patient and a variable to the file, sheet, row and column where it was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from neurohlh.etl.clean import CleanTable
from neurohlh.etl.join import Roster
from neurohlh.etl.ledger import stacked

TRAIL_COLUMNS = ("patient", "patient_id", "source", "sheet", "row", "column", "variable", "raw")


@dataclass(frozen=True)
class Trail:
    """Cleaned tables and whose rows they hold."""

    tables: Sequence[CleanTable]
    roster: Roster

    def locate(self, variable: str, patients: np.ndarray) -> pd.DataFrame:
        """Where the non-empty cells of `variable` of these patients (numbers) stand.

        Columns patient, patient_id, source, sheet, row, column, variable, raw; one row per cell.
        """
        parts = []
        for table, patient_of in zip(self.tables, self.roster.patient_of, strict=True):
            column = table.columns.get(variable)
            if column is None:
                continue
            rows = np.flatnonzero(np.isin(patient_of, patients))
            rows = rows[column.codes[rows] >= 0]
            parts.append(
                pd.DataFrame(
                    {
                        "patient": patient_of[rows],
                        "patient_id": self.roster.patient_ids[patient_of[rows]],
                        "source": table.raw.source,
                        "sheet": table.raw.sheet,
                        "row": table.raw.rows[rows],
                        "column": column.header,
                        "variable": variable,
                        "raw": column.raw[column.codes[rows]],
                    }
                )
            )
        return stacked(parts, TRAIL_COLUMNS)
