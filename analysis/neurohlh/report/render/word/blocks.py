"""Each kind of block, except tables, as WordprocessingML."""

from __future__ import annotations

import struct
from collections.abc import Callable
from io import BytesIO

from docx.document import Document as WordDocument

from neurohlh.report.blocks import (
    Block,
    Bullets,
    Callout,
    Definitions,
    Figure,
    Flow,
    FlowStep,
    KeyFigure,
    KeyFigures,
    Paragraph,
    Table,
)
from neurohlh.report.numbering import Label, Numbering
from neurohlh.report.render.word.markup import BOLD, Marks, attribute, paragraph, run
from neurohlh.report.render.word.styles import INK, RULE, callout_style
from neurohlh.report.render.word.table import PORTRAIT, word_table

DPI = 300
_EMU_PER_INCH = 914_400
_WIDEST, _HIGHEST = PORTRAIT / 1440, 8.6  # inches; the caption must fit below the picture
_KEY_FIGURES = 4  # in a row
_TONES = {"plain": "Normal", "question": "Question", "lead": "Lead"}


class Writer:
    """Writes the blocks of one document; pictures and lists are added to `word` as they are met."""

    def __init__(self, word: WordDocument, numbering: Numbering) -> None:
        self._word, self._numbering = word, numbering
        self.marks = Marks(numbering)
        self._drawings = 0

    def block(self, block: Block) -> str:
        """One block as text to stand in the body."""
        write: Callable[..., str] = getattr(self, f"_{block.block}")
        return write(block)

    def _label(self, block: Block) -> Label:
        label = self._numbering.label(block)
        if label is None:
            raise ValueError("a block of another document")
        return label

    def _paragraph(self, block: Paragraph) -> str:
        return paragraph(_TONES[block.tone], self.marks.text(block.text))

    def _bullets(self, block: Bullets) -> str:
        if not block.ordered:
            return "".join(paragraph("ListBullet", self.marks.text(item)) for item in block.items)
        number = f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{self._new_list()}"/></w:numPr>'
        return "".join(paragraph("ListNumber", self.marks.text(item), number) for item in block.items)

    def _new_list(self) -> int:
        """A numbered list of its own, which begins with 1."""
        lists = self._word.part.numbering_part.element
        style = self._word.styles["List Number"].element.pPr.numPr.numId.val
        made = lists.add_num(lists.num_having_numId(style).abstractNumId.val)
        made.add_lvlOverride(0).add_startOverride(1)
        return int(made.numId)

    def _callout(self, block: Callout) -> str:
        title = paragraph(callout_style(block.tone, title=True), self.marks.text(block.title))
        style = callout_style(block.tone)
        return title + "".join(paragraph(style, self.marks.text(s)) for s in block.sentences) + _GAP

    def _definitions(self, block: Definitions) -> str:
        return "".join(
            paragraph("Definition", self.marks.text(term, BOLD) + run("\N{EM SPACE}") + self.marks.text(text))
            for term, text in block.items
        )

    def _table(self, block: Table) -> str:
        label = self._numbering.label(block)
        if label is None:  # a table that only says why there are no numbers
            return self._callout(Callout("stop", block.caption, block.reasons()))
        return word_table(block, label, self.marks)

    def _figure(self, block: Figure) -> str:
        label = self._label(block)
        picture = paragraph("Picture", self._drawing(block, label))
        said = self.marks.caption(label) + run(". ", BOLD) + self.marks.text(block.title, BOLD)
        return picture + paragraph("FigureCaption", said + run(". ", BOLD) + self.marks.text(block.caption))

    def _drawing(self, block: Figure, label: Label) -> str:
        png = block.picture.png(DPI)
        relation, _ = self._word.part.get_or_add_image(BytesIO(png))
        pixels = struct.unpack(">II", png[16:24])
        inches = [side / DPI for side in pixels]
        scale = min(1.0, _WIDEST / inches[0], _HIGHEST / inches[1])
        cx, cy = (round(side * scale * _EMU_PER_INCH) for side in inches)
        self._drawings += 1
        names = (
            f'id="{self._drawings}" name={attribute(label.words)} title={attribute(block.title)} '
            f"descr={attribute(self._numbering.plain(block.alt or block.caption))}"
        )
        return _DRAWING.format(names=names, cx=cx, cy=cy, relation=relation, id=self._drawings)

    def _key_figures(self, block: KeyFigures) -> str:
        rows = [block.items[i : i + _KEY_FIGURES] for i in range(0, len(block.items), _KEY_FIGURES)]
        return "".join(_key_row(row) for row in rows) + _GAP

    def _flow(self, block: Flow) -> str:
        label = self._label(block)
        rows = "".join(_flow_step(step, first=i == 0) for i, step in enumerate(block.steps))
        caption = self.marks.caption(label) + run(". ", BOLD) + run(block.title, BOLD) + run(".", BOLD)
        boxes = _layout(rows, (PORTRAIT // 2, PORTRAIT // 2)) + _flow_branches(block.branches)
        return boxes + paragraph("FigureCaption", caption)


_GAP = paragraph("TableEnd", "")
_DRAWING = (
    '<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{cx}" cy="{cy}"/>'
    "<wp:docPr {names}/><wp:cNvGraphicFramePr>"
    '<a:graphicFrameLocks noChangeAspect="1"/></wp:cNvGraphicFramePr><a:graphic>'
    '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr>'
    '<pic:cNvPr id="{id}" name="figure{id}.png"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>'
    '<a:blip r:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm>'
    '<a:off x="0" y="0"/><a:ext cx="{cx}" cy="{cy}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
    "</pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
)


def _layout(rows: str, columns: tuple[int, ...]) -> str:
    """A table that only places things: without caption, lines or head."""
    grid = "".join(f'<w:gridCol w:w="{w}"/>' for w in columns)
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{sum(columns)}" w:type="dxa"/><w:tblLayout w:type="fixed"/></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>"
    )


def _box(content: str, borders: str = "", shade: str = "") -> str:
    lined = f"<w:tcBorders>{borders}</w:tcBorders>" if borders else ""
    filled = f'<w:shd w:val="clear" w:color="auto" w:fill="{shade}"/>' if shade else ""
    return f'<w:tc><w:tcPr>{lined}{filled}<w:vAlign w:val="center"/></w:tcPr>{content}</w:tc>'


def _key_row(items: tuple[KeyFigure, ...]) -> str:
    cells = "".join(
        _box(_key_figure(item), f'<w:top w:val="single" w:sz="8" w:space="0" w:color="{RULE}"/>') for item in items
    )
    width = PORTRAIT // len(items)
    return _layout(f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{cells}</w:tr>", (width,) * len(items))


def _key_figure(item: KeyFigure) -> str:
    below = (paragraph("TableSub", run(text)) for text in (item.detail, item.doubt) if text)
    return paragraph("TableText", run(item.label)) + paragraph("KeyValue", run(item.value)) + "".join(below)


_KEPT = "<w:keepNext/>"


def _flow_step(step: FlowStep, *, first: bool) -> str:
    empty = _box(paragraph("TableText", "", _KEPT))
    row = f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{_flow_box(step)}{empty}</w:tr>"
    return row if first else _flow_exit(step) + row


def _flow_box(step: FlowStep) -> str:
    lines = "".join(
        f'<w:{side} w:val="single" w:sz="6" w:space="0" w:color="{INK}"/>'
        for side in ("top", "left", "bottom", "right")
    )
    centred = f'{_KEPT}<w:spacing w:before="60" w:after="60"/><w:jc w:val="center"/>'
    return _box(paragraph("TableText", run(step.n, BOLD) + run(f" {step.label}"), centred), lines)


def _flow_branches(steps: tuple[FlowStep, ...]) -> str:
    """What the last box parts into, beside one another; the paragraph between keeps Word from joining two tables."""
    if not steps:
        return ""
    cells = "".join(_flow_box(step) for step in steps)
    row = f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{cells}</w:tr>"
    return paragraph("TableText", run("↓"), _KEPT) + _layout(row, (PORTRAIT // len(steps),) * len(steps))


def _flow_exit(step: FlowStep) -> str:
    arrow = _box(paragraph("TableText", run("↓"), f'{_KEPT}<w:jc w:val="center"/>'))
    left = "".join(paragraph("TableText", run(n, BOLD) + run(f" {who}"), _KEPT) for who, n in step.excluded)
    side = f'<w:left w:val="single" w:sz="6" w:space="0" w:color="{INK}"/>' if left else ""
    out = _box(left or paragraph("TableText", "", _KEPT), side)
    return f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{arrow}{out}</w:tr>"
