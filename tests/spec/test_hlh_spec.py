"""HLH criteria as a clinician reads them: patient, rule, answer. The vectors are those of the clinical dossier."""

import numpy as np
import pandas as pd
import pytest

from neurohlh.clinical.criteria import load
from neurohlh.clinical.criteria_table import criteria_long
from neurohlh.clinical.hlh import hscore_probability, hscore_probability_text
from neurohlh.clinical.rules import evaluate
from neurohlh.clinical.triggers import derive_aetiology

MET, NOT_MET, UNKNOWN, NOT_APPLICABLE = "met", "not_met", "indeterminate", "not_applicable"


def answers(name: str, *patients: dict) -> pd.DataFrame:
    """The answers of one criteria set, a row per patient; what a patient does not name is not recorded."""
    return evaluate(pd.DataFrame(list(patients)), load(name), parts=True)


def item(name: str, which: str, patients: list[dict]) -> list[str]:
    return answers(name, *patients)[f"{name}__{which}"].tolist()


def check(name: str, table: list[tuple], which: str = "") -> None:
    """Every (patient, status) of the table: the set's answer, or one item's."""
    found = answers(name, *[patient for patient, _ in table])[f"{name}__{which}" if which else name]
    assert found.tolist() == [status for _, status in table]


def bounds(name: str, patient: dict) -> tuple[float, float]:
    row = answers(name, patient).iloc[0]
    return row[f"{name}__low"], row[f"{name}__high"]


# Vector 1: the neonatal haemoglobin rule


@pytest.mark.parametrize(
    ("age", "lineages", "status"),
    [
        ({"age_days": 20}, (2, 2), MET),
        ({"age_days": 27}, (2, 2), MET),
        ({"age_days": 28}, (1, 1), NOT_MET),
        ({"age_days": np.nan}, (1, 2), UNKNOWN),
        ({}, (1, 2), UNKNOWN),
        ({"age_years": 5.0}, (1, 1), NOT_MET),
        ({"age_years": 0.05}, (2, 2), MET),
        ({"age_years": 0.0}, (1, 2), UNKNOWN),  # completed years: the first year holds 28 days and more
        ({"age_days": 20, "age_years": 5.0}, (2, 2), MET),  # the days are nearer to the rule
    ],
)
def test_haemoglobin_95_counts_in_the_first_four_weeks_only(age, lineages, status):
    row = answers("hlh2004", {"hemoglobin": 95.0, "platelets": 80.0, "anc": 2.0} | age).iloc[0]
    assert (row["hlh2004__3_cytopenia__count_low"], row["hlh2004__3_cytopenia__count_high"]) == lineages
    assert row["hlh2004__3_cytopenia"] == status


def test_an_unknown_age_matters_between_90_and_100_only():
    statuses = {85.0: MET, 90.0: UNKNOWN, 99.9: UNKNOWN, 100.0: NOT_MET}
    assert item("hlh2004", "3_cytopenia_hb", [{"hemoglobin": v} for v in statuses]) == list(statuses.values())


def test_cytopenia_needs_two_of_three_known_lineages():
    lineages = [
        ({"hemoglobin": 80.0, "platelets": 50.0}, MET),
        ({"hemoglobin": 80.0, "platelets": 150.0}, UNKNOWN),
        ({"hemoglobin": 120.0, "platelets": 150.0}, NOT_MET),
        ({"hemoglobin": 80.0, "wbc": 0.3}, UNKNOWN),  # leukocytes never replace neutrophils
    ]
    check("hlh2004", lineages, "3_cytopenia")


# Vector 2: the cut-off is applied in the unit in which the value was recorded


def triglycerides(number: float, unit: str | None) -> dict:
    value = number * 0.01129 if unit == "mg/dL" else number
    return {"triglycerides": value, "triglycerides_recorded": number, "triglycerides_unit": unit}


