"""Who was tested, and what the untested could change: counted by hand on the hospital of conftest, and known truths."""

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.study.config import check_config
from neurohlh.study.first_results import first_results
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.testing import PART, bounds, compared, differences, imputed, rates, tipping, weighted
from neurohlh.study.parts.testing.readings import DECIDED, HARMFUL, HARMLESS, NEGATIVE, POSITIVE, readings

PLAIN = {"model": {"covariates": []}}


def config_of(**sections):
    return check_config(
        {"schema": 1, "source": [{"path": "a.csv"}], "eligibility": {"criteria": "none"}, **sections}, "s"
    )


@pytest.fixture(scope="module")
def material(cohort):
    return Material.of(cohort.classified, cohort.population, config_of(**PLAIN))


@pytest.fixture(scope="module")
def found(cohort):
    return first_results(cohort.classified, cohort.population, config_of(**PLAIN))


def shares(result, **where):
    rows = result.tidy
    for name, value in where.items():
        rows = rows[rows[name] == value]
    return [(int(r.events), int(r.n)) for r in rows.itertuples()]


def drawn(patients=400, seed=1, untested=0.5, effect=1.0, depends=False):
    """Patients with symptoms, CSF and imaging known; then some lose their lumbar puncture. Truth in `truth`."""
    rng = np.random.default_rng(seed)
    ill = rng.normal(size=patients)
    parts = {x: rng.random(patients) < p for x, p in (("symptoms", 0.15), ("csf", 0.25), ("imaging", 0.2))}
    truth = np.any(list(parts.values()), axis=0)
    days = rng.exponential(900 * np.exp(-effect * truth - 0.5 * ill))
    gone = rng.random(patients) < (1 / (1 + np.exp(-2 * ill)) if depends else untested)
    frame = pd.DataFrame({"platelets": 60 - 10 * ill, "os_days": np.minimum(days, 1500) + 15, "truth": truth})
    frame["os_event"] = (days < 1500).astype(float)
    frame["died"] = days < 1500
    for x, abnormal in parts.items():
        lost = gone if x == "csf" else np.zeros(patients, dtype=bool)
        frame[f"cns_{x}_baseline"] = np.where(lost, "indeterminate", np.where(abnormal, "met", "not_met"))
        frame[f"{x}_tested"] = pd.array(~lost, dtype="boolean")
    met = (frame.filter(like="_baseline") == "met").any(axis=1)
    every = (frame.filter(like="_baseline") == "not_met").all(axis=1)
    return frame.assign(cns_baseline=np.select([met, every], ["met", "not_met"], "indeterminate"))


def of(frame, **sections):
    return Material(frame, config_of(**{"model": {"covariates": ["platelets"]}, **sections}), None)


def test_tested_by_outcome(material):
    """I1, U1 and U2 died by day 14, I1 alone after a lumbar puncture; all five later deaths had one.

    Of the seven alive U3 and U4 had none.
    """
    result = rates.by_outcome(material)
    lp = {"variable": "Lumbar puncture", "term": "share tested"}
    assert shares(result, **lp, group="died by day 14") == [(1, 3)]
    assert shares(result, **lp, group="died later") == [(5, 5)]
    assert shares(result, **lp, group="alive when last seen") == [(5, 7)]
    assert shares(result, **lp, group="all patients") == [(11, 15)]
    apart = result.tidy[(result.tidy["variable"] == "Lumbar puncture") & (result.tidy["measure"] == "RD")].iloc[0]
    assert apart["contrast"] == "died by day 14 vs alive when last seen"
    assert apart["estimate"] == pytest.approx(1 / 3 - 5 / 7)


def test_a_test_after_the_window_is_no_test_at_baseline(material):
    frame = material.frame.copy()
    late = frame["patient_id"] == "N5"
    frame.loc[late, "date_lp_first"] = frame.loc[late, "date_hlh_diagnosis"] + pd.Timedelta(days=15)
    result = rates.by_outcome(Material(frame, material.config, None))
    assert shares(result, variable="Lumbar puncture", term="share tested", group="died later") == [(4, 5)]


def test_a_test_of_which_nobody_knows_is_in_no_share(material):
    frame = material.frame.assign(csf_tested=pd.array([pd.NA] + [True] * 14, dtype="boolean"))
    result = rates.by_outcome(Material(frame, material.config, None))
    assert shares(result, variable="Lumbar puncture", term="share tested", group="all patients") == [(14, 14)]
    assert "Lumbar puncture: not known for 1 patients, who are in no share." in result.notes


