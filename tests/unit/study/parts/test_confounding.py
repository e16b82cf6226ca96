"""What is left of an effect after adjustment, where all of it is confounding; words worked out by hand."""

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.result import tidy_frame
from neurohlh.stats.hazards.one_ratio import OneRatio
from neurohlh.study.covariates import unfit
from neurohlh.study.parts.confounding import PART
from neurohlh.study.parts.confounding.adjustment_set import covariate_sets
from neurohlh.study.parts.confounding.answer import agreement_in_words, few_in_words, hidden_in_words, in_words
from neurohlh.study.parts.confounding.estimates import MAIN, PENALISED, Line
from neurohlh.study.parts.confounding.standardised import DIFFERENCES, GCOMPUTATION, longest, number_needed
from neurohlh.study.parts.material import Material
from neurohlh.study.study import Study

DAY = dt.date(2015, 1, 1)
HEADER = (
    "patient_id,center,age_years,date_hlh_diagnosis,date_last_followup,date_death,death,neuro_assessed,sx_seizure,"
    "date_neuro_onset,lp_done,date_lp_first,csf_wbc,csf_protein (g/L),mri_done,date_imaging_first,mri_abnormal,"
    "platelets (10^9/L),intrathecal"
)


def hospital(n=500, effect=0.0):
    """Severity lowers platelets, brings CNS involvement and kills; CNS involvement itself multiplies by e^effect."""
    rng = np.random.default_rng(11)
    severity = rng.normal(size=n)
    cns = rng.random(n) < 1 / (1 + np.exp(-1.2 * severity))
    days = 15 + np.floor(rng.exponential(500 / np.exp(0.9 * severity + effect * cns)))
    end = np.minimum(days, 1500)
    lines = [HEADER]
    for i in range(n):
        last = DAY + dt.timedelta(days=int(end[i]))
        dead = days[i] <= 1500
        seizure = f"yes,{DAY}" if cns[i] else "no,"
        tested = f"{seizure},yes,{DAY},2,0.2,yes,{DAY},no"
        platelets = max(1, round(60 * np.exp(-0.5 * severity[i])))
        outcome = f"{DAY},{last},{last if dead else ''},{'yes' if dead else 'no'}"
        lines.append(
            f"P{i:04d},{'AB'[i % 2]},{2 + i % 9},{outcome},yes,{tested},{platelets},{'yes' if cns[i] else 'no'}"
        )
    return "\n".join(lines)


def material_of(folder, text, **sections):
    path = folder / "hospital.csv"
    path.write_text(text, encoding="utf-8")
    cohort = Study.of(path, eligibility={"criteria": "none"}, **sections).load()
    return Material.of(cohort.classified, cohort.population, cohort.study.config)


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    """Nothing but confounding, adjusted for by the platelets that carry it."""
    folder = tmp_path_factory.mktemp("null")
    return material_of(folder, hospital(), model={"covariates": ["log2(platelets)"]})


@pytest.fixture(scope="module")
def results(material):
    return PART.results(material, {})


def by_term(result):
    return result.tidy.set_index("term")


def test_adjustment_takes_away_what_is_confounding_alone(results):
    found = by_term(results["confounding_estimates"])
    crude, adjusted, weighted = (found.loc[t] for t in ("crude, everybody followed", MAIN, "overlap weights"))
    assert crude["conf_low"] > 1.3
    for one in (adjusted, weighted):
        assert one["conf_low"] < 1 < one["conf_high"]
        assert 0.8 < one["estimate"] < 1.25
    assert (found["n"] == 500).all()
    assert (found["events"] > 300).all()


def test_a_real_effect_is_found_beside_the_confounding(tmp_path):
    found = PART.results(
        material_of(tmp_path, hospital(300, effect=0.7), model={"covariates": ["log2(platelets)"]}), {}
    )["confounding_estimates"]
    adjusted = by_term(found).loc[MAIN]
    assert adjusted["conf_low"] < np.exp(0.7) < adjusted["conf_high"]
    assert adjusted["conf_low"] > 1


def test_the_forest_shows_every_estimate_and_marks_the_main_one(results):
    result = results["confounding_estimates"]
    assert result.curves["label"].tolist() == result.tidy["term"].tolist()
    assert result.curves.loc[result.curves["role"] == "main", "label"].tolist() == [MAIN]


