"""The log-rank test between groups, optionally stratified, as a Result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import Bools, Floats, Ints, column, labels
from neurohlh.stats.recipe import software
from neurohlh.stats.survival_data import SurvivalData, survival_data


@dataclass(frozen=True)
class _Sums:
    """Observed and expected events of each group and the covariance of observed minus expected."""

    observed: Floats
    expected: Floats
    variance: Floats


def logrank(frame: pd.DataFrame, time: str, event: str, by: str, *, strata: str | None = None) -> Result:
    """Whether survival differs between the groups of `by`: observed against expected events, equal to R's survdiff.

    The variance is hypergeometric (ties included); with `strata` the sums are taken within each stratum first. Rows
    without time, event, `by` or `strata` are dropped and counted. Rows of `tidy`: one per group (estimate = expected
    events, events = observed), then the test. Raises ValueError for wrong columns or codes, NotEstimable if fewer than
    two groups have patients at risk at an event.
    """
    data = survival_data(frame, time, event)
    kept, dropped = data.kept.copy(), dict(data.dropped)
    for name in filter(None, (by, strata)):
        unknown = column(frame, name).isna().to_numpy()
        lost = int((kept & unknown).sum())
        dropped.update({f"missing {name}": lost} if lost else {})
        kept &= ~unknown
    used = data.subset(kept)
    if used.events == 0:
        raise NotEstimable(f"no events among {used.n} patients")
    found, names = labels(frame.loc[kept, by])
    codes = np.array([names.index(label) for label in found], dtype=np.intp)
    blocks = np.zeros(used.n, dtype=np.intp) if strata is None else pd.factorize(frame.loc[kept, strata])[0]
    sums = _stratified(used, codes, blocks, len(names))
    statistic, df = _chi_square(sums)
    return Result(
        kind="logrank",
        tidy=tidy_frame(_rows(sums, codes, names, event, by, statistic, df)),
        method=_method(strata),
        counts={"supplied": len(frame), "used": used.n, "events": used.events, "dropped": dropped},
    )


def _stratified(data: SurvivalData, codes: Ints, blocks: Ints, groups: int) -> _Sums:
    parts = []
    for block in np.unique(blocks):
        rows = blocks == block
        parts.append(_sums(data.time[rows], data.event[rows], codes[rows], groups))
    return _Sums(
        np.sum([p.observed for p in parts], axis=0),
        np.sum([p.expected for p in parts], axis=0),
        np.sum([p.variance for p in parts], axis=0),
    )


def _sums(time: Floats, event: Bools, codes: Ints, groups: int) -> _Sums:
    moments = np.unique(time[event])
    at_risk, died = np.zeros((len(moments), groups)), np.zeros((len(moments), groups))
    for g in range(groups):
        own = codes == g
        at_risk[:, g] = own.sum() - np.searchsorted(np.sort(time[own]), moments, side="left")
        died[:, g] = np.bincount(np.searchsorted(moments, time[own & event]), minlength=len(moments))
    n, d = at_risk.sum(axis=1), died.sum(axis=1)
    share = at_risk / n[:, None]
    # The hypergeometric variance of a table with d of n; a last patient alone adds none.
    weight = np.where(n > 1, d * (n - d) / np.maximum(n - 1, 1), 0.0)
    variance = np.diag(weight @ share) - (share * weight[:, None]).T @ share
    return _Sums(died.sum(axis=0), d @ share, variance)


def _chi_square(sums: _Sums) -> tuple[float, int]:
    inside = np.flatnonzero(sums.expected > 0)
    if len(inside) < 2:
        raise NotEstimable("fewer than two groups have patients at risk at an event")
    free = inside[1:]  # the differences add up to zero
    difference = (sums.observed - sums.expected)[free]
    variance = sums.variance[np.ix_(free, free)]
    if np.linalg.matrix_rank(variance, hermitian=True) < len(free):
        raise NotEstimable("the groups are never at risk together, so that they cannot be compared")
    return float(difference @ np.linalg.solve(variance, difference)), len(free)


def _rows(
    sums: _Sums, codes: Ints, names: list[str], event: str, by: str, statistic: float, df: int
) -> list[dict[str, Any]]:
    shared = {"analysis": "logrank", "outcome": event, "variable": by}
    sizes = np.bincount(codes, minlength=len(names))
    rows: list[dict[str, Any]] = [
        {"term": "group", "group": name, "n": n, "events": o, "measure": "expected events", "estimate": e}
        for name, n, o, e in zip(names, sizes, sums.observed, sums.expected, strict=True)
    ]
    test = {"term": "test", "contrast": " vs ".join(names), "n": len(codes), "events": sums.observed.sum()}
    test |= {"statistic": statistic, "df": df, "p_value": float(chi2.sf(statistic, df)), "method": "log-rank"}
    return [{**shared, **row} for row in [*rows, test]]


def _method(strata: str | None) -> dict[str, Any]:
    return {
        "test": "log-rank" if strata is None else "stratified log-rank",
        "variance": "hypergeometric",
        "ties": "hypergeometric variance of tied events",
        "correction": "none",
        "strata": strata or "",
        "denominator": "patients with follow-up, outcome and group known",
        "software": software("numpy", "scipy"),
        "reference": ["Mantel 1966, Cancer Chemother Rep 50:163", "Peto & Peto 1972, J R Stat Soc A 135:185"],
    }
