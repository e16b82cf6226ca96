import numpy as np
import pandas as pd
import pytest

from neurohlh.stats.describe.smd import smd_levels, smd_numbers
from neurohlh.stats.describe.table1 import TableVariable, table1


@pytest.fixture
def cohort():
    return pd.DataFrame(
        {
            "cns": ["met"] * 4 + ["not_met"] * 4 + ["indeterminate"] * 2,
            "ferritin": [1000.0, 2000, 40000, 40000, 500, 600, 700, np.nan, 900, np.nan],
            "ferritin_censored": [None, None, "right", "right"] + [None] * 6,
            "fever": pd.array([True, True, True, None, True, False, False, None, True, None], dtype="boolean"),
            "cause": ["ebv", "ebv", "gene", "gene", "ebv", None, "gene", "gene", "ebv", "none"],
        }
    )


def select(result, **where):
    rows = result.tidy
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return rows


def only(result, **where):
    rows = select(result, **where)
    assert len(rows) == 1
    return rows.iloc[0]


def test_groups_and_sizes_in_order_with_the_undecided_as_their_own(cohort):
    result = table1(cohort, "cns", ["ferritin"])
    sizes = select(result, term="size")
    assert sizes["group"].tolist() == ["overall", "met", "not_met", "indeterminate"]
    assert sizes["n"].tolist() == [10, 4, 4, 2]
    assert result.method["groups"] == sizes["group"].tolist()


def test_medians_carry_their_denominator_and_their_limits(cohort):
    result = table1(cohort, "cns", ["ferritin"])
    met = only(result, variable="ferritin", group="met", measure="median")
    assert (met["estimate"], met["n"]) == (21000, 4)
    assert met["note"].endswith("may be higher")
    plain = only(result, variable="ferritin", group="not_met", measure="median")
    assert (plain["estimate"], plain["n"], plain["note"]) == (600, 3, "")
    quarter = only(result, variable="ferritin", group="met", measure="q25")
    assert (quarter["estimate"], quarter["note"]) == (1750, "")


def test_censored_and_missing_values_are_counted_per_group(cohort):
    result = table1(cohort, "cns", ["ferritin"])
    censored = select(result, term="censored").set_index("group")
    assert censored.loc["met", ["level", "n", "events"]].tolist() == ["right", 4, 2]
    missing = select(result, variable="ferritin", term="missing").set_index("group")
    assert missing["events"].to_dict() == {"overall": 2, "met": 0, "not_met": 1, "indeterminate": 1}
    assert missing["n"].to_dict() == {"overall": 10, "met": 4, "not_met": 4, "indeterminate": 2}


def test_binary_variables_show_one_level_of_the_known(cohort):
    result = table1(cohort, "cns", ["fever"])
    assert result.method["types"]["fever"] == "binary"
    rows = select(result, variable="fever", term="level").set_index("group")
    assert set(rows["level"]) == {"true"}
    assert rows.loc["not_met", ["n", "events"]].tolist() == [3, 1]
    assert only(result, variable="fever", term="smd")["estimate"] == pytest.approx(
        smd_levels(np.array([0.0, 3]), np.array([2.0, 1])).value
    )


def test_categories_show_every_level_in_every_group(cohort):
    rows = select(table1(cohort, "cns", ["cause"]), variable="cause", term="level")
    met = rows[rows["group"] == "met"].set_index("level")
    assert met["events"].to_dict() == {"ebv": 2, "gene": 2, "none": 0}
    not_met = rows[rows["group"] == "not_met"].set_index("level")
    assert not_met["estimate"].to_dict() == {"ebv": pytest.approx(1 / 3), "gene": pytest.approx(2 / 3), "none": 0}


def test_the_order_of_levels_can_be_declared_and_is_checked(cohort):
    cause = TableVariable("cause", levels=("none", "gene", "ebv"))
    levels = select(table1(cohort, None, [cause]), term="level")["level"].tolist()
    assert levels == ["none", "gene", "ebv"]
    with pytest.raises(ValueError, match="'cause' holds levels that were not declared: none"):
        table1(cohort, None, [TableVariable("cause", levels=("gene", "ebv"))])


def test_the_smd_contrasts_met_with_not_met(cohort):
    row = only(table1(cohort, "cns", ["ferritin"]), term="smd")
    a, b = np.array([1000.0, 2000, 40000, 40000]), np.array([500.0, 600, 700])
    assert row["contrast"] == "met vs not_met"
    assert (row["estimate"], row["n"]) == (pytest.approx(smd_numbers(a, b).value), 7)


def test_the_smd_of_many_groups_is_the_largest_of_all_pairs():
    frame = pd.DataFrame({"g": list("aaabbbccc"), "x": [1.0, 2, 3, 2, 3, 4, 9, 10, 11]})
    row = only(table1(frame, "g", ["x"]), term="smd")
    assert row["contrast"] == "largest of all pairs (a vs b vs c)"
    assert row["estimate"] == pytest.approx(8)


