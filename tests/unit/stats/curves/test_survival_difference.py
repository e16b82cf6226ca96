import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, norm

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.curves.survival_difference import survival_difference


@pytest.fixture
def two():
    # At 2: a has 3 of 4 left (variance 3/64), b 1 of 2 (variance 1/8).
    return pd.DataFrame({"t": [1, 3, 4, 5, 2, 6], "e": [1, 1, 0, 0, 1, 0], "g": list("aaaabb")})


def part(result, term):
    return result.tidy[result.tidy["term"] == term].iloc[0]


def test_difference_ratio_and_test_by_hand(two):
    result = survival_difference(two, "t", "e", "g", times=[2])
    va, vb = 0.75 * 0.25 / 4, 0.5 * 0.5 / 2
    row = part(result, "difference")
    assert (row["contrast"], row["estimate"], row["std_error"]) == ("b vs a", -0.25, pytest.approx(np.sqrt(va + vb)))
    assert row["p_value"] == pytest.approx(2 * norm.sf(0.25 / np.sqrt(va + vb)))
    assert row["conf_high"] == pytest.approx(-0.25 + 1.959963984540054 * np.sqrt(va + vb))
    ratio, se = part(result, "ratio"), np.sqrt(va / 0.75**2 + vb / 0.5**2)
    assert (ratio["estimate"], ratio["std_error"]) == (pytest.approx(0.5 / 0.75), pytest.approx(se))
    assert ratio["conf_low"] == pytest.approx(2 / 3 * np.exp(-1.959963984540054 * se))
    test, c = part(result, "log-log test"), np.log(-np.log([0.75, 0.5]))
    v = va / (0.75 * np.log(0.75)) ** 2 + vb / (0.5 * np.log(0.5)) ** 2
    assert (test["statistic"], test["p_value"]) == (
        pytest.approx((c[1] - c[0]) ** 2 / v), pytest.approx(chi2.sf((c[1] - c[0]) ** 2 / v, 1))
    )  # fmt: skip


def test_why_there_is_no_answer(two):
    early, late = (survival_difference(two, "t", "e", "g", times=[t]) for t in (1.5, 5.5))
    row = part(early, "difference")
    assert (row["estimate"], row["note"]) == (0.25, "limits not estimable: b: no event so far")
    assert np.isnan(row["p_value"])
    assert part(early, "log-log test")["note"] == "not estimable: b: no event so far"
    assert part(late, "difference")["note"] == "not estimable: a: follow-up ends at 5, before 5.5"
    assert np.isnan(part(late, "difference")["estimate"])


def test_all_pairs_and_a_named_correction(two):
    three = pd.concat([two, two[two["g"] == "a"].assign(g="c", e=[1, 1, 1, 0])])
    result = survival_difference(three, "t", "e", "g", times=[2, 3], pairs="all", correction="bonferroni")
    plain = result.tidy[result.tidy["term"] == "difference"]
    assert plain["contrast"].tolist() == ["b vs a", "c vs a", "c vs b"] * 2
    fair = result.tidy[result.tidy["term"] == "difference, adjusted"]
    np.testing.assert_allclose(fair["p_value"], np.minimum(plain["p_value"] * 6, 1))
    assert result.method["correction"] == "bonferroni"


def test_all_groups_at_once_are_one_test_for_two_groups(two):
    pair = part(survival_difference(two, "t", "e", "g", times=[2]), "log-log test")
    # A third group with the same curve as the first adds a degree of freedom.
    three = pd.concat([two, two[two["g"] == "a"].assign(g="c")])
    row = part(survival_difference(three, "t", "e", "g", times=[2]), "all groups")
    assert row["df"] == 2
    c, v = np.log(-np.log([0.75, 0.5, 0.75])), np.array([3 / 64, 1 / 8, 3 / 64])
    v = v / (np.array([0.75, 0.5, 0.75]) * np.log([0.75, 0.5, 0.75])) ** 2
    mean = np.average(c, weights=1 / v)
    assert row["statistic"] == pytest.approx(((c - mean) ** 2 / v).sum())
    assert row["statistic"] > pair["statistic"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"pairs": "some"}, ValueError, "pairs must be first or all"),
        ({"correction": "tukey"}, ValueError, "correction must be one of holm"),
        ({"times": [-1]}, ValueError, "times must be numbers of at least 0"),
        ({"by": "one"}, NotEstimable, "'one' has one group only"),
    ],
)
def test_what_is_refused(two, options, error, message):
    with pytest.raises(error, match=message):
        survival_difference(two.assign(one=1), "t", "e", **{"by": "g", "times": [2], **options})
