"""Patterns of states: each patient in one pattern, each reason for a gap kept apart."""

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.describe.completeness import completeness
from neurohlh.stats.missing.state_patterns import state_patterns

# Five patients: two with everything, one without MRI because it was not done, one refused LP, one blank in both.
STATES = pd.DataFrame(
    {
        "csf": ["value", "value", "value", "refused", "blank"],
        "mri": ["value", "not_done", "value", "value", "blank"],
    }
)


def test_patterns_are_counted_by_hand():
    found = state_patterns(STATES, ["csf", "mri"])
    rows = found.tidy[found.tidy["variable"] == ""].set_index("level")
    assert rows["events"].to_dict() == {
        "all known": 2, "mri: not_done": 1, "csf: refused": 1, "csf: blank; mri: blank": 1
    }  # fmt: skip
    assert rows.loc["csf: blank; mri: blank", "term"] == "2 of 2 not known"
    assert rows.loc["all known", "estimate"] == 0.4
    assert found.counts["complete"] == 2
    first = found.curves[found.curves["pattern"] == 1]
    assert first[["variable", "state", "n"]].to_numpy().tolist() == [["csf", "value", 2], ["mri", "value", 2]]


def test_shares_are_those_of_completeness():
    rng = np.random.default_rng(4)
    states = pd.DataFrame(rng.integers(0, 8, (200, 3)), columns=list("abc"))
    found = state_patterns(states, list("abc"))
    known = completeness(states).tidy.set_index(["variable", "level"])["events"]
    own = found.tidy[found.tidy["variable"] != ""].set_index(["variable", "level"])["events"]
    assert own.to_dict() == known[known > 0].to_dict()
    assert found.tidy[found.tidy["variable"] == ""]["events"].sum() == 200
    assert found.curves.drop_duplicates("pattern")["n"].sum() == 200


def test_the_order_of_patients_is_no_matter():
    shuffled = STATES.sample(frac=1, random_state=1)
    assert state_patterns(shuffled, ["csf", "mri"]).to_json() == state_patterns(STATES, ["csf", "mri"]).to_json()


def test_what_cannot_be_counted_says_why():
    with pytest.raises(ValueError, match="at least one variable"):
        state_patterns(STATES, [])
    with pytest.raises(ValueError, match="eeg"):
        state_patterns(STATES, ["eeg"])
    with pytest.raises(ValueError, match="unknown state"):
        state_patterns(STATES.replace("blank", "lost"), ["csf"])
    with pytest.raises(NotEstimable, match="no patients"):
        state_patterns(STATES.head(0), ["csf"])
