"""Forests, pictures of patterns and curves of specifications: readable with any words, many lines, one, or none."""

import numpy as np
import pandas as pd
import pytest
from geometry import assert_readable, grey
from made_up_follow_up import LONG, follow_up

from neurohlh.core import pictures
from neurohlh.core.result import Result, tidy_frame
from neurohlh.report import figures
from neurohlh.report.language import Language
from neurohlh.report.names import Names
from neurohlh.stats.hazards.cox import cox

RESULT = Result("x", tidy_frame([{"term": "a", "estimate": 1.0}]), method={"title": "A title"})
ENGLISH = "a cohort whose name goes on for longer than any column could hold " * 3


class Loud(Language):
    def say(self, text):
        return f"说{text}"


def lines(words, roles=pictures.ROLES, estimate=1.6):
    return [
        {"block": f"{words} {k // 3}", "label": f"{words} {k}", "estimate": estimate, "conf_low": estimate / 2,
         "conf_high": estimate * 900, "n": 300, "events": 80, "role": role}
        for k, role in enumerate(roles)
    ]  # fmt: skip


def words_of(figure):
    said = [t.get_text() for axes in figure.axes for t in axes.texts]
    return said + [axes.get_xlabel() for axes in figure.axes] + [axes.get_ylabel() for axes in figure.axes]


@pytest.mark.parametrize("words", ["short", LONG, ENGLISH])
@pytest.mark.parametrize("scale", pictures.SCALES)
@pytest.mark.parametrize("roles", [pictures.ROLES, ("main",), ("other",) * 40])
def test_a_forest_of_any_words_is_readable(words, scale, roles):
    estimate = 0.4 if scale == "share" else 1.6
    figure = figures.draw(pictures.forest(RESULT, lines(words, roles, estimate), axis=words, scale=scale))
    assert_readable(figure)


def test_long_labels_break_into_two_lines_before_anything_is_left_out():
    label = "CSF cells, per doubling of 1 + cells/uL, without the blood of the needle"
    drawn = pictures.forest(RESULT, [{"label": label, "estimate": 1.2, "role": "other"}], axis="Hazard ratio")
    said = words_of(figures.draw(drawn))
    assert [t.replace("\n", " ") for t in said if "\n" in t] == [label]


def test_every_word_of_a_forest_goes_through_the_language():
    rows = [*lines("words"), {"label": "nothing"}]
    figure = figures.draw(pictures.forest(RESULT, rows, axis="Axis"), names=Names(language=Loud()))
    spoken = [t for t in words_of(figure) if any(sign.isalpha() for sign in t)]
    assert spoken
    assert all(t.startswith("说") for t in spoken), [t for t in spoken if not t.startswith("说")]


def test_percentages_run_from_0_to_100_without_a_line_of_no_difference():
    rows = [{"label": "a", "estimate": 30.0, "conf_low": 10.0, "conf_high": 55.0, "role": "published"}]
    plot = figures.draw(pictures.forest(RESULT, rows, axis="percent", scale="percent")).axes[0]
    assert plot.get_xlim() == (0, 100)
    assert not [line for line in plot.lines if list(line.get_xdata()) == [0, 0]]
    shares = [{"label": "a", "estimate": 0.3, "conf_low": 0.1, "conf_high": 0.55}]
    plot = figures.draw(pictures.forest(RESULT, shares, axis="share", scale="share")).axes[0]
    assert plot.get_xlim() == (0, 1)
    assert [t.get_text() for t in plot.texts][-1].startswith("30.0")


def test_roles_differ_by_mark_or_dash_so_that_grey_tells_them_apart():
    plot = figures.draw(pictures.forest(RESULT, lines("a"), axis="Ratio")).axes[0]
    marks = [(str(line.get_marker()), line.get_markerfacecolor(), line.get_markersize()) for line in plot.lines
             if len(line.get_xdata()) == 1 and line.get_marker() not in "<>"]  # fmt: skip
    looks = {(shape, face == "white" or grey(face) > 0.9, size) for shape, face, size in marks}
    assert len(looks) == len(pictures.ROLES)


def test_an_unknown_scale_is_refused():
    with pytest.raises(ValueError, match="not a scale of a forest: cubic"):
        pictures.forest(RESULT, lines("a"), axis="x", scale="cubic")


@pytest.fixture(scope="module")
def model():
    frame = follow_up(n=400).assign(age=np.linspace(0, 15, 400))
    frame["center"] = np.array(["A", "B", "C"])[np.arange(400) % 3]
    return cox(frame, "days", "died", ["group", "age", "center"], reference={"group": "not_met"})


@pytest.mark.parametrize("label", ["Centre", LONG, ENGLISH])
def test_the_forest_of_a_model_with_any_names_is_readable(model, label):
    names = Names(labels={"center": label, "age": label}, levels={"center": {"A": label, "B": "乙", "C": label}})
    assert_readable(figures.draw(model, names=names))
    assert_readable(figures.draw(model, names=Names(language=Loud())))


def test_a_frequency_per_centre_with_any_names_is_readable(frequency):
    parts = [frequency.tidy.assign(group=f"centre {k}") for k in range(3)]
    several = frequency.with_(tidy=pd.concat(parts, ignore_index=True))
    names = Names(levels={"center_id": {f"centre {k}": f"{LONG} {k}" for k in range(3)}})
    assert_readable(figures.draw(several, names=names))
    assert_readable(figures.draw(frequency, names=Names(language=Loud())))


@pytest.mark.parametrize("label", ["Symptoms", LONG])
@pytest.mark.parametrize("count", [1, 5, 40])
def test_patterns_of_any_number_and_names_are_readable(label, count):
    rows = [
        {"pattern": f"p{p}", "set": s, "state": ("met", "not_met", "unknown")[(p + k) % 3], "n": 3, "events": 1}
        for p in range(count)
        for k, s in enumerate(("symptoms", "csf", "imaging", "one", "two"))
    ]
    names = Names(labels={"symptoms": label, "csf": f"{label} csf"})
    assert_readable(figures.draw(pictures.upset(RESULT, rows), names=names))


def specifications(size, words):
    value = np.exp(np.linspace(-0.5, 1.0, size))
    frame = pd.DataFrame(
        {
            "rank": range(size), "estimate": value, "conf_low": value / 30, "conf_high": value * 30,
            "declared": [i == size - 1 for i in range(size)], "Definition": [f"{words} {k % 7}" for k in range(size)],
        }
    )  # fmt: skip
    return pictures.specification_curve(RESULT, frame, ["Definition"], axis=words)


@pytest.mark.parametrize("words", ["Hazard ratio", LONG, ENGLISH])
@pytest.mark.parametrize("size", [1, 12, 300])
def test_specifications_of_any_number_and_words_are_readable(size, words):
    assert_readable(figures.draw(specifications(size, words)))
