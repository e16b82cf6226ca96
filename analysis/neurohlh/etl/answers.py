"""Yes and no, met and not met, and the categories of the codebook, from words, signs and codes."""

from __future__ import annotations

import re

from neurohlh.etl.characters import squeezed
from neurohlh.etl.codebook import Variable
from neurohlh.etl.parsed import Fault, Parsed, State, refused, remark
from neurohlh.etl.states import state_of
from neurohlh.etl.table import Kind
from neurohlh.etl.words import Said, code_of, denies, names_itself, near_code, said, words

_YES, _NO = ("yes", "done", "positive"), ("no", "negative")


def parse_answer(text: str, kind: Kind, variable: Variable, coded_beyond_01: bool = False) -> Parsed:
    """A text of a yes/no (bool) or three-valued (tri) variable.

    `coded_beyond_01`: the column holds codes such as 1 and 2, so that a bare 1 says nothing either.
    """
    if variable.type == "tri" and text in variable.codes:
        return Parsed(text)
    if text in ("true", "false") and variable.type == "bool":
        return Parsed(text == "true")
    if kind == Kind.DATE or re.fullmatch(r"-?\d+(?:\.\d+)?", text):
        return _coded(text, kind, variable, coded_beyond_01)
    word = said(text)
    p = _answer(word, variable)
    if p.state != State.REFUSED and word.footnote and not p.code:
        return p._replace(rule=f"{p.rule}; footnote", **remark(word.footnote, variable))
    return p


def _coded(text: str, kind: Kind, variable: Variable, coded_beyond_01: bool) -> Parsed:
    if kind != Kind.DATE and text in ("0", "1") and not coded_beyond_01:
        return _value(text == "1", variable)
    if kind == Kind.DATE or not re.fullmatch(r"\d{1,2}", text):
        return refused(Fault("not_yes_no"), variable)
    return refused(Fault("code_map_needed", {"example": "yes", "other": "no"}), variable)


def _value(yes: bool, variable: Variable, rule: str = "") -> Parsed:
    rule = rule or f"word:{'yes' if yes else 'no'}"
    if variable.type == "tri":
        return Parsed("met" if yes else "not_met", rule=rule)
    return Parsed(yes, rule=rule)


def _answer(word: Said, variable: Variable) -> Parsed:
    """The answer that a word gives, by what the variable asks."""
    w, key = words(), word.key
    own = w.own.get(variable.name, {}).get(key)
    if own:
        return _own(own, variable)
    if variable.type == "tri" and key in variable.codes:
        return Parsed(key, rule="format")
    state = w.state.get(key)
    if variable.name in w.question_done:
        return _whether_done(key, state, variable)
    if variable.name in w.question_given and key in w.not_given:
        return _value(False, variable, "not_given->false")
    said_so = w.answer.get(key) or w.result.get(key)
    if said_so == "done":
        said_so = "yes" if variable.name in w.question_given else None
    if said_so:
        return _value(said_so in _YES, variable)
    return _rarer(key, variable)


def _rarer(key: str, variable: Variable) -> Parsed:
    """States, negations and the finding's own name; the rest is refused."""
    if words().state.get(key) == "cross":
        return refused(Fault("cross_sign"), variable)
    state = state_of(key, variable)
    if state is not None:
        if state.state == State.NOT_APPLICABLE and "not_applicable" in variable.codes:
            return Parsed("not_applicable", rule="not_applicable")
        return state
    if len(key) <= 40 and words().normal_report.fullmatch(key):
        return _value(False, variable)
    if denies(key, variable):
        return _value(False, variable, "negated")
    if names_itself(key, variable):
        return _value(True, variable, "named")
    return refused(Fault("not_yes_no"), variable)


def _own(group: str, variable: Variable) -> Parsed:
    """The words of a variable that has its own (death: dead, alive, discharged, withdrawn)."""
    if group == "withdrawn":
        return refused(Fault("withdrawal_in_death"), variable)
    if group == "discharged":
        return _value(False, variable)._replace(**remark("discharge_status", variable))
    return _value(group == "yes", variable)


def _whether_done(key: str, state: str | None, variable: Variable) -> Parsed:
    """The question is whether the test was done: not done is its no, and a result is another variable's."""
    w = words()
    if state == "not_done" or key in w.not_given:
        return Parsed(False, rule="not_done->false")
    if state == "dash":
        p = state_of(key, variable)
        assert p is not None, "a dash is a state"
        return p._replace(value=False, state=State.VALUE, rule="not_done->false")
    if w.answer.get(key):
        return _value(w.answer[key] in _YES, variable)
    if w.result.get(key) or w.normal_report.fullmatch(key[:60]):
        return refused(Fault("result_in_done_column"), variable)
    return _rarer(key, variable)


