"""The MRI part on thirteen patients whose answers are counted by hand."""

import datetime as dt

import pandas as pd
import pytest

from neurohlh.core.pictures import FOREST_COLUMNS
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.mri import PART
from neurohlh.study.parts.mri.examined import Images
from neurohlh.study.parts.mri.outcome import findings_survival
from neurohlh.study.parts.mri.patterns import patterns
from neurohlh.study.study import Study

DAY_0 = dt.date(2020, 1, 1)
COLUMNS = [
    "patient_id", "age_years", "date_hlh_diagnosis", "date_last_followup", "date_death", "death", "ebv_status",
    "neuro_assessed", "sx_seizure", "date_neuro_onset", "lp_done", "date_lp_first", "csf_wbc", "csf_protein (g/L)",
    "mri_done", "date_imaging_first", "mri_thalamus", "mri_diffusion_restricted", "mri_adc_increased", "mri_t1_hypo",
    "mri_region_count",
]  # fmt: skip
IMAGES = COLUMNS[14:]
ALIVE = {
    "death": "no", "end": 400, "ebv_status": "negative", "neuro_assessed": "yes", "sx_seizure": "no", "lp_done": "yes",
    "date_lp_first": 3, "csf_wbc": 2, "csf_protein (g/L)": 0.2, "mri_done": "yes", "date_imaging_first": 3,
    "mri_thalamus": "no", "mri_diffusion_restricted": "no", "mri_adc_increased": "no", "mri_region_count": 0,
}  # fmt: skip
LESION = {"mri_thalamus": "yes"}
PEOPLE = {
    # four with a thalamic lesion on an early MRI
    "A1": LESION | {"end": 100, "death": "yes", "mri_region_count": 6, "mri_diffusion_restricted": "yes",
                    "ebv_status": "positive", "sx_seizure": "yes", "date_neuro_onset": 5, "mri_t1_hypo": "yes"},
    "A2": LESION | {"end": 200, "death": "yes", "mri_region_count": 5, "mri_diffusion_restricted": "yes",
                    "mri_adc_increased": "yes", "ebv_status": "positive", "sx_seizure": "yes", "date_neuro_onset": 1},
    "A3": LESION | {"mri_region_count": 5, "ebv_status": "positive", "csf_wbc": 30},
    "A4": LESION | {"mri_region_count": 2, "lp_done": "no", "date_lp_first": "", "csf_wbc": "",
                    "csf_protein (g/L)": ""},
    # five without
    "B1": {"end": 50, "death": "yes", "mri_region_count": 4},
    "B2": {}, "B3": {}, "B4": {}, "B5": {},
    # an MRI without a result, none, a late one, and a death before the landmark
    "C1": dict.fromkeys(IMAGES[2:], ""),
    "D1": dict.fromkeys(IMAGES[1:], "") | {"mri_done": "no"},
    "E1": LESION | {"end": 300, "death": "yes", "date_imaging_first": 30, "mri_region_count": 7},
    "F1": LESION | {"end": 5, "death": "yes", "mri_region_count": 8},
}  # fmt: skip


def day(number):
    return "" if number in ("", None) else str(DAY_0 + dt.timedelta(days=number))


def row(name, changes):
    said = ALIVE | changes
    end = day(said.pop("end"))
    dated = {k: day(v) for k, v in said.items() if k.startswith("date_")}
    said |= dated | {"patient_id": name, "age_years": 5, "date_hlh_diagnosis": day(0), "date_last_followup": end}
    said["date_death"] = end if said["death"] == "yes" else ""
    return ",".join(str(said.get(c, "")) for c in COLUMNS)


def table(people):
    return "\n".join([",".join(COLUMNS), *(row(n, c) for n, c in people.items())])


def material_of(folder, text, **sections):
    path = folder / "hospital.csv"
    path.write_text(text, encoding="utf-8")
    study = Study.of(path, eligibility={"criteria": "none"}, **sections)
    cohort = study.load()
    return Material.of(cohort.classified, cohort.population, study.config)


