"""A prediction, kept apart: patients drawn with a known hazard, and small tables worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.curves.kaplan_meier import kaplan_meier
from neurohlh.stats.hazards.cox import cox
from neurohlh.study.config import check_config
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.prediction import PART, beside, model, setting
from neurohlh.study.parts.prediction.curves import FOR_ALL, FOR_NONE, calibration
from neurohlh.study.parts.prediction.points import pointed
from neurohlh.study.parts.prediction.published import by_score, overview, predictors
from neurohlh.study.parts.prediction.rules import ruled
from neurohlh.study.parts.prediction.setting import NOT_A_CAUSE, Setting

N = 300
DIAGNOSIS = pd.Timestamp("2020-01-01")


@pytest.fixture(autouse=True)
def few_replicates(monkeypatch):
    monkeypatch.setattr(setting, "REPLICATES", 12)
    monkeypatch.setattr(model, "REPLICATES", 12)
    monkeypatch.setattr(beside, "REPLICATES", 8)


def patients(n=N, seed=1):
    rng = np.random.default_rng(seed)
    cns = rng.random(n) < 0.4
    platelets, albumin = rng.uniform(5, 120, n), rng.uniform(18, 42, n)
    hazard = np.exp(0.7 * cns - 0.02 * (platelets - 60) - 0.05 * (albumin - 30)) / 900
    death, end = rng.exponential(1 / hazard), rng.uniform(300, 2500, n)
    frame = pd.DataFrame(
        {
            "patient_id": [f"p{k}" for k in range(n)],
            "os_days": np.minimum(death, end),
            "os_event": (death <= end).astype(float),
            "cns_baseline": np.where(cns, "met", "not_met"),
            "cns_group_horne_baseline": np.where(cns, "3", "1"),
            "age_years": rng.uniform(0.2, 16, n),
            "trigger_category": rng.choice(["ebv", "unknown"], n),
            "platelets": platelets,
            "albumin": albumin,
            "bilirubin_total": rng.uniform(5, 120, n),
            "ferritin": rng.uniform(500, 9000, n),
            "hemoglobin": rng.uniform(45, 120, n),
            "csf_wbc": rng.uniform(0, 150, n),
            "lp_done": pd.array([True] * n, dtype="boolean"),
            "date_lp_first": DIAGNOSIS + pd.to_timedelta(rng.integers(0, 10, n), unit="D"),
            "date_hlh_diagnosis": DIAGNOSIS,
        }
    )
    return frame.assign(cns_status=frame["cns_baseline"])


def material_of(frame, **sections):
    data = {"schema": 1, "source": [{"path": "x.csv"}], **sections}
    return Material(frame.reset_index(drop=True), check_config(data, "test"), None)


@pytest.fixture(scope="module")
def material():
    return material_of(patients())


@pytest.fixture(scope="module")
def results(material):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setting, "REPLICATES", 12)
        patch.setattr(model, "REPLICATES", 12)
        patch.setattr(beside, "REPLICATES", 8)
        return PART.results(material, {})


def test_every_table_has_numbers_a_title_and_counts(results):
    assert set(results) == {
        "prediction_model", "prediction_validation", "prediction_calibration", "prediction_decision_curve",
        "prediction_added_by_cns", "prediction_points", "prediction_nomogram", "prediction_published_rules",
        "prediction_published_scores", "prediction_published_predictors", "prediction_published_beside_own",
    }  # fmt: skip
    for name, result in results.items():
        assert result.tidy["estimate"].notna().any(), name
        assert result.method["title"], name
        assert result.counts["used"] > 0, name
        assert (result.tidy["estimate"].notna() | (result.tidy["note"] != "") | result.tidy["is_reference"]
                | result.tidy["statistic"].notna()).all(), name  # fmt: skip


def test_the_prediction_says_that_it_is_no_effect(results):
    for name in ("prediction_model", "prediction_validation", "prediction_added_by_cns", "prediction_points"):
        assert results[name].notes[0] == NOT_A_CAUSE


def test_the_model_is_the_cox_model_of_the_predeclared_terms_and_shows_no_p_value(material, results):
    rows = results["prediction_model"].tidy
    assert rows["p_value"].isna().all()
    terms = ["cns", "age_years", "trigger_category", "platelets", "albumin", "bilirubin_total", "log2(ferritin)"]
    plain = cox(material.followed().frame, "os_days", "os_event", terms, reference={"cns": "not_met"}).tidy
    shown = rows[rows["measure"] == "HR"]["estimate"].to_numpy()
    np.testing.assert_allclose(shown, plain["estimate"].to_numpy())


def test_a_typical_patient_with_higher_hazard_ratios_has_the_risk_of_the_baseline(results):
    typical = results["prediction_model"].tidy.iloc[-1]
    assert 0 < typical["conf_low"] < typical["estimate"] < typical["conf_high"] < 1
    assert "CNS involvement no" in typical["term"]


def test_corrected_is_apparent_minus_optimism(results):
    rows = results["prediction_validation"].tidy.set_index(["measure", "term"])["estimate"]
    for measure in ("concordance", "calibration slope", "AUC", "Brier score"):
        assert rows[measure, "corrected"] == pytest.approx(rows[measure, "apparent"] - rows[measure, "optimism"])


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(material):
    def corrected(seed):
        found = Setting.of(material_of(material.frame, study={"seed": seed})).validation.tidy
        return found[found["term"] == "corrected"]["estimate"].to_numpy()

    one, two, other = corrected(7), corrected(7), corrected(8)
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()


def test_what_cns_adds_is_tested_by_the_likelihoods_of_the_two_models(material, results):
    frame = material.followed().frame
    others = ["age_years", "trigger_category", "platelets", "albumin", "bilirubin_total", "log2(ferritin)"]

    def gain(terms):
        checks = cox(frame, "os_days", "os_event", terms).checks.set_index("check")
        return checks.loc["likelihood ratio test", "statistic"]

    test = results["prediction_added_by_cns"].tidy.iloc[0]
    assert test["statistic"] == pytest.approx(gain(["cns", *others]) - gain(others))
    assert test["df"] == 1


def test_acting_on_everybody_is_worth_the_deaths_less_the_odds_of_the_others(material, results):
    rows = results["prediction_decision_curve"].tidy
    frame = material.followed().frame
    alive = kaplan_meier(frame, "os_days", "os_event", times=[365]).tidy
    died = 1 - alive[(alive["measure"] == "survival")]["estimate"].iloc[0]
    at = rows[rows["level"] == "20 %"].set_index("group")["estimate"]
    assert at[FOR_ALL] == pytest.approx(died - (1 - died) * 0.25)
    assert at[FOR_NONE] == 0


def test_deaths_by_the_horizon_are_not_those_of_all_follow_up(material, results):
    frame = material.followed().frame
    by_then = int((frame["os_event"].astype(bool) & (frame["os_days"] <= 365)).sum())
    assert set(results["prediction_decision_curve"].tidy["events"]) == {by_then}
    curve = results["prediction_calibration"].tidy
    assert set(curve[curve["variable"] == "smooth curve"]["events"]) == {by_then}
    assert curve[(curve["group"] != "") & (curve["measure"] == "observed risk")]["events"].sum() == by_then
    distribution = results["prediction_calibration"].method["distribution"]
    assert sum(bin["n"] for bin in distribution) == results["prediction_calibration"].counts["used"]


def test_a_curve_is_drawn_from_what_the_table_says(results):
    found = results["prediction_decision_curve"]
    columns = ["group", "threshold", "net_benefit", "conf_low", "conf_high", "interventions_avoided"]
    assert list(found.curves.columns) == columns
    np.testing.assert_allclose(found.curves["net_benefit"], found.tidy["estimate"])
    for limit in ("conf_low", "conf_high"):
        np.testing.assert_allclose(found.curves[limit], found.tidy[limit])
    assert found.method["default_strategies"] == [FOR_ALL, FOR_NONE]
    everybody = found.curves[found.curves["group"] == FOR_ALL]
    assert (everybody["interventions_avoided"] == 0).all()


def test_points_part_numbers_at_published_cuts_and_name_what_has_none(material):
    own = material_of(material.frame.assign(ldh=range(N)), model={"covariates": ["platelets", "ldh"]})
    found = pointed(Setting.of(own))
    rows = found.tidy[found.tidy["measure"] == "points"]
    assert set(rows[rows["variable"].str.startswith("Platelets")]["level"]) == {"below 30", "30 or more"}
    assert "Pan 2020" in found.method["cuts"]["Platelets"]
    assert any("no published cut" in note for note in found.notes)


def test_too_few_deaths_are_refused_with_their_number():
    frame = patients(60).assign(os_event=lambda d: (d.index < 12).astype(float))
    found = PART.results(material_of(frame), {})
    for name in ("prediction_model", "prediction_validation", "prediction_points", "prediction_published_beside_own"):
        assert found[name].tidy.empty
        assert "below 5 deaths per parameter" in found[name].notes[0]
    assert not found["prediction_published_rules"].tidy.empty  # a rule needs no model of the study's own


def test_without_other_predictors_cns_status_alone_predicts(material):
    alone = Setting.of(material_of(material.frame, model={"covariates": []}))
    assert model.prognostic_model(alone).tidy["term"].str.startswith("CNS involvement").all()
    assert list(model.added(alone).tidy["measure"]) == ["test"]  # nothing to compare its predictions with


def test_horizons_are_counted_by_the_clock_of_the_study():
    frame = patients(80)
    found = overview(ruled(material_of(frame, endpoint={"os": {"origin": "date_admission"}})))
    assert row(found, "Pan 2020", "AUC")["level"] == "by 1826 days since admission"


def test_a_value_without_a_logarithm_is_a_missing_predictor():
    frame = patients().assign(ferritin=lambda d: d["ferritin"].where(d.index > 3, 0.0))
    followed = material_of(frame).followed().frame
    assert calibration(Setting.of(material_of(frame))).counts["used"] == (followed["ferritin"] > 0).sum()


def test_undecided_patients_only_are_no_model():
    found = PART.results(material_of(patients(80).assign(cns_baseline="indeterminate")), {})
    assert "CNS status that is decided" in found["prediction_model"].notes[0]


def test_one_cns_status_only_is_no_model():
    frame = patients().assign(cns_baseline="met")
    found = PART.results(material_of(frame), {})
    assert "same CNS status" in found["prediction_model"].notes[0]


def test_a_small_hospital_gets_reasons_and_no_traceback(cohort):
    material = Material.of(cohort.classified, cohort.population, cohort.study.config)
    found = PART.results(material, {})
    for name, result in found.items():
        assert not result.tidy.empty or result.notes[0].startswith("Not estimated: "), name
    assert found["prediction_model"].tidy.empty
    rules = found["prediction_published_rules"].tidy
    pan = rules[rules["group"] == "Pan 2020"]
    assert pan["estimate"].isna().all()
    assert pan["note"].iloc[0].endswith("; the study does not hold Haemoglobin, Albumin")


def row(result, group, term):
    tidy = result.tidy
    return tidy[(tidy["group"] == group) & (tidy["term"] == term)].iloc[0]


def test_observed_against_printed_by_hand():
    # Fifty patients of 0 points, all followed beyond five years; 12 died: 24 % where 12 % were printed.
    frame = patients(50).assign(hemoglobin=100.0, platelets=90.0, albumin=35.0, os_days=2000.0, os_event=0.0)
    frame.loc[:11, "os_days"], frame.loc[:11, "os_event"] = 400.0, 1.0
    frame.loc[0, "hemoglobin"], frame.loc[12, "platelets"] = 50.0, 20.0  # so that the scores differ
    rules = ruled(material_of(frame))
    found = row(overview(rules), "Pan 2020", "observed/expected")
    # 48 with 0, one with 1 (both 'low risk', 12 %), one with 2 ('intermediate', 62 %): expected (49 x .12 + .62)/50.
    assert found["estimate"] == pytest.approx(0.24 / ((49 * 0.12 + 0.62) / 50))
    scores = by_score(rules).tidy
    low = scores[(scores["level"] == "low risk (0 to 1)")].set_index("measure")
    assert low.loc["observed risk", "estimate"] == pytest.approx(11 / 49)
    assert (low.loc["observed risk", "n"], low.loc["observed risk", "events"]) == (49, 11)
    assert low.loc["printed risk", "estimate"] == 0.12


def test_a_patient_without_albumin_is_not_scored_and_counted():
    frame = patients(50)
    frame.loc[:9, "albumin"] = np.nan
    found = row(overview(ruled(material_of(frame))), "Pan 2020", "scored")
    assert found["estimate"] == 40
    assert "10 of 50 lack a predictor" in found["note"]


def test_a_rule_of_blood_values_keeps_early_deaths_and_one_with_the_cns_does_not():
    frame = patients(50).assign(os_days=lambda d: np.where(d.index < 5, 3.0, 500.0), os_event=1.0)
    rules = {found.name: found for found in ruled(material_of(frame))}
    assert (len(rules["Pan 2020"].frame), rules["Pan 2020"].horizon) == (50, 1826)
    assert (len(rules["Harnchoowong 2022"].frame), rules["Harnchoowong 2022"].horizon) == (45, 16)


def test_a_lumbar_puncture_after_the_window_is_no_predictor():
    late = patients(50).assign(date_lp_first=DIAGNOSIS + pd.Timedelta(days=40))
    found = row(overview(ruled(material_of(late))), "Trottestam 2012", "scored")
    assert np.isnan(found["estimate"])
    assert "does not hold CSF white cells" in found["note"]


def test_few_deaths_by_the_horizon_are_not_judged_there(material):
    later = material.frame.assign(os_days=material.frame["os_days"] + 60)
    later.loc[:1, "os_days"], later.loc[:1, "os_event"] = 20.0, 1.0
    found = row(overview(ruled(material_of(later))), "Harnchoowong 2022", "AUC")
    assert found["events"] == 2
    assert np.isnan(found["estimate"])
    assert "deaths by then are too few" in found["note"]


def test_a_rule_without_weights_is_named_with_what_lacks_and_its_predictors_are_counted(material):
    rules = ruled(material)
    assert "the points of the predictors" in row(overview(rules), "Chinese multicentre nomogram 2025", "scored")["note"]
    rows = predictors(rules).tidy
    own = rows[(rows["group"] == "Chinese multicentre nomogram 2025") & rows["term"].str.startswith("Haemoglobin")]
    by = own.set_index("level")
    assert by.loc["present", "n"] == (material.followed().frame["hemoglobin"] < 80).sum()
    assert by["n"].sum() == len(material.followed().frame)


def test_the_order_of_a_rule_is_that_of_its_score_beside_the_own_model(material, results):
    rows = results["prediction_published_beside_own"].tidy
    pan = rows[(rows["population"] == "Pan 2020") & (rows["measure"] == "concordance")].set_index("group")
    assert set(pan.index) == {beside.RULE, beside.OWN, beside.APART}
    assert pan["n"].nunique() == 1  # the same patients
    assert pan.loc[beside.APART, "estimate"] == pytest.approx(
        pan.loc[beside.RULE, "estimate"] - pan.loc[beside.OWN, "estimate"]
    )


def test_limits_that_do_not_hold_their_estimate_are_not_shown():
    rows = pd.DataFrame(
        {"estimate": [-0.143, 0.2], "conf_low": [-0.140, 0.1], "conf_high": [0.244, 0.3], "note": ["", ""]}
    )
    held = model._held(rows)
    assert held["conf_low"].isna().tolist() == [True, False]
    assert held["conf_high"].tolist()[1] == 0.3
    assert held["note"].str.startswith("no limits").tolist() == [True, False]
