"""Crude and adjusted ratios of one analysis: what one of them lacks does not take the other away."""

import numpy as np

from neurohlh.study.parts.hazard_rows import Rows, line


def test_the_crude_row_stays_where_the_adjusted_model_cannot_be_estimated(material_of):
    """Albumin is known in the involved only, so that nobody is left to compare with."""
    rng = np.random.default_rng(2)
    patients = [
        {
            "os_days": float(rng.integers(20, 900)),
            "os_event": float(n % 3 == 0),
            "cns": "met" if n % 2 else "not_met",
            "albumin": 20.0 + n if n % 2 else None,
        }
        for n in range(40)
    ]
    material = material_of(patients, model={"covariates": ["albumin"]})
    found = line("everybody", "main", material, lambda: Rows(material.frame))
    crude, adjusted = found.rows
    assert crude["term"] == "crude"
    assert crude["estimate"] > 0
    assert crude["n"] == 40
    assert adjusted["term"] == "adjusted"
    assert "estimate" not in adjusted
    assert adjusted["note"].startswith("not estimable: ")
