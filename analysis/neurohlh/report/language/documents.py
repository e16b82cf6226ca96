"""A document in another language: every text of its blocks, found by walking the dataclasses they are made of."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurohlh.report.blocks import Document
    from neurohlh.report.language import Language

# Fields that name a thing for the machine; every other text is for the reader.
_NOT_SAID = frozenset({"key", "kind", "tone", "name", "frame", "lang", "block"})


def translated(document: Document, language: Language) -> Document:
    """`document` with every text said in `language`, its pictures too."""
    said: Document = _said(document, language)
    return replace(said, lang=language.code)


def _said(value: Any, language: Language) -> Any:
    if isinstance(value, str):
        return language.say(value)
    if isinstance(value, tuple):
        return tuple(_said(item, language) for item in value)
    if hasattr(value, "said_in"):
        return value.said_in(language)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {f.name: _said(getattr(value, f.name), language) for f in fields(value) if f.name not in _NOT_SAID}
        return replace(value, **changed)
    return value
