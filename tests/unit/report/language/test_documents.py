"""A document in Chinese: every text said, keys and what the hospital wrote left alone, the numbers the same."""

import pytest

from neurohlh.report.blocks import (
    Bullets,
    Callout,
    Cell,
    Column,
    Document,
    KeyFigure,
    KeyFigures,
    Paragraph,
    Row,
    Section,
    Table,
)
from neurohlh.report.language import Language


@pytest.fixture
def document():
    table = Table(
        "Settings",
        (Column("Setting", number=False, verbatim=True), Column("Patients", "n")),
        (Row((Cell("died", sub="Not known"), Cell("12", note="All patients"))),),
        key="Patients",
    )
    summary = Section("summary", "Summary", (Paragraph("Not tested is not negative."),))
    blocks = (
        KeyFigures((KeyFigure("Patients", "12", "of 40 rows supplied"),)),
        table,
        Callout("note", "Example Hospital", ("Example Hospital: Not known",)),
        Bullets(("Hayden 2017. A title of words. Blood Adv [VERIFIED]",), references=True),
    )
    return Document(
        "A title of the study", "", summary, (Section("one", "Methods", blocks),), kept=("Example Hospital",)
    )


def test_the_texts_are_said_and_the_keys_stay(document):
    missed = set()
    said = Language("zh", untranslated=missed).document(document)
    assert said.lang == "zh"
    assert said.summary.title == "摘要"
    (section,) = said.sections
    assert (section.key, section.title) == ("one", "方法")
    figures, table, callout, bullets = section.blocks
    assert figures.items[0].value == "12"
    assert "40" in figures.items[0].detail
    assert "rows" not in figures.items[0].detail
    assert table.key == "Patients"
    assert table.rows[0].cells[0].text == "died"
    assert table.rows[0].cells[0].sub == "未知"
    assert callout.title == "Example Hospital"
    assert callout.sentences == ("Example Hospital：未知",)
    assert bullets.items == ("Hayden 2017. A title of words. Blood Adv [已核实]",)
    assert said.title == "A title of the study"
    assert not missed


def test_english_is_the_same_document(document):
    assert Language("en").document(document) == document


def test_what_cannot_be_said_stays_english_whole_and_is_told():
    missed = set()
    language = Language("zh", untranslated=missed)
    assert language.say("Not known. A zyxw sentence of no catalogue. Not known.") == (
        "未知。A zyxw sentence of no catalogue. 未知。"
    )
    assert missed == {"A zyxw sentence of no catalogue."}


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="no language 'fr'"):
        Language("fr")


def test_a_variable_keeps_its_name_and_what_the_language_writes_out_is_not_explained():
    columns = (Column("Understood as", number=False), Column("Variable", number=False, verbatim=True))
    table = Table(
        "x", columns, (Row((Cell("Sex"), Cell("sex"))),), key="k", abbreviations=(("df", "degrees of freedom"),)
    )
    document = Document("t", "", Section("summary", "Summary", ()), (Section("s", "Methods", (table,)),))
    made = Language("zh").document(document).sections[0].blocks[0]
    assert [cell.text for cell in made.rows[0].cells] == ["性别", "sex"]
    assert made.abbreviations == ()