@pytest.mark.parametrize(
    ("set_name", "which", "recorded", "status"),
    [
        ("hlh2004", "4_triglycerides", triglycerides(265, "mg/dL"), MET),
        ("hlh2004", "4_triglycerides", triglycerides(264.9, "mg/dL"), NOT_MET),
        ("hlh2004", "4_triglycerides", triglycerides(2.99, "mmol/L"), NOT_MET),
        ("hlh2004", "4_triglycerides", triglycerides(3.0, "mmol/L"), MET),
        ("hlh2004", "4_triglycerides", triglycerides(2.99, None), MET),  # by the tolerance, which is flagged
        ("hlh2004", "4_triglycerides", triglycerides(2.98, None), NOT_MET),
        ("hlh2004", "4_triglycerides", {"triglycerides": 2.99}, NOT_MET),  # no unit column: canonical unit
        ("mas2016", "triglycerides", triglycerides(156, "mg/dL"), NOT_MET),
        ("mas2016", "triglycerides", triglycerides(157, "mg/dL"), MET),
        ("mas2016", "triglycerides", {"triglycerides": 1.761}, MET),
    ],
)
def test_triglycerides_are_judged_as_recorded(set_name, which, recorded, status):
    assert item(set_name, which, [recorded]) == [status]


def test_the_tolerance_is_flagged_where_it_decided():
    details = criteria_long(
        pd.DataFrame([{"patient_id": "a"} | triglycerides(2.99, None), {"patient_id": "b"} | triglycerides(3.2, None)]),
        load("hlh2004"),
    ).query("item == '4_triglycerides'")
    assert details["detail"].str.contains("0.5 % tolerance: recorded unit unknown").tolist() == [True, False]
    assert details["value"].tolist() == ["2.99 (unit not named)", "3.2 (unit not named)"]


def test_fibrinogen_converted_from_mg_per_dl_meets_its_limit_exactly():
    assert item("hlh2004", "4_fibrinogen", [{"fibrinogen": 150 * 0.01}]) == [MET]
    assert item("mh_score", "anc", [{"anc": 1400 * 0.001}]) == [MET]  # 1.4000000000000001 in binary


def test_triglycerides_or_fibrinogen():
    table = [
        ({"triglycerides": 3.5, "fibrinogen": np.nan}, MET),
        ({"triglycerides": np.nan, "fibrinogen": 1.5}, MET),
        ({"triglycerides": 1.0, "fibrinogen": np.nan}, UNKNOWN),
        ({"triglycerides": 1.0, "fibrinogen": 1.6}, NOT_MET),
    ]
    check("hlh2004", table, "4_tg_fibrinogen")


# Vectors 3 and 4: k of n with unknown items

FOUR = {"temp_max_c": 39.0, "splenomegaly": True, "platelets": 50.0, "anc": 0.5, "ferritin": 900.0}
REST_NEGATIVE = {"triglycerides": 1.0, "fibrinogen": 3.0, "hemophagocytosis": False}
NK_UNKNOWN = {"nk_activity": "not_tested"}


@pytest.mark.parametrize(
    ("set_name", "patient", "low", "high", "status"),
    [
        ("hlh2004", FOUR | REST_NEGATIVE | NK_UNKNOWN, 4, 6, UNKNOWN),
        ("hlh2024", FOUR | REST_NEGATIVE | NK_UNKNOWN, 4, 5, UNKNOWN),
        ("hlh2004", FOUR | REST_NEGATIVE | {"ferritin": 100.0, "nk_activity": "normal"}, 3, 4, NOT_MET),
        ("hlh2004", FOUR | REST_NEGATIVE | {"nk_activity": "low"}, 5, 6, MET),
        ("hlh2024", FOUR | REST_NEGATIVE | {"nk_activity": "low", "scd25": 100.0}, 4, 4, NOT_MET),
        ("hlh2004", FOUR | REST_NEGATIVE | {"nk_activity": "low", "scd25": 100.0}, 5, 5, MET),
        ("icu_adult", FOUR | REST_NEGATIVE, 1, 1, MET),
        ("hlh2004", {"patient_id": "nothing recorded"}, 0, 8, UNKNOWN),
    ],
)
def test_count_and_bounds(set_name, patient, low, high, status):
    assert bounds(set_name, patient) == (low, high)
    assert answers(set_name, patient)[set_name].tolist() == [status]


