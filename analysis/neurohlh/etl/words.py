"""Words and signs for not knowing, for yes and no, and for the categories of the codebook, in English and Chinese."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from neurohlh.core.errors import closest
from neurohlh.etl.characters import plain, squeezed
from neurohlh.etl.codebook import CATALOGUE, Variable


@dataclass(frozen=True)
class Words:
    """`catalogue/words.toml`, by word."""

    state: Mapping[str, str]
    """word -> missing, not_done, not_applicable, unknown, lost, equivocal, dash, nd or cross."""
    answer: Mapping[str, str]
    """word -> yes, done or no."""
    result: Mapping[str, str]
    """word -> positive or negative."""
    number: Mapping[str, str]
    """word -> high_or_low, below_detection, normal or age_band."""
    own: Mapping[str, Mapping[str, str]]
    """variable -> word -> yes, no, discharged or withdrawn."""
    category: Mapping[str, Mapping[str, str]]
    """variable -> squeezed word -> code."""
    doubt: Mapping[str, Mapping[str, str]]
    """variable -> squeezed word -> code of a remark."""
    negation: tuple[str, ...]
    not_given: frozenset[str]
    question_given: frozenset[str]
    question_done: frozenset[str]
    age_bands: frozenset[str]
    not_genes: frozenset[str]
    normal_report: re.Pattern[str]
    """A report of one phrase that says normal and nothing else."""


def _by_word(groups: Mapping[str, list[str]]) -> dict[str, str]:
    return {folded(word): group for group, written in groups.items() for word in written}


def _phrase(parts: Mapping[str, list[str]]) -> re.Pattern[str]:
    """any of `before`, one of `core`, any of `after`."""
    before, core, after = ("|".join(sorted(map(re.escape, parts[p]), key=len, reverse=True)) for p in parts)
    return re.compile(f"(?:{before})*(?:{core})(?:{after})*")


@lru_cache(maxsize=1)
def words() -> Words:
    """The vocabulary of the package."""
    raw = tomllib.loads((CATALOGUE / "words.toml").read_text(encoding="utf-8"))
    answer = {g: w for g, w in raw["answer"].items() if g != "not_given"}
    category = {v: {squeezed(w): c for c, ws in codes.items() for w in ws} for v, codes in raw["category"].items()}
    doubt = {v: {squeezed(w): c for c, ws in codes.items() for w in ws} for v, codes in raw["doubt"].items()}
    for variable, meanings in raw["means"].items():
        category[variable] |= {w: meanings[c] for w, c in doubt[variable].items() if c in meanings}
    number = {g: w for g, w in raw["number"].items() if g != "age_band"}
    return Words(
        state=_by_word(raw["state"]),
        answer=_by_word(answer),
        result=_by_word(raw["result"]),
        number=_by_word(number),
        own={variable: _by_word(groups) for variable, groups in raw["own"].items()},
        category=category,
        doubt=doubt,
        negation=tuple(raw["negation"]["begins"]),
        not_given=frozenset(map(folded, raw["answer"]["not_given"])),
        question_given=frozenset(raw["question"]["given"]),
        question_done=frozenset(raw["question"]["done"]),
        age_bands=frozenset(raw["number"]["age_band"]),
        not_genes=frozenset(raw["entity"]["not_genes"]),
        normal_report=_phrase(raw["normal"]),
    )


def folded(text: str) -> str:
    """A key for comparing words: uniform characters, no case, no blanks between Chinese ones, no closing stop."""
    s = plain(text).casefold()
    if not s.isascii():
        s = re.sub(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])", "", s)
    return s.rstrip(".。;,") or s


_MARKS = re.compile(r"[*†‡§¶#]+$")
_GRADE = re.compile(r"^\(?(?:\+{1,4}|[1-4]\s?\+)\)?$")
_NOTE = re.compile(r"^(?P<head>[^()\[\]]+?)\s*[(\[](?P<note>.*)[)\]]$")


@dataclass(frozen=True)
class Said:
    """A word without its footnote: the key to look up, the grade (++, 2+) read as '+', and what stood beside it."""

    key: str
    footnote: str = ""
    """'', 'footnote' (words) or 'footnote_mark'."""
    graded: bool = False


def said(text: str) -> Said:
    """What a text says apart from marks and words in brackets; a bracketed question mark makes it uncertain."""
    key = folded(text)
    if _GRADE.match(key):
        return Said("+", graded=key.strip("()") != "+")
    bare = _MARKS.sub("", key).strip()
    mark = "footnote_mark" if bare != key and bare else ""
    m = _NOTE.match(bare)
    if m:
        note = m["note"].strip()
        if "?" in note or words().state.get(note) == "equivocal":
            return Said("?")
        same = _GRADE.match(note) or note in ("-", m["head"])
        return Said(m["head"].strip(), mark if same else "footnote")
    if bare.endswith("?") and len(bare) > 1:
        return Said("?")
    return Said(bare or key, mark)


def denies(key: str, variable: Variable) -> bool:
    """Whether a text denies this variable's own finding (未见出血 in a column for bleeding), and nothing else."""
    names = names_of(variable)
    for begin in words().negation:
        if key.startswith(begin):
            rest = key[len(begin) :].strip()
            if squeezed(rest) in names or rest in ("异常", "明显异常", "特殊", "明显"):
                return True
    return False


def names_itself(key: str, variable: Variable) -> bool:
    """Whether the text is a name of the variable (发热 in the column for fever): present."""
    return squeezed(key) in names_of(variable)


def names_of(variable: Variable) -> frozenset[str]:
    """The labels and headers of a variable, squeezed."""
    return _squeezed_names((variable.label_en, variable.label_zh, *variable.aliases_en, *variable.aliases_zh))


@lru_cache(maxsize=512)
def _squeezed_names(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(squeezed(name) for name in names if name) - {"event", "status", "type"}


def code_of(key: str, variable: Variable) -> str | None:
    """The codebook's code that a text names: the code itself, its meaning, or one of its words."""
    by_key = _codes_by_key(variable)
    s = squeezed(key) or key
    return by_key.get(s) or words().category.get(variable.name, {}).get(s)


def _codes_by_key(variable: Variable) -> dict[str, str]:
    return _squeezed_codes(tuple(variable.codes.items()))


@lru_cache(maxsize=512)
def _squeezed_codes(codes: tuple[tuple[str, str], ...]) -> dict[str, str]:
    by_key = {squeezed(meaning): code for code, meaning in codes}
    return by_key | {squeezed(code): code for code, _ in codes}


def near_code(key: str, variable: Variable) -> str:
    """A sentence that names the closest code, or ''."""
    spelled = {**words().category.get(variable.name, {}), **_codes_by_key(variable)}
    if len(key) > 30:  # a sentence is no misspelt code
        return ""
    near = closest(squeezed(key), spelled, n=1)
    return f"The closest is {spelled[near[0]]!r}." if near else ""
