"""A drawn cohort as the parts of the plan take it: classified once for all cohorts."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from neurohlh.study.config import StudyConfig, check_config
from neurohlh.study.parts.material import Material
from neurohlh.study.simulation.draw import classified

COVARIATES = ("albumin", "age_years", "log2(ferritin)")
"""What the drawn cohorts are adjusted for: albumin holds all of severity."""


def config(seed: int = 1) -> StudyConfig:
    """The study file of a drawn cohort: the default definition, window and landmark."""
    return check_config(
        {
            "schema": 1,
            "study": {"seed": seed},
            "source": [{"path": "drawn.csv"}],
            "eligibility": {"criteria": "none"},
            "model": {"covariates": list(COVARIATES)},
        },
        "the drawn cohort",
    )


def materials(drawn: pd.DataFrame) -> Iterator[Material]:
    """One material per cohort of `drawn`, in their order."""
    settings = config()
    for number, own in classified(drawn).groupby("cohort", sort=True):
        # A seed of its own for each cohort, so that random steps of different cohorts have nothing in common.
        study = settings.study.model_copy(update={"seed": int(str(number))})
        yield Material(own.reset_index(drop=True), settings.model_copy(update={"study": study}), None)
