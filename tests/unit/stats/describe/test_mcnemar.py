import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.describe.mcnemar import mcnemar, paired_rows


def test_pairs_by_hand():
    # Of 4 pairs that differ 3 do one way: twice P(X <= 1) = 2 * 5 / 16.
    frame = pd.DataFrame({"before": [1, 1, 1, 0, 1, 0, None], "after": [0, 0, 0, 1, 1, 0, 1]})
    result = mcnemar(frame, "before", "after")
    row = result.tidy.iloc[0]
    assert (row["estimate"], row["p_value"]) == (3, pytest.approx(10 / 16))
    assert result.tidy["statistic"][1:3].tolist() == [pytest.approx(1), pytest.approx(1 / 4)]
    assert result.counts["cells"] == {"both": 1, "only before": 3, "only after": 1, "neither": 1}
    assert result.counts["dropped"] == {"missing before": 1}
    turned = mcnemar(frame, "after", "before").tidy.iloc[0]
    assert turned["estimate"] == pytest.approx(1 / 3)
    assert turned["p_value"] == pytest.approx(row["p_value"])


def test_pairs_that_cannot_be_compared():
    frame = pd.DataFrame({"a": [1, 0, 1], "b": [1, 0, 0]})
    assert mcnemar(frame, "a", "b").tidy.iloc[0]["note"].startswith("not estimable: all pairs that differ")
    with pytest.raises(NotEstimable, match="no pair differs"):
        mcnemar(frame.iloc[:2], "a", "b")
    with pytest.raises(ValueError, match="cannot be negative"):
        paired_rows(-1, 2)
