"""The Word file holds the very document: same texts, same numbers, real captions, references that lead somewhere."""

import dataclasses
import re
import zipfile
from io import BytesIO

import docx as python_docx
import pytest
import word
from lxml import etree

from neurohlh.report.blocks import (
    Bullets,
    Callout,
    Cell,
    Column,
    Document,
    Figure,
    Fold,
    Paragraph,
    Row,
    Section,
    Table,
)
from neurohlh.report.document import build
from neurohlh.report.numbering import Numbering
from neurohlh.report.render.word import docx

W = word._W
# ISO/IEC 29500-1, the sequences of the schema as far as they are used: Word refuses a file that leaves their order.
SEQUENCES = {
    "pPr": "pStyle keepNext keepLines pageBreakBefore widowControl numPr pBdr shd tabs spacing ind jc "
    "outlineLvl rPr sectPr",
    "rPr": "rStyle rFonts b bCs i iCs caps smallCaps color spacing kern sz szCs u vertAlign lang",
    "tcPr": "tcW gridSpan vMerge tcBorders shd noWrap tcMar vAlign",
    "tblPr": "tblStyle tblW jc tblInd tblBorders shd tblLayout tblCellMar tblLook tblCaption tblDescription",
    "trPr": "cantSplit tblHeader",
    "sectPr": "headerReference footerReference type pgSz pgMar cols",
}


@pytest.fixture(scope="module")
def document(findings):
    return build(findings)


@pytest.fixture(scope="module")
def path(document, tmp_path_factory):
    made = tmp_path_factory.mktemp("word") / "report.docx"
    made.write_bytes(docx(document))
    return made


@pytest.fixture(scope="module")
def body(path):
    return word.body_of(path)


def small(*blocks, **more):
    """A document of one section."""
    return Document("Title", "", Section("summary", "Summary", ()), (Section("one", "One", blocks),), **more)


def written(document, tmp_path):
    made = tmp_path / "small.docx"
    made.write_bytes(docx(document))
    return made


def test_it_opens_with_its_title_and_language(path, document):
    opened = python_docx.Document(path)
    assert opened.core_properties.title == document.title
    assert opened.core_properties.language == "en-GB"
    assert [p.text for p in opened.paragraphs if p.style.name == "Title"] == [document.title]


def test_headings_are_styles_in_print_order(path, document):
    main = [s for s in document.sections if not s.supplement]
    behind = [s for s in document.sections if s.supplement]
    number = {s.key: i for i, s in enumerate(document.sections, start=1)}
    expected = ["Summary", *(f"{number[s.key]}\N{EN SPACE}{s.title}" for s in main)]
    expected += ["Supplement: further results by section"]
    expected += [f"{number[s.key]}\N{EN SPACE}{s.title}" for s in behind]
    assert word.paragraphs_in_docx(path, "Heading1") == expected


def test_the_contents_list_holds_every_heading_and_links_to_it(path, body):
    headings = [text for level in "12" for text in word.paragraphs_in_docx(path, f"Heading{level}")]
    listed = [text for level in "12" for text in word.paragraphs_in_docx(path, f"TOC{level}")]
    assert listed == headings
    marks = {b.get(f"{W}name") for b in body.iter(f"{W}bookmarkStart")}
    assert {link.get(f"{W}anchor") for link in body.iter(f"{W}hyperlink")} <= marks


def test_every_table_stands_there_with_every_cell(path, document):
    numbering = Numbering(document)
    found = word.tables_in_docx(path)
    shown = [t for t in document.find(Table) if not t.refused()]
    assert len(found) == len(shown)
    for table in shown:
        rows = found[numbering.label(table).words][len(table.spanner_rows()) :]
        letters = table.letters()
        heads = ["\n".join(filter(None, (c.head, c.sub))) for c in table.columns]
        cells = [
            ["\n".join(filter(None, (numbering.plain(c.text) + letters.get(c.note, ""), c.sub))) for c in row.cells]
            for row in table.rows
        ]
        assert rows == [heads, *cells], table.caption


