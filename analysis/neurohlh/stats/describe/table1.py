"""Table 1: who the patients are, by group, with denominators, what is missing, and how far apart the groups are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import did_you_mean
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import (
    MISSING_GROUP,
    OVERALL,
    Bools,
    Floats,
    Labels,
    column,
    groups,
    is_number,
    is_truth,
    labels,
    numbers,
)
from neurohlh.stats.describe.group_tests import GroupTest, compare_levels, compare_numbers, shapiro_wilk
from neurohlh.stats.describe.quantiles import quantile
from neurohlh.stats.describe.smd import Difference, between_groups, largest, smd_levels, smd_numbers
from neurohlh.stats.recipe import software
from neurohlh.stats.status import INDETERMINATE, MET, NOT_APPLICABLE, NOT_MET

CONTINUOUS, CATEGORY, BINARY = "continuous", "category", "binary"
CENSORED_SUFFIX = "_censored"

_QUANTILES = {"median": 0.5, "q25": 0.25, "q75": 0.75}


@dataclass(frozen=True)
class TableVariable:
    """A line of Table 1.

    `kind` is "continuous", "category", "binary" or "" (numbers are continuous, truth values binary, the rest
    categories). A binary variable shows the share of `positive` (default "true", or "met" for a status);
    indeterminate and not applicable are then in no denominator. `levels` fixes the order of a category.
    """

    name: str
    label: str = ""
    unit: str = ""
    kind: str = ""
    positive: str = ""
    levels: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Tests:
    """Whether to test, and how; `rng` is for Monte Carlo only."""

    on: bool
    numbers: str
    levels: str
    rng: np.random.Generator | int | None


@dataclass(frozen=True)
class _Groups:
    """Masks of the groups to show (overall first), and the names to contrast."""

    masks: dict[str, Bools]
    contrasted: tuple[str, ...]
    reference: int | None = None
    """Place in `contrasted` of the group that the others are held against; None for all pairs."""

    @property
    def contrast(self) -> str:
        return " vs ".join(self.contrasted)


def table1(
    frame: pd.DataFrame,
    by: str | None,
    variables: Sequence[TableVariable | str],
    *,
    tests: bool = False,
    number_test: str = "ranks",
    level_test: str = "by expected counts",
    reference: str | None = None,
    rng: np.random.Generator | int | None = None,
) -> Result:
    """Describe `variables` overall and in every group of `by`.

    Continuous: median and quartiles (R's type 7), mean and standard deviation, with the number known; a column
    `<name>_censored` ("left"/"right")
    marks values beyond a limit of measurement, which are counted, and quantiles that rest on them are marked. Others:
    count and share of the known. Missing values are counted per group. The standardised mean difference contrasts
    "met" with "not_met" where these are groups (indeterminate stands beside them), otherwise the two groups, or gives
    the largest of all pairs, or with `reference` that of every other group; a missing `by` is a group of its own
    outside all comparisons. Tests are off unless `tests`; `number_test` and `level_test` choose them as
    `compare_numbers` and `compare_levels` say, and each row "test" names its own, with an "effect" row beside it.
    Shapiro and Wilk's test stands in `checks` and chooses nothing. Raises ValueError for unknown columns, kinds, levels
    or tests.
    """
    chosen = [_declared(frame, v) for v in variables]
    found = _referred(_groups(frame, by), reference)
    how = _Tests(tests, number_test, level_test, rng)
    rows = [{"term": "size", "group": g, "measure": "count", "n": m.sum(), "estimate": m.sum()} for g, m in
            found.masks.items()]  # fmt: skip
    used: dict[str, str] = {}
    for variable in chosen:
        describe = _numeric_rows if variable.kind == CONTINUOUS else _level_rows
        lines, test = describe(frame, variable, found, how)
        used[variable.name] = test
        rows += [{"variable": variable.name, **line} for line in lines]
    sizes = {name: int(mask.sum()) for name, mask in found.masks.items()}
    return Result(
        kind="table1",
        tidy=tidy_frame([{"analysis": "table1", **row} for row in rows]),
        checks=check_frame(_normality(frame, chosen, found) if tests else []),
        method=_method(chosen, found, by, used),
        counts={"supplied": len(frame), "used": len(frame), "dropped": {}, "groups": sizes},
    )


def _declared(frame: pd.DataFrame, variable: TableVariable | str) -> TableVariable:
    v = TableVariable(variable) if isinstance(variable, str) else variable
    series = column(frame, v.name)
    kind = v.kind
    if not kind:
        kind = BINARY if is_truth(series) else CONTINUOUS if is_number(series) else CATEGORY
    if kind not in (CONTINUOUS, CATEGORY, BINARY):
        raise ValueError(f"kind of {v.name!r} must be continuous, category or binary, not {kind!r}")
    present = labels(series)[1] if kind != CONTINUOUS else []
    strange = sorted(set(present) - set(v.levels)) if v.levels else []
    if strange:
        raise ValueError(f"{v.name!r} holds levels that were not declared: {', '.join(strange)}")
    positive = v.positive or (MET if set(present) & {MET, NOT_MET, INDETERMINATE} else "true")
    levels = v.levels or tuple(present)
    if kind == BINARY:
        positive = "1" if positive == "true" and set(present) <= {"0", "1"} and present else positive
        levels = (positive,)
    return TableVariable(v.name, v.label, v.unit, kind, positive, levels)


def _groups(frame: pd.DataFrame, by: str | None) -> _Groups:
    everybody = np.ones(len(frame), dtype=bool)
    if by is None:
        return _Groups({OVERALL: everybody}, ())
    found, names = groups(frame, by)
    masks = {OVERALL: everybody, **{name: np.asarray(found == name, dtype=bool) for name in names}}
    known = [name for name in names if name != MISSING_GROUP]
    if MET in known and NOT_MET in known:
        return _Groups(masks, (MET, NOT_MET))
    return _Groups(masks, tuple(reversed(known)) if len(known) == 2 else tuple(known))


def _referred(found: _Groups, reference: str | None) -> _Groups:
    if reference is None:
        return found
    if reference not in found.contrasted:
        raise ValueError(f"reference {reference!r} is no group to compare. {did_you_mean(reference, found.contrasted)}")
    return _Groups(found.masks, found.contrasted, found.contrasted.index(reference))


def _numeric_rows(
    frame: pd.DataFrame, variable: TableVariable, found: _Groups, tests: _Tests
) -> tuple[list[dict[str, Any]], str]:
    values = numbers(column(frame, variable.name))
    mark = f"{variable.name}{CENSORED_SUFFIX}"
    censored = labels(frame[mark])[0] if mark in frame.columns else None
    known = ~np.isnan(values)
    rows: list[dict[str, Any]] = []
    for group, mask in found.masks.items():
        rows += _quantile_rows(group, values, censored, known & mask)
        rows += _moment_rows(group, values[known & mask], censored is not None)
    rows += _missing_rows(~known, found)
    rows += _censored_rows(censored, known, found)
    if len(found.contrasted) > 1:
        parts = [values[known & found.masks[g]] for g in found.contrasted]
        rows += _difference_rows(parts, smd_numbers, found)
        if tests.on:
            test = compare_numbers(parts, tests.numbers)
            return [*rows, *_test_rows(test, sum(map(len, parts)), found.contrast)], test.name
    return rows, "none: off by default"


def _quantile_rows(group: str, values: Floats, censored: Labels | None, rows: Bools) -> list[dict[str, Any]]:
    marks = None if censored is None else censored[rows]
    out = []
    for measure, probability in _QUANTILES.items():
        q = quantile(values[rows], marks, probability)
        row = {"term": "summary", "group": group, "measure": measure, "n": rows.sum()}
        out.append({**row, "estimate": q.value, "note": q.note})
    return out


def _moment_rows(group: str, values: Floats, censored: bool) -> list[dict[str, Any]]:
    row = {"term": "moments", "group": group, "n": len(values)}
    note = "limits of measurement enter as values" if censored else ""
    mean: dict[str, Any] = {"note": "not estimable: no known value"}
    spread: dict[str, Any] = {"note": "not estimable: fewer than two known values"}
    if len(values):
        mean = {"estimate": values.mean(), "note": note}
    if len(values) > 1:
        spread = {"estimate": values.std(ddof=1), "note": note}
    return [{**row, "measure": "mean", **mean}, {**row, "measure": "sd", **spread}]


def _censored_rows(censored: Labels | None, known: Bools, found: _Groups) -> list[dict[str, Any]]:
    if censored is None:
        return []
    rows = []
    for side in ("left", "right"):
        beyond = known & (censored == side)
        if beyond.any():
            for group, mask in found.masks.items():
                n, events = int((known & mask).sum()), int((beyond & mask).sum())
                row = {"term": "censored", "level": side, "group": group, "measure": "censored"}
                rows.append({**row, "n": n, "events": events, "estimate": events / n if n else np.nan})
    return rows


def _missing_rows(missing: Bools, found: _Groups, note: str = "") -> list[dict[str, Any]]:
    rows = []
    for group, mask in found.masks.items():
        n, lost = int(mask.sum()), int((missing & mask).sum())
        row = {"term": "missing", "group": group, "measure": "missing", "n": n, "events": lost}
        rows.append({**row, "estimate": lost / n if n else np.nan, "note": note if lost else ""})
    return rows


def _level_rows(
    frame: pd.DataFrame, variable: TableVariable, found: _Groups, tests: _Tests
) -> tuple[list[dict[str, Any]], str]:
    texts, present = labels(column(frame, variable.name))
    aside = [w for w in (INDETERMINATE, NOT_APPLICABLE) if variable.kind == BINARY and w in present]
    known = np.array([t is not None and t not in aside for t in texts], dtype=bool)
    rows: list[dict[str, Any]] = []
    for group, mask in found.masks.items():
        n = int((known & mask).sum())
        for level in variable.levels:
            events = int((known & mask & (texts == level)).sum())
            row = {"term": "level", "group": group, "level": level, "measure": "proportion", "n": n, "events": events}
            rows.append({**row, "estimate": events / n} if n else {**row, "note": "not estimable: no known value"})
    rows += _missing_rows(~known, found, f"includes {' and '.join(aside)}" if aside else "")
    if len(found.contrasted) > 1:
        shown = [level for level in present if level not in aside]
        parts = [_tally(texts[known & found.masks[g]], shown) for g in found.contrasted]
        rows += _difference_rows(parts, smd_levels, found)
        if tests.on:
            test = compare_levels(np.array(parts).astype(np.intp), tests.levels, rng=tests.rng)
            return [*rows, *_test_rows(test, sum(part.sum() for part in parts), found.contrast)], test.name
    return rows, "none: off by default"


def _tally(texts: Labels, levels: Sequence[str]) -> Floats:
    return np.array([(texts == level).sum() for level in levels], dtype=float)


def _known(part: Floats, of_levels: bool) -> int:
    return int(part.sum()) if of_levels else len(part)


def _difference_rows(
    parts: Sequence[Floats], smd: Callable[[Floats, Floats], Difference], found: _Groups
) -> list[dict[str, Any]]:
    of_levels = smd is smd_levels
    pairs = between_groups(parts, smd, reference=found.reference)
    row: dict[str, Any] = {"term": "smd", "measure": "SMD", "scale": "identity"}
    if len(parts) == 2 or found.reference is not None:
        rows = []
        for (i, j), difference in pairs.items():
            n = _known(parts[i], of_levels) + _known(parts[j], of_levels)
            contrast = f"{found.contrasted[i]} vs {found.contrasted[j]}"
            rows.append({**row, "contrast": contrast, "n": n, "estimate": difference.value, "note": difference.note})
        return rows
    most, _ = largest(pairs)
    contrast = f"largest of all pairs ({found.contrast})"
    n = sum(_known(part, of_levels) for part in parts)
    return [{**row, "contrast": contrast, "n": n, "estimate": most.value, "note": most.note}]


def _test_rows(test: GroupTest, n: float, contrast: str) -> list[dict[str, Any]]:
    row = {"contrast": contrast, "n": n, "method": test.name}
    note = test.note if np.isnan(test.df2) else f"denominator df {test.df2:.6g}"
    told = {"term": "test", "statistic": test.statistic, "df": test.df, "p_value": test.p_value, "note": note}
    effect = {"term": "effect", "measure": test.effect_name, "estimate": test.effect}
    return [{**row, **told}] if np.isnan(test.effect) else [{**row, **told}, {**row, **effect}]


def _normality(frame: pd.DataFrame, chosen: Sequence[TableVariable], found: _Groups) -> list[dict[str, Any]]:
    rows = []
    for v in (v for v in chosen if v.kind == CONTINUOUS):
        values = numbers(column(frame, v.name))
        for group in found.contrasted:
            test = shapiro_wilk(values[found.masks[group] & ~np.isnan(values)])
            verdict = "not estimable" if np.isnan(test.p_value) else ("attention" if test.p_value < 0.05 else "ok")
            row = {"check": "Shapiro-Wilk", "term": f"{v.name}: {group}", "statistic": test.statistic}
            rows.append({**row, "p_value": test.p_value, "verdict": verdict, "note": test.note})
    return rows


def _method(chosen: Sequence[TableVariable], found: _Groups, by: str | None, used: dict[str, str]) -> dict[str, Any]:
    return {
        "by": by or "",
        "groups": list(found.masks),
        "contrast": found.contrast,
        "estimator": "median and quartiles, mean and SD (n - 1); counts and proportions",
        "quantiles": "linear interpolation (R type 7)",
        "smd": "means over root of mean variance; levels: Mahalanobis distance over all levels, generalised inverse",
        "tests": used,
        "correction": "none across rows; each test's own is in its name",
        "denominator": "known values of the variable in the group",
        "labels": {v.name: v.label for v in chosen},
        "units": {v.name: v.unit for v in chosen},
        "types": {v.name: v.kind for v in chosen},
        "software": software("numpy", "scipy"),
        "reference": [
            "Austin 2009, Stat Med 28:3083",
            "Yang & Dalton 2012, SAS Global Forum 335-2012",
            "Hyndman & Fan 1996, Am Stat 50:361",
        ],
    }
