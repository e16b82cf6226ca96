"""The flow of patients as a diagram: numbers that add up, boxes that hold their words and stand on no other."""

import dataclasses
import itertools

import pandas as pd
import pytest
from geometry import assert_readable, text_boxes

from neurohlh.core.findings import FLOW_COLUMNS, Findings
from neurohlh.core.result import Result, tidy_frame
from neurohlh.report import figures
from neurohlh.report.blocks import Flow, FlowStep
from neurohlh.report.figures import flowchart
from neurohlh.report.figures.look import style
from neurohlh.report.flow import flow_block, flow_breaks
from neurohlh.report.names import Names

LONG = "patients of whom the letter of discharge could not be found in any of the archives of the three hospitals"


GROUPS = {"met": 186, "not_met": 73, "indeterminate": 88}


def study(groups=GROUPS, dropped=(1, 11), used=347):
    rows = [
        ("rows_read", "Rows", 412, 9, 403, "empty rows"),
        ("joined_rows", "Patients", 403, 3, 400, "further rows of a patient"),
        ("criteria_not_met", "HLH: not ruled out", 400, 15, 385, "HLH: not fulfilled"),
        ("criteria_indeterminate", "HLH: decidable", 385, 26, 359, LONG),
    ]
    counts = {
        "supplied": 359,
        "used": used,
        "dropped": dict(zip(("time or outcome unknown", "died by day 14"), dropped, strict=True)),
        # In another order than that of the boxes.
        "groups": {s: {"n": groups[s], "events": 1} for s in ("indeterminate", "met", "not_met")},
    }
    curves = Result("kaplan_meier", tidy_frame([]), counts=counts)
    return Findings("A study", flow=pd.DataFrame(rows, columns=list(FLOW_COLUMNS)), results={"kaplan_meier": curves})


def boxes(figure):
    text_boxes(figure)
    return [patch.get_window_extent() for patch in figure.axes[0].patches if patch.get_gid() == "box"]


def test_the_last_box_parts_by_cns_status_and_every_number_is_conserved():
    block = flow_block(study())
    assert not flow_breaks(study())
    assert [(s.n, s.label) for s in block.branches] == [
        ("186", "CNS involvement"), ("73", "No CNS involvement"), ("88", "CNS status undecided")
    ]  # fmt: skip
    assert sum(int(s.n) for s in block.branches) == int(block.steps[-1].n)
    for before, after in itertools.pairwise(block.steps):
        assert int(before.n) - sum(int(n) for _, n in after.excluded) == int(after.n)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (study(groups={**GROUPS, "not_met": 72}), "Patients by CNS status: 186 . 72 . 88 is not 347"),
        (study(dropped=(1, 10)), "Patients on the survival curves: 359 − 11 is not 347"),
    ],
)
def test_a_flow_that_does_not_add_up_is_not_drawn(broken, said):
    with pytest.raises(ValueError, match=f"does not add up: {said}"):
        figures.flow(broken)


def test_a_step_that_starts_with_others_is_not_drawn():
    found = study()
    rows = found.flow.copy()
    rows.loc[2, ["n_in", "n_out"]] = [401, 386]
    with pytest.raises(ValueError, match="starts with 401, but 400 were left before"):
        figures.flow(dataclasses.replace(found, flow=rows))


def test_a_suppressed_count_is_no_fault():
    found = study()
    rows = found.flow.astype({"n_excluded": float, "n_out": float})
    rows.loc[1, "n_excluded"] = float("nan")
    assert not flow_breaks(dataclasses.replace(found, flow=rows))


def test_without_survival_the_study_parts_by_cns_status_at_any_time():
    counts = {"supplied": 359, "used": 359, "met": 200, "not_met": 59, "indeterminate": 100, "missing": 0}
    found = dataclasses.replace(study(), results={"frequency": Result("frequency", tidy_frame([]), counts=counts)})
    block = flow_block(found)
    assert block.steps[-1].label == "patients in the study"
    assert [s.n for s in block.branches] == ["200", "59", "100"]
    assert not flow_breaks(found)


def assert_boxes_hold_their_words(figure):
    assert_readable(figure)
    found = boxes(figure)
    for one, other in itertools.combinations(found, 2):
        assert not one.overlaps(other)
    for text, extent in text_boxes(figure):
        inside = [
            b for b in found if b.x0 <= extent.x0 and extent.x1 <= b.x1 and b.y0 <= extent.y0 and extent.y1 <= b.y1
        ]
        assert len(inside) == 1, text.get_text()


def test_words_stay_in_their_boxes_and_boxes_apart():
    figure = figures.flow(study())
    assert len(boxes(figure)) == 4 + 3 + 3
    assert_boxes_hold_their_words(figure)


def test_long_words_in_english_and_chinese_make_boxes_higher():
    chinese = "出院小结在三家医院的任何一个档案室中都没有找到因而无法判断是否符合噬血细胞综合征诊断标准的患者"
    steps = (FlowStep(LONG, "12 345"), FlowStep(chinese, "12", ((LONG, "9 999"), (chinese, "3"), (LONG * 2, "1"))))
    branches = tuple(FlowStep(chinese if k % 2 else LONG, str(k)) for k in range(5))
    with style():
        figure = flowchart.flow(Flow(steps, branches=branches), Names())
    assert_boxes_hold_their_words(figure)


def test_an_arrow_leads_from_every_box_to_the_next():
    figure = figures.flow(study())
    plot = figure.axes[0]
    arrows = [(note.xyann, note.xy) for note in plot.texts if getattr(note, "arrow_patch", None) is not None]
    down = [(a, b) for a, b in arrows if a[0] == b[0]]
    assert len(down) == 3 + 3
    assert len(arrows) - len(down) == 3
    tops = {round(float(patch.get_y()), 6) for patch in plot.patches if patch.get_gid() == "box"}
    assert all(round(end[1], 6) in tops for _, end in down)
