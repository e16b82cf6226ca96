"""What stands beside the numbers of data without a survival analysis: whole sentences, and none that claims a table."""

import pytest

from neurohlh.study.cautions import cautions
from neurohlh.study.config import check_config
from neurohlh.study.first_results import first_results


def config_of(**endpoint):
    return check_config(
        {"schema": 1, "source": [{"path": "a.csv"}], "eligibility": {"criteria": "none"}, "endpoint": {"os": endpoint}},
        "s",
    )


@pytest.fixture
def untimed(cohort):
    config = config_of(analyse=False)
    results = first_results(cohort.classified, cohort.population, config)
    return results, cautions(cohort.classified, cohort.population, results, config)


def test_no_common_time_zero_is_said_in_a_sentence_of_its_own(untimed):
    results, said = untimed
    assert "two_by_two" in results
    assert "The study declares no common time zero, so there is no survival analysis." in said
    assert not any("too few deaths" in text for text in said)


def test_where_no_outcome_is_known_there_is_no_table_of_deaths(cohort):
    frame = cohort.classified.frame.assign(os_event=float("nan"), died=None)
    unknown = type(cohort.classified)(**{**vars(cohort.classified), "frame": frame})
    results = first_results(unknown, cohort.population, config_of())
    assert "frequency" in results
    assert not {"two_by_two", "kaplan_meier", "cox"} & set(results)
