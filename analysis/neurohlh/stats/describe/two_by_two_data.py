"""Two columns as a two-by-two table: who is exposed, who has the outcome, who was left out and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Bools, labels, reference_level, truth
from neurohlh.stats.survival_data import first_reasons


@dataclass(frozen=True)
class TwoGroups:
    """Patients with exposure and outcome known.

    Attributes
    ----------
    kept : (rows,) which rows of the columns are used; dropped : the others by reason.
    exposed, happened : (used,) truth values.
    names : the level that is compared, and the reference.
    """

    kept: Bools
    dropped: Mapping[str, int]
    exposed: Bools
    happened: Bools
    names: tuple[str, str]

    def cells(self, inside: Bools | None = None) -> tuple[int, int, int, int]:
        """Exposed with and without the outcome, unexposed with and without it; of the used rows `inside` only."""
        chosen = np.ones(len(self.exposed), dtype=bool) if inside is None else inside
        one, two = self.exposed & chosen, ~self.exposed & chosen
        a, c = int((one & self.happened).sum()), int((two & self.happened).sum())
        return a, int(one.sum()) - a, c, int(two.sum()) - c


def two_groups(
    exposure: pd.Series[Any],
    outcome: pd.Series[Any],
    *,
    reference: str | None = None,
    missing: Mapping[str, Bools] | None = None,
) -> TwoGroups:
    """The table of `exposure` (two levels) and `outcome` (true/false or 1/0); `missing`: further reasons to drop rows.

    The reference is the level named, else "not_met" or "false", else the more frequent one. Raises ValueError for wrong
    codes, lengths that differ or more than two levels; NotEstimable for fewer than two.
    """
    if len(exposure) != len(outcome):
        raise ValueError("exposure and outcome must have the same rows")
    happened = truth(outcome)
    group, names = labels(exposure)
    no_group = np.array([label is None for label in group], dtype=bool)
    reasons = {f"missing {exposure.name}": no_group, f"missing {outcome.name}": np.isnan(happened)}
    kept, dropped = first_reasons({**reasons, **(missing or {})}, len(group))
    names = [name for name in names if (group[kept] == name).any()]
    if len(names) > 2:
        raise ValueError(f"exposure must have two levels, not {len(names)}: {', '.join(names)}")
    if len(names) < 2:
        raise NotEstimable("only one level of the exposure has patients with a known outcome")
    base = reference_level(names, {name: int((group == name).sum()) for name in names}, reference, str(exposure.name))
    other = names[1 - names.index(base)]
    return TwoGroups(kept, dropped, np.asarray(group[kept] == other, dtype=bool), happened[kept] == 1, (other, base))
