import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.hazards.subgroups import cox_subgroups


@pytest.fixture
def cohort():
    rng = np.random.default_rng(15)
    n = 240
    frame = pd.DataFrame({"cns": rng.random(n) < 0.5, "sex": rng.choice(["f", "m"], n), "x": rng.uniform(1, 9, n)})
    frame["site"] = rng.choice(["a", "b", "c"], n)
    frame["time"] = rng.exponential(30 / np.exp(0.8 * frame["cns"])).round() + 1
    return frame.assign(event=rng.random(n) < 0.7)


def test_rows_counts_and_tests_of_interaction(cohort):
    found = cox_subgroups(cohort, "time", "event", "cns", ["sex", "site"])
    groups = found.tidy["group"].tolist()
    assert groups[0] == "overall"
    assert sorted(groups[1:]) == ["sex = f", "sex = m", "site = a", "site = b", "site = c"]
    assert found.tidy["n"].iloc[1:3].sum() == 240
    assert found.checks["term"].tolist() == ["sex"] * 3 + ["site"] * 3
    assert found.checks["df"].tolist() == [1] * 3 + [2] * 3
    assert any("2 tests of interaction" in note for note in found.notes)


def test_a_stratified_model_of_the_subgroup_alone_is_close_and_with_strata_equal(cohort):
    # With the subgroup as strata each level has its own baseline, so its effect is that of its patients alone.
    found = cox_subgroups(cohort, "time", "event", "cns", ["sex"], strata="sex").tidy.set_index("group")
    alone = cox(cohort[cohort["sex"] == "f"], "time", "event", ["cns"]).tidy.iloc[-1]
    assert found.loc["sex = f", "estimate"] == pytest.approx(alone["estimate"], rel=1e-8)
    assert found.loc["sex = f", "std_error"] == pytest.approx(alone["std_error"], rel=1e-8)


def test_a_number_is_compared_one_unit_of_its_term_apart(cohort):
    found = cox_subgroups(cohort, "time", "event", "log2(x)", ["sex"]).tidy
    model = cox(cohort, "time", "event", ["log2(x)"]).tidy
    assert found.loc[0, "estimate"] == pytest.approx(model.loc[0, "estimate"], rel=1e-10)


def test_failures(cohort):
    with pytest.raises(ValueError, match="list of at least one"):
        cox_subgroups(cohort, "time", "event", "cns", "sex")
    with pytest.raises(ValueError, match="'x' is no category"):
        cox_subgroups(cohort, "time", "event", "cns", ["x"])
    with pytest.raises(ValueError, match="no single hazard ratio"):
        cox_subgroups(cohort, "time", "event", "rcs(x, 3)", ["sex"])
    with pytest.raises(ValueError, match="in no model: site"):
        cox_subgroups(cohort, "time", "event", "cns", ["sex"], reference={"site": "a"})
