"""The course of each patient in days from time zero, for the swimmer plot: what is dated, undated, and not known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from neurohlh.clinical.outcome import ORIGIN

_ORDER = ("met", "indeterminate", "not_met", "not_applicable")
_UNKNOWN = ("unknown", "indeterminate")


@dataclass(frozen=True)
class Courses:
    """`lanes`: lane, patient_id, status, end (days; NaN not known), outcome (died, alive, unknown), cns_day.

    `marks`: lane, kind (cns, lp, imaging, hsct, relapse), day (NaN: not known), happened (False: not known whether).
    A lane is the place of the patient in the order of the drawing: CNS status, then length of follow-up.
    """

    lanes: pd.DataFrame
    marks: pd.DataFrame

    def some(self, first: int, last: int) -> Courses:
        """The lanes from `first` to below `last`."""
        return self._kept(self.lanes["lane"].between(first, last - 1))

    def every(self, step: int) -> Courses:
        """Each `step`-th lane, beginning with the first."""
        return self._kept(self.lanes["lane"] % step == 0)

    def _kept(self, kept: pd.Series) -> Courses:
        lanes = self.lanes[kept].reset_index(drop=True)
        return Courses(lanes, self.marks[self.marks["lane"].isin(lanes["lane"])].reset_index(drop=True))


def courses(frame: pd.DataFrame, origin: str = ORIGIN) -> Courses:
    """The courses of `frame` (outcome and CNS status decided), days counted from the date `origin`."""
    status = frame["cns_status"].astype(object).where(frame["cns_status"].notna(), "indeterminate")
    event, end = frame["os_event"].astype(float), frame["os_days"].astype(float)
    outcome = np.where(event == 1, "died", np.where(event == 0, "alive", "unknown"))
    lanes = pd.DataFrame(
        {
            "patient_id": frame.get("patient_id", pd.Series(range(1, len(frame) + 1), index=frame.index)).astype(str),
            "status": status,
            "end": end,
            "outcome": np.where(end.isna(), "unknown", outcome),
            "cns_day": np.where(status == "met", _day(frame, "date_cns_first", origin), np.nan),
        }
    )
    rank = lanes["status"].map({s: k for k, s in enumerate(_ORDER)}).fillna(len(_ORDER))
    order = lanes.assign(rank=rank).sort_values(
        ["rank", "end", "cns_day"], ascending=[True, False, True], kind="stable"
    )
    lanes = lanes.loc[order.index].assign(lane=range(len(lanes)))
    place = lanes["lane"].reindex(frame.index)
    marks = pd.concat([_marks(kind, day, happened, place) for kind, day, happened in _events(frame, origin, status)])
    return Courses(lanes.reset_index(drop=True), marks.reset_index(drop=True))


def _day(frame: pd.DataFrame, date: str, origin: str) -> np.ndarray:
    if date not in frame or origin not in frame:
        return np.full(len(frame), np.nan)
    return (frame[date] - frame[origin]).dt.days.to_numpy(dtype=float, na_value=np.nan)


def _events(frame: pd.DataFrame, origin: str, status: pd.Series) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """(kind, day, whether it happened: 1, 0 or NaN for not known) of each kind that the data hold anything of."""
    seen = status.map({"met": 1.0, "not_met": 0.0, "not_applicable": 0.0}).to_numpy(dtype=float)
    yield "cns", _day(frame, "date_cns_first", origin), seen
    for kind, date, told in (
        ("lp", "date_lp_first", "csf_tested"),
        ("imaging", "date_imaging_first", "imaging_tested"),
        ("hsct", "date_hsct", "hsct"),
        ("relapse", "date_reactivation", "reactivation"),
    ):
        if date in frame or told in frame:
            day = _day(frame, date, origin)
            yield kind, day, np.where(np.isnan(day), _told(frame, told), 1.0)


def _told(frame: pd.DataFrame, column: str) -> np.ndarray:
    if column not in frame:
        return np.full(len(frame), np.nan)
    values = frame[column].astype(object)
    known = values.notna() & ~values.isin(_UNKNOWN)
    return np.where(known, (~values.isin([False, "none", "not_met", 0])).astype(float), np.nan)


def _marks(kind: str, day: np.ndarray, happened: np.ndarray, place: pd.Series) -> pd.DataFrame:
    found = pd.DataFrame({"lane": place.to_numpy(), "kind": kind, "day": day, "happened": happened})
    return found[found["happened"] != 0].assign(
        day=lambda marks: marks["day"].where(marks["happened"] == 1), happened=lambda marks: marks["happened"] == 1
    )
