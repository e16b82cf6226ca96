import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def r():
    """What R computes: entry -> values."""
    entries = json.loads((HERE / "r_reference.json").read_text())
    return {name: entry["values"] for name, entry in entries.items() if "values" in entry}


@pytest.fixture
def data():
    """The data sets, by attribute: data.lung, data.lung_complete, data.veteran, data.heart, data.pbc."""

    def read(name):
        return pd.read_csv(HERE / "data" / f"{name}.csv")

    lung = read("survival_lung")
    return SimpleNamespace(
        lung=lung.assign(death=lung["status"] == 2),
        lung_complete=read("derived_lung_cc"),
        veteran=read("survival_veteran"),
        heart=read("survival_heart"),
        pbc=read("survival_pbc").iloc[:312],
    )


@pytest.fixture(scope="session")
def equal():
    """Assert equality to R within a relative 1e-9 (far inside the 1e-6 that is promised)."""

    def check(ours, theirs, rtol=1e-9):
        np.testing.assert_allclose(np.asarray(ours, float), np.asarray(theirs, float), rtol=rtol, atol=1e-14)

    return check