def test_a_molecular_diagnosis_alone_suffices_and_its_absence_decides_nothing():
    gene = {"gene_causal": "PRF1", "zygosity": "homozygous", "acmg_class": "P"}
    healthy = REST_NEGATIVE | {"temp_max_c": 37.0, "splenomegaly": False, "platelets": 300.0, "anc": 4.0}
    healthy |= {"hemoglobin": 130.0, "ferritin": 50.0, "nk_activity": "normal", "scd25": 100.0}
    table = [(healthy | gene, MET), (healthy, NOT_MET), (healthy | gene | {"zygosity": "heterozygous"}, NOT_MET)]
    check("hlh2004", table)
    assert answers("hlh2004", healthy)["hlh2004__A_molecular"].item() == UNKNOWN


# Fever


def test_the_flag_of_fever_counts_only_without_a_temperature():
    table = [
        ({"temp_max_c": 38.5, "fever": False}, MET),
        ({"temp_max_c": 38.4, "fever": True}, NOT_MET),
        ({"temp_max_c": np.nan, "fever": True}, MET),
        ({"temp_max_c": np.nan, "fever": False}, NOT_MET),
        ({"temp_max_c": np.nan, "fever": None}, UNKNOWN),
    ]
    check("hlh2004", table, "1_fever")


def test_the_fever_limit_is_a_parameter():
    nacho = load("hlh2004").with_threshold("1_fever_temperature", 38.3)
    assert evaluate(pd.DataFrame({"temp_max_c": [38.3, 38.2]}), nacho)["hlh2004__1_fever"].tolist() == [MET, NOT_MET]
    assert nacho.items["1_fever_temperature"].status == "USER"


# NK cells and soluble CD25


def test_nk_function_counts_and_not_tested_is_not_normal():
    codes = {"low": MET, "absent": MET, "normal": NOT_MET, "not_tested": UNKNOWN, None: UNKNOWN}
    assert item("hlh2004", "6_nk_activity", [{"nk_activity": c} for c in codes]) == list(codes.values())


def test_the_number_of_nk_cells_never_replaces_their_function():
    assert item("hlh2004", "6_nk_activity", [{"nk_cell_pct": 0.1}]) == [UNKNOWN]


@pytest.mark.parametrize(
    ("patient", "status"),
    [
        ({"scd25": 2400.0}, MET),  # no unit column: the codebook's unit
        ({"scd25": 2399.0}, NOT_MET),
        ({"scd25": 2400.0, "scd25_unit": "U/mL"}, MET),
        ({"scd25": 2399.0, "scd25_unit": "U/mL", "scd25_uln": 400.0}, NOT_MET),  # in U/mL only 2400 counts
        ({"scd25": 9000.0, "scd25_unit": "pg/mL"}, UNKNOWN),  # never converted
        ({"scd25": 9000.0, "scd25_unit": None}, UNKNOWN),
        ({"scd25": 9000.0, "scd25_unit": "unknown"}, UNKNOWN),
        ({"scd25": 9000.0, "scd25_unit": "pg/mL", "scd25_uln": 4000.0}, MET),
        ({"scd25": 8000.0, "scd25_unit": "pg/mL", "scd25_uln": 4000.0}, UNKNOWN),  # not above twice the limit
        ({"scd25": np.nan, "scd25_unit": "U/mL"}, UNKNOWN),
    ],
)
def test_soluble_cd25_by_its_unit(patient, status):
    assert item("hlh2004", "8_scd25", [patient]) == [status]


def test_ohi_needs_u_per_ml_for_its_limit():
    table = [
        ({"scd25": 3901.0, "scd25_unit": "U/mL", "ferritin": 1001.0}, MET),
        ({"scd25": 3900.0, "scd25_unit": "U/mL", "ferritin": 1001.0}, NOT_MET),
        ({"scd25": 9999.0, "scd25_unit": "pg/mL", "ferritin": 1001.0}, UNKNOWN),
        ({"scd25": 9999.0, "scd25_unit": "pg/mL", "ferritin": 1000.0}, NOT_MET),
    ]
    check("ohi", table)


