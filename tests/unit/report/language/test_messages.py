"""Messages of the commands: the language asked for, else that of the environment, else that of the study."""

import re

import pytest

from neurohlh.cli import main

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(autouse=True)
def _no_language_of_the_machine(monkeypatch):
    monkeypatch.delenv("NEUROHLH_LANG", raising=False)


def said(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    return code, capsys.readouterr().err


@pytest.fixture
def chinese_study(tmp_path):
    """A study file in Chinese first, whose table is missing."""
    path = tmp_path / "study.toml"
    path.write_text('schema = 1\n[study]\nlanguages = ["zh", "en"]\n[[source]]\npath = "none.csv"\n', encoding="utf-8")
    return path


def test_unasked_messages_are_english(capsys, tmp_path):
    code, error = said(capsys, "run", tmp_path / "none.toml", "--out", tmp_path / "out")
    assert code == 2
    assert "there is no study file" in error


def test_the_language_asked_for(capsys, tmp_path):
    code, error = said(capsys, "--lang", "zh", "run", tmp_path / "none.toml", "--out", tmp_path / "out")
    assert code == 2
    assert "没有研究文件 'none.toml'" in error
    assert "如何处理" in error
    assert "there is" not in error


def test_the_language_of_the_environment(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROHLH_LANG", "zh")
    assert CHINESE.search(said(capsys, "run", tmp_path / "none.toml", "--out", tmp_path / "out")[1])
    assert not CHINESE.search(said(capsys, "--lang=en", "run", tmp_path / "none.toml", "--out", tmp_path / "out")[1])


def test_the_language_of_the_study(capsys, chinese_study, tmp_path):
    code, error = said(capsys, "run", chinese_study, "--out", tmp_path / "out")
    assert code == 2
    assert CHINESE.search(error)
    assert "none.csv" in error
    code, error = said(capsys, "--lang", "en", "run", chinese_study, "--out", tmp_path / "out")
    assert not CHINESE.search(error)


def test_help_is_chinese(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--lang", "zh", "trace", "--help"])
    assert left.value.code == 0
    printed = capsys.readouterr().out
    assert "位置参数" in printed
    assert "38.2 %" in printed
