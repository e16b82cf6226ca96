"""Rows of the tables on MRI: shares with their limits, medians, and what is published beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.clinical.mri_published import Published, published
from neurohlh.core.errors import NotEstimable
from neurohlh.stats.describe.proportions import wilson
from neurohlh.stats.describe.quantiles import quantile_of_type

PUBLISHED = "published"
ONLY_PRESENT = "not estimated: recorded only where present, so that the denominator is not known"
WILSON = "Wilson 1927, J Am Stat Assoc 22:209"


def share(term: str, events: int, n: int, *, unknown: int = 0, **words: Any) -> dict[str, Any]:
    """A row: `events` of `n` with an answer, with Wilson's limits; `unknown` were asked and have no answer.

    Where everybody with an answer has the finding and others have no answer, no was never written: no share is given.
    """
    row: dict[str, Any] = {"term": term, "n": n, "events": events, "measure": "proportion", "scale": "identity"}
    said = [str(words.pop("note", ""))]
    if unknown:
        said.insert(0, f"no answer in {unknown} more")
    if n == 0:
        said.insert(0, "not estimable: nobody has an answer")
    elif events == n and unknown:
        said.insert(0, ONLY_PRESENT)
    else:
        low, high = wilson(events, n)
        row |= {"estimate": events / n, "conf_low": low, "conf_high": high, "method": "Wilson"}
    return {**row, **words, "note": "; ".join(filter(None, said))}


def share_of(term: str, status: pd.Series, **words: Any) -> dict[str, Any]:
    """The share of met among met and not_met; indeterminate has no answer."""
    met, known = int((status == "met").sum()), int(status.isin(["met", "not_met"]).sum())
    return share(term, met, known, unknown=int((status == "indeterminate").sum()), **words)


def number(term: str, n: int, **words: Any) -> dict[str, Any]:
    """A row: a number of patients and nothing else."""
    return {"term": term, "n": n, "measure": "patients", **words}


def quartiles(values: pd.Series, unit: str, **words: Any) -> list[dict[str, Any]]:
    """Rows: median, lower and upper quartile (linear interpolation) of the known values."""
    known = values.dropna().to_numpy(dtype=float)
    names = ("median", "lower quartile", "upper quartile")
    found = quantile_of_type(known, np.array([0.5, 0.25, 0.75])) if len(known) else [np.nan] * 3
    note = "" if len(known) else "not estimable: nobody has a value"
    return [
        {"level": name, "n": len(known), "measure": unit, "estimate": value, "note": note, **words}
        for name, value in zip(names, found, strict=True)
    ]


def published_row(one: Published, **words: Any) -> dict[str, Any]:
    """A published number as a row; a share is recomputed from its counts, with Wilson's limits."""
    row: dict[str, Any] = {
        "analysis": PUBLISHED,
        "population": f"published: {one.population}",
        "term": one.label,
        "measure": one.measure,
        "n": one.n,
        "events": one.events,
        "estimate": one.estimate,
        "conf_low": one.conf_low,
        "conf_high": one.conf_high,
        "p_value": one.p_value,
        "method": "as printed",
        "note": one.cited,
    }
    if one.measure == "proportion" and one.estimate is None and one.n and one.events is not None:
        low, high = wilson(int(one.events), int(one.n))
        row |= {"estimate": one.events / one.n, "conf_low": low, "conf_high": high, "method": "printed counts, Wilson"}
    return {**row, **words}


def published_rows(topic: str, **words: Any) -> list[dict[str, Any]]:
    """Everything published on a topic."""
    return [published_row(one, **words) for one in published(topic)]


def or_reason(make: Callable[[], list[dict[str, Any]]], **words: Any) -> list[dict[str, Any]]:
    """The rows of `make`; where they can't be estimated, one empty row with the reason."""
    try:
        return make()
    except NotEstimable as reason:
        return [{**words, "note": f"not estimable: {reason}"}]