def results_of(folder, text, **sections):
    return PART.results(material_of(folder, text, **sections), {})


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return results_of(tmp_path_factory.mktemp("mri"), table(PEOPLE))


def rows(result, **wanted):
    tidy = result.tidy
    for column, value in wanted.items():
        tidy = tidy[tidy[column] == value]
    return tidy


def one(result, **wanted):
    found = rows(result, **wanted)
    assert len(found) == 1, found
    return found.iloc[0]


def test_every_result_belongs_to_the_part_and_has_a_title(results):
    assert {name.split("_")[0] for name in results} == {"mri"}
    assert all(r.method["title"] for r in results.values())
    assert not any("" in r.notes for r in results.values())


def test_a_frequency_counts_those_with_an_answer_only(results):
    found = results["mri_findings"]
    done, lesion = one(found, term="MRI done"), one(found, term="Thalamic lesion")
    assert (done["events"], done["n"]) == (12, 13)
    assert (lesion["events"], lesion["n"]) == (6, 11)
    assert lesion["estimate"] == pytest.approx(6 / 11)
    assert lesion["note"].startswith("no answer in 1 more")
    assert "3/7 in a 7-child series" in lesion["note"]
    assert found.counts["dropped"] == {"no MRI done": 1}


def test_a_finding_not_asked_is_named_and_never_zero(results):
    found = results["mri_findings"]
    assert "Brainstem lesion" not in set(found.tidy["term"])
    (said,) = [n for n in found.notes if n.startswith("Not asked")]
    assert "of 35 findings" in said  # 39 less thalamus, restricted diffusion, raised ADC, T1
    assert "Brainstem lesion" in said


def test_a_column_that_holds_yes_only_has_no_frequency(results):
    only = one(results["mri_findings"], term="T1 hypointensity")
    assert (only["events"], only["n"]) == (1, 1)
    assert pd.isna(only["estimate"])
    assert only["note"].startswith("not estimated: recorded only where present")


def test_findings_by_ebv_with_fishers_test(results):
    found = results["mri_findings_by_ebv"]
    shares = rows(found, term="Thalamic lesion", measure="proportion").set_index("group")
    assert shares["events"].to_dict() == {"EBV positive": 3, "EBV negative": 3}
    assert shares["n"].to_dict() == {"EBV positive": 3, "EBV negative": 8}
    test = one(found, term="Thalamic lesion", measure="difference")
    assert test["p_value"] == pytest.approx(30 / 165)


def test_the_published_contrast_of_the_striatum_stands_beside(results):
    cited = rows(results["mri_findings_by_ebv"], analysis="published").set_index("group")
    assert (cited.loc["EBV positive", "events"], cited.loc["EBV positive", "n"]) == (8, 9)
    assert (cited.loc["EBV negative", "events"], cited.loc["EBV negative", "n"]) == (1, 12)
    assert cited.loc["", "p_value"] == 0.00037


def test_findings_by_trigger_need_a_trigger(results):
    found = results["mri_findings_by_trigger"]
    assert set(rows(found, measure="proportion")["group"]) == {"EBV", "Trigger unknown"}
    tested = one(found, term="Thalamic lesion", measure="difference")
    assert "fewer than two groups" in tested["note"]  # the unknown are no group to compare with


def test_findings_by_outcome_at_any_time(results):
    found = results["mri_findings_by_outcome"]
    shares = rows(found, term="Thalamic lesion", measure="proportion").set_index("group")
    assert (shares.loc["Died", "events"], shares.loc["Died", "n"]) == (4, 5)
    assert (shares.loc["Alive when last seen", "events"], shares.loc["Alive when last seen", "n"]) == (2, 6)
    odds = one(found, term="Thalamic lesion", measure="OR")
    assert (odds["n"], odds["events"]) == (11, 5)
    assert odds["p_value"] == pytest.approx(112 / 462)
    assert odds["method"] == "Fisher exact"


