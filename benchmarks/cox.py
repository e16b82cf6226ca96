"""Cox regression: ours beside lifelines, statsmodels and R's coxph, as ratios within one run on one machine.

Every measurement is a process of its own, so that its peak memory is its own too. Data are handed over as a file, and
the clock starts when they are in memory: ours and R's count the sort and the fit, lifelines' its data frame as well.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from measure import measured, r_installed, timed

COVARIATES = 10
SLOW = 60.0
"""Seconds from which a competitor is not tried with more rows."""
KINDS = ("tied", "untied", "start-stop", "strata")

_LOAD = "import numpy as np\nd = np.load({path!r})\nx, t, e, s, g = d['x'], d['t'], d['e'], d['s'], d['g']"


def cohort(path: Path, n: int, kind: str) -> None:
    """Ten covariates, a third censored, days ("untied": not rounded), half of the rows late ("start-stop")."""
    rng = np.random.default_rng(20261125)
    x = rng.normal(size=(n, COVARIATES))
    time = rng.exponential(500 / np.exp(x @ np.linspace(-0.5, 0.5, COVARIATES)))
    end = rng.uniform(0, 1500, n)
    event, time = time <= end, np.minimum(time, end)
    start = np.where(rng.random(n) < 0.5, time * rng.random(n) * 0.9, 0.0)
    if kind != "untied":
        time, start = np.ceil(time), np.floor(start)
    start = np.minimum(start, time - 1e-9) if kind == "start-stop" else np.zeros(n)
    np.savez(path, x=x, t=time, e=event, s=start, g=rng.integers(0, 100, n))
    columns = {"t": time, "e": event, "s": start, "g": np.load(path)["g"]}
    table = np.column_stack([*columns.values(), x])
    table.astype("<f8").T.tofile(path.with_suffix(".bin"))


def ours(path: Path, kind: str, repeats: int) -> str:
    options = {"start-stop": ", entry=s", "strata": ", strata=g"}.get(kind, "")
    setup = _LOAD.format(path=str(path)) + "\nfrom neurohlh.stats.hazards.fit import SortedDesign, fit\n"
    setup += f"fit(SortedDesign.of(x[:500], t[:500], e[:500]))\nrepeats = {repeats}"
    body = f"for _ in range(repeats):\n    found = fit(SortedDesign.of(x, t, e{options}))\nassert found.converged"
    return timed(body, setup)


def lifelines(path: Path, kind: str, repeats: int) -> str:
    options = {"start-stop": ", entry_col='s'", "strata": ", strata='g'"}.get(kind, "")
    keep = {"start-stop": "'s'", "strata": "'g'"}.get(kind, "")
    setup = _LOAD.format(path=str(path)) + "\nimport pandas as pd\nfrom lifelines import CoxPHFitter\n"
    setup += f"frame = pd.DataFrame(x, columns=[f'x{{j}}' for j in range({COVARIATES})]).assign(t=t, e=e, s=s, g=g)\n"
    setup += f"frame = frame[[*(f'x{{j}}' for j in range({COVARIATES})), 't', 'e', {keep}]]\nrepeats = {repeats}"
    return timed(f"for _ in range(repeats):\n    CoxPHFitter().fit(frame, 't', 'e'{options})", setup)


def statsmodels(path: Path, kind: str, repeats: int) -> str:
    options = {"start-stop": ", entry=s", "strata": ", strata=g"}.get(kind, "")
    setup = _LOAD.format(path=str(path)) + "\nfrom statsmodels.duration.hazard_regression import PHReg\n"
    setup += f"e = e.astype(int)\nrepeats = {repeats}"
    return timed(f"for _ in range(repeats):\n    PHReg(t, x, status=e, ties='efron'{options}).fit()", setup)


def coxph(path: Path, n: int, kind: str, repeats: int) -> float | None:
    """Seconds of R's coxph, its model frame included; None without R."""
    if not r_installed("survival"):
        return None
    left = {"start-stop": "Surv(s, t, e)"}.get(kind, "Surv(t, e)")
    right = "x + strata(g)" if kind == "strata" else "x"
    code = (
        "suppressPackageStartupMessages(library(survival));"
        f"m <- readBin('{path.with_suffix('.bin')}', 'double', {n * (COVARIATES + 4)});"
        f"m <- matrix(m, ncol = {COVARIATES + 4});"
        "t <- m[,1]; e <- m[,2]; s <- m[,3]; g <- m[,4]; x <- m[,-(1:4)];"
        f"b <- proc.time()[3]; for (i in 1:{repeats}) f <- coxph({left} ~ {right}); cat(proc.time()[3] - b)"
    )
    done = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def foreseen(n: int, before: tuple[int, float] | None) -> float:
    """Seconds that a fit may take, from one with fewer rows: cost may grow faster than they do."""
    return 0.0 if before is None else before[1] * (n / before[0]) ** 1.3