def test_every_difference_is_that_of_the_involved_against_the_others(results, material):
    """The crude one by hand: nobody is censored before day 365, so survival is a proportion."""
    tidy = results["confounding_standardised"].tidy
    assert set(tidy.loc[tidy["measure"].isin(DIFFERENCES), "contrast"]) == {"CNS involved vs not involved"}
    frame = material.followed().frame
    alive = (frame["os_days"] > 365).groupby(frame["cns"]).mean()
    crude = tidy[(tidy["method"] == "Kaplan-Meier, crude") & (tidy["time"] == 365)]
    assert crude["estimate"].tolist() == pytest.approx([alive["met"] - alive["not_met"]])
    standardised = tidy[(tidy["method"] == GCOMPUTATION) & (tidy["measure"] == DIFFERENCES[0]) & (tidy["time"] == 365)]
    assert abs(standardised["estimate"].iloc[0]) < abs(crude["estimate"].iloc[0]) / 2
    deaths = int(((frame["os_days"] <= 365) & (frame["os_event"] == 1)).sum())
    assert set(tidy.loc[tidy["time"] == 365, "events"]) == {deaths}


def test_weights_balance_what_was_out_of_balance(results):
    tidy = results["confounding_balance"].tidy
    smd = tidy[(tidy["measure"] == "SMD") & (tidy["term"] == "Platelets (log2(platelets))")]
    smd = smd.set_index("population")["estimate"].abs()
    assert smd["before"] > 0.5
    assert smd["after"] < 0.01
    sizes = tidy[tidy["measure"] == "effective sample size"].set_index("group")
    assert (sizes["estimate"] < sizes["n"]).all()
    curves = results["confounding_balance"].curves
    assert {"smd", "abs_smd", "threshold"} <= set(curves.columns)
    assert list(dict.fromkeys(curves["population"])) == ["before", "Overlap weights"]


def test_weighted_curves_lie_closer_than_the_crude_ones_where_all_is_confounding(results, material):
    """Crude by hand: nobody is censored before day 365, so survival is a proportion."""
    found = results["confounding_weighted"]
    frame = material.followed().frame
    alive = (frame["os_days"] > 365).groupby(frame["cns"]).mean()
    at = found.tidy[(found.tidy["measure"] == "survival") & (found.tidy["time"] == 365)].set_index("group")["estimate"]
    crude, weighted = alive["met"] - alive["not_met"], at["met"] - at["not_met"]
    assert abs(weighted) < abs(crude) / 3
    first = {row["group"]: row for row in found.method["risk_table"] if row["time"] == 0}
    sizes = frame["cns"].value_counts()
    for group in ("met", "not_met"):
        assert first[group]["n_risk"] == sizes[group]
        total = found.tidy[(found.tidy["group"] == group) & (found.tidy["term"] == "sum of weights")]["estimate"].item()
        assert first[group]["weight_risk"] == pytest.approx(total)


def test_the_null_result_is_said_as_plainly_as_another(results):
    said = results["confounding_answer"].notes[0]
    assert said.startswith(("No difference", "These data cannot tell"))
    assert (
        results["confounding_answer"].tidy["estimate"].iloc[0]
        == by_term(results["confounding_estimates"]).loc[MAIN]["estimate"]
    )


def test_the_evalue_of_an_interval_around_1_needs_no_hidden_confounder(results):
    found = results["confounding_evalue"]
    assert found.tidy["estimate"].iloc[1] == 1
    assert "no hidden confounder is needed" in found.notes[0]
    assert (found.tidy["n"] == 500).all()


def test_every_result_counts_back_to_the_whole_study(results, material):
    for name in ("answer", "estimates", "balance", "standardised", "weighted", "evalue"):
        counts = results[f"confounding_{name}"].counts
        assert counts["supplied"] == len(material.frame), name
        assert counts["used"] + sum(counts["dropped"].values()) == counts["supplied"], name


def test_the_order_of_the_rows_changes_nothing_that_is_seen(material, results):
    shuffled = material.frame.sample(frac=1, random_state=5).reset_index(drop=True)
    again = PART.results(dataclasses.replace(material, frame=shuffled, _followed={}), {})
    for name in ("confounding_estimates", "confounding_evalue"):
        pd.testing.assert_frame_equal(again[name].tidy, results[name].tidy, rtol=1e-7)


