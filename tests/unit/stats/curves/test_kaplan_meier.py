import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result
from neurohlh.stats.curves.kaplan_meier import kaplan_meier, reverse_kaplan_meier


@pytest.fixture
def six():
    # Deaths at 2, 4 (two of them), censored at 4, 6; the last dies at 8.
    return pd.DataFrame({"t": [2, 4, 4, 4, 6, 8], "e": [1, 1, 1, 0, 0, 1]})


def at(result, time, group="overall"):
    rows = result.tidy[(result.tidy["time"] == time) & (result.tidy["group"] == group)]
    assert len(rows) == 1
    return rows.iloc[0]


def median(result, group="overall"):
    return result.tidy[(result.tidy["term"] == "median") & (result.tidy["group"] == group)].iloc[0]


def test_six_patients_by_hand(six):
    result = kaplan_meier(six, "t", "e", times=[1, 2, 4, 7])
    assert at(result, 2)["estimate"] == pytest.approx(5 / 6)
    # The patient censored at 4 is at risk for the deaths of 4: 5/6 * 3/5.
    four = at(result, 4)
    assert (four["estimate"], four["n"], four["events"]) == (pytest.approx(0.5), 5, 3)
    greenwood = 0.5 * np.sqrt(1 / (6 * 5) + 2 / (5 * 3))
    assert four["std_error"] == pytest.approx(greenwood)
    theta = 1.959963984540054 * greenwood / (0.5 * np.log(0.5))
    assert four["conf_low"] == pytest.approx(0.5 ** np.exp(-theta))
    assert four["conf_high"] == pytest.approx(0.5 ** np.exp(theta))
    assert at(result, 7)["n"] == 1


def test_a_curve_that_rests_at_one_half_has_its_median_in_the_middle(six):
    # S is 0.5 from 4 to 8: the middle, as R's survfit says.
    assert median(kaplan_meier(six, "t", "e"))["estimate"] == 6


def test_before_the_first_event_there_are_no_limits(six):
    first = at(kaplan_meier(six, "t", "e", times=[1]), 1)
    assert first["estimate"] == 1
    assert np.isnan(first[["conf_low", "conf_high", "std_error"]].astype(float)).all()
    assert "no event so far" in first["note"]


def test_beyond_the_last_follow_up_nothing_is_said():
    frame = pd.DataFrame({"t": [1, 2, 3, 4], "e": [1, 0, 1, 0]})
    late = at(kaplan_meier(frame, "t", "e", times=[5]), 5)
    assert np.isnan(late["estimate"])
    assert late["note"] == "not estimable: beyond the last follow-up of this group (4)"
    assert at(kaplan_meier(frame, "t", "e", times=[4]), 4)["estimate"] == pytest.approx(0.375)


def test_a_curve_that_has_reached_zero_stays_there(six):
    late = at(kaplan_meier(six, "t", "e", times=[100]), 100)
    assert late["estimate"] == 0
    assert "has reached 0" in late["note"]


def test_a_median_that_is_not_reached():
    frame = pd.DataFrame({"t": [1, 2, 3, 4, 5], "e": [1, 0, 0, 0, 0]})
    found = median(kaplan_meier(frame, "t", "e"))
    assert np.isnan(found["estimate"])
    assert found["note"] == "not estimable: not reached"


def test_the_curve_starts_at_time_zero_and_marks_where_few_are_left(six):
    curves = kaplan_meier(six, "t", "e").curves
    assert curves.loc[0, ["time", "n_risk", "survival"]].tolist() == [0, 6, 1]
    assert curves["sparse"].all()
    many = pd.concat([six] * 3)
    assert kaplan_meier(many, "t", "e").curves["sparse"].tolist() == [False, False, False, True, True]


def test_a_death_at_time_zero():
    frame = pd.DataFrame({"t": [0, 1, 2, 3], "e": [1, 0, 1, 0]})
    result = kaplan_meier(frame, "t", "e", times=[0, 2])
    assert at(result, 0)["estimate"] == pytest.approx(0.75)
    assert result.curves.loc[0, "n_event"] == 1