def test_thirds_hold_everybody_once(material):
    config = config_of(model={"covariates": ["platelets"]})
    result = rates.by_severity(Material(material.frame, config, None))
    lp = result.tidy[result.tidy["variable"] == "Lumbar puncture"]
    assert lp["n"].sum() == 15
    assert lp["events"].sum() == 11
    assert [g.split(" (")[0] for g in lp["group"]] == ["lowest third", "middle third", "highest third"]


def test_early_deaths_and_who_died_untested(material):
    """Eight died with a known day: U1 on day 3, I1 on day 10, U2 on day 14, I2 on day 24, the others later."""
    result = rates.early_deaths(material)
    assert shares(result, term="of all deaths") == [(1, 8), (3, 8), (4, 8)]
    assert shares(result, term="without lumbar puncture") == [(1, 1), (2, 3), (2, 4)]
    assert shares(result, term="without MRI or CT") == [(1, 1), (2, 3), (2, 4)]
    assert shares(result, term="without any of the three") == [(0, 1), (0, 3), (0, 4)]  # all were assessed
    assert shares(result, term="CNS status at baseline undecided") == [(1, 1), (2, 3), (2, 4)]
    assert result.counts["dropped"] == {"time or outcome unknown": 1}


def test_nobody_died():
    frame = drawn(30).assign(os_event=0.0)
    with pytest.raises(NotEstimable, match="nobody is known to have died"):
        rates.early_deaths(of(frame))


def test_differences_between_tested_and_untested():
    """Platelets 10 to 40 in the tested, 60 to 90 in the others: the same spread, five of it apart."""
    frame = drawn(8, untested=0.0).assign(
        platelets=[10.0, 20, 30, 40, 60, 70, 80, 90],
        csf_tested=pd.array([True] * 4 + [False] * 4, dtype="boolean"),
        imaging_tested=pd.array([True] * 8, dtype="boolean"),
    )
    result = differences.differences(of(frame))
    own = result.tidy[(result.tidy["term"] == "Platelets (10^9/L)") & (result.tidy["measure"] == "SMD")]
    assert own["estimate"].tolist() == pytest.approx([-50 / np.std([10, 20, 30, 40], ddof=1)])
    assert set(result.curves["block"]) == {"Lumbar puncture"}
    assert "MRI or CT: nobody is known not to have been tested." in result.notes


def test_the_readings_of_the_undecided():
    status = pd.Series(["met", "not_met", "indeterminate", "indeterminate"])
    died = pd.Series([False, True, True, False])
    read = {words: found.tolist() for words, found in readings(status, died)}
    assert read[NEGATIVE] == ["met", "not_met", "not_met", "not_met"]
    assert read[POSITIVE] == ["met", "not_met", "met", "met"]
    assert read[HARMFUL] == ["met", "not_met", "met", "not_met"]
    assert read[HARMLESS] == ["met", "not_met", "not_met", "met"]
    assert pd.isna(read[DECIDED][2:]).all()


def test_frequency_under_every_reading(material):
    """Six involved, five not, four undecided."""
    result = bounds.frequency_and_risk(material)
    frequency = {"term": "frequency of CNS involvement at baseline"}
    assert shares(result, **frequency, population=DECIDED) == [(6, 11)]
    assert shares(result, **frequency, population=NEGATIVE) == [(6, 15)]
    assert shares(result, **frequency, population=POSITIVE) == [(10, 15)]
    assert shares(result, **frequency, population=bounds.COMPLETE) == [(6, 11)]


def test_the_risk_of_early_death_under_every_reading(material):
    """By day 30 I1 and I2 of six died, none of N2 to N5 (N1 was last seen before), U1 and U2 of U1 to U3."""
    result = bounds.frequency_and_risk(material)
    risk = {"term": "risk of death by day 30"}
    expected = {
        DECIDED: [(2, 6), (0, 4)],
        NEGATIVE: [(2, 6), (2, 7)],
        POSITIVE: [(4, 9), (0, 4)],
        HARMFUL: [(4, 8), (0, 5)],
        HARMLESS: [(2, 7), (2, 6)],
    }
    for words, numbers in expected.items():
        assert shares(result, **risk, population=words) == numbers, words
    apart = result.tidy[result.tidy["term"] == "difference of the risks"].set_index("population")["estimate"]
    assert apart[HARMFUL] == apart.max()
    assert apart[HARMLESS] == apart.min()
    assert apart[NEGATIVE] == pytest.approx(2 / 6 - 2 / 7)


