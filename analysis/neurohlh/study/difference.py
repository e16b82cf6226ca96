"""Two runs held against each other: which numbers moved, and which input, setting, rule or version could move them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from neurohlh.core import format as fmt
from neurohlh.core.result import TIDY_COLUMNS, Result
from neurohlh.core.suppression import WORD, is_suppressed, written
from neurohlh.study.finished import Finished

NUMBERS = (
    "n", "events", "estimate", "conf_low", "conf_high", "coef", "std_error", "statistic", "df", "p_value",
)  # fmt: skip
KEYS = tuple(c for c in TIDY_COLUMNS if c not in (*NUMBERS, "scale", "note"))
_MOST = 40
"""Moved numbers that the text lists; `--json` lists all of them."""
_ANSWER = ("frequency", "cox", "kaplan_meier", "logrank", "cox_bounds", "two_by_two", "table1")
"""Results listed first, where they moved."""


@dataclass(frozen=True)
class Moved:
    """One number that is not the same: `row` holds the keys that name it; `before`, `after` None where it is empty."""

    result: str
    row: Mapping[str, Any]
    column: str
    before: float | str | None
    after: float | str | None

    @property
    def change(self) -> float | None:
        """after - before, None where either is no number."""
        if isinstance(self.before, float) and isinstance(self.after, float):
            return self.after - self.before
        return None

    @property
    def relative(self) -> float | None:
        """The change as a share of what stood before, None where that is 0 or no number."""
        return None if self.change is None or not self.before else self.change / abs(float(self.before))


@dataclass(frozen=True)
class Cause:
    """Something that differs between the runs and can move numbers: `kind` is input, setting, rule, seed, version."""

    kind: str
    what: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Difference:
    """What differs between two runs.

    `appeared` and `vanished` hold (result, row keys); keys are empty where the whole result did.
    """

    moved: tuple[Moved, ...]
    appeared: tuple[tuple[str, Mapping[str, Any]], ...]
    vanished: tuple[tuple[str, Mapping[str, Any]], ...]
    causes: tuple[Cause, ...]

    @property
    def same(self) -> bool:
        """Whether every number of every table is the same."""
        return not (self.moved or self.appeared or self.vanished)


def compare(before: Finished, after: Finished, tolerance: float = 0.0) -> Difference:
    """The difference of two runs; numbers within `tolerance` of the larger of the two, as a share of it, are the same.

    Raises InputError where a table of either run can't be read.
    """
    moved: list[Moved] = []
    appeared: list[tuple[str, Mapping[str, Any]]] = []
    vanished: list[tuple[str, Mapping[str, Any]]] = []
    for name in dict.fromkeys((*_ANSWER, *before.results, *after.results)):
        old, new = before.results.get(name), after.results.get(name)
        if old is None or new is None:
            (appeared if old is None else vanished).extend([] if old is new else [(name, {})])
            continue
        rows, others = _rows(old), _rows(new)
        appeared += [(name, others[key][0]) for key in others if key not in rows]
        vanished += [(name, rows[key][0]) for key in rows if key not in others]
        for key in rows:
            if key in others:
                moved += _moved(name, rows[key], others[key], tolerance)
    return Difference(tuple(moved), tuple(appeared), tuple(vanished), tuple(causes(before.record, after.record)))


def _rows(result: Result) -> dict[Any, tuple[dict[str, Any], dict[str, Any]]]:
    """Rows by their keys; equal keys are told apart by their order."""
    found: dict[Any, tuple[dict[str, Any], dict[str, Any]]] = {}
    for record in result.tidy.to_dict("records"):
        named = {c: v for c in KEYS for v in [record[c]] if v not in ("", False) and not fmt.is_missing(v)}
        key: tuple[Any, ...] = tuple(sorted((k, str(v)) for k, v in named.items()))
        order = 0
        while (key, order) in found:
            order += 1
        found[key, order] = (named, {c: record[c] for c in NUMBERS})
    return found


def _moved(name: str, old: tuple[Any, Any], new: tuple[Any, Any], tolerance: float) -> Iterator[Moved]:
    for column in NUMBERS:
        before, after = _number(old[1][column]), _number(new[1][column])
        if not _equal(before, after, tolerance):
            yield Moved(name, old[0], column, before, after)


def _number(value: Any) -> float | str | None:
    if is_suppressed(value):
        return WORD
    return None if fmt.is_missing(value) else float(value)


def _equal(one: float | str | None, other: float | str | None, tolerance: float) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (
            math.isfinite(one - other) and abs(one - other) <= tolerance * max(abs(one), abs(other))
        )
    return one == other


def causes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Cause]:
    """What differs between two run records and can move numbers."""
    for name, old, new in _differing(_inputs(before), _inputs(after)):
        yield Cause("input", name, old, new)
    for key, old, new in _differing(dict(_flat(before["config"])), dict(_flat(after["config"]))):
        yield Cause("seed" if key == "study.seed" else "setting", key, old, new)
    for part, old, new in _differing(before.get("catalogue") or {}, after.get("catalogue") or {}):
        yield Cause("rule", part, old, new)
    for name, old, new in _differing(before.get("versions") or {}, after.get("versions") or {}):
        yield Cause("version", name, old, new)


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for key in dict.fromkeys((*old, *new)):
        if old.get(key) != new.get(key):
            yield key, old.get(key), new.get(key)


def _inputs(record: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in record.get("inputs", []):
        sheet = f", sheet {item['sheet']}" if item.get("sheet") else ""
        found[f"{item.get('path', '')}{sheet}"] = str(item.get("sha256", ""))
    return found


def _flat(config: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(config, Mapping):
        for key, value in config.items():
            yield from _flat(value, f"{path}.{key}" if path else str(key))
    elif isinstance(config, list) and config and isinstance(config[0], Mapping):
        for place, value in enumerate(config, start=1):
            yield from _flat(value, f"{path} {place}")
    else:
        yield path, config


def as_json(difference: Difference) -> str:
    """The difference as JSON: same, causes, moved (with change and relative), appeared, vanished."""
    moved = [{**asdict(m), "row": dict(m.row), "change": m.change, "relative": m.relative} for m in difference.moved]
    data = {
        "same": difference.same,
        "causes": [asdict(cause) for cause in difference.causes],
        "moved": moved,
        "appeared": [{"result": name, "row": dict(row)} for name, row in difference.appeared],
        "vanished": [{"result": name, "row": dict(row)} for name, row in difference.vanished],
    }
    return json.dumps(_finite(written(data)), ensure_ascii=False, indent=2, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list) else value


def as_text(difference: Difference) -> str:
    """The difference in words: what could have moved numbers first, then the numbers, those of the answer first."""
    return "\n".join(_lines(difference)) + "\n"


def _lines(difference: Difference) -> Iterator[str]:
    yield from _of_causes(difference)
    yield ""
    if difference.same:
        yield "Every number of every table is the same."
        return
    yield f"{len(difference.moved)} numbers moved."
    for moved in difference.moved[:_MOST]:
        yield (
            f"  {moved.result}: {_keys(moved.result, moved.row)}: {moved.column} "
            f"{_shown(moved.before)} -> {_shown(moved.after)}{_by_how_much(moved)}"
        )
    if len(difference.moved) > _MOST:
        yield f"  … and {len(difference.moved) - _MOST} more: --json lists all of them"
    for word, rows in (("only in the second run", difference.appeared), ("only in the first run", difference.vanished)):
        for name, row in rows[:_MOST]:
            yield f"  {word}: {name}{': ' + _keys(name, row) if row else ' (the whole result)'}"
        if len(rows) > _MOST:
            yield f"  {word}: … and {len(rows) - _MOST} more"


def _of_causes(difference: Difference) -> Iterator[str]:
    if not difference.causes:
        yield "Input, settings, rules, seed and versions are the same in both runs."
        if not difference.same:
            yield "Numbers moved all the same: the program itself differs, or a run was changed by hand."
        return
    yield "What differs and can move numbers:"
    for cause in difference.causes:
        yield f"  {cause.kind} {cause.what}: {_brief(cause.before)} -> {_brief(cause.after)}"


def _brief(value: Any) -> str:
    text = "absent" if value is None else str(value)
    return f"{text[:12]}…" if len(text) == 64 and text.isalnum() else text


def _keys(result: str, row: Mapping[str, Any]) -> str:
    """A row in its keys; the analysis is said where it is not the result's only one (crude and adjusted)."""
    kept = {k: v for k, v in row.items() if k != "method" and (k, v) != ("analysis", result)}
    return (
        ", ".join(f"{k} {v:g}" if isinstance(v, float) else f"{k} {v}" for k, v in (kept or row).items()) or "its row"
    )


def _shown(value: float | str | None) -> str:
    return "empty" if value is None else value if isinstance(value, str) else f"{value:.6g}"


def _by_how_much(moved: Moved) -> str:
    if moved.change is None:
        return ""
    share = "" if moved.relative is None else f", {_percent(100 * moved.relative)} %"
    return f" ({moved.change:+.3g}{share})"


def _percent(change: float) -> str:
    return f"{change:+.0f}" if abs(change) >= 10 else f"{change:+.2g}"
