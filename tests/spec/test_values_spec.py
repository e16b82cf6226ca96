"""What cells of real tables mean, pattern by pattern (the numbers are those of the list of real cells, sections A-F).

Each row: variable, raw cell, what it means. A value, or the state, or the code under which it is refused.
"""

import datetime as dt

import pytest

from neurohlh.etl.codebook import codebook
from neurohlh.etl.table import Kind
from neurohlh.etl.values import State, ValueContext, parse_column

CONTEXT = ValueContext(unit_known=True, today=dt.date(2026, 11, 22))


def read(variable, text, context=CONTEXT, kind=Kind.TEXT):
    return parse_column([text], [kind], codebook()[variable], context)[0]


VALUES = [
    # A. numbers: variable, raw, value, censored
    ("ferritin", ">40000 ug/L", 40000.0, "right"),  # 1
    ("ferritin", "> 3000 ng/mL", 3000.0, "right"),  # 2
    ("il6", "<0.5", 0.5, "left"),  # 3
    ("ferritin", "3,966 ng/mL", 3966.0, ""),  # 4
    ("platelets", "1,00,000/mm3", 100.0, ""),  # 5
    ("ebv_dna", "1.0E+04 copies/ml", 10000.0, ""),  # 6
    ("platelets", "48 x 109/L", 48.0, ""),  # 8
    ("ferritin", "＞２０００", 2000.0, "right"),  # 68
    ("fibrinogen", "＜０．５", 0.5, "left"),  # 68
    ("triglycerides", "265 mg/dL", 2.99185, ""),  # 70, dossier 14.2
    ("hemoglobin", "9.2 g/dL", 92.0, ""),  # 70
    ("csf_protein", "470 mg/L", 0.47, ""),  # 70
    ("csf_protein", "47 mg/dl", 0.47, ""),  # 70
    ("bilirubin_total", "2 mg/dL", 34.208, ""),  # 70
    ("temp_max_c", "39.2℃", 39.2, ""),
    ("csf_wbc", "0", 0.0, ""),  # dossier 12: a measured zero
    # B. yes, no
    ("fever", "+", True, ""),  # 26
    ("ebv_status", "阳性", "positive", ""),  # 31
    ("ebv_status", "(+)", "positive", ""),
    ("ebv_status", "弱阳性", "positive", ""),
    ("sx_seizure", "（＋）", True, ""),
    ("csf_abnormal", "++", "met", ""),
    ("mri_abnormal", "正常", "not_met", ""),  # 33
    ("mri_abnormal", "未见异常", "not_met", ""),
    ("mri_abnormal", "未见明显异常", "not_met", ""),
    ("mri_abnormal", "无殊", "not_met", ""),
    ("mri_abnormal", "头颅MRI未见明显异常信号影", "not_met", ""),
    ("csf_abnormal", "(-)", "not_met", ""),
    ("hemophagocytosis_bm", "Yes*", True, ""),  # 34
    ("hemorrhage", "未见出血", False, ""),  # 75
    ("nk_activity", "正常", "normal", ""),
    ("nk_activity", "减低", "low", ""),
    ("nk_activity", "未查", "not_tested", ""),
    ("lp_done", "未查", False, ""),
    ("lp_done", "拒绝", False, ""),
    ("mri_done", "未做", False, ""),
    ("genetic_test_done", "not done", False, ""),
    ("hsct", "未移植", False, ""),
    # C. time
    ("age_years", "1.5 mth", 0.125, ""),  # 41
    ("age_years", "P25Y6M", 25.5, ""),  # 45
    ("age_years", "1岁3月", 1.25, ""),  # 46
    ("age_years", "3+月", 0.25, "right"),  # 46
    ("age_days", "28d", 28.0, ""),  # 46
    ("followup_days", "4+ mth", 121.75, "right"),  # 47
    ("date_admission", "44197", dt.date(2021, 1, 1), ""),  # 54
    ("date_admission", "44197.5", dt.date(2021, 1, 1), ""),
    ("date_admission", "2021.3.5", dt.date(2021, 3, 5), ""),  # 55
    ("date_admission", "20210305", dt.date(2021, 3, 5), ""),
    # outcome
    ("outcome_status", "放弃治疗", "withdrawn_care_alive", ""),  # 51
    ("outcome_status", "好转", "alive", ""),  # 52
    ("outcome_status", "治愈", "alive", ""),
    ("outcome_status", "失访", "lost", ""),
    ("outcome_status", "死亡", "dead", ""),
    ("death", "存活", False, ""),
    ("death", "Died", True, ""),
    # categories
    ("sex", "男", "M", ""),
    ("trigger_category", "EB病毒", "ebv", ""),
    ("trigger_category", "淋巴瘤", "malignancy", ""),
    ("trigger_category", "MAS", "rheumatic_mas", ""),
    ("zygosity", "复合杂合", "compound_het", ""),
    ("acmg_class", "可能致病", "LP", ""),
    ("acmg_class", "P", "P", ""),
    ("hlh_class", "原发", "primary", ""),
    ("regimen_initial", "HLH-04", "HLH-2004", ""),  # 81
    ("gene_causal", "BIRC4", "XIAP", ""),
    ("gene_causal", "munc13-4", "UNC13D", ""),
    ("gene_causal", "PFR1", "PRF1", ""),
]


