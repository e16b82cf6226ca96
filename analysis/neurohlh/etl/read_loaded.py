"""What every format's reader hands to the reader of tables."""

from __future__ import annotations

from dataclasses import dataclass, field

from neurohlh.etl.layout import Header
from neurohlh.etl.read_grid import Grid


@dataclass(frozen=True)
class Loaded:
    """A sheet's cells with its header found; the other fields are those of RawTable."""

    grid: Grid
    header: Header
    sha256: str
    sheet: str = ""
    encoding: str = ""
    date1904: bool = False
    labels: tuple[str, ...] = ()
    """Labels that the file keeps for its columns, in their order; () where it keeps none."""
    value_labels: dict[str, dict[str, str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
