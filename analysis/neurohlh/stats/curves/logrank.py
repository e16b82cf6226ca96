"""The log-rank family between groups as a Result: overall, for trend, pairwise, and by permutation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import Floats
from neurohlh.stats.curves.correction import adjusted, checked_correction
from neurohlh.stats.curves.follow_up import FollowUp, follow_up, group_codes
from neurohlh.stats.curves.logrank_permutation import permutation_test
from neurohlh.stats.curves.logrank_sums import Family, Sample, Sums, chi_square, family_sums
from neurohlh.stats.recipe import software

_NAMES = {
    "logrank": "log-rank",
    "gehan": "Gehan-Breslow (generalised Wilcoxon)",
    "tarone-ware": "Tarone-Ware",
    "peto-peto": "Peto-Peto",
    "modified-peto-peto": "modified Peto-Peto (Andersen)",
    "fleming-harrington": "Fleming-Harrington",
}
_WEIGHTS = {
    "logrank": "1",
    "gehan": "patients at risk",
    "tarone-ware": "square root of the patients at risk",
    "peto-peto": "product of 1 - d / (n + 1) up to and with the time",
    "modified-peto-peto": "product of 1 - d / (n + 1) up to and with the time, times n / (n + 1)",
    "fleming-harrington": "S^rho (1 - S)^gamma with S the pooled Kaplan-Meier curve just before the time",
}
_REFERENCES = {
    "logrank": ["Mantel 1966, Cancer Chemother Rep 50:163", "Peto & Peto 1972, J R Stat Soc A 135:185"],
    "gehan": ["Gehan 1965, Biometrika 52:203", "Breslow 1970, Biometrika 57:579"],
    "tarone-ware": ["Tarone & Ware 1977, Biometrika 64:156"],
    "peto-peto": ["Peto & Peto 1972, J R Stat Soc A 135:185"],
    "modified-peto-peto": ["Andersen, Borgan, Gill & Keiding 1982, Int Stat Rev 50:219"],
    "fleming-harrington": ["Harrington & Fleming 1982, Biometrika 69:553"],
}

_ROBUST = "robust variance: Lin & Wei 1989, J Am Stat Assoc 84:1074"


def logrank(
    frame: pd.DataFrame,
    time: str,
    event: str,
    by: str,
    *,
    strata: str | None = None,
    test: str = "logrank",
    rho: float = 0.0,
    gamma: float = 0.0,
    entry: str | None = None,
    weights: str | None = None,
    id: str | None = None,
    cluster: str | None = None,
    robust: bool | None = None,
    trend: bool | Sequence[float] | Mapping[str, float] = False,
    pairwise: bool = False,
    correction: str = "holm",
    permutations: int = 0,
    rng: np.random.Generator | int | None = None,
) -> Result:
    """Whether survival differs between the groups of `by`: observed against expected events, equal to R's survdiff.

    `test` weighs the event times: "logrank", "gehan", "tarone-ware", "peto-peto", "modified-peto-peto" or
    "fleming-harrington" with `rho` and `gamma`. The variance is hypergeometric (ties included); with `strata` the sums
    are taken within each stratum first. `entry`, `id`, `weights`, `cluster` and `robust` are those of `kaplan_meier`.
    `trend` tests ordered groups with the scores 0, 1, 2 … or those given; `pairwise` compares every two groups on their
    own rows, adjusted by `correction` (holm, hochberg, hommel, bonferroni, benjamini-hochberg, benjamini-yekutieli,
    none); `permutations` adds a permutation p value, exact where so many enumerate all allocations, for which `rng` is
    a generator or a seed.

    Rows without time, event, `by` or `strata` are dropped and counted. Rows of `tidy`: one per group (estimate =
    expected events, events = observed, coef = observed minus expected under the weights of the test, std_error), the
    test, then trend, pairwise, permutation. Raises ValueError for wrong columns, codes or options, NotEstimable if
    fewer than two groups have patients at risk at an event.
    """
    family = Family(test, rho, gamma)
    checked_correction(correction)
    options: dict[str, Any] = {"entry": entry, "weights": weights, "id": id, "cluster": cluster, "robust": robust}
    data = follow_up(frame, time, event, **options, known=(by, strata))
    sample, names = _sample(frame, data, by, strata)
    sums = family_sums(sample, family)
    statistic, df = chi_square(sums)
    rows = _group_rows(sample, data, sums, names)
    rows.append({"term": "test", "contrast": " vs ".join(names), **_size(data), **_tested(statistic, df)})
    scores = _scores(trend, names)
    rows += [] if scores is None else [_trend(sums, scores, data)]
    rows += _pairwise(sample, names, family, correction) if pairwise else []
    rows += [_permuted(sums, sample, data, permutations, rng)] if permutations else []
    shared = {"analysis": "logrank", "outcome": event, "variable": by}
    return Result(
        kind="logrank",
        tidy=tidy_frame([{**shared, "method": _name(family), **row} for row in rows]),
        method={
            **_method(data, family, strata, correction if pairwise else "none"),
            **({} if scores is None else {"trend_scores": dict(zip(names, scores.tolist(), strict=True))}),
        },
        counts=data.counts(len(frame)),
        notes=tuple(data.notes()),
    )


def _sample(frame: pd.DataFrame, data: FollowUp, by: str, strata: str | None) -> tuple[Sample, list[str]]:
    used = data.data
    codes, names = group_codes(frame, used.kept, by)
    blocks = np.zeros(used.n, dtype=np.intp) if strata is None else pd.factorize(frame.loc[used.kept, strata])[0]
    return Sample(used.time, used.event, used.entry, codes, blocks, len(names), data.weights), names


def _size(data: FollowUp) -> dict[str, int]:
    return {"n": data.people(np.ones(data.data.n, dtype=bool)), "events": data.data.events}


def _group_rows(sample: Sample, data: FollowUp, sums: Sums, names: list[str]) -> list[dict[str, Any]]:
    rows = []
    for g, name in enumerate(names):
        own = sample.group == g
        row = {"term": "group", "group": name, "n": data.people(own)}
        row |= {"events": int(sample.event[own].sum()), "measure": "expected events", "estimate": sums.expected[g]}
        row |= {"scale": "observed minus expected, by the weights of the test", "coef": sums.difference[g]}
        rows.append({**row, "std_error": float(np.sqrt(max(sums.variance[g, g], 0.0)))})
    return rows


def _tested(statistic: float, df: int) -> dict[str, Any]:
    return {"statistic": statistic, "df": df, "p_value": float(chi2.sf(statistic, df))}


def _scores(trend: bool | Sequence[float] | Mapping[str, float], names: list[str]) -> Floats | None:
    if trend is False:
        return None
    if trend is True:
        return np.arange(len(names), dtype=float)
    if isinstance(trend, Mapping):
        missing = [name for name in names if name not in trend]
        if missing:
            raise ValueError(f"trend gives no score for {', '.join(missing)}")
        trend = [trend[name] for name in names]
    scores = np.asarray(list(trend), dtype=float)
    if len(scores) != len(names) or not np.isfinite(scores).all():
        raise ValueError(f"trend needs one number per group ({', '.join(names)})")
    if np.ptp(scores) == 0:
        raise ValueError("trend needs scores that differ")
    return scores


def _trend(sums: Sums, scores: Floats, data: FollowUp) -> dict[str, Any]:
    # Scores are taken from their middle: the differences add up to zero, so that nothing else changes.
    away = scores - scores.mean()
    difference, variance = float(scores @ sums.difference), float(away @ sums.variance @ away)
    row = {"term": "trend", "scale": "sum of scores times observed minus expected", **_size(data)}
    if not variance > 0:
        return {**row, "note": "not estimable: groups of different scores are never at risk together"}
    row |= {"coef": difference, "std_error": float(np.sqrt(variance))}
    return {**row, **_tested(difference**2 / variance, 1)}


def _pairwise(sample: Sample, names: list[str], family: Family, correction: str) -> list[dict[str, Any]]:
    rows = []
    for a, b in combinations(range(len(names)), 2):
        inside = (sample.group == a) | (sample.group == b)
        row = {"contrast": f"{names[b]} vs {names[a]}", "n": int(inside.sum())}
        row["events"] = int(sample.event[inside].sum())
        try:
            pair = sample.only(inside, (sample.group[inside] == b).astype(np.intp), 2)
            rows.append({**row, **_tested(*chi_square(family_sums(pair, family)))})
        except NotEstimable as error:
            rows.append({**row, "note": f"not estimable: {error}"})
    fair = adjusted(np.array([row.get("p_value", np.nan) for row in rows], dtype=float), correction)
    named = f"{_name(family)}, p adjusted ({correction})"
    corrected = [
        {**row, "term": "pairwise adjusted", "p_value": p, "method": named} for row, p in zip(rows, fair, strict=True)
    ]
    return [*({**row, "term": "pairwise"} for row in rows), *corrected]


def _permuted(
    sums: Sums, sample: Sample, data: FollowUp, permutations: int, rng: np.random.Generator | int | None
) -> dict[str, Any]:
    if rng is None or permutations < 0:
        raise ValueError("permutations must be a number above 0, with rng a generator or a seed")
    if data.weights is not None or "id" in data.sources:
        raise ValueError("a permutation p value is given for one unweighted, unclustered row per patient only")
    drawn = (sums.score, sample.group, sample.stratum, sample.groups, permutations, np.random.default_rng(rng))
    row = {"term": "permutation", **_size(data)}
    try:
        statistic, p, kind = permutation_test(*drawn)
    except NotEstimable as error:
        return {**row, "note": f"not estimable: {error}"}
    many = f" ({permutations} permutations)" if kind != "exact" else ""
    return {**row, "statistic": statistic, "p_value": p, "method": f"{kind} permutation of the groups{many}"}


def _name(family: Family) -> str:
    name = _NAMES[family.test]
    return f"{name} (rho {family.rho:g}, gamma {family.gamma:g})" if family.test == "fleming-harrington" else name


def _method(data: FollowUp, family: Family, strata: str | None, correction: str) -> dict[str, Any]:
    return {
        "test": _name(family) if strata is None else f"stratified {_name(family)}",
        "weights_of_the_test": _WEIGHTS[family.test],
        "variance": data.variance("hypergeometric"),
        "ties": "hypergeometric variance of tied events",
        "correction": correction,
        "strata": strata or "",
        **data.recipe(),
        "denominator": "patients with follow-up, outcome and group known",
        "software": software("numpy", "scipy"),
        "reference": [*_REFERENCES[family.test], *([_ROBUST] if data.weights and data.weights.robust else [])],
    }
