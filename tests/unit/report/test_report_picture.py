"""A figure is drawn when it is asked for, in the words and the style of its document, once per resolution."""

import pytest

from neurohlh.core.format import journal
from neurohlh.report import figures
from neurohlh.report.blocks import Figure
from neurohlh.report.document import build
from neurohlh.report.language import Language
from neurohlh.report.tables.styles import load


def drawn(findings, name):
    return next(f for f in build(findings).find(Figure) if f.name == name)


def test_nothing_is_drawn_before_it_is_asked_for(findings, monkeypatch):
    monkeypatch.setattr(figures, "draw", lambda *a, **k: pytest.fail("drawn"))
    assert list(build(findings).find(Figure))


def test_a_picture_keeps_the_style_of_its_document(findings):
    with journal(load("lancet")):
        figure = drawn(findings, "cox")
    assert "1·73" in figure.svg
    assert "1.73" in drawn(findings, "cox").svg


def test_a_picture_is_drawn_once_per_resolution(findings, monkeypatch, tmp_path):
    picture = drawn(findings, "frequency").picture
    picture.save(tmp_path / "frequency", ("png",), 50)
    assert (tmp_path / "frequency.png").read_bytes()[:4] == b"\x89PNG"
    monkeypatch.setattr(figures, "draw", lambda *a, **k: pytest.fail("drawn again"))
    assert picture.png(50) == (tmp_path / "frequency.png").read_bytes()


def test_a_picture_says_its_words_in_another_language(findings):
    picture = drawn(findings, "frequency").picture
    english, chinese = (picture.said_in(Language(code)).svg("k", "t", "d") for code in ("en", "zh"))
    assert "As tested" in english
    assert "As tested" not in chinese
