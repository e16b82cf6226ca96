"""Aetiology: primary or secondary HLH, and what set it off; two independent questions (dossier 5.3 and 5.4)."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from neurohlh.clinical.criteria import load
from neurohlh.clinical.kleene import MET, NOT_MET
from neurohlh.clinical.measurement import is_code, yes_no
from neurohlh.clinical.rules import Frame, evaluate

SETS = ("triggers", "molecular")
"""The criteria sets that class and trigger rest on."""
PRIORITY = (
    "malignancy", "rheumatic_mas", "immunotherapy_drug", "post_hsct", "ebv", "other_virus", "parasitic", "fungal",
    "bacterial", "metabolic", "other",
)  # fmt: skip
"""Which trigger names the category when several apply (DOSSIER RULE 5.4)."""


def derive_aetiology(frame: Frame) -> Frame:
    """The frame with its triggers and class added, in the backend (and laziness) it came in.

    `triggers__<kind>` for each kind of `PRIORITY`: met, not_met or indeterminate. `trigger_category_derived`: the first
    kind of `PRIORITY` that is met; 'none' where the hospital says that there is none; else 'unknown'.
    `molecular`: the molecular diagnosis (5.2), and `molecular__by`: 1 by the rule, 2 as the hospital recorded it, 0
    undecided. `hlh_class_derived`: 'primary' with a molecular diagnosis or an affected sibling; 'secondary' where the
    genetic test is negative and there is a trigger; else 'unknown' (a child without a genetic test is unknown).
    """
    before = nw.from_native(frame).collect_schema().names()
    data = with_aetiology(nw.from_native(evaluate(frame, [load(key) for key in SETS])))
    flags = [f"triggers__{kind}" for kind in PRIORITY]
    added = [*flags, "trigger_category_derived", "molecular", "molecular__by", "hlh_class_derived"]
    return data.select(*(c for c in before if c not in added), *added).to_native()


def with_aetiology(data: Any) -> Any:
    """A Narwhals frame to which `evaluate` has added the answers of `SETS`, with category and class beside them."""
    data = data.with_columns(_category(dict(data.collect_schema())).alias("trigger_category_derived"))
    return data.with_columns(_class(dict(data.collect_schema())).alias("hlh_class_derived"))


def _category(schema: dict[str, nw.dtypes.DType]) -> nw.Expr:
    category = nw.lit("unknown")
    if "trigger_category" in schema and not schema["trigger_category"].is_numeric():
        none = is_code(schema, "trigger_category", ("none",))
        category = nw.when(none).then(nw.lit("none")).otherwise(category)
    for kind in reversed(PRIORITY):
        category = nw.when(nw.col(f"triggers__{kind}") == MET).then(nw.lit(kind)).otherwise(category)
    return category


def _class(schema: dict[str, nw.dtypes.DType]) -> nw.Expr:
    primary = nw.col("molecular") == MET
    if "family_history_hlh" in schema:
        primary = primary | yes_no(schema, "family_history_hlh")[0]
    trigger = ~nw.col("trigger_category_derived").is_in(["none", "unknown"])
    secondary = (nw.col("molecular") == NOT_MET) & trigger
    other = nw.when(secondary).then(nw.lit("secondary")).otherwise(nw.lit("unknown"))
    return nw.when(primary).then(nw.lit("primary")).otherwise(other)
