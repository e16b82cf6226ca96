import pandas as pd
import pytest

from neurohlh.stats.competing.cumulative_incidence import cumulative_incidence

FRAME = pd.DataFrame({"t": [1, 2, 2, 3, 4], "e": [1, 2, 0, 1, 0]})


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ({"cause": 1, "censored": 9}, "no row of 'e' holds the censoring code '9'"),
        ({"cause": 5, "censored": 0}, "cause '5' does not occur"),
        ({"cause": 1, "censored": 1}, "are both '1'"),
        ({"cause": 1, "censored": 0, "competing": [3]}, "not declared: 2"),
    ],
)
def test_codes_are_never_guessed(codes, message):
    with pytest.raises(ValueError, match=message):
        cumulative_incidence(FRAME, "t", "e", **codes)
