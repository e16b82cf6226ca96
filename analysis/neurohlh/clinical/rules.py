"""The criteria engine: evaluates definitions on any dataframe, three-valued, with the best and the worst case.

Definitions become Narwhals expressions over `kleene.Truth` bounds, so that one definition gives the same answer, row
for row, on pandas, Polars, DuckDB and Spark.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from neurohlh.clinical import kleene
from neurohlh.clinical.definition import Combination, Definition
from neurohlh.clinical.measurement import Schema
from neurohlh.clinical.plan import Node, Plan
from neurohlh.etl.codebook import codebook

Frame = Any
"""A pandas, Polars (eager or lazy), DuckDB or Spark frame."""


def evaluate(frame: Frame, definition: Definition | Sequence[Definition], *, parts: bool = False) -> Frame:
    """The frame with the answers of one or several criteria sets added, in the backend (and laziness) it came in.

    Per item a column `<key>__<item>` with 'met', 'not_met' or 'indeterminate' (components only with `parts`); per set
    `<key>` with the answer (also 'not_applicable') and `<key>__low`, `<key>__high`, the bounds of its count or score.
    An item that counts has `<key>__<item>__count_low` and `…_high`, one that scores `…__points_low` and `…_high`,
    one with substitutes `…__by` (1 where its first part was used, 2 the second, 0 none).
    A codebook variable without a column, a null and a NaN are unknown. Raises InputError for a column of a wrong type.
    """
    definitions = [definition] if isinstance(definition, Definition) else list(definition)
    data = nw.from_native(frame)
    plan = Plan(_schema(data), {d.key: d for d in definitions})
    codes: dict[str, nw.Expr] = {}
    numbers: dict[str, nw.Expr] = {}
    for d in definitions:
        _items(plan, d, parts, codes, numbers)
        if d.rule is not None:
            statement, shown, gate = plan.answer(d)
            codes[d.key] = _gated(statement, gate)
            numbers |= plan.used(d, d.rule.test, d.key)
            numbers |= {f"{d.key}__low": nw.col(shown.low), f"{d.key}__high": nw.col(shown.high)}
    if isinstance(data, nw.DataFrame) and data.implementation.is_pandas():
        return _on_pandas(data, plan, codes, numbers)
    new = {**codes, **numbers}
    kept = [c for c in data.collect_schema().names() if c not in new]
    answers = plan.lay_down(data).select(*kept, *(e.alias(name) for name, e in new.items()))
    return answers.with_columns(*(_word(c) for c in codes)).to_native()


def _schema(data: Any) -> Schema:
    """The columns and their types, without those that hold nothing at all and so got a wrong type by default."""
    schema = dict(data.collect_schema())
    if not isinstance(data, nw.DataFrame):
        return schema
    numbers = {v.name for v in codebook() if v.numeric}
    texts = {v.name for v in codebook() if v.type in ("category", "tri", "string")}
    texts |= {f"{name}{suffix}" for name in numbers for suffix in ("_censored", "_unit")}

    def wrong(name: str, dtype: nw.dtypes.DType) -> bool:
        return dtype.is_numeric() if name in texts else isinstance(dtype, nw.String)

    doubtful = (c for c, dtype in schema.items() if (c in texts or c in codebook()) and wrong(c, dtype))
    empty = {c for c in doubtful if data[c].is_null().all()}
    return {c: t for c, t in schema.items() if c not in empty}


def _items(plan: Plan, d: Definition, parts: bool, codes: dict[str, nw.Expr], numbers: dict[str, nw.Expr]) -> None:
    for item in d.items.values():
        if item.part and not parts:
            continue
        column = f"{d.key}__{item.name}"
        codes[column] = _gated(plan.item(d, item.name), None)
        shown: dict[str, Node] = {"points": plan.score(d, item.name)} if item.scored else {}
        if isinstance(item.test, Combination) and item.test.how in ("at_least", "of"):
            shown["count"] = plan.count(d, item.test)
        numbers |= plan.used(d, item.test, column)
        for kind, node in shown.items():
            numbers |= {f"{column}__{kind}_low": nw.col(node.low), f"{column}__{kind}_high": nw.col(node.high)}


_WORDS = (kleene.NOT_MET, kleene.INDETERMINATE, kleene.MET, kleene.NOT_APPLICABLE)


def _gated(statement: Node, gate: Node | None) -> nw.Expr:
    code = nw.col(statement.low) + nw.col(statement.high)
    if gate is None:
        return code
    return nw.when(nw.col(gate.low) >= 1).then(code).otherwise(nw.lit(3))


def _word(column: str) -> nw.Expr:
    code, (not_met, unknown, met, other) = nw.col(column), map(nw.lit, _WORDS)
    unmet = nw.when(code == 0).then(not_met).otherwise(nw.when(code == 1).then(unknown).otherwise(other))
    return nw.when(code == 2).then(met).otherwise(unmet).alias(column)


def _on_pandas(data: Any, plan: Plan, codes: dict[str, nw.Expr], numbers: dict[str, nw.Expr]) -> Any:
    """The same answers; texts are compared as categories and words looked up, which is many times faster here."""
    native = data.to_native()
    data = data.with_columns(*(nw.col(c).cast(nw.Categorical) for c in sorted(plan.texts)))
    answers = plan.lay_down(data).select(*(e.alias(name) for name, e in {**codes, **numbers}.items())).to_native()
    words = np.array(_WORDS, dtype=object)
    new = {c: words[answers[c].to_numpy(dtype=np.intp)] if c in codes else answers[c] for c in answers.columns}
    old = {c: native[c] for c in native.columns if c not in new}
    return pd.DataFrame({**old, **new}, index=native.index, copy=False)
