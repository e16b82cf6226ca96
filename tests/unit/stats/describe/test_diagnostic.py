import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.describe.diagnostic import diagnostic_accuracy


def frame(tp, fn, fp, tn):
    return pd.DataFrame(
        {"test": [1] * tp + [0] * fn + [1] * fp + [0] * tn, "ill": [True] * (tp + fn) + [False] * (fp + tn)}
    )


def rows(result):
    return result.tidy.set_index("term")


def test_by_hand():
    result = diagnostic_accuracy(frame(8, 2, 5, 15), "test", "ill", prevalence=0.1)
    found = rows(result)["estimate"]
    assert found[["sensitivity", "specificity"]].tolist() == pytest.approx([0.8, 0.75])
    assert found[["positive predictive value", "negative predictive value"]].tolist() == pytest.approx(
        [8 / 13, 15 / 17]
    )
    assert found[["accuracy", "Youden's index"]].tolist() == pytest.approx([23 / 30, 0.55])
    assert found[["positive likelihood ratio", "negative likelihood ratio"]].tolist() == pytest.approx(
        [3.2, 0.2 / 0.75]
    )
    assert found["diagnostic odds ratio"] == pytest.approx(12)
    assert found["positive predictive value at a prevalence of 0.1"] == pytest.approx(0.08 / (0.08 + 0.225))
    assert found["negative predictive value at a prevalence of 0.1"] == pytest.approx(0.675 / (0.675 + 0.02))
    ratio = rows(result).loc["positive likelihood ratio"]
    assert ratio["std_error"] == pytest.approx(np.sqrt(1 / 8 - 1 / 10 + 1 / 5 - 1 / 20))
    assert result.counts["cells"] == {"true positive": 8, "false negative": 2, "false positive": 5, "true negative": 15}


def test_empty_cells_are_named_and_give_no_limits():
    found = rows(diagnostic_accuracy(frame(9, 0, 4, 11), "test", "ill"))
    assert found.loc["negative likelihood ratio", ["estimate", "note"]].tolist() == [
        0, "limits not estimable: no false negative"
    ]  # fmt: skip
    assert found.loc["diagnostic odds ratio", "note"] == "not estimable: no false negative"
    none = diagnostic_accuracy(frame(9, 1, 0, 11), "test", "ill")
    row = rows(none).loc["positive likelihood ratio"]
    assert row["note"] == "not estimable: no false positive; the ratio is infinite"
    assert np.isnan(row["estimate"])
    assert none.checks["term"].tolist() == ["false positive"]


def test_nobody_is_ill():
    found = rows(diagnostic_accuracy(frame(0, 0, 4, 11), "test", "ill", prevalence=0.2))
    assert found.loc["sensitivity", "note"] == "not estimable: nobody in the denominator"
    assert found.loc["Youden's index", "note"] == "not estimable: everybody or nobody has the condition"
    assert found.loc["positive likelihood ratio", "note"] == "not estimable: everybody or nobody has the condition"


def test_the_undecided_are_counted_and_their_range_is_shown():
    cohort = pd.DataFrame(
        {
            "csf": ["met", "not_met", "indeterminate", "met", None, "not_applicable"],
            "cns": [True, True, True, False, True, None],
        }
    )
    result = diagnostic_accuracy(cohort, "csf", "cns")
    assert result.counts["dropped"] == {"missing csf": 1, "undecided csf": 1, "not applicable csf": 1}
    found = rows(result)["estimate"]
    assert found["sensitivity"] == 0.5
    assert found["sensitivity, undecided as negative"] == pytest.approx(1 / 3)
    assert found["sensitivity, undecided as positive"] == pytest.approx(2 / 3)


def test_the_coding_and_the_order_of_the_patients():
    one = rows(diagnostic_accuracy(frame(8, 2, 5, 15), "test", "ill"))
    words = frame(8, 2, 5, 15).assign(test=lambda d: np.where(d["test"] == 1, "met", "not_met"))
    mixed = words.sample(frac=1, random_state=np.random.default_rng(1))
    two = rows(diagnostic_accuracy(mixed, "test", "ill"))
    columns = ["estimate", "conf_low", "conf_high"]
    np.testing.assert_allclose(one[columns], two[columns])


def test_wrong_arguments():
    data = frame(1, 1, 1, 1)
    with pytest.raises(ValueError, match="interval must be one of wilson, exact"):
        diagnostic_accuracy(data, "test", "ill", interval="wald")
    with pytest.raises(ValueError, match="prevalence must lie between 0 and 1"):
        diagnostic_accuracy(data, "test", "ill", prevalence=10)
    with pytest.raises(ValueError, match="it also holds 'pos'"):
        diagnostic_accuracy(data.assign(test=["pos", "met", "met", "met"]), "test", "ill")
    with pytest.raises(NotEstimable, match="no patient has both the test and the condition"):
        diagnostic_accuracy(data.assign(test=np.nan), "test", "ill")
