"""Counts in sentences: a clause that holds a hidden count loses its counts and percentages.

What is no count of the study's patients stays: days, years, sources, conventions, numbers of parameters and the like.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from neurohlh.core.suppression import WORD
from neurohlh.report.disclose.rule import Rule

_PUBLISHED = re.compile(r"\bdoi\b|\bPMID\b|VERIFIED|\bpublish|\bprint(?:ed|s)?\b|https?:|et al", re.I)
# In the order of trial: a day or row of one patient, what is no count ('keep'), then whatever may be a count.
_TOKEN = re.compile(
    r"""(?P<single>(?:\brow\s+|\bat\ risk\ (?:from|before)\ time\s+)\d[\d\u202f,]*(?:\.\d+)?)
    |(?P<keep>
        (?:\bdays?|\bweeks?|\byears?|\bmonths?|\bfewer\ than|\bmore\ than|\bat\ least|\bbelow|\babove|\bbeyond|\bunder
          |\bless\ than|\bover|\bup\ to|\bfirst|\bstep|\bday\ -|\bgroups?|\bpattern|\blevel|\bevery)\s*-?\d+(?:\.\d+)?
          (?:\s*(?:to|and|or|-|–)\s*(?:day\s*)?-?\d+)?
        |\d+(?:\.\d+)?(?:\s*(?:to|and|or|-|–)\s*\d+)?[\s-]*(?:days?|weeks?|months?|years?|-year|parameters?|imputations?
          |tests?\b|domains?\b|definitions?\b|choices?\b|specifications?\b|studies\b|cohorts?\b|replicates?|Newton|times\b
          |terms?\b|knots?\b|df\b|centres?\b|sources?\b|columns?\b|findings?\b|comparable)
        |\d+(?:\.\d+)?\s*%\s*(?:interval|limits?|confidence)
        |[A-Za-z]+-?\d[\w.-]*|\d+[A-Za-z]\w*|\b\d+\s*[xX]\s*10\^\d+[\w./]*|\b(?:19|20)\d\d\b|\d+:\d+|\b0\.\d+|\b0\b
        |\d+\ or\ more\b|\b95\b|\bnever\ 10\b|\b1\ (?:means?|point)\b|\d+\ (?:points|interactions|estimates)\b
        |(?:from|far\ from|side\ of|includes?|excludes?|S)\ 1\b(?!\ to)|\b(?:virus|type|grade|score)\ \d+(?:\ or\ \d+)?
        |virus\ \d+
      )
    |(?P<share>\d+(?:\.\d+)?[\s\u202f]*%)(?:\s+of\s+(?P<of>\d+))?
    |(?P<part>\d[\d\u202f]*)\s*(?:/|\bof(?:\ the)?)\s*(?P<whole>\d[\d\u202f]*)(?![\d.]*\s*%)
    |(?P<number>\d+\.\d+|\d[\d\u202f]*)""",
    re.X,
)


def mask_text(text: str, rule: Rule, hidden: Collection[int] = ()) -> str:
    """The text without hidden counts; `hidden` are counts that are withheld beside it.

    Clause by clause: where one count is small, withheld, or leaves a small rest of the number it is said to be part of,
    all counts and percentages of the clause become the word 'suppressed'.
    """
    if not re.search(r"\d", text):
        return text
    pieces = re.split(r"((?<=[;.])\s+)", text)
    return "".join(_mask_clause(piece, rule, hidden) for piece in pieces)


def _mask_clause(clause: str, rule: Rule, hidden: Collection[int]) -> str:
    if _PUBLISHED.search(clause):
        return clause
    clause = _TOKEN.sub(lambda m: re.sub(r"\d[\d\u202f,.]*\d|\d", WORD, m[0]) if m["single"] else m[0], clause)
    tokens = [m for m in _TOKEN.finditer(clause) if m["keep"] is None]
    if not any(_gives_away(m, rule, hidden) for m in tokens):
        return clause
    return _TOKEN.sub(_withhold, clause)


def _withhold(found: re.Match[str]) -> str:
    return found[0] if found["keep"] is not None else re.sub(r"\d[\d\u202f,.]*\d|\d", WORD, found[0])


def _gives_away(found: re.Match[str], rule: Rule, hidden: Collection[int]) -> bool:
    def seen(value: int) -> bool:
        return rule.hidden(value) or value in hidden

    if found["share"]:
        if not found["of"]:
            return False
        whole = int(found["of"])
        part = round(whole * float(re.sub(r"[^\d.]", "", found["share"])) / 100)
        return seen(part) or seen(whole - part)
    if found["part"]:
        part, whole = _whole(found["part"]), _whole(found["whole"])
        return seen(part) or seen(whole) or rule.small(whole - part)
    return bool(found["number"]) and "." not in found["number"] and seen(_whole(found["number"]))


def _whole(text: str) -> int:
    return int(re.sub(r"\D", "", text))
