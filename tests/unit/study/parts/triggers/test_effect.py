"""The effect of CNS involvement within groups, and whether it differs: counts, known truths, refusals."""

import numpy as np
import pandas as pd
import pytest

from neurohlh.core import format as fmt
from neurohlh.stats.hazards.cox import cox
from neurohlh.study.parts.triggers.effect import effect_by_group
from neurohlh.study.parts.triggers.modifiers import modifiers

NONE = {"model": {"covariates": []}}
END = 1500.0


def cohort(rates, seed=11, **more):
    """Patients with exponential times after the landmark: (centre, CNS status) -> (number, hazard per day)."""
    rng = np.random.default_rng(seed)
    patients = []
    for (centre, status), (n, hazard) in rates.items():
        for days in rng.exponential(1 / hazard, n) if hazard else np.full(n, 2 * END):
            own = {"os_days": 14.0 + min(days, END), "os_event": float(days < END)}
            patients.append({"center_id": centre, "cns_baseline": status, **own, **more})
    return patients


def level(result, term, name):
    rows = result.tidy[(result.tidy["term"] == term) & (result.tidy["level"] == name)]
    assert len(rows) == 1, (term, name)
    return rows.iloc[0]


@pytest.fixture(scope="module")
def differing(material_of):
    """In centre A involvement triples the hazard, in centre B it changes nothing."""
    rates = {
        ("A", "met"): (300, 0.003), ("A", "not_met"): (300, 0.001),
        ("B", "met"): (300, 0.001), ("B", "not_met"): (300, 0.001),
    }  # fmt: skip
    material = material_of(cohort(rates), **NONE)
    return material, effect_by_group(material)


def test_the_truth_lies_within_the_limits_and_the_test_sees_the_difference(differing):
    result = differing[1]["triggers_effect"]
    a, b = level(result, "Centre", "A"), level(result, "Centre", "B")
    assert a["conf_low"] < 3 < a["conf_high"]
    assert b["conf_low"] < 1 < b["conf_high"]
    assert level(result, "Centre", "test of interaction")["p_value"] < 0.001
    scales = differing[1]["triggers_effect_scales"].tidy
    ratio = scales[(scales["term"] == "Centre") & (scales["measure"] == "ratio of HR")].iloc[0]
    assert ratio["estimate"] in (
        pytest.approx(a["estimate"] / b["estimate"]),
        pytest.approx(b["estimate"] / a["estimate"]),
    )


def test_the_additive_scale_adds_up_by_hand(differing):
    """RERI = HR11 - HR10 - HR01 + 1 and AP = RERI / HR11, from a model with a column for each combination."""
    material, found = differing
    scales = found["triggers_effect_scales"].tidy
    own = scales[scales["term"] == "Centre"].set_index("measure")
    usual = own.loc["ratio of HR", "contrast"].rsplit(" ", 1)[1]
    other = own.loc["ratio of HR", "level"]
    frame = material.followed().frame
    cell = frame["cns"] + frame["center_id"]
    columns = {"both": f"met{other}", "cns_only": f"met{usual}", "centre_only": f"not_met{other}"}
    frame = frame.assign(**{name: cell == value for name, value in columns.items()})
    hr = (
        cox(frame, "os_days", "os_event", list(columns))
        .tidy.query("not is_reference")
        .set_index("variable")["estimate"]
    )
    reri = hr["both"] - hr["cns_only"] - hr["centre_only"] + 1
    assert own.loc["relative excess risk due to interaction (RERI)", "estimate"] == pytest.approx(reri, abs=1e-6)
    assert own.loc["attributable proportion (AP)", "estimate"] == pytest.approx(reri / hr["both"], abs=1e-6)


def test_the_absolute_scale_is_the_difference_of_the_curves(differing):
    material, found = differing
    scales = found["triggers_effect_scales"].tidy
    row = scales[(scales["measure"] == "difference of survival") & (scales["level"] == "A")].iloc[0]
    frame = material.followed().frame
    inside = frame[frame["center_id"] == "A"]
    # nobody is censored within the first year, so that survival is the share alive
    alive = inside.groupby("cns")["os_days"].apply(lambda days: (days > 365).mean())
    assert row["estimate"] == pytest.approx(alive["met"] - alive["not_met"])
    assert "not adjusted" in row["method"]


