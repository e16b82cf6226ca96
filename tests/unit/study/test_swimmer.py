"""Courses of patients counted by hand, and a drawing of them that hides nobody and names nobody."""

import numpy as np
import pandas as pd
import pytest
from geometry import assert_readable, assert_told_apart_in_grey
from matplotlib.lines import Line2D

import neurohlh as nh
from neurohlh.core.errors import InputError
from neurohlh.report.figures.swimmer import narrowed, widened
from neurohlh.report.names import Names
from neurohlh.study import swimmer as swim
from neurohlh.study.config import check_config
from neurohlh.study.courses import courses

ORIGIN = "date_hlh_diagnosis"


def dates(*texts):
    return pd.to_datetime(pd.Series(texts))


# A: CNS on day 5, dies on day 40. B: no CNS, alive on day 900. C: undecided, follow-up unknown.
# D: CNS before diagnosis on a day nobody wrote down, transplanted on an unknown day, alive on day 300.
FRAME = pd.DataFrame(
    {
        "patient_id": ["A-17", "B-03", "C-99", "D-41"],
        ORIGIN: dates("2020-01-01", "2020-02-01", "2020-03-01", "2020-04-01"),
        "date_cns_first": dates("2020-01-06", None, None, None),
        "date_lp_first": dates("2020-01-04", "2020-01-31", None, None),
        "date_hsct": dates(None, "2020-08-01", None, None),
        "cns_status": ["met", "not_met", "indeterminate", "met"],
        "csf_tested": pd.Series([True, True, False, pd.NA], dtype="boolean"),
        "hsct": pd.Series([False, True, pd.NA, True], dtype="boolean"),
        "os_days": [40.0, 900.0, np.nan, 300.0],
        "os_event": [1.0, 0.0, 1.0, 0.0],
    }
)


def test_courses_are_counted_from_time_zero_and_sorted():
    found = courses(FRAME)
    lanes = found.lanes.set_index("patient_id")
    # CNS involvement first, the longer follow-up above; then undecided, then none.
    assert found.lanes["patient_id"].tolist() == ["D-41", "A-17", "C-99", "B-03"]
    assert lanes["outcome"].to_dict() == {"A-17": "died", "B-03": "alive", "C-99": "unknown", "D-41": "alive"}
    assert lanes.loc["A-17", ["end", "cns_day"]].tolist() == [40, 5]
    assert lanes[["end", "cns_day"]].loc[["C-99", "D-41"]].isna().to_numpy().tolist() == [[True, True], [False, True]]


def test_undated_is_not_unknown_and_unknown_is_not_no():
    found = courses(FRAME)
    who = dict(zip(found.lanes["lane"], found.lanes["patient_id"], strict=True))
    marks = {(who[m["lane"]], m["kind"]): (m["day"], m["happened"]) for m in found.marks.to_dict("records")}
    assert marks.pop(("A-17", "cns")) == (5, True)
    assert marks.pop(("A-17", "lp")) == (3, True)
    assert marks.pop(("B-03", "lp")) == (-1, True)
    assert marks.pop(("B-03", "hsct")) == (182, True)
    for key, happened in {("D-41", "cns"): True, ("D-41", "hsct"): True, ("D-41", "lp"): False}.items():
        day, found_happened = marks.pop(key)
        assert np.isnan(day)
        assert found_happened is happened
    assert {key: happened for key, (day, happened) in marks.items() if np.isnan(day)} == {
        ("C-99", "cns"): False, ("C-99", "hsct"): False
    }  # fmt: skip
    assert len(marks) == 2  # nobody has a puncture that was not done, and no imaging or reactivation was asked for


def drawn(frame=FRAME, **options):
    return swim.swimmer_page(frame, ORIGIN, Names(), **options)


def at(axes, name):
    return [tuple(map(float, xy)) for line in axes.lines if line.get_gid() == name for xy in line.get_xydata()]


