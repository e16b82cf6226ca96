"""Every specification is made, counted, equal to the models of the other parts, and summed up as by hand."""

import dataclasses
import datetime as dt

import joblib
import numpy as np
import pandas as pd
import pytest

from neurohlh.clinical.cns_definitions import definition, definitions
from neurohlh.core.errors import InputError, NotEstimable
from neurohlh.core.pictures import SPECIFICATION_COLUMNS
from neurohlh.stats.hazards.one_ratio import OneRatio
from neurohlh.study.first_results import _by_exposure
from neurohlh.study.follow import survival_set
from neurohlh.study.parts.declared import PART as DECLARED
from neurohlh.study.parts.groups import one_sided
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.specifications import OTHER_WINDOW, PART
from neurohlh.study.parts.specifications.agreement import agreement, why
from neurohlh.study.parts.specifications.curve import choices, curve, drawn, summary
from neurohlh.study.parts.specifications.fits import NO_COVARIATE, Adjusting, Fitted, fit_all, fit_one
from neurohlh.study.parts.specifications.grid import CHOICES, Specification
from neurohlh.study.plan import planned
from neurohlh.study.study import Study
from neurohlh.study.time_zero import OTHER_CLOCK

DAY = dt.date(2018, 1, 1)
HEADER = (
    "patient_id,center,age_years,date_admission,date_hlh_diagnosis,date_last_followup,date_death,death,neuro_assessed,"
    "sx_seizure,date_neuro_onset,lp_done,date_lp_first,csf_wbc,csf_protein (g/L),mri_done,date_imaging_first,"
    "mri_abnormal,platelets (10^9/L)"
)
MODELS = [
    {"name": "same"},
    {"name": "by_centre", "strata": "center_id", "covariates": ["age_years"]},
    {"name": "admission", "origin": "date_admission", "definition": "sx_only", "covariates": []},
    {"name": "isolated", "origin": "date_admission", "definition": "blincoe2020"},
]


def hospital(n=160):
    """Symptoms, CSF and imaging come and go apart from each other, some untested; CNS symptoms double the hazard."""
    rng = np.random.default_rng(4)
    lines = [HEADER]
    for i in range(n):
        seizure, lp, mri = rng.random() < 0.3, rng.random() < 0.7, rng.random() < 0.8
        cells, image = (40 if rng.random() < 0.3 else 2), rng.random() < 0.3
        platelets, age = int(rng.integers(10, 120)), int(rng.integers(1, 15))
        days = 15 + int(rng.exponential(400 / np.exp(0.7 * seizure - 0.01 * platelets)))
        dead, last = days <= 900, DAY + dt.timedelta(days=min(days, 900))
        admitted = DAY - dt.timedelta(days=int(rng.integers(0, 20)))
        outcome = f"{admitted},{DAY},{last},{last if dead else ''},{'yes' if dead else 'no'}"
        found = f"yes,{'yes' if seizure else 'no'},{DAY if seizure else ''}"
        fluid = f"yes,{DAY},{cells},0.2" if lp else "no,,,"
        picture = f"yes,{DAY},{'yes' if image else 'no'}" if mri else "no,,"
        lines.append(f"P{i:03d},{'AB'[i % 2]},{age},{outcome},{found},{fluid},{picture},{platelets}")
    return "\n".join(lines)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("many") / "hospital.csv"
    path.write_text(hospital(), encoding="utf-8")
    return Study.of(path, eligibility={"criteria": "none"}, plan={"model": MODELS})


@pytest.fixture(scope="module")
def material(study):
    cohort = study.load()
    return Material.of(cohort.classified, cohort.population, study.config)


@pytest.fixture(scope="module")
def results(material):
    return PART.results(material, {})


@pytest.fixture(scope="module")
def rows(results):
    return results["specifications_curve"].tidy


@pytest.fixture(scope="module")
def main(material):
    """The Cox models of the study's first results."""
    return _by_exposure(survival_set(material.frame, 14), material.config)["cox"].tidy


def exposure(tidy, analysis):
    chosen = (tidy["variable"] == "cns") & (tidy["analysis"] == analysis) & (tidy["level"] == "met")
    return tidy[chosen].iloc[0]


def test_every_combination_is_there_once(rows):
    """Every definition, two time zeros, three rules for the undecided, four adjustments."""
    assert len(rows) == len(definitions()) * 2 * 3 * 4 >= 300
    assert not rows.duplicated(["term", "group", "population", "method"]).any()
    assert (rows["estimate"].notna() | rows["note"].str.startswith("not estimable: ")).all()
    assert rows[["n", "events"]].notna().all().all()


