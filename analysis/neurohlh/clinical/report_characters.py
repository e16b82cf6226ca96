"""A report in uniform characters, with the way back from each of them to the text as it was written."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)\b[^<>]{0,300}>")
_ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}|#[0-9]{1,6}|#x[0-9a-fA-F]{1,5});")
_INLINE_TAGS = frozenset(("b", "i", "u", "em", "strong", "span", "font", "sub", "sup", "a"))
_DASHES = frozenset("-‐‑‒–—―−﹣_")
_INVISIBLE = frozenset("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad")
_ABBREVIATIONS = frozenset(("e.g", "i.e", "approx", "resp", "no", "fig", "cf", "dr"))
SENTENCE_ENDS = frozenset("。;!?\n")


@dataclass(frozen=True)
class Plain:
    """`text` in lower case and uniform characters; `where[i]` is the span of its i-th sign in the original."""

    text: str
    where: tuple[tuple[int, int], ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original text that a span of the plain text came from."""
        return self.where[start][0], self.where[end - 1][1]


def is_chinese(sign: str) -> bool:
    """Whether a sign is a Chinese character or punctuation mark."""
    return "\u3000" <= sign <= "\u9fff"


def plain_characters(text: str) -> Plain:
    """The text without tags, in uniform lower case; hyphens become blanks, blanks beside Chinese signs go."""
    signs: list[str] = []
    where: list[tuple[int, int]] = []
    for sign, start, end in _signs(text):
        if sign == " " and (not signs or signs[-1] in " \n" or is_chinese(signs[-1])):
            continue
        if signs and signs[-1] == " " and (sign == "\n" or is_chinese(sign)):
            signs.pop(), where.pop()
        signs.append(sign)
        where.append((start, end))
    return Plain("".join(signs), tuple(where))


def _signs(text: str) -> Iterator[tuple[str, int, int]]:
    """Every sign that counts, with its span in the text."""
    marked = _marked(text)
    at = 0
    while at < len(text):
        if at in marked:
            said, end = marked[at]
        else:
            said, end = text[at], at + 1
        if said not in _INVISIBLE:
            for sign in _uniform(said):
                yield sign, at, end
        at = end


def _marked(text: str) -> dict[int, tuple[str, int]]:
    """Where tags and entities stand: start -> (what they stand for, end)."""
    if "<" not in text and "&" not in text:
        return {}
    tags = {m.start(): (" " if m[2].lower() in _INLINE_TAGS else "\n", m.end()) for m in _TAG.finditer(text)}
    return tags | {m.start(): (html.unescape(m[0]), m.end()) for m in _ENTITY.finditer(text)}


def _uniform(said: str) -> str:
    if said in "\r\n\v\f\u2028\u2029":
        return "\n"
    wide = said if said.isascii() else unicodedata.normalize("NFKC", said)
    return "".join(" " if s in _DASHES or (s.isspace() and s != "\n") else s for s in wide.lower())


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Spans of the sentences of a plain text, each with the mark that ends it."""
    start = 0
    for i, sign in enumerate(text):
        if sign in SENTENCE_ENDS or (sign == "." and _ends_sentence(text, i)):
            yield start, i + 1
            start = i + 1
    if start < len(text):
        yield start, len(text)


def _ends_sentence(text: str, at: int) -> bool:
    """Whether a full stop ends a sentence: not one inside a number, an abbreviation or a numbering."""
    after = text[at + 1 : at + 2]
    if after and after not in " \n" and not is_chinese(after):
        return False
    word = text[:at].rsplit(" ", 1)[-1].rsplit("\n", 1)[-1]
    return not (word.isdigit() and len(word) < 3) and word not in _ABBREVIATIONS
