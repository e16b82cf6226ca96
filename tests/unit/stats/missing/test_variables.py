import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.missing.variables import filled, variable


def series(values, **options):
    return pd.Series(values, name="x", **options)


@pytest.mark.parametrize(
    ("values", "method", "levels"),
    [
        (series([1.0, 2.5, 4.0, None]), "pmm", ()),
        (series([0, 1, None]), "logistic", (0, 1)),
        (series(["b", "a", None]), "logistic", ("a", "b")),
        (series(["b", "a", "c"]), "polytomous", ("a", "b", "c")),
        (series([True, None, False], dtype=object), "logistic", (False, True)),
        (series(pd.Categorical(["z", "a", None], ["z", "a", "unused"])), "logistic", ("z", "a")),
    ],
)
def test_the_method_follows_the_column(values, method, levels):
    found = variable(values)
    assert (found.method, found.levels) == (method, levels)
    assert found.unknown.tolist() == values.isna().tolist()


def test_numbers_enter_standardised_and_levels_as_zeros_and_ones():
    found = variable(series([1.0, 3.0, 5.0, None]))
    assert found.block(np.array([3.0, 5.0])).ravel() == pytest.approx([0, 2 / np.std([1, 3, 5])])
    assert variable(series(["a", "b", "c"])).block(np.array([0.0, 2.0])).tolist() == [[0, 0], [0, 1]]


@pytest.mark.parametrize(
    "values",
    [
        series([1.5, None, 3.0]),
        series(["a", None, "b"]),
        series(pd.Categorical(["z", None, "a"], ["z", "a", "unused"])),
        series([True, None, False], dtype=object),
        series([True, None, False], dtype="boolean"),
        series([4, None, 6], dtype="Int64"),
        series([0, None, 1]),
    ],
)
def test_a_filled_column_is_what_it_was(values):
    own = variable(values)
    gap = np.array([1])
    out = filled(values, gap, own.values[[2]], own.levels)
    assert out.iloc[1] == values.iloc[2]
    assert out.iloc[[0, 2]].tolist() == values.iloc[[0, 2]].tolist()
    assert out.notna().all()
    if isinstance(values.dtype, pd.CategoricalDtype):
        assert out.dtype == values.dtype


def test_what_cannot_be_imputed_is_refused():
    with pytest.raises(ValueError, match="'x' holds dates"):
        variable(series(pd.to_datetime(["2020-01-01", None])))
    with pytest.raises(ValueError, match="has 30 levels"):
        variable(series([f"text {i}" for i in range(30)]))
    with pytest.raises(ValueError, match="method must be one of"):
        variable(series([1.0, 2.0, 3.0]), "mean")
    with pytest.raises(ValueError, match="does not fit column 'x'; use pmm or norm"):
        variable(series([1.0, 2.0, 3.0]), "polytomous")
    with pytest.raises(ValueError, match="has no order"):
        variable(series(["a", "b", "c"]), "pmm")
