"""How the two synthetic hospitals lay out their tables: one `Field` per column.

Conversion factors stand here a second time on purpose (dossier 0.2): the truth must not be computed by the code that
it is there to test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["text", "number", "date", "flag", "word", "age"]


@dataclass(frozen=True)
class Field:
    """One column of a hospital's table.

    `factor` and `offset` lead from the recorded number to the codebook's unit: canonical = (x - offset) * factor.
    `words` maps a code of the codebook to what the hospital writes, the first is the habit. `done` names the column of
    the truth that tells whether the test was done (then "not done" words stand where it was not).
    """

    variable: str
    header: str
    kind: Kind
    group: str = ""
    decimals: int = 0
    factor: str = "1"
    offset: str = "0"
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    done: str = ""


YES_NO_A: dict[str, tuple[str, ...]] = {
    "true": ("有", "是", "+", "(+)", "（＋）"),
    "false": ("无", "否", "(-)", "（－）"),
}
DONE_A: dict[str, tuple[str, ...]] = {"true": ("已做", "是"), "false": ("未做", "否")}
SEEN_A: dict[str, tuple[str, ...]] = {"met": ("异常",), "not_met": ("正常", "未见异常", "未见明显异常", "(-)")}
YES_NO_B: dict[str, tuple[str, ...]] = {"true": ("yes", "Yes", "Y", "1"), "false": ("no", "No", "N", "0")}
BIT_B: dict[str, tuple[str, ...]] = {"true": ("1",), "false": ("0",)}
SEEN_B: dict[str, tuple[str, ...]] = {"met": ("abnormal", "Abnormal"), "not_met": ("normal", "Normal")}
NK_A: dict[str, tuple[str, ...]] = {"low": ("降低", "减低"), "absent": ("缺失",), "normal": ("正常",)}
NK_B: dict[str, tuple[str, ...]] = {"low": ("low",), "absent": ("absent",), "normal": ("normal",)}
EBV_A: dict[str, tuple[str, ...]] = {"positive": ("阳性", "(+)", "＋"), "negative": ("阴性", "(-)")}
EBV_B: dict[str, tuple[str, ...]] = {"positive": ("positive", "pos"), "negative": ("negative", "neg")}
SEX_A: dict[str, tuple[str, ...]] = {"M": ("男",), "F": ("女",)}
SEX_B: dict[str, tuple[str, ...]] = {"M": ("1",), "F": ("2",)}
GENE: dict[str, tuple[str, ...]] = {
    "PRF1": ("PRF1",),
    "UNC13D": ("UNC13D", "MUNC13-4"),
    "STX11": ("STX11",),
    "STXBP2": ("STXBP2",),
}
GENE_A = GENE | {"none": ("未检出", "无")}
GENE_B = GENE | {"none": ("none",)}
END_A: dict[str, tuple[str, ...]] = {"alive": ("存活",), "dead": ("死亡",), "lost": ("失访",)}
SPECIMEN_A: dict[str, tuple[str, ...]] = {"plasma": ("血浆",), "whole_blood": ("全血",)}
SPECIMEN_B: dict[str, tuple[str, ...]] = {"plasma": ("plasma",), "whole_blood": ("whole blood", "blood")}
VIRUS: dict[str, tuple[str, ...]] = {
    code: (code,) for code in ("EBV", "CMV", "HHV6", "adenovirus", "parvovirus_B19", "influenza", "dengue", "none")
}
MALIK: dict[str, tuple[str, ...]] = {
    "1a_multifocal_wm": ("1a",),
    "1b_brainstem": ("1b",),
    "2_attenuated": ("2",),
    "none": ("none",),
}
AGAIN_A: dict[str, tuple[str, ...]] = {
    "none": ("无", "未复发"),
    "systemic": ("全身复发",),
    "partial_flare": ("部分复燃",),
    "isolated_cns": ("单纯中枢复发",),
    "systemic_cns": ("全身+中枢复发",),
}
AGAIN_B: dict[str, tuple[str, ...]] = {
    code: (code,) for code in ("none", "systemic", "partial_flare", "isolated_cns", "systemic_cns")
}
PLAN: dict[str, tuple[str, ...]] = {
    "HLH-94": ("HLH-94",),
    "HLH-2004": ("HLH-2004", "HLH-04"),
    "DEP": ("DEP",),
    "steroid_only": ("steroid_only",),
    "none": ("none",),
}
CAUSE_B: dict[str, tuple[str, ...]] = {
    code: (code,) for code in ("ebv", "other_virus", "bacterial", "rheumatic_mas", "malignancy", "unknown")
}

_WHO, _SIGNS, _BLOOD, _CSF, _HEAD, _COURSE = (
    "基本信息",
    "临床表现",
    "实验室检查",
    "脑脊液",
    "头颅影像",
    "治疗与转归",
)

HOSPITAL_A: tuple[Field, ...] = (
    Field("patient_id", "病例号", "text", _WHO),
    Field("center_id", "中心", "text", _WHO),
    Field("sex", "性别", "word", _WHO, words=SEX_A),
    Field("date_birth", "出生日期", "date", _WHO),
    Field("age_years", "年龄", "age", _WHO),
    Field("date_onset", "起病日期", "date", _WHO),
    Field("date_admission", "入院日期", "date", _WHO),
    Field("date_hlh_diagnosis", "确诊日期", "date", _WHO),
    Field("fever", "发热", "flag", _SIGNS, words=YES_NO_A),
    Field("temp_max_c", "最高体温(℃)", "number", _SIGNS, decimals=1),
    Field("splenomegaly", "脾大", "flag", _SIGNS, words=YES_NO_A),
    Field("hepatomegaly", "肝大", "flag", _SIGNS, words=YES_NO_A),
    Field("lymphadenopathy", "淋巴结肿大", "flag", _SIGNS, words=YES_NO_A),
    Field("neuro_assessed", "神经系统查体", "flag", _SIGNS, words=DONE_A),
    Field("sx_seizure", "抽搐", "flag", _SIGNS, words=YES_NO_A, done="neuro_assessed"),
    Field("sx_altered_consciousness", "意识障碍", "flag", _SIGNS, words=YES_NO_A, done="neuro_assessed"),
    Field("sx_irritability", "易激惹", "flag", _SIGNS, words=YES_NO_A, done="neuro_assessed"),
    Field("sx_meningeal_signs", "脑膜刺激征", "flag", _SIGNS, words=YES_NO_A, done="neuro_assessed"),
    Field("sx_ataxia", "共济失调", "flag", _SIGNS, words=YES_NO_A, done="neuro_assessed"),
    Field("sx_hemiparesis", "偏瘫", "flag", _SIGNS, words=YES_NO_A, done="neuro_assessed"),
    Field("date_neuro_onset", "神经症状出现日期", "date", _SIGNS),
    Field("wbc", "白细胞(×10^9/L)", "number", _BLOOD, decimals=2),
    Field("anc", "中性粒细胞计数(×10^9/L)", "number", _BLOOD, decimals=2),
    Field("hemoglobin", "血红蛋白(g/L)", "number", _BLOOD),
    Field("platelets", "血小板(×10^9/L)", "number", _BLOOD),
    Field("ferritin", "铁蛋白(ng/ml)", "number", _BLOOD, decimals=1),
    Field("triglycerides", "甘油三酯(mmol/L)", "number", _BLOOD, decimals=2),
    Field("fibrinogen", "纤维蛋白原(g/L)", "number", _BLOOD, decimals=2),
    Field("alt", "ALT(U/L)", "number", _BLOOD),
    Field("ast", "AST(U/L)", "number", _BLOOD),
    Field("ldh", "LDH(U/L)", "number", _BLOOD),
    Field("bilirubin_total", "总胆红素(μmol/L)", "number", _BLOOD, decimals=1),
    Field("albumin", "白蛋白(g/L)", "number", _BLOOD, decimals=1),
    Field("creatinine", "肌酐(umol/L)", "number", _BLOOD),
    Field("sodium", "血钠(mmol/L)", "number", _BLOOD, decimals=1),
    Field("crp", "CRP(mg/L)", "number", _BLOOD, decimals=1),
    Field("scd25", "sCD25(U/ml)", "number", _BLOOD, done="scd25_tested"),
    Field("nk_activity", "NK细胞活性", "word", _BLOOD, words=NK_A, done="nk_tested"),
    Field("bm_done", "骨髓检查", "flag", _BLOOD, words=DONE_A),
    Field("hemophagocytosis_bm", "骨髓噬血现象", "flag", _BLOOD, words=YES_NO_A, done="bm_done"),
    Field("ebv_status", "EB病毒", "word", _BLOOD, words=EBV_A, done="ebv_tested"),
    Field("ebv_dna", "EBV-DNA载量(copies/ml)", "number", _BLOOD),
    Field("ebv_specimen", "EBV标本", "word", _BLOOD, words=SPECIMEN_A),
    Field("genetic_test_done", "基因检测", "flag", _BLOOD, words=DONE_A),
    Field("gene_causal", "致病基因", "word", _BLOOD, words=GENE_A, done="genetic_test_done"),
    Field("lp_done", "是否腰穿", "flag", _CSF, words=DONE_A),
    Field("date_lp_first", "首次腰穿日期", "date", _CSF),
    Field("csf_wbc", "脑脊液白细胞(×10^6/L)", "number", _CSF, done="lp_done"),
    Field("csf_rbc", "脑脊液红细胞(×10^6/L)", "number", _CSF, done="lp_done"),
    Field("csf_protein", "脑脊液蛋白(mg/L)", "number", _CSF, factor="0.001", done="lp_done"),
    Field("csf_glucose", "脑脊液糖(mmol/L)", "number", _CSF, decimals=2, done="lp_done"),
    Field("mri_done", "是否MRI", "flag", _HEAD, words=DONE_A),
    Field("date_imaging_first", "头颅MRI日期", "date", _HEAD),
    Field("mri_abnormal", "头颅MRI异常", "word", _HEAD, words=SEEN_A, done="mri_done"),
    Field("mri_wm_periventricular", "脑室旁白质异常信号", "flag", _HEAD, words=YES_NO_A, done="mri_done"),
    Field("mri_wm_multifocal", "多灶性脑白质病变", "flag", _HEAD, words=YES_NO_A, done="mri_done"),
    Field("mri_basal_ganglia", "基底节病变", "flag", _HEAD, words=YES_NO_A, done="mri_done"),
    Field("mri_brainstem", "脑干病变", "flag", _HEAD, words=YES_NO_A, done="mri_done"),
    Field("mri_cerebellum", "小脑病变", "flag", _HEAD, words=YES_NO_A, done="mri_done"),
    Field("mri_thalamus", "丘脑病变", "flag", _HEAD, words=YES_NO_A, done="mri_done"),
    Field("mri_corpus_callosum", "胼胝体病变", "flag", _HEAD, words=YES_NO_A, done="mri_done"),
    Field("mri_diffusion_restricted", "弥散受限", "flag", _HEAD, words=YES_NO_A, done="mri_done"),
    Field("mri_adc_increased", "ADC升高", "flag", _HEAD, words=YES_NO_A, done="mri_done"),
    Field("mri_region_count", "受累脑区数", "number", _HEAD, done="mri_done"),
    Field("mri_report_text", "影像描述", "text", _HEAD),
    Field("regimen_initial", "初始方案", "word", _COURSE, words=PLAN),
    Field("date_treatment_start", "治疗开始日期", "date", _COURSE),
    Field("etoposide", "依托泊苷", "flag", _COURSE, words=YES_NO_A),
    Field("steroid", "激素", "flag", _COURSE, words=YES_NO_A),
    Field("cyclosporine", "环孢素", "flag", _COURSE, words=YES_NO_A),
    Field("ruxolitinib", "芦可替尼", "flag", _COURSE, words=YES_NO_A),
    Field("intrathecal", "鞘内注射", "flag", _COURSE, words=YES_NO_A),
    Field("date_it_first", "首次鞘注日期", "date", _COURSE),
    Field("hsct", "是否移植", "flag", _COURSE, words=YES_NO_A),
    Field("date_hsct", "移植日期", "date", _COURSE),
    Field("reactivation", "复发", "word", _COURSE, words=AGAIN_A),
    Field("date_reactivation", "复发日期", "date", _COURSE),
    Field("outcome_status", "转归", "word", _COURSE, words=END_A),
    Field("date_death", "死亡日期", "date", _COURSE),
    Field("date_last_followup", "末次随访日期", "date", _COURSE),
    Field("neuro_sequelae", "神经系统后遗症", "word", _COURSE, words={"met": ("有",), "not_met": ("无",)}),
)

HOSPITAL_B: tuple[Field, ...] = (
    Field("patient_id", "subject_id", "text"),
    Field("center_id", "center", "text"),
    Field("sex", "sex", "word", words=SEX_B),
    Field("date_birth", "dob", "date"),
    Field("age_years", "age (years)", "age", decimals=2),
    Field("date_onset", "onset_date", "date"),
    Field("date_admission", "admit_date", "date"),
    Field("date_hlh_diagnosis", "dx_date", "date"),
    Field("date_treatment_start", "tx_start", "date"),
    Field("temp_max_c", "max_temp (°F)", "number", decimals=1, factor="0.555555555555556", offset="32"),
    Field("splenomegaly", "splenomegaly", "flag", words=YES_NO_B),
    Field("hepatomegaly", "hepatomegaly", "flag", words=YES_NO_B),
    Field("hemoglobin", "Hb (g/dL)", "number", decimals=1, factor="10"),
    Field("wbc", "WBC (/uL)", "number", decimals=-1, factor="0.001"),
    Field("anc", "ANC (/uL)", "number", decimals=-1, factor="0.001"),
    Field("platelets", "PLT (/uL)", "number", decimals=-3, factor="0.001"),
    Field("ferritin", "ferritin (ng/mL)", "number"),
    Field("triglycerides", "triglycerides (mg/dL)", "number", factor="0.01129"),
    Field("fibrinogen", "fibrinogen (mg/dL)", "number", factor="0.01"),
    Field("ast", "AST (U/L)", "number"),
    Field("alt", "ALT (U/L)", "number"),
    Field("ldh", "LDH (U/L)", "number"),
    Field("bilirubin_total", "total bilirubin (mg/dL)", "number", decimals=1, factor="17.104"),
    Field("albumin", "albumin (g/dL)", "number", decimals=1, factor="10"),
    Field("creatinine", "creatinine (mg/dL)", "number", decimals=2, factor="88.42"),
    Field("sodium", "sodium (mEq/L)", "number"),
    Field("crp", "CRP (mg/dL)", "number", decimals=2, factor="10"),
    Field("scd25", "sIL-2R (U/mL)", "number", done="scd25_tested"),
    Field("nk_activity", "nk_activity", "word", words=NK_B, done="nk_tested"),
    Field("hemophagocytosis_bm", "hemophagocytosis_bm", "flag", words=YES_NO_B, done="bm_done"),
    Field("ebv_status", "ebv_status", "word", words=EBV_B, done="ebv_tested"),
    Field("ebv_dna", "ebv_load (copies/mL)", "number"),
    Field("ebv_specimen", "ebv_specimen", "word", words=SPECIMEN_B),
    Field("gene_causal", "gene", "word", words=GENE_B, done="genetic_test_done"),
    Field("trigger_category", "trigger", "word", words=CAUSE_B),
    Field("trigger_virus", "trigger_virus", "word", words=VIRUS),
    Field("neuro_assessed", "neuro_assessed", "flag", words=BIT_B),
    Field("sx_seizure", "seizure", "flag", words=BIT_B, done="neuro_assessed"),
    Field("sx_altered_consciousness", "altered mental status", "flag", words=BIT_B, done="neuro_assessed"),
    Field("sx_irritability", "irritability", "flag", words=BIT_B, done="neuro_assessed"),
    Field("sx_ataxia", "ataxia", "flag", words=BIT_B, done="neuro_assessed"),
    Field("sx_meningeal_signs", "meningism", "flag", words=BIT_B, done="neuro_assessed"),
    Field("sx_hemiparesis", "hemiparesis", "flag", words=BIT_B, done="neuro_assessed"),
    Field("date_neuro_onset", "neuro_onset_date", "date"),
    Field("lp_done", "lumbar_puncture", "flag", words=YES_NO_B),
    Field("date_lp_first", "lp_date", "date"),
    Field("csf_wbc", "CSF WBC (cells/µL)", "number", done="lp_done"),
    Field("csf_rbc", "CSF RBC (cells/µL)", "number", done="lp_done"),
    Field("csf_protein", "CSF protein (mg/dL)", "number", factor="0.01", done="lp_done"),
    Field("csf_glucose", "CSF glucose (mg/dL)", "number", factor="0.0555", done="lp_done"),
    Field("mri_done", "mri_done", "flag", words=YES_NO_B),
    Field("date_imaging_first", "mri_date", "date"),
    Field("mri_abnormal", "mri_result", "word", words=SEEN_B, done="mri_done"),
    Field(
        "mri_wm_periventricular", "Periventricular white matter signal change", "flag", words=YES_NO_B, done="mri_done"
    ),
    Field("mri_wm_multifocal", "Multifocal white matter lesions", "flag", words=YES_NO_B, done="mri_done"),
    Field("mri_basal_ganglia", "Basal ganglia lesion", "flag", words=YES_NO_B, done="mri_done"),
    Field("mri_brainstem", "Brainstem lesion", "flag", words=YES_NO_B, done="mri_done"),
    Field("mri_cerebellum", "Cerebellar lesion", "flag", words=YES_NO_B, done="mri_done"),
    Field("mri_thalamus", "Thalamic lesion", "flag", words=YES_NO_B, done="mri_done"),
    Field("mri_corpus_callosum", "Corpus callosum lesion", "flag", words=YES_NO_B, done="mri_done"),
    Field("mri_diffusion_restricted", "Restricted diffusion", "flag", words=YES_NO_B, done="mri_done"),
    Field("mri_adc_increased", "High ADC", "flag", words=YES_NO_B, done="mri_done"),
    Field("mri_malik_pattern", "malik", "word", words=MALIK, done="mri_done"),
    Field("mri_report_text", "mri_report", "text"),
    Field("icu", "picu", "flag", words=YES_NO_B),
    Field("mods", "MODS", "flag", words=YES_NO_B),
    Field("regimen_initial", "regimen", "word", words=PLAN),
    Field("etoposide", "etoposide", "flag", words=YES_NO_B),
    Field("steroid", "dexamethasone", "flag", words=YES_NO_B),
    Field("cyclosporine", "csa", "flag", words=YES_NO_B),
    Field("intrathecal", "it_therapy", "flag", words=YES_NO_B),
    Field("date_it_first", "it_date", "date"),
    Field("hsct", "hsct", "flag", words=YES_NO_B),
    Field("date_hsct", "transplant_date", "date"),
    Field("reactivation", "reactivation", "word", words=AGAIN_B),
    Field("date_reactivation", "relapse_date", "date"),
    Field("death", "died", "flag", words=YES_NO_B),
    Field("date_death", "death_date", "date"),
    Field("lost_to_followup", "lost_to_followup", "flag", words=YES_NO_B),
    Field("date_last_followup", "last_contact", "date"),
    Field("followup_days", "followup_days", "number"),
    Field("neuro_sequelae", "sequelae", "word", words={"met": ("yes",), "not_met": ("no",)}),
)
