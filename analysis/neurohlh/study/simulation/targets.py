"""What each analysis ought to find in a scenario: the effect itself, or what its own question has as an answer.

A hazard ratio that is not conditional on severity is another number than the one that drives the deaths (it is not
collapsible), and so is that of a landmark where involvement begins later; these are read off one very large cohort in
which the true status of everybody is known. Survival differences are computed from the model itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.stats.glm.logistic_fit import fit_logistic
from neurohlh.stats.hazards.cox import cox
from neurohlh.study.simulation.draw import Hazard, covariate_part, draw
from neurohlh.study.simulation.scenarios import Scenario

SIZE = 1_000_000
HORIZON, RMST_DAYS = 365.0, 1095.0 - 14.0
LANDMARK = 14


@dataclass(frozen=True)
class Targets:
    """The targets of one scenario, on the scale on which the analyses estimate (hazard ratios as logarithms).

    `conditional`: the effect itself. `landmark_<day>`, `landmark_<day>_crude`: of the status on that day. `overlap`:
    the marginal hazard ratio in the overlap population at day 14. `difference` (survival one year after day 14) and
    `rmst` (days): had all, against had none of those alive on day 14 been involved. `size` is that of the large cohort.
    """

    world: Scenario
    seed: int = 7
    size: int = SIZE

    def value(self, kind: str) -> float:
        """The target of that kind; ValueError for an unknown one."""
        world = self.world
        if kind == "conditional" or (kind.startswith("landmark") and self._simple(kind)):
            return float(np.log(world.hazard_ratio))
        if kind.startswith("landmark_"):
            day, *crude = kind.removeprefix("landmark_").split("_")
            return _log_ratio(_alive(self._everybody, int(day)), [] if crude else ["severity", "center_id"])
        if kind == "overlap":
            return 0.0 if self._null else _overlap(_alive(self._everybody, LANDMARK))
        if kind in ("difference", "rmst"):
            return self._survival[kind]
        raise ValueError(f"there is no target {kind!r}")

    @property
    def _null(self) -> bool:
        world = self.world
        confounded = (world.severe_involved and world.by_severity) or len(set(world.centres)) > 1
        return world.hazard_ratio == 1 and not confounded

    def _simple(self, kind: str) -> bool:
        """Whether the status on a landmark has the effect itself as its hazard ratio."""
        return self._null or (not self.world.later and not kind.endswith("_crude"))

    @cached_property
    def _everybody(self) -> pd.DataFrame:
        return draw(np.random.default_rng(self.seed), self.world, self.size)

    @cached_property
    def _survival(self) -> dict[str, float]:
        return _survival(self.world, _alive(self._everybody, LANDMARK))


def _alive(everybody: pd.DataFrame, day: int) -> pd.DataFrame:
    """Those at risk after `day`, with time from then on and the true status on that day."""
    alive = everybody[everybody["os_days"] > day]
    return alive.assign(os_days=alive["os_days"] - day, cns=(alive["cns_day"] <= day).astype(float)).reset_index(
        drop=True
    )


def _log_ratio(alive: pd.DataFrame, covariates: list[str], **options: Any) -> float:
    tidy = cox(alive, "os_days", "os_event", ["cns", *covariates], **options).tidy
    return float(tidy.loc[tidy["variable"] == "cns", "coef"].iloc[0])


def _overlap(alive: pd.DataFrame) -> float:
    """Weighted by the chance of the other status, given severity and centre."""
    severity, effect = alive["severity"].to_numpy(), alive["centre_effect"].to_numpy()
    centres = np.unique(effect)[1:]
    design = np.column_stack(
        [np.ones(len(alive)), severity, severity**2, severity**3, *((effect == c).astype(float) for c in centres)]
    )
    status = alive["cns"].to_numpy()
    chance = fit_logistic(design, status).mean
    weight = np.where(status == 1, 1 - chance, chance)
    return _log_ratio(alive.assign(weight=weight), [], weights="weight")


def _survival(world: Scenario, alive: pd.DataFrame) -> dict[str, float]:
    """Differences of survival and of mean survival time of those alive on day 14; ValueError where involvement begins
    later (the two arms are then no states to be in)."""
    if world.later:
        raise ValueError("no survival had all or none been involved where involvement begins later")
    hazard, part = Hazard.of(world), np.exp(covariate_part(world, alive))
    spent = hazard.cumulative(float(LANDMARK))

    def mean_survival(ratio: float, day: float) -> float:
        return float(np.mean(np.exp(-(hazard.cumulative(LANDMARK + day) - spent) * part * ratio)))

    grid = np.linspace(0.0, RMST_DAYS, 200)
    curves = {r: np.array([mean_survival(r, d) for d in grid]) for r in (1.0, world.hazard_ratio)}
    gap = curves[world.hazard_ratio] - curves[1.0]
    difference = mean_survival(world.hazard_ratio, HORIZON) - mean_survival(1.0, HORIZON)
    return {"difference": difference, "rmst": float(np.trapezoid(gap, grid))}