def test_the_declared_one_is_the_main_model_of_the_study(rows, main):
    declared = rows[rows["level"] != ""]
    adjusted = exposure(main, "cox_adjusted")
    assert len(declared) == 1
    for name in ("estimate", "conf_low", "conf_high"):
        assert declared[name].iloc[0] == pytest.approx(adjusted[name], rel=1e-9)
    here = declared.iloc[0]
    crude = rows[
        (rows["term"] == here["term"])
        & (rows["group"] == here["group"])
        & (rows["population"] == here["population"])
        & (rows["method"] == "crude")
    ]
    assert crude["estimate"].iloc[0] == pytest.approx(exposure(main, "cox_crude")["estimate"], rel=1e-9)


def test_everybody_at_risk_is_used_where_the_undecided_are_read(rows, material):
    crude = rows[(rows["method"] == "crude") & (rows["group"] == "the diagnosis of HLH") & rows["estimate"].notna()]
    at_risk = material.followed().everybody.frame
    read = crude[crude["population"] != "undecided left out"]
    whole = read[~read["term"].isin(["deiva2012", "bch2014_61", "csfmark"])]
    assert (whole["n"] == len(at_risk)).all()
    assert (crude[crude["population"] == "undecided left out"]["n"] <= len(at_risk)).all()


def test_the_order_of_the_rows_changes_no_bit(material, results):
    shuffled = material.frame.sample(frac=1, random_state=8).reset_index(drop=True)
    again = PART.results(dataclasses.replace(material, frame=shuffled, _followed={}), {})
    for name, result in results.items():
        pd.testing.assert_frame_equal(again[name].tidy, result.tidy, check_exact=True)


def test_two_workers_give_the_same_bits_as_one(material):
    adjusting = Adjusting.of(material)
    everybody = material.followed().everybody.frame
    tasks = [(everybody.iloc[skip:], adjusting) for skip in range(6)]
    alone = fit_all(tasks)
    with joblib.parallel_config(backend="threading", n_jobs=2):
        assert fit_all(tasks) == alone
    assert all(one["adjusted"].estimate > 0 for one in alone)


def test_an_isolated_onset_is_not_read_around_admission(rows):
    isolated = rows[rows["term"] == "blincoe2020"]
    assert isolated["estimate"].isna().all()
    assert set(isolated.loc[isolated["group"] == "admission", "note"]) == {f"not estimable: {OTHER_CLOCK}"}


def test_the_picture_holds_what_has_a_number_in_its_order(results, rows):
    picture = results["specifications_curve"]
    assert list(picture.curves.columns) == [*SPECIFICATION_COLUMNS, *CHOICES]
    assert len(picture.curves) == rows["estimate"].notna().sum()
    assert picture.curves["estimate"].is_monotonic_increasing
    assert picture.curves["declared"].sum() == 1


def test_the_summary_counts_what_the_rows_hold(results, rows):
    found = results["specifications_summary"].tidy
    everything = found[found["population"] == "all"].set_index("term")["estimate"]
    estimated = rows[rows["estimate"].notna()]
    assert everything["specifications"] == len(rows)
    assert everything["with a hazard ratio"] == len(estimated)
    assert everything["not estimable"].sum() == len(rows) - len(estimated)
    assert everything["median hazard ratio"] == pytest.approx(estimated["estimate"].median())
    sides = [t for t in everything.index if t.startswith("interval")]
    assert everything[sides].sum() == len(estimated)
    # definitions that read these patients alike give one answer
    once = found[found["population"] == "different answers only"].set_index("term")
    assert once["n"].dropna().max() == everything["different answers among them"] < len(estimated)


def test_agreement_counts_add_up_to_those_who_changed(results, material):
    tidy = results["specifications_agreement"].tidy
    one = tidy[tidy["term"].str.startswith("sx_only")]
    changed = one.loc[one["level"] == "another status", "estimate"].iloc[0]
    assert one.loc[one["group"] != "", "estimate"].sum() == changed
    own = material.frame.sort_values("patient_id")["cns_baseline"].to_numpy()
    other = material.reclassified("sx_only").sort_values("patient_id")["cns_baseline"].to_numpy()
    assert changed == (own != other).sum() > 0
    same = tidy[tidy["term"].str.startswith("yang2010") & (tidy["measure"] == "kappa")]
    assert (same["estimate"] == 1).all()
    assert "yang2010" in results["specifications_agreement"].notes[0]