def test_an_indeterminate_component_is_unknown_not_no(cohort):
    cohort["csf"] = ["met", "not_met", "indeterminate", None] * 2 + ["not_applicable", "met"]
    result = table1(cohort, None, [TableVariable("csf", kind="binary")])
    row = only(result, term="level")
    assert (row["level"], row["n"], row["events"]) == ("met", 5, 3)
    missing = only(result, term="missing")
    assert (missing["events"], missing["note"]) == (5, "includes indeterminate and not_applicable")


def test_groups_without_a_shared_level_are_named(cohort):
    cohort["site"] = ["a"] * 4 + ["b"] * 6
    row = only(table1(cohort, "cns", ["site"]), term="smd")
    assert row["note"] == "not estimable: no overlap between the groups"
    assert np.isnan(row["estimate"])


def test_patients_without_a_group_stand_beside_the_comparison(cohort):
    cohort.loc[0, "cns"] = None
    result = table1(cohort, "cns", ["ferritin"], tests=True)
    assert result.method["groups"][-1] == "missing"
    assert only(result, term="test")["contrast"] == "met vs not_met"
    assert only(result, term="test")["n"] == 6


def test_tests_are_off_by_default_and_named_when_on(cohort):
    assert select(table1(cohort, "cns", ["ferritin", "cause"]), term="test").empty
    result = table1(cohort, "cns", ["ferritin", "cause"], tests=True)
    assert result.method["tests"] == {
        "ferritin": "Wilcoxon rank-sum, normal approximation with continuity correction", "cause": "Fisher exact"
    }  # fmt: skip
    assert only(result, variable="cause", term="test")["p_value"] == pytest.approx(1)


def test_overall_only(cohort):
    result = table1(cohort, None, ["ferritin", "cause"], tests=True)
    assert set(result.tidy["group"]) == {"overall"}
    assert select(result, term="smd").empty


def test_labels_and_units_travel_with_the_recipe(cohort):
    method = table1(cohort, None, [TableVariable("ferritin", label="Ferritin", unit="ug/L")]).method
    assert (method["labels"], method["units"]) == ({"ferritin": "Ferritin"}, {"ferritin": "ug/L"})


def test_a_variable_nobody_has(cohort):
    cohort["sil2r"] = np.nan
    result = table1(cohort, "cns", ["sil2r"], tests=True)
    assert select(result, measure="median")["note"].str.startswith("not estimable").all()
    assert only(result, term="smd")["note"].startswith("not estimable")
    assert only(result, term="test")["note"].startswith("not estimable")


def test_wrong_requests(cohort):
    with pytest.raises(ValueError, match=r"no column 'feritin'\. Did you mean 'ferritin'"):
        table1(cohort, "cns", ["feritin"])
    with pytest.raises(ValueError, match="must be continuous, category or binary, not 'number'"):
        table1(cohort, "cns", [TableVariable("ferritin", kind="number")])


def test_means_and_standard_deviations_stand_beside_the_quartiles(cohort):
    result = table1(cohort, "cns", ["ferritin"])
    mean = only(result, group="not_met", measure="mean")
    assert (mean["estimate"], mean["n"]) == (600, 3)
    assert only(result, group="not_met", measure="sd")["estimate"] == pytest.approx(100)
    assert only(result, group="met", measure="mean")["note"] == "limits of measurement enter as values"
    alone = only(result, group="indeterminate", measure="sd")
    assert alone["note"] == "not estimable: fewer than two known values"


def test_every_other_group_against_a_reference():
    frame = pd.DataFrame({"g": list("aaabbbccc"), "x": [1.0, 2, 3, 2, 3, 4, 9, 10, 11]})
    rows = select(table1(frame, "g", ["x"], reference="b"), term="smd")
    assert rows.set_index("contrast")["estimate"].to_dict() == pytest.approx({"a vs b": -1, "c vs b": 7})
    with pytest.raises(ValueError, match="reference 'd' is no group to compare"):
        table1(frame, "g", ["x"], reference="d")


def test_the_test_can_be_chosen_and_its_effect_stands_beside_it(cohort):
    options = {"number_test": "welch", "level_test": "chi-square, Yates"}
    result = table1(cohort, "cns", ["ferritin", "cause"], tests=True, **options)
    assert result.method["tests"] == {"ferritin": "Welch's t test", "cause": "chi-square with Yates' correction"}
    effect = only(result, variable="ferritin", term="effect")
    assert (effect["measure"], effect["estimate"]) == ("SMD", only(result, variable="ferritin", term="smd")["estimate"])
    assert set(result.checks["check"]) == {"Shapiro-Wilk"}
    with pytest.raises(ValueError, match="a test of numbers must be one of"):
        table1(cohort, "cns", ["ferritin"], tests=True, number_test="t")


def test_the_denominator_of_an_f_test_is_said():
    frame = pd.DataFrame({"g": list("aabbcc"), "x": [1.0, 3, 2, 4, 6, 8]})
    row = only(table1(frame, "g", ["x"], tests=True, number_test="equal variances"), term="test")
    assert (row["df"], row["note"]) == (2, "denominator df 3")
