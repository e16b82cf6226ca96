"""The thin path gives the number that the whole model gives, and says why where it gives none."""

import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.hazards.model import CoxOptions
from neurohlh.stats.hazards.one_ratio import one_hazard_ratio


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(3)
    n = 200
    exposed = rng.random(n) < 0.4
    age = rng.normal(5, 2, n)
    days = rng.exponential(300 / np.exp(0.7 * exposed + 0.1 * age))
    return pd.DataFrame(
        {
            "cns": np.where(exposed, "met", "not_met"),
            "age": age,
            "site": rng.choice(["A", "B"], n),
            "weight": rng.uniform(0.2, 1, n),
            "days": np.ceil(days),
            "begin": np.floor(days / 3),
            "died": rng.random(n) < 0.7,
        }
    )


@pytest.mark.parametrize(
    "options",
    [{}, {"strata": "site"}, {"weights": "weight", "robust": True}, {"entry": "begin"}, {"conf_level": 0.9}],
    ids=str,
)
def test_the_ratio_is_that_of_the_whole_model(frame, options):
    one = one_hazard_ratio(frame, "days", "died", "cns", ["age"], CoxOptions(**options))
    whole = cox(frame, "days", "died", ["cns", "age"], **options)
    row = whole.tidy[whole.tidy["level"] == "met"].iloc[0]
    for name in ("estimate", "conf_low", "conf_high", "coef", "std_error"):
        assert getattr(one, name) == pytest.approx(row[name], rel=1e-12)
    assert (one.n, one.events) == (whole.counts["used"], whole.counts["events"])
    assert one.parameters == 2
    assert one.reason == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.assign(cns="met"), "same level"),
        (lambda f: f.assign(died=f["died"] & (f["cns"] == "not_met")), "no event"),
        (lambda f: f.assign(died=False), "no events"),
        (lambda f: f.assign(age=(f["cns"] == "met") * 1.0), ""),
    ],
    ids=["one group", "a group without deaths", "nobody died", "collinear after it"],
)
def test_what_the_data_cannot_give_is_a_reason(frame, change, said):
    one = one_hazard_ratio(change(frame), "days", "died", "cns", ["age"], CoxOptions())
    assert said in one.reason
    assert np.isnan(one.estimate) == bool(said)


def test_a_wrong_column_is_an_error_and_no_reason(frame):
    with pytest.raises(ValueError, match="agee"):
        one_hazard_ratio(frame, "days", "died", "cns", ["agee"], CoxOptions())
