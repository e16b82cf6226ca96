"""Small published tables that a test can solve by hand, and the package's own."""

import pandas as pd
import pytest

from neurohlh.study.published.tables import (
    COHORT_COUNTS,
    COHORT_TEXTS,
    EFFECT_COUNTS,
    EFFECT_NUMBERS,
    EFFECT_TEXTS,
    SURVIVAL,
    read_evidence,
)
from neurohlh.study.published.world import World

COHORT = {
    "row_use": "cns_counts",
    "age_group": "children",
    "design": "retrospective single centre",
    "cns_domains": "symptoms|csf|imaging",
}
EFFECT = {
    "contrast": "CNS involvement v none",
    "exposed_group": "CNS+",
    "reference_group": "CNS-",
    "outcome": "death",
    "measure": "HR",
    "ci_level": "0.95",
    "adjusted": "no",
}


@pytest.fixture
def tables(tmp_path):
    """Writes tables of cohorts and effects; rows need name only what matters to the test."""

    def write(cohorts, effects=()):
        columns = (*COHORT_TEXTS, *COHORT_COUNTS, *SURVIVAL)
        rows = [{**COHORT, "cohort_id": f"c{i}", **row} for i, row in enumerate(cohorts)]
        pd.DataFrame(rows, columns=list(columns)).to_csv(tmp_path / "cohorts.csv", index=False)
        columns = (*EFFECT_TEXTS, *EFFECT_NUMBERS, *EFFECT_COUNTS)
        rows = [{**EFFECT, "effect_id": f"e{i}", **row} for i, row in enumerate(effects)]
        pd.DataFrame(rows, columns=list(columns)).to_csv(tmp_path / "effects.csv", index=False)
        return tmp_path / "cohorts.csv", tmp_path / "effects.csv"

    return write


@pytest.fixture
def world(tables):
    """The world of such tables."""
    return lambda cohorts, effects=(): World(read_evidence(*tables(cohorts, effects)))


@pytest.fixture(scope="session")
def shipped():
    """The world of the package's tables."""
    return World(read_evidence())