def compare(n: int, kind: str, runs: int, tried: dict[tuple[str, str], tuple[int, float]]) -> dict[str, float]:
    """Median seconds per fit of everybody who is not too slow; prints them, with the ratio to ours."""
    repeats = max(1, min(30, 30_000 // n))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "cohort.npz")
        cohort(path, n, kind)
        seconds, memory = measured(ours(path, kind, repeats), runs)
        found = {"ours": seconds / repeats}
        peaks = {"ours": memory}
        for name, program in (("lifelines", lifelines), ("statsmodels", statsmodels)):
            if foreseen(n, tried.get((name, kind))) < SLOW:
                few = min(repeats, 3)
                seconds, peaks[name] = measured(program(path, kind, few), 1 if n > 1000 else runs)
                found[name] = seconds / few
        if foreseen(n, tried.get(("R", kind))) < SLOW:
            seconds_r = coxph(path, n, kind, repeats)
            if seconds_r is not None:
                found["R"] = seconds_r / repeats
        data = n * (COVARIATES + 2) * 8 / 1e9
    for name, value in found.items():
        tried[name, kind] = n, value
        memory_said = f", peak {peaks[name]:.2f} GB" if name in peaks else ""
        print(f"  {kind:<11}{name:<12}{value * 1e3:12.2f} ms   x {value / found['ours']:7.1f}{memory_said}")
    if n >= 1_000_000:
        print(f"  {'':<11}one copy of the data is {data:.2f} GB")
    return found


def replicates(n: int, count: int, runs: int) -> float:
    """Seconds of `count` bootstrap samples drawn and fitted from one sorted design."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "cohort.npz")
        cohort(path, n, "tied")
        setup = _LOAD.format(path=str(path)) + "\nfrom neurohlh.stats.hazards.fit import SortedDesign, fit\n"
        setup += "rng = np.random.default_rng(1)\ndesign = SortedDesign.of(x, t, e)"
        body = f"for _ in range({count}):\n    fit(design.take(rng.integers(0, len(t), len(t))))"
        return measured(timed(body, setup), runs)[0]


def benchmark(rows: list[int], runs: int) -> dict[str, float]:
    """Everything for each number of rows; gives the exponents of cost in rows by kind."""
    tried: dict[tuple[str, str], tuple[int, float]] = {}
    cost: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for n in rows:
        print(f"{n:,} rows x {COVARIATES} covariates (time per fit; ratio to ours)")
        for kind in KINDS:
            cost[kind].append(compare(n, kind, runs, tried)["ours"])
    for n in (300, 3000):
        print(f"200 bootstrap samples of {n:,} rows, drawn and fitted: {replicates(n, 200, runs):.2f} s")
    slopes = {}
    if len(rows) > 1:
        for kind, values in cost.items():
            slopes[kind] = float(np.polyfit(np.log(rows), np.log(values), 1)[0])
        print("cost grows with rows to the power " + ", ".join(f"{k} {v:.2f}" for k, v in slopes.items()))
    return slopes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    print(json.dumps(benchmark(options.rows, options.runs)))


if __name__ == "__main__":
    main()
