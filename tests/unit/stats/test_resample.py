import joblib
import numpy as np
import pytest

from neurohlh.stats.resample import bootstrap_rows, run_replicates, seeds


def draw(seed):
    return bootstrap_rows(seed, 5).tolist()


def test_the_same_numbers_for_any_number_of_workers_and_any_backend():
    alone = run_replicates(draw, seeds(7, 4))
    assert run_replicates(draw, seeds(7, 4), n_jobs=2) == alone
    with joblib.parallel_config(backend="threading", n_jobs=3):
        assert run_replicates(draw, seeds(7, 4)) == alone


def test_replicates_are_independent_of_how_many_follow():
    assert run_replicates(draw, seeds(7, 6))[:4] == run_replicates(draw, seeds(7, 4))
    assert len({tuple(rows) for rows in run_replicates(draw, seeds(7, 50))}) == 50


def test_a_generator_gives_the_seeds_of_its_own_seed():
    assert run_replicates(draw, seeds(np.random.default_rng(7), 4)) == run_replicates(draw, seeds(7, 4))


def test_at_least_one_replicate():
    with pytest.raises(ValueError, match="replicates must be at least 1, not 0"):
        seeds(1, 0)
