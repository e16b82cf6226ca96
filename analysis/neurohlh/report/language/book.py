"""The catalogue of translated texts: whole texts, and templates with holes found by the words that they hold."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

from neurohlh.report.language.cut import split

_HOLE = re.compile(r"\{(\d+)\}")
_SIGN = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
_CHINESE = re.compile(_SIGN)
_HOLE_BETWEEN = re.compile(rf"(?P<before>{_SIGN})?(?P<left> ?)\{{(?P<number>\d+)\}}(?P<right> ?)(?P<after>{_SIGN})?")
_TWICE = re.compile(r"(例(?:患者|死亡|儿童)?) ?例(?!如)")
_WORD = re.compile(r"[A-Za-z]+|[^\sA-Za-z\d]")
_ADDED = re.compile(r"(.*(?:[\w)}%'\".]|\. ))(\{\d+\})\.?", re.S)
_STOPS = ".。"
_SMALL = frozenset(
    {
        "a", "an", "and", "are", "as", "at", "by", "for", "from", "in", "is", "no", "not", "of", "on", "only", "or",
        "per", "the", "to", "vs", "when", "with", "without",
    }
)  # fmt: skip
BOTH = {
    "strings.csv": "", "variables.csv": "label_", "exported.csv": "label_", "mri_findings.csv": "label_",
    "mri_regions.csv": "label_", "neuro_symptoms.csv": "label_", "abbreviations.csv": "",
}  # fmt: skip
"""Tables of the catalogue that hold both languages -> what stands before the language code in their column names."""


@dataclass(frozen=True)
class Template:
    """A text with holes: its literal pieces (one more than holes), the number of each hole, and its translation."""

    pieces: tuple[str, ...]
    holes: tuple[int, ...]
    translation: str
    weight: int
    """How many signs of it are literal: the more, the surer a match."""
    parts: int
    """Of how many parts, between semicolons, it is made."""
    heads: int
    """The same between colons."""
    bare: bool
    """Whether its words are small words only ('{0} of {1}'), which join numbers; between words they mean too much."""
    coded: frozenset[int] = frozenset()
    """The places of holes that stand within code or quotation marks: what fills them is not translated."""

    def filled(self, said: Mapping[int, str]) -> str:
        """The translation with its holes filled; no blank between two Chinese signs, no measure word said twice."""

        def fill(hole: re.Match[str]) -> str:
            text = said[int(hole["number"])]
            before = "" if _CHINESE.match(text[:1]) and hole["before"] and hole["left"] else hole["left"]
            after = "" if _CHINESE.match(text[-1:]) and hole["after"] and hole["right"] else hole["right"]
            return f"{hole['before'] or ''}{before}{text}{after}{hole['after'] or ''}"

        return _TWICE.sub(r"\1", _HOLE_BETWEEN.sub(fill, self.translation))


@dataclass(frozen=True)
class Book:
    """Texts and templates of one language, compared without a full stop and the case of their first letter."""

    exact: Mapping[str, str] = field(default_factory=dict)
    by_word: Mapping[str, tuple[tuple[frozenset[str], Template], ...]] = field(default_factory=dict)

    def whole(self, text: str) -> str | None:
        """The translation of a text that stands in the catalogue as it is."""
        return self.exact.get(key(text))

    def templates(self, text: str) -> list[Template]:
        """The templates all of whose literal words are in `text`, the one with most literal signs first."""
        words = words_of(text)
        found = [t for word in words for needed, t in self.by_word.get(word, ()) if needed <= words]
        return sorted(found, key=lambda t: (-t.weight, t.pieces))


def key(text: str) -> str:
    """What a text is looked up by: no full stop, its first letter small unless it begins an abbreviation."""
    text = re.sub(r" {2,}", " ", text.strip().rstrip(".").rstrip())
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def words_of(text: str) -> frozenset[str]:
    """The words of a text, small, and its signs."""
    return frozenset(word.lower() for word in _WORD.findall(text))


def book_of(rows: Iterable[tuple[str, str]]) -> Book:
    """A book from (English, translation) pairs; a pair without a translation is left out, the first of equals stays."""
    exact: dict[str, str] = {}
    templates: dict[tuple[str, ...], Template] = {}
    for english, said in rows:
        if not said.strip():
            continue
        for text, translation in _filled_or_not(english, said):
            if not _HOLE.search(text):
                exact.setdefault(key(text), translation.strip().rstrip(_STOPS))
                continue
            made = _template(text, translation)
            if any(re.search(r"[A-Za-z]", piece) for piece in made.pieces):
                templates.setdefault(made.pieces, made)
    return Book(exact, _index(templates.values()))


def _filled_or_not(english: str, said: str) -> Iterator[tuple[str, str]]:
    """A text, and the same without the hole that ends it and that may be empty.

    A hole that follows a word, a bracket or a full stop without a blank holds an addition (', sheet 2') or nothing.
    """
    yield english, said
    found = _ADDED.fullmatch(english)
    if found and found[1] and said.count(found[2]) == 1:
        yield found[1], re.sub(r"\s*" + re.escape(found[2]), "", said)


def _template(english: str, said: str) -> Template:
    cut = _HOLE.split(key(english))
    pieces, holes = tuple(cut[::2]), tuple(int(n) for n in cut[1::2])
    said = said.strip().rstrip(_STOPS)
    bare = {word for piece in pieces for word in re.findall(r"[a-z]+", piece.lower())} <= _SMALL
    coded = frozenset(place for place in range(len(holes)) if _in_code(pieces[place], english))
    weight, parts, heads = sum(map(len, pieces)), len(split(english, "; ")), len(split(english, ": "))
    return Template(pieces, holes, said, weight, parts, heads, bare, coded)


def _in_code(before: str, english: str) -> bool:
    return before.endswith(("{ ", '"', "'", "[", "`", "-> ")) or ("{ " in english and before.endswith("= "))


def _index(templates: Iterable[Template]) -> dict[str, tuple[tuple[frozenset[str], Template], ...]]:
    """Each template under the rarest of its words, so that a text is held against few of them."""
    needed = [(words_of(" ".join(t.pieces)), t) for t in templates]
    common = Counter(word for words, _ in needed for word in words)
    found: defaultdict[str, list[tuple[frozenset[str], Template]]] = defaultdict(list)
    for words, template in needed:
        rarest = min((w for w in words if w.isalpha()), key=lambda w: (common[w], w))
        found[rarest].append((words, template))
    return {word: tuple(held) for word, held in found.items()}


@lru_cache(maxsize=4)
def load_book(code: str) -> Book:
    """The catalogue's book of a language: its own strings first, then the labels of the tables that carry both."""
    return book_of(pair for table in BOTH for pair in pairs(table, code))


def pairs(table: str, code: str) -> Iterator[tuple[str, str]]:
    """The (English, other language) texts of one table of the catalogue; rows that lack either are left out."""
    lines = (files("neurohlh") / "catalogue" / table).read_text(encoding="utf-8-sig").splitlines(keepends=True)
    stem = BOTH[table]
    for row in csv.DictReader(lines):
        english, other = row.get(f"{stem}en"), row.get(f"{stem}{code}")
        if english and other:
            yield english, other
