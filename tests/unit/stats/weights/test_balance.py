import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.weights.balance import balance
from neurohlh.stats.weights.differences import Covariate, differences, weighted_variance
from neurohlh.stats.weights.weight import weight

EXPOSED = np.array([True, True, False, False])


def test_a_covariate_by_hand():
    # exposed 2 and 4: mean 3, variance 2; unexposed 1 and 2: mean 1.5, variance 0.5; pooled sd = sqrt(1.25)
    values = np.array([2.0, 4, 1, 2])
    found = differences(Covariate.of(values, EXPOSED), EXPOSED, np.ones(4))
    assert found.smd == pytest.approx(1.5 / np.sqrt(1.25))
    assert found.variance_ratio == pytest.approx(4)
    assert found.ks == pytest.approx(0.5)
    # weights 3 and 1: mean 2.5; the denominator stays that of the patients as observed
    weighted = differences(Covariate.of(values, EXPOSED), EXPOSED, np.array([3.0, 1, 1, 1]))
    assert weighted.smd == pytest.approx(1.0 / np.sqrt(1.25))
    assert differences(Covariate.of(values, EXPOSED, "exposed"), EXPOSED, np.ones(4)).smd == pytest.approx(
        1.5 / np.sqrt(2)
    )


def test_the_weighted_variance_of_equal_weights_is_the_usual_one():
    assert weighted_variance(np.array([1.0, 2, 6]), np.full(3, 0.4)) == pytest.approx(7)
    assert np.isnan(weighted_variance(np.array([1.0]), np.array([2.0])))


def frame():
    return pd.DataFrame(
        {
            "s": list("aaaabbbbcccc"),
            "x": [1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0],
            "age": [5.0, 7, 3, 4, 6, 2, 1, 9, 8, 4, 4, 5],
        }
    )


def test_saturated_weights_balance_every_level():
    found = balance(frame(), weight(frame(), "x", ["s"]))
    smd = found.tidy[found.tidy["measure"] == "SMD"]
    assert smd["level"].tolist() == ["a", "a", "b", "b", "c", "c"]
    assert smd.loc[smd["population"] == "after", "estimate"].to_numpy() == pytest.approx(0, abs=1e-8)
    shares = found.tidy[(found.tidy["measure"] == "proportion") & (found.tidy["population"] == "before")]
    # 2, 1 and 3 of 6 exposed; 2, 3 and 1 of 6 unexposed (unexposed first)
    assert shares["estimate"].to_numpy() == pytest.approx(np.array([2, 2, 3, 1, 1, 3]) / 6)
    assert found.curves.columns.tolist() == ["variable", "term", "level", "population", "smd", "abs_smd", "threshold"]
    verdicts = found.checks.set_index("check")["verdict"]
    assert (verdicts["largest |SMD| before"], verdicts["largest |SMD| after"]) == ("not balanced", "balanced")


def test_another_covariate_is_compared_where_it_is_known():
    data = frame()
    data.loc[0, "age"] = np.nan
    found = balance(data, weight(data, "x", ["s"]), ["age"])
    means = found.tidy[(found.tidy["measure"] == "mean") & (found.tidy["population"] == "before")]
    assert means["n"].tolist() == [6, 5]
    assert means["estimate"].to_numpy() == pytest.approx([24 / 6, 29 / 5])


def test_constant_groups_have_no_standardised_difference():
    data = frame().assign(only=lambda d: d["x"] * 2.0)
    row = balance(data, weight(data, "x", ["s"]), ["only"]).tidy.query("measure == 'SMD'").iloc[0]
    assert np.isnan(row["estimate"])
    assert row["note"] == "not estimable: no variation within the groups as observed"


def test_the_denominator_must_be_known():
    with pytest.raises(ValueError, match="denominator must be one of pooled"):
        balance(frame(), weight(frame(), "x", ["s"]), denominator="mean")


def test_another_frame_is_refused():
    own = weight(frame(), "x", ["s"])
    with pytest.raises(ValueError, match=r"a frame of \d+ rows; this one has 2"):
        balance(frame().iloc[:2], own)
    with pytest.raises(ValueError, match="'x' in another order of rows"):
        balance(frame().iloc[::-1], own)
