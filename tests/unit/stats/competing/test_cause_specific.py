import numpy as np
import pandas as pd
import pytest

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.competing.cause_specific import cause_specific_cif, cause_specific_cox

SAID = {"cause": 1, "censored": 0}
FRAME = pd.DataFrame({"t": [1, 2, 3, 4], "e": [1, 2, 1, 0], "x": [1.0, 1.0, 0.0, 1.0]})
# Cause 1: three exposed and one not at time 1, one of each at 3. The score 1 - 3r/(3r+1) - r/(r+1) is 0 where
# r + 1 = r (3r + 1), at r = 1 / sqrt(3). Cause 2: one event of an exposed patient, so r runs to infinity.
RATIO = 1 / np.sqrt(3)


def test_hazard_ratio_by_hand():
    tidy = cause_specific_cox(FRAME, "t", "e", ["x"], **SAID).tidy.set_index("outcome")
    assert tidy.loc["1", "estimate"] == pytest.approx(RATIO)
    # Information: the variances of x among those at risk, 3r/(3r+1)^2 + r/(r+1)^2.
    information = 3 * RATIO / (3 * RATIO + 1) ** 2 + RATIO / (RATIO + 1) ** 2
    assert tidy.loc["1", "std_error"] == pytest.approx(information**-0.5)
    assert np.isnan(tidy.loc["2", "estimate"])
    assert "monotone" in tidy.loc["2", "note"]


def test_incidence_of_a_single_cause_by_hand():
    # The competing event is made a censoring: the hazards of an unexposed patient are 1/(3r+1) at 1 and 1/(r+1) at 3.
    frame = FRAME.assign(e=[1, 0, 1, 0])
    new = pd.DataFrame({"x": [0.0, 1.0]})
    tidy = cause_specific_cif(frame, "t", "e", ["x"], new, [0.5, 1, 3, 9], competing=[2], **SAID).tidy
    first, second = 1 / (3 * RATIO + 1), 1 / (RATIO + 1)
    expected = [[0, h, h + (1 - h) * k] for h, k in ((first, second), (RATIO * first, RATIO * second))]
    found = tidy["estimate"].to_numpy().reshape(2, 4)
    np.testing.assert_allclose(found[:, :3], expected, rtol=1e-8)
    assert np.isnan(found[:, 3]).all()
    assert tidy["note"].iloc[3] == "not estimable: beyond the last follow-up (4)"


def test_incidence_of_two_causes_by_hand():
    # One exposed and one unexposed patient at every time: r = 1. Hazards 1/4 (cause 1), 1/3 (cause 2), 1/2 (cause 1):
    # 1/4 + 3/4 * 2/3 * 1/2.
    frame = pd.DataFrame({"t": [1, 1, 2, 2, 3, 3, 4, 4], "e": [1, 1, 2, 2, 1, 1, 0, 0], "x": [0.0, 1.0] * 4})
    tidy = cause_specific_cif(frame, "t", "e", ["x"], frame[:1], [1, 2, 3], ties="breslow", **SAID).tidy
    assert tidy["estimate"].to_numpy() == pytest.approx([1 / 4, 1 / 4, 1 / 2])


def test_refusals():
    with pytest.raises(NotEstimable, match="no event of the cause"):
        cause_specific_cif(FRAME.assign(e=[2, 2, 0, 2]), "t", "e", ["x"], FRAME, [1], competing=[2], **SAID)
    with pytest.raises(NotEstimable, match="a coefficient for the cause 2 cannot be estimated"):
        cause_specific_cif(FRAME, "t", "e", ["x"], FRAME, [1], **SAID)
    both = FRAME.assign(e=[1, 0, 1, 0])
    with pytest.raises(ValueError, match="1 rows of patients lack a covariate"):
        cause_specific_cif(both, "t", "e", ["x"], pd.DataFrame({"x": [np.nan]}), [1], competing=[2], **SAID)