def test_an_empty_cell_has_firths_odds_ratio(results):
    odds = one(results["mri_findings_by_outcome"], term="Restricted diffusion (low ADC)", measure="OR")
    # half a patient added to each of the four cells: 2 and 0 with it, 3 and 6 without
    assert odds["estimate"] == pytest.approx((2.5 / 0.5) / (3.5 / 6.5), rel=1e-5)
    assert odds["p_value"] == pytest.approx(84 / 462)
    assert "everybody with it died" in odds["note"]


def test_p_values_stand_raw_and_adjusted_for_the_tests_of_the_table(results):
    found = results["mri_findings_by_outcome"]
    raw = rows(found, measure="OR").set_index("term")["p_value"].dropna()
    adjusted = rows(found, measure="p adjusted (OR)").set_index("term")
    assert raw.to_dict() == pytest.approx(
        {
            "Thalamic lesion": 112 / 462,
            "Restricted diffusion (low ADC)": 84 / 462,
            "Facilitated diffusion (high ADC)": 5 / 11,
        }
    )
    assert adjusted["p_value"].to_dict() == pytest.approx(dict.fromkeys(raw.index, 3 * 84 / 462))  # Holm
    assert set(adjusted["method"]) == {"Holm, 3 tests"}


def test_at_baseline_only_an_mri_by_the_landmark_counts(results):
    found = results["mri_findings_baseline_by_outcome"]
    odds = one(found, term="Thalamic lesion", measure="OR")
    assert (odds["n"], odds["events"]) == (9, 3)
    assert odds["p_value"] == pytest.approx(44 / 84)
    assert found.counts["supplied"] == 13
    assert found.counts["used"] == 10
    assert found.counts["dropped"] == {
        "died by day 14, CNS involved": 1,
        "no MRI done": 1,
        "imaging first after day 14": 1,
    }
    hazard = one(results["mri_findings_survival"], term="Thalamic lesion", measure="HR")
    assert (hazard["n"], hazard["events"]) == (9, 3)
    sides = rows(results["mri_findings_survival"], term="Thalamic lesion", measure="patients, deaths")
    assert sides[["group", "n", "events"]].to_numpy().tolist() == [["with", 4, 2], ["without", 5, 1]]
    assert "Firth" in hazard["method"]  # fewer than ten deaths
    assert hazard["note"] == "fewer than 10 deaths"


def test_a_side_without_a_death_has_firths_hazard_ratio(tmp_path):
    people = {n: c | ({"end": 400, "death": "no"} if n == "B1" else {}) for n, c in PEOPLE.items()}
    found = findings_survival(Images.of(material_of(tmp_path, table(people))))["mri_findings_survival"]
    hazard = one(found, term="Thalamic lesion", measure="HR")
    assert "Firth" in hazard["method"]
    assert hazard["note"] == "no death on one side"
    assert 0 < hazard["estimate"] < float("inf")


def test_the_forests_repeat_the_tables(results):
    for name in ("mri_findings_by_outcome", "mri_findings_survival", "mri_regions_death", "mri_diffusion"):
        drawn = results[name]
        assert tuple(drawn.curves.columns) == FOREST_COLUMNS
        assert drawn.method["picture"]["form"] == "forest"
        own = set(drawn.tidy.loc[drawn.tidy["measure"].isin(["OR", "HR"]), "estimate"].dropna().round(9))
        assert set(drawn.curves["estimate"].dropna().astype(float).round(9)) == own


