"""How every figure looks and leaves: one palette for colour-blind readers, one type size; SVG, PNG and PDF."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image

from neurohlh.core import format as fmt
from neurohlh.report import fonts
from neurohlh.report.figures.lettering import FAMILIES, install
from neurohlh.report.figures.lettering import drawable as drawable
from neurohlh.report.figures.lettering import text_width as text_width

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
    "CNS involved": "#d55e00",
    "CNS not involved": "#0072b2",
}
_GROUP_DASHES = {
    "met": 0, "true": 0, "CNS involved": 0, "overall": 0, "not_met": 1, "false": 1, "CNS not involved": 1,
}  # fmt: skip
_UNDECIDED_DASH = 2
# Solid, dashed, dotted, dash-dot, …: seven, one more than colours, so that no two of many groups share both.
_DASHES: tuple[tuple[float, ...], ...] = (
    (), (5, 1.6), (1, 1.3), (6, 1.6, 1, 1.6), (10, 2.5), (3, 1, 1, 1, 1, 1), (2.5, 2.5),
)  # fmt: skip
HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx", "----", "oo")
_READER_FONTS = f"Helvetica, Arial, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', '{fonts.FAMILY}', sans-serif"
_HASHSALT = "neurohlh"


class Drawing(Figure):
    """A figure without a window system behind it; a notebook shows it as SVG."""

    def _repr_svg_(self) -> str:
        return svg_text(self)


@contextmanager
def style() -> Iterator[None]:
    """The settings under which figures are drawn and saved; the reader's own settings come back afterwards."""
    install()
    settings: Any = {
        "font.family": list(FAMILIES),
        "font.size": 9.5,
        "svg.fonttype": "none",
        "svg.hashsalt": _HASHSALT,
        "pdf.fonttype": 42,
        "pdf.use14corefonts": False,
        "pdf.compression": 6,
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


def dashes(groups: Sequence[str]) -> dict[str, tuple[int, tuple[float, ...]] | str]:
    """A line style per group, so that lines differ where colours do not print: fixed for CNS status, else in order."""
    fixed = {g: _GROUP_DASHES.get(g, _UNDECIDED_DASH) for g in groups if g in _GROUP_COLOURS}
    free = [k for k in range(len(_DASHES)) if k not in fixed.values()]
    others = [g for g in groups if g not in fixed]
    place = fixed | {g: free[k % len(free)] for k, g in enumerate(others)}
    return {g: (0, _DASHES[place[g]]) if _DASHES[place[g]] else "-" for g in groups}


def write(plot: Axes, text: str, x: float, y: float, *, bold: bool = False, size: float = 9) -> None:
    """A text beside a plot, its left end `x` points from the axes' left edge, at the height of the data value `y`."""
    plot.annotate(
        text, (x, y), xycoords=("axes points", "data"), ha="left", va="center", color=INK, fontsize=size,
        fontweight="bold" if bold else "normal", annotation_clip=False,
    )  # fmt: skip


def share_ticks(axis: Axis, most: int = 6) -> None:
    """Round percentages on an axis of shares, at most so many."""
    axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(fmt.axis_percent)


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
    """The figure as a PNG file on white, its few colours in a palette: a third of the size of one in true colour."""
    drawn, buffer = BytesIO(), BytesIO()
    with style():
        figure.savefig(drawn, format="rgba", dpi=dpi, facecolor="white")
    width, height = (int(side) for side in figure.get_size_inches() * dpi)
    image = Image.frombytes("RGBA", (width, height), drawn.getvalue()).convert("RGB")
    image = image.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette = image.getpalette() or []
    # The tree rounds white to 254; on paper that would be a grey ground.
    image.putpalette([255 if level == 254 else level for level in palette])
    image.save(buffer, format="PNG", dpi=(dpi, dpi))
    return buffer.getvalue()


def pdf_bytes(figure: Figure) -> bytes:
    """The figure as a PDF file: fonts embedded as TrueType, no date, the same bytes every time."""
    buffer = BytesIO()
    with style():
        figure.savefig(buffer, format="pdf", metadata={"CreationDate": None, "Creator": None, "Producer": None})
    return buffer.getvalue()
