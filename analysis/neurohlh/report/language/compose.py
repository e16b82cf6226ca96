"""A text that was made of several: taken apart until every piece stands in the catalogue, and put together again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from neurohlh.report.language import cut
from neurohlh.report.language.book import Book, Template
from neurohlh.report.language.neutral import is_citation, needs_words

_NESTED = 4
_RUN = 6
"""So many sentences, or pieces between semicolons or commas, are looked up together at most."""
_TRIES = 60
_SURE = 6
"""So many literal signs make a template sure; ' of ' may stand anywhere."""
_COMPARISON = re.compile(r" (>=|<=|==|!=|>|<|≥|≤|=|×|→|->|\+|−|-|&|/|–|—|vs|v) ")
_COUNTED = re.compile(r"(.+) (\d[\d.,\u202f]*(?: ?%)?)\.?")
_JOINED = re.compile(r"(, |; |: )(.+)", re.S)
_JOINTS = {", ": "，", "; ": "；", ": ": "："}
_NUMBERED = re.compile(r"(.+) \((\d[\d.,\u202f]*)\)\.?")
_CITED = re.compile(r"(.+?) ([\[(])([^\[\]()]*(?:\([^()]*\)[^\[\]()]*)?)[\])]\.?", re.S)


@dataclass
class Composer:
    """Translates by a book.

    `kept` are texts that stay (names of files, headers of the hospital). What was said is remembered, and what could
    not be said with the nesting that was allowed, so that every piece is worked on once.
    """

    book: Book
    kept: frozenset[str] = frozenset()
    said: dict[str, str] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)

    def text(self, text: str, nest: int = _NESTED) -> str | None:
        """`text` in the language of the book, or None where a part of it cannot be said.

        `nest` is how many templates may still stand within one another.
        """
        if text in self.said:
            return self.said[text]
        if self.failed.get(text, -1) >= nest:
            return None
        found = self._found(text, nest)
        if found is None:
            self.failed[text] = nest
        else:
            self.said[text] = found
        return found

    def _found(self, text: str, nest: int) -> str | None:
        bare = text.strip()
        known = self.book.whole(bare) is not None
        cited = None if known else self._cited(bare, nest)
        if cited is not None:
            return text.replace(bare, cited)
        if not known and not needs_words(bare):
            return text.replace("}.", "}。") if text.endswith("}.") else text
        if bare != text:
            said = self.text(bare, nest)
            return None if said is None else text.replace(bare, said)
        ways = (
            self._whole, self._sentences, self._in_brackets, self._known_list, self._template, self._semicolons,
            self._signs, self._colon, self._bracket, self._list, self._terms, self._counted, self._weak_template,
        )  # fmt: skip
        said = next((said for way in ways for said in [way(text, nest)] if said is not None), None)
        return text if said is None and bare in self.kept else said

    def _whole(self, text: str, nest: int) -> str | None:
        said = self.book.whole(text)
        return None if said is None else said + _stop(text)

    def _cited(self, text: str, nest: int) -> str | None:
        """'Hayden 2017, Blood Adv 1:25 [VERIFIED]': the reference stays, what is said of it does not."""
        found = _CITED.fullmatch(text)
        if found is None or not is_citation(found[1]):
            return None
        said = self.text(found[3], nest)
        return None if said is None else f"{found[1]}{_bracketed(said, found[2])}{_stop(text)}"

    def _sentences(self, text: str, nest: int) -> str | None:
        parts = cut.sentences(text)
        said = self._runs(parts, " ", nest) if len(parts) > 1 else None
        return None if said is None else sentences_joined(said)

    def _template(self, text: str, nest: int) -> str | None:
        """By a template that holds enough words to be sure, and as many semicolons and colons as the text."""
        return self._by_template(text, nest, weak=False)

    def _weak_template(self, text: str, nest: int) -> str | None:
        return self._by_template(text, nest, weak=True)

    def _by_template(self, text: str, nest: int, *, weak: bool) -> str | None:
        if nest == 0:
            return None
        bare = text.removesuffix(".")
        parts, heads = len(cut.split(bare, "; ")), len(cut.split(bare, ": "))
        for template in self.book.templates(bare):
            sure = template.weight >= _SURE and template.parts == parts and template.heads == heads
            if sure == weak or template.parts > parts:
                continue
            said = next(self._fills(template, bare, nest - 1, weak=weak), None)
            if said is not None:
                return said + _stop(text)
        return None

    def _fills(self, template: Template, text: str, nest: int, *, weak: bool) -> Iterator[str]:
        """The ways in which the holes of a template can be filled from a text, every one of them translated."""
        pieces, holes, tries = template.pieces, template.holes, iter(range(_TRIES))

        def rest(index: int, at: int, said: dict[int, str]) -> Iterator[str]:
            if index == len(holes):
                yield template.filled(said)
                return
            for end in cut.hole_ends(text, at, pieces[index + 1], last=index + 1 == len(holes)):
                if next(tries, None) is None:
                    return
                hole = text[at:end]
                if pieces[index + 1].startswith(" (") and ") " in hole:
                    return  # what stands before a bracket is what the bracket belongs to, and no more
                if index in template.coded or template.bare:
                    found = None if template.bare and needs_words(hole) and hole not in self.kept else hole
                else:
                    found = self._hole(hole, pieces[index], nest, weak)
                if found is not None:
                    yield from rest(index + 1, end + len(pieces[index + 1]), {**said, holes[index]: found})

        if _begins(text, pieces[0]):
            yield from rest(0, len(pieces[0]), {})

    def _hole(self, hole: str, before: str, nest: int, weak: bool) -> str | None:
        added = before[-1:].isalnum() or before[-1:] in ")%'\"" if before else False
        if not cut.can_fill(hole, added=added, weak=weak):
            return None
        found = _JOINED.fullmatch(hole) if added else None
        if found is None:
            return self.text(hole, nest)
        said = self.text(found[2], nest)
        return None if said is None else _JOINTS[found[1]] + said

    def _semicolons(self, text: str, nest: int) -> str | None:
        parts = cut.split(text.removesuffix("."), "; ")
        said = self._runs(parts, "; ", nest) if len(parts) > 1 else None
        return None if said is None else "；".join(said) + _stop(text)

    def _signs(self, text: str, nest: int) -> str | None:
        for sign in ("\n", " · ", " | ", " → "):
            if len(parts := cut.split(text, sign)) > 1:
                said = self._each(parts, nest)
                return None if said is None else sign.join(said)
        return None

    def _colon(self, text: str, nest: int) -> str | None:
        """'Head: what is said of it'; a colon at the end stays one."""
        if text.endswith(":"):
            said = self.text(text[:-1], nest)
            return None if said is None else f"{said}："
        parts = cut.split(text, ": ")
        sides = ((": ".join(parts[:at]), ": ".join(parts[at:])) for at in range(1, len(parts)))
        return next(("：".join(said) for two in sides for said in [self._each(two, nest)] if said is not None), None)

    def _bracket(self, text: str, nest: int) -> str | None:
        """'Head (aside)', also where words follow the bracket."""
        found = cut.last_bracket(text)
        if found is None:
            return None
        start, end = found
        before, inside, after = text[:start].rstrip(), text[start + 1 : end], text[end + 1 :].removesuffix(".")
        said = self._each((before, inside, after), nest)
        return None if said is None else f"{said[0]}{_bracketed(said[1], text[start])}{said[2].lstrip()}{_stop(text)}"

    def _in_brackets(self, text: str, nest: int) -> str | None:
        """'A reason (12)': the number counts the whole of what stands before it."""
        found = _NUMBERED.fullmatch(text)
        said = self.text(found[1], nest) if found and cut.closed(found[1]) else None
        return f"{said} ({found[2]}){_stop(text)}" if found and said is not None else None

    def _known_list(self, text: str, nest: int) -> str | None:
        """'a, b and c' of which each stands in the catalogue as it is."""
        parts = cut.split(text.removesuffix("."), ", ")
        items = [*parts[:-1], *cut.split(parts[-1], " and ")]
        known = len(items) > 2 and all(self.book.whole(item) or not needs_words(item) for item in items)
        return self._list(text, nest) if known else None

    def _list(self, text: str, nest: int) -> str | None:
        """'a, b and c', or pieces between commas."""
        parts = cut.split(text.removesuffix("."), ", ")
        for word, joint in ((" and ", "和"), (" or ", "或")):
            ends = cut.split(parts[-1], word)
            for at in range(1, len(ends)):
                said = self._each((*parts[:-1], word.join(ends[:at]), word.join(ends[at:])), nest)
                if said is not None:
                    return f"{'、'.join(said[:-1])}{joint}{said[-1]}{_stop(text)}"
        run = self._runs(parts, ", ", nest) if len(parts) > 1 else None
        return None if run is None else "，".join(run) + _stop(text)

    def _terms(self, text: str, nest: int) -> str | None:
        """Two sides of a sign: 'Ferritin > 500 µg/L', 'CNS involved vs CNS not involved'."""
        for found in _COMPARISON.finditer(text):
            if cut.levels(text)[found.start()] == 0:
                said = self._each((text[: found.start()], text[found.end() :]), nest)
                if said is not None:
                    return f"{said[0]} {found[1]} {said[1]}"
        return None

    def _counted(self, text: str, nest: int) -> str | None:
        """'A reason 12': words and the number of patients they hold for."""
        found = _COUNTED.fullmatch(text)
        said = self.text(found[1], nest) if found else None
        return f"{said} {found[2]}{_stop(text)}" if found and said is not None else None

    def _each(self, parts: Sequence[str], nest: int) -> list[str] | None:
        said = []
        for part in parts:
            found = self.text(part, nest)
            if found is None:
                return None
            said.append(found)
        return said

    def _runs(self, parts: Sequence[str], glue: str, nest: int) -> list[str] | None:
        """Pieces one after the other, or several together where the catalogue holds them so (the longest first)."""
        said: list[str] = []
        start = 0
        while start < len(parts):
            ends = range(min(len(parts), start + _RUN), start, -1)
            runs = ((end, self._run(parts[start:end], glue, nest)) for end in ends)
            end, found = next(((end, found) for end, found in runs if found is not None), (0, None))
            if found is None:
                return None
            said.append(found)
            start = end
        return said

    def _run(self, parts: Sequence[str], glue: str, nest: int) -> str | None:
        if len(parts) == 1:
            return self.text(parts[0], nest)
        run = glue.join(parts)
        found = self._whole(run, nest)
        return found if found is not None else self._template(run, nest)


def sentences_joined(said: Sequence[str]) -> str:
    """Sentences one after the other; after a Chinese stop there is no blank."""
    text = said[0]
    for part in said[1:]:
        text += part if text.endswith(("。", "？", "！", "：")) else f" {part}"
    return text


def _stop(text: str) -> str:
    return "。" if text.endswith(".") else ""


def _bracketed(said: str, sign: str) -> str:
    if sign == "[":
        return f" [{said}]"
    return f"（{said}）" if re.search(r"[\u4e00-\u9fff]", said) else f" ({said})"


def _begins(text: str, piece: str) -> bool:
    return not piece or (text.startswith(piece[1:], 1) and text[:1].casefold() == piece[0].casefold())
