import pandas as pd
import pytest

from neurohlh.stats.describe.completeness import completeness
from neurohlh.stats.status import CELL_STATES


def test_every_state_of_every_variable_is_a_row():
    states = pd.DataFrame({"csf_wbc": ["value", "not_done", "not_done", None], "age": [0, 0, 1, 7]})
    tidy = completeness(states).tidy
    assert tidy["level"].tolist() == [*CELL_STATES, *CELL_STATES]
    csf = tidy[tidy["variable"] == "csf_wbc"].set_index("level")
    assert csf["events"].tolist() == [1, 1, 2, 0, 0, 0, 0, 0]
    assert csf.loc["not_done", ["n", "estimate"]].tolist() == [4, 0.5]
    age = tidy[tidy["variable"] == "age"].set_index("level")
    assert age["events"].tolist() == [2, 1, 0, 0, 0, 0, 0, 1]


def test_only_the_variables_asked_for():
    states = pd.DataFrame({"a": ["value"], "b": ["value"]})
    assert set(completeness(states, ["b"]).tidy["variable"]) == {"b"}
    with pytest.raises(ValueError, match="no column 'c'"):
        completeness(states, ["c"])


def test_unknown_states_are_refused():
    with pytest.raises(ValueError, match="'a' holds an unknown state"):
        completeness(pd.DataFrame({"a": ["lost"]}))
    with pytest.raises(ValueError, match="codes that are no state"):
        completeness(pd.DataFrame({"a": [8]}))


def test_no_patients():
    assert completeness(pd.DataFrame({"a": pd.Series([], dtype=object)})).tidy["estimate"].isna().all()
