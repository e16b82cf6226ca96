import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.hazards.cox import cox, cox_table


@pytest.fixture
def cohort():
    rng = np.random.default_rng(20261122)
    n = 200
    x, group = rng.normal(size=n), rng.choice(["a", "b", "c"], size=n)
    time = rng.exponential(100 / np.exp(0.5 * x + 0.4 * (group == "b"))) + 1
    return pd.DataFrame({"time": time.round(), "event": rng.random(n) < 0.6, "x": x, "group": group, "y": 2 - 3 * x})


def row(result, **where):
    rows = result.tidy
    for column, value in where.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1
    return rows.iloc[0]


def check(result, name, term="GLOBAL"):
    return result.checks[(result.checks["check"] == name) & (result.checks["term"] == term)].iloc[0]


def test_three_patients_by_hand():
    # Deaths at 1 (x=1), 2 (x=0), then 3 (x=1) alone: likelihood r/(2r+1) * 1/(1+r), largest where 2 r^2 = 1.
    frame = pd.DataFrame({"t": [1, 2, 3], "e": [1, 1, 1], "x": [1, 0, 1]})
    found = row(cox(frame, "t", "e", ["x"]), term="x")
    assert found["estimate"] == pytest.approx(1 / np.sqrt(2), rel=1e-12)
    # Information: p1 q1 + p2 q2 with p1 = 2r/(2r+1), p2 = r/(r+1) at r = 1/sqrt(2).
    r = 1 / np.sqrt(2)
    information = 2 * r / (2 * r + 1) ** 2 + r / (1 + r) ** 2
    assert found["std_error"] == pytest.approx(information**-0.5, rel=1e-12)


def test_tied_deaths_by_hand():
    # Two tied deaths (x = 1 and 0) and one later patient (x = 0); Efron: r / ((r+2) ((r+2) - (r+1)/2)).
    frame = pd.DataFrame({"t": [1, 1, 2], "e": [1, 1, 0], "x": [1, 0, 0]})
    r = np.sqrt(6)  # d/dr of log r - log(r+2) - log(r+3) is 0 where r^2 = 6
    assert row(cox(frame, "t", "e", ["x"]), term="x")["estimate"] == pytest.approx(r, rel=1e-12)
    # Breslow: r / (r+2)^2 is largest at r = 2.
    assert row(cox(frame, "t", "e", ["x"], ties="breslow"), term="x")["estimate"] == pytest.approx(2, rel=1e-12)


def test_entry_at_the_time_of_a_death_is_too_late_for_it():
    frame = pd.DataFrame({"s": [0, 0, 0, 1], "t": [1, 2, 3, 9], "e": [1, 1, 1, 0], "x": [1, 0, 1, 1]})
    late = row(cox(frame, "t", "e", ["x"], entry="s"), term="x")
    # At time 1 the first three are at risk: r/(2r+1); at 2 the last has entered: 1/(2r+1); at 3: r/(2r) is constant.
    # r / (2r+1)^2 is largest where 1/r = 4/(2r+1).
    assert late["estimate"] == pytest.approx(0.5, rel=1e-12)


def test_reference_rows_and_levels(cohort):
    result = cox(cohort, "time", "event", ["group"], reference={"group": "c"})
    reference = row(result, level="c")
    assert reference["is_reference"]
    assert np.isnan(reference["estimate"])
    levels = result.tidy
    assert levels["n"].sum() == 200
    assert levels["events"].sum() == result.counts["events"]
    assert result.method["reference_levels"] == {"group": "c"}


def test_a_level_without_events_is_named_and_the_rest_is_estimated(cohort):
    cohort.loc[cohort["group"] == "c", "event"] = False
    result = cox(cohort, "time", "event", ["group", "x"], reference={"group": "a"})
    empty = row(result, level="c")
    assert empty["note"] == "not estimable: no events in this level (the hazard ratio runs to 0)"
    assert np.isnan(empty[["estimate", "conf_low", "conf_high", "coef", "std_error", "p_value"]].astype(float)).all()
    # In the limit the level adds nothing to any risk set: the others are as if it were not there.
    without = cox(cohort[cohort["group"] != "c"], "time", "event", ["group", "x"], reference={"group": "a"})
    assert row(result, term="x")["estimate"] == pytest.approx(row(without, term="x")["estimate"], rel=1e-6)
    assert row(result, level="b")["estimate"] == pytest.approx(row(without, level="b")["estimate"], rel=1e-6)
    assert check(result, "proportional hazards")["verdict"] == "not estimable"
    assert check(result, "Wald test")["verdict"] == "not estimable"
    assert any(note.startswith("group c: not estimable") for note in result.notes)


