"""CNS involvement in time: hazard ratios worked out by hand, hospitals in which nothing has an effect, clocks."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from neurohlh.clinical.cns_status import classify_cns
from neurohlh.study.first_results import first_results
from neurohlh.study.parts.exposure_in_time import PART
from neurohlh.study.parts.exposure_in_time.course import course
from neurohlh.study.parts.exposure_in_time.landmarks import _counted, window_end
from neurohlh.study.parts.exposure_in_time.warning import CREDITED
from neurohlh.study.parts.known import Known
from neurohlh.study.parts.material import Material
from neurohlh.study.study import Study

DAY = dt.date(2020, 1, 1)
HEADER = (
    "patient_id,age_years,date_admission,date_hlh_diagnosis,date_last_followup,date_death,death,neuro_assessed,"
    "sx_seizure,date_neuro_onset,lp_done,date_lp_first,csf_wbc,csf_protein (g/L),mri_done,date_imaging_first,"
    "mri_abnormal"
)


def on(day):
    return "" if day is None else str(DAY + dt.timedelta(days=int(day)))


def patient(name, end, dead=False, seizure=None, lp=1, abnormal=False, mri=2, admitted=0):
    """A row; days count from the diagnosis, `lp` None: never done."""
    outcome = [on(end), on(end) if dead else "", "yes" if dead else "no"]
    symptoms = ["yes", "no" if seizure is None else "yes", on(seizure)]
    fluid = ["no", "", "", ""] if lp is None else ["yes", on(lp), 50 if abnormal else 2, 0.2]
    return ",".join(map(str, [name, 5, on(admitted), DAY, *outcome, *symptoms, *fluid, "yes", on(mri), "no"]))


def material_of(folder, rows, **sections):
    path = folder / "hospital.csv"
    path.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    sections = {"eligibility": {"criteria": "none"}, "model": {"covariates": []}, **sections}
    cohort = Study.of(path, **sections).load()
    return Material.of(cohort.classified, cohort.population, cohort.study.config)


def ratio(result, words, term="crude"):
    tidy = result.tidy
    own = tidy[tidy["population"].str.contains(words, regex=False) & (tidy["term"] == term) & (tidy["measure"] != "")]
    assert len(own) == 1
    return own.iloc[0]


FIVE = [
    patient("A", 10, dead=True, seizure=0),
    patient("B", 100, seizure=20),
    patient("C", 30, dead=True),
    patient("D", 100, seizure=0),
    patient("E", 100),
]


@pytest.fixture(scope="module")
def five(tmp_path_factory):
    return PART.results(material_of(tmp_path_factory.mktemp("five"), FIVE), {})


def test_the_time_dependent_hazard_ratio_by_hand(five):
    """A dies with D involved, B, C, E not: x / (2x + 3); C dies when B is involved too: 1 / (2x + 2); x = sqrt(3/2)."""
    for words in ("as it was known each day", "decided patients alone"):
        row = ratio(five["time_dependent"], words)
        assert row["estimate"] == pytest.approx(np.sqrt(1.5), rel=1e-6)
        assert (row["n"], row["events"]) == (5, 2)


def test_ever_cns_from_day_0_turns_the_same_patients_round(five):
    """B counts as involved before anything was found: x / (3x + 2) times 1 / (2x + 2); x = sqrt(2/3), below 1."""
    assert ratio(five["time_ever_cns_warning"], "ever found")["estimate"] == pytest.approx(np.sqrt(2 / 3), rel=1e-6)


def test_the_stolen_time_is_counted_in_days_and_deaths(five):
    tidy = five["time_ever_cns_warning"].tidy
    own = tidy[tidy["population"].str.contains("ever found")].set_index("term")
    assert own.loc[CREDITED, ["estimate", "n", "events"]].tolist() == [20, 1, 0]
    assert own.loc["all days lived by those called involved", "estimate"] == 10 + 100 + 100
    window = tidy[tidy["population"] == "evidence by day 14, followed from day 0"].set_index("term")
    assert window.loc[CREDITED, "estimate"] == 0  # B's evidence came after the window


def test_the_warning_says_that_it_is_none_of_the_answers(five):
    result = five["time_ever_cns_warning"]
    assert result.method["title"].startswith("Not an answer")
    assert "Immortal time" in result.method["warning"]
    drawn = five["time_compared"].curves.set_index("label")["role"]
    assert drawn["CNS involvement ever found, followed from day 0"] == "warning"
    assert drawn["evidence by day 14, followed from day 14"] == "main"
    assert (drawn == "main").sum() == 1
    rows = five["time_compared"].tidy
    warned = rows["note"].str.startswith("not an answer")
    assert set(rows[warned]["population"]) == set(drawn.index[drawn == "warning"])


def test_a_ratio_that_cannot_be_had_is_an_empty_line_with_its_reason_and_counts(five):
    row = ratio(five["time_landmarks"], "day 14, followed from day 14")
    assert np.isnan(row["estimate"])
    assert "no events" in row["note"]
    assert (row["n"], row["events"]) == (4, 1)


def test_the_landmark_counts_back_to_the_whole_study(five):
    counts = five["time_landmarks"].counts
    assert counts["dropped"] == {"died by day 14, CNS involved": 1}
    deaths = five["time_landmark_deaths"].tidy
    own = deaths[(deaths["population"] == "landmark on day 28") & (deaths["term"] == "died by the landmark")]
    assert own.set_index("group")["estimate"].to_dict() == {
        "CNS involved": 1,
        "CNS not involved": 0,
        "CNS not decidable": 0,
    }
    for _, part in deaths.groupby(["population", "group"]):
        assert part["estimate"].sum() == part["n"].iloc[0]


def test_simon_makuch_moves_a_patient_on_the_day_of_the_evidence(five):
    """From day 14 on: D; B from day 20 on (day 6 of the curve). Not involved: B until then, C (dies on 16), E."""
    result = five["time_simon_makuch"]
    curve = result.curves.set_index(["group", "time"])
    assert curve.loc[("not_met", 16.0), ["n_risk", "n_event", "survival"]].tolist() == [2, 1, 0.5]
    sizes = result.tidy[result.tidy["term"] == "size"].set_index("group")["estimate"]
    assert sizes.to_dict() == {"met": 2, "not_met": 3}
    assert any("Simon & Makuch 1984" in source for source in result.method["reference"])
    assert result.method["time_zero"].startswith("since day 14")


def test_the_order_of_the_rows_does_not_matter(five, tmp_path):
    turned = PART.results(material_of(tmp_path, FIVE[::-1]), {})
    for name, result in five.items():
        pd.testing.assert_frame_equal(turned[name].tidy, result.tidy)


def test_undated_evidence_counts_from_day_0_and_is_counted(tmp_path):
    rows = [*FIVE, patient("F", 50, seizure=None).replace(",yes,no,,", ",yes,yes,,")]
    found = course(material_of(tmp_path, rows))
    assert found.undated == 1
    assert found.frame.set_index("patient_id").loc["F", "cns_begins"] == 0


def test_found_later_nobody_says_when_is_neither_exposed_nor_unexposed(tmp_path):
    bare = [patient("F", 50, seizure=None, lp=None, mri=None).replace(",yes,no,,", ",yes,yes,,")]
    text = [f"{row},during_course" for row in bare] + [f"{row}," for row in FIVE]
    path = tmp_path / "hospital.csv"
    path.write_text("\n".join([f"{HEADER},cns_timing", *text]), encoding="utf-8")
    cohort = Study.of(path, eligibility={"criteria": "none"}, model={"covariates": []}).load()
    material = Material.of(cohort.classified, cohort.population, cohort.study.config)
    assert course(material).dropped == {"CNS involved after baseline, nobody says when": 1}
    assert (Known.of(material).by(0).frame["cns_baseline"] != "met")[0]


def hospital(rng, n, convert):
    """Nobody's death depends on the CNS. Converts fall ill some day; else the day of the lumbar puncture is late."""
    rows = []
    for i in range(n):
        end, ill, day = int(min(1 + rng.exponential(120), 400)), rng.random() < 0.5, int(rng.integers(3, 90))
        dead = end < 400
        if convert:
            rows.append(patient(f"P{i}", end, dead, seizure=day if ill and day <= end else None, mri=1))
        else:
            rows.append(patient(f"P{i}", end, dead, lp=day if day <= end else None, abnormal=ill, mri=1))
    return rows