def test_groups_stand_apart_and_a_missing_group_is_shown():
    frame = pd.DataFrame({"t": [1, 2, 3, 4, 5, 6], "e": [1, 0, 1, 1, 0, 1], "g": ["met", "met", None] * 2})
    frame.loc[2, "g"] = "not_met"
    result = kaplan_meier(frame, "t", "e", by="g", times=[4])
    assert result.curves["group"].unique().tolist() == ["met", "not_met", "missing"]
    assert result.counts["groups"] == {
        "met": {"n": 4, "events": 2}, "not_met": {"n": 1, "events": 1}, "missing": {"n": 1, "events": 1}
    }  # fmt: skip
    alone = kaplan_meier(frame[frame["g"] == "met"], "t", "e", times=[4])
    assert at(result, 4, "met")["estimate"] == at(alone, 4)["estimate"]


def test_numbers_at_risk_at_the_ticks(six):
    result = kaplan_meier(six, "t", "e", ticks=[0, 4, 8, 10])
    assert [row["n_risk"] for row in result.method["risk_table"]] == [6, 5, 1, 0]
    assert [row["n_event"] for row in result.method["risk_table"]] == [0, 3, 4, 4]
    assert [row["n_censor"] for row in result.method["risk_table"]] == [0, 1, 2, 2]
    assert kaplan_meier(six, "t", "e").method["ticks"] == [0, 2, 4, 6, 8]


def test_delayed_entry_by_hand():
    frame = pd.DataFrame({"s": [0, 0, 2, 3], "t": [2, 5, 4, 6], "e": [1, 1, 1, 0]})
    result = kaplan_meier(frame, "t", "e", entry="s", times=[2, 4, 5])
    # Who enters at 2 is not at risk for the death at 2.
    assert at(result, 2)["n"] == 2
    assert at(result, 4)["estimate"] == pytest.approx(1 / 2 * 2 / 3)
    assert result.curves.loc[0, "n_risk"] == 2


def test_median_follow_up_counts_censoring_as_the_event(six):
    result = reverse_kaplan_meier(six, "t", "e")
    row = result.tidy.iloc[0]
    # Censored at 4 (one of five at risk) and 6 (one of two): 4/5 * 1/2 = 0.4.
    assert (row["events"], row["estimate"], row["measure"]) == (2, 6, "median follow-up")


def test_the_result_survives_json(six):
    result = kaplan_meier(six, "t", "e")
    again = Result.from_json(result.to_json())
    pd.testing.assert_frame_equal(again.tidy, result.tidy)
    assert again.method["risk_table"] == result.method["risk_table"]


def test_the_recipe(six):
    method = kaplan_meier(six, "t", "e").method
    assert (method["variance"], method["interval"], method["conf_level"]) == ("Greenwood", "log-log", 0.95)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"conf_type": "probit"}, "conf_type must be one of log-log, log, plain, logit, arcsin"),
        ({"times": [-1]}, "times must be numbers of at least 0"),
        ({"conf_level": 0}, "conf_level must lie between"),
        ({"by": "group"}, "no column 'group'"),
    ],
)
def test_wrong_options(six, options, message):
    with pytest.raises(ValueError, match=message):
        kaplan_meier(six, "t", "e", **options)


def test_nobody_to_follow():
    with pytest.raises(NotEstimable):
        kaplan_meier(pd.DataFrame({"t": [np.nan], "e": [1]}), "t", "e")


def test_quantiles_by_hand(six):
    tidy = kaplan_meier(six, "t", "e", quantiles=[0.25, 0.5, 0.9]).tidy
    rows = tidy[tidy["measure"] == "time to event, quantile"].set_index("term")
    # S is 5/6, 1/2, 1/2, 0: a quarter had the event by 4, nine tenths by 8; one half is the median's row.
    assert rows["estimate"].to_dict() == {"quantile 0.25": 4, "quantile 0.9": 8}


