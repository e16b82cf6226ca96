import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.describe import proportions
from neurohlh.stats.describe.proportions import (
    agresti_coull,
    clopper_pearson,
    frequency,
    newcombe,
    wald_limits,
    wilson,
)


def test_wilson_by_hand():
    # Centre (x + z^2/2)/(n + z^2), half width z/(n+z^2) * sqrt(x(n-x)/n + z^2/4).
    z2 = 1.959963984540054**2
    half = np.sqrt(z2) / (10 + z2) * np.sqrt(3 * 7 / 10 + z2 / 4)
    centre = (3 + z2 / 2) / (10 + z2)
    assert wilson(3, 10) == pytest.approx((centre - half, centre + half))


@pytest.mark.parametrize("n", range(1, 60))
@pytest.mark.parametrize("limits", [wilson, clopper_pearson])
def test_none_and_all_have_a_limit_of_exactly_zero_and_one(limits, n):
    assert limits(0, n)[0] == 0
    assert limits(n, n)[1] == 1


def test_wald_and_agresti_coull_by_hand():
    z = 1.959963984540054
    assert wald_limits(3, 12) == pytest.approx((0.25 - z * 0.125, 0.25 + z * 0.125))
    # Agresti and Coull's are centred where Wilson's are, and wider.
    assert sum(agresti_coull(3, 10)) == pytest.approx(sum(wilson(3, 10)))
    assert agresti_coull(3, 10)[0] < wilson(3, 10)[0]
    assert wald_limits(0, 10) == (0, 0)


def test_exact_limits_of_none_and_all():
    assert clopper_pearson(0, 10) == pytest.approx((0, 1 - 0.025 ** (1 / 10)))
    assert clopper_pearson(10, 10) == pytest.approx((0.025 ** (1 / 10), 1))


def test_newcombe_1998_published_example():
    # Newcombe 1998, Stat Med 17:873, table II, (a) 56/70 - 48/80, method 10.
    assert newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert newcombe(5, 56, 0, 29) == pytest.approx((-0.0381, 0.1926), abs=5e-5)


def test_nothing_to_take_a_proportion_of():
    assert np.isnan(wilson(0, 0)).all()
    assert np.isnan(newcombe(0, 0, 1, 2)).all()
    with pytest.raises(ValueError, match="5 of 4 is not a proportion"):
        wilson(5, 4)


@pytest.fixture
def status():
    return pd.Series(["met"] * 5 + ["not_met"] * 10 + ["indeterminate"] * 3 + [None] * 2 + ["not_applicable"])


def test_frequency_under_every_reading_of_the_unknown(status):
    result = frequency(status, variable="cns")
    rows = result.tidy.set_index("term")
    assert rows.loc["as tested", ["n", "events"]].tolist() == [15, 5]
    assert rows.loc["unknown as negative", ["n", "events"]].tolist() == [20, 5]
    assert rows.loc["worst case: unknown as positive", ["n", "events"]].tolist() == [20, 10]
    best = rows.loc["best case: unknown as negative", ["n", "events", "estimate"]].tolist()
    assert best == rows.loc["unknown as negative", ["n", "events", "estimate"]].tolist()
    assert rows.loc["unknown", ["n", "events", "estimate"]].tolist() == [20, 5, 0.25]
    assert rows.loc["as tested", ["conf_low", "conf_high"]].tolist() == pytest.approx(wilson(5, 15))
    assert result.counts["dropped"] == {"not_applicable": 1}
    assert (result.counts["met"], result.counts["indeterminate"], result.counts["missing"]) == (5, 3, 2)


def test_frequency_by_group(status):
    by = pd.Series(["x"] * 10 + [None] * 11)
    tidy = frequency(status, by=by).tidy
    tested = tidy[tidy["term"] == "as tested"].set_index("group")
    assert tested.loc["x", ["n", "events"]].tolist() == [10, 5]
    assert tested.loc["missing", ["n", "events"]].tolist() == [5, 0]


def test_frequency_when_nobody_was_tested():
    row = frequency(pd.Series(["indeterminate"] * 3)).tidy.iloc[0]
    assert np.isnan(row["estimate"])
    assert row["note"] == "not estimable: nobody in the denominator"


def test_frequency_of_wrong_words(status):
    with pytest.raises(ValueError, match=r"'mett' is no status\. Did you mean 'met'"):
        frequency(pd.Series(["mett"]))
    with pytest.raises(ValueError, match="one entry per entry"):
        frequency(status, by=pd.Series(["a"]))
    with pytest.raises(NotEstimable, match="to whom this applies"):
        frequency(pd.Series(["not_applicable"]))


def test_testing_rates_by_outcome():
    died = pd.Series([True] * 4 + [False] * 5 + [None], dtype="boolean", name="death")
    tested = pd.DataFrame({"csf": [True, False, False, False, True, True, True, True, False, True], "mri": [None] * 10})
    tested["mri"] = tested["mri"].astype("boolean")
    result = proportions.testing_rates(tested, died)
    csf = result.tidy[result.tidy["variable"] == "csf"].set_index("group")
    assert csf.loc["overall", ["n", "events"]].tolist() == [10, 6]
    assert csf.loc["true", ["n", "events"]].tolist() == [4, 1]
    assert csf.loc["false", ["n", "events"]].tolist() == [5, 4]
    assert csf.loc["unknown", ["n", "events"]].tolist() == [1, 1]
    difference = csf.loc[""]
    assert difference["contrast"] == "true vs false"
    assert difference["estimate"] == pytest.approx(1 / 4 - 4 / 5)
    assert difference[["conf_low", "conf_high"]].tolist() == pytest.approx(newcombe(1, 4, 4, 5))
    mri = result.tidy[result.tidy["variable"] == "mri"]
    assert mri["estimate"].isna().all()
    assert mri["note"].str.startswith("not estimable").all()
    assert result.counts["unknown_if_tested"] == {"csf": 0, "mri": 10}


def test_testing_rates_of_one_domain_and_many_outcomes():
    tested = pd.Series([True, False, True], name="lp")
    tidy = proportions.testing_rates(tested, pd.Series(["a", "b", "c"])).tidy
    assert tidy["group"].tolist() == ["overall", "a", "b", "c"]
    with pytest.raises(ValueError, match="same rows"):
        proportions.testing_rates(tested, pd.Series([True]))