def test_every_style_that_is_used_is_defined(path):
    with zipfile.ZipFile(path) as file:
        parts = [n for n in file.namelist() if re.match(r"word/(document|header|footer)\d*\.xml", n)]
        used = {s for n in parts for s in re.findall(r'<w:pStyle w:val="([^"]+)"', file.read(n).decode())}
        defined = set(re.findall(r'w:styleId="([^"]+)"', file.read("word/styles.xml").decode()))
    assert used >= {"Heading1", "TOC1", "Caption", "TableText", "Header", "Footer"}
    assert used <= defined


@pytest.mark.parametrize("tag", sorted(SEQUENCES))
def test_properties_stand_in_the_order_of_the_schema(body, tag):
    order = SEQUENCES[tag].split()
    found = [[child.tag.removeprefix(W) for child in element] for element in body.iter(f"{W}{tag}")]
    assert found
    assert [names for names in found if names != sorted(names, key=order.index)] == []


def test_every_row_fills_the_grid(body):
    for table in body.iter(f"{W}tbl"):
        columns = len(table.findall(f"{W}tblGrid/{W}gridCol"))
        for row in table.iter(f"{W}tr"):
            spans = [c.find(f"{W}tcPr/{W}gridSpan") for c in row.iter(f"{W}tc")]
            assert sum(1 if s is None else int(s.get(f"{W}val")) for s in spans) == columns


def test_heads_repeat_on_every_page(body):
    for table in (t for t in body.iter(f"{W}tbl") if t.find(f"{W}tblPr/{W}tblCaption") is not None):
        heads = [row.find(f"{W}trPr/{W}tblHeader") is not None for row in table.iter(f"{W}tr")]
        assert heads[0]
        assert heads == sorted(heads, reverse=True)


def test_captions_carry_their_number_as_a_field_in_rising_order(path, document):
    labels = Numbering(document).labels.values()
    for style, kind in (("Caption", "Table"), ("FigureCaption", "Figure")):
        shown = [text.partition(".")[0] for text in word.paragraphs_in_docx(path, style)]
        main = [label.words for label in labels if label.kind == kind and "S" not in label.number]
        apart = [label.words for label in labels if label.kind == kind and "S" in label.number]
        assert shown == main + apart


def test_a_field_updated_by_hand_gives_the_number_that_is_shown(body):
    counted = {}
    for p in body.iter(f"{W}p"):
        code = "".join(i.text for i in p.iter(f"{W}instrText"))
        found = re.search(r"SEQ (\w+)", code)
        if found:
            counted[found[1]] = counted.get(found[1], 0) + 1
            assert re.match(rf"(Table|Figure) S?{counted[found[1]]}\.", word.text_of(p))
    assert set(counted) >= {"Table", "Table_S", "Figure"}


def test_fields_begin_and_end(body):
    marks = [f.get(f"{W}fldCharType") for f in body.iter(f"{W}fldChar")]
    assert marks.count("begin") == marks.count("separate") == marks.count("end") > 0


def test_references_point_to_bookmarks_and_show_their_text(tmp_path):
    table = Table("Numbers", (Column("a"), Column("b")), (Row((Cell("7"), Cell("8"))),), key="numbers")
    made = written(small(Paragraph("See {ref:table-numbers} in {ref:one}."), table), tmp_path)
    assert "See Table 1 in Section 1." in word.paragraphs_in_docx(made)
    body = word.body_of(made)
    codes = [i.text.split() for i in body.iter(f"{W}instrText")]
    marks = {b.get(f"{W}name"): b.getparent() for b in body.iter(f"{W}bookmarkStart")}
    pointed = [marks[code[1]] for code in codes if code[0] == "REF"]
    assert [word.text_of(p) for p in pointed] == ["Table 1. Numbers", "1\N{EN SPACE}One"]


def test_figures_have_their_alternative_text(path, document):
    with zipfile.ZipFile(path) as file:
        root = etree.fromstring(file.read("word/document.xml"))
    drawn = list(root.iter("{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"))
    figures = list(document.find(Figure))
    assert len(drawn) == len(figures) > 0
    assert {d.get("title") for d in drawn} == {f.title for f in figures}
    assert {d.get("descr") for d in drawn} == {f.alt for f in figures}
    assert len({d.get("id") for d in drawn}) == len(drawn)


