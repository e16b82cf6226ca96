"""What was known of a patient's CNS on a day: the status by the evidence dated until then, in the clock of survival."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from neurohlh.clinical.cns_definitions import definition
from neurohlh.clinical.cns_status import classify_cns
from neurohlh.clinical.cns_time import DATE_OF, DIAGNOSIS, FIRST
from neurohlh.study.parts.clock import days_after_zero
from neurohlh.study.parts.material import Material

ROW, DAY, STATUS = "row", "day", "status"


@dataclass(frozen=True)
class Known:
    """The patients of a study by what was known of the CNS on a day after time zero.

    One classification of every patient on day 0, on the further `days`, and on each day on which something was found
    or done; the window ends on that day. The window of the definitions stands around the diagnosis of HLH; here it
    follows time zero, so that evidence and survival are counted by one clock.
    """

    material: Material
    days: tuple[int, ...] = (0,)

    @classmethod
    def of(cls, material: Material, days: Iterable[float] = ()) -> Known:
        """The patients on day 0 and on `days`."""
        return cls(material, tuple(sorted({0, *(int(day) for day in days)})))

    @property
    def unreadable(self) -> str:
        """Why the definition can't be read on other days ('' where it can)."""
        if definition(self.material.config.cns.definition).rule != "isolated_cns":
            return ""
        return "the definition counts days from the evidence to the diagnosis of HLH, so it can't be read on other days"

    @cached_property
    def changes(self) -> pd.DataFrame:
        """A row per patient and day on which the status was asked (columns row, day, status), in order."""
        frame = self.material.frame
        own = [days_after_zero(self.material, frame, date) for date in (FIRST, *DATE_OF.values())]
        asked = [pd.DataFrame({ROW: np.arange(len(frame)), DAY: float(day)}) for day in self.days]
        asked += [pd.DataFrame({ROW: np.arange(len(frame)), DAY: day.to_numpy()}) for day in own]
        rows = pd.concat(asked, ignore_index=True)
        rows = rows[rows[DAY] >= 0].drop_duplicates().sort_values([ROW, DAY], ignore_index=True)
        return rows.assign(**{STATUS: self._classified(rows)})

    def _classified(self, rows: pd.DataFrame) -> np.ndarray:
        config = self.material.config
        fresh = self.material.unclassified(self.material.frame).iloc[rows[ROW]].reset_index(drop=True)
        origin = config.endpoint.os.origin
        zero = fresh[origin] if origin in fresh else pd.Series(pd.NaT, index=fresh.index, dtype="datetime64[s]")
        moved = zero + pd.to_timedelta(rows[DAY], unit="D")
        fresh[DIAGNOSIS] = moved.astype("datetime64[s]")
        window = (min(config.cns.window_days[0], 0), 0)
        found = classify_cns(fresh, config.cns.definition, hlh=self.material.gate, window_days=window)
        return found["cns_baseline"].to_numpy()

    def by(self, day: int) -> Material:
        """The patients with `cns_baseline` by the evidence dated until `day` after time zero.

        Raises ValueError for a day that is not among `days`.
        """
        if day not in self.days:
            raise ValueError(f"day {day} was not asked; asked: {', '.join(map(str, self.days))}")
        config = self.material.config
        if config.endpoint.os.origin == DIAGNOSIS and day == config.cns.window_days[1]:
            return self.material
        found = self.changes[self.changes[DAY] == day].drop_duplicates(ROW).set_index(ROW)[STATUS]
        own = self.material.frame.assign(cns_baseline=found.reindex(range(len(self.material.frame))).to_numpy())
        return replace(self.material, frame=own, _followed={})
