"""The part "published" of a plan: its results by name, and what a case series may not be compared for."""

from types import SimpleNamespace

import pytest

from neurohlh.core.result import Result, tidy_frame
from neurohlh.study.config import check_config
from neurohlh.study.parts.published import PART

FOUND = {
    "frequency": Result("frequency", tidy_frame([{"term": "as tested", "group": "overall", "events": 45, "n": 100}])),
}


def results(design="cohort", found=FOUND):
    config = check_config({"schema": 1, "study": {"design": design}, "source": [{"path": "a.csv"}]}, "study.toml")
    return PART.results(SimpleNamespace(config=config), found)


def test_every_result_is_there_under_the_name_of_the_part():
    found = results()
    assert set(found) >= {
        f"published_{n}" for n in ("frequency", "effect", "with_study", "claims", "faults", "mortality")
    }
    assert all(result.method["title"] for result in found.values())
    assert not PART.needs_survival


def test_the_study_is_drawn_beneath_the_published_cohorts():
    curves = results()["published_with_study_frequency"].curves
    assert set(curves["role"]) == {"published", "pooled", "prediction", "main"}
    own = curves[curves["role"] == "main"].iloc[0]
    assert own["estimate"] == pytest.approx(45)
    assert own["label"].startswith("This study")


def test_a_case_series_is_not_compared_for_frequency():
    found = results("case_series")["published_with_study_frequency"]
    assert found.tidy.empty
    assert "case series" in found.notes[0]


def test_without_survival_the_hazard_is_refused_and_the_rest_stands():
    found = results()
    assert "no hazard ratio" in found["published_with_study"].notes[0]
    assert len(found["published_effect"].tidy)
