from types import SimpleNamespace

import numpy as np
import pytest

from neurohlh.study.verification.reference import dataset, entries


@pytest.fixture(scope="session")
def r():
    """What R computes: entry -> values."""
    return {name: entry.values for name, entry in entries().items()}


@pytest.fixture
def data():
    """The data sets, by attribute: data.lung, data.lung_complete, data.veteran, data.heart, data.pbc."""
    return SimpleNamespace(
        lung=dataset("survival_lung").assign(death=lambda d: d["status"] == 2),
        lung_complete=dataset("derived_lung_cc"),
        veteran=dataset("survival_veteran"),
        heart=dataset("survival_heart"),
        pbc=dataset("survival_pbc").iloc[:312],
    )


@pytest.fixture(scope="session")
def equal():
    """Assert equality to R within a relative 1e-9 (far inside the 1e-6 that is promised)."""

    def check(ours, theirs, rtol=1e-9):
        np.testing.assert_allclose(np.asarray(ours, float), np.asarray(theirs, float), rtol=rtol, atol=1e-14)

    return check
