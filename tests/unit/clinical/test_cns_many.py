"""Many definitions in one pass say the same as one after the other."""

import datetime as dt

import pandas as pd
import pytest

from neurohlh.clinical.cns_definitions import definitions
from neurohlh.clinical.cns_many import classify_by_many
from neurohlh.clinical.cns_status import RESULTS, classify_cns
from neurohlh.core.errors import InputError

DAY = dt.datetime(2020, 1, 1)


@pytest.fixture(scope="module")
def frame():
    """Every combination of symptoms, CSF and imaging (yes, no, not tested), some of it found late."""
    rows = []
    for seizure in (True, False, None):
        for cells in (50.0, 1.0, None):
            for mri in ("met", "not_met", None):
                late = dt.timedelta(days=30 if cells == 50.0 and mri == "met" else 2)
                rows.append((seizure, cells, None if cells is None else 0.2, mri, DAY + late))
    found = pd.DataFrame(rows, columns=["sx_seizure", "csf_wbc", "csf_protein", "mri_abnormal", "date_lp_first"])
    return found.assign(
        sx_seizure=found["sx_seizure"].astype("boolean"),
        patient_id=[f"P{i}" for i in range(len(found))],
        age_years=5.0,
        date_hlh_diagnosis=DAY,
        hlh=["met", "met", "not_met"] * 9,
        mri_done=found["mri_abnormal"].notna(),
        lp_done=found["csf_wbc"].notna(),
    )


def test_every_definition_as_on_its_own(frame):
    names = [d.name for d in definitions()]
    together = classify_by_many(frame, names, hlh="hlh", window_days=(-14, 10))
    assert list(together) == names
    for name in names:
        alone = classify_cns(frame, name, hlh="hlh", window_days=(-14, 10))
        pd.testing.assert_frame_equal(together[name], alone[list(RESULTS)], check_dtype=False)


def test_the_index_of_the_frame_is_kept(frame):
    moved = frame.set_index(pd.Index(range(100, 100 + len(frame))))
    assert classify_by_many(moved, ["obj"])["obj"].index.tolist() == moved.index.tolist()


def test_an_unknown_definition_names_the_closest(frame):
    with pytest.raises(InputError) as error:
        classify_by_many(frame, ["seed_any3", "seed_any4"])
    assert "'seed_any3'" in str(error.value)
