"""One call from completed data sets to a pooled Result."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result
from neurohlh.stats.missing.imputations import Imputations
from neurohlh.stats.missing.pool import pool

Analysis = Callable[[pd.DataFrame], Result]


def with_imputations(
    imputations: Imputations,
    analysis: Analysis,
    *,
    dfcom: float | None = None,
    conf_level: float | None = None,
    n_jobs: int | None = None,
) -> Result:
    """Run `analysis` on every completed data set and pool the Results by Rubin's rules; see `pool`.

    `with_imputations(imputed, lambda d: cox(d, "days", "died", ["cns", "age"]))`. `n_jobs` workers as in `impute`.
    What the imputation left out stands in the notes. Raises NotEstimable, with the number of imputations and the first
    reason, if the analysis is not estimable in some of them: pooling the others would pool what happened to work.
    """
    from joblib import Parallel, delayed, parallel

    workers = parallel.get_active_backend()[1] if n_jobs is None else n_jobs
    if workers in (None, 1):
        found = [_one(imputations, i, analysis) for i in range(imputations.m)]
    else:
        found = list(Parallel(n_jobs=n_jobs)(delayed(_one)(imputations, i, analysis) for i in range(imputations.m)))
    failed = [f for f in found if isinstance(f, str)]
    if failed:
        raise NotEstimable(
            f"the analysis is not estimable in {len(failed)} of {imputations.m} imputations: {failed[0]}"
        )
    pooled = pool([f for f in found if isinstance(f, Result)], dfcom=dfcom, conf_level=conf_level)
    recipe = imputations.diagnostics.method
    method = {
        **pooled.method,
        "imputation": {k: recipe[k] for k in ("iterations", "donors", "seed", "methods", "delta")},
    }
    return pooled.with_(method=method, notes=(*pooled.notes, *imputations.diagnostics.notes))


def _one(imputations: Imputations, i: int, analysis: Analysis) -> Result | str:
    try:
        return analysis(imputations.frame(i))
    except NotEstimable as error:
        return str(error)
