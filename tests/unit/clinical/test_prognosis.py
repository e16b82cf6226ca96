import pandas as pd
import pytest

from neurohlh.clinical.prognosis import as_known_by, evaluate_rules, parse_rule, prognostic_rules
from neurohlh.core.errors import InputError

ITEM = '[items.low]\nvariable = "platelets"\ncomparator = "<"\nthreshold = 30\nunit = "10^9/L"\n'
HEAD = 'source = "A source"\nstatus = "VERIFIED"\n'


def rule(prognosis, item=ITEM):
    return parse_rule(f"{HEAD}{item}[prognosis]\n{prognosis}", "mine.toml")


def test_a_ratio_becomes_its_logarithm_and_points_stay_points():
    by_ratio = rule('weights = "log odds ratio"\n[prognosis.ratios]\nlow = 1')
    by_points = rule('weights = "points"', ITEM + "points = 3\n")
    assert by_ratio.definition.items["low"].points == 0
    assert by_points.definition.items["low"].points == 3


@pytest.mark.parametrize(
    ("prognosis", "complaint"),
    [
        ('weights = "pionts"', "not known"),
        ('weights = "points"', "no weight for low"),
        ('weight = "none"', "unknown key 'weight'"),
        ('weights = "log odds ratio"\n[prognosis.ratios]\nhigh = 2', "belongs to no predictor"),
        ('weights = "log odds ratio"\n[prognosis.ratios]\nlow = 0', "belongs to no predictor"),
    ],
)
def test_what_is_not_legal_is_named_with_its_file(prognosis, complaint):
    with pytest.raises(InputError, match=complaint) as error:
        rule(prognosis)
    assert error.value.where == "mine.toml"


def test_a_file_without_prognosis_is_refused():
    with pytest.raises(InputError, match=r"no table \[prognosis\]"):
        parse_rule(HEAD + ITEM, "mine.toml")


def test_findings_of_the_cns_take_days_and_blood_values_do_not():
    looks = {r.definition.key: r.looks_at_cns for r in prognostic_rules()}
    assert not looks["pan2020"]
    assert looks["trottestam2012"]
    assert looks["harnchoowong2022"]
    assert looks["horne2008"]


def patients():
    days = pd.to_datetime(["2020-01-02", "2020-02-01", None, "2020-01-02"])
    return pd.DataFrame(
        {
            "patient_id": list("abcd"),
            "date_hlh_diagnosis": pd.to_datetime(["2020-01-01"] * 4),
            "date_lp_first": days,
            "csf_wbc": [200.0] * 4,
            "cns_baseline": ["met", "indeterminate", "not_met", "not_applicable"],
            "cns_group_horne_baseline": ["3", "unknown", "1", "unknown"],
            "cns_involved": ["met"] * 4,
            "platelets": [20.0] * 4,
        }
    )


def test_what_came_later_or_has_no_date_is_not_known_by_then():
    known = as_known_by(patients(), 14)
    assert known["csf_wbc"].notna().tolist() == [True, False, False, True]
    assert known["cns_involved"].tolist() == ["met", "indeterminate", "not_met", "indeterminate"]
    assert known["cns_group_horne"].tolist() == ["3", "unknown", "1", "unknown"]
    assert known["platelets"].tolist() == [20.0] * 4


def test_without_a_column_of_dates_no_finding_is_known_by_then():
    known = as_known_by(patients().drop(columns="date_lp_first"), 14)
    assert known["csf_wbc"].isna().all()


def test_the_order_and_the_index_of_the_patients_do_not_matter():
    rules = prognostic_rules()
    frame = patients().assign(platelets=[20.0, 50.0, None, 43.0], hemoglobin=50.0, albumin=20.0)
    straight = evaluate_rules(frame, rules)
    turned = evaluate_rules(frame.iloc[::-1], rules)
    pd.testing.assert_frame_equal(straight, turned.loc[straight.index])


def test_groups_hold_the_scores_at_both_ends_and_nothing_else():
    pan = next(r for r in prognostic_rules() if r.definition.key == "pan2020")
    found = pan.group_of(pd.Series([0.0, 1.0, 2.0, 3.0, 5.0, 6.0, None]))
    assert found.tolist()[:5] == ["low risk", "low risk", "intermediate risk", "poor risk", "poor risk"]
    assert found[5:].isna().all()
