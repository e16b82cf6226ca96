"""What a researcher types, on a hospital whose answers are worked out by hand (see conftest)."""

import pandas as pd
import polars as pl
import pytest

import neurohlh as nh
from neurohlh.core.errors import InputError
from neurohlh.core.result import Result

HLH = pd.DataFrame(
    {
        "patient_id": ["P1", "P2"],
        "fever": pd.array([True, False], dtype="boolean"),
        "ferritin": [900.0, float("nan")],
        "sx_seizure": pd.array([True, None], dtype="boolean"),
    }
)


def rows(result, **where):
    tidy = result.tidy
    for name, value in where.items():
        tidy = tidy[tidy[name] == value]
    return tidy


def at_times(result, group):
    found = rows(result, term="survival at time", group=group)
    return dict(zip(found["time"], found["estimate"], strict=True))


def test_the_hospital_is_classified_as_it_was_made(cohort):
    status = dict(zip(cohort.patients["patient_id"].str[0], cohort.patients["cns_status"], strict=True))
    assert status == {"I": "met", "N": "not_met", "U": "indeterminate"}


def test_curves_by_cns_start_at_the_landmark(cohort):
    """After day 14 the involved have 10, 20, 30+, 40, 50+ days: S = 4/5, 4/5*3/4, 4/5*3/4*1/2."""
    result = nh.kaplan_meier(cohort, "os", by="cns", times=[15, 25, 45])
    assert at_times(result, "met") == pytest.approx({15: 0.8, 25: 0.6, 45: 0.3})
    assert at_times(result, "not_met") == pytest.approx({15: 1.0, 25: 0.75, 45: 0.75})
    sizes = rows(result, term="size").set_index("group")["n"].to_dict()
    assert sizes == {"met": 5, "not_met": 4, "indeterminate": 1}


def test_the_landmark_is_the_studys_or_the_one_that_is_given(study_of, hospital):
    """From day 30 two of the involved, at 24 days, are no longer at risk: 4+ remain of I3..I6, of N2..N5 four."""
    cohort = study_of(hospital, model={"landmark_days": 30}).load()
    for result in (nh.kaplan_meier(cohort, by="cns"), nh.kaplan_meier(cohort, by="cns", landmark=30)):
        sizes = rows(result, term="size").set_index("group")["n"].to_dict()
        assert sizes == {"met": 4, "not_met": 4, "indeterminate": 1}


def test_everybody_together_is_followed_from_diagnosis(cohort):
    """Fourteen with a known time; deaths on days 3, 10 and 14 leave 13/14, 12/14, 11/14."""
    result = nh.kaplan_meier(cohort, "os", times=[3, 13, 14])
    overall = rows(result, term="survival at time")
    assert overall["estimate"].tolist() == pytest.approx([13 / 14, 12 / 14, 11 / 14])
    assert result.counts["used"] == 14


def test_the_logrank_test_compares_the_decided(cohort):
    """Observed and expected deaths by hand over the nine at risk after day 14.

    Deaths at 10 (5 of 9 involved), 20 (4 of 8 at risk involved; one of each group dies), 40 (2 of 5), 300 (0 of 1).
    """
    result = nh.logrank(cohort, "os", by="cns")
    groups = rows(result, term="group").set_index("group")
    assert groups["events"].to_dict() == {"met": 3, "not_met": 2}
    assert groups.loc["met", "estimate"] == pytest.approx(5 / 9 + 2 * 4 / 8 + 2 / 5)
    assert groups["estimate"].sum() == pytest.approx(5)


def test_the_frequency_names_every_reading_of_the_undecided(cohort):
    found = nh.cns_frequency(cohort).tidy.set_index("term")[["events", "n"]]
    assert found.loc["as tested"].tolist() == [6, 11]
    assert found.loc["unknown as negative"].tolist() == [6, 15]
    assert found.loc["worst case: unknown as positive"].tolist() == [10, 15]


