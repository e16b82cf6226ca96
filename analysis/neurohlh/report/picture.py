"""The drawing of one result, made when a renderer asks for it and kept as bytes, never as an open figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from neurohlh.core.journal import JournalStyle, current, journal
from neurohlh.core.result import Result
from neurohlh.report.blocks import Picture
from neurohlh.report.language import Language
from neurohlh.report.names import Names


@dataclass(frozen=True, eq=False)
class ResultPicture(Picture):
    """How a result is drawn: the words of `names` (and their language), and the options of its kind of figure.

    Its numbers are printed in the style of the journal that was in force when the document was made, whenever it is
    drawn.
    """

    result: Result
    names: Names
    options: Mapping[str, Any] = field(default_factory=dict)
    style: JournalStyle = field(default_factory=current)

    def svg(self, key: str, title: str, description: str) -> str:
        """The drawing as an SVG element for a page; `key` makes its ids its own."""
        from neurohlh.report import figures  # matplotlib loads only when a figure is drawn

        if "svg" not in self._drawn:
            with journal(self.style):
                self._drawn["svg"] = figures.svg_source(self.result, names=self.names, **self.options)
        return figures.in_page(self._drawn["svg"], key, title, description)

    def png(self, dpi: int) -> bytes:
        """The drawing as a PNG file on white; drawn once per resolution."""
        if dpi not in self._pngs:
            from neurohlh.report import figures

            with journal(self.style):
                drawn = figures.draw(self.result, names=self.names, **self.options)
                self._pngs[dpi] = figures.png_bytes(drawn, dpi)
        return self._pngs[dpi]

    def save(self, stem: Path, formats: Sequence[str], dpi: int) -> None:
        """Write `<stem>.svg` and the like."""
        from neurohlh.report import figures

        with journal(self.style):
            paths = figures.save(self.result, stem, names=self.names, formats=formats, dpi=dpi, **self.options)
        for path in paths:  # the page and the Word file need them again
            if path.suffix == ".png":
                self._pngs[dpi] = path.read_bytes()
            elif path.suffix == ".svg":
                self._drawn["svg"] = path.read_text(encoding="utf-8")

    def said_in(self, language: Language) -> ResultPicture:
        """The same drawing with its words in another language."""
        return replace(self, names=replace(self.names, language=language))

    @cached_property
    def _drawn(self) -> dict[str, str]:
        return {}

    @cached_property
    def _pngs(self) -> dict[int, bytes]:
        return {}
