import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.design.terms import model_design, variable_of


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "age": [1.0, 2.0, 4.0, 8.0, np.nan],
            "fever": pd.array([True, False, True, None, True], dtype="boolean"),
            "cause": ["ebv", "ebv", "gene", "none", "ebv"],
            "same": [1, 1, 1, 1, 1],
        }
    )


def test_terms_and_their_matrix(frame):
    design = model_design(frame, ["log2(age)", "fever", "cause"])
    assert [(r.term, r.level, r.is_reference, r.column) for r in design.rows] == [
        ("log2(age)", "", False, 0),
        ("fever", "false", True, None),
        ("fever", "true", False, 1),
        ("cause", "ebv", True, None),
        ("cause", "gene", False, 2),
        ("cause", "none", False, None),
    ]
    np.testing.assert_array_equal(design.matrix, [[0, 1, 0], [1, 0, 0], [2, 1, 1]])
    assert design.rows[-1].note == "not estimable: no patient used has this level"
    assert design.references == {"fever": "false", "cause": "ebv"}
    assert design.blocks() == {"log2(age)": [0], "fever": [1], "cause": [2]}


def test_dropped_rows_add_up_and_missing_ones_overlap(frame):
    frame.loc[3, "age"] = np.nan
    design = model_design(frame, ["age", "fever"])
    assert design.dropped == {"missing age": 2}
    assert design.missing_by_variable == {"age": 2, "fever": 1}
    assert int(design.complete.sum()) + sum(design.dropped.values()) == len(frame)


def test_a_logarithm_that_does_not_exist_is_counted():
    design = model_design(pd.DataFrame({"x": [0.0, 2.0, 4.0, np.nan]}), ["log2(x)"])
    assert design.dropped == {"missing x": 1, "log2(x) does not exist": 1}
    np.testing.assert_array_equal(design.matrix[:, 0], [1, 2])


@pytest.mark.parametrize(("term", "expected"), [("log(x)", np.log(4)), ("log10(x)", np.log10(4)), ("sqrt( x )", 2)])
def test_functions(term, expected):
    design = model_design(pd.DataFrame({"x": [1.0, 4.0]}), [term])
    assert design.matrix[1, 0] == pytest.approx(expected)
    assert variable_of(term) == "x"


def test_constant_terms_stay_in_the_table_with_the_reason(frame):
    design = model_design(frame, ["age", "same"])
    assert design.rows[1].column is None
    assert design.rows[1].note == "not estimable: the same value in all patients used"


def test_a_declared_reference(frame):
    design = model_design(frame, ["cause"], reference={"cause": "none"})
    assert [r.level for r in design.rows] == ["none", "ebv", "gene"]


@pytest.mark.parametrize(
    ("covariates", "reference", "message"),
    [
        ([], None, "at least one term"),
        ("age", None, "must be a list"),
        (["age", "age"], None, "named more than once: age"),
        (["aeg"], None, "no column 'aeg'. Did you mean 'age'"),
        (["age"], {"age": "1"}, "no categorical covariate: age"),
        (["cause"], {"cause": "EBV"}, "Did you mean 'ebv'"),
        (["log2(cause)"], None, "'cause' does not hold numbers"),
    ],
)
def test_wrong_requests(frame, covariates, reference, message):
    with pytest.raises(ValueError, match=message):
        model_design(frame, covariates, reference=reference)


def test_dates_are_no_covariates():
    with pytest.raises(ValueError, match="holds dates"):
        model_design(pd.DataFrame({"d": pd.to_datetime(["2020-01-01", "2020-01-02"])}), ["d"])


def test_interactions_are_products_and_their_cells_are_counted():
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4, 5], "a": list("nynyn"), "b": list("ppqpq")})
    design = model_design(frame, ["x*a", "a*b"], reference={"a": "n", "b": "p"})
    assert [(r.term, r.level, r.column) for r in design.rows if not r.is_reference] == [
        ("x", "", 0),
        ("a", "y", 1),
        ("b", "q", 2),
        ("x:a", "y", 3),
        ("a:b", "y:q", None),
    ]
    np.testing.assert_array_equal(design.matrix[:, 3], [0, 2, 0, 4, 0])
    assert design.rows[-1].note == "not estimable: no patient used has this combination"
    assert design.levels["a:b"].tolist() == ["n:p", "y:p", "n:q", "y:p", "n:q"]


def test_a_spline_has_its_columns_in_one_block_and_tells_its_knots():
    frame = pd.DataFrame({"x": np.arange(201.0)})
    design = model_design(frame, ["rcs(x, 3)"])
    assert [(r.variable, r.term) for r in design.rows] == [("x", "x"), ("x", "x'")]
    assert design.blocks() == {"rcs(x, 3)": [0, 1]}
    assert design.knots == {"rcs(x, 3)": [20.0, 100.0, 180.0]}


def test_a_design_is_made_again_for_other_patients():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"x": rng.normal(size=60), "g": list("abc") * 20, "c": 1.0})
    design = model_design(frame, ["rcs(x, 4)*g", "c"])
    again = design.apply(frame.iloc[[5, 3, 7]])
    np.testing.assert_array_equal(again.matrix, design.matrix[[5, 3, 7]])
    other = frame.iloc[:3].copy()
    other.loc[1, "x"] = np.nan
    assert design.apply(other).dropped == {"missing x": 1}
    other["g"] = "d"
    with pytest.raises(ValueError, match="level 'd' of 'g' did not occur"):
        design.apply(other)