def test_a_model_declared_as_the_main_one_is_the_main_one(material, main):
    declared = DECLARED.results(material, {})
    assert list(declared) == ["declared_same", "declared_by_centre", "declared_admission", "declared_isolated"]
    for analysis in ("cox_crude", "cox_adjusted"):
        found = exposure(declared["declared_same"].tidy, analysis)
        assert found["estimate"] == pytest.approx(exposure(main, analysis)["estimate"], rel=1e-9)


def test_a_declared_model_says_its_choices_and_counts_everybody(material):
    declared = DECLARED.results(material, {})
    for name in ("declared_by_centre", "declared_admission"):
        counts = declared[name].counts
        assert counts["supplied"] == len(material.frame)
        assert counts["used"] + sum(counts["dropped"].values()) == counts["supplied"]
    assert declared["declared_by_centre"].method["strata"] == "center_id"
    admission = declared["declared_admission"]
    assert admission.method["origin"] == "date_admission"
    assert admission.method["time_zero"] == "since day 14 after admission"
    assert any(reason.startswith("HLH diagnosed only after day 14") for reason in admission.counts["dropped"])
    assert OTHER_CLOCK in declared["declared_isolated"].notes[0]


def test_a_declared_model_agrees_with_its_specification(material, rows):
    """Admission, symptoms only, nothing adjusted for, the undecided left out."""
    chosen = (rows["term"] == "sx_only") & (rows["group"] == "admission") & (rows["method"] == "crude")
    specification = rows[chosen & (rows["population"] == "undecided left out")].iloc[0]
    found = exposure(DECLARED.results(material, {})["declared_admission"].tidy, "cox_adjusted")
    assert found["estimate"] == pytest.approx(specification["estimate"], rel=1e-9)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({"definition": "seed_any4"}, ["plan.model 'x'", "'seed_any4'", "'seed_any3'"]),
        ({"covariates": ["intrathecal"]}, ["plan.model 'x'", "intrathecal", "mediator"]),
        ({"covariates": ["age_yeers"]}, ["plan.model 'x'", "age_yeers", "'age_years'"]),
        ({"strata": "sex"}, ["plan.model 'x'", "'sex'", "no source has a column"]),
    ],
)
def test_a_declared_model_that_cannot_be_is_refused_before_anything_is_computed(study_of, model, said):
    with pytest.raises(InputError) as error:
        study_of(hospital(3), plan={"model": [{"name": "x", **model}]}).load()
    assert all(part in str(error.value) for part in said), str(error.value)


def test_declared_models_are_carried_out_whatever_parts_are_named(study):
    plan = study.config.plan
    for changed in ({}, {"parts": ("mri",)}, {"parts": ()}):
        standing = {part.key: words for part, words in planned(plan.model_copy(update=changed))}
        assert standing["declared"] == "declared by the study"
    assert "declared" not in [part.key for part, _ in planned(plan.model_copy(update={"model": ()}))]
    assert "declared" not in [part.key for part, _ in planned(plan.model_copy(update={"off": ("declared",)}))]


def test_a_small_hospital_has_its_specifications_counted_with_their_reasons(cohort):
    """One centre, one time zero; what nine followed patients can't give is said, not left out."""
    found = PART.results(Material.of(cohort.classified, cohort.population, cohort.study.config), {})
    tidy = found["specifications_curve"].tidy
    assert len(tidy) == len(definitions()) * 3 * 3
    assert set(tidy["method"]) == {"crude", "adjusted", "overlap weights"}
    assert (tidy["estimate"].notna() | (tidy["note"] != "")).all()


def ratio(estimate, low, high, events=20, parameters=4, reason=""):
    return OneRatio(50, events, parameters, estimate, low, high, 0.5, 0.3, reason)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (ratio(1.6, 0.9, 2.9), ""),
        (ratio(1.6, 0.9, 2.9, events=8), ""),
        (ratio(1.6, 0.9, 2.9, events=7), "fewer than 2 deaths per parameter"),
        (ratio(30.0, 1.0, 1000.0), ""),
        (ratio(30.0, 0.9, 1000.0), "more than 1000 times"),
        (ratio(np.nan, np.nan, np.nan, reason="no overlap"), "no overlap"),
    ],
)
def test_a_model_that_follows_single_patients_gives_no_number(given, said):
    fitted = Fitted.of(given, pd.DataFrame({"os_event": [1.0]}))
    assert said in fitted.reason
    assert bool(fitted.reason) == bool(said) == bool(np.isnan(fitted.estimate))
    assert (fitted.n, fitted.events) == (50, given.events)