def test_evidence_that_comes_late_makes_ever_cns_look_protective_where_there_is_no_effect(tmp_path):
    results = PART.results(material_of(tmp_path, hospital(np.random.default_rng(1), 600, convert=True)), {})
    assert ratio(results["time_ever_cns_warning"], "ever found")["conf_high"] < 0.85
    for words in ("as it was known each day", "decided patients alone"):
        row = ratio(results["time_dependent"], words)
        assert row["conf_low"] < 1 < row["conf_high"]
        assert row["estimate"] == pytest.approx(1, abs=0.2)


def test_leaving_out_who_died_undecided_makes_cns_look_harmful_where_there_is_no_effect(tmp_path):
    """The deaths before the lumbar puncture are gone, while those found involved later lend their days."""
    results = PART.results(material_of(tmp_path, hospital(np.random.default_rng(2), 600, convert=False)), {})
    assert ratio(results["time_dependent"], "decided patients alone")["conf_low"] > 1
    row = ratio(results["time_dependent"], "as it was known each day")
    assert row["conf_low"] < 1 < row["conf_high"]
    assert row["estimate"] == pytest.approx(1, abs=0.2)
    roles = results["time_compared"].curves.set_index("label")["role"]
    assert roles["decided patients alone, all from day 0"] == "warning"


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """Eighty patients, half of them found or tested at some time in the first weeks."""
    rng = np.random.default_rng(3)
    rows = [*hospital(rng, 40, convert=True), *(r.replace("P", "Q", 1) for r in hospital(rng, 40, convert=False))]
    return material_of(tmp_path_factory.mktemp("mixed"), rows)


