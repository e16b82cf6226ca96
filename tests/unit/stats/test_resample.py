from functools import partial

import joblib
import numpy as np
import pytest

from neurohlh.stats.resample import bootstrap_rows, run_replicates, seeds

draw = partial(bootstrap_rows, n=30)


def lists(rows):
    return [own.tolist() for own in rows]


def test_the_same_numbers_for_any_number_of_workers_and_any_backend():
    alone = lists(run_replicates(draw, seeds(7, 4)))
    assert lists(run_replicates(draw, seeds(7, 4), n_jobs=2)) == alone
    with joblib.parallel_config(backend="threading", n_jobs=3):
        assert lists(run_replicates(draw, seeds(7, 4))) == alone


def test_replicates_are_independent_of_how_many_follow():
    assert lists(run_replicates(draw, seeds(7, 6)))[:4] == lists(run_replicates(draw, seeds(7, 4)))
    assert len({tuple(rows) for rows in run_replicates(draw, seeds(7, 50))}) == 50


def test_a_generator_gives_the_seeds_of_its_own_seed():
    given = lists(run_replicates(draw, seeds(np.random.default_rng(7), 4)))
    assert given == lists(run_replicates(draw, seeds(7, 4)))


def test_at_least_one_replicate():
    with pytest.raises(ValueError, match="replicates must be at least 1, not 0"):
        seeds(1, 0)
