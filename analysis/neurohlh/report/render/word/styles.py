"""How the Word report looks: real styles, so that whoever edits it changes one and not a hundred paragraphs."""

from __future__ import annotations

from typing import Any

from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Pt, RGBColor

from neurohlh.report.render.word.markup import attribute

LATIN, EAST_ASIAN, EAST_ASIAN_FALLBACK = "Arial", "Noto Sans SC", "SimSun"
INK, MUTED, RULE = "1C2430", "5B6675", "C3C9D0"
CALLOUTS = {"note": ("0072B2", "EEF5FA"), "caution": ("B45F06", "FDF4E7"), "stop": ("B3261E", "FBEAE8")}
"""Tone -> colour of the bar, colour behind the text."""

# name, size in points, bold, colour, points before, points after, keep with next
_PARAGRAPHS = (
    ("Title", 20, True, INK, 0, 4, True),
    ("Subtitle", 11, False, MUTED, 0, 4, False),
    ("Heading 1", 15, True, INK, 18, 6, True),
    ("Heading 2", 12, True, INK, 14, 4, True),
    ("Heading 3", 10.5, True, INK, 12, 3, True),
    ("Caption", 9, False, INK, 10, 3, False),
    ("Header", 7.5, False, MUTED, 0, 0, False),
    ("Footer", 8, False, MUTED, 0, 0, False),
    ("toc 1", 10, False, INK, 3, 0, False),
    ("toc 2", 9, False, MUTED, 0, 0, False),
    ("List Bullet", 10, False, INK, 0, 3, False),
    ("List Number", 9, False, INK, 0, 2, False),
    ("Question", 12, False, MUTED, 0, 4, True),
    ("Lead In", 10, False, MUTED, 0, 6, True),
    ("Lead", 13, True, INK, 2, 8, False),
    ("Definition", 9, False, INK, 0, 4, False),
    ("Pointer", 9, False, MUTED, 4, 6, False),
    ("Picture", 9, False, INK, 8, 0, True),
    ("Figure Caption", 9, False, INK, 3, 12, False),
    ("Table Text", 8, False, INK, 0, 0, False),
    ("Table Sub", 7, False, MUTED, 0, 0, False),
    ("Table Note", 7.5, False, MUTED, 2, 0, False),
    ("Table End", 2, False, INK, 0, 6, False),
    ("Key Value", 16, True, INK, 0, 0, False),
)


def style_document(word: WordDocument) -> None:
    """Give the document its fonts, languages and styles."""
    _defaults(word)
    normal = word.styles["Normal"]
    normal.font.size, normal.font.color.rgb = Pt(10), RGBColor.from_string(INK)
    _spacing(normal, 0, 6)
    for name, size, bold, colour, before, after, keep in _PARAGRAPHS:
        style = _style(word, name)
        style.font.size, style.font.bold, style.font.italic = Pt(size), bold, False
        style.font.color.rgb = RGBColor.from_string(colour)
        _fonts(style.element.get_or_add_rPr())
        _spacing(style, before, after)
        style.paragraph_format.keep_with_next = keep
    for tone, (bar, back) in CALLOUTS.items():
        _callout(word, tone, bar, back)
    _plain_title(word)


def _style(word: WordDocument, name: str) -> Any:
    # Word knows the entries of a contents list by small letters; python-docx leaves them out of its template.
    for style in word.styles:
        if style.name == name:
            return style
    style = word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = word.styles["Normal"]
    if name.startswith("toc"):
        style.element.set(qn("w:styleId"), name.upper().replace(" ", ""))  # as Word itself calls it
    return style


def _spacing(style: Any, before: float, after: float) -> None:
    layout = style.paragraph_format
    layout.space_before, layout.space_after, layout.line_spacing = Pt(before), Pt(after), 1.1


def _fonts(props: Any) -> None:
    for old in props.findall(qn("w:rFonts")):
        props.remove(old)
    names = f'w:ascii="{LATIN}" w:hAnsi="{LATIN}" w:cs="{LATIN}" w:eastAsia="{EAST_ASIAN}"'
    props.insert(0, parse_xml(f"<w:rFonts {nsdecls('w')} {names}/>"))


def _defaults(word: WordDocument) -> None:
    props = word.styles.element.find(f".//{qn('w:rPrDefault')}/{qn('w:rPr')}")
    _fonts(props)
    for old in props.findall(qn("w:lang")):
        props.remove(old)
    # Latin words are English in a Chinese report too, and broken as such; Chinese signs are of the second language.
    props.append(parse_xml(f'<w:lang {nsdecls("w")} w:val="en-GB" w:eastAsia="zh-CN" w:bidi="ar-SA"/>'))
    _fonts(word.styles["Normal"].element.get_or_add_rPr())


def _callout(word: WordDocument, tone: str, bar: str, back: str) -> None:
    for suffix, bold, keep in (("", False, False), (" Title", True, True)):
        style = _style(word, f"Callout {tone.capitalize()}{suffix}")
        style.font.bold, style.font.size = bold, Pt(9.5)
        _spacing(style, 0, 3)
        style.paragraph_format.keep_with_next = keep
        style.paragraph_format.left_indent = style.paragraph_format.right_indent = Pt(8)
        borders = f'<w:pBdr {nsdecls("w")}><w:left w:val="single" w:sz="24" w:space="6" w:color="{bar}"/></w:pBdr>'
        shade = f'<w:shd {nsdecls("w")} w:val="clear" w:color="auto" w:fill="{back}"/>'
        props = style.element.get_or_add_pPr()
        props.insert_element_before(parse_xml(borders), "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc")
        props.insert_element_before(parse_xml(shade), "w:tabs", "w:spacing", "w:ind", "w:jc")


def _plain_title(word: WordDocument) -> None:
    # The template draws a line below the title and spaces its letters.
    for name in ("Title", "Subtitle"):
        element = word.styles[name].element
        for path in ("w:pPr/w:pBdr", "w:rPr/w:spacing"):
            for found in element.xpath(path):
                found.getparent().remove(found)


def callout_style(tone: str, *, title: bool = False) -> str:
    """The style id of a callout's title or sentence."""
    return f"Callout{tone.capitalize()}{'Title' if title else ''}"


def font_entry() -> Any:
    """The Chinese font with the one that takes its place where it is not installed, for the table of fonts."""
    alternative = f"<w:altName w:val={attribute(EAST_ASIAN_FALLBACK)}/>"
    return parse_xml(f'<w:font {nsdecls("w")} w:name="{EAST_ASIAN}">{alternative}<w:charset w:val="86"/></w:font>')
