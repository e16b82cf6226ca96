"""Multiple imputation by chained equations, with the event and its cumulative hazard in every model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from neurohlh.stats.missing.chain import Chain, run_chain
from neurohlh.stats.missing.derived import Formula
from neurohlh.stats.missing.diagnostics import diagnostics
from neurohlh.stats.missing.imputations import Imputations
from neurohlh.stats.missing.model import ImputationModel, Roles, imputation_model
from neurohlh.stats.resample import run_replicates, seeds

FEWEST = 20
"""Imputations at least; more where more patients are incomplete (White, Royston and Wood 2011: one per percent)."""


def impute(
    frame: pd.DataFrame,
    *,
    variables: Sequence[str],
    event: str | Sequence[str] | None = None,
    time: str | None = None,
    entry: str | None = None,
    outcome: str | Sequence[str] = (),
    exposure: str | Sequence[str] = (),
    predictors: Sequence[str] = (),
    m: int | None = None,
    iterations: int = 10,
    methods: Mapping[str, str] | None = None,
    derived: Mapping[str, Formula] | None = None,
    bounds: Mapping[str, tuple[str, str]] | None = None,
    delta: Mapping[str, float] | None = None,
    impute_exposure: bool = False,
    donors: int = 5,
    seed: int | np.random.Generator,
    n_jobs: int | None = None,
) -> Imputations:
    """Fill the gaps of `variables` m times by chained equations (fully conditional specification).

    Every model holds all other variables, `exposure`, `outcome`, the auxiliary `predictors` (complete columns), and
    per `event` its indicator and the Nelson-Aalen hazard over the patient's follow-up from `entry` to `time`, never the
    time itself (several events: competing ones). Outcomes are never imputed, the exposure only with `impute_exposure`:
    rows without them keep all their gaps and are counted.

    `methods` per variable: "pmm" (`donors` nearest; default for numbers, and for ordered categories on demand), "norm",
    "logistic" (default for two levels), "polytomous" (default for more). `derived` maps a name to an expression over
    columns ("weight / height ** 2") or a function of the frame; derived variables are recomputed, never imputed, and
    help to predict all but their own inputs. `bounds` gives columns with the lower and upper limit of a missing value
    (a laboratory value below its limit of detection; needs "norm"). `delta` is added to imputed values, for analyses of
    values missing not at random: in the units of a number, in log odds of a variable of two levels.

    `m` is 20 by default, or one per percent of incomplete rows if that is more. The same `seed` gives the same numbers
    with any number of workers `n_jobs`. Raises ValueError for wrong columns, roles or options, NotEstimable if no row
    takes part. van Buuren and Groothuis-Oudshoorn 2011, J Stat Softw 45(3):1.
    """
    roles = Roles(
        list(variables), _list(event), time, entry, _list(outcome), _list(exposure), list(predictors), impute_exposure
    )
    model = imputation_model(frame, roles, methods or {}, derived or {}, bounds or {}, delta or {})
    m = _enough(model) if m is None else m
    if m < 2 or iterations < 1 or donors < 1:
        raise ValueError("m must be at least 2, iterations and donors at least 1")
    one = partial(run_chain, model, iterations=iterations, donors=donors)
    chains: list[Chain] = run_replicates(one, seeds(seed, m), n_jobs)
    recipe = {"iterations": iterations, "donors": donors, "seed": seed if isinstance(seed, int) else "generator"}
    return Imputations(model, tuple(c.cells for c in chains), diagnostics(model, roles, chains, recipe))


def _list(names: str | Sequence[str] | None) -> list[str]:
    return [] if names is None else [names] if isinstance(names, str) else list(names)


def _enough(model: ImputationModel) -> int:
    gaps = np.isnan(model.matrix).any(axis=1)
    return max(FEWEST, int(np.ceil(100 * gaps.mean())))
