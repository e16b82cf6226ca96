"""What is said of each expression of a clause: there, not there, neither; now or before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neurohlh.clinical.kleene import INDETERMINATE, MET, NOT_MET
from neurohlh.clinical.report_clauses import ASSERTABLE, PLACES, Clause, Token

_CHANGES = frozenset(("negation", "uncertainty", "resolved", "suppressing"))
_ENDS = _CHANGES | {"stop", "previous"}
_SUBJECTS = ASSERTABLE | PLACES | {"normal"}


@dataclass(frozen=True)
class Assertion:
    """An expression with its status; `words` is the span from it to the cue that decided."""

    token: Token
    status: str
    before: bool
    start: int
    end: int


def assertions(clause: Clause, text: str) -> list[Assertion]:
    """The expressions of a clause that are affirmed, denied or doubted; those of a plan or question are left out."""
    said: dict[int, dict[str, Token]] = {}
    for i, cue in enumerate(clause.tokens):
        for kind in _CHANGES & set(cue.roles):
            for target in _reach(clause.tokens, i, kind, text, clause.end):
                said.setdefault(target.start, {})[kind] = cue
    earlier = next((t for t in clause.tokens if "previous" in t.roles), None)
    persists = clause.any("persisting")
    found = []
    for token in clause.tokens:
        if token.has(ASSERTABLE | {"normal"}):
            assertion = _assertion(token, said.get(token.start, {}), None if persists else earlier)
            found += [assertion] if assertion else []
    return found


def _reach(tokens: Sequence[Token], at: int, kind: str, text: str, end: int) -> list[Token]:
    """The expressions that a cue speaks of: those after it up to the next cue; where none follows, those before it."""
    after: list[Token] = []
    for number, token in enumerate(tokens[at + 1 :]):
        if number == 0 and "stop" in token.roles and not text[tokens[at].end : token.start].strip():
            continue  # 'did not show'
        if token.has(_ENDS) and kind != "suppressing":
            break
        after += [token] if token.has(_SUBJECTS) else []
    if kind == "resolved":
        before = [t for t in tokens[:at] if t.has(_SUBJECTS)]
        return before or after
    backward = "backward" in tokens[at].roles
    if not backward and any(t.has(ASSERTABLE | {"normal"}) for t in after):
        return after
    at_end = backward or not any(sign.isalnum() for sign in text[tokens[at].end : end])
    if kind == "suppressing" or not at_end:
        return []
    before = []
    for token in reversed(tokens[:at]):
        if token.has(_ENDS - {"stop"}):
            break
        before += [token] if token.has(_SUBJECTS) else []
    return before


def _assertion(token: Token, said: dict[str, Token], earlier: Token | None) -> Assertion | None:
    if "suppressing" in said:
        return None
    if "absent" in token.roles:
        return Assertion(token, NOT_MET, False, token.start, token.end)
    if "resolved" in said:
        status, cue, before = NOT_MET, said["resolved"], True
    elif "uncertainty" in said:
        status, cue, before = INDETERMINATE, said["uncertainty"], earlier is not None
    elif earlier is not None:
        status, cue, before = INDETERMINATE, earlier, True
    elif "negation" in said:
        status, cue, before = NOT_MET, said["negation"], False
    else:
        return Assertion(token, MET, False, token.start, token.end)
    return Assertion(token, status, before, min(token.start, cue.start), max(token.end, cue.end))
