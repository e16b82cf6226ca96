"""What the main model lacks, patient by patient: derived values count, and every other gap keeps its reason."""

import pandas as pd

from neurohlh.stats.status import CELL_STATES
from neurohlh.study.config import check_config
from neurohlh.study.gaps import model_gaps


def config_of(**model):
    return check_config({"schema": 1, "source": [{"path": "a.csv"}], "model": model}, "s")


FRAME = pd.DataFrame(
    {
        "cns_baseline": ["met", "not_met", "indeterminate", "not_applicable", "met"],
        "os_days": [10.0, 20.0, None, 40.0, 50.0],
        "os_event": [1.0, 0.0, 1.0, None, 0.0],
        "age_years": [1.0, 2.0, None, 4.0, 5.0],
        "trigger_category": ["ebv", "unknown", "ebv", "ebv", "ebv"],
        "platelets": [30.0, None, 40.0, 50.0, None],
    }
)
# The age of the first is derived from dates: its own cell is blank. The trigger is derived from flags: no column holds
# it, yet the second's is unknown, not unasked. The platelets of the last were refused.
STATES = pd.DataFrame(
    {
        "age_years": ["blank", "value", "unknown", "value", "value"],
        "trigger_category": ["no_column"] * 5,
        "platelets": ["value", "not_done", "value", "value", "refused"],
    }
).apply(lambda column: column.map(CELL_STATES.index))


def states_of(result):
    """variable -> state -> patients."""
    rows = result.tidy[result.tidy["variable"] != ""]
    return {v: dict(zip(own["level"], own["events"], strict=True)) for v, own in rows.groupby("variable")}


def test_every_gap_keeps_its_reason():
    found = states_of(model_gaps(FRAME, STATES, config_of()))
    assert found["cns"] == {"value": 3, "unknown": 1, "not_applicable": 1}
    assert found["followed"] == {"value": 3, "unknown": 2}
    assert found["age_years"] == {"value": 4, "unknown": 1}
    assert found["trigger_category"] == {"value": 4, "unknown": 1}
    assert found["platelets"] == {"value": 3, "not_done": 1, "refused": 1}


def test_patterns_name_their_gaps_in_words():
    result = model_gaps(FRAME, STATES, config_of(covariates=["platelets"]))
    rows = result.tidy[result.tidy["variable"] == ""]
    assert set(rows["level"]) == {
        "all known",
        "Platelets: not done",
        "Platelets: refused",
        "CNS involvement at baseline: unknown; Time and outcome: unknown",
        "CNS involvement at baseline: not applicable; Time and outcome: unknown",
    }
    assert result.counts["complete"] == 1
    assert rows["events"].sum() == len(FRAME)


def test_without_covariates_only_exposure_and_outcome_are_asked_for():
    assert set(states_of(model_gaps(FRAME, STATES, config_of(covariates=[])))) == {"cns", "followed"}
