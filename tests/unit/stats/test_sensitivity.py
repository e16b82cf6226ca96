import numpy as np
import pytest

from neurohlh.stats.sensitivity import as_risk_ratio, e_value, evalue


def test_by_hand():
    assert e_value(2) == pytest.approx(2 + np.sqrt(2))
    assert e_value(0.5) == pytest.approx(e_value(2))
    assert e_value(1) == 1


def test_a_confounder_of_that_strength_explains_the_effect_and_a_weaker_one_does_not():
    # The bounding factor of two risk ratios g, u is g u / (g + u - 1).
    for ratio in (1.3, 2.0, 7.5):
        strength = e_value(ratio)
        assert strength**2 / (2 * strength - 1) == pytest.approx(ratio)


def test_conversions_by_hand():
    assert as_risk_ratio(4, "OR", common=True) == 2
    assert as_risk_ratio(4, "OR") == 4
    assert as_risk_ratio(4, "HR", common=True) == pytest.approx((1 - 0.25) / (1 - 0.5**0.5))
    assert as_risk_ratio(1, "HR", common=True) == 1
    assert as_risk_ratio(0.1, "RD", reference_risk=0.2) == pytest.approx(1.5)
    assert as_risk_ratio(0, "SMD") == 1


def test_the_limit_nearest_to_no_effect():
    above = evalue(2, 1.5, 2.7, measure="RR").tidy
    assert above["coef"].tolist() == [2, 1.5]
    assert above["estimate"].tolist() == pytest.approx([e_value(2), e_value(1.5)])
    below = evalue(0.5, 0.3, 0.8, measure="RR").tidy
    assert below["coef"].tolist() == [0.5, 0.8]
    crossed = evalue(1.2, 0.8, 1.8, measure="RR").tidy.iloc[1]
    assert (crossed["estimate"], crossed["note"]) == (1, "the limits include no effect")


def test_the_two_sides_of_a_ratio():
    one, two = (evalue(*v, measure="HR", common=True).tidy["estimate"] for v in ((2, 1.5, 4), (0.5, 0.25, 1 / 1.5)))
    assert one.tolist() == pytest.approx(two.tolist())


def test_standardised_differences_take_a_standard_error():
    rows = evalue(0.5, measure="SMD", std_error=0.1).tidy
    assert rows["coef"].tolist() == pytest.approx([0.5, 0.5 - 1.959964 * 0.1], rel=1e-6)
    assert evalue(0.5, measure="SMD").tidy.shape[0] == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: evalue(2.0), "say whether the outcome is common"),
        (lambda: evalue(2.0, 1.0, common=True), "give both limits or none"),
        (lambda: evalue(2.0, 2.5, 3.0, common=True), "the limits do not enclose the estimate"),
        (lambda: evalue(-2.0, measure="RR"), "a RR must be a number above 0"),
        (lambda: evalue(0.1, measure="RD"), "needs the reference_risk"),
        (lambda: evalue(0.9, measure="RD", reference_risk=0.5), "must be a risk above 0"),
        (lambda: evalue(2.0, measure="IRR"), "measure must be one of RR, HR, OR, RD, SMD"),
        (lambda: evalue(2.0, measure="RR", std_error=1.0), "std_error stands for the limits of a SMD"),
        (lambda: e_value(0), "a risk ratio must be a number above 0"),
    ],
)
def test_values_that_cannot_be(call, message):
    with pytest.raises(ValueError, match=message):
        call()
