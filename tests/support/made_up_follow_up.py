"""Made-up follow-up, and the Results of it that have curves: what figures of time are tried on."""

import numpy as np
import pandas as pd

from neurohlh.core.result import Result
from neurohlh.stats.competing.cumulative_incidence import cumulative_incidence
from neurohlh.stats.curves.kaplan_meier import kaplan_meier

LONG = "中枢神经系统受累且脑脊液异常并有磁共振成像异常表现的患儿以及复发患儿"
YEARS = [365.25 * k for k in range(6)]


def follow_up(groups=("met", "not_met"), n=160, seed=3, end=2200.0):
    """A row per patient: group, days, whether died, which event came first, a weight, a stratum."""
    rng = np.random.default_rng(seed)
    group = np.array(groups)[np.arange(n) % len(groups)]
    days = np.round(np.minimum(rng.exponential(900.0, n), rng.uniform(0.2 * end, end, n))) + 1
    died = rng.uniform(size=n) < 0.6
    what = np.where(died, np.where(rng.uniform(size=n) < 0.7, "death", "transplant"), "none")
    return pd.DataFrame(
        {
            "group": pd.Categorical(group, categories=list(groups)), "days": days, "died": died, "what": what,
            "weight": rng.uniform(0.3, 3.0, n), "stratum": np.array(["EBV", "Other"])[rng.integers(0, 2, n)],
        }
    )  # fmt: skip


def curves(groups=("met", "not_met"), *, weights=None, ticks=YEARS, **options) -> Result:
    """Kaplan-Meier curves by group."""
    return kaplan_meier(follow_up(groups, **options), "days", "died", by="group", weights=weights, ticks=ticks)


def incidence(groups=("met", "not_met"), *, ticks=YEARS, **options) -> Result:
    """Cumulative incidence of death and of transplant by group."""
    frame = follow_up(groups, **options)
    return cumulative_incidence(frame, "days", "what", cause="death", censored="none", by="group", ticks=ticks)