# Censored measurements decide only what they can


def ferritin(limit: float, direction: str | None) -> dict:
    return {"ferritin": limit, "ferritin_censored": direction}


def test_ferritin_beyond_a_limit_against_500():
    table = [
        (ferritin(500, "right"), MET),  # > 500 meets >= 500
        (ferritin(499, "right"), UNKNOWN),
        (ferritin(40000, "right"), MET),
        (ferritin(500, "left"), NOT_MET),  # < 500 fails >= 500
        (ferritin(501, "left"), UNKNOWN),
        (ferritin(500, None), MET),
        (ferritin(499.9, "none"), NOT_MET),
    ]
    check("hlh2004", table, "7_ferritin")


def test_ferritin_beyond_a_limit_scores_a_range():
    table = [
        (2000, "right", (35, 50)),
        (1999, "right", (0, 50)),
        (6000, "right", (50, 50)),
        (2000, "left", (0, 0)),
        (2001, "left", (0, 35)),
        (6001, "left", (0, 50)),
        (6000, None, (35, 35)),
    ]
    found = answers("hscore", *[ferritin(limit, direction) for limit, direction, _ in table])
    low, high = found["hscore__ferritin__points_low"], found["hscore__ferritin__points_high"]
    assert list(zip(low, high, strict=True)) == [points for *_, points in table]


def test_limits_of_falling_comparisons():
    def platelets(limit: float, direction: str) -> dict:
        return {"platelets": limit, "platelets_censored": direction}

    below_100 = [(platelets(100, "right"), NOT_MET), (platelets(99, "right"), UNKNOWN), (platelets(100, "left"), MET)]
    at_most_110 = [(platelets(110, "right"), NOT_MET), (platelets(110, "left"), MET), (platelets(111, "left"), UNKNOWN)]
    check("hlh2004", below_100, "3_cytopenia_plt")
    check("hscore", at_most_110, "lineage_plt")


# Vector 5: HScore

FULL = {
    "temp_max_c": 39.5, "hepatomegaly": True, "splenomegaly": True, "hemoglobin": 92.0, "wbc": 5.0, "platelets": 110.0,
    "ferritin": 7000.0, "triglycerides": 4.1, "fibrinogen": 2.5, "ast": 30.0, "hemophagocytosis_bm": True,
    "immunosuppression_known": True,
}  # fmt: skip
SMALL = {
    "temp_max_c": 38.4, "hepatomegaly": False, "splenomegaly": False, "hemoglobin": 93.0, "wbc": 5.1, "platelets": 90.0,
    "ferritin": 2000.0, "triglycerides": 1.5, "fibrinogen": 2.6, "ast": 29.0, "hemophagocytosis_bm": False,
    "immunosuppression_known": False,
}  # fmt: skip


def test_hscore():
    table = [
        (FULL, 337, 337, MET),
        (SMALL, 112, 112, NOT_MET),
        (FULL | {"hemophagocytosis_bm": None}, 302, 337, MET),
        (FULL | {"bm_done": True}, 337, 337, MET),
        (FULL | {"bm_done": False}, 302, 337, MET),  # marrow not done: missing, whatever stands there
        (SMALL | {"bm_done": False}, 112, 147, NOT_MET),
        (SMALL | {"hemophagocytosis_bm": None}, 112, 147, NOT_MET),
        (SMALL | {"hemophagocytosis_bm": None, "ast": np.nan, "fibrinogen": np.nan}, 112, 196, UNKNOWN),
        (SMALL | {"temp_max_c": 39.4}, 112, 112, NOT_MET),
        (SMALL | {"temp_max_c": 38.3}, 79, 79, NOT_MET),
        (SMALL | {"splenomegaly": True, "wbc": 5.0}, 159, 159, NOT_MET),
        (SMALL | {"splenomegaly": True, "hepatomegaly": None}, 135, 150, NOT_MET),
        (SMALL | {"splenomegaly": True, "wbc": 5.0, "ast": 30.0}, 178, 178, MET),
        ({"patient_id": "nothing recorded"}, 0, 337, UNKNOWN),
    ]
    found = answers("hscore", *[patient for patient, *_ in table])[["hscore__low", "hscore__high", "hscore"]]
    assert list(found.itertuples(index=False, name=None)) == [tuple(expected) for _, *expected in table]