def test_every_group_has_its_counts(differing):
    result = differing[1]["triggers_effect"]
    rows = [level(result, "Centre", name) for name in "AB"]
    assert [row["n"] for row in rows] == [600, 600]
    overall = result.tidy[result.tidy["term"] == "All patients"].iloc[0]
    assert sum(row["events"] for row in rows) == overall["events"] == result.counts["events"]


def test_the_heading_of_the_forest_holds_the_p_of_its_block(differing):
    result = differing[1]["triggers_effect"]
    p = level(result, "Centre", "test of interaction")["p_value"]
    assert f"Centre (p for interaction {fmt.p_value(p)})" in set(result.curves["block"])
    drawn = result.curves.set_index("label")["estimate"]
    assert drawn["A"] == level(result, "Centre", "A")["estimate"]


def test_effects_within_groups_have_limits_and_no_p_value(differing):
    """Only the test of interaction compares groups."""
    result = differing[1]["triggers_effect"]
    within = result.tidy[(result.tidy["analysis"] == "within") & (result.tidy["measure"] == "HR")]
    assert within["p_value"].isna().all()
    scales = differing[1]["triggers_effect_scales"].tidy
    assert scales[scales["measure"] == "difference of survival"]["p_value"].isna().all()


def test_the_names_of_the_groups_do_not_matter(differing, material_of):
    material, found = differing
    renamed = material.frame.assign(center_id=material.frame["center_id"].map({"A": "医院: 甲", "B": "2nd"}))
    again = effect_by_group(type(material)(renamed, material.config, None))["triggers_effect"]
    for old, new in (("A", "医院: 甲"), ("B", "2nd"), ("test of interaction", "test of interaction")):
        columns = ["n", "events", "estimate", "conf_low", "conf_high", "p_value"]
        one, two = (
            level(r, "Centre", n)[columns].astype(float) for r, n in ((found["triggers_effect"], old), (again, new))
        )
        assert two.to_numpy() == pytest.approx(one.to_numpy(), rel=1e-6, nan_ok=True)


def test_a_group_with_four_deaths_is_counted_and_not_estimated(material_of):
    few = [{"center_id": "C", "cns_baseline": s, "os_days": 100.0 + n, "os_event": float(n < 2)}
           for s in ("met", "not_met") for n in range(6)]  # fmt: skip
    rates = {
        ("A", "met"): (60, 0.002),
        ("A", "not_met"): (60, 0.001),
        ("B", "met"): (60, 0.002),
        ("B", "not_met"): (60, 0.001),
    }
    result = effect_by_group(material_of([*cohort(rates), *few], **NONE))["triggers_effect"]
    row = level(result, "Centre", "C")
    assert (row["n"], row["events"]) == (12, 4)
    assert np.isnan(row["estimate"])
    assert row["note"] == "not estimable: fewer than 5 deaths"
    assert level(result, "Centre", "test of interaction")["df"] == 1  # A against B only
    assert level(result, "Centre", "test of interaction")["n"] == 240
    assert "C" in set(result.curves["label"])


def test_deaths_on_one_side_only_get_a_finite_ratio_by_firth(material_of):
    rates = {
        ("A", "met"): (60, 0.002),
        ("A", "not_met"): (60, 0.001),
        ("B", "met"): (40, 0.002),
        ("B", "not_met"): (40, 0.0),
    }
    found = effect_by_group(material_of(cohort(rates), **NONE))
    row = level(found["triggers_effect"], "Centre", "B")
    assert row["method"] == "Firth's penalty, crude"
    assert row["note"].startswith("all deaths are on one side: not adjusted")
    assert 1 < row["estimate"] < np.inf
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
    assert level(found["triggers_effect"], "Centre", "A")["method"] == "Cox regression with interaction"
    ratios = found["triggers_effect_scales"].tidy.query("term == 'Centre' and measure == 'ratio of HR'")
    assert ratios["estimate"].isna().all()
    assert "not estimable" in ratios["note"].iloc[0]


def test_one_group_alone_has_nothing_to_be_compared_with(material_of):
    rates = {("A", "met"): (60, 0.002), ("A", "not_met"): (60, 0.001)}
    found = effect_by_group(material_of(cohort(rates), **NONE))
    result = found["triggers_effect"]
    assert level(result, "Centre", "A")["note"] == "not estimated: no other group to compare it with"
    assert "fewer than two groups" in level(result, "Centre", "test of interaction")["note"]
    assert not np.isnan(result.tidy.iloc[0]["estimate"])  # the effect in all patients stands
    assert found["triggers_effect_scales"].tidy.empty


