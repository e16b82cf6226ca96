"""The language of a report: every text is made in English and put into another language late and once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from neurohlh.report.language.book import load_book
from neurohlh.report.language.compose import Composer, sentences_joined
from neurohlh.report.language.cut import sentences

if TYPE_CHECKING:
    from neurohlh.report.blocks import Document

LANGUAGES = ("en", "zh")


@dataclass(frozen=True)
class Language:
    """A language by its code, as study.toml names it.

    A text comes back whole: translated, or, where the catalogue lacks a piece of it, its sentences that lack one stay
    English and are added to `untranslated`, if a set is given. `kept` are texts that stay as they are in every
    language: names of files, headers of the hospital's tables, titles that the study gave.
    """

    code: str = "en"
    kept: frozenset[str] = frozenset()
    untranslated: set[str] | None = field(default=None, compare=False, repr=False)
    _composers: dict[str, Composer] = field(default_factory=dict, compare=False, repr=False, init=False)

    def __post_init__(self) -> None:
        if self.code not in LANGUAGES:
            raise ValueError(f"there is no language {self.code!r}; there are {', '.join(LANGUAGES)}")

    def keeping(self, texts: Iterable[str]) -> Language:
        """The same language, with further texts that stay as they are."""
        return Language(self.code, self.kept | frozenset(texts), self.untranslated)

    def say(self, text: str) -> str:
        """`text`, which is English, in this language."""
        if self.code == "en" or not text:
            return text
        said = self._composer().text(text)
        if said is not None:
            return said
        parts = sentences(text)
        return sentences_joined([self._sentence(part) for part in parts])

    def document(self, document: Document) -> Document:
        """A document with every text in this language; keys, drawings' files and numbers stay."""
        from neurohlh.report.language.documents import translated

        return translated(document, self)

    def _sentence(self, text: str) -> str:
        said = self._composer().text(text)
        if said is None and self.untranslated is not None:
            self.untranslated.add(text)
        return text if said is None else said

    def _composer(self) -> Composer:
        if self.code not in self._composers:
            self._composers[self.code] = Composer(load_book(self.code), self.kept)
        return self._composers[self.code]


ENGLISH = Language()
