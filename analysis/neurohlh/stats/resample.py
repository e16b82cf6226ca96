"""Replicates over one or several workers: one seed each, so that the numbers do not depend on how many workers run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from neurohlh.stats.columns import Ints

T = TypeVar("T")


def seeds(seed: int | np.random.Generator, replicates: int) -> list[np.random.SeedSequence]:
    """One independent seed for every replicate; raises ValueError unless `replicates` is at least 1."""
    if replicates < 1:
        raise ValueError(f"replicates must be at least 1, not {replicates}")
    if isinstance(seed, np.random.Generator):
        return list(seed.bit_generator.seed_seq.spawn(replicates))  # type: ignore[attr-defined]
    return np.random.SeedSequence(seed).spawn(replicates)


def bootstrap_rows(seed: np.random.SeedSequence, n: int) -> Ints:
    """A bootstrap sample of n row numbers, drawn with replacement."""
    return np.random.default_rng(seed).integers(0, n, n)


def run_replicates(
    one: Callable[[np.random.SeedSequence], T], each: Sequence[np.random.SeedSequence], n_jobs: int | None = None
) -> list[T]:
    """`one` for every seed, in order, through joblib: `n_jobs` workers, or those of an active joblib.parallel_config.

    None means one worker unless a configuration says otherwise, so that a Dask or Ray cluster can be handed in.
    """
    from joblib import Parallel, delayed, parallel

    workers = parallel.get_active_backend()[1] if n_jobs is None else n_jobs
    if workers in (None, 1):
        return [one(seed) for seed in each]
    return list(Parallel(n_jobs=n_jobs)(delayed(one)(seed) for seed in each))