def test_five_or_more_regions_against_later_death(results):
    found = results["mri_regions_death"]
    everybody = {"population": "MRI by day 14, followed from then"}
    odds = one(found, term="5 or more affected regions", measure="OR", **everybody)
    assert (odds["n"], odds["events"]) == (9, 3)
    assert odds["p_value"] == pytest.approx(19 / 84)
    sens = one(found, term="5 or more affected regions, sensitivity for death", level="", **everybody)
    spec = one(found, term="5 or more affected regions, specificity for death", level="", **everybody)
    assert (sens["events"], sens["n"], spec["events"], spec["n"]) == (2, 3, 5, 6)
    assert one(found, measure="AUC", **everybody)["estimate"] == pytest.approx(16.5 / 18)
    # the patient without a result, read as fewer and as 5 or more
    read = rows(found, measure="HR", term="5 or more affected regions", **everybody)
    assert read["n"].tolist() == [9, 10, 10]


def test_the_published_numbers_on_regions_stand_beside(results):
    cited = rows(results["mri_regions_death"], analysis="published").set_index("measure")
    assert (cited.loc["OR", "estimate"], cited.loc["OR", "conf_low"], cited.loc["OR", "conf_high"]) == (
        1.24,
        1.03,
        1.49,
    )
    assert cited.loc["AUC", "estimate"] == 0.79
    assert cited.loc["proportion", "estimate"].tolist() == [0.76, 0.73]
    assert cited["note"].str.contains("VERIFIED").all()


def test_regions_are_counted_with_the_undecided_read_both_ways(results):
    found = rows(results["mri_regions"], term="5 or more affected regions").set_index("level")
    assert (found.loc["as far as decided", "events"], found.loc["as far as decided", "n"]) == (5, 11)
    assert found.loc["undecided read as fewer than 5", "events"] == 5
    assert found.loc["undecided read as 5 or more", ["events", "n"]].tolist() == [6, 12]


def test_survival_curves_by_regions_follow_from_the_landmark(results):
    found = results["mri_regions_survival"]
    sizes = rows(found, term="size").set_index("group")["n"].to_dict()
    assert sizes == {"5 or more regions": 3, "fewer than 5 regions": 6, "number of regions undecided": 1}
    assert "since day 14" in found.method["time_zero"]


def test_both_signs_of_diffusion_are_kept(results):
    found = results["mri_diffusion"]
    together = rows(found, term="patients by both findings").set_index("level")["n"]
    assert together.tolist() == [1, 1, 0, 9, 1]
    assert together["both (in different lesions, or a contradiction)"] == 1
    assert one(found, analysis="published", measure="OR")["estimate"] == 9.64
    raised = one(found, analysis="published", measure="proportion")
    assert (raised["events"], raised["n"]) == (21, 21)
    assert "neither finding overrides the other" in found.notes[0]


def test_what_stands_beside_a_positive_image(results):
    beside = rows(results["mri_first"], group="what stands beside it").set_index("term")
    assert set(beside["n"]) == {7}  # A1 to A4, B1, E1, F1
    counted = beside["events"][beside["events"] > 0].to_dict()
    assert counted == {
        "symptoms and CSF both tested and negative": 3,
        "no symptoms, CSF not tested": 1,
        "symptoms, CSF not abnormal as far as known": 2,
        "abnormal CSF, no symptoms as far as known": 1,
    }
    blind = rows(results["mri_first"], group="image positive though nothing else is").set_index("population")
    assert blind.loc["symptoms and CSF both tested and negative", ["events", "n"]].tolist() == [3, 7]
    assert blind.loc["no symptoms, CSF not tested", ["events", "n"]].tolist() == [1, 1]


def test_by_how_many_days_the_image_came_first(results):
    found = rows(results["mri_first"], population="positive MRI and first of symptom and abnormal CSF, all dated")
    order = found[found["measure"] == "proportion"].set_index("term")["events"].to_dict()
    assert order == {"image first": 1, "same day": 1, "image later": 1}
    days = found[found["measure"] == "days"]
    assert days[days["level"] == "median"]["estimate"].tolist() == [0, 2]
    assert any("date of detection" in note for note in results["mri_first"].notes)


