"""Horne 2008, 193 children: the printed groups give back the printed margins (recomputation H2)."""

import pandas as pd

from neurohlh.clinical.cns import classify_cns

GROUPS = {  # symptoms, CSF -> patients in the printed groups 1 to 4
    ("not_met", "not_met"): 71,
    ("met", "not_met"): 21,
    ("not_met", "met"): 50,
    ("met", "met"): 51,
}


def test_the_four_groups_add_up_to_the_printed_margins():
    rows = [pair for pair, n in GROUPS.items() for _ in range(n)]
    frame = pd.DataFrame(rows, columns=["neuro_symptoms_any", "csf_abnormal"])
    frame.insert(0, "patient_id", [f"H{i}" for i in range(len(frame))])
    frame["lp_done"] = pd.array([True] * len(frame), dtype="boolean")
    found = classify_cns(frame, "horne2008")
    assert len(found) == 193
    assert (found["cns_symptoms"] == "met").sum() == 72
    assert (found["cns_csf"] == "met").sum() == 101
    assert (found["cns_status"] == "met").sum() == 122
    assert found["cns_group_horne"].value_counts().to_dict() == {"1": 71, "2": 21, "3": 50, "4": 51}
