"""The font that comes with the package, so that Chinese is drawn alike on every machine.

`NeuroHLHSansSC-Regular.ttf` and `-Bold.ttf` are cut from Noto Sans CJK SC by `tools/make_font.py`: ASCII, Latin-1,
Greek, signs of mathematics and punctuation, and the 6,763 Chinese characters of GB 2312-80. They are under the SIL Open
Font License 1.1, whose text stands beside them.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from pathlib import Path

FAMILY = "NeuroHLH Sans SC"
"""The name under which the font is asked for."""
FILE, BOLD = (Path(__file__).with_name(f"NeuroHLHSansSC-{style}.ttf") for style in ("Regular", "Bold"))


@lru_cache(maxsize=1)
def signs() -> frozenset[int]:
    """The code points that the font can draw."""
    from fontTools.ttLib import TTFont  # loads only where Chinese is drawn

    with TTFont(FILE, lazy=True) as font:
        return frozenset(font.getBestCmap())


def web_font(text: str, *, bold: bool = False) -> bytes:
    """The regular or bold font cut down to the signs of `text`, for a page that carries its font in @font-face rules.

    A plain TrueType file (`format("truetype")`, `font/ttf`): a compressed one depends on the machine's own compressor,
    so that the same page would not be the same bytes everywhere. Signs that the font lacks are left to the reader's
    own fonts. The file keeps the copyright and the licence in its name table.
    """
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    options = Options(
        hinting=False, layout_features=[], name_IDs=["*"], notdef_outline=True, recalc_timestamp=False,
        glyph_names=False, drop_tables=[],
    )  # fmt: skip
    with TTFont(BOLD if bold else FILE, recalcTimestamp=False) as font:
        cutter = Subsetter(options)
        cutter.populate(unicodes={ord(sign) for sign in text} & signs())
        cutter.subset(font)
        buffer = BytesIO()
        font.save(buffer, reorderTables=False)
    return buffer.getvalue()