def test_triggers_are_read_before_sparse_ones_are_merged_for_the_adjustment(material_of):
    """Two rare triggers, which the default adjustment puts together, stay apart as groups."""
    patients = []
    for trigger, n, deaths in (("ebv", 40, 16), ("other_virus", 40, 12), ("fungal", 8, 2), ("malignancy", 8, 3)):
        for k in range(n):
            own = {"os_days": 50.0 + 3 * k, "os_event": float(k < deaths), "cns_baseline": ("met", "not_met")[k % 2]}
            patients.append({"trigger_category": trigger, **own})
    result = effect_by_group(material_of(patients))["triggers_effect"]
    rows = result.tidy[(result.tidy["term"] == "Trigger") & (result.tidy["contrast"] != "")].set_index("level")
    assert rows["n"].to_dict() == {"Malignancy": 8, "EBV": 40, "Other virus": 40, "Fungus": 8}
    assert rows.loc["Fungus", "note"] == "not estimable: fewer than 5 deaths"


def test_unknown_groups_take_no_part_and_are_counted(differing):
    notes = differing[1]["triggers_effect"].notes
    assert any(note.startswith("Trigger: without 1200 whose group is unknown") for note in notes)


def test_without_survival_times_it_refuses(material_of):
    (only,) = effect_by_group(material_of([{}], endpoint={"os": {"analyse": False}})).values()
    assert only.notes == ("Not estimated: the study declares that its patients have no common time zero.",)


# The groups


def groups(material, heading):
    return next(m for m in modifiers(material.frame, material.config) if m.heading == heading)


def test_ages_fall_into_their_groups_at_the_limits(material_of):
    ages = [0.0, 0.99, 1.0, 17.99, 18.0, 80.0, None]
    found = groups(material_of([{"age_years": a} for a in ages]), "Age at diagnosis")
    infant, child, adult = found.order
    assert [x if isinstance(x, str) else None for x in found.levels] == [infant] * 2 + [child] * 2 + [adult] * 2 + [
        None
    ]
    assert (infant, child, adult) == ("Under 1 year", "1 to 17 years", "18 years and over")
    assert "Xu 2017" in found.note
    assert found.note.count("a choice of this package") == 2
    assert found.terms(("age_years", "log2(ferritin)")) == ["log2(ferritin)"]


def test_the_calendar_is_cut_where_it_divides_the_patients_most_evenly(material_of):
    years = [2015] * 3 + [2016] * 2 + [2019] * 4 + [2020]
    found = groups(
        material_of([{"date_hlh_diagnosis": pd.Timestamp(f"{y}-06-01")} for y in years]), "Year of diagnosis"
    )
    assert found.levels.value_counts().to_dict() == {"2015 to 2018": 5, "2019 to 2020": 5}
    assert "a choice of this package" in found.note


def test_one_year_cannot_be_cut(material_of):
    found = groups(material_of([{}, {}]), "Year of diagnosis")
    assert found.levels.isna().all()
    assert found.order == ()


def test_a_grouping_stands_in_for_its_own_covariate(material_of):
    material = material_of([{"center_id": "A", "age_years": 3.0}])
    terms = ("age_years", "trigger_category", "log2(ferritin)")
    left = {m.heading: m.terms(terms) for m in modifiers(material.frame, material.config)}
    assert left["Trigger"] == left["EBV"] == ["age_years", "log2(ferritin)"]
    assert left["Age at diagnosis"] == ["trigger_category", "log2(ferritin)"]
    assert left["Class"] == left["Centre"] == left["Year of diagnosis"] == list(terms)


@pytest.mark.parametrize(("status", "lacking"), [("met", "known not to be CNS involved"), ("not_met", "CNS involved")])
def test_one_group_alone_is_refused_with_the_reason(material_of, status, lacking):
    found = effect_by_group(material_of(cohort({("A", status): (40, 0.003)}), **NONE))
    assert set(found) == {"triggers_effect"}
    assert found["triggers_effect"].tidy.empty
    assert lacking in found["triggers_effect"].notes[0]


def test_one_group_left_with_known_covariates_is_refused(material_of):
    patients = cohort({("A", "met"): (40, 0.003), ("A", "not_met"): (40, 0.003)})
    for n, patient in enumerate(patients):
        patient["albumin"] = 20.0 + n if patient["cns_baseline"] == "met" else None
    found = effect_by_group(material_of(patients, model={"covariates": ["albumin"]}))["triggers_effect"]
    assert found.tidy.empty
    assert "same CNS status" in found.notes[0]