def test_table_1_counts_by_cns_status(cohort):
    tidy = nh.table1(cohort).tidy
    sizes = tidy[tidy["term"] == "size"].set_index("group")["n"].to_dict()
    assert sizes == {"overall": 15, "met": 6, "not_met": 5, "indeterminate": 4}
    women = tidy[(tidy["variable"] == "sex") & (tidy["level"] == "F")].set_index("group")
    assert women["events"].to_dict() == {"overall": 7, "met": 3, "not_met": 2, "indeterminate": 2}
    assert tidy["p_value"].isna().all()
    assert nh.table1(cohort, tests=True).tidy["p_value"].notna().any()


def test_table_1_by_any_other_column_or_by_none(cohort):
    by_sex = nh.table1(cohort, by="sex").tidy
    assert set(by_sex[by_sex["term"] == "size"]["group"]) == {"overall", "F", "M"}
    assert set(nh.table1(cohort, by=None).tidy["group"]) <= {"overall", ""}


def test_the_exposure_of_a_cox_model_is_compared_with_no_involvement(cohort):
    result = nh.cox(cohort, "os", "cns")
    crude = rows(result, analysis="cox_crude", variable="cns").set_index("level")
    assert crude["is_reference"].to_dict() == {"not_met": True, "met": False}
    assert crude["n"].to_dict() == {"not_met": 4, "met": 5}
    assert crude.loc["met", "estimate"] > 1  # the involved die earlier
    assert len(result.checks)


def test_differences_of_survival_start_at_the_landmark(cohort):
    """At 15 days 0.8 against 1, at 25 days 0.6 against 0.75."""
    found = rows(nh.survival_difference(cohort, times=[15, 25]), measure="survival difference")
    signs = {"met vs not_met": 1, "not_met vs met": -1}
    difference = [signs[row["contrast"]] * row["estimate"] for _, row in found.iterrows()]
    assert difference == pytest.approx([-0.2, -0.15])


def test_restricted_mean_survival_by_hand(cohort):
    """Up to day 15 the involved live 10 + 5 * 0.8 days, the others 15."""
    found = rows(nh.rmst(cohort, tau=15), measure="RMST").set_index("group")["estimate"]
    assert found.to_dict() == pytest.approx({"met": 14, "not_met": 15})


def test_any_statistic_takes_the_patients_that_are_followed(cohort):
    frame = nh.followed(cohort)
    assert frame["cns"].value_counts().to_dict() == {"met": 5, "not_met": 4}
    assert frame.attrs["supplied"] == len(cohort.patients)
    assert len(frame) + sum(frame.attrs["dropped"].values()) == frame.attrs["supplied"]
    theirs = nh.stats.logrank(frame, "os_days", "os_event", "cns").tidy.iloc[-1]["statistic"]
    assert theirs == nh.logrank(cohort).tidy.iloc[-1]["statistic"]


def test_options_of_the_statistics_reach_them(cohort):
    assert nh.logrank(cohort, test="gehan").method["test"].startswith("Gehan")
    assert nh.kaplan_meier(cohort, conf_type="logit").method["interval"] == "logit"
    assert nh.cox(cohort, ties="breslow").method["ties"] == "breslow"


def test_a_pandas_frame_of_ones_own_will_do(cohort):
    frame = cohort.patients
    for own, study in (
        (nh.kaplan_meier(frame, by="cns"), nh.kaplan_meier(cohort, by="cns")),
        (nh.logrank(frame), nh.logrank(cohort)),
        (nh.cns_frequency(frame), nh.cns_frequency(cohort)),
        (nh.cox(frame), nh.cox(cohort)),
    ):
        pd.testing.assert_frame_equal(own.tidy, study.tidy)


def test_outcome_and_status_are_added_where_a_frame_lacks_them(cohort):
    """The frame as it was read, without anything derived, gives the same curves."""
    bare = nh.kaplan_meier(cohort.frame, by="cns", times=[15, 25, 45])
    assert at_times(bare, "met") == pytest.approx({15: 0.8, 25: 0.6, 45: 0.3})
    assert "os_days" not in cohort.frame