def parse_category(text: str, variable: Variable) -> Parsed:
    """A text of a category variable: a code of the codebook, or a word for one."""
    if text in variable.codes:
        return Parsed(text)
    if not variable.codes:
        return _free(text, variable)
    word = said(text)
    found = code_of(word.key, variable) or _by_result(word.key, variable)
    if found:
        return _doubted(
            Parsed(found, rule=f"word:{found}" if squeezed(text) != squeezed(found) else "format"), word, variable
        )
    if re.fullmatch(r"\d{1,2}", text):
        first, second = (*variable.codes, "…", "…")[:2]
        return refused(Fault("code_map_needed", {"example": first, "other": second}), variable)
    state = state_of(word.key, variable)
    if state is not None:
        return _state_code(state, variable)
    if variable.open_codes:
        return _unlisted(text, word, variable)
    return refused(_no_such_code(word.key, variable), variable)


def _free(text: str, variable: Variable) -> Parsed:
    """A category without a list of codes (centres): as written, unless it is a word for not knowing."""
    state = state_of(said(text).key, variable) if text not in ("P", "p") else None
    return state or Parsed(text)


def _by_result(key: str, variable: Variable) -> str | None:
    """+, 是, 阳性 for a category that has the codes positive and negative."""
    if "positive" not in variable.codes:
        return None
    w = words()
    group = w.answer.get(key) or w.result.get(key)
    return None if group is None else "positive" if group in _YES else "negative"


def _doubted(p: Parsed, word: Said, variable: Variable) -> Parsed:
    code = words().doubt.get(variable.name, {}).get(squeezed(word.key)) or word.footnote
    return p._replace(**remark(code, variable)) if code else p


_STATE_CODES = {State.NOT_DONE: "not_tested", State.UNKNOWN: "unknown", State.NOT_APPLICABLE: "not_applicable"}


def _state_code(p: Parsed, variable: Variable) -> Parsed:
    """A state of not knowing as the codebook's own code for it, where it has one."""
    code = _STATE_CODES.get(p.state)
    if code in variable.codes and p.rule != "ambiguous_nd":
        return p._replace(value=code, state=State.VALUE, rule=f"word:{code}")
    return p


def _no_such_code(key: str, variable: Variable) -> Fault:
    codes = list(variable.codes)
    pieces = [p for p in re.split(r"[+,;/、&]|\band\b|和|及", key) if p.strip()]
    if len(pieces) > 1 and all(code_of(p, variable) or words().answer.get(p.strip()) for p in pieces):
        return Fault("several_codes")
    return Fault("code_unknown", {"near": near_code(key, variable), "codes": ", ".join(codes), "example": codes[0]})


_SYMBOL = re.compile(r"^[A-Z][A-Z0-9]{1,9}(?:-[A-Z0-9]+)?$")


def _unlisted(text: str, word: Said, variable: Variable) -> Parsed:
    """A code outside an open list: kept with a warning, unless it names several or has not the shape of a gene."""
    if variable.name != "gene_causal":
        fault = _no_such_code(word.key, variable)
        if fault.code == "several_codes" or re.search(r"[+,;、&]", word.key):
            return refused(Fault("several_codes"), variable)
        return _kept(text, text, word, variable)
    if word.key in words().not_genes:
        return refused(Fault("entity_not_gene"), variable)
    named = re.fullmatch(r"(.+?)\s*(?:基因|gene|突变|mutation|variants?|变异)+", word.key)
    if named and code_of(named[1], variable):
        return Parsed(code_of(named[1], variable), rule=f"word:{code_of(named[1], variable)}")
    first, _, behind = word.key.replace(":", " ").partition(" ")
    listed = code_of(first, variable)
    if listed and re.match(r"(?:c|p|g|exon|基因|ivs|nm_)", behind.strip()):
        return Parsed(listed, rule=f"word:{listed}; footnote", **remark("footnote", variable))
    symbol = word.key.upper()
    if re.search(r"[+,;/、&]|\bAND\b|和|及", symbol):
        return refused(Fault("several_codes"), variable)
    if _SYMBOL.match(symbol):
        return _kept(symbol, text, word, variable)
    return refused(_no_such_code(word.key, variable), variable)


def _kept(value: str, text: str, word: Said, variable: Variable) -> Parsed:
    words_for = {"near": near_code(word.key, variable)}
    return Parsed(value, rule="" if value == text else "format", **remark("code_unlisted", variable, words_for))