def test_no_specification_is_called_adjusted_that_adjusts_for_nothing(material):
    """Of some patients every covariate is the same."""
    adjusting = Adjusting.of(material)
    frame = material.followed().frame.assign(age_years=3.0, platelets=50.0)
    found = fit_one(frame, adjusting)
    assert found["crude"].reason == ""
    assert {found[kind].reason for kind in adjusting.kinds if kind != "crude"} == {NO_COVARIATE}


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (["met", "not_met"], ""),
        (["not_met"], "nobody at risk at the landmark is CNS involved"),
        (["met"], "nobody at risk at the landmark is known not to be CNS involved"),
        ([], "nobody at risk at the landmark has a decided CNS status"),
    ],
)
def test_why_there_is_nothing_to_compare(status, said):
    assert one_sided(pd.DataFrame({"cns": pd.Series(status, dtype=object)})) == said


def test_another_time_zero_of_the_study_is_declared_and_told_apart_from_the_main_results(tmp_path):
    path = tmp_path / "hospital.csv"
    path.write_text(hospital(60), encoding="utf-8")
    cohort = Study.of(path, eligibility={"criteria": "none"}, endpoint={"os": {"origin": "date_admission"}}).load()
    found = PART.results(Material.of(cohort.classified, cohort.population, cohort.study.config), {})
    tidy = found["specifications_curve"].tidy
    assert tidy.loc[tidy["level"] != "", "group"].tolist() == ["admission"]
    assert OTHER_WINDOW in found["specifications_summary"].notes


def specification(coef, name="seed_any3", zero="the diagnosis of HLH", rule="left out", how="crude", **more):
    fitted = Fitted(50, 20, *(float(np.exp(coef + d)) for d in (0, -0.5, 0.5)), coef, 0.25)
    given = {"declared": False, "fitted": fitted, "same_as": hash((name, zero, rule, how)), **more}
    return Specification(name, zero, rule, how, **given)


HAND = [
    specification(1.0, declared=True),
    specification(1.0, "yang2010", same_as=hash(("seed_any3", "the diagnosis of HLH", "left out", "crude"))),
    specification(-0.2, "kim2012"),
    specification(-0.8, "obj"),
    specification(0.0, "two3", fitted=Fitted.refused(50, "the covariates tell the exposure of 7 patients: x (A)")),
]


def test_the_summary_of_five_specifications_by_hand():
    """exp(1) twice, exp(-0.2), exp(-0.8), none; limits half a unit around: above 1, above 1, both, below 1."""
    tidy = summary(HAND, {}, {}).tidy
    everything = tidy[tidy["population"] == "all"].set_index("term")["estimate"]
    assert everything["specifications"] == 5
    assert everything["with a hazard ratio"] == 4
    assert everything["different answers among them"] == 3
    assert everything["median hazard ratio"] == pytest.approx((np.exp(1) + np.exp(-0.2)) / 2)
    assert everything["estimate on the same side of 1 as the declared one"] == 2
    assert everything["interval wholly above 1 (worse with CNS involvement)"] == 2
    assert everything["interval wholly below 1 (better with CNS involvement)"] == 1
    assert everything["interval includes 1"] == 1
    once = tidy[tidy["population"] == "different answers only"].set_index("term")["estimate"]
    assert once["interval wholly above 1 (worse with CNS involvement)"] == 1
    assert once["median hazard ratio"] == pytest.approx(np.exp(-0.2))
    lost = tidy[tidy["term"] == "not estimable"]
    assert lost["level"].tolist() == ["the covariates tell the exposure of some patients"]
    assert "4 of 5 specifications gave a hazard ratio, from 0.45 to 2.72" in summary(HAND, {}, {}).notes[0]


def test_the_curve_of_five_specifications_by_hand():
    frame = drawn(HAND)
    assert frame["Definition"].tolist() == ["obj", "kim2012", "seed_any3", "yang2010"]
    assert frame["rank"].tolist() == [1, 2, 3, 4]
    assert frame["declared"].tolist() == [False, False, True, False]
    assert curve(HAND, {}, {}).tidy["level"].tolist() == ["the declared one", "", "", "", ""]


def test_the_choice_that_moves_the_ratio_is_found_by_hand():
    """The definition moves the log ratio by 2, the adjustment by 1: 4 x 1 and 4 x 0.25 of 5."""
    given = [
        specification(2.0 * (name == "obj") + (how == "crude"), name, how=how)
        for name in ("obj", "kim2012")
        for how in ("crude", "adjusted")
    ]
    tidy = choices(given, {}, {}).tidy
    shares = tidy[tidy["measure"] == "eta squared"]
    assert shares["term"].tolist() == ["Definition", "Adjustment", "all choices together"]
    assert shares["estimate"].tolist() == pytest.approx([0.8, 0.2, 1.0])
    medians = tidy[(tidy["measure"] == "median HR") & (tidy["term"] == "Adjustment")].set_index("level")["estimate"]
    assert medians["crude"] == pytest.approx((np.exp(3) + np.exp(1)) / 2)


