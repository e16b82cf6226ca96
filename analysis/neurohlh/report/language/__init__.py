"""The language of a report: every text is made in English and put into another language late and once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """A language by its code, as study.toml names it."""

    code: str = "en"

    def say(self, text: str) -> str:
        """`text`, which is English, in this language."""
        return text


ENGLISH = Language()
