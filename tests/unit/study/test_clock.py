"""What somebody who waits sees: a bar where a person watches, plain lines in a log, nothing in a script."""

import io
import sys

import pytest

from neurohlh.study import clock as clock_module
from neurohlh.study.clock import Clock


class Terminal(io.StringIO):
    """A standard error that somebody watches."""

    def isatty(self):
        return True


def work(clock):
    with clock("analyse", 2) as advance:
        advance("first results")
        advance("time")


@pytest.fixture
def seen(monkeypatch):
    """What a terminal shows of some work (the standard error is taken when the work begins)."""

    def watch(shown):
        terminal = Terminal()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", terminal)
            work(Clock(shown))
        return terminal.getvalue()

    return watch


def test_a_terminal_shows_the_step_its_parts_and_how_far_it_is(seen, monkeypatch):
    monkeypatch.setattr(clock_module, "DELAY", 0)
    shown = seen(None)
    assert "analyse:   0%" in shown
    assert "first results" in shown
    assert "analyse:  50%" in shown
    assert shown.index("first results") < shown.index("time")


def test_what_is_done_at_once_needs_no_bar(seen):
    assert "analyse" not in seen(None)


def test_a_log_gets_plain_lines_and_only_where_they_are_asked_for(capsys):
    work(Clock(True))
    assert capsys.readouterr().err == "analyse: 0.0 s\n"
    work(Clock(None))
    work(Clock(False))
    assert capsys.readouterr().err == ""


def test_silence_is_silence_on_a_terminal_too(seen, monkeypatch):
    monkeypatch.setattr(clock_module, "DELAY", 0)
    assert seen(False) == ""


def test_every_step_is_timed():
    clock = Clock(False)
    work(clock)
    with clock("describe"):
        pass
    assert list(clock.seconds) == ["analyse", "describe"]
    assert all(seconds >= 0 for seconds in clock.seconds.values())