def test_the_set_names_what_is_refused_and_why(results):
    rows = results["confounding_set"].tidy.set_index("variable")
    refused = rows[rows["group"] == "refused"]
    assert {"intrathecal", "hsct", "icu", "mods", "response_w8", "ms_score"} == set(refused.index)
    assert "mediator" in refused.loc["intrathecal", "note"]
    assert "the exposure itself" in refused.loc["ms_score", "note"]
    assert "not held by the data" in refused.loc["hsct", "note"]
    assert "not held" not in refused.loc["intrathecal", "note"]
    assert rows.loc["platelets", "group"] == "adjusted for"
    assert "log2" in rows.loc["platelets", "note"]
    assert rows.loc["age_years", "note"].startswith("the study declared its own covariates")
    assert rows.loc["albumin", "group"] == "not held by the data"
    assert rows.loc["platelets", "n"] == 500


def test_everything_that_is_refused_is_refused_by_its_role_too():
    from neurohlh.clinical.adjustment import minimal_set, never_adjusted
    from neurohlh.etl.codebook import codebook

    assert all(unfit(codebook()[name]) for name in never_adjusted())
    assert not any(unfit(codebook()[one.variable]) for one in minimal_set())


def test_the_whole_set_takes_age_as_a_spline_and_leaves_ebv_to_a_trigger_that_says_the_same(material):
    followed = material.followed()
    half = np.arange(len(followed.frame)) % 3 == 0
    frame = followed.frame.assign(
        trigger_category=np.where(half, "ebv", "bacterial"), ebv_status=np.where(half, "positive", "negative")
    )
    config = material.config.model_copy(update={"model": material.config.model.model_copy(update={"covariates": None})})
    open_choice = dataclasses.replace(material, config=config)
    same = covariate_sets(open_choice, dataclasses.replace(followed, frame=frame))
    assert "rcs(age_years, 3)" in same.whole
    assert "age_years" in same.main.terms
    assert "ebv_status" not in same.whole
    assert "the trigger says the same in 100%" in same.why_not["ebv_status"]
    differs = frame.assign(ebv_status=np.where(np.arange(len(frame)) % 2 == 0, "positive", "negative"))
    other = covariate_sets(open_choice, dataclasses.replace(followed, frame=differs))
    assert "ebv_status" in other.whole
    assert "deaths" in other.why_not["ebv_status"]


def test_a_small_hospital_gets_reasons_instead_of_numbers(cohort):
    """Nine patients are followed: too few to read survival off, enough for a crude hazard ratio."""
    found = PART.results(Material.of(cohort.classified, cohort.population, cohort.study.config), {})
    standardised = found["confounding_standardised"]
    assert standardised.tidy.empty
    assert "fewer than 10 patients at risk" in standardised.notes[0]
    estimates = by_term(found["confounding_estimates"])
    assert estimates.loc["crude, everybody followed", "n"] == 9
    assert estimates.loc["crude, everybody followed", "events"] == 5
    assert (estimates["estimate"].notna() | estimates["note"].str.startswith("not estimable")).all()


def test_without_any_covariate_the_answer_is_called_crude(tmp_path):
    found = PART.results(material_of(tmp_path, hospital(80), model={"covariates": []}), {})
    assert "without any adjustment" in found["confounding_answer"].notes[0]
    assert found["confounding_estimates"].tidy["term"].tolist() == ["crude, everybody followed", MAIN]


def ratio(estimate, low, high, reason="", n=100, events=40, parameters=4):
    coef = float(np.log(estimate)) if estimate == estimate else float("nan")
    return OneRatio(n, events, parameters, estimate, low, high, coef, 0.1, reason)


@pytest.mark.parametrize(
    ("given", "begins", "holds"),
    [
        (
            ratio(2.0, 1.2, 3.3),
            "CNS involvement at baseline went with a higher hazard",
            "2.00, 95 % interval 1.20 to 3.30",
        ),
        (ratio(0.5, 0.3, 0.9), "CNS involvement at baseline went with a lower hazard", "40 deaths in 100 patients"),
        (ratio(1.3, 0.5, 3.4), "These data cannot tell", "compatible with 0.50 times and with 3.40 times the hazard"),
        (ratio(1.3, 0.5, 3.4), "These data cannot tell", "no evidence that there is no difference"),
        (ratio(1.0, 0.8, 1.25), "No difference", "larger than 20 % lower or 25 % higher"),
        (ratio(1.0, 0.6, 1.6), "These data cannot tell", ""),
        (ratio(np.nan, np.nan, np.nan, "nobody died"), "These data cannot say", "nobody died"),
    ],
)
def test_a_hazard_ratio_in_words(given, begins, holds):
    said = in_words(given)
    assert said.startswith(begins)
    assert holds in said


