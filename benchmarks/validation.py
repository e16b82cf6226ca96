"""200 bootstrap replicates of a Cox validation at n = 300 and 3,000: ours, lifelines and R, as ratios in one run."""

import statistics
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from measure import measured, r_installed, r_seconds, timed

REPLICATES = 200


def cohort(n: int, covariates: int = 5) -> pd.DataFrame:
    """Follow-up in whole days with ties, about half censored."""
    rng = np.random.default_rng(n)
    x = rng.normal(size=(n, covariates))
    time = np.ceil(rng.exponential(600 * np.exp(-x @ np.linspace(-0.5, 0.5, covariates))))
    limit = np.ceil(rng.uniform(30, 1500, n))
    frame = pd.DataFrame(x, columns=[f"x{i}" for i in range(covariates)])
    return frame.assign(days=np.minimum(time, limit), died=(time <= limit).astype(int))


def validation(sizes: tuple[int, ...] = (300, 3_000), runs: int = 1, slow: bool = True) -> None:
    """Prints seconds and ratios; `slow` also runs lifelines, which takes a minute at n = 3,000."""
    for n in sizes:
        with tempfile.TemporaryDirectory() as folder:
            table = Path(folder, "cohort.csv")
            cohort(n).to_csv(table, index=False)
            names = [f"x{i}" for i in range(5)]
            read = f"import pandas as pd, numpy as np\nd = pd.read_csv({str(table)!r})\nnames = {names!r}\n"
            own = timed(
                f"validate_cox(d, 'days', 'died', names, seed=1, replicates={REPLICATES})",
                read + "from neurohlh.stats.predict.validation import validate_cox\n",
            )
            seconds = {"ours (fit, C, slope, R2, D, U, g)": measured(own, runs)[0]}
            if slow:
                seconds["lifelines (fit, C)"] = measured(_lifelines(read), runs)[0]
            if r_installed("survival", "rms"):
                seconds["R rms::validate"] = statistics.median(_rms(table) for _ in range(runs))
        print(f"{REPLICATES} bootstrap replicates of a Cox validation, n = {n:,}, 5 covariates")
        first = next(iter(seconds.values()))
        for name, taken in seconds.items():
            print(f"  {name:36s}{taken:8.2f} s  ratio to ours {taken / first:5.1f}")


def _lifelines(read: str) -> str:
    body = (
        "rng = np.random.default_rng(1)\n"
        f"for _ in range({REPLICATES}):\n"
        "    b = d.iloc[rng.integers(0, len(d), len(d))]\n"
        "    f = CoxPHFitter().fit(b, 'days', 'died')\n"
        "    f.concordance_index_, concordance_index(d['days'], -f.predict_partial_hazard(d), d['died'])"
    )
    return timed(body, read + "from lifelines import CoxPHFitter\nfrom lifelines.utils import concordance_index\n")


def _rms(table: Path) -> float:
    setup = f"suppressPackageStartupMessages(library(rms)); d <- read.csv('{table}'); set.seed(1)\n"
    setup += "f <- cph(Surv(days, died) ~ x0 + x1 + x2 + x3 + x4, data = d, x = TRUE, y = TRUE, surv = TRUE)"
    return r_seconds(f"v <- validate(f, B = {REPLICATES}, dxy = TRUE)", setup)


if __name__ == "__main__":
    validation()
