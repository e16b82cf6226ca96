"""Draws cohorts of a scenario: what a hospital would have written down, and the truth that nobody knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from neurohlh.clinical.cns_status import classify_cns
from neurohlh.study.simulation.scenarios import Scenario

Floats = NDArray[np.float64]
SHAPE = 0.6
"""Weibull shape of the baseline hazard: most deaths come early."""
THREE_YEARS, LATE_DAYS = 1095.0, 300.0
LOST_PER_YEAR = 0.05
_DIAGNOSIS = np.datetime64("2015-01-01", "D")
TRUTH = ("severity", "centre_effect", "cns_day")
"""Columns that no hospital knows: `cns_day` is the day on which CNS involvement begins (infinite: never)."""


@dataclass(frozen=True)
class Hazard:
    """The hazard of death of a scenario: cumulative hazard `scale` x day^SHAPE x exp(covariates) x HR once involved."""

    scale: float
    log_ratio: float

    @classmethod
    def of(cls, world: Scenario) -> Hazard:
        """That of a scenario."""
        return cls(-np.log1p(-world.deaths) / THREE_YEARS**SHAPE, float(np.log(world.hazard_ratio)))

    def cumulative(self, days: Any) -> Any:
        """Baseline cumulative hazard at `days`."""
        return self.scale * np.power(days, SHAPE)

    def time_of_death(self, draw: Floats, begins: Floats) -> Floats:
        """Day of death for standard exponential draws divided by exp(covariates), CNS involvement from `begins` on."""
        free = self.cumulative(begins)
        spent = np.where(draw < free, draw, free + (draw - np.minimum(free, draw)) / np.exp(self.log_ratio))
        days: Floats = (spent / self.scale) ** (1 / SHAPE)
        return days


def covariate_part(world: Scenario, truth: pd.DataFrame) -> Floats:
    """Log hazard of each patient without CNS involvement."""
    part: Floats = (world.by_severity * truth["severity"] + truth["centre_effect"]).to_numpy(dtype=float)
    return part


def draw(rng: Generator, world: Scenario, patients: int, cohorts: int = 1) -> pd.DataFrame:
    """`cohorts` cohorts of `patients` each, one row per patient in whole days, with the columns of `TRUTH`.

    Codebook variables in canonical units, `cohort`, `os_days`, `os_event`; no CNS status yet (`classified`).
    """
    n = patients * cohorts
    truth = _truth(rng, world, n)
    hazard = Hazard.of(world)
    waiting = rng.exponential(size=n) / np.exp(covariate_part(world, truth))
    death = np.maximum(np.ceil(hazard.time_of_death(waiting, truth["cns_day"].to_numpy())), 1.0)
    ends = np.ceil(np.minimum(THREE_YEARS, rng.exponential(365.25 / LOST_PER_YEAR, n)))
    last = np.minimum(death, ends)
    told = _told(rng, world, truth, last)
    outcome = pd.DataFrame(
        {
            "cohort": np.repeat(np.arange(cohorts), patients),
            "patient_id": [f"SYN-{i:07d}" for i in range(n)],
            "hlh_confirmed": True,
            "date_hlh_diagnosis": _DIAGNOSIS.astype("datetime64[s]"),
            "date_last_followup": _date(last),
            "date_death": _date(np.where(death <= ends, last, np.inf)),
            "death": death <= ends,
            "os_days": last,
            "os_event": (death <= ends).astype(float),
        }
    )
    return pd.concat([outcome, _covariates(rng, world, truth), told, truth], axis=1)


def _truth(rng: Generator, world: Scenario, n: int) -> pd.DataFrame:
    severity = rng.standard_normal(n)
    effects = np.array(world.centres)
    centre = rng.integers(0, len(effects), n)
    effect = effects[centre]
    odds = np.log(world.involved / (1 - world.involved)) + world.severe_involved * severity + effect
    involved = rng.random(n) < 1 / (1 + np.exp(-odds))
    begins_later = rng.random(n) < world.later
    later = np.ceil(14 + rng.random(n) * (LATE_DAYS - 14))
    day = np.where(involved, 0.0, np.where(begins_later, later, np.inf))
    return pd.DataFrame({"severity": severity, "centre_effect": effect, "center_id": _names(centre), "cns_day": day})


def _names(centre: NDArray[np.int64]) -> NDArray[np.object_]:
    return np.array([f"centre {c + 1}" for c in centre], dtype=object)


def _covariates(rng: Generator, world: Scenario, truth: pd.DataFrame) -> pd.DataFrame:
    """Albumin says how severe the disease is, without error; age and ferritin say nothing."""
    n = len(truth)
    return pd.DataFrame(
        {
            "albumin": 30 - 4 * truth["severity"].to_numpy(),
            "age_years": np.exp(1 + 0.8 * rng.standard_normal(n)),
            "ferritin": np.exp(8.5 + rng.standard_normal(n)),
        }
    )


def _told(rng: Generator, world: Scenario, truth: pd.DataFrame, last: Floats) -> pd.DataFrame:
    """What the charts say of the CNS: signs when they begin, the tests of those who lived to be tested."""
    n, begins = len(truth), truth["cns_day"].to_numpy()
    first = begins == 0
    signs = first & (rng.random(n) < world.symptomatic)
    by_scan = rng.random(n) < 0.5
    seen, cells = first & ~signs & by_scan, first & ~signs & ~by_scan
    onset = np.where(signs, -rng.integers(0, 4, n), np.where(first, np.inf, begins))
    onset = np.where(onset <= last, onset, np.inf)
    odds = np.log(world.tested / (1 - world.tested)) if world.tested < 1 else np.inf
    test_day = rng.integers(1, 10, n).astype(float)
    chosen = rng.random(n) < 1 / (1 + np.exp(-(odds + world.severe_tested * truth["severity"].to_numpy())))
    tested = chosen & (test_day <= last)
    return pd.DataFrame(
        {
            "neuro_assessed": True,
            "neuro_symptoms_any": np.where(np.isfinite(onset), "met", "not_met").astype(object),
            "date_neuro_onset": _date(onset),
            "lp_done": tested,
            "csf_abnormal": _where(tested, np.where(cells, "met", "not_met").astype(object)),
            "date_lp_first": _date(np.where(tested, test_day, np.inf)),
            "mri_done": tested,
            "mri_abnormal": _where(tested, np.where(seen, "met", "not_met").astype(object)),
            "date_imaging_first": _date(np.where(tested, test_day, np.inf)),
        }
    )


def _where(known: NDArray[np.bool_], words: NDArray[np.object_]) -> NDArray[np.object_]:
    words = words.copy()
    words[~known] = None
    return words


def _date(day: Floats) -> pd.Series:
    known = np.isfinite(day)
    dates = _DIAGNOSIS + np.where(known, day, 0).astype("timedelta64[D]")
    return pd.Series(dates.astype("datetime64[s]")).where(pd.Series(known))


def classified(drawn: pd.DataFrame, window_days: tuple[int, int] = (-14, 14)) -> pd.DataFrame:
    """The drawn patients with their CNS status by the default definition, as the study's own code decides it."""
    found: pd.DataFrame = classify_cns(drawn, "seed_any3", window_days=window_days)
    return found
