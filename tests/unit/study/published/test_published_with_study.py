"""A study beneath the published ones: its distance by hand, and the refusals."""

from math import log, sqrt

import pytest
from scipy.stats import norm

from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.meta.new_study import distance_from_pool
from neurohlh.study.published.own_study import own_study


def frequency(events, n, undecided=0):
    rows = [
        {"term": "as tested", "group": "overall", "events": events, "n": n},
        {"term": "unknown as negative", "group": "overall", "events": events, "n": n + undecided},
    ]
    return Result("frequency", tidy_frame(rows))


def cox(adjusted=None, crude=None):
    rows = [
        {
            "analysis": f"cox_{name}", "variable": "cns", "level": "met", "measure": "HR", "n": 50, "events": 20,
            "estimate": hr, "coef": log(hr), "std_error": 0.3, "conf_low": hr / 1.8, "conf_high": hr * 1.8,
        }
        for name, hr in (("crude", crude), ("adjusted", adjusted)) if hr
    ]  # fmt: skip
    return Result("cox", tidy_frame(rows))


def study(case_series=False, **results):
    return own_study(results, name="This study", case_series=case_series, definition="seed_any3")


def test_the_distance_is_that_of_the_difference():
    # (1 - 0.5) / sqrt(0.09 + 0.04 + 0.12) = 1
    distance, p = distance_from_pool(1.0, 0.3, 0.5, 0.2, 0.12)
    assert distance == pytest.approx(1)
    assert p == pytest.approx(2 * norm.sf(1))
    with pytest.raises(ValueError, match="above 0"):
        distance_from_pool(1, 0, 1, 0, 0)


def test_a_study_within_and_one_outside_the_prediction_interval(shipped):
    within = shipped.with_study(study(frequency=frequency(45, 100)))["published_with_study_frequency"]
    outside = shipped.with_study(study(frequency=frequency(95, 100)))["published_with_study_frequency"]
    assert "lies within the prediction interval" in within.notes[0]
    assert "lies outside the prediction interval" in outside.notes[0]
    assert "above their mean" in outside.notes[0]


def test_the_undecided_are_shown_both_ways(shipped):
    found = shipped.with_study(study(frequency=frequency(40, 60, undecided=40)))["published_with_study_frequency"]
    own = found.tidy[found.tidy["term"] == "own"]
    assert own[["events", "n"]].to_numpy().tolist() == [[40, 60], [40, 100]]
    again = shipped.with_study(study(frequency=frequency(40, 60)))["published_with_study_frequency"]
    assert (again.tidy["term"] == "own").sum() == 1


def test_the_pool_with_the_study_holds_one_more_cohort(shipped):
    found = shipped.with_study(study(frequency=frequency(45, 100)))["published_with_study_frequency"].tidy
    together = found[found["level"].str.startswith("Published and this study")].iloc[0]
    alone = found[found["term"] == "pooled"].iloc[0]
    assert together["n"] == alone["n"] + 100
    assert together["events"] == alone["events"] + 45


def test_an_adjusted_ratio_beside_crude_ones_is_said_to_be_another_thing(shipped):
    found = shipped.with_study(study(cox=cox(adjusted=1.5, crude=2.0)))["published_with_study"]
    assert found.tidy[found.tidy["term"] == "own"]["estimate"].tolist() == [2.0, 1.5]
    said = " ".join(found.notes)
    assert "adjusted hazard ratio 1.50" in said
    assert "They do not measure the same" in said
    # two published ratios: the distance is from their common effect, by hand from the two printed ones
    w = [1 / (log(2.92 / 1.08) / (2 * norm.ppf(0.975))) ** 2, 1 / (log(2.286) / norm.isf(0.019 / 2)) ** 2]
    mean = (w[0] * log(1.78) + w[1] * log(2.286)) / sum(w)
    distance = (log(1.5) - mean) / sqrt(1 / sum(w) + 0.09)
    assert f"{abs(distance):.1f} standard errors below their common effect" in said


def test_a_case_series_has_no_frequency_to_compare(shipped):
    found = shipped.with_study(study(case_series=True, frequency=frequency(45, 100), cox=cox(crude=2.0)))
    refused = found["published_with_study_frequency"]
    assert refused.tidy.empty
    assert "case series" in refused.notes[0]


@pytest.mark.parametrize("results", [{}, {"cox": cox()}, {"frequency": frequency(0, 0)}])
def test_a_study_without_numbers_is_refused_with_the_reason(shipped, results):
    found = shipped.with_study(study(**results))
    assert found["published_with_study"].notes[0].startswith("Not compared: the study has no hazard ratio")
    assert found["published_with_study_frequency"].notes[0].startswith("Not compared: the study has no patient")


def test_one_published_ratio_is_set_beside(world):
    one = world([{}], [{"cohort_id": "c0", "estimate": 2, "ci_low": 1, "ci_high": 4}])
    found = one.with_study(study(cox=cox(crude=2.0)))["published_with_study"]
    assert "One published hazard ratio can be set beside it" in found.notes[0]


@pytest.mark.parametrize("events", [0, 100])
def test_none_and_all_can_be_compared(shipped, events):
    found = shipped.with_study(study(frequency=frequency(events, 100)))["published_with_study_frequency"]
    assert "standard errors" in found.notes[0]