@pytest.mark.parametrize("verb", [nh.classify_hlh, nh.classify_cns])
def test_a_frame_comes_back_as_what_it_was(verb):
    by_pandas = verb(HLH)
    by_polars = verb(pl.from_pandas(HLH))
    by_lazy = verb(pl.from_pandas(HLH).lazy())
    assert type(by_pandas) is pd.DataFrame
    assert type(by_polars) is pl.DataFrame
    assert type(by_lazy) is pl.LazyFrame
    assert len(by_pandas) == len(by_polars) == 2
    column = {nh.classify_hlh: "hlh2004", nh.classify_cns: "cns_status"}[verb]
    expected = by_pandas[column].tolist()
    assert by_polars[column].to_list() == expected
    assert by_lazy.collect()[column].to_list() == expected
    assert set(HLH.columns) == {"patient_id", "fever", "ferritin", "sx_seizure"}  # the input is left alone


def test_a_cohort_gives_a_pandas_frame_with_a_row_per_patient(cohort):
    for found in (nh.classify_hlh(cohort), nh.classify_cns(cohort)):
        assert type(found) is pd.DataFrame
        assert found["patient_id"].tolist() == cohort.frame["patient_id"].tolist()


def test_no_hlh_item_known_is_nobody_decided(cohort):
    assert set(nh.classify_hlh(cohort)["hlh2004"]) == {"indeterminate"}


def test_a_cohort_straight_from_tables(tmp_path, hospital):
    (tmp_path / "a.csv").write_text(hospital, encoding="utf-8")
    cohort = nh.read_cohort(tmp_path / "a.csv", eligibility={"criteria": "none"})
    assert len(cohort.patients) == 15
    assert len(nh.read_cohort(str(tmp_path / "a.csv")).patients) == 0  # by default only those who meet HLH-2004


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda c: nh.kaplan_meier(c, "pfs"), "no endpoint 'pfs'"),
        (lambda c: nh.cox(c, "efs", "cns"), "no endpoint 'efs'"),
        (lambda c: nh.table1([1, 2]), "not list"),
        (lambda c: nh.table1(pl.DataFrame({"a": [1]})), "not DataFrame"),
        (lambda c: nh.classify_hlh(c, "hlh204"), "hlh2004"),
        (lambda c: nh.classify_cns(c, "seed_any"), "seed_any3"),
    ],
)
def test_a_slip_is_answered_with_what_is_legal(cohort, call, said):
    with pytest.raises(InputError) as error:
        call(cohort)
    assert said in str(error.value)


def test_every_verb_gives_a_result_that_shows_itself_and_survives_json(cohort):
    for result in (
        nh.table1(cohort),
        nh.cns_frequency(cohort),
        nh.kaplan_meier(cohort, by="cns"),
        nh.logrank(cohort),
        nh.cox(cohort),
    ):
        assert "<table" in result._repr_html_()
        back = Result.from_json(result.to_json())
        pd.testing.assert_frame_equal(back.tidy, result.tidy, check_exact=True)
        assert back.curves.shape == result.curves.shape


def test_names_of_the_package_are_looked_up_and_listed():
    assert {"Study", "table1", "cox", "kaplan_meier"} <= set(dir(nh))
    for name in nh.__all__:
        assert getattr(nh, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'tabel1'"):
        nh.tabel1  # noqa: B018


def test_what_is_asked_beside_the_plan_says_that_it_is_exploratory(cohort):
    for verb in (nh.kaplan_meier, nh.logrank, nh.rmst, nh.survival_difference, nh.cox):
        found = verb(cohort, "os", **({"by": "cns"} if verb is not nh.cox else {}))
        assert found.method["plan"] == "exploratory", verb.__name__
        assert any(note.startswith("Exploratory") for note in found.notes), verb.__name__
    assert "plan" not in nh.kaplan_meier(cohort.patients, "os", by="cns").method


def test_a_result_speaks_the_words_of_the_codebook(cohort):
    said = nh.cox(cohort, "os", "cns + platelets").to_markdown()
    assert "CNS involvement at baseline" in said
    assert "Platelets" in said
    assert "10⁹/L" in said
    assert "Cns" not in said
