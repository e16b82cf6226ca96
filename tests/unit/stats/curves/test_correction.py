import numpy as np
import pytest

from neurohlh.stats.curves.correction import adjusted, adjusted_rows, chosen_pairs


def test_holm_by_hand():
    # 0.01 * 3, then max(0.03, 0.02 * 2), then max(0.04, 0.03 * 1).
    assert adjusted(np.array([0.03, 0.01, 0.02]), "holm").tolist() == pytest.approx([0.04, 0.03, 0.04])


def test_bonferroni_counts_known_p_values_only():
    found = adjusted(np.array([0.2, np.nan, 0.01]), "bonferroni")
    assert found.tolist() == pytest.approx([0.4, np.nan, 0.02], nan_ok=True)


def test_no_correction_and_no_p_value():
    assert adjusted(np.array([0.2, 0.01]), "none").tolist() == [0.2, 0.01]
    assert np.isnan(adjusted(np.array([np.nan]), "holm")).all()


def test_an_unknown_correction():
    with pytest.raises(ValueError, match="correction must be one of holm, hochberg"):
        adjusted(np.array([0.1]), "tukey")


def test_rows_of_one_term_are_one_family():
    rows = [
        {"term": "a", "contrast": "x", "p_value": 0.02},
        {"term": "a", "note": "why not"},
        {"term": "b", "p_value": 0.5},
    ]
    found = adjusted_rows([*rows, {"term": "a", "contrast": "y", "p_value": 0.3}], ("a",), "bonferroni")
    assert [row["term"] for row in found] == ["a, adjusted"] * 3
    assert [row["p_value"] for row in found] == pytest.approx([0.04, np.nan, 0.6], nan_ok=True)
    assert (found[0]["contrast"], found[1]["note"]) == ("x", "why not")
    assert adjusted_rows(rows, ("a",), "none") == []


def test_pairs():
    assert chosen_pairs(["a", "b", "c"], "first") == [("a", "b"), ("a", "c")]
    assert chosen_pairs(["a", "b", "c"], "all") == [("a", "b"), ("a", "c"), ("b", "c")]
    with pytest.raises(ValueError, match="pairs must be first or all"):
        chosen_pairs(["a", "b"], "some")