def test_hscore_cut_off_is_169():
    rule = load("hscore").rule
    assert rule is not None
    assert rule.test.cut == 169


def test_published_probabilities_of_the_hscore():
    published = {100: 1, 110: 3, 120: 5, 130: 9, 140: 16, 150: 25, 160: 40, 170: 54, 180: 70, 190: 80, 200: 88, 210: 93}
    published |= {220: 96, 230: 98, 240: 99}
    np.testing.assert_allclose(hscore_probability(list(published)), list(published.values()))
    assert hscore_probability_text([90, 250, 170, np.nan]).tolist() == ["<1", ">99", "54", ""]
    # half-way on the logit scale between 40 % and 54 %: odds sqrt(40/60 x 54/46)
    odds = np.sqrt(40 / 60 * 54 / 46)
    np.testing.assert_allclose(hscore_probability(165), 100 * odds / (1 + odds))


# MAS-2016, MH score, and the others


def test_mas_2016():
    table = [
        ({"sjia_status": True, "fever": True, "ferritin": 685.0, "platelets": 181.0, "ast": 49.0}, MET),
        ({"sjia_status": True, "fever": True, "ferritin": 684.0, "platelets": 181.0, "ast": 49.0}, NOT_MET),
        ({"sjia_status": True, "fever": True, "ferritin": 685.0, "platelets": 181.0}, UNKNOWN),
        ({"sjia_status": True, "ferritin": 685.0, "platelets": 181.0, "ast": 49.0}, UNKNOWN),
        ({"sjia_status": True, "fever": False, "ferritin": 685.0, "platelets": 181.0, "ast": 49.0}, NOT_MET),
        ({"sjia_status": False, "fever": True, "ferritin": 685.0, "platelets": 181.0, "ast": 49.0}, NOT_APPLICABLE),
        ({"fever": True, "ferritin": 685.0, "platelets": 181.0, "ast": 49.0}, NOT_APPLICABLE),
    ]
    check("mas2016", table)


def test_mh_score_points():
    patient = {"age_years": 1.6, "anc": 1.4, "fibrinogen": 1.31, "splenomegaly": True, "platelets": 78.0}
    assert bounds("mh_score", patient | {"hemoglobin": 83.0}) == (123, 123)
    assert bounds("mh_score", patient | {"hemoglobin": 83.1}) == (112, 112)
    assert bounds("mh_score", patient | {"age_years": 1.7}) == (75, 86)
    del patient["age_years"]
    assert bounds("mh_score", patient | {"age_days": 584.0}) == (112, 123)  # 584 / 365.25 = 1.599
    assert bounds("mh_score", patient | {"age_days": 585.0}) == (75, 86)


def test_soluble_receptor_in_adults_rules_in_or_out_or_neither():
    values = {10001.0: MET, 10000.0: UNKNOWN, 2401.0: UNKNOWN, 2400.0: NOT_MET}
    assert answers("sil2r_adult", *[{"scd25": v} for v in values])["sil2r_adult"].tolist() == list(values.values())


def test_ebv_hlh_needs_virus_and_no_primary_gene():
    negative = {"genetic_test_done": True, "gene_causal": "none"}
    table = [
        ({"ebv_dna": 1001.0} | negative, MET),
        ({"ebv_dna": 1000.0} | negative, UNKNOWN),  # tissue not looked at
        ({"ebv_status": "positive", "ebv_specimen": "tissue", "ebv_dna": np.nan} | negative, MET),
        ({"ebv_dna": 1001.0}, UNKNOWN),
        ({"ebv_dna": 1001.0, "gene_causal": "PRF1", "zygosity": "homozygous", "acmg_class": "LP"}, NOT_MET),
    ]
    check("ebv_hlh", table)


