"""Published prognostic rules, held against what was printed: a table of patients and their scores.

A missing value leaves bounds (lowest to highest possible score), never a zero. What was not in print is not scored.
"""

import numpy as np
import pandas as pd
import pytest

from neurohlh.clinical.prognosis import evaluate_rules, prognostic_rules

RULES = {rule.definition.key: rule for rule in prognostic_rules()}
NA = None

PAN = [
    # haemoglobin g/L, platelets 10^9/L, albumin g/L: points from 2 (< 60), 1 (< 30), 2 (< 25)
    ((90, 80, 35), (0, 0), "low risk"),
    ((60, 30, 25), (0, 0), "low risk"),  # at the limit is not below it
    ((90, 29, 35), (1, 1), "low risk"),
    ((59, 80, 35), (2, 2), "intermediate risk"),
    ((90, 80, 24), (2, 2), "intermediate risk"),
    ((90, 29, 24), (3, 3), "poor risk"),
    ((59, 29, 24), (5, 5), "poor risk"),
    ((59, 29, NA), (3, 5), None),  # albumin not measured: at least 3, perhaps 5; no score
    ((NA, NA, NA), (0, 5), None),
]


@pytest.mark.parametrize(("values", "bounds", "group"), PAN)
def test_pan_2020(values, bounds, group):
    frame = pd.DataFrame([dict(zip(("hemoglobin", "platelets", "albumin"), values, strict=True))]).astype(float)
    found = evaluate_rules(frame.assign(patient_id="1"), [RULES["pan2020"]])
    assert (found["pan2020__low"][0], found["pan2020__high"][0]) == bounds
    if group is not None:
        assert RULES["pan2020"].group_of(found["pan2020__low"])[0] == group


def test_pan_2020_prints_the_survival_of_three_groups():
    # Five-year survival of 88, 38 and 22 %: risks of death of 12, 62 and 78 %.
    assert [(g.name, g.low, g.high, g.risk) for g in RULES["pan2020"].groups] == [
        ("low risk", 0, 1, 0.12),
        ("intermediate risk", 2, 2, 0.62),
        ("poor risk", 3, 5, 0.78),
    ]


TROTTESTAM = [
    # bilirubin umol/L, ferritin ug/L, CSF cells/uL: the product of the printed hazard ratios 3.2, 3.2, 5.1
    ((50, 2000, 100), (1, 1)),
    ((51, 2000, 100), (3.2, 3.2)),
    ((51, 2001, 0), (3.2 * 3.2, 3.2 * 3.2)),
    ((51, 2001, 101), (3.2 * 3.2 * 5.1, 3.2 * 3.2 * 5.1)),
    ((51, 2001, NA), (3.2 * 3.2, 3.2 * 3.2 * 5.1)),  # no lumbar puncture: the cells are not known
]


@pytest.mark.parametrize(("values", "hazards"), TROTTESTAM)
def test_trottestam_2012(values, hazards):
    frame = pd.DataFrame([dict(zip(("bilirubin_total", "ferritin", "csf_wbc"), values, strict=True))]).astype(float)
    found = evaluate_rules(frame.assign(patient_id="1"), [RULES["trottestam2012"]])
    bounds = found["trottestam2012__low"][0], found["trottestam2012__high"][0]
    assert np.exp(bounds) == pytest.approx(hazards)


def test_ferritin_beyond_its_limit_of_measurement_is_above_2000():
    frame = pd.DataFrame({"patient_id": ["a", "b"], "ferritin": [2000.0, 1500.0], "ferritin_censored": ["right"] * 2})
    frame = frame.assign(bilirubin_total=10.0, csf_wbc=0.0)
    found = evaluate_rules(frame, [RULES["trottestam2012"]])
    # '>2000' is above 2000; '>1500' may be or not.
    assert found["trottestam2012__ferritin"].tolist() == ["met", "indeterminate"]


HARNCHOOWONG = [
    # CNS involvement, platelets: the product of the printed odds ratios 13 and 8
    (("not_met", 44), (1, 1)),
    (("not_met", 43), (8, 8)),
    (("met", 44), (13, 13)),
    (("met", 43), (104, 104)),
    (("indeterminate", 43), (8, 104)),  # not decidable is not 'no'
]


@pytest.mark.parametrize(("values", "odds"), HARNCHOOWONG)
def test_harnchoowong_2022(values, odds):
    frame = pd.DataFrame({"patient_id": ["1"], "cns_involved": [values[0]], "platelets": [float(values[1])]})
    found = evaluate_rules(frame, [RULES["harnchoowong2022"]])
    bounds = found["harnchoowong2022__low"][0], found["harnchoowong2022__high"][0]
    assert np.exp(bounds) == pytest.approx(odds)


@pytest.mark.parametrize(("group", "hazard"), [("1", 1), ("2", 0.98), ("3", 1.52), ("4", 2.05)])
def test_horne_2008(group, hazard):
    frame = pd.DataFrame({"patient_id": ["1"], "cns_group_horne": [group]})
    found = evaluate_rules(frame, [RULES["horne2008"]])
    assert found["horne2008__low"][0] == found["horne2008__high"][0]
    assert np.exp(found["horne2008__low"][0]) == pytest.approx(hazard)


def test_an_unknown_horne_group_is_not_group_1():
    frame = pd.DataFrame({"patient_id": ["1"], "cns_group_horne": ["unknown"]})
    found = evaluate_rules(frame, [RULES["horne2008"]])
    assert found["horne2008__low"][0] < found["horne2008__high"][0]


@pytest.mark.parametrize(
    ("key", "lacks"),
    [
        ("multicentre2025", "the points of the predictors"),
        ("songkhla2022", "hazard ratio of the neutrophils"),
        ("ma2024", "which brain regions are counted"),
        ("mao2022", "hazard ratios"),
    ],
)
def test_a_rule_without_printed_weights_scores_nobody(key, lacks):
    rule = RULES[key]
    assert not rule.scored
    assert any(lacks in reason for reason in rule.not_in_print)
    found = evaluate_rules(pd.DataFrame({"patient_id": ["1"], "wbc": [1.0]}), [rule])
    assert f"{key}__low" not in found


CUTS_2025 = [("wbc", 2.3, "not_met"), ("wbc", 2.2, "met"), ("hemoglobin", 79.0, "met"), ("il10", 69.0, "not_met")]


@pytest.mark.parametrize(("variable", "value", "state"), CUTS_2025)
def test_the_predictors_of_the_chinese_multicentre_nomogram_are_tabulated(variable, value, state):
    item = {"wbc": "leukocytes", "hemoglobin": "haemoglobin", "il10": "il10"}[variable]
    found = evaluate_rules(pd.DataFrame({"patient_id": ["1"], variable: [value]}), [RULES["multicentre2025"]])
    assert found[f"multicentre2025__{item}"][0] == state


def test_gastrointestinal_bleeding_is_not_taken_from_bleeding_in_general():
    rule = RULES["multicentre2025"]
    assert "hemorrhage" not in rule.variables
    assert any("gastrointestinal bleeding" in name for name in rule.not_held)


def test_every_rule_has_a_source_a_status_and_says_whom_it_was_made_in():
    for rule in RULES.values():
        assert rule.definition.source
        assert rule.definition.status == "VERIFIED"
        assert rule.population
        assert rule.predicts.startswith("death")
        assert rule.not_in_print