def test_the_same_document_gives_the_same_bytes(document, path):
    assert docx(document) == path.read_bytes()


def test_the_file_names_no_day_no_person_and_no_program(path):
    with zipfile.ZipFile(path) as file:
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = file.read("docProps/core.xml").decode()
        names = file.namelist()
    assert "created" not in core
    assert "python-docx" not in core
    assert not [n for n in names if "thumbnail" in n]


def test_the_banner_stands_on_every_page(path, document):
    opened = python_docx.Document(path)
    assert document.banner in opened.sections[0].header.paragraphs[0].text
    assert all(
        s.header.is_linked_to_previous or document.banner in s.header.paragraphs[0].text for s in opened.sections
    )


def test_chinese_has_a_font_and_one_that_takes_its_place(document):
    made = BytesIO(docx(dataclasses.replace(document, lang="zh")))
    with zipfile.ZipFile(made) as file:
        fonts, styles = (file.read(f"word/{name}.xml").decode() for name in ("fontTable", "styles"))
    assert re.search(r'w:name="Noto Sans SC"><w:altName w:val="SimSun"', fonts)
    assert 'w:eastAsia="Noto Sans SC"' in styles
    assert re.search(r'<w:lang w:val="en-GB" w:eastAsia="zh-CN"', styles)


def test_what_a_page_folds_stands_in_the_supplement_and_the_main_text_says_where(tmp_path):
    aside = Table("Aside", (Column("a"), Column("b")), (Row((Cell("hidden nowhere"), Cell("8"))),), key="aside")
    made = written(small(Fold("More of it", (aside,)), Paragraph("After.")), tmp_path)
    texts = word.paragraphs_in_docx(made)
    assert "In the supplement:\nMore of it (Table S1)" in texts
    assert texts.index("After.") < texts.index("hidden nowhere")
    assert word.paragraphs_in_docx(made, "Heading3") == ["More of it"]


def test_a_table_without_numbers_says_why_and_has_no_number(tmp_path):
    why = (Row((Cell("Not estimated: nobody died."),)),)
    refused = Table("Survival", (Column("Why there is no number"),), why, key="refused")
    made = written(small(refused), tmp_path)
    assert word.tables_in_docx(made) == {}
    assert word.paragraphs_in_docx(made, "CalloutStopTitle") == ["Survival"]
    assert word.paragraphs_in_docx(made, "CalloutStop") == ["Not estimated: nobody died."]


def test_a_very_wide_table_stands_on_a_turned_page_and_nothing_else_does(tmp_path):
    def table(key, columns):
        heads = tuple(Column(f"Column{i}") for i in range(columns))
        return Table(key, heads, (Row(tuple(Cell("1.52 (0.96–2.41)") for _ in heads)),), key=key)

    made = written(small(table("narrow", 3), table("wide", 12), Paragraph("after")), tmp_path)
    pages = [s.orientation for s in python_docx.Document(made).sections]
    assert [int(p) for p in pages] == [0, 1, 0]


def test_numbered_lists_begin_with_one_each(tmp_path):
    made = written(small(Bullets(("a", "b"), ordered=True), Bullets(("c",), ordered=True)), tmp_path)
    lists = [n.get(f"{W}val") for n in word.body_of(made).iter(f"{W}numId")]
    assert lists[0] == lists[1] != lists[2]


def test_signs_that_xml_cannot_hold_do_not_break_the_file(tmp_path):
    made = written(small(Callout("note", "a < b & c", ('"quoted"\x0b\x00 and 铁蛋白 ≥ 500',))), tmp_path)
    assert word.paragraphs_in_docx(made, "CalloutNoteTitle") == ["a < b & c"]
    assert word.paragraphs_in_docx(made, "CalloutNote") == ['"quoted" and 铁蛋白 ≥ 500']