def test_the_scale_of_the_limits_is_named(six):
    row = at(kaplan_meier(six, "t", "e", times=[4], conf_type="logit"), 4)
    shift = 1.959963984540054 * np.sqrt(1 / (6 * 5) + 2 / (5 * 3)) / (1 - 0.5)
    assert (row["scale"], row["conf_high"]) == ("logit", pytest.approx(1 / (1 + np.exp(-shift))))


def test_weights_are_told_honestly(six):
    result = kaplan_meier(six.assign(w=[1, 2, 1, 0.5, 3, 1]), "t", "e", weights="w", times=[4])
    row = at(result, 4)
    # Weights at risk 8.5, 7.5; of them 1 and 3 die. Counts stay patients.
    assert row["estimate"] == pytest.approx(7.5 / 8.5 * 4.5 / 7.5)
    assert (row["n"], row["events"]) == (5, 3)
    size = result.tidy.set_index("term")
    assert size.loc["sum of weights", "estimate"] == 8.5
    assert size.loc["effective sample size", "estimate"] == pytest.approx(8.5**2 / (1 + 4 + 1 + 0.25 + 9 + 1))
    assert result.curves["weight_risk"].tolist() == [8.5, 8.5, 7.5, 4, 1]
    assert result.method["risk_table"][0]["weight_risk"] == 8.5
    assert all("weight_risk" not in r for r in kaplan_meier(six, "t", "e").method["risk_table"])
    assert result.method["variance"] == "robust (infinitesimal jackknife)"
    assert result.notes[-1] == "The robust variance rests on 6 clusters only and is unreliable."
    naive = kaplan_meier(six.assign(w=[1, 2, 1, 0.5, 3, 1]), "t", "e", weights="w", robust=False)
    assert naive.method["variance"] == "Greenwood, by weight"


def test_a_time_updated_group():
    # One patient is transplanted at 3 and dies at 5; one dies at 4, one is censored at 6, never transplanted.
    frame = pd.DataFrame(
        {"id": [1, 1, 2, 3], "s": [0, 3, 0, 0], "t": [3, 5, 4, 6], "e": [0, 1, 1, 0], "g": ["no", "yes", "no", "no"]}
    )
    result = kaplan_meier(frame, "t", "e", entry="s", id="id", by="g", times=[5])
    assert at(result, 5, "no")["estimate"] == 0.5
    assert at(result, 5, "yes")["estimate"] == 0
    assert result.curves["n_censor"].tolist() == [0, 1, 0, 1, 0, 0]
    assert result.counts["patients"] == 3
    assert result.counts["groups"] == {"no": {"n": 3, "events": 1}, "yes": {"n": 1, "events": 1}}
    together = kaplan_meier(frame, "t", "e", entry="s", id="id")
    assert together.curves["n_censor"].tolist() == [0, 0, 0, 0, 1]
    assert together.counts["censored"] == 1


def test_one_cluster_has_no_limits(six):
    row = at(kaplan_meier(six.assign(c=1), "t", "e", cluster="c", times=[4]), 4)
    assert row["estimate"] == pytest.approx(0.5)
    assert np.isnan(row[["std_error", "conf_low", "conf_high"]].astype(float)).all()
    assert "the clusters are too few for a robust variance: limits not estimable" in row["note"]


@pytest.mark.parametrize("share", [0, 1.5])
def test_a_quantile_outside_0_and_1(six, share):
    with pytest.raises(ValueError, match="quantiles must lie between 0 and 1"):
        kaplan_meier(six, "t", "e", quantiles=[share])


def test_follow_up_that_goes_on_in_another_row_is_not_censored():
    frame = pd.DataFrame({"id": [1, 1, 2], "s": [0, 3, 0], "t": [3, 5, 4], "e": [0, 1, 0]})
    row = reverse_kaplan_meier(frame, "t", "e", entry="s", id="id").tidy.iloc[0]
    assert (row["n"], row["events"], row["estimate"]) == (2, 1, 4)


def test_competing_codes_are_sent_to_the_right_verb(six):
    with pytest.raises(ValueError, match="not 3 codes; for competing events use cumulative_incidence"):
        kaplan_meier(six.assign(e=[1, 2, 0, 1, 0, 2]), "t", "e")
