"""Fine-Gray regression by the number of rows against R, and Aalen-Johansen at a million rows."""

import numpy as np
from measure import measured, r_installed, r_seconds, timed

_DATA = (
    "import numpy as np\n"
    "from neurohlh.stats.competing.subdistribution_fit import SubdistributionDesign, fit_subdistribution\n"
    "from neurohlh.stats.competing.aalen_johansen import aalen_johansen\n"
    "from neurohlh.stats.competing.incidence_variance import incidence_influence\n"
    "rng = np.random.default_rng(1); n, p = {n}, {p}\n"
    "x = rng.normal(size=(n, p)); t = rng.exponential(size=n) * np.exp(-0.3 * x[:, 0])\n"
    "e = rng.choice([0, 1, 2], n, p=[0.3, 0.4, 0.3])\n"
)
_FIT = "f = fit_subdistribution(SubdistributionDesign.of(x, t, e)); r = f.rows_influence(True); r.T @ r"
_CURVE = "c = aalen_johansen(t, e, 2); incidence_influence(c, 0, e).variance(np.ones(n))"
_R_DATA = (
    "suppressPackageStartupMessages({{library(survival); library(cmprsk)}}); set.seed(1); n <- {n}; p <- {p}\n"
    "x <- matrix(rnorm(n * p), n); t <- rexp(n) * exp(-.3 * x[, 1]); e <- sample(0:2, n, TRUE, c(.3, .4, .3))\n"
)
_CRR = "f <- crr(t, e, x)"
_FINEGRAY = (
    "d <- data.frame(t, f = factor(e), x, id = 1:n); z <- finegray(Surv(t, f) ~ ., d, etype = '1')\n"
    "v <- paste0('X', 1:p); m <- as.formula(paste('Surv(fgstart, fgstop, fgstatus) ~', paste(v, collapse = '+')))\n"
    "g <- coxph(m, z, weights = fgwt, cluster = id)"
)
_R_LARGEST = {_CRR: 3_000, _FINEGRAY: 3_000}  # beyond, R takes more than a minute


def competing(sizes: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000), p: int = 5, runs: int = 3) -> None:
    """Seconds and peak memory of Fine-Gray with its variance by rows, and the slope of cost against rows."""
    r = r_installed("survival", "cmprsk")
    seconds = []
    for n in sizes:
        took, peak = measured(timed(_FIT, _DATA.format(n=n, p=p)), runs)
        seconds.append(took)
        line = f"Fine-Gray, {n:,} rows x {p}: {took:.3f} s, peak {peak:.2f} GB"
        for name, code in (("crr", _CRR), ("finegray + coxph", _FINEGRAY)):
            if r and n <= _R_LARGEST[code]:
                line += f"; {name} {r_seconds(code, _R_DATA.format(n=n, p=p)):.2f} s"
        print(line)
    slope = np.polyfit(np.log(sizes), np.log(seconds), 1)[0]
    print(f"  slope of cost against rows (log-log): {slope:.2f}")
    took, peak = measured(timed(_CURVE, _DATA.format(n=1_000_000, p=1)), runs)
    print(f"Aalen-Johansen with its jackknife variance, 1,000,000 rows: {took:.2f} s, peak {peak:.2f} GB")


if __name__ == "__main__":
    competing()
