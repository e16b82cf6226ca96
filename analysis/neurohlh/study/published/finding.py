"""One check of a printed number: where it stands, what is printed, what follows from its own numbers."""

from __future__ import annotations

from dataclasses import dataclass

IMPOSSIBLE = "Cannot be right"
REVERSED = "Runs the other way round"
MISMATCH = "Does not recompute"
INCOMPLETE = "Does not add up to everybody"
NEAR = "Near, but not equal"
CUT = "Cut off instead of rounded (harmless)"
UNUSED = "Several values in one cell: not computed with"
CONSISTENT = "consistent"
VERDICTS = (IMPOSSIBLE, REVERSED, MISMATCH, INCOMPLETE, NEAR, UNUSED, CUT, CONSISTENT)
"""From worst to best."""


@dataclass(frozen=True)
class Finding:
    """A check with its verdict.

    Attributes
    ----------
    label : the publication.
    where : the effect's identifier or the column.
    check : what was checked, in words ('interval of a ratio').
    verdict : one of `VERDICTS`.
    printed, recomputed : both as text.
    note : what follows from it.
    """

    label: str
    where: str
    check: str
    verdict: str
    printed: str
    recomputed: str = ""
    note: str = ""
