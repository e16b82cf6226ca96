"""Drawings inside a page: as small as they can be without looking different, and without a style of their own.

The figure engine sets a style on every mark. On a page the styles of all drawings become classes of its one style sheet
(a strict content policy allows no style attribute), coordinates keep a hundredth of a point, points between the ends of
a level or upright line go, marks that follow one another in the same style share it, and ids that nobody names go.
"""

from __future__ import annotations

import re
from itertools import groupby

from lxml import etree

_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_STEP = re.compile(r"([A-Za-z])([^A-Za-z]*)")
_NAMED = re.compile(r"url\(#([^)]+)\)|^#(.+)$")
_NO_TURN = re.compile(r"^rotate\(-?0(?:\.0*)?(?: [^)]*)?\)$")
_OWN_OPACITY = re.compile(r"(?:^|;)opacity:")
_SHARED = ("style", "clip-path")
_PLACES = ("x", "y", "width", "height", "transform", "viewBox")
_TEXTS = ("text", "tspan", "title", "desc")

Step = tuple[str, list[int]]
"""A letter of a path and its numbers in hundredths, so that steps add up without a rounding error."""


class Drawings:
    """The drawings of one page and the classes that they share."""

    def __init__(self) -> None:
        self._classes: dict[str, str] = {}
        self._ids = 0

    def compact(self, svg: str) -> str:
        """One drawing, an SVG element as text, made small; its styles are added to `css`."""
        root = etree.fromstring(svg, etree.XMLParser(remove_comments=True, resolve_entities=False))
        _drop_blank_text(root)
        self._rename(root)
        for element in list(root.iter()):
            _shorten(element)
        for group in [g for g in root.iter("g") if not g.attrib]:
            _unwrap(group)
        for parent in list(root.iter()):
            _join_lines(parent)
            _share(parent)
        self._style_by_class(root)
        return str(etree.tostring(root, encoding="unicode"))

    def css(self) -> str:
        """The rules of the classes, in the order in which the drawings first used them."""
        return "\n".join(f".{name}{{{style}}}" for style, name in self._classes.items())

    def _rename(self, root: etree._Element) -> None:
        """Short ids for what is named inside the drawing; title and description keep theirs; all others go."""
        spoken = set((root.get("aria-labelledby") or "").split())
        named = {name for element in root.iter() for value in element.attrib.values() for name in _names_in(value)}
        new: dict[str, str] = {}
        for element in root.iter():
            ident = element.attrib.pop("id", None)
            if ident in spoken:
                element.set("id", ident)
            elif ident in named:
                self._ids += 1
                new[ident] = f"d{self._ids}"
                element.set("id", new[ident])
        for element in root.iter():
            for key, value in element.attrib.items():
                for name in _names_in(value):
                    element.set(key, value.replace(f"#{name}", f"#{new.get(name, name)}"))

    def _style_by_class(self, root: etree._Element) -> None:
        for element in root.iter():
            style = element.attrib.pop("style", "")
            if style:
                name = self._classes.setdefault(style, f"s{len(self._classes) + 1}")
                element.set("class", f"{element.get('class', '')} {name}".strip())


def _names_in(value: str) -> list[str]:
    return [m[1] or m[2] for m in _NAMED.finditer(value)]


def _drop_blank_text(root: etree._Element) -> None:
    for element in root.iter():
        if element.tag not in _TEXTS and not (element.text or "").strip():
            element.text = None
        parent = element.getparent()
        if parent is None or parent.tag not in _TEXTS:
            element.tail = None


def _shorten(element: etree._Element) -> None:
    """Numbers with the places that can be seen; a mark that is neither filled nor stroked goes."""
    for key in _PLACES:
        if key in element.attrib:
            element.set(key, _NUMBER.sub(lambda m: _decimal(_hundredths(m[0])), element.get(key)))
    if _NO_TURN.match(element.get("transform", "")):
        del element.attrib["transform"]
    if "d" in element.attrib:
        element.set("d", path_data(element.get("d")))
    if "style" in element.attrib:
        element.set("style", _style(element.get("style")))
    if element.get("style") == "fill:none" and "id" not in element.attrib and element.tag == "path":
        element.getparent().remove(element)


