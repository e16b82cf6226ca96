"""The Chinese reports of whole runs: nothing stays English, no number changes, figures speak Chinese too."""

import re
from collections import Counter
from dataclasses import fields, is_dataclass

import pytest

from neurohlh.report.blocks import Figure
from neurohlh.report.document import build
from neurohlh.report.language import Language
from neurohlh.report.language.documents import NOT_SAID
from neurohlh.study.bundle import read_findings
from neurohlh.study.published.command import EvidenceRun

# Digits that belong to a name (CD25, IL-2R, 1b of a pattern's name) may be said with it.
_NUMBER = re.compile(r"(?<![A-Za-z\d.])\d+(?:[.,]\d+)*(?!(?!st|nd|rd|th)[A-Za-z])")
_TEXT_OF_A_DRAWING = re.compile(r"<text[^>]*>([^<]*)</text>")


@pytest.fixture(scope="module")
def documents(example_run, published_run):
    return {
        "example": build(read_findings(example_run)),
        "published": build(read_findings(published_run)),
        "evidence": EvidenceRun().document(),
    }


@pytest.fixture(scope="module")
def chinese(documents):
    missed = {name: set() for name in documents}
    said = {name: Language("zh", untranslated=missed[name]).document(d) for name, d in documents.items()}
    return said, missed


@pytest.mark.slow
@pytest.mark.parametrize("name", ["example", "published", "evidence"])
def test_no_text_of_the_report_stays_english(chinese, name):
    assert not chinese[1][name]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["example", "published", "evidence"])
def test_every_number_is_the_same_in_both_languages(documents, chinese, name):
    pairs = dict(_texts(documents[name], chinese[0][name]))
    assert len(pairs) > 300
    assert not {english: said for english, said in pairs.items() if _numbers(english) != _numbers(said)}


@pytest.mark.slow
def test_the_figures_speak_chinese(chinese):
    said, missed = chinese
    drawn = [figure for figure in said["example"].find(Figure) if figure.key]
    assert len(drawn) > 10
    for figure in drawn:
        svg = figure.picture.svg(figure.key, figure.title, figure.alt)
        assert re.search(r"[\u4e00-\u9fff]", "".join(_TEXT_OF_A_DRAWING.findall(svg))), figure.title
    assert not missed["example"]


def _numbers(text):
    return Counter(_NUMBER.findall(text))


def _texts(english, said):
    """(English, said) of every text of two documents of one shape."""
    if isinstance(english, str):
        yield english, said
    elif isinstance(english, tuple):
        assert len(english) == len(said)
        for one, other in zip(english, said, strict=True):
            yield from _texts(one, other)
    elif is_dataclass(english) and not hasattr(english, "said_in"):
        for field in fields(english):
            # A Chinese table needs fewer abbreviations: 自由度 is written out where English says df.
            if field.name not in NOT_SAID | {"abbreviations"}:
                yield from _texts(getattr(english, field.name), getattr(said, field.name))
