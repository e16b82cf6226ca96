"""The patients in the study as phenopackets, one file each, under numbers in random order."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.clinical.cns_time import DIAGNOSIS
from neurohlh.core.errors import InputError
from neurohlh.core.provenance import versions
from neurohlh.study.exchange.phenopacket import Privacy, packet
from neurohlh.study.outputs import write_folder
from neurohlh.study.study import StudyCohort

RECORD = "phenopackets.record"
"""What was written from what; not a .json file, so that the folder can be read as a source."""
_OUTCOME = ("os_days", "os_event")
_README = """\
Patient-level data. They stay with their owner and are not for publication.

One GA4GH phenopacket (schema 2) per patient in the study. A finding that is present stands in it, one that was looked
for and not found stands in it as excluded; what is unknown does not stand in it at all.
Findings have the identifier of the Human Phenotype Ontology where a verified term says the same. Everything else has a
local identifier (NEUROHLH:...), as have all measurements: no LOINC code is claimed.
"created" in every packet is a fixed moment, so that the same cohort gives the same bytes.
"""


def export_phenopackets(cohort: StudyCohort, folder: str | Path, privacy: Privacy | None = None) -> list[Path]:
    """Write the patients in the study into `folder`, one phenopacket each; returns the packets' files.

    Patients are numbered in an order drawn from the study's seed, and dates are ages in days, unless `privacy` says
    otherwise. Raises InputError where nobody is in the study, and for a folder that holds anything else.
    """
    privacy = privacy or Privacy()
    included = np.flatnonzero(cohort.population.included)
    if not len(included):
        raise InputError("no patient is in the study, so there is nothing to export", do="Look at [eligibility].")
    rows = _rows(cohort, included)
    names = _names(rows, privacy, cohort.study.config.study.seed)
    status = cohort.classified.criteria
    hlh: Sequence[Any] = [None] * len(included) if status is None else status.iloc[included].tolist()
    packets = {n: packet(row, n, state, privacy) for n, row, state in zip(names, rows, hlh, strict=True)}
    out = Path(folder)
    write_folder(out, lambda place: _fill(place, packets, cohort), RECORD)
    return [out / f"{_file(name)}.json" for name in sorted(packets)]


def _rows(cohort: StudyCohort, included: np.ndarray) -> list[dict[str, Any]]:
    """What is recorded, with the age and the outcome that the study counts."""
    frame, outcome = cohort.frame.iloc[included], cohort.classified.outcome.iloc[included]
    from_diagnosis = cohort.study.config.endpoint.os.origin == DIAGNOSIS
    derived = {name: outcome[name] for name in _OUTCOME if from_diagnosis}
    ages = {name: frame[name] if name in frame else outcome[name] for name in ("age_years", "age_days")}
    ages = {name: column.where(column.notna(), outcome[name]) for name, column in ages.items()}
    columns: dict[str, pd.Series] = {str(c): frame[c] for c in frame}
    whole = pd.DataFrame({**columns, **ages, **derived}, copy=False)
    return [{str(k): v for k, v in row.items()} for row in whole.to_dict("records")]


def _names(rows: Sequence[dict[str, Any]], privacy: Privacy, seed: int) -> list[str]:
    if privacy.keep_ids:
        names = [str(row["patient_id"]) for row in rows]
        if len({_file(name) for name in names}) < len(names):
            raise InputError(
                "two identifiers give the same file name", do="Leave --keep-ids out, or rename one of the patients."
            )
        return names
    width = len(str(len(rows)))
    order = np.random.default_rng(seed).permutation(len(rows))
    return [f"P{number + 1:0{width}d}" for number in order]


def _file(name: str) -> str:
    """A name that every file system takes."""
    return re.sub(r"[^\w.-]", "_", name)


def _fill(folder: Path, packets: dict[str, Any], cohort: StudyCohort) -> None:
    for name, found in packets.items():
        text = json.dumps(found, ensure_ascii=False, indent=2)
        (folder / f"{_file(name)}.json").write_text(text + "\n", encoding="utf-8")
    (folder / "README.txt").write_text(_README, encoding="utf-8")
    inputs = [{"path": t.raw.source, "sheet": t.raw.sheet, "sha256": t.raw.sha256} for t in cohort.trail.tables]
    record = {"patients": len(packets), "inputs": inputs, "versions": versions()}
    (folder / RECORD).write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
