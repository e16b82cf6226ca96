import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.missing.derived import prepared


def frame():
    return pd.DataFrame({"weight": [50.0, np.nan, 80.0], "height": [1.5, 1.6, 2.0], "age": [1.0, 2.0, np.nan]})


@pytest.mark.parametrize("formula", ["weight / height ** 2", lambda d: d["weight"] / d["height"] ** 2])
def test_inputs_are_found_and_unknown_inputs_leave_it_unknown(formula):
    base, (bmi,) = prepared(frame(), {"bmi": formula}, ["weight", "age"])
    assert bmi.inputs == ("weight",)
    assert base["bmi"].tolist()[::2] == pytest.approx([50 / 2.25, 20])
    assert np.isnan(base["bmi"].iloc[1])
    done = bmi.added_to(base.assign(weight=[50.0, 64.0, 80.0]))
    assert done["bmi"].iloc[1] == pytest.approx(25)


def test_a_comparison_with_an_unknown_number_is_unknown():
    base, (heavy,) = prepared(frame(), {"heavy": lambda d: d["weight"] > 60}, ["weight"])
    assert base["heavy"].isna().tolist() == [False, True, False]
    assert heavy.added_to(base.assign(weight=[50.0, 64.0, 80.0]))["heavy"].tolist() == [False, True, True]


def test_values_of_its_own_stay_where_the_inputs_are_known():
    own = frame().assign(bmi=[22.0, 99.0, np.nan])
    base, (bmi,) = prepared(own, {"bmi": "weight / height ** 2"}, ["weight"])
    assert bmi.replaced == 1
    assert base["bmi"].tolist()[::2] == [22.0, 20.0]
    assert bmi.added_to(base.assign(weight=[50.0, 64.0, 80.0]))["bmi"].tolist() == pytest.approx([22, 25, 20])


def test_a_derived_variable_of_a_derived_one_has_its_inputs():
    _, (_, second) = prepared(frame(), {"bmi": "weight / height ** 2", "half": "bmi / 2"}, ["weight", "age"])
    assert second.inputs == ("weight",)


def test_formulas_that_fail_are_named():
    with pytest.raises(ValueError, match="'bmi' cannot be computed"):
        prepared(frame(), {"bmi": "weight / size"}, ["weight"])
    with pytest.raises(ValueError, match="'bmi' must give one value per row"):
        prepared(frame(), {"bmi": lambda d: 1.0}, ["weight"])
    noise = np.random.default_rng(0)
    with pytest.raises(ValueError, match="'bmi' is not the same twice"):
        prepared(frame(), {"bmi": lambda d: d["weight"] + noise.random(3)}, ["weight"])
