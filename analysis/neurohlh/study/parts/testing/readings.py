"""Ways to read the patients whose CNS status is undecided: left out, negative, positive, and the two extremes."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

DECIDED = "undecided left out"
NEGATIVE, POSITIVE = "undecided read as negative", "undecided read as positive"
HARMFUL = "undecided read as positive if they died, negative if not"
HARMLESS = "undecided read as negative if they died, positive if not"
EXTREMES = (HARMFUL, HARMLESS)
"""No other reading of the undecided gives more, or less, deaths among the positive."""


def readings(status: pd.Series, died: pd.Series) -> Iterator[tuple[str, pd.Series]]:
    """Each reading in words, and the status (met or not_met; missing: left out) that it gives every patient.

    `status` holds met, not_met and indeterminate, `died` true or false.
    """
    undecided = status == "indeterminate"
    yield DECIDED, status.where(~undecided)
    yield NEGATIVE, status.mask(undecided, "not_met")
    yield POSITIVE, status.mask(undecided, "met")
    yield HARMFUL, status.mask(undecided & died, "met").mask(undecided & ~died, "not_met")
    yield HARMLESS, status.mask(undecided & died, "not_met").mask(undecided & ~died, "met")
