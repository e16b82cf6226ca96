"""Which groups are compared, and p values adjusted for several comparisons by a named method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from neurohlh.stats.columns import Floats
from neurohlh.stats.multiplicity import p_adjust

_LONG = {"benjamini-hochberg": "BH", "benjamini-yekutieli": "BY"}
_METHODS = {name: name for name in ("holm", "hochberg", "hommel", "bonferroni")} | _LONG
CORRECTIONS = (*_METHODS, "none")


def checked_correction(correction: str) -> None:
    """Raise ValueError for a correction that is not known."""
    if correction not in CORRECTIONS:
        raise ValueError(f"correction must be one of {', '.join(CORRECTIONS)}, not {correction!r}")


def chosen_pairs(names: Sequence[str], pairs: str) -> list[tuple[str, str]]:
    """The first group with every other one ("first"), or every two groups ("all"); ValueError for other words."""
    if pairs not in ("first", "all"):
        raise ValueError(f"pairs must be first or all, not {pairs!r}")
    return [(names[0], other) for other in names[1:]] if pairs == "first" else list(combinations(names, 2))


def adjusted(p_values: Floats, correction: str) -> Floats:
    """The p values adjusted by `correction`, in their order; missing ones stay missing and count for nothing.

    Equal to R's p.adjust. Raises ValueError for an unknown correction.
    """
    checked_correction(correction)
    values = np.array(p_values, dtype=float)
    return values if correction == "none" else p_adjust(values, _METHODS[correction])


_KEPT = ("contrast", "time", "n", "events", "statistic", "note")


def adjusted_rows(rows: Sequence[Mapping[str, Any]], terms: Sequence[str], correction: str) -> list[dict[str, Any]]:
    """The tests of each of `terms` again, with p adjusted over all of them of that term (none without a correction)."""
    out = []
    for term in terms if correction != "none" else ():
        family = [row for row in rows if row["term"] == term]
        fair = adjusted(np.array([row.get("p_value", np.nan) for row in family], dtype=float), correction)
        for row, p in zip(family, fair, strict=True):
            again = {key: row[key] for key in _KEPT if key in row}
            out.append({**again, "term": f"{term}, adjusted", "p_value": p, "method": f"p adjusted ({correction})"})
    return out
