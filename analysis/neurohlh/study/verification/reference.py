"""The shipped reference values: what R computed, with the code it ran, and the data sets it ran on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd

_FOLDER = files("neurohlh") / "catalogue" / "reference"


@dataclass(frozen=True)
class Entry:
    """One computation in R: the values by name, the data set, the R code, the version of R, and a note."""

    name: str
    values: Mapping[str, Any]
    data: str
    r_code: str
    r_version: str
    note: str


@cache
def entries() -> Mapping[str, Entry]:
    """Every reference entry by name, from all files of the folder (an entry's file names the R that computed it)."""
    found: dict[str, Entry] = {}
    for path in sorted((p for p in _FOLDER.iterdir() if p.name.endswith(".json")), key=lambda p: p.name):
        content = json.loads(path.read_text(encoding="utf-8"))
        version = content.pop("_meta")["R"].split()[2]
        for name, entry in content.items():
            if name in found:
                raise ValueError(f"the reference entry {name!r} stands in two files")
            said = (entry.get("data") or "", entry["r_code"], version, entry.get("note") or "")
            found[name] = Entry(name, entry["values"], *said)
    return found


def dataset(name: str) -> pd.DataFrame:
    """A shipped data set as a fresh frame; raises KeyError for a name that is not shipped."""
    path = _FOLDER / "data" / f"{name}.csv"
    if not path.is_file():
        raise KeyError(f"no reference data set {name!r}")
    with path.open(encoding="utf-8") as lines:
        return pd.read_csv(lines, float_precision="round_trip")  # the numbers that R read, to the last bit
