import numpy as np
import pytest

from neurohlh.stats.hazards.fit import SortedDesign, fit


@pytest.fixture
def sample():
    rng = np.random.default_rng(11)
    n = 150
    x = rng.normal(size=(n, 2))
    time = np.ceil(rng.exponential(10 * np.exp(-0.4 * x[:, 0])))
    return {
        "matrix": x, "time": time, "event": rng.random(n) < 0.6, "entry": np.floor(time * rng.random(n) * 0.9),
        "strata": rng.integers(0, 4, n), "weights": rng.random(n) + 0.5, "offset": rng.normal(size=n) / 3,
    }  # fmt: skip


def same(one, other):
    a, b = fit(one), fit(other)
    np.testing.assert_allclose(a.coef, b.coef, rtol=1e-10)
    np.testing.assert_allclose(a.cov, b.cov, rtol=1e-9)
    assert a.loglik == pytest.approx(b.loglik, rel=1e-12)


def split(sample):
    return (sample["matrix"], sample["time"], sample["event"]), {
        k: v for k, v in sample.items() if k not in ("matrix", "time", "event")
    }


@pytest.mark.parametrize("seed", range(3))
def test_a_bootstrap_sample_is_the_fit_of_its_rows(sample, seed):
    rows = np.random.default_rng(seed).integers(0, 150, 150)
    args, options = split(sample)
    again, chosen = split({k: v[rows] for k, v in sample.items()})
    taken = SortedDesign.of(*args, **options).take(rows)
    same(taken, SortedDesign.of(*again, **chosen))
    np.testing.assert_array_equal(sample["time"][rows][taken.sets.rows], again[1][taken.sets.rows])


def test_a_sample_of_a_sample(sample):
    args, options = split(sample)
    first, second = np.arange(0, 150, 2), np.array([*range(40), 3, 3, 9])
    same(
        SortedDesign.of(*args, **options).take(first).take(second),
        SortedDesign.of(*args, **options).take(first[second]),
    )


def test_other_weights_and_a_weight_of_zero(sample):
    args, options = split(sample)
    weights = np.where(np.arange(150) % 3 == 0, 0.0, sample["weights"])
    kept = weights > 0
    again, chosen = split({k: v[kept] for k, v in {**sample, "weights": weights}.items()})
    design = SortedDesign.of(*args, **options).with_weights(weights)
    same(design, SortedDesign.of(*again, **chosen))
    same(design.with_weights(sample["weights"]), SortedDesign.of(*args, **options))


def test_other_covariates_on_the_same_rows(sample):
    args, options = split(sample)
    other = np.column_stack([sample["matrix"][:, 1] ** 2, sample["matrix"][:, 0]])
    same(SortedDesign.of(*args, **options).with_matrix(other), SortedDesign.of(other, *args[1:], **options))


def test_the_likelihood_at_given_coefficients(sample):
    args, options = split(sample)
    design = SortedDesign.of(*args, **options)
    found = fit(design)
    assert design.loglik(found.coef) == pytest.approx(found.loglik, rel=1e-13)
    assert design.loglik(np.zeros(2)) == pytest.approx(found.loglik_null, rel=1e-13)


def test_wrong_weights_and_ties(sample):
    args, _ = split(sample)
    with pytest.raises(ValueError, match="finite and not negative"):
        SortedDesign.of(*args, weights=np.full(150, -1.0))
    with pytest.raises(ValueError, match="ties must be"):
        SortedDesign.of(*args, ties="exakt")