def test_every_mark_stands_on_its_day_in_the_lane_of_its_patient():
    figure = drawn()
    assert_readable(figure)
    plot, side = figure.axes
    assert at(plot, "cns") == [(5, 1)]
    assert [x for x, _ in at(plot, "lp")] == [3, -1]
    assert [round(y) for _, y in at(plot, "lp")] == [1, 3]
    assert at(plot, "died") == [(40, 1)]
    assert at(plot, "alive") == [(300, 0), (900, 3)]
    assert at(plot, "unknown") == [(0, 2)]
    bars = {b.get_label(): [(r.get_x(), r.get_width(), round(r.get_y() + 0.31)) for r in b] for b in plot.containers}
    assert bars == {
        "met": [(5, 35, 1)], "undated": [(0, 300, 0)], "before": [(0, 5, 1)], "not_met": [(0, 900, 3)]
    }  # fmt: skip
    assert [y for _, y in at(side, "hsct:undated")] == [0]
    assert [y for _, y in at(side, "hsct:unknown")] == [2]
    assert [y for _, y in at(side, "lp:unknown")] == [0]
    assert [y for _, y in at(side, "cns:undated")] == [0]
    assert [y for _, y in at(side, "cns:unknown")] == [2]


def words(figure):
    return [t.get_text() for t in [*figure.texts, *(t for axes in figure.axes for t in axes.texts)]]


def test_identifiers_stand_on_it_only_where_they_are_asked_for():
    assert not [text for text in words(drawn()) if any(name in text for name in FRAME["patient_id"])]
    named = drawn(ids=True)
    assert_readable(named)
    assert [text for text in words(named) if text in set(FRAME["patient_id"])] == ["D-41", "A-17", "C-99", "B-03"]


def many(n):
    rng = np.random.default_rng(2)
    status = rng.choice(["met", "not_met", "indeterminate"], n)
    frame = pd.DataFrame({ORIGIN: pd.Timestamp("2020-01-01"), "cns_status": status}, index=range(n))
    day = pd.to_timedelta(rng.integers(-400, 600, n), unit="D")
    return frame.assign(
        patient_id=[f"ID-{k:05d}" for k in range(n)],
        date_cns_first=(frame[ORIGIN] + day).where(status == "met"),
        date_lp_first=frame[ORIGIN] + pd.to_timedelta(rng.integers(0, 9, n), unit="D"),
        csf_tested=True,
        os_days=rng.integers(0, 4000, n).astype(float),
        os_event=rng.integers(0, 2, n).astype(float),
    )


def test_pages_hold_every_patient_once():
    frame = many(130)
    pages = [drawn(frame, page=k) for k in (1, 2, 3)]
    ends = [len(at(f.axes[0], "died")) + len(at(f.axes[0], "alive")) for f in pages]
    assert ends == [60, 60, 10]
    assert sum(len(at(f.axes[0], "died")) for f in pages) == int(frame["os_event"].sum())
    assert "Patients 121 to 130 of 130, sorted by CNS status, then by length of follow-up." in words(pages[2])
    for figure in pages:
        assert_readable(figure)


@pytest.mark.parametrize("page", [0, 4])
def test_a_page_that_does_not_exist_is_named(page):
    with pytest.raises(InputError, match=f"no page {page}"):
        drawn(many(130), page=page)


def test_of_very_many_patients_each_so_manieth_is_drawn_and_said():
    figure = swim.swimmer_whole(many(swim.MOST + 1), ORIGIN, Names())
    assert len(at(figure.axes[0], "died")) + len(at(figure.axes[0], "alive")) == -(-(swim.MOST + 1) // 2)
    assert any(text.startswith("1 in 2 of 401 patients") for text in words(figure))


def test_the_scale_narrows_and_turns_back():
    days = np.array([-400.0, -3, 0, 1, 30, 4000])
    np.testing.assert_allclose(widened(narrowed(days)), days)
    assert (np.diff(narrowed(days)) > 0).all()


def test_marks_differ_without_colour():
    plot = drawn(many(60)).axes[0]
    assert_told_apart_in_grey([line for line in plot.lines if isinstance(line, Line2D) and line.get_gid()])


def test_a_study_draws_its_courses_without_identifiers(cohort):
    figure = nh.swimmer(cohort)
    assert "Patients 1 to 15 of 15, sorted by CNS status, then by length of follow-up." in words(figure)
    assert_readable(figure)
    config = check_config({"schema": 1, "source": [{"path": "a.csv"}]}, "s")
    text = swim.swimmer_svg(cohort.patients, config)
    assert text == swim.swimmer_svg(cohort.patients, config)
    assert "All 15 patients" in text
    assert not [name for name in cohort.patients["patient_id"] if f">{name}<" in text]