def test_no_reading_lies_outside_the_extremes(material):
    """Every way to read U1, U2 and U3 gives a risk difference between the two extremes."""
    result = bounds.frequency_and_risk(material).tidy
    apart = result[result["term"] == "difference of the risks"].set_index("population")["estimate"]
    died, n = {"U1": 1, "U2": 1, "U3": 0}, []
    for code in range(8):
        positive = [u for i, u in enumerate(died) if code >> i & 1]
        a, exposed = 2 + sum(died[u] for u in positive), 6 + len(positive)
        n.append(a / exposed - (4 - a) / (13 - exposed))
    assert (min(n), max(n)) == pytest.approx((apart[HARMLESS], apart[HARMFUL]))


def test_a_case_series_has_no_frequency(material):
    config = config_of(study={"design": "case_series"})
    with pytest.raises(NotEstimable, match="chosen for being remarkable"):
        bounds.frequency_and_risk(Material(material.frame, config, None))


def test_the_hazard_ratio_from_time_zero_counts_early_deaths(material):
    """From the landmark five involved patients are compared; from time zero I1, U1 and U2 are there too."""
    result = bounds.hazard(material)
    n = result.tidy.set_index("population")[["n", "events"]]
    assert n.loc[DECIDED].tolist() == [11, 6]
    assert n.loc[NEGATIVE].tolist() == n.loc[HARMFUL].tolist() == [14, 8]
    ratio = result.tidy.set_index("population")["estimate"]
    assert ratio[HARMFUL] > ratio[POSITIVE] > ratio[HARMLESS]


def test_nobody_is_exposed_before_the_evidence(material):
    """An involved patient found on day 12 who is moved to be found on day 0 carries more exposed time."""
    early, late = material.frame.copy(), material.frame.copy()
    row = early["patient_id"] == "I6"
    late.loc[row, "date_cns_first"] = late.loc[row, "date_hlh_diagnosis"] + pd.Timedelta(days=12)
    found = [bounds.hazard(Material(f, material.config, None)).tidy.iloc[0]["estimate"] for f in (early, late)]
    assert found[1] > found[0]  # less time without death among the exposed


def test_the_ends_of_the_tipping_scale_are_the_cox_bounds(material, found):
    """Only U3 is undecided at the landmark, and lives: its two readings are the two bounds."""
    tidy = tipping.tipping(material).tidy.set_index("population")["estimate"]
    cox = found["cox_bounds"].tidy
    crude = cox[cox["analysis"] == "cox_crude"].set_index("population")["estimate"]
    assert tidy[HARMFUL] == pytest.approx(crude["undecided read as negative"])
    assert tidy[HARMLESS] == pytest.approx(crude["undecided read as positive"])


def test_one_status_alone_has_no_tipping_point():
    with pytest.raises(NotEstimable, match="do not have both CNS statuses"):
        tipping.tipping(of(drawn(40).assign(cns_baseline=["met"] * 20 + ["indeterminate"] * 20)))


def test_every_patient_keeps_the_weight_one():
    frame = pd.DataFrame({"cns": ["met", "indeterminate", "not_met", "indeterminate"], "x": range(4)})
    rows = tipping.shared(frame, np.array([0.5, 0.3, 0.5, 1.0]))
    assert rows.groupby("patient")["share"].sum().tolist() == pytest.approx([1, 1, 1, 1])
    assert rows[rows["patient"] == 1].set_index("cns")["share"].to_dict() == pytest.approx({"met": 0.3, "not_met": 0.7})
    assert rows[rows["patient"] == 3]["cns"].tolist() == ["met"]  # weight 0 is no row


def test_a_tipping_point_is_found_where_there_is_one():
    """Twenty involved who die, twenty not who live; the undecided live long: the more of them positive, the lower."""
    n = 20
    frame = pd.DataFrame(
        {
            "os_days": [*np.linspace(20, 100, n), *np.linspace(60, 200, n), *np.linspace(150, 200, 3 * n)],
            "os_event": [1.0] * n + [1.0] * n + [1.0] * n + [0.0] * 2 * n,
            "cns_baseline": ["met"] * n + ["not_met"] * n + ["indeterminate"] * 3 * n,
        }
    )
    result = tipping.tipping(of(frame, **PLAIN))
    ratios = result.tidy["estimate"].to_numpy()[:9]
    assert (np.diff(ratios) < 0).all()
    assert ratios[0] > 1 > ratios[-1]
    last = int(np.flatnonzero(ratios > 1)[-1])
    assert f"The hazard ratio crosses 1 between {last + 1}0 and {last + 2}0 %" in " ".join(result.notes)


