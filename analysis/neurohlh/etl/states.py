"""Words for not knowing: missing, not done, not applicable, unknown, equivocal, each kept apart from the others."""

from __future__ import annotations

from neurohlh.etl.codebook import Variable
from neurohlh.etl.parsed import Parsed, State, remark
from neurohlh.etl.words import words

FORMULA_ERRORS = frozenset(
    {
        "#REF!",
        "#DIV/0!",
        "#VALUE!",
        "#NAME?",
        "#NUM!",
        "#NULL!",
        "#SPILL!",
        "#CALC!",
        "#GETTING_DATA",
        "#FIELD!",
        "#BLOCKED!",
    }
)
SPECIAL = {
    "missing": State.BLANK,
    "not_done": State.NOT_DONE,
    "not_applicable": State.NOT_APPLICABLE,
    "unknown": State.UNKNOWN,
}
"""What a study's own codes may stand for besides the codebook's."""


def negative_example(variable: Variable) -> str:
    """What a study file would write for a negative result of the variable."""
    if variable.numeric:
        return "missing"
    if variable.type == "tri":
        return "not_met"
    if variable.type == "bool":
        return "no"
    return next((c for c in ("negative", "none", "normal") if c in variable.codes), "unknown")


def state_of(key: str, variable: Variable) -> Parsed | None:
    """The state that a word stands for, or None where it is no such word."""
    group = words().state.get(key)
    if group is None:
        return None
    if group == "missing":
        return Parsed(None, State.BLANK, rule="missing_word")
    if group in SPECIAL:
        return Parsed(None, SPECIAL[group], rule=group)
    if group == "lost":
        return Parsed(None, State.UNKNOWN, rule="unknown", **remark("lost_in_column", variable))
    if group == "equivocal":
        value = "indeterminate" if variable.type == "tri" else None
        return Parsed(value, State.EQUIVOCAL, rule="equivocal", **remark("equivocal", variable))
    words_for = {"negative": negative_example(variable)}
    if group == "dash":
        return Parsed(None, State.NOT_DONE, rule="not_done_sign", **remark("not_done_sign", variable, words_for))
    if group == "none":
        return Parsed(None, State.UNKNOWN, rule="ambiguous_none", **remark("ambiguous_none", variable, words_for))
    if group == "nd":
        return Parsed(None, State.UNKNOWN, rule="ambiguous_nd", **remark("ambiguous_nd", variable, words_for))
    return None
