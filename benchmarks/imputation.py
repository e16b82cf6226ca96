"""Thirty imputations of 300 patients with a pooled Cox model: against R's mice, and with one and two workers.

Each measurement is a process of its own that times the work inside it, without its imports; ours and R's take turns, so
that a drifting machine hits both alike.
"""

import statistics
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from measure import measured, r_installed, timed

VARIABLES = [f"x{i}" for i in range(1, 11)]
IMPUTATIONS, ITERATIONS, PATIENTS = 30, 10, 300

OURS = """
imputed = impute(frame, variables={variables!r}, event="died", time="days", exposure="exposed",
                 m={m}, iterations={iterations}, seed=1, n_jobs={n_jobs})
found = with_imputations(imputed, partial(cox, time="days", event="died", covariates={covariates!r}), n_jobs={n_jobs})
assert found.tidy["estimate"].notna().all()
"""
SETUP = """
from functools import partial
import pandas as pd
from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.missing.analyse import with_imputations
from neurohlh.stats.missing.impute import impute
frame = pd.read_csv({table!r})
if {n_jobs} > 1:  # the workers start before the clock does
    with_imputations(impute(frame, variables=["x1", "x2"], outcome="died", m=4, iterations=1, seed=1, n_jobs={n_jobs}),
                     partial(cox, time="days", event="died", covariates=["x1"]), n_jobs={n_jobs})
"""
MICE = """
suppressPackageStartupMessages({{library(mice); library(survival)}})
d <- read.csv("{table}")
start <- proc.time()[["elapsed"]]
d$hazard <- nelsonaalen(d, days, died)
p <- make.predictorMatrix(d); p[, "days"] <- 0
i <- mice(d, m = {m}, maxit = {iterations}, method = "pmm", predictorMatrix = p, seed = 1, printFlag = FALSE)
r <- summary(pool(with(i, coxph(as.formula("Surv(days, died) ~ {terms}")))))
stopifnot(!anyNA(r$estimate))
cat(proc.time()[["elapsed"]] - start, "\\n")
"""


def cohort() -> pd.DataFrame:
    """300 patients, ten correlated numbers of which each lacks a tenth to a quarter, an exposure, follow-up."""
    rng = np.random.default_rng(1)
    shared = rng.normal(size=(PATIENTS, 1))
    frame = pd.DataFrame(0.6 * shared + rng.normal(size=(PATIENTS, len(VARIABLES))), columns=VARIABLES)
    frame["exposed"] = (rng.random(PATIENTS) < 0.4).astype(int)
    time = rng.exponential(300 * np.exp(-0.4 * frame["exposed"] - 0.3 * frame["x1"]))
    frame["died"], frame["days"] = (time <= 365).astype(int), np.ceil(np.minimum(time, 365))
    for place, name in enumerate(VARIABLES):
        frame.loc[rng.random(PATIENTS) < 0.1 + 0.015 * place, name] = np.nan
    return frame


def ours(table: Path, n_jobs: int) -> float:
    """Seconds of imputation, thirty Cox models and pooling."""
    options = {"variables": VARIABLES, "m": IMPUTATIONS, "iterations": ITERATIONS, "n_jobs": n_jobs}
    body = OURS.format(**options, covariates=["exposed", *VARIABLES])
    return measured(timed(body, SETUP.format(table=str(table), n_jobs=n_jobs)), 1)[0]


def mice(table: Path) -> float:
    """Seconds of the same in R."""
    terms = " + ".join(["exposed", *VARIABLES])
    code = MICE.format(table=table, m=IMPUTATIONS, iterations=ITERATIONS, terms=terms)
    done = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True)
    return float(done.stdout.strip().splitlines()[-1])


def imputation(runs: int) -> None:
    """Thirty imputations with Cox pooling at n = 300: ours to mice, and two workers to one."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "cohort.csv")
        cohort().to_csv(table, index=False)
        compare = r_installed("mice", "survival")
        rounds = [(ours(table, 1), ours(table, 2), mice(table) if compare else float("nan")) for _ in range(runs)]
    one, two, r = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"{IMPUTATIONS} imputations of {PATIENTS} patients x {len(VARIABLES)} variables, Cox models, pooling")
    print(
        f"  one worker {one:.2f} s; two workers {two:.2f} s, ratio {statistics.median(b / a for a, b, _ in rounds):.2f}"
    )
    if compare:
        ratio = statistics.median(a / c for a, _, c in rounds)
        print(f"  R's mice, coxph and pool {r:.2f} s; ours to R's {ratio:.2f} (aim: below 1)")
    else:
        print("  R with mice is not installed: not compared")


if __name__ == "__main__":
    imputation(3)
