import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.design.contrasts import combine, contrasts, wald_test
from neurohlh.stats.design.terms import model_design


@pytest.fixture
def design():
    frame = pd.DataFrame(
        {
            "age": np.arange(1.0, 9),
            "sex": list("mfmfmfmf"),
            "cns": [True, True, False, False, True, False, False, False],
        }
    )
    return model_design(frame, ["log2(age)", "sex*cns"], reference={"sex": "m"})


def test_differences_of_patterns_by_hand(design):
    # Columns: log2(age), sex = f, cns = true, both.
    found = contrasts(
        design,
        [
            ({"age": 8}, {"age": 2}),
            ({"sex": "f", "cns": True}, {"sex": "m", "cns": True}),
            ({"sex": "f", "cns": False, "age": 1}, {"sex": "m", "cns": True, "age": 1}),
        ],
    )
    np.testing.assert_array_equal(found.matrix, [[2, 0, 0, 0], [0, 1, 0, 1], [0, 1, -1, 0]])
    assert not found.lost.any()


def test_a_combination_without_patients_is_lost():
    frame = pd.DataFrame({"a": [0, 0, 1, 1, 0], "b": ["x", "y", "x", "x", "y"]})
    frame["a"] = frame["a"].map({0: "no", 1: "yes"})
    design = model_design(frame, ["a*b"], reference={"a": "no", "b": "x"})
    pairs = [
        ({"a": "yes", "b": "y"}, {"a": "no", "b": "y"}),
        ({"a": "yes", "b": "x"}, {"a": "no", "b": "x"}),
    ]
    assert contrasts(design, pairs).lost.tolist() == [True, False]


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ({"agee": 1}, {"agee": 2}, "no covariate of the model. Did you mean 'age'"),
        ({"age": 1}, {"sex": "f"}, "both patterns of a contrast must name 'age', 'sex'"),
        ({"sex": "f"}, {"sex": "m"}, "the effect of 'sex' depends on 'cns'"),
        ({"age": "old"}, {"age": "young"}, "is a number in the model"),
        ({"age": 0}, {"age": 2}, "no value for 'age'"),
        ({"sex": "x", "cns": True}, {"sex": "m", "cns": True}, "level 'x' of 'sex' did not occur"),
    ],
)
def test_wrong_patterns(design, first, second, message):
    with pytest.raises(ValueError, match=message):
        contrasts(design, [(first, second)])


def test_delta_method_by_hand():
    # var(b1 - b2) = 4 + 9 - 2 * 1 = 11.
    found = combine(np.array([[1.0, -1.0], [0.0, 0.0]]), np.array([5.0, 2.0]), np.array([[4.0, 1.0], [1.0, 9.0]]), 2.0)
    np.testing.assert_allclose(found.std_error, [np.sqrt(11), 0])
    np.testing.assert_allclose(found.high, [3 + 2 * np.sqrt(11), 0])
    assert np.isnan(found.p_value[1])


def test_joint_wald_by_hand_and_with_a_repeated_contrast():
    coef, cov = np.array([2.0, 3.0]), np.diag([4.0, 9.0])
    assert wald_test(np.eye(2), coef, cov).statistic == pytest.approx(2.0)
    repeated = wald_test(np.array([[1.0, 0], [2, 0], [0, 1]]), coef, cov)
    assert (repeated.df, repeated.statistic) == (2, pytest.approx(2.0))
