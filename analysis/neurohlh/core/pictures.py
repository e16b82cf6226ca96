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
ROLES = ("main", "other", "warning", "published", "pooled", "prediction", "reference")
"""main: the answer; other: beside it; warning: shown only so that nobody believes it; published: of a publication;
pooled: a diamond; prediction: where a further study is expected; reference: the level that others are compared with."""
SCALES = ("log", "linear", "percent", "share")
"""log: ratios, with 1 as no difference; linear: differences, with 0; percent: 0 to 100; share: 0 to 1."""
UPSET_COLUMNS = ("pattern", "set", "state", "n", "events")
"""A row per pattern of evidence and set: `state` is met, not_met or unknown; n and events repeat within a pattern."""
SPECIFICATION_COLUMNS = ("rank", "estimate", "conf_low", "conf_high", "declared")
"""A row per specification in the order of the estimates, then one column of words for each choice that varies."""


def forest(
    result: Result, rows: Sequence[Mapping[str, Any]], *, axis: str, scale: str = "log", events: str = "deaths"
) -> Result:
    """The result with a forest: `axis` says in words what is drawn, `scale` is one of `SCALES`.

    `events` is the word for what is counted beside the patients.

    Raises ValueError for a scale outside `SCALES`, a role outside `ROLES` or a column outside `FOREST_COLUMNS`.
    """
    if scale not in SCALES:
        raise ValueError(f"not a scale of a forest: {scale}")
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


def compared(result: Result, name: str, tested: Result) -> Result:
    """Curves with the p value of a test of theirs: `name` is the test in words, `tested` a log-rank test's Result.

    Without a p value the curves stay as they are.
    """
    rows = tested.tidy[tested.tidy["term"] == "test"]
    if rows.empty or not np.isfinite(rows["p_value"].iloc[0]):
        return result
    groups = tested.tidy.loc[tested.tidy["term"] == "group", "group"].astype(str).tolist()
    return _with_words(result, test={"name": name, "p_value": float(rows["p_value"].iloc[0]), "groups": groups})


def compared_by_cause(result: Result, name: str, tested: Result) -> Result:
    """Cumulative incidences with the p value of each event; `tested` holds a row per event, named by `outcome`."""
    rows = tested.tidy[tested.tidy["p_value"].notna() & (tested.tidy["term"] == name)]
    tests = {str(r["outcome"]): {"name": name, "p_value": float(r["p_value"])} for r in rows.to_dict("records")}
    return _with_words(result, tests=tests) if tests else result


def noted(result: Result, form: str, *notes: str) -> Result:
    """The result drawn as `form`, with sentences that stand in the figure itself."""
    return _with_words(result, form=form, notes=list(notes))


def in_panels(parts: Mapping[str, Result]) -> Result:
    """One figure with a plot per stratum; `parts` maps the words of each stratum to curves with the same ticks.

    The strata are the `population` of the rows and the `panel` of the curves. Raises ValueError without any, or where
    the ticks differ.
    """
    if not parts or len({tuple(part.method["ticks"]) for part in parts.values()}) != 1:
        raise ValueError("strata of one figure need the same ticks")
    first = next(iter(parts.values()))
    table = [{**row, "panel": words} for words, part in parts.items() for row in part.method["risk_table"]]
    return first.with_(
        tidy=pd.concat([part.tidy.assign(population=words) for words, part in parts.items()], ignore_index=True),
        curves=pd.concat([part.curves.assign(panel=words) for words, part in parts.items()], ignore_index=True),
        method={**first.method, "risk_table": table},
        notes=tuple(f"{words}: {note}" for words, part in parts.items() for note in part.notes),
        counts=_summed([part.counts for part in parts.values()]),
    )


def _summed(counts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    total: dict[str, Any] = {k: sum(c.get(k, 0) for c in counts) for k in ("supplied", "used", "events")}
    dropped: dict[str, int] = {}
    for each in counts:
        for reason, n in each.get("dropped", {}).items():
            dropped[reason] = dropped.get(reason, 0) + n
    return {**total, "dropped": dropped}


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


def _with_words(result: Result, **words: Any) -> Result:
    picture = {**result.method.get("picture", {}), **words}
    return result.with_(method={**result.method, "picture": picture})


def _drawn(result: Result, picture: str, curves: pd.DataFrame, **words: Any) -> Result:
    return result.with_(curves=curves, method={**result.method, "picture": {"form": picture, **words}})
