"""The codebook's derived variables."""

import numpy as np
import pandas as pd

from neurohlh.clinical.hlh import derive_hlh, hscore_probability


def test_derived_variables_stand_beside_the_recorded():
    frame = pd.DataFrame(
        {"hemoglobin": [80.0], "platelets": [50.0], "anc": [2.0], "wbc": [np.nan], "hlh2004_count": [7.0]}
    )
    row = derive_hlh(frame).iloc[0]
    assert row["hlh2004_count"] == 7
    assert (row["hlh2004_count_derived"], row["hlh2004_count_derived_high"]) == (1, 8)
    assert (row["hlh2004_cytopenia_lineages_derived"], row["hlh2004_cytopenia_lineages_derived_high"]) == (2, 2)
    assert (row["hscore_cytopenia_lineages_derived"], row["hscore_cytopenia_lineages_derived_high"]) == (2, 3)
    assert (row["hlh2004_met_derived"], row["mas2016_met_derived"]) == ("indeterminate", "not_applicable")
    assert not [c for c in row.index if "__" in c]


def test_the_probability_rises_with_the_score_and_keeps_unknown():
    probability = hscore_probability(np.arange(90, 251))
    assert (np.diff(probability) >= 0).all()
    assert np.isnan(hscore_probability(np.nan))
