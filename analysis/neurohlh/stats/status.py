"""The words of three-valued classifications that statistics must understand, and the states of a cell."""

from __future__ import annotations

MET, NOT_MET, INDETERMINATE, NOT_APPLICABLE = "met", "not_met", "indeterminate", "not_applicable"
STATUS_WORDS = (MET, NOT_MET, INDETERMINATE, NOT_APPLICABLE)
"""In order of display; `INDETERMINATE` is unknown, never "no"."""

CELL_STATES = ("value", "blank", "not_done", "not_applicable", "unknown", "equivocal", "refused", "no_column")
"""Why a cell has a value or none, in the order of their codes 0 to 7."""
