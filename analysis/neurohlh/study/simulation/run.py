"""Many cohorts of one scenario, every analysis in each of them: bias and coverage with their Monte-Carlo error."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from neurohlh.study.simulation.analyses import estimates
from neurohlh.study.simulation.draw import draw
from neurohlh.study.simulation.material import materials
from neurohlh.study.simulation.questions import GROUPS_OF, Question, questions
from neurohlh.study.simulation.scenarios import Scenario
from neurohlh.study.simulation.targets import Targets

BATCH = 8
NOMINAL = 0.95
PERFORMANCE_COLUMNS = (
    "scenario", "analysis", "offered", "target", "mean", "bias", "bias_error", "spread", "mean_std_error", "coverage",
    "coverage_error", "used", "not_given",
)  # fmt: skip
"""One row per analysis: `target` and `mean` on the working scale, Monte-Carlo standard errors beside bias and coverage
(Morris, White & Crowther 2019, Stat Med 38:2074); `spread` is the standard deviation of the estimates."""


def simulate(
    world: Scenario, *, cohorts: int = 1000, patients: int = 200, seed: int = 1, n_jobs: int | None = None
) -> pd.DataFrame:
    """Performance of every analysis that is asked in `world`, columns `PERFORMANCE_COLUMNS`.

    The same seed gives the same numbers for any number of workers.
    """
    found = replicates(world, cohorts=cohorts, patients=patients, seed=seed, n_jobs=n_jobs)
    return performance(found, cohorts, Targets(world))


def replicates(world: Scenario, *, cohorts: int, patients: int, seed: int, n_jobs: int | None = None) -> pd.DataFrame:
    """What each analysis found in each cohort: cohort, analysis, value, std_error, low, high."""
    starts = range(0, cohorts, BATCH)
    seeds = np.random.SeedSequence(seed).spawn(len(starts))
    jobs = (
        delayed(_batch)(world, own, start, min(BATCH, cohorts - start), patients)
        for own, start in zip(seeds, starts, strict=True)
    )
    return pd.concat(Parallel(n_jobs=n_jobs)(jobs), ignore_index=True)


def _batch(world: Scenario, seed: np.random.SeedSequence, start: int, cohorts: int, patients: int) -> pd.DataFrame:
    drawn = draw(np.random.default_rng(seed), world, patients, cohorts)
    drawn["cohort"] += start
    groups = GROUPS_OF[world.key]
    rows = [
        {"cohort": start + k, **vars(found)}
        for k, material in enumerate(materials(drawn))
        for found in estimates(material, groups)
    ]
    return pd.DataFrame(rows)


def performance(found: pd.DataFrame, cohorts: int, targets: Targets) -> pd.DataFrame:
    """Bias and coverage of each analysis asked in the world of `targets`; `not_given` cohorts have no interval: not
    estimable, or nothing undecided to bound."""
    asked = questions(targets.world)
    rows = [_performance(q, found[found["analysis"] == q.analysis], targets, cohorts) for q in asked]
    return pd.DataFrame(rows, columns=list(PERFORMANCE_COLUMNS))


def _performance(question: Question, found: pd.DataFrame, targets: Targets, cohorts: int) -> dict[str, object]:
    target = targets.value(question.target)
    own = found[np.isfinite(found["low"]) & np.isfinite(found["high"])]
    value, n = own["value"].to_numpy(float), len(own)
    covered = ((own["low"] <= target) & (target <= own["high"])).to_numpy()
    spread = float(np.std(value, ddof=1)) if n > 1 else float("nan")
    coverage = float(covered.mean()) if n else float("nan")
    return {
        "scenario": targets.world.key,
        "analysis": question.analysis,
        "offered": question.offered,
        "target": target,
        "mean": float(value.mean()) if n else float("nan"),
        "bias": float(value.mean()) - target if n else float("nan"),
        "bias_error": spread / np.sqrt(n) if n else float("nan"),
        "spread": spread,
        "mean_std_error": float(own["std_error"].mean()) if n else float("nan"),
        "coverage": coverage,
        "coverage_error": float(np.sqrt(coverage * (1 - coverage) / n)) if n else float("nan"),
        "used": n,
        "not_given": cohorts - n,
    }


def within(table: pd.DataFrame, errors: float = 2.0) -> Sequence[bool]:
    """Whether the coverage of each row lies within `errors` Monte-Carlo standard errors of nominal."""
    error = np.sqrt(NOMINAL * (1 - NOMINAL) / table["used"].to_numpy(float))
    return list(np.abs(table["coverage"].to_numpy(float) - NOMINAL) <= errors * error)
