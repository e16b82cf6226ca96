"""How every figure looks: one palette that colour-blind readers can tell apart, one type size, no ornament."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from io import BytesIO
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, MUTED, GRID, ACCENT = "#1c2430", "#5b6675", "#d9dee4", "#0072b2"
# Okabe & Ito 2008, "Color Universal Design"; grey stands for what is not decided.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
GREY = "#8a929c"
_GROUP_COLOURS = {
    "met": "#d55e00",
    "true": "#d55e00",
    "not_met": "#0072b2",
    "false": "#0072b2",
    "indeterminate": GREY,
    "missing": GREY,
    "unknown": GREY,
    "overall": INK,
}
_FONTS = ("DejaVu Sans",)
_CJK_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "PingFang SC",
    "Hiragino Sans GB", "Microsoft YaHei", "SimHei", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Droid Sans Fallback",
)  # fmt: skip
_READER_FONTS = "Helvetica, Arial, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
_HASHSALT = "neurohlh"


class Drawing(Figure):
    """A figure without a window system behind it; a notebook shows it as SVG."""

    def _repr_svg_(self) -> str:
        return svg_text(self)


@contextmanager
def style() -> Iterator[None]:
    """The settings under which figures are drawn and saved; the reader's own settings come back afterwards."""
    settings: Any = {
        "font.family": [*_FONTS, *_installed_cjk()],
        "font.size": 9.5,
        "svg.fonttype": "none",
        "svg.hashsalt": _HASHSALT,
        "axes.edgecolor": MUTED,
        "axes.linewidth": 0.8,
        "axes.labelcolor": INK,
        "text.color": INK,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "axes.unicode_minus": True,
        "savefig.facecolor": "none",
        "figure.facecolor": "none",
        "axes.facecolor": "none",
    }
    with mpl.rc_context(settings):
        yield


def canvas(width: float, height: float) -> Drawing:
    """An empty figure, in inches."""
    return Drawing(figsize=(width, height), dpi=100)


def axes(figure: Drawing, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes placed in inches from the lower left corner, so that two of them can stand on one another exactly."""
    w, h = figure.get_size_inches()
    placed = figure.add_axes((left / w, bottom / h, width / w, height / h))
    for side in ("top", "right"):
        placed.spines[side].set_visible(False)
    placed.tick_params(length=3, width=0.8)
    return placed


def colours(groups: Sequence[str]) -> dict[str, str]:
    """A colour per group: fixed for CNS status, from the palette for anything else."""
    free = [c for c in PALETTE if c not in {_GROUP_COLOURS.get(g) for g in groups}]
    found: dict[str, str] = {}
    for group in groups:
        found[group] = _GROUP_COLOURS.get(group) or free[len([g for g in found if g not in _GROUP_COLOURS]) % len(free)]
    return found


def text_width(text: str, size: float = 9.5, *, bold: bool = False) -> float:
    """About how many inches `text` takes; Chinese signs are twice as wide. An estimate, so layouts keep a margin."""
    units = sum(1.0 if ord(sign) > 0x2E80 else 0.56 for sign in text)
    return units * size / 72 * (1.17 if bold else 1.0)


def write(plot: Axes, text: str, x: float, y: float, *, bold: bool = False, size: float = 9) -> None:
    """A text beside a plot, its left end `x` points from the axes' left edge, at the height of the data value `y`."""
    plot.annotate(
        text, (x, y), xycoords=("axes points", "data"), ha="left", va="center", color=INK, fontsize=size,
        fontweight="bold" if bold else "normal", annotation_clip=False,
    )  # fmt: skip


def svg_text(figure: Figure) -> str:
    """The figure as an SVG file: text stays text, no date, the same bytes every time."""
    buffer = BytesIO()
    with style(), warnings.catch_warnings():
        # In SVG a sign is drawn by the reader's font, not by the one that measured it here.
        warnings.filterwarnings("ignore", message=r"Glyph \d+")
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    # The fonts that measured the text are this machine's; the reader's own are named instead.
    return re.sub(r"font-family: [^;\"]*", f"font-family: {_READER_FONTS}", buffer.getvalue().decode())


def png_bytes(figure: Figure, dpi: int = 300) -> bytes:
    """The figure as a PNG file on white."""
    buffer = BytesIO()
    with style():
        figure.savefig(buffer, format="png", dpi=dpi, facecolor="white", metadata={"Software": None})
    return buffer.getvalue()


def drawable(text: str) -> bool:
    """Whether an installed font has every sign of `text`."""
    missing = {ord(sign) for sign in text}
    for name in (*_FONTS, *_installed_cjk()):
        if not missing:
            break
        missing -= _signs_of(name)
    return not missing


@lru_cache(maxsize=16)
def _signs_of(font: str) -> frozenset[int]:
    return frozenset(font_manager.get_font(font_manager.findfont(font)).get_charmap())


def _installed_cjk() -> list[str]:
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return [name for name in _CJK_FONTS if name in installed][:1]