def test_specifications_that_do_not_differ_have_no_choice_to_blame():
    with pytest.raises(NotEstimable, match="do not differ"):
        choices([specification(1.0), specification(1.0, "obj")], {}, {})
    with pytest.raises(NotEstimable, match="do not differ"):
        choices([], {}, {})


MET, NOT, OPEN, ASIDE = "met", "not_met", "indeterminate", "not_applicable"


@pytest.mark.parametrize(
    ("other", "change", "own_domains", "other_domains", "said"),
    [
        # (symptoms, CSF, imaging) of one patient as seed_any3 and as the other definition read them
        ("sx_only", (MET, NOT), (NOT, MET, NOT), (NOT, MET, NOT), ["CSF not asked"]),
        ("sx_only", (MET, NOT), (NOT, MET, MET), (NOT, MET, MET), ["CSF not asked", "imaging not asked"]),
        ("sx_only", (OPEN, NOT), (NOT, OPEN, NOT), (NOT, OPEN, NOT), ["CSF not asked"]),
        ("obj", (MET, OPEN), (MET, OPEN, NOT), (MET, OPEN, NOT), ["symptoms not asked"]),
        ("two3", (MET, NOT), (MET, NOT, NOT), (MET, NOT, NOT), ["at least 2 domains must be abnormal"]),
        ("zhao2018", (OPEN, NOT), (NOT, OPEN, NOT), (NOT, OPEN, NOT), ["CSF without an answer: read as negative"]),
        ("jovanovic2014", (NOT, MET), (NOT, NOT, NOT), (NOT, MET, NOT), ["CSF read by other limits"]),
        ("as_recorded", (MET, OPEN), (MET, NOT, NOT), (MET, NOT, NOT), ["the hospital recorded no judgement"]),
        ("as_recorded", (MET, NOT), (MET, NOT, NOT), (MET, NOT, NOT), ["the hospital's own judgement"]),
        (
            "horne2008",
            (MET, OPEN),
            (NOT, OPEN, MET),
            (NOT, OPEN, MET),
            ["CSF without an answer: leaves the status open", "imaging not asked"],
        ),
        ("hornebeutel2018", (MET, NOT), (MET, NOT, NOT), (MET, NOT, NOT), ["all domains must be abnormal"]),
    ],
)
def test_why_a_patient_changes_side(other, change, own_domains, other_domains, said):
    names = [f"cns_{d}_baseline" for d in ("symptoms", "csf", "imaging")]
    before, after = (pd.Series(dict(zip(names, d, strict=True))) for d in (own_domains, other_domains))
    assert why(definition("seed_any3"), definition(other), *change, before, after) == "; ".join(said)


def test_a_patient_set_aside_lacks_the_test_that_is_asked_for():
    names = [f"cns_{d}_baseline" for d in ("symptoms", "csf", "imaging")]
    row = pd.Series(dict(zip(names, (MET, OPEN, NOT), strict=True)))
    assert why(definition("seed_any3"), definition("bch2014_61"), MET, ASIDE, row, row) == (
        "CSF without an answer: sets the patient aside"
    )


def test_kappa_by_hand():
    """Ten patients, eight alike of whom four met: expected agreement 0.5, kappa (0.8 - 0.5) / 0.5."""
    own, other = [MET] * 5 + [NOT] * 5, [MET] * 4 + [NOT] * 5 + [MET]
    domains = {f"cns_{d}_baseline": [NOT] * 10 for d in ("symptoms", "csf", "imaging")}
    found = {
        d.name: pd.DataFrame({"cns_baseline": other if d.name == "sx_only" else own, **domains}) for d in definitions()
    }
    tidy = agreement(definition("seed_any3"), found).tidy
    row = tidy[tidy["term"].str.startswith("sx_only") & (tidy["measure"] == "kappa")].iloc[0]
    assert row["estimate"] == pytest.approx(0.6)
    assert row["conf_low"] < 0.6 < row["conf_high"]
    moved = tidy[tidy["term"].str.startswith("sx_only") & tidy["level"].str.contains("→")]
    assert moved["level"].tolist() == ["involved → not involved", "not involved → involved"]
    assert moved["n"].tolist() == [5, 5]