def test_the_order_of_the_rows_changes_nothing(results, tmp_path):
    turned = results_of(tmp_path, table(dict(reversed(PEOPLE.items()))))
    for name, result in results.items():
        pd.testing.assert_frame_equal(result.tidy, turned[name].tidy, rtol=1e-6)


def test_a_pattern_is_counted_only_where_it_could_be_found(tmp_path):
    names = ["mri_wm_multifocal", "mri_brainstem"]
    findings = {"A1": ("yes", "no"), "A2": ("no", "yes"), "A3": ("no", "no")}
    lines = table(PEOPLE).splitlines()
    text = [lines[0] + "," + ",".join([*names, "mri_malik_pattern"])]
    for line in lines[1:]:
        name = line.split(",")[0]
        recorded = "1c_cerebellitis" if name == "A4" else ""
        text.append(f"{line},{','.join(findings.get(name, ('no', 'no')))},{recorded}")
    found = patterns(Images.of(material_of(tmp_path, "\n".join(text))))
    one_or_two = rows(found, population="of these, with pattern 1 or 2")
    assert one_or_two.set_index("term").loc["1: significant parenchymal disease", ["events", "n"]].tolist() == [3, 3]
    recorded = rows(found, population="of these, recorded by the hospital as 1a, 1b or 1c").set_index("term")
    assert recorded.loc["1c: cerebellitis", ["events", "n"]].tolist() == [1, 1]
    assert recorded["note"].str.startswith("a finding of 1a to 1c was not asked").all()


def test_without_a_date_of_imaging_nothing_is_followed(tmp_path):
    text = table(PEOPLE).replace("date_imaging_first", "remark")
    found = results_of(tmp_path, text)
    for name in ("mri_findings_survival", "mri_findings_baseline_by_outcome", "mri_regions_death"):
        assert found[name].tidy.empty
        assert "no source has a date of imaging" in found[name].notes[0]
    assert len(found["mri_findings"].tidy)
    assert any("No rows from the landmark" in note for note in found["mri_diffusion"].notes)


def test_without_a_column_on_mri_the_part_says_so(tmp_path):
    lines = [line.split(",")[:14] for line in table(PEOPLE).splitlines()]
    found = results_of(tmp_path, "\n".join(",".join(line) for line in lines))
    assert set(found) == {"mri_findings", "mri_first"}
    assert found["mri_findings"].notes == ("Not estimated: no source has a column on what a brain MRI showed.",)
    assert found["mri_first"].tidy.empty


def test_where_nobody_had_an_mri_there_is_a_reason(tmp_path):
    people = {n: c | dict.fromkeys(IMAGES, "") | {"mri_done": "no"} for n, c in PEOPLE.items()}
    found = results_of(tmp_path, table(people))
    assert "nobody is known to have had" in found["mri_findings"].notes[0]
    assert all(r.tidy.empty and r.notes for r in found.values())


def test_a_hospital_with_nothing_but_normal_or_abnormal(cohort):
    found = PART.results(Material.of(cohort.classified, cohort.population, cohort.study.config), {})
    abnormal = rows(found["mri_findings"], population="patients with an MRI")
    assert abnormal[["events", "n"]].to_numpy().tolist() == [[0, 11]]  # eleven normal MRIs, four not done
    for name in ("mri_findings_by_ebv", "mri_findings_by_outcome", "mri_regions", "mri_patterns", "mri_diffusion"):
        assert found[name].tidy.empty
        assert found[name].notes[0].startswith("Not estimated")


def test_published_cases_give_counts_and_no_frequency(tmp_path):
    found = results_of(tmp_path, table(PEOPLE), study={"design": "case_series"})
    for result in found.values():
        assert result.tidy[["estimate", "conf_low", "conf_high", "p_value"]].isna().all(axis=None)
        assert "published" not in set(result.tidy["analysis"])
    lesion = one(found["mri_findings"], term="Thalamic lesion")
    assert (lesion["events"], lesion["n"]) == (6, 11)
    assert "no frequency" in found["mri_findings"].notes[0]