def test_a_reference_without_events_is_named(cohort):
    cohort.loc[cohort["group"] == "a", "event"] = False
    result = cox(cohort, "time", "event", ["group"], reference={"group": "a"})
    for level in "bc":
        assert "no events in the reference level" in row(result, level=level)["note"]


def test_separation_by_a_number_is_recognised():
    # Those who die first always have the larger x.
    frame = pd.DataFrame({"t": np.arange(1, 13), "e": [1] * 6 + [0] * 6, "x": np.linspace(9, 2, 12)})
    result = cox(frame, "t", "e", ["x"])
    assert row(result, term="x")["note"] == "not estimable: monotone likelihood (the coefficient runs to infinity)"
    assert np.isnan(row(result, term="x")["estimate"])
    assert check(result, "convergence")["verdict"] == "attention"


def test_collinear_terms_are_named(cohort):
    result = cox(cohort, "time", "event", ["group", "x", "y"])
    assert row(result, term="y")["note"] == "not estimable: collinear with x"
    assert result.counts["parameters"] == 3
    alone = cox(cohort, "time", "event", ["group", "x"])
    assert row(result, term="x")["estimate"] == pytest.approx(row(alone, term="x")["estimate"], rel=1e-12)
    assert check(result, "proportional hazards", "x")["df"] == 1


def test_dropped_patients_and_their_events_are_counted(cohort):
    cohort.loc[:9, "x"] = np.nan
    cohort.loc[5:14, "group"] = None
    cohort.loc[15:16, "time"] = np.nan
    result = cox(cohort, "time", "event", ["x", "group"])
    assert result.counts["dropped"] == {"missing time": 2, "missing x": 10, "missing group": 5}
    assert result.counts["missing_by_variable"] == {"x": 10, "group": 10}
    assert result.counts["used"] == 183
    assert result.counts["events_dropped"] == int(cohort.loc[:14, "event"].sum())
    assert result.notes[0].startswith("183 of 200 patients used")


def test_few_events_per_parameter_get_attention(cohort):
    few = cox(cohort.head(40), "time", "event", ["x", "group"])
    assert check(few, "events per parameter")["verdict"] == "attention"
    assert any("events per parameter" in note for note in few.notes)
    assert check(cox(cohort, "time", "event", ["x"]), "events per parameter")["verdict"] == "ok"


def test_crude_and_adjusted_in_one_table(cohort):
    cohort.loc[:49, "x"] = np.nan
    result = cox_table(cohort, "time", "event", "group", ["x"], reference={"group": "c"})
    assert result.tidy["analysis"].unique().tolist() == ["cox_crude", "cox_crude_same_patients", "cox_adjusted"]
    crude = row(result, analysis="cox_crude", level="b")
    alone = row(cox(cohort, "time", "event", ["group"], reference={"group": "c"}), level="b")
    assert crude["estimate"] == alone["estimate"]
    same = row(result, analysis="cox_crude_same_patients", level="b")
    complete = row(cox(cohort.iloc[50:], "time", "event", ["group"], reference={"group": "c"}), level="b")
    assert same["estimate"] == complete["estimate"]
    adjusted = row(result, analysis="cox_adjusted", level="b")
    together = cox(cohort, "time", "event", ["group", "x"], reference={"group": "c"})
    assert adjusted["estimate"] == row(together, level="b")["estimate"]
    assert row(result, analysis="cox_crude", term="x")["n"] == 150
    assert result.counts == together.counts
    assert result.method["exposure"] == "group"


def test_a_covariate_that_cannot_stand_alone_keeps_its_line(cohort):
    cohort["same"] = 1.0
    result = cox_table(cohort, "time", "event", "group", ["same"])
    assert "not estimable" in row(result, analysis="cox_crude", term="same")["note"]
    assert "not estimable" in row(result, analysis="cox_adjusted", term="same")["note"]


def test_strata_differ_from_adjustment_and_are_named(cohort):
    result = cox(cohort, "time", "event", ["x"], strata="group")
    assert result.method["strata"] == "group"
    assert result.counts["used"] == 200


def test_few_clusters_leave_the_joint_test_out(cohort):
    cohort["centre"] = np.arange(200) % 2
    result = cox(cohort, "time", "event", ["x", "group"], cluster="centre")
    assert check(result, "Wald test")["verdict"] == "not estimable"
    with pytest.raises(NotEstimable, match="at least two clusters"):
        cox(cohort.assign(centre=1), "time", "event", ["x"], cluster="centre")


def test_the_recipe_names_every_choice(cohort):
    method = cox(cohort, "time", "event", ["x"], cluster="group").method
    assert method["ties"] == "efron"
    assert method["variance"] == "robust sandwich (Lin and Wei), clusters: group"
    assert method["test"] == "Wald"
    assert method["correction"] == "none"
    assert "numpy" in method["software"]
    assert method["reference"]