@pytest.mark.parametrize("day", [0, 7, 14, 28, 60])
def test_known_by_a_day_is_the_classification_with_the_window_that_ends_then(mixed, day):
    """By its own way (each patient on his own days) the same as the window of the definition."""
    window = classify_cns(mixed.unclassified(mixed.frame), "seed_any3", window_days=(-14, day))["cns_baseline"]
    assert Known.of(mixed, [day]).by(day).frame["cns_baseline"].tolist() == window.tolist()


def test_a_day_that_was_not_asked_is_an_error_and_not_an_empty_answer(mixed):
    with pytest.raises(ValueError, match="day 9 was not asked"):
        Known.of(mixed, [7]).by(9)


def test_the_study_s_landmark_is_the_main_model(cohort):
    config = cohort.study.config
    main = first_results(cohort.classified, cohort.population, config)["cox"].tidy
    crude = main[(main["analysis"] == "cox_crude") & (main["variable"] == "cns") & (main["level"] == "met")].iloc[0]
    row = ratio(
        PART.results(Material.of(cohort.classified, cohort.population, config), {})["time_landmarks"], "day 14,"
    )
    assert row["estimate"] == pytest.approx(crude["estimate"], rel=1e-12)


def test_the_window_never_reaches_beyond_its_landmark(mixed):
    assert [window_end(mixed, day) for day in (7, 14, 28)] == [7, 14, 28]
    narrow = mixed.config.model_copy(update={"cns": mixed.config.cns.model_copy(update={"window_days": (-7, 3)})})
    narrowed = Material(mixed.frame, narrow, mixed.gate)
    assert [window_end(narrowed, day) for day in (7, 14, 28)] == [7, 3, 28]


def test_evidence_and_landmark_are_counted_by_one_clock(tmp_path):
    """Admitted ten days before the diagnosis, a seizure on day 8 after it: day 18 of a survival from admission."""
    rows = [patient(name, 100, dead=name == "A", seizure=8, admitted=-10) for name in "ABC"]
    rows += [patient(name, 90, dead=name == "D", admitted=0) for name in "DE"]
    material = material_of(tmp_path, rows, endpoint={"os": {"origin": "date_admission"}})
    assert (Known.of(material, [14]).by(14).frame["cns_baseline"] == "met").sum() == 0
    notes = PART.results(material, {})["time_landmarks"].notes
    assert any("Diagnosed after time zero: 3 of 5 patients" in note for note in notes)


def test_a_hospital_without_any_date_has_all_its_evidence_at_day_0(load):
    text = "patient_id,age_years,followup_days,death,neuro_assessed,sx_seizure,lp_done,csf_wbc,csf_protein (g/L),"
    text += "mri_done,mri_abnormal\n"
    people = [("A", 30, 1, "yes"), ("B", 200, 0, "yes"), ("C", 60, 1, "no"), ("D", 300, 0, "no"), ("E", 90, 1, "yes")]
    text += "\n".join(f"{n},5,{d},{e},yes,{s},yes,2,0.2,yes,no" for n, d, e, s in people)
    cohort = load(text, model={"covariates": []})
    results = PART.results(Material.of(cohort.classified, cohort.population, cohort.study.config), {})
    once = {name: ratio(results["time_landmarks"], f"followed from day {name}")["n"] for name in (7, 14, 28)}
    assert once == {7: 5, 14: 5, 28: 5}
    assert any("Evidence without a date" in note for note in results["time_dependent"].notes)


def test_a_definition_that_counts_to_the_diagnosis_is_refused(tmp_path):
    results = PART.results(material_of(tmp_path, FIVE, cns={"definition": "blincoe2020"}), {})
    assert set(results) == {"time"}
    assert "counts days" in results["time"].notes[0]


def test_who_is_diagnosed_after_the_landmark_is_not_counted_as_followed(material_of):
    """Of three alive on day 14, two were diagnosed by then; the third, who dies later, only on day 20."""
    patients = [{"os_days": 100.0, "entry_days": 0.0}, {"os_days": 60.0, "entry_days": 14.0}]
    late = {"os_days": 90.0, "os_event": 1.0, "entry_days": 20.0}
    rows = pd.DataFrame(_counted(material_of([*patients, late]), 14))
    rows = rows[rows["group"] == "CNS not involved"].set_index("term")
    assert rows.loc["followed from the landmark", ["estimate", "events"]].tolist() == [2, 0]
    assert rows.loc["HLH not known to be diagnosed by the landmark", ["estimate", "events"]].tolist() == [1, 1]
    assert rows["estimate"].sum() == rows["n"].iloc[0] == 3
    nobody_late = pd.DataFrame(_counted(material_of(patients), 14))
    assert not nobody_late["term"].str.startswith("HLH not known").any()
