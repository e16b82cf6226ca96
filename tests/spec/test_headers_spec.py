"""Headers as hospitals write them, and what they mean: a table to be read by a clinician."""

import numpy as np
import pytest

from neurohlh.etl.codebook import codebook
from neurohlh.etl.columns import SourceHints, questions, read_columns
from neurohlh.etl.table import Distinct, Kind, RawColumn

# upper headers / header -> variable, unit named by the header
HEADERS = """
HGB                               | hemoglobin        |
血红蛋白(g/L)                      | hemoglobin        | g/L
Plt                               | platelets         |
PLT(10^9/L)                       | platelets         | 10^9/L
血小板计数                         | platelets         |
WBC计数                           | wbc               |
中性粒细胞绝对值                    | anc               |
NEUT#                             | anc               |
甘油三脂                           | triglycerides     |
TG (mg/dL)                        | triglycerides     | mg/dL
Fbg                               | fibrinogen        |
纤维蛋白原                         | fibrinogen        |
SF                                | ferritin          |
铁蛋白(ng/ml)                      | ferritin          | ng/mL
sIL-2R                            | scd25             |
可溶性白介素2受体                   | scd25             |
NK活性                            | nk_activity       |
NK细胞活性（%）                     | nk_activity_pct   | %
NK细胞比例                         | nk_cell_pct       |
住院号                             | patient_id        |
病案号                             | patient_id        |
出生日期                           | date_birth        |
入院时间                           | date_admission    |
确诊日期                           | date_hlh_diagnosis|
是否死亡                           | death             |
死亡时间                           | date_death        |
末次随访                           | date_last_followup|
总生存期(月)                       | followup_days     | months
年龄（月）                         | age_years         | months
结局                              | outcome_status    |
转归                              | outcome_status    |
pct                               | pct               |
PCT(ng/ml)                        | pct               | ng/mL
plt                               | platelets         |
神经系统症状                       | neuro_symptoms_any|
抽搐                              | sx_seizure        |
惊厥                              | sx_seizure        |
嗜睡                              | sx_somnolence     |
头颅MRI                           | mri_done          |
头颅MRI异常                        | mri_abnormal      |
脑脊液蛋白定量(mg/L)                | csf_protein       | mg/L
脑脊液 / 蛋白(g/L)                 | csf_protein       | g/L
脑脊液 / 白细胞                    | csf_wbc           |
脑脊液常规 / 白细胞(×10^6/L)        | csf_wbc           | 10^6/L
CSF / WBC                         | csf_wbc           |
CSF / Protein (mg/dL)             | csf_protein       | mg/dL
脑脊液 / 糖                        | csf_glucose       |
血常规 / 白细胞                    | wbc               |
CBC / WBC                         | wbc               |
血生化 / 白蛋白 / g/L               | albumin           | g/L
头颅MRI / 结果                     | mri_abnormal      |
头颅MRI / 描述                     | mri_report_text   |
头颅MRI / 报告                     | mri_report_text   |
影像所见                           | mri_report_text   |
影像诊断                           | mri_report_text   |
MRI report                        | mri_report_text   |
Brain MRI / Report                | mri_report_text   |
头颅CT报告                         | ct_report_text    |
头颅MRI / 基底节                   | mri_basal_ganglia |
头颅MRI / 日期                     | date_imaging_first|
神经系统症状 / 抽搐                 | sx_seizure        |
神经系统症状 / 有无                 | neuro_symptoms_any|
治疗2周 / 铁蛋白                   | ferritin_w2       |
骨髓 / 噬血现象                    | hemophagocytosis_bm |
入院时血小板                       | platelets         |
WBC/uL                            | wbc               | /uL
CSF WBC/uL                        | csf_wbc           | cells/uL
血小板(100-300×10^9/L)             | platelets         | 10^9/L
纤维蛋白原(Fib)g/L                 | fibrinogen        | g/L
铁蛋白 ng/ml 入院                  | ferritin          | ng/mL
结局（存活/死亡）                   | outcome_status    |
脾大(cm)                          | spleen_cm         | cm below costal margin
baseline_ferritin                 | ferritin          |
3、铁蛋白                          | ferritin          |
"""

# header -> why it must not be taken for the variable that it resembles
NOT_THE_VARIABLE = {
    "中性粒细胞%": "a percentage is no count",
    "脑脊液 / 血小板": "no blood value under the cerebrospinal fluid",
    "尿常规 / 白细胞": "urine",
    "骨髓 / 白细胞": "marrow",
    "头颅MRI/CT": "either of two examinations",
    "血小板<100": "a yes or no, not the count",
    "血小板(<100)": "a yes or no, not the count",
    "年龄(岁/月)": "two units",
    "头颅MRI / 出血": "not the systemic bleeding of the MS score",
    "治疗后 / 铁蛋白": "not the value at diagnosis",
    "出院时血小板": "not the value at diagnosis",
    "铁蛋白(治疗后)": "not the value at diagnosis",
    "供者 / 性别": "the donor",
    "家族史 / 癫痫发作": "the family",
    "HCT(%)": "haematocrit, not a transplant",
    "潘氏试验": "not in the codebook",
}