def test_equal_chances_of_being_tested_change_nothing():
    """Half of every group of equal covariates was tested: all weights are 2, so that they cannot matter."""
    one = drawn(200, untested=0.0).assign(platelets=lambda f: (f["platelets"] > 60) * 30.0 + 30)
    two = one.assign(
        cns_csf_baseline="indeterminate", csf_tested=pd.array([False] * 200, dtype="boolean"),
        cns_baseline=np.where(one.filter(regex="(symptoms|imaging)_baseline").eq("met").any(axis=1), "met",
                              "indeterminate"),
    )  # fmt: skip
    result = weighted.weighted(of(pd.concat([one, two], ignore_index=True)))
    ratios = result.tidy[result.tidy["term"] == "crude hazard ratio"].set_index("population")["estimate"]
    assert ratios[weighted.WEIGHTED] == pytest.approx(ratios[weighted.UNWEIGHTED])
    numbers = result.tidy[result.tidy["population"] == "the weights"].set_index("term")["estimate"]
    assert numbers["largest weight"] == pytest.approx(2)
    assert numbers["effective sample size"] == pytest.approx(200)
    assert result.counts["used"] == 200


def test_decided_by_one_test_is_not_answered_in_every_domain():
    """All without lumbar puncture are decided by symptoms or imaging; they are stood for, and not compared."""
    frame = drawn(200, untested=0.0)
    positive = frame[["cns_symptoms_baseline", "cns_imaging_baseline"]].eq("met").any(axis=1)
    lost = positive & (frame.index % 3 == 0)
    frame.loc[lost, "cns_csf_baseline"] = "indeterminate"
    result = weighted.weighted(of(frame))
    assert (frame["cns_baseline"] != "indeterminate").all()
    assert result.counts["used"] == 200 - int(lost.sum())


def test_no_column_for_who_was_tested_is_refused():
    with pytest.raises(NotEstimable, match="could tell who was tested"):
        weighted.weighted(of(drawn(40).assign(cns_symptoms_baseline="not_met"), **PLAIN))


@pytest.fixture(scope="module")
def completed():
    frame = drawn(400, seed=3, effect=1.2)
    return frame, imputed.imputed(of(frame))


def test_imputation_is_a_declared_sensitivity(completed):
    frame, result = completed
    assert result.notes[0].startswith("A declared sensitivity, not the main line")
    assert result.counts["undecided"] == int((frame["cns_baseline"] == "indeterminate").sum())


def test_imputation_meets_the_truth_where_tests_are_lost_at_random(completed):
    """A quarter of those without a puncture have an abnormal fluid, and that is what is put there, not more."""
    frame, result = completed
    open_ = frame["cns_baseline"] == "indeterminate"
    share = result.tidy[result.tidy["measure"] == "proportion"].iloc[0]["estimate"]
    assert share == pytest.approx(frame.loc[open_, "truth"].mean(), abs=0.08)
    decided = frame.loc[~open_, "truth"].mean()
    assert share < decided - 0.2  # imputing from all decided patients would put their share there
    ratio = result.tidy[(result.tidy["term"] == "adjusted hazard ratio")].iloc[0]
    assert ratio["conf_low"] < np.exp(1.2) < ratio["conf_high"]


def test_doubled_and_halved_odds_move_the_share_that_way(completed):
    shares = completed[1].tidy.query("measure == 'proportion'").set_index("population")["estimate"]
    same, double, half = (shares[words] for words in imputed.ODDS)
    assert half < same < double


ANSWERS = pd.DataFrame(
    [
        # symptoms, CSF, imaging, status by any of three, by two of three
        ("not_met", "not_met", "not_met", "not_met", "not_met"),
        ("not_met", "met", "not_met", "met", "not_met"),
        ("met", "not_met", "not_met", "met", "not_met"),
        ("met", "met", "not_met", "met", "met"),
        ("not_met", "indeterminate", "not_met", "indeterminate", "not_met"),
        ("met", "indeterminate", "not_met", "met", "indeterminate"),
        ("not_met", "indeterminate", "indeterminate", "indeterminate", "indeterminate"),
    ],
    columns=["cns_symptoms_baseline", "cns_csf_baseline", "cns_imaging_baseline", "any3", "two3"],
)


def test_the_undecided_are_held_against_those_who_are_alike():
    """Without a CSF result, and normal elsewhere: like those with one who are normal elsewhere, abnormal or not."""
    groups = {
        g.missing: g for g in imputed.alike(ANSWERS.assign(cns=ANSWERS["any3"]), ("symptoms", "csf", "imaging"), 1)
    }
    assert groups["csf",].undecided.tolist() == [4]
    assert groups["csf",].answered.tolist() == [0, 1]
    assert groups["csf", "imaging"].undecided.tolist() == [6]
    assert groups["csf", "imaging"].answered.tolist() == [0, 1]


