"""Completeness and patterns of gaps: every area is a share of the Result, every cell the state of its pattern."""

import numpy as np
import pandas as pd
import pytest
from geometry import assert_readable, grey
from matplotlib.colors import to_hex

from neurohlh.report import figures
from neurohlh.report.figures.missingness import LOOKS
from neurohlh.report.names import Names
from neurohlh.stats.describe.completeness import completeness
from neurohlh.stats.missing.state_patterns import state_patterns
from neurohlh.stats.status import CELL_STATES

NAMES = Names(labels={"csf": "Cerebrospinal fluid, first lumbar puncture of all that were done", "eeg": "脑电图"})


@pytest.fixture(scope="module")
def states():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(rng.choice(CELL_STATES, (160, 3), p=[0.6, *[0.4 / 7] * 7]), columns=["csf", "mri", "eeg"])
    return frame.assign(age="value", absent="no_column")


def widths(plot):
    """state -> the widths of its bars, from the top row down."""
    return {bars.get_label(): [bar.get_width() for bar in bars] for bars in plot.containers}


def test_bars_are_the_shares_of_the_states(states):
    result = completeness(states)
    figure = figures.draw(result, names=NAMES)
    assert_readable(figure)
    shares = result.tidy.pivot_table(index="variable", columns="level", values="estimate", sort=False)
    drawn = widths(figure.axes[0])
    for state, own in drawn.items():
        np.testing.assert_allclose(own, shares.drop(index="absent")[state])
    np.testing.assert_allclose(np.sum(list(drawn.values()), axis=0), 1)
    assert "Absent" not in [text.get_text() for text in figure.axes[0].get_yticklabels()]


def test_every_cell_is_the_state_of_its_pattern_and_every_bar_its_patients(states):
    result = state_patterns(states, ["csf", "mri", "age"])
    figure = figures.draw(result, names=NAMES)
    assert_readable(figure)
    grid, counts, beside = figure.axes
    place = {text.get_text(): text.xy[1] for text in grid.texts}
    cells = {}
    for cell in grid.patches:
        x, y = cell.get_x() + cell.get_width() / 2, cell.get_y() + cell.get_height() / 2
        cells[round(x) + 1, round(y)] = (to_hex(cell.get_facecolor()), cell.get_hatch() or "")
    rows = {name: y for y, name in enumerate(["csf", "mri", "age"])}
    shown = result.curves[result.curves["pattern"] <= 20]
    assert len(cells) == len(shown)
    for row in shown.to_dict("records"):
        look = LOOKS[row["state"]]
        assert cells[row["pattern"], rows[row["variable"]]] == (look["facecolor"], look["hatch"])
    assert place["MRI"] == rows["mri"]
    patients = shown.drop_duplicates("pattern")["n"]
    assert [bar.get_height() for bar in counts.patches] == patients.tolist()
    assert [text.get_text() for text in counts.texts] == [str(n) for n in patients]
    known = result.tidy[(result.tidy["variable"] != "") & (result.tidy["level"] == "value")]
    np.testing.assert_allclose(widths(beside)["value"], known.set_index("variable")["estimate"][list(rows)])


def test_patterns_that_are_not_drawn_are_counted(states):
    result = state_patterns(states, ["csf", "mri", "eeg"])
    assert result.counts["patterns"] > 20
    figure = figures.draw(result, names=NAMES)
    said = figure.axes[0].texts[-1].get_text()
    assert f"The 20 most frequent of {result.counts['patterns']} patterns" in said
    assert f"{result.counts['complete']} of 160 patients: all known" in said


def test_a_few_patterns_are_drawn_as_widely_as_many(states):
    assert_readable(figures.draw(state_patterns(states, ["age"]), names=NAMES))


def test_states_differ_by_hatch_or_grey():
    looks = list(LOOKS.values())
    for k, one in enumerate(looks):
        for other in looks[k + 1 :]:
            far = abs(grey(one["facecolor"]) - grey(other["facecolor"])) >= 0.25
            assert one["hatch"] != other["hatch"] or far, (one, other)
