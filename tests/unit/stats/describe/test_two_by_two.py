import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.describe.fisher import fisher
from neurohlh.stats.describe.proportions import clopper_pearson, newcombe
from neurohlh.stats.describe.two_by_two import risks_only, two_by_two


def table(a, b, c, d):
    exposure = pd.Series([True] * (a + b) + [False] * (c + d), name="cns")
    return exposure, pd.Series([1] * a + [0] * b + [1] * c + [0] * d, name="death")


def test_every_measure_by_hand():
    result = two_by_two(*table(8, 12, 3, 27))
    rows = result.tidy.set_index("term")
    risks = result.tidy[result.tidy["term"] == "risk"].set_index("group")
    assert risks.loc["true", "estimate"] == 0.4
    assert risks.loc["false", ["conf_low", "conf_high"]].tolist() == pytest.approx(clopper_pearson(3, 30))
    assert risks["is_reference"].tolist() == [False, True]
    assert rows.loc["risk difference", "estimate"] == pytest.approx(0.3)
    assert rows.loc["risk difference", ["conf_low", "conf_high"]].tolist() == pytest.approx(newcombe(8, 20, 3, 30))
    ratio = rows.loc["risk ratio"]
    se = np.sqrt(1 / 8 - 1 / 20 + 1 / 3 - 1 / 30)
    assert ratio["estimate"] == pytest.approx(4)
    assert ratio["conf_high"] == pytest.approx(4 * np.exp(1.959963984540054 * se))
    exact = fisher(8, 12, 3, 27)
    assert rows.loc["odds ratio", ["estimate", "conf_low", "conf_high", "p_value"]].tolist() == pytest.approx(
        [exact.estimate, exact.conf_low, exact.conf_high, exact.p_value]
    )
    assert set(rows.loc[["risk difference", "odds ratio"], "contrast"]) == {"true vs false"}
    chi = result.checks.set_index("check").loc["chi-square test without correction"]
    assert chi["statistic"] == pytest.approx(50 * (8 * 27 - 12 * 3) ** 2 / (20 * 30 * 11 * 39))
    assert chi["value"] == pytest.approx(20 * 11 / 50)
    assert chi["verdict"] == "attention"
    assert result.counts["cells"] == {"a": 8, "b": 12, "c": 3, "d": 27}


def test_no_event_in_the_reference_group():
    rows = two_by_two(*table(4, 6, 0, 10)).tidy.set_index("term")
    assert rows.loc["risk ratio", "note"] == "not estimable: no events in the reference group"
    assert np.isnan(rows.loc["risk ratio", "estimate"])
    odds = rows.loc["odds ratio"]
    assert odds["note"] == "not estimable: an empty cell; the estimate is infinite and has only a lower limit"
    assert np.isnan(odds["conf_high"])
    assert odds["conf_low"] > 0
    assert 0 < odds["p_value"] < 1


def test_nobody_or_everybody_has_the_outcome():
    rows = two_by_two(*table(0, 6, 0, 10)).tidy.set_index("term")
    assert rows.loc["risk ratio", "note"] == "not estimable: no events in either group"
    assert rows.loc["odds ratio", "note"] == "not estimable: an empty margin"
    everybody = two_by_two(*table(6, 0, 10, 0))
    assert "everybody has the outcome" in everybody.tidy.set_index("term").loc["risk ratio", "note"]
    assert everybody.checks["verdict"].tolist()[-1] == "not estimable"


def test_unknowns_are_counted_not_guessed():
    exposure, outcome = table(2, 2, 1, 3)
    exposure = exposure.astype("boolean")
    exposure[0] = pd.NA
    outcome = outcome.astype(float)
    outcome[[0, 1]] = np.nan
    result = two_by_two(exposure, outcome)
    assert result.counts["dropped"] == {"missing cns": 1, "missing death": 1}
    assert result.counts["used"] == 6


def test_status_words_compare_met_with_not_met():
    status = pd.Series(["met", "not_met"] * 5, name="cns")
    result = two_by_two(status, pd.Series([1, 0, 1, 1, 0, 0, 1, 0, 0, 0], name="d"))
    assert result.tidy.iloc[2]["contrast"] == "met vs not_met"
    assert two_by_two(status, pd.Series([1, 0] * 5), reference="met").tidy.iloc[2]["contrast"] == "not_met vs met"


def test_wrong_inputs():
    exposure, outcome = table(1, 1, 1, 1)
    with pytest.raises(ValueError, match="same rows"):
        two_by_two(exposure, outcome.head(2))
    with pytest.raises(ValueError, match="two levels, not 3: met, not_met, indeterminate"):
        two_by_two(pd.Series(["met", "not_met", "indeterminate"]), pd.Series([1, 0, 1]))
    with pytest.raises(NotEstimable, match="only one level"):
        two_by_two(pd.Series(["met", "met"]), pd.Series([1, 0]))
    with pytest.raises(ValueError, match="true/false or 1/0"):
        two_by_two(exposure, pd.Series(["dead"] * 4, name="outcome"))


def test_one_group_alone_has_a_risk_and_no_comparison():
    exposure = pd.Series(["met"] * 4 + ["not_met"], name="cns")
    result = risks_only(exposure, pd.Series([1, 0, 0, 0, None], name="died"), reason="one group only")
    rows = result.tidy.set_index("measure")
    assert list(rows.index) == ["risk", "RD", "RR", "OR"]
    assert (rows.loc["risk", "events"], rows.loc["risk", "n"], rows.loc["risk", "estimate"]) == (1, 4, 0.25)
    # exact limits of 1 in 4 (Clopper and Pearson): roots of the two binomial tails at 0.025
    p_low, p_high = rows.loc["risk", "conf_low"], rows.loc["risk", "conf_high"]
    assert 1 - (1 - p_low) ** 4 == pytest.approx(0.025)
    assert (1 - p_high) ** 4 + 4 * p_high * (1 - p_high) ** 3 == pytest.approx(0.025)
    assert rows.loc[["RD", "RR", "OR"], "estimate"].isna().all()
    assert set(rows.loc[["RD", "RR", "OR"], "note"]) == {"not estimable: one group only"}
    assert result.counts["dropped"] == {"missing exposure or outcome": 1}
