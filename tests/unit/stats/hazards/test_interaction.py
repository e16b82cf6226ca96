import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.hazards.interaction import cox_interaction


@pytest.fixture
def cohort():
    rng = np.random.default_rng(14)
    n = 240
    frame = pd.DataFrame({"cns": rng.random(n) < 0.5, "sex": rng.choice(["f", "m"], n), "age": rng.normal(size=n)})
    frame["time"] = rng.exponential(30 / np.exp(0.8 * frame["cns"] + 0.3 * (frame["sex"] == "m"))).round() + 1
    return frame.assign(event=rng.random(n) < 0.7)


def line(result, **where):
    rows = result.tidy
    for name, value in where.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1
    return rows.iloc[0]


def test_both_scales_agree_with_one_dummy_per_combination(cohort):
    found = cox_interaction(cohort, "time", "event", "cns", "sex", ["age"], reference={"sex": "f"})
    cohort["cell"] = cohort["cns"].map({False: "n", True: "y"}) + cohort["sex"]
    dummies = cox(cohort, "time", "event", ["cell", "age"], reference={"cell": "nf"}).tidy.set_index("level")
    hr = dummies["estimate"]
    for ours, theirs in (("true:f", "yf"), ("false:m", "nm"), ("true:m", "ym")):
        row = line(found, analysis="joint", level=ours)
        assert row["estimate"] == pytest.approx(hr[theirs], rel=1e-8)
        assert (row["n"], row["events"]) == (dummies.loc[theirs, "n"], dummies.loc[theirs, "events"])
    assert line(found, measure="RERI")["estimate"] == pytest.approx(hr["ym"] - hr["yf"] - hr["nm"] + 1, rel=1e-8)
    ratio = line(found, analysis="multiplicative")["estimate"]
    assert ratio == pytest.approx(hr["ym"] / hr["yf"] / hr["nm"], rel=1e-8)
    inside = line(found, analysis="exposure_within_modifier", group="sex = m")
    assert inside["estimate"] == pytest.approx(hr["ym"] / hr["nm"], rel=1e-8)


def test_the_wald_test_of_one_interaction_is_that_of_the_ratio(cohort):
    found = cox_interaction(cohort, "time", "event", "cns", "sex")
    wald = found.checks.set_index("check").loc["Wald test: no interaction", "p_value"]
    assert wald == pytest.approx(line(found, analysis="multiplicative")["p_value"], rel=1e-8)


def test_protective_levels_are_said(cohort):
    found = cox_interaction(cohort, "time", "event", "cns", "sex", reference={"cns": "true", "sex": "m"})
    assert any("lowers the hazard" in note for note in found.notes)
    assert line(found, measure="S")["note"].startswith("not estimable")


def test_a_number_is_refused(cohort):
    with pytest.raises(ValueError, match="'age' is no category"):
        cox_interaction(cohort, "time", "event", "cns", "age")


def test_a_combination_without_patients_is_not_estimable(cohort):
    few = cohort[~(cohort["cns"] & (cohort["sex"] == "m"))]
    found = cox_interaction(few, "time", "event", "cns", "sex", reference={"sex": "f"})
    for measure in ("RERI", "AP", "S", "ratio of HR"):
        assert "no patient used has a combination" in line(found, measure=measure)["note"]
        assert np.isnan(line(found, measure=measure)["estimate"])
