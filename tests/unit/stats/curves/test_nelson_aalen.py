import numpy as np
import pandas as pd
import pytest

from neurohlh.core.result import Result
from neurohlh.stats.curves.nelson_aalen import nelson_aalen

FRAME = pd.DataFrame({"t": [1, 2, 3, 4], "e": [1, 0, 1, 0]})


def test_a_row_for_the_hazard_and_one_for_survival():
    tidy = nelson_aalen(FRAME, "t", "e", times=[3]).tidy
    hazard, survival = tidy.iloc[0], tidy.iloc[1]
    h, se = 1 / 4 + 1 / 2, np.sqrt(1 / 16 + 1 / 4)
    assert (hazard["measure"], hazard["estimate"], hazard["std_error"]) == (
        "cumulative hazard", pytest.approx(h), pytest.approx(se)
    )  # fmt: skip
    assert hazard["conf_high"] == pytest.approx(h * np.exp(1.959963984540054 * se / h))
    assert (survival["estimate"], survival["std_error"]) == (pytest.approx(np.exp(-h)), pytest.approx(np.exp(-h) * se))


def test_before_the_first_event_and_beyond_the_last_follow_up():
    tidy = nelson_aalen(FRAME, "t", "e", times=[0.5, 9]).tidy
    assert tidy["note"].tolist()[:2] == ["no event so far: limits not estimable"] * 2
    assert tidy["estimate"].tolist()[:2] == [0, 1]
    assert (tidy["note"][2:] == "not estimable: beyond the last follow-up of this group (4)").all()
    assert tidy["estimate"][2:].isna().all()


def test_groups_and_json():
    result = nelson_aalen(FRAME.assign(g=list("aabb")), "t", "e", by="g", times=[1], ties="fleming-harrington")
    assert result.tidy["group"].tolist() == ["a", "a", "b", "b"]
    pd.testing.assert_frame_equal(Result.from_json(result.to_json()).curves, result.curves)
    assert result.method["ties"] == "fleming-harrington"
