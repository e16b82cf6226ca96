"""`neurohlh synth --scenario`: one drawn cohort as a table and a study, with the truth beside it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from neurohlh.core.errors import InputError
from neurohlh.study.outputs import write_csv
from neurohlh.study.simulation.draw import TRUTH, draw
from neurohlh.study.simulation.material import COVARIATES
from neurohlh.study.simulation.scenarios import Scenario

COHORT = "cohort_SYNTHETIC.csv"
_SMALLEST = 20
_HIDDEN = (*TRUTH, "cohort", "os_days", "os_event")
_UNITS = {"albumin": "albumin (g/L)", "age_years": "age_years", "ferritin": "ferritin (ug/L)"}

_STUDY = """# Synthetic data: made by `neurohlh synth --scenario {key} --seed {seed} --patients {n}`; no real patient.
schema = 1
[study]
title = "SYNTHETIC: {title}"
seed = {seed}
[[source]]
path = "{cohort}"
[eligibility]
criteria = "none"
[model]
covariates = [{covariates}]
"""
_README = """# SYNTHETIC cohort: {title}

**No row is a patient.** Drawn by `neurohlh synth --scenario {key} --seed {seed} --patients {n}`; every number of the
model is a choice of the software, none is a finding.

`{cohort}` is what a hospital would have written down, `study.toml` a study of it, `truth.csv` what nobody knows:
severity (albumin = 30 - 4 x severity), the day on which CNS involvement begins (empty: never), the centre's log hazard.

| of the model | |
|---|---|
{rows}
"""


def write_scenario(world: Scenario, seed: int, patients: int, out: Path) -> None:
    """Write one cohort of `world` into `out`; the same seed and size give the same bytes.

    Raises InputError for fewer than 20 patients or a negative seed.
    """
    if patients < _SMALLEST or seed < 0:
        raise InputError(f"n = {patients}, seed = {seed}: n must be at least {_SMALLEST}, the seed not negative")
    drawn = draw(np.random.default_rng(seed), world, patients)
    out.mkdir(parents=True, exist_ok=True)
    table = drawn.drop(columns=[c for c in _HIDDEN if c in drawn]).rename(columns=_UNITS)
    write_csv(table.round({"albumin (g/L)": 2, "age_years": 2, "ferritin (ug/L)": 0}), out / COHORT)
    truth = drawn[["patient_id", *TRUTH]].assign(cns_day=drawn["cns_day"].where(np.isfinite(drawn["cns_day"])))
    write_csv(pd.DataFrame(truth).round({"severity": 4}), out / "truth.csv")
    words = {"key": world.key, "title": world.title, "seed": seed, "n": patients, "cohort": COHORT}
    rows = "\n".join(f"| {name.replace('_', ' ')} | {value} |" for name, value in asdict(world).items())
    covariates = ", ".join(f'"{c}"' for c in COVARIATES)
    (out / "study.toml").write_text(_STUDY.format(**words, covariates=covariates), encoding="utf-8", newline="\n")
    (out / "README.md").write_text(_README.format(**words, rows=rows), encoding="utf-8", newline="\n")
