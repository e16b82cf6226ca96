import pytest

from neurohlh.stats.prediction_size import binary_prediction_size, survival_prediction_size


def test_the_published_binary_example():
    # 24 parameters, Cox-Snell R2 0.288, prevalence 0.174: 623, 662 and 221 patients (Riley 2020, BMJ 368:m441).
    found = binary_prediction_size(24, 0.288, 0.174)
    assert [round(v + 0.5) for v in (found.shrinkage, found.optimism, found.overall_risk)] == [623, 662, 221]
    assert found.n == 662


def test_the_published_survival_example():
    # 30 parameters, R2 0.051, rate 0.065, mean follow-up 2.07, horizon 2: 5143 and 1039 patients.
    found = survival_prediction_size(30, 0.051, 0.065, 2.07, 2)
    assert [round(v + 0.5) for v in (found.shrinkage, found.optimism)] == [5143, 1039]
    assert found.n == 5143


def test_the_unit_of_time():
    years, months = survival_prediction_size(9, 0.1, 0.2, 3, 2), survival_prediction_size(9, 0.1, 0.2 / 12, 36, 24)
    assert years.optimism == pytest.approx(months.optimism)
    assert years.overall_risk == pytest.approx(months.overall_risk)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: binary_prediction_size(9, 0.1, 0), "prevalence must lie between 0 and 1"),
        (lambda: binary_prediction_size(9, 0.8, 0.5), "r2 between 0 and 0.75"),
        (lambda: binary_prediction_size(0, 0.1, 0.5), "parameters must be at least 1"),
        (lambda: survival_prediction_size(9, 0.1, 0, 1, 1), "must be above 0"),
        (lambda: survival_prediction_size(9, 0.1, 2, 1, 5), "too near 1"),
    ],
)
def test_values_that_cannot_be(call, message):
    with pytest.raises(ValueError, match=message):
        call()
