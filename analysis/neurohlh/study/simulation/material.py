"""A drawn cohort as the parts of the plan take it: classified once for all cohorts, looked up for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from neurohlh.study.config import StudyConfig, check_config
from neurohlh.study.parts.material import Material
from neurohlh.study.simulation.draw import classified

COVARIATES = ("albumin", "age_years", "log2(ferritin)")
"""What the drawn cohorts are adjusted for: albumin holds all of severity."""
LANDMARKS = (7, 14, 28)


@dataclass(frozen=True)
class DrawnMaterial(Material):
    """`Material` of one drawn cohort; `by_window` holds its baseline status by the end of each window."""

    by_window: dict[int, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    def reclassified(
        self, definition: str, window_days: tuple[int, int] | None = None, frame: pd.DataFrame | None = None
    ) -> pd.DataFrame:
        """The patients with their baseline status by another window."""
        frame = self.frame if frame is None else frame
        window = window_days or self.config.cns.window_days
        return frame.assign(cns_baseline=self.by_window[window[1]])


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


def materials(drawn: pd.DataFrame, windows: Sequence[int] = (0, *LANDMARKS)) -> Iterator[DrawnMaterial]:
    """One material per cohort of `drawn`, in their order; every cohort has the same number of patients."""
    frame = classified(drawn)
    by_window = {end: classified(drawn, (min(-14, end), end))["cns_baseline"].to_numpy() for end in windows}
    size = int((frame["cohort"] == frame["cohort"].iloc[0]).sum())
    settings = config()
    for start in range(0, len(frame), size):
        rows = slice(start, start + size)
        own = frame.iloc[rows].reset_index(drop=True)
        # A seed of its own for each cohort, so that random steps of different cohorts have nothing in common.
        study = settings.study.model_copy(update={"seed": int(own["cohort"].iloc[0])})
        chosen = settings.model_copy(update={"study": study})
        yield DrawnMaterial(own, chosen, None, by_window={end: status[rows] for end, status in by_window.items()})
