import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.predict.discrimination import concordance_index


@pytest.fixture
def four():
    # Events at 1 and 3, censored at 2 and 4. Comparable pairs: (1,2), (1,3), (1,4) and (3,4).
    return pd.DataFrame({"t": [1, 2, 3, 4], "e": [1, 0, 1, 0], "a": [4, 1, 2, 3], "b": [3, 3, 2, 1]})


def test_the_share_of_pairs_in_order(four):
    tidy = concordance_index(four, "t", "e", ["a", "b"]).tidy.set_index("group")
    assert tidy.loc["a", "estimate"] == pytest.approx(3 / 4)  # all but (3,4)
    assert tidy.loc["b", "estimate"] == pytest.approx(3.5 / 4)  # (1,2) is tied
    assert tidy["estimate"].iloc[2] == pytest.approx(-0.5 / 4)


def test_uno_weighs_the_later_event_for_those_censored_before_it(four):
    # G is 1 before 1 and 2/3 before 3, so that the pair (3,4) counts 9/4 times.
    tidy = concordance_index(four, "t", "e", "a", estimator="uno").tidy
    assert tidy["estimate"].item() == pytest.approx(3 / (3 + 9 / 4))


def test_events_after_tau_start_no_pair(four):
    result = concordance_index(four, "t", "e", "a", tau=2)
    assert result.counts["pairs"] == {"a": 3}
    row = result.tidy.iloc[0]
    assert (row["estimate"], row["events"]) == (1, 1)
    assert "orders every pair alike" in row["note"]
    assert np.isnan(row["conf_low"])


def test_scores_that_order_alike_have_no_difference_to_test(four):
    row = concordance_index(four.assign(c=four["a"] * 2), "t", "e", ["a", "c"]).tidy.iloc[2]
    assert row["estimate"] == 0
    assert np.isnan(row["p_value"])
    assert "do not differ" in row["note"]


def test_rows_that_cannot_be_used_are_counted(four):
    more = pd.concat([four, four.assign(a=np.nan).head(1), four.assign(t=np.nan).head(2)])
    result = concordance_index(more, "t", "e", "a")
    assert result.counts["dropped"] == {"missing t": 2, "missing a": 1}
    assert result.counts["used"] == 4


def test_uno_warns_where_few_stay_uncensored():
    n = 60
    frame = pd.DataFrame({"t": np.arange(1, n + 1), "e": [0] * (n - 2) + [1, 0], "a": np.arange(n)})
    assert "Fewer than one in ten" in concordance_index(frame, "t", "e", "a", estimator="uno").notes[0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"estimator": "gonen"}, "estimator must be one of harrell, uno"),
        ({"tau": 0}, "tau must be a time above 0"),
        ({"tau": np.nan}, "tau must be a time above 0"),
        ({"estimator": "uno", "entry": "b"}, "delayed entry hides"),
    ],
)
def test_options_that_make_no_sense(four, options, said):
    with pytest.raises(ValueError, match=said):
        concordance_index(four, "t", "e", "a", **options)


def test_nothing_to_compare(four):
    with pytest.raises(ValueError, match="each once"):
        concordance_index(four, "t", "e", ["a", "a"])
    with pytest.raises(NotEstimable, match=r"no events by 0\.5 among 4"):
        concordance_index(four, "t", "e", "a", tau=0.5)
    with pytest.raises(NotEstimable, match="no two patients can be compared"):
        concordance_index(four.assign(t=1, e=1), "t", "e", "a")
    with pytest.raises(NotEstimable, match="all scores"):
        concordance_index(four.assign(a=np.nan), "t", "e", "a")