def test_words_for_the_other_estimates():
    lines = [Line("crude", ratio(3, 2, 4)), Line(MAIN, ratio(2, 1.2, 3)), Line("weighted", ratio(1.5, 0.9, 2))]
    assert agreement_in_words(lines) == "The other 2 estimates lie on the same side of 1, from 1.50 to 3.00."
    lines.append(Line("strange", ratio(0.8, 0.5, 1.2)))
    assert agreement_in_words(lines).endswith("on the other side: strange.")
    lines.append(Line("lost", ratio(np.nan, np.nan, np.nan, "no overlap")))
    assert "lost" not in agreement_in_words(lines)
    assert agreement_in_words([lines[1]]) == ""


def test_few_deaths_per_parameter_are_said_with_the_penalised_estimate():
    few = [Line(MAIN, ratio(2, 1.2, 3, events=20, parameters=4)), Line(PENALISED, ratio(1.8, 1.1, 2.9))]
    assert "5.0 deaths per parameter" in few_in_words(few)
    assert "1.80" in few_in_words(few)
    assert few_in_words([Line(MAIN, ratio(2, 1.2, 3, events=40, parameters=4))]) == ""


def test_what_an_evalue_means_hangs_on_the_interval():
    assert "at least 3.4 each" in hidden_in_words(3.41, 1.6, ratio(2, 1.2, 3))
    assert "1.6 each would be enough" in hidden_in_words(3.41, 1.6, ratio(2, 1.2, 3))
    assert "includes no effect already" in hidden_in_words(2.0, 1.0, ratio(1.3, 0.8, 2))


@pytest.mark.parametrize(
    ("low", "estimate", "high", "said"),
    [
        (-0.4, -0.2, -0.1, "one death more for every 5 patients with CNS involvement (2 to 10)"),
        (0.05, 0.1, 0.25, "one death fewer for every 10 patients with CNS involvement (4 to 20)"),
        (-0.3, -0.1, 0.1, ""),
    ],
)
def test_the_number_needed_is_read_where_the_limits_allow_it(low, estimate, high, said):
    rows = [{"method": GCOMPUTATION, "measure": DIFFERENCES[0], "time": t, "estimate": estimate} for t in (30.0, 365.0)]
    tidy = tidy_frame([{**row, "conf_low": low, "conf_high": high} for row in rows])
    found = number_needed(tidy)
    assert len(found) == bool(said)
    assert not said or (said in found[0] and "within 1 year" in found[0])


def test_nothing_is_read_off_where_a_group_has_fewer_than_ten_at_risk():
    """Fifteen per group, days 10, 20, …: the tenth from the end of the shorter group is at risk until day 60."""
    days = [10.0 * i for i in range(1, 16)]
    frame = pd.DataFrame({"cns": ["met"] * 15 + ["not_met"] * 15, "os_days": days + [d * 20 for d in days]})
    assert longest(frame) == 60
    assert longest(frame.assign(os_days=frame["os_days"] * 100)) == 1095
    assert longest(frame.iloc[6:]) == 0


def test_without_age_in_the_main_model_there_is_no_curve_along_age(results):
    assert results["confounding_age"].curves.empty
    assert "age is no covariate of the main model" in results["confounding_age"].notes[0]


def test_the_curve_along_age_is_flat_where_age_does_nothing(tmp_path):
    material = material_of(tmp_path, hospital(), model={"covariates": ["age_years", "log2(platelets)"]})
    found = PART.results(material, {})["confounding_age"]
    curve = found.curves[found.curves["part"] == "curve"]
    assert curve["value"].min() == 2
    assert curve["value"].max() == 10
    assert ((curve["conf_low"] <= 1) & (curve["conf_high"] >= 1)).all()
    assert found.method["reference_value"] == material.followed().frame["age_years"].median()
    assert found.tidy["contrast"].str.startswith("Age at diagnosis = ").all()
    assert found.checks["check"].str.contains("straight line").any()
    assert found.counts["used"] + sum(found.counts["dropped"].values()) == found.counts["supplied"]
