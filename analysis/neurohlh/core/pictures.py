"""The frames that figures are drawn from: a Result names its picture and carries one of these in `curves`.

The statistics stay in `tidy`; a picture only repeats them in the order and with the words in which they are drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.result import Result

FOREST_COLUMNS = ("block", "label", "estimate", "conf_low", "conf_high", "n", "events", "role", "note")
"""A line per row: `block` is the heading it stands under ('' none); `role` is one of `ROLES`."""
ROLES = ("main", "other", "warning", "published", "pooled", "reference")
"""main: the answer; other: beside it; warning: shown only so that nobody believes it; published: of a publication;
pooled: a diamond, whose `note` may hold a prediction interval; reference: the level that others are compared with."""
UPSET_COLUMNS = ("pattern", "set", "state", "n", "events")
"""A row per pattern of evidence and set: `state` is met, not_met or unknown; n and events repeat within a pattern."""
SPECIFICATION_COLUMNS = ("rank", "estimate", "conf_low", "conf_high", "declared")
"""A row per specification in the order of the estimates, then one column of words for each choice that varies."""


def forest(
    result: Result, rows: Sequence[Mapping[str, Any]], *, axis: str, scale: str = "log", events: str = "deaths"
) -> Result:
    """The result with a forest: `axis` says in words what is drawn; `scale` is log (ratios, null 1) or linear (null 0).

    `events` is the word for what is counted beside the patients.

    Raises ValueError for a role outside `ROLES` or a column outside `FOREST_COLUMNS`.
    """
    unknown = {key for row in rows for key in row} - set(FOREST_COLUMNS)
    if unknown:
        raise ValueError(f"not a column of a forest: {', '.join(sorted(unknown))}")
    frame = pd.DataFrame(list(rows), columns=list(FOREST_COLUMNS))
    frame = frame.fillna({"block": "", "label": "", "role": "other", "note": ""})
    wrong = set(frame["role"]) - set(ROLES)
    if wrong:
        raise ValueError(f"not a role of a forest: {', '.join(sorted(wrong))}")
    return _drawn(result, "forest", frame, axis=axis, scale=scale, events=events)


def upset(result: Result, rows: Sequence[Mapping[str, Any]]) -> Result:
    """The result with an UpSet picture: how often each pattern of evidence occurs."""
    return _drawn(result, "upset", pd.DataFrame(list(rows), columns=list(UPSET_COLUMNS)))


def specification_curve(result: Result, frame: pd.DataFrame, choices: Sequence[str], *, axis: str) -> Result:
    """The result with a specification curve; `frame` holds `SPECIFICATION_COLUMNS` and one column for each choice."""
    kept = frame[[*SPECIFICATION_COLUMNS, *choices]].reset_index(drop=True)
    return _drawn(result, "specification_curve", kept, axis=axis, choices=list(choices))


def balances(found: Mapping[str, Result]) -> Result:
    """One love plot of several weightings of the same patients: `found` maps the words of each to its balance.

    Raises ValueError without any, or where they differ before weighting: then they are of other patients.
    """
    if not found:
        raise ValueError("name at least one balance")
    first = next(iter(found.values()))
    before = _population(first, "before")
    for words, one in found.items():
        own = _population(one, "before")
        if len(own) != len(before) or not np.allclose(own["smd"], before["smd"], equal_nan=True):
            raise ValueError(f"{words}: the groups differ before weighting from those of the first balance")
    after = [_population(one, "after").assign(population=words) for words, one in found.items()]
    return first.with_(curves=pd.concat([before, *after], ignore_index=True))


def _population(result: Result, name: str) -> pd.DataFrame:
    return result.curves[result.curves["population"] == name].reset_index(drop=True)


def merged_bins(bins: pd.DataFrame, least: int) -> pd.DataFrame:
    """`bins` (low, high, n; in their order) with neighbours joined until each holds at least `least` patients.

    Empty bins between two others are joined too; what is left at the end goes to the last bin. Where all together are
    fewer than `least`, no bin is left.
    """
    rows: list[dict[str, float]] = []
    gathered: dict[str, float] | None = None
    for line in bins[["low", "high", "n"]].to_dict("records"):
        low, n = (line["low"], line["n"]) if gathered is None else (gathered["low"], gathered["n"] + line["n"])
        gathered = {"low": low, "high": line["high"], "n": n}
        if n >= least:
            rows.append(gathered)
            gathered = None
    if gathered is not None and rows:
        rows[-1] = {"low": rows[-1]["low"], "high": gathered["high"], "n": rows[-1]["n"] + gathered["n"]}
    return pd.DataFrame(rows, columns=["low", "high", "n"])


def _drawn(result: Result, picture: str, curves: pd.DataFrame, **words: Any) -> Result:
    return result.with_(curves=curves, method={**result.method, "picture": {"form": picture, **words}})