def _style(text: str) -> str:
    told = [(name.strip(), value.strip()) for name, _, value in (part.partition(":") for part in text.split(";"))]
    return ";".join(f"{name}:{_NUMBER.sub(_thousandths, value)}" for name, value in told if name)


def _thousandths(number: re.Match[str]) -> str:
    return f"{float(number[0]):.3f}".rstrip("0").rstrip(".")


def _unwrap(group: etree._Element) -> None:
    parent = group.getparent()
    place = parent.index(group)
    parent[place : place + 1] = list(group)


def _join_lines(parent: etree._Element) -> None:
    """Lines that follow one another in one style are one path."""
    for key, run in groupby(list(parent), _line):
        if key is not None:
            first, *others = run
            first.set("d", "".join(line.get("d") or "" for line in (first, *others)))  # none where all is suppressed
            for line in others:
                parent.remove(line)


def _line(element: etree._Element) -> tuple[str, str] | None:
    """Style and clip of an undashed, opaque line without a fill, else None."""
    style = element.get("style", "")
    if element.tag != "path" or "fill:none" not in style or set(element.attrib) - {"d", *_SHARED}:
        return None
    return None if "opacity" in style or "dash" in style else (style, element.get("clip-path", ""))


def _share(parent: etree._Element) -> None:
    """Marks that follow one another with the same style and clip stand in a group that carries both."""
    for key, run in groupby(list(parent), lambda e: tuple(e.get(name, "") for name in _SHARED)):
        marks = list(run)
        if len(marks) < 3 or not any(key) or parent.tag not in ("g", "svg") or _OWN_OPACITY.search(key[0]):
            continue
        group = etree.Element("g", {name: value for name, value in zip(_SHARED, key, strict=True) if value})
        parent.insert(parent.index(marks[0]), group)
        for mark in marks:
            for name in _SHARED:
                mark.attrib.pop(name, None)
            group.append(mark)


def path_data(text: str) -> str:
    """The data of a path in relative steps of a hundredth, without the points inside a level or upright line.

    Reads absolute M, L, Q, C and z; a path with any other step is returned as it is.
    """
    steps = [(m[1], [_hundredths(n) for n in m[2].split()]) for m in _STEP.finditer(text)]
    if {letter for letter, _ in steps} - set("MLQCz"):
        return text
    said, at, start = [], (0, 0), (0, 0)
    for letter, numbers in _without_midpoints(steps):
        if letter == "z":
            said.append("z")
            at = start
            continue
        said.append(_step(letter, numbers, at))
        at = (numbers[-2], numbers[-1])
        start = at if letter == "M" else start
    return "".join(said)


def _without_midpoints(steps: list[Step]) -> list[Step]:
    kept: list[Step] = []
    for letter, numbers in steps:
        if letter == "L" and len(kept) > 1 and kept[-1][0] == "L" and _between(kept[-2][1][-2:], kept[-1][1], numbers):
            kept.pop()
        kept.append((letter, numbers))
    return kept


def _between(before: list[int], middle: list[int], after: list[int]) -> bool:
    """Whether `middle` lies on the level or upright line between its neighbours."""
    (x0, y0), (x1, y1), (x2, y2) = before, middle, after
    level, upright = y0 == y1 == y2, x0 == x1 == x2
    return (level and (x1 - x0) * (x2 - x1) >= 0) or (upright and (y1 - y0) * (y2 - y1) >= 0)


def _step(letter: str, numbers: list[int], at: tuple[int, int]) -> str:
    if letter == "M":
        return f"M{_joined(numbers)}"
    moved = [number - at[i % 2] for i, number in enumerate(numbers)]
    if letter == "L" and 0 in moved:
        return f"h{_decimal(moved[0])}" if moved[1] == 0 else f"v{_decimal(moved[1])}"
    return letter.lower() + _joined(moved)


def _joined(numbers: list[int]) -> str:
    return "".join(f"{'' if i == 0 or n < 0 else ' '}{_decimal(n)}" for i, n in enumerate(numbers))


def _hundredths(number: str) -> int:
    return round(float(number) * 100)


def _decimal(hundredths: int) -> str:
    whole, part = divmod(abs(hundredths), 100)
    tail = f".{part:02d}".rstrip("0") if part else ""
    return ("-" if hundredths < 0 else "") + (tail if tail and not whole else f"{whole}{tail}")
