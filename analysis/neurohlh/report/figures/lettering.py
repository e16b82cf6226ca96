"""The type of figures: the fonts that draw a text on every machine alike, what they lack, and how wide a text runs."""

from __future__ import annotations

from functools import lru_cache

from matplotlib import font_manager

from neurohlh.report import fonts

LATIN = "DejaVu Sans"
"""Comes with matplotlib; its figures are all of one width, so that columns of numbers stand in line."""
FAMILIES = (LATIN, fonts.FAMILY)
_MEASURED_AT = 100.0  # points
_HINTED = 1 + 1 / 30
_BREAKS = " -/,;·、，；"


def install() -> None:
    """Makes the font of the package known to matplotlib; the reader's settings stay as they are."""
    known = font_manager.fontManager
    if all(entry.name != fonts.FAMILY for entry in known.ttflist):
        for file in (fonts.FILE, fonts.BOLD):
            known.addfont(file)


def drawable(text: str) -> bool:
    """Whether the fonts of figures have every sign of `text`."""
    return all(ord(sign) in _latin_signs() or ord(sign) in fonts.signs() for sign in text)


def text_width(text: str, size: float = 9.5, *, bold: bool = False) -> float:
    """How many inches the longest line of `text` takes at `size` points; signs that no font has count as a full em.

    It is the most that the text takes at any resolution: at a low one, hinting widens it by up to a thirtieth.
    """
    return max(_line_width(line, bold) for line in text.split("\n")) * size / _MEASURED_AT * _HINTED


def wrapped(text: str, room: float, size: float = 9.5, *, bold: bool = False, most: int = 2) -> str:
    """`text` in at most `most` lines of `room` inches; a text that is longer still ends with an ellipsis.

    Lines break at spaces and hyphens, and between Chinese signs.
    """
    lines: list[str] = []
    rest = text.strip()
    while rest and len(lines) < most:
        line = _fitting(rest, room, size, bold, last=len(lines) == most - 1)
        lines.append(line)
        rest = "" if line.endswith("…") else rest[len(line) :].strip()
    return "\n".join(line.strip() for line in lines)


def _fitting(text: str, room: float, size: float, bold: bool, *, last: bool) -> str:
    if text_width(text, size, bold=bold) <= room:
        return text
    end = len(text)
    while end > 1 and text_width(text[:end].rstrip() + ("…" if last else ""), size, bold=bold) > room:
        end -= 1
    if last:
        return text[:end].rstrip() + "…"
    places = [k for k in range(1, end + 1) if _may_break(text, k)]
    return text[: places[-1]] if places else text[:end]


def _may_break(text: str, place: int) -> bool:
    before, after = text[place - 1], text[place : place + 1]
    chinese = ord(before) > 0x2E80 and after not in tuple("，。；：、）》」！？”")
    return before in _BREAKS or after == " " or (chinese and bool(after))


@lru_cache(maxsize=4096)
def _line_width(line: str, bold: bool) -> float:
    """Inches at 100 points."""
    shown = "".join(sign if drawable(sign) else "\N{FULLWIDTH LATIN CAPITAL LETTER W}" for sign in line)
    # The font is matplotlib's own, which sets its size anew whenever it draws.
    font = font_manager.get_font(_files(bold))
    font.set_size(_MEASURED_AT, 72)
    font.set_text(shown, 0.0)
    return float(font.get_width_height()[0]) / 64 / 72


@lru_cache(maxsize=2)
def _files(bold: bool) -> tuple[str, str]:
    return _file(LATIN, bold), str(fonts.BOLD if bold else fonts.FILE)


def _file(family: str, bold: bool) -> str:
    wanted = font_manager.FontProperties(family=family, weight="bold" if bold else "normal")
    return str(font_manager.findfont(wanted))


@lru_cache(maxsize=1)
def _latin_signs() -> frozenset[int]:
    return frozenset(font_manager.get_font(_file(LATIN, False)).get_charmap())
