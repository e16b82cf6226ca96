"""HLH-2004 and HLH-2024, item 5: haemophagocytosis in marrow, spleen or node (dossier 1)."""

import pandas as pd
import pytest

from neurohlh.clinical.criteria import load
from neurohlh.clinical.rules import evaluate

CASES = [
    # any site, marrow, item 5
    (True, None, "met"),
    (None, True, "met"),  # the marrow is one of the sites
    (None, False, "indeterminate"),  # spleen and nodes were not looked into
    (False, None, "not_met"),
    (False, False, "not_met"),
    (None, None, "indeterminate"),
]


@pytest.mark.parametrize("key", ["hlh2004", "hlh2024"])
def test_a_positive_marrow_meets_the_item_and_a_negative_one_alone_does_not_decide_it(key):
    frame = pd.DataFrame(
        {
            "patient_id": [str(i) for i in range(len(CASES))],
            "hemophagocytosis": pd.array([c[0] for c in CASES], dtype="boolean"),
            "hemophagocytosis_bm": pd.array([c[1] for c in CASES], dtype="boolean"),
        }
    )
    answers = evaluate(frame, load(key))
    assert answers[f"{key}__5_hemophagocytosis"].tolist() == [c[2] for c in CASES]