# Molecular diagnosis, class and trigger


def gene(name: str | None, zygosity: str | None, acmg: str | None, **more: object) -> dict:
    return {"gene_causal": name, "zygosity": zygosity, "acmg_class": acmg, "genetic_test_done": True} | more


def test_molecular_diagnosis():
    table = [
        (gene("PRF1", "homozygous", "P"), MET),
        (gene("UNC13D", "compound_het", "LP"), MET),
        (gene("XIAP", "hemizygous", "P"), MET),
        (gene("UNC13D", "heterozygous", "P"), UNKNOWN),  # one allele is no diagnosis
        (gene("STX11", "digenic", "P"), UNKNOWN),
        (gene("PRF1", "homozygous", "VUS"), UNKNOWN),
        (gene("SH2D1A", "homozygous", "P"), UNKNOWN),
        (gene("NLRC4", "heterozygous", "P"), UNKNOWN),
        (gene("PRF1", "unknown", "P"), UNKNOWN),
        (gene("none", None, None), NOT_MET),
        ({"genetic_test_done": False}, UNKNOWN),
        (gene("none", None, None, genetic_test_done=None), UNKNOWN),
        ({"molecular_dx_hlh": "met"}, MET),
        ({"molecular_dx_hlh": "indeterminate"}, UNKNOWN),
        (gene("UNC13D", "heterozygous", "P", molecular_dx_hlh="met"), UNKNOWN),  # the rule goes first
        (gene("PRF1", None, None, molecular_dx_hlh="met"), MET),  # the rule cannot speak
    ]
    check("molecular", table)


def test_the_table_says_whether_rule_or_hospital_decided():
    frame = pd.DataFrame(
        [gene("PRF1", "homozygous", "P", patient_id="a"), {"patient_id": "b", "molecular_dx_hlh": "met"}]
    )
    overall = criteria_long(frame, load("molecular")).query("item == 'overall'")
    assert [d.rsplit("; by ", 1)[1] for d in overall["detail"]] == ["by_the_rule", "recorded_by_hospital"]


def test_class_and_trigger_are_two_questions():
    table = [
        (gene("PRF1", "homozygous", "P", ebv_status="positive"), ("primary", "ebv")),
        ({"family_history_hlh": True}, ("primary", "unknown")),
        (gene("none", None, None, ebv_status="positive"), ("secondary", "ebv")),
        (gene("none", None, None), ("unknown", "unknown")),
        ({"age_years": 1.0, "ebv_status": "positive"}, ("unknown", "ebv")),  # untested child: not secondary
        ({"trigger_category": "ebv", "malignancy_type": "T_NK_lymphoma"}, ("unknown", "malignancy")),
        ({"trigger_category": "bacterial", "sjia_status": True}, ("unknown", "rheumatic_mas")),
        ({"trigger_category": "bacterial", "trigger_virus": "CMV"}, ("unknown", "other_virus")),
        ({"trigger_virus": "EBV"}, ("unknown", "ebv")),
        ({"trigger_category": "none"}, ("unknown", "none")),
        ({"trigger_category": "none", "ebv_dna": 5000.0}, ("unknown", "ebv")),
        ({"malignancy_type": "none", "ebv_status": "negative"}, ("unknown", "unknown")),
    ]
    found = derive_aetiology(pd.DataFrame([patient for patient, _ in table]))
    columns = ["hlh_class_derived", "trigger_category_derived"]
    assert list(found[columns].itertuples(index=False, name=None)) == [expected for _, expected in table]


def test_every_trigger_keeps_its_flag():
    row = derive_aetiology(pd.DataFrame([{"trigger_category": "ebv", "malignancy_type": "leukemia"}])).iloc[0]
    flags = {k: row[f"triggers__{k}"] for k in ("malignancy", "ebv", "bacterial")}
    assert flags == {"malignancy": MET, "ebv": MET, "bacterial": UNKNOWN}