@pytest.mark.parametrize(("variable", "raw", "value", "censored"), VALUES)
def test_value(variable, raw, value, censored):
    p = read(variable, raw)
    assert p.state == State.VALUE, p.message
    assert p.value == value
    assert type(p.value) is type(value)
    assert p.censored == censored


REFUSED = [
    ("ebv_dna", "104 copies/mL", "exponent_lost"),  # 7
    ("platelets", "44 x 10^6/mm3", "unit_suspected"),  # 9
    ("ferritin", "159 076552958 255", "cells_run_together"),  # 11
    ("platelets", "15104635581242121452", "cells_run_together"),  # 12
    ("csf_wbc", "++ND+ND++ND", "not_a_number"),  # 13
    ("age_years", "24/8 (0-184)", "age_range"),  # 19
    ("ferritin", "hyperferritinemia", "elevated_without_number"),  # 35
    ("ferritin", "升高", "elevated_without_number"),
    ("ebv_dna", "阴性", "below_detection"),
    ("ferritin", "正常", "normal_without_number"),
    ("age_years", "8.8月-14.9岁", "age_range"),  # 42
    ("age_years", "neonate", "age_band"),  # 44
    ("age_years", "G1P1 36W", "obstetric"),  # 46
    ("followup_days", "day +21", "zero_not_stated"),  # 48
    ("followup_days", "at 4 y", "zero_not_stated"),  # 49
    ("death", "放弃治疗", "withdrawal_in_death"),  # 51
    ("date_admission", "5/3/21", "two_digit_year"),  # 55
    ("date_admission", "5/3/2021", "ambiguous_date"),
    ("date_admission", "2021年3月", "partial_date"),
    ("ferritin", "26→38→12", "serial_values"),  # 69
    ("ferritin", "12/8/5", "serial_values"),
    ("scd25", "++", "sign_in_number"),
    ("mri_abnormal", "鼻窦炎，余未见异常", "not_yes_no"),  # 77: nobody decides this by a word list
    ("csf_wbc", "WBC 8, RBC 12000", "several_numbers"),  # 78
    ("csf_protein", "压力210mmH2O, 细胞数2, 蛋白0.62g/L, 糖3.1", "several_numbers"),  # 80
    ("hemoglobin", "9.2", "unit_suspected"),  # dossier 12
    ("csf_protein", "470", "unit_suspected"),  # dossier 12
    ("sex", "1", "code_map_needed"),  # dossier 12
    ("lp_done", "正常", "result_in_done_column"),
    ("mri_done", "头颅MRI未见异常", "result_in_done_column"),
    ("gene_causal", "FHL2", "entity_not_gene"),
    ("trigger_category", "EBV+淋巴瘤", "several_codes"),
]


@pytest.mark.parametrize(("variable", "raw", "code"), REFUSED)
def test_refused(variable, raw, code):
    p = read(variable, raw)
    assert (p.state, p.value, p.severity, p.code) == (State.REFUSED, None, "error", code)


STATES = [
    ("csf_abnormal", "ND", State.UNKNOWN),  # 28
    ("reactivation", "NA", State.BLANK),  # 29
    ("sepsis", "P", State.EQUIVOCAL),  # 30
    ("sepsis", "None", State.UNKNOWN),
    ("fever", "±", State.EQUIVOCAL),  # 31
    ("sx_seizure", "可疑", State.EQUIVOCAL),
    ("csf_wbc", "未查", State.NOT_DONE),  # 32
    ("mri_abnormal", "未做", State.NOT_DONE),
    ("csf_protein", "未送检", State.NOT_DONE),
    ("csf_abnormal", "拒绝", State.NOT_DONE),
    ("ferritin", "not tested", State.NOT_DONE),  # 36
    ("ferritin", "-", State.NOT_DONE),  # dossier 12
    ("death", "失访", State.UNKNOWN),  # 50
    ("date_birth", "1970-01-01T00:00:00Z", State.BLANK),  # 56
    ("date_hsct", "未移植", State.NOT_APPLICABLE),
]


@pytest.mark.parametrize(("variable", "raw", "state"), STATES)
def test_six_states_are_kept_apart(variable, raw, state):
    assert read(variable, raw).state == state


def test_an_equivocal_finding_of_a_three_valued_variable_is_indeterminate():
    p = read("mri_abnormal", "可疑")
    assert (p.value, p.state) == ("indeterminate", State.EQUIVOCAL)


def test_the_map_of_sexes_is_shown():
    assert 'codes = { sex = { "1" = "M", "2" = "F" } }' in read("sex", "1").action


def test_discharge_is_no_survival_status_and_withdrawal_no_death():
    assert read("outcome_status", "好转").code == "discharge_status"
    assert read("outcome_status", "放弃治疗").code == "withdrawal"
    assert "outcome_status" in read("death", "放弃治疗").action


def test_age_in_days_stays_exact():
    p = read("age_years", "18 d")
    assert (p.recorded, p.unit) == (18.0, "days")