def test_with_two_of_three_one_abnormal_answer_is_alike_too():
    groups = list(imputed.alike(ANSWERS.assign(cns=ANSWERS["two3"]), ("symptoms", "csf", "imaging"), 2))
    found = {(g.missing, tuple(g.undecided)): g.answered.tolist() for g in groups}
    assert found[("csf",), (5,)] == [2, 3]  # symptoms abnormal, imaging normal
    assert found[("csf", "imaging"), (6,)] == [0, 1]  # symptoms normal


def test_nobody_who_is_decided_changes(completed):
    """In every completed data set the decided keep their status, and nobody is left without one."""
    data = completed[0].rename(columns={"cns_baseline": "cns"})
    groups = list(imputed.alike(data, ("symptoms", "csf", "imaging"), 1))
    drawn = [imputed._drawn(data, group, ["platelets"], 1.0, 1) for group in groups]
    decided = data["cns"] != "indeterminate"
    for i in range(3):
        after = imputed._filled(data, groups, drawn, i)["cns"]
        assert (after[decided] == data.loc[decided, "cns"]).all()
        assert set(after[~decided]) == {"met", "not_met"}


def test_nothing_to_impute_and_nothing_to_impute_from():
    frame = drawn(60, untested=0.0)
    with pytest.raises(NotEstimable, match="everybody at risk is decided"):
        imputed.imputed(of(frame))
    with pytest.raises(NotEstimable, match="no patients with an answer in every domain, alike the undecided"):
        imputed.imputed(of(drawn(60, untested=1.0)))
    with pytest.raises(NotEstimable, match="does not count symptoms, CSF and imaging alone"):
        imputed.imputed(of(drawn(60), cns={"definition": "as_recorded"}))


def test_the_comparison_repeats_the_main_line(material, found):
    result = compared.compared(material, found)
    main = result.tidy[result.tidy["population"] == compared.MAIN].iloc[0]
    cox = found["cox"].tidy
    crude = cox[(cox["analysis"] == "cox_crude") & ~cox["is_reference"]].iloc[0]
    assert main["estimate"] == crude["estimate"]
    assert (main["n"], main["events"]) == (9, 5)  # I2 to I6 and N2 to N5, both sides
    roles = result.curves.set_index("label")["role"]
    assert roles[compared.MAIN] == "main"
    assert set(roles.drop(compared.MAIN)) == {"other"}


def test_without_a_main_line_there_is_nothing_to_compare(material):
    with pytest.raises(NotEstimable, match="no Cox model of the main line"):
        compared.compared(material, {})


def test_every_result_counts_back_to_the_study(material, found):
    for name, result in PART.results(material, found).items():
        if len(result.tidy) and name != "testing_model":
            counts = result.counts
            assert counts["supplied"] == 15, name
            assert counts["used"] + sum(counts["dropped"].values()) == 15, name


def test_without_survival_times_rates_remain_and_the_rest_is_refused(material):
    config = config_of(endpoint={"os": {"analyse": False}})
    results = PART.results(Material(material.frame, config, None), {})
    assert len(results["testing_by_outcome"].tidy)
    assert results["testing_compared"].notes == (
        "Not estimated: the study declares that its patients have no common time zero.",
    )
    assert not {"testing_imputed", "testing_tipping"} & set(results)


def test_patients_without_hlh_are_not_asked(material):
    """The gate closes for N1: untested or not, it is no patient of this question."""
    gate = np.where(material.frame["patient_id"] == "N1", "not_met", "met")
    result = rates.by_outcome(Material(material.frame.assign(gate=gate), material.config, "gate"))
    assert result.counts["dropped"] == {"no HLH by the criteria of the study": 1}
    assert shares(result, variable="Lumbar puncture", term="share tested", group="all patients") == [(10, 14)]


def test_imputations_share_the_reference_levels():
    """Where half of the centres are unknown the most frequent one can differ between imputations."""
    frame = drawn(seed=3)
    frame["center_id"] = np.where(np.arange(len(frame)) % 2, "A", "B").astype(object)
    frame.loc[np.arange(len(frame)) % 3 == 0, "center_id"] = None
    found = imputed.imputed(of(frame, model={"covariates": ["center_id"]}))
    adjusted = found.tidy[(found.tidy["measure"] == "HR") & found.tidy["estimate"].notna()]
    assert len(adjusted)
