"""`neurohlh synth`: two synthetic hospitals, as messy as real ones, with the truth beside them.

The model behind the patients, and which of its numbers are published, is described in `synth_truth`; the hospitals'
columns stand in `synth_sheets`, their habits in `synth_mess`, the rarer patterns in `synth_plants`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.random import Generator

from neurohlh.core.errors import InputError
from neurohlh.etl.codebook import codebook
from neurohlh.study.synth_mess import written
from neurohlh.study.synth_plants import (
    PLANTS_A,
    PLANTS_B,
    Ward,
    give_up,
    plant,
    plant_contradictions,
    repeat_rows,
    transfer,
)
from neurohlh.study.synth_sheets import HOSPITAL_A, HOSPITAL_B
from neurohlh.study.synth_truth import effects, patients
from neurohlh.study.synth_write import FILES, write_csv, write_effects, write_model, write_truth, write_workbook

SMALLEST = 100
"""Below this some of the planted patterns find no patient."""

_STUDY = """# Synthetic data: made by `neurohlh synth --seed {seed} --patients {n}`; no real patient.
schema = 1
[study]
title = "SYNTHETIC EXAMPLE: CNS involvement and survival in HLH, two invented hospitals"
seed = {seed}
languages = ["en", "zh"]
[[source]]
path = "{a}"
[[source]]
path = "{b}"
dates = "dmy"
codes = {{ sex = {{ "1" = "M", "2" = "F" }} }}
[values]
missing = ["ND"]
"""

_README = """# SYNTHETIC example: two invented hospitals

**No row of these files is a patient.** They were made by `neurohlh synth --seed {seed} --patients {n}`, byte for byte the same
for the same seed, from a small model hung on published margins (Zhao YZ et al. 2018, Chin Med J 131:1786, doi
10.4103/0366-6999.237409: CNS involvement 60.3 %, symptoms 38/179, imaging abnormal 80/160 tested, CSF abnormal 17/116
tested, 17/179 lost, 3-year survival 68.9 % with and 86.0 % without CNS involvement). How the domains overlap, every
laboratory value, the frequency of the HLH-2004 items and how severity drives death and testing are ours: round figures,
not findings. Nothing about HLH can be learnt from them; how the software reads a table can.

| file | what it is |
|---|---|
| `{a}` | hospital A, children, mainly EBV: Chinese headers in two rows, Excel dates beside dates as text, 有/无/未查/不详, ages such as 3岁2月, a section row, a totals row, a footnote |
| `{b}` | hospital B, children and adults: English, mg/dL and g/dL, dates day/month/year, `ND` = not done, thousands commas, encoding cp1252, rows written twice |
| `study.toml` | the study |
| `truth.csv` | one row per patient: what a perfect reader would find, in the codebook's units |
| `truth_cells.csv` | one row per written cell: `raw`, `truth`, `expectation` and the `pattern` of its mess |
| `truth_model.csv` | what no hospital knows: CNS domains of untested patients, severity, day of death |
| `truth_effects.csv` | survival by CNS involvement and its effect, crude and at equal severity, as the model has them |

`expectation` is `value` (the answer must be `truth`), `missing` (there is nothing to find: the answer is empty, or
`truth` where the codebook has a code for not tested, unknown or indeterminate) or `refused_ok` (nobody can decide it
from the cell: empty, or `truth`, never anything else; where two rows of a patient disagree, `truth` is empty).
Contradictions between cells (death before admission, a graft before the diagnosis, a CSF count without a puncture) are
to be read as they stand and reported.
"""  # noqa: E501


def _ward(rng: Generator, people: pd.DataFrame, hospital: str) -> Ward:
    fields = HOSPITAL_A if hospital == "A" else HOSPITAL_B
    here = people[people["hospital"] == hospital].reset_index(drop=True)
    ward = Ward(hospital, here, {f.variable: f for f in fields}, written(rng, here, fields, hospital))
    plant(rng, ward, PLANTS_A if hospital == "A" else PLANTS_B)
    plant_contradictions(rng, ward)
    return ward


def synthesise(seed: int, n: int, out: Path) -> None:
    """Write two synthetic hospitals of together `n` patients, their study file, README and truth into `out`.

    Deterministic: the same seed and n give the same bytes. Raises InputError for n < 100 or a negative seed.
    """
    if n < SMALLEST or seed < 0:
        raise InputError(f"n = {n}, seed = {seed}: n must be at least {SMALLEST}, the seed not negative")
    model, moves, mess_a, mess_b = np.random.default_rng(seed).spawn(4)
    people = patients(model, n)
    true_effects = effects(people)
    people["transferred_from"] = pd.Series([None] * n, dtype=object)
    transfer(moves, people)
    a, b = _ward(mess_a, people, "A"), _ward(mess_b, people, "B")
    give_up(mess_a, a)
    repeat_rows(mess_a, a, identical=1, conflicting=0)
    repeat_rows(mess_b, b, identical=3, conflicting=3)
    out.mkdir(parents=True, exist_ok=True)
    placed = write_workbook(a, out) + write_csv(b, out)
    write_truth(placed, (a, b), out, [variable.name for variable in codebook()])
    write_model(people, out)
    write_effects(true_effects, out)
    names = {"seed": seed, "n": n, "a": FILES["A"], "b": FILES["B"]}
    (out / "study.toml").write_text(_STUDY.format(**names), encoding="utf-8", newline="\n")
    (out / "README.md").write_text(_README.format(**names), encoding="utf-8", newline="\n")
