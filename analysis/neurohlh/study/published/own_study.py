"""A study's own frequency and hazard ratio, taken from its results, to be held against the published ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from neurohlh.core.result import Result

_TESTED, _HABIT = "as tested", "unknown as negative"


@dataclass(frozen=True)
class OwnStudy:
    """What a study found.

    Attributes
    ----------
    name : how the study is called beside the published ones.
    tested, habit : (with CNS involvement, of) among those whose status is known, and, as the literature counts, with
        the undecided taken as not involved; None where there is no frequency.
    crude, adjusted : the tidy row of the hazard ratio of CNS involvement; None where there is none.
    no_frequency, no_hazard : why not ('' where there is one).
    zero : what the study's times count from.
    definition : its definition of CNS involvement.
    """

    name: str
    tested: tuple[int, int] | None
    habit: tuple[int, int] | None
    crude: pd.Series | None
    adjusted: pd.Series | None
    no_frequency: str
    no_hazard: str
    zero: str = ""
    definition: str = ""

    @property
    def hazard(self) -> pd.Series | None:
        """The adjusted hazard ratio; the crude one where there is no adjusted one."""
        return self.adjusted if self.adjusted is not None else self.crude

    @property
    def model(self) -> str:
        """'adjusted' or 'crude'."""
        return "adjusted" if self.adjusted is not None else "crude"


def own_study(
    results: Mapping[str, Result], *, name: str, case_series: bool, definition: str = "", exposure: str = "cns"
) -> OwnStudy:
    """The study behind these results ('frequency', 'cox'); a case series gives no frequency."""
    frequency = results.get("frequency")
    reason = "the study is a case series, from which no frequency follows" if case_series else ""
    tested = habit = None
    if not reason:
        tested, habit = (_counts(frequency, term) for term in (_TESTED, _HABIT))
        reason = "" if tested else "the study has no patient whose CNS status is known"
    crude, adjusted = (_hazard(results.get("cox"), analysis, exposure) for analysis in ("cox_crude", "cox_adjusted"))
    none = crude is None and adjusted is None
    no_hazard = "the study has no hazard ratio of CNS involvement" if none else ""
    cox = results.get("cox")
    zero = str(cox.method.get("time_zero", "")) if cox else ""
    return OwnStudy(name, tested, habit, crude, adjusted, reason, no_hazard, zero, definition)


def _counts(result: Result | None, term: str) -> tuple[int, int] | None:
    row = _row(result, term=term, group="overall")
    if row is None or not row["n"] > 0:
        return None
    return int(row["events"]), int(row["n"])


def _hazard(result: Result | None, analysis: str, exposure: str) -> pd.Series | None:
    row = _row(result, analysis=analysis, variable=exposure, level="met")
    if row is None or row[["estimate", "coef", "std_error"]].isna().any() or not row["std_error"] > 0:
        return None
    return row


def _row(result: Result | None, **keys: Any) -> pd.Series | None:
    if result is None:
        return None
    rows = result.tidy
    for column, value in keys.items():
        rows = rows[rows[column] == value]
    return rows.iloc[0] if len(rows) else None
