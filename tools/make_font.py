"""Makes the fonts that figures and reports carry for Chinese: a cut of Noto Sans CJK SC with TrueType outlines.

    python tools/make_font.py NotoSansCJK-Regular.ttc
    python tools/make_font.py NotoSansCJK-Bold.ttc

The sources are the font files of Debian's package fonts-noto-cjk, or those of another release.
Its outlines are cubic (CFF); a PDF made by matplotlib embeds quadratic ones (glyf) better, so they are converted. The
same source gives the same bytes. The cut has a name of its own, as the SIL Open Font License asks wherever a name is
reserved, and keeps the copyright, the trademark notice and the licence of its source.
"""

from __future__ import annotations

import argparse
import unicodedata
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTCollection, TTFont

FAMILY = "NeuroHLH Sans SC"
TARGET = Path(__file__).parents[1] / "analysis" / "neurohlh" / "report" / "fonts"
_SOURCES = ("Noto Sans CJK SC", "Noto Sans SC")
_KEPT_NAMES = {0: "copyright", 7: "trademark", 9: "designer", 13: "licenseDescription", 14: "licenseInfoURL"}
_TOLERANCE = 0.5  # of the 1,000 units of an em, by which a quadratic outline may miss the cubic one
_BLOCKS = (
    (0x20, 0x7E),  # ASCII
    (0xA0, 0xFF),  # Latin-1
    (0x370, 0x3FF),  # Greek
    (0x2000, 0x206F),  # punctuation and spaces
    (0x2070, 0x209F),  # raised and lowered digits
    (0x2190, 0x2193),  # arrows
    (0x2200, 0x22FF),  # mathematical operators
    (0x25A0, 0x25FF),  # geometric shapes
    (0x3000, 0x303F),  # Chinese punctuation
    (0xFF00, 0xFFEF),  # full-width forms
)


def wanted() -> list[str]:
    """The signs of the font: the blocks above and GB 2312-80 with its 6,763 Chinese characters, in order of code."""
    signs = {chr(code) for first, last in _BLOCKS for code in range(first, last + 1)}
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            signs.update(bytes((row, cell)).decode("gb2312", errors="ignore"))
    return sorted(sign for sign in signs if unicodedata.category(sign) not in ("Cc", "Cn", "Cs", "Co"))


def source_font(path: Path) -> TTFont:
    """The simplified Chinese font in a font file or collection.

    Raises ValueError where the file holds none that this script knows.
    """
    fonts = TTCollection(path).fonts if path.suffix.lower() in (".ttc", ".otc") else [TTFont(path)]
    for font in fonts:
        if font["name"].getDebugName(1) in _SOURCES:
            return font
    found = ", ".join(str(font["name"].getDebugName(1)) for font in fonts)
    raise ValueError(f"{path.name} holds {found}; needed is one of {', '.join(_SOURCES)}")


def cut(source: TTFont, signs: Iterable[str]) -> bytes:
    """A TrueType font with the glyphs of `signs` that `source` has, as bytes."""
    glyph_of = source.getBestCmap()
    cmap = {ord(sign): glyph_of[ord(sign)] for sign in signs if ord(sign) in glyph_of}
    order = [".notdef", *dict.fromkeys(cmap.values())]
    builder = FontBuilder(source["head"].unitsPerEm, isTTF=True)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap(cmap)
    builder.setupGlyf({name: _quadratic(source, name) for name in order})
    glyphs = builder.font["glyf"]
    advance = source["hmtx"].metrics
    builder.setupHorizontalMetrics({name: (advance[name][0], glyphs[name].xMin) for name in order})
    ascent, descent = source["hhea"].ascent, source["hhea"].descent
    builder.setupHorizontalHeader(ascent=ascent, descent=descent)
    builder.setupNameTable(_names(source), mac=False)
    builder.setupOS2(
        sTypoAscender=ascent, sTypoDescender=descent, usWinAscent=ascent, usWinDescent=-descent, fsType=0,
        usWeightClass=source["OS/2"].usWeightClass, fsSelection=source["OS/2"].fsSelection,
        sxHeight=getattr(source["OS/2"], "sxHeight", 0), sCapHeight=getattr(source["OS/2"], "sCapHeight", 0),
    )  # fmt: skip
    builder.setupPost(keepGlyphNames=False)
    return _bytes(builder.font, source)


def _quadratic(source: TTFont, name: str):
    pen = TTGlyphPen(None)
    source.getGlyphSet()[name].draw(Cu2QuPen(pen, max_err=_TOLERANCE, reverse_direction=True))
    glyph = pen.glyph()
    glyph.recalcBounds(None)
    return glyph


def _names(source: TTFont) -> dict[str, str]:
    kept = {word: str(source["name"].getDebugName(number) or "") for number, word in _KEPT_NAMES.items()}
    version = f"{source['name'].getDebugName(5)}; glyphs cut down and outlines made quadratic for NeuroHLH"
    style = style_of(source)
    own = {
        "familyName": FAMILY,
        "styleName": style,
        "uniqueFontIdentifier": f"{FAMILY} {style}, from {source['name'].getDebugName(6)}",
        "fullName": f"{FAMILY} {style}",
        "psName": f"{FAMILY.replace(' ', '')}-{style}",
        "version": version,
    }
    return own | {word: text for word, text in kept.items() if text}


def style_of(source: TTFont) -> str:
    """The style of a font: 'Regular' or 'Bold'."""
    return str(source["name"].getDebugName(2))


def _bytes(font: TTFont, source: TTFont) -> bytes:
    font.recalcTimestamp = False
    # The source's own dates, so that the same source gives the same bytes.
    font["head"].created, font["head"].modified = source["head"].created, source["head"].modified
    font["head"].fontRevision, font["head"].macStyle = source["head"].fontRevision, source["head"].macStyle
    buffer = BytesIO()
    font.save(buffer, reorderTables=False)
    return buffer.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="font file of Noto Sans CJK, for example of fonts-noto-cjk")
    parser.add_argument("--out", type=Path, default=TARGET, help="folder of the font (default: that of the package)")
    given = parser.parse_args()
    source = source_font(given.source)
    font = cut(source, wanted())
    path = given.out / f"{FAMILY.replace(' ', '')}-{style_of(source)}.ttf"
    path.write_bytes(font)
    print(f"{path.name}: {len(font) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