def _column(header, texts=()):
    cells = Distinct(list(texts), [Kind.TEXT] * len(texts), np.arange(len(texts), dtype=np.int32))
    return RawColumn(tuple(header.split(" / ")), 0, lambda: cells)


def _rows():
    for line in HEADERS.strip().splitlines():
        yield pytest.param(*(part.strip() for part in line.split("|")), id=line.split("|")[0].strip())


@pytest.mark.parametrize(("header", "variable", "unit"), list(_rows()))
def test_header(header, variable, unit):
    (item,), _ = read_columns([_column(header)], SourceHints(), codebook())
    assert (item.variable, item.unit or "") == (variable, unit)


@pytest.mark.parametrize("header", NOT_THE_VARIABLE)
def test_header_that_only_resembles(header):
    (item,), _ = read_columns([_column(header)], SourceHints(), codebook())
    assert (item.variable, item.how) == (None, "unrecognised")


# The ambiguous headers of dossier 12 (and those that a legend or a look at the cells must settle).
# header, cells, what the study says, whether anybody must be asked
AMBIGUOUS = [
    ("随访时间", ["12"], {}, True),
    ("随访时间", ["12个月"], {}, False),
    ("随访时间(月)", ["12"], {}, False),
    ("随访时间", ["12"], {"units": {"followup_days": "months"}}, False),
    ("随访时间", ["12"], {"rename": {"随访时间": "followup_days"}}, False),
    ("随访时间", ["2020-03-05"], {}, True),
    ("生存时间", ["12"], {}, True),
    ("fu_time", ["12"], {}, True),
    ("survival_time", ["12"], {}, True),
    ("time", ["12"], {}, True),
    ("os_days", ["12"], {}, False),
    ("followup_days", ["12"], {}, False),
    ("年龄", ["3"], {}, True),
    ("年龄", ["3岁2月", "18d"], {}, False),
    ("年龄（岁）", ["3"], {}, False),
    ("年龄", ["3"], {"units": {"age_years": "years"}}, False),
    ("基本信息 / 年龄", ["3"], {}, True),
    ("中性粒细胞", ["65"], {}, True),
    ("中性粒细胞", ["65"], {"units": {"anc": "10^9/L"}}, False),
    ("中性粒细胞", ["65"], {"rename": {"中性粒细胞": "ignore"}}, False),
    ("中性粒细胞", ["65"], {"rename": {"中性粒细胞": "anc"}}, False),
    ("中性粒细胞计数", ["0.6"], {}, False),
    ("中性粒细胞(10^9/L)", ["0.6"], {}, False),
    ("血常规 / 中性粒细胞", ["0.6"], {}, True),
    ("脑脊液蛋白", ["0.4"], {}, True),
    ("脑脊液 / 蛋白", ["420"], {}, True),
    ("脑脊液蛋白", ["0.4g/L", "未查"], {}, False),
    ("脑脊液蛋白(mg/L)", ["420"], {}, False),
    ("CSF protein", ["42"], {}, True),
    ("csf_protein", ["0.42"], {}, False),
    ("肝脾大", ["有"], {}, True),
    ("临床表现 / 肝脾大", ["有"], {}, True),
    ("肝脾大", ["有"], {"rename": {"肝脾大": "ignore"}}, False),
    ("结局", ["死亡"], {}, False),
    ("转归", ["1"], {}, False),
    ("pct", ["0.5"], {}, False),
    ("生存状态", ["0", "1"], {}, True),
    ("生存状态", ["存活", "死亡"], {}, False),
    ("生存状态", ["0", "1"], {"codes": {"death": {"1": "1", "0": "0"}}}, False),
    ("头颅MRI", ["正常", "异常", "未做"], {}, True),
    ("头颅MRI", ["是", "否"], {}, False),
    ("头颅MRI", ["正常"], {"rename": {"头颅MRI": "mri_abnormal"}}, False),
]


@pytest.mark.parametrize(("header", "cells", "study", "is_asked"), AMBIGUOUS)
def test_ambiguous_header_is_asked_unless_something_answers(header, cells, study, is_asked):
    found = questions([_column(header, cells)], SourceHints(**study), codebook())
    assert bool(found) == is_asked


@pytest.mark.parametrize(("header", "cells"), [(h, c) for h, c, study, is_asked in AMBIGUOUS if is_asked and not study])
def test_every_question_says_why_and_how_to_answer_it(header, cells):
    (question,) = questions([_column(header, cells)], SourceHints(), codebook())
    assert question.what
    assert question.why
    assert question.answers
