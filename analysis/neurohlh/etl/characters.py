"""The same characters for the same signs: what every pattern of this room is matched against."""

from __future__ import annotations

import re
import unicodedata

_SUPERSCRIPT = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+")
_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("−–—―‐‑﹣─━", "-"),
        **dict.fromkeys("〜∼", "~"),
        "⁄": "/",
        "∕": "/",
        "≦": "≤",
        "≧": "≥",
        "⩽": "≤",
        "⩾": "≥",
        "〈": "<",
        "〉": ">",
        "【": "[",
        "】": "]",
        "？": "?",
        **dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"),
    }
)


def plain(text: str) -> str:
    """The text with full-width and compatibility characters, dashes and white space made uniform (NFKC).

    Superscript digits become `^n` first: NFKC alone would turn 10⁹ into 109.
    """
    if not text.isascii():
        text = _SUPERSCRIPT.sub(lambda m: "^" + m[0].translate(_DIGITS), text)
        text = unicodedata.normalize("NFKC", text).translate(_SIGNS)
    return " ".join(text.split())


def squeezed(text: str) -> str:
    """A key for comparing names: uniform characters, no case, no blanks, underscores, hyphens or dots."""
    return re.sub(r"[\s_\-.·]+", "", plain(text).casefold())