def test_nothing_to_estimate(cohort):
    with pytest.raises(NotEstimable, match="no events among the 200 patients"):
        cox(cohort.assign(event=False), "time", "event", ["x"])
    with pytest.raises(NotEstimable, match="no covariate varies"):
        cox(cohort.assign(x=1.0), "time", "event", ["x"])
    with pytest.raises(NotEstimable, match="no patient has follow-up and all covariates"):
        cox(cohort.assign(x=np.nan), "time", "event", ["x"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ties": "exakt"}, "ties must be 'efron', 'breslow' or 'exact'"),
        ({"conf_level": 95}, "conf_level must lie between 0 and 1"),
        ({"ph_transform": "kaplan"}, "transform must be one of km"),
        ({"strata": "grup"}, "Did you mean 'group'"),
    ],
)
def test_wrong_options(cohort, options, message):
    with pytest.raises(ValueError, match=message):
        cox(cohort, "time", "event", ["x"], **options)


def test_a_weight_counts_a_patient_that_often(cohort):
    cohort["w"] = np.arange(200) % 3
    weighted = cox(cohort, "time", "event", ["x"], weights="w", ties="breslow")
    many = cox(cohort.loc[cohort.index.repeat(cohort["w"])], "time", "event", ["x"], ties="breslow")
    assert row(weighted, term="x")["estimate"] == pytest.approx(row(many, term="x")["estimate"], rel=1e-10)
    assert weighted.counts["dropped"] == {"w is 0": 67}
    assert weighted.method["weights"] == "w"
    assert weighted.method["variance"] == "model-based (inverse information)"


def test_fractional_weights_bring_the_robust_variance_unless_refused(cohort):
    cohort["w"] = 0.5 + np.arange(200) % 3
    unasked = cox(cohort, "time", "event", ["x"], weights="w")
    assert unasked.method["variance"] == "robust sandwich (Lin and Wei), clusters: every row"
    refused = cox(cohort, "time", "event", ["x"], weights="w", robust=False)
    assert refused.method["variance"] == "model-based (inverse information)"
    assert row(unasked, term="x")["estimate"] == row(refused, term="x")["estimate"]
    assert row(unasked, term="x")["std_error"] != row(refused, term="x")["std_error"]


def test_an_offset_is_a_coefficient_of_one(cohort):
    found = cox(cohort.assign(o=0.3 * cohort["x"]), "time", "event", ["x"], offset="o")
    plain = cox(cohort, "time", "event", ["x"])
    assert row(found, term="x")["coef"] + 0.3 == pytest.approx(row(plain, term="x")["coef"], rel=1e-8)


def test_overlapping_rows_of_one_patient_are_noticed():
    frame = pd.DataFrame(
        {"s": [0, 5, 0, 3, 0, 0, 0], "t": [5, 9, 4, 8, 6, 7, 9], "e": [0, 1, 0, 1, 1, 1, 0],
         "id": [1, 1, 2, 2, 3, 4, 5], "x": [1, 2, 3, 1, 2, 5, 1]}
    )  # fmt: skip
    found = check(cox(frame, "t", "e", ["x"], entry="s", cluster="id"), "overlapping intervals")
    assert (found["value"], found["verdict"]) == (1, "attention")
    frame.loc[3, "s"] = 4
    found = check(cox(frame, "t", "e", ["x"], entry="s", cluster="id"), "overlapping intervals")
    assert (found["value"], found["verdict"]) == (0, "ok")


def test_the_row_that_moves_a_coefficient_most_is_named(cohort):
    cohort.loc[7, ["x", "time", "event"]] = [6.0, 400, False]
    found = check(cox(cohort, "time", "event", ["x"]), "largest influence", "x")
    assert "row 8" in found["note"]
    assert found["verdict"] == "attention"


def test_criteria(cohort):
    result = cox(cohort, "time", "event", ["x"])
    aic, bic = (check(result, name)["value"] for name in ("AIC", "BIC"))
    assert bic - aic == pytest.approx(np.log(result.counts["events"]) - 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cluster": "group", "robust": False}, "robust=False contradicts cluster"),
        ({"ties": "exact", "robust": True}, "no robust variance"),
        ({"ties": "exact", "weights": "w"}, "no robust variance|no case weights"),
        ({"weights": "negative"}, "200 case weights are negative"),
    ],
)
def test_options_that_contradict_each_other(cohort, options, message):
    with pytest.raises(ValueError, match=message):
        cox(cohort.assign(w=1.5, negative=-1.0), "time", "event", ["x"], **options)
