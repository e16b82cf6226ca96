"""Counts with their limits: what several tables of triggers show of a set of patients."""

from __future__ import annotations

from typing import Any

import pandas as pd

from neurohlh.stats.describe.proportions import wilson

CNS_WORDS = {"met": "CNS involved", "not_met": "CNS not involved", "indeterminate": "CNS not decidable"}


def died(frame: pd.DataFrame) -> int:
    """Patients known to have died."""
    return int((frame["died"].astype("boolean").fillna(False)).sum())


def share(term: str, events: int, n: int, **words: Any) -> dict[str, Any]:
    """A row: `events` of `n` patients with Wilson's limits."""
    row: dict[str, Any] = {"term": term, "n": n, "events": events, "measure": "proportion", "method": "Wilson", **words}
    if n == 0:
        return {**row, "note": "nobody in the denominator"}
    low, high = wilson(events, n)
    return {**row, "estimate": events / n, "conf_low": low, "conf_high": high, "scale": "identity"}


def count(term: str, events: int, n: int, **words: Any) -> dict[str, Any]:
    """A row: `events` of `n` patients without limits, where the rest is not known to be free of it."""
    row: dict[str, Any] = {
        "term": term,
        "n": n,
        "events": events,
        "measure": "proportion",
        "scale": "identity",
        **words,
    }
    return {**row, "estimate": events / n} if n else row


def deaths(frame: pd.DataFrame, **words: Any) -> dict[str, Any]:
    """A row: deaths among the patients whose outcome is known, whatever their follow-up."""
    known = frame["died"].notna()
    row = share("deaths among them (crude)", died(frame[known]), int(known.sum()), **words)
    gone = int((~known).sum())
    return {
        **row,
        "note": "; ".join(n for n in (row.get("note", ""), f"outcome of {gone} unknown" if gone else "") if n),
    }
