"""Propensity score matching with a caliper: pairs, their weights, what was left out, and the balance of the matched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result
from neurohlh.stats.columns import Bools, Floats, Ints
from neurohlh.stats.weights.balance import BALANCED, balance_result, covariate_rows, design_columns
from neurohlh.stats.weights.distribution import distribution_rows
from neurohlh.stats.weights.nearest import nearest, optimal
from neurohlh.stats.weights.positivity import positivity_checks
from neurohlh.stats.weights.propensity import FOLDS, Propensity, propensity

CALIPER = 0.2
"""Width in standard deviations of the logit (Austin 2011, Pharm Stat 10:150)."""
_DIGITS = 10
"""Logits are compared to so many decimals: equal covariates must give equal scores whatever the rounding."""
_REFERENCES = [
    "Rosenbaum & Rubin 1985, Am Stat 39:33",
    "Austin 2011, Pharm Stat 10:150",
    "rules of choice as in MatchIt: Ho et al. 2011, J Stat Softw 42(8)",
]


@dataclass(frozen=True)
class Matched:
    """Who was matched with whom.

    Attributes
    ----------
    pair : number of the matched set of every row of the frame, -1 for those without one; with replacement the set of
        the first exposed patient that a partner serves.
    weights : per row of the frame: 1 for the matched exposed, for a partner the sum of 1/(partners of the set) over
        the sets served, scaled to the number of partners; 0 for the unmatched, NaN for those not considered.
    partners : (exposed patients, ratio) rows of the frame, -1 where there is none; `focal` are the exposed rows.
    propensity : the score behind it. `caliper` is its width on the logit scale (NaN: none), `spread` the deviation.
    replace : whether a partner may serve several exposed patients.
    result : the Result of kind "matching".
    """

    pair: Ints
    weights: Floats
    focal: Ints
    partners: Ints
    propensity: Propensity
    caliper: float
    spread: float
    replace: bool
    result: Result

    @property
    def kept(self) -> Bools:
        """Which rows of the frame belong to a matched set."""
        return np.asarray(self.pair >= 0)

    def frame(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The matched patients of `frame`, with the columns `pair` and `match_weight`.

        Raises ValueError for another frame than the one matched, or one that has such columns already.
        """
        self.propensity.check_frame(frame)
        taken = {"pair", "match_weight"} & set(frame.columns)
        if taken:
            raise ValueError(f"the frame already has a column {sorted(taken)[0]!r}")
        found = frame.loc[self.kept]
        return found.assign(pair=self.pair[self.kept], match_weight=self.weights[self.kept])


def match(
    frame: pd.DataFrame,
    exposure: str,
    covariates: Sequence[str],
    *,
    caliper: float | None = CALIPER,
    ratio: int = 1,
    order: str = "largest",
    replace: bool = False,
    optimal_pairs: bool = False,
    method: str = "logistic",
    exposed: str | None = None,
    reference: Mapping[str, str] | None = None,
    denominator: str = "pooled",
    seed: int = 0,
    folds: int = FOLDS,
) -> Matched:
    """Match every exposed patient with `ratio` unexposed ones by the logit of the propensity score.

    The nearest within `caliper` standard deviations of the logit (over all used patients) is taken, exposed patients
    choosing one after another in `order` ("largest" score first, "smallest", or as in the "data"); None sets no limit.
    `optimal_pairs` instead makes the sum of the distances smallest (pairs only, up to a few thousand patients). With
    `replace` a partner may serve several. The effect is that in the exposed who found a partner: those without one are
    counted, and change for whom the answer speaks.

    The Result (kind "matching") has the rows of `balance`, the matched and the unmatched by group, and the distances
    within the sets; `curves` is the love plot. Raises as `propensity` does, and ValueError for a caliper or ratio that
    is none; NotEstimable if nobody finds a partner.
    """
    if caliper is not None and not caliper > 0:
        raise ValueError(f"caliper must be above 0, not {caliper}")
    score = propensity(
        frame, exposure, covariates, method=method, exposed=exposed, reference=reference, seed=seed, folds=folds
    )
    logit = np.asarray(np.log(score.used_score / (1 - score.used_score)).round(_DIGITS), dtype=np.float64)
    spread = float(logit.std(ddof=1))
    width = None if caliper is None else caliper * spread
    partners = _partners(logit, score.data.exposed, width, ratio, order, replace, optimal_pairs)
    if (partners < 0).all():
        raise NotEstimable(f"no exposed patient has an unexposed one within {width:.4g} on the logit scale")
    options = {
        "caliper": "none" if caliper is None else f"{caliper:g} standard deviations of the logit ({width:.6g})",
        "ratio": ratio,
        "order": "none (smallest sum of distances)" if optimal_pairs else order,
        "replace": replace,
        "method": "optimal pairs" if optimal_pairs else "nearest neighbour, greedy",
    }
    return _matched(score, logit, partners, width, options, denominator)


def _partners(
    logit: Floats, exposed: Bools, width: float | None, ratio: int, order: str, replace: bool, optimal_pairs: bool
) -> Ints:
    if not optimal_pairs:
        return nearest(logit, exposed, caliper=width, ratio=ratio, order=order, replace=replace)
    if ratio != 1 or replace:
        raise ValueError("optimal pairs are one to one, without replacement")
    return optimal(logit, exposed, caliper=width)


def _matched(
    score: Propensity,
    logit: Floats,
    partners: Ints,
    width: float | None,
    options: dict[str, Any],
    denominator: str,
) -> Matched:
    data, rows = score.data, np.flatnonzero(score.data.used)
    focal = np.flatnonzero(data.exposed)
    weights = matching_weights(partners, focal, len(data.exposed))
    sets = _sets(partners, focal, len(data.exposed))
    pair, aligned = np.full(score.supplied, -1, dtype=np.intp), np.full(score.supplied, np.nan)
    pair[rows], aligned[rows] = sets, weights
    in_frame = np.where(partners >= 0, rows[np.maximum(partners, 0)], -1)
    spread = float(logit.std(ddof=1))
    found = partners >= 0
    distances = np.abs(logit[focal][:, None] - logit[np.maximum(partners, 0)])[found]
    result = _result(score, weights, distances, options, denominator)
    caliper = np.nan if width is None else width
    return Matched(pair, aligned, rows[focal], in_frame, score, caliper, spread, options["replace"], result)


def matching_weights(partners: Ints, focal: Ints, n: int) -> Floats:
    """The weight of each of `n` rows: 1 for the exposed with a partner; partners as described in `Matched`."""
    weights = np.zeros(n)
    found = partners >= 0
    size = found.sum(axis=1)
    weights[focal[size > 0]] = 1.0
    shares = np.broadcast_to((1 / np.maximum(size, 1))[:, None], partners.shape)
    partner_weights = np.bincount(partners[found], shares[found], minlength=n)
    served = partner_weights > 0
    weights[served] = partner_weights[served] * served.sum() / partner_weights.sum()
    return weights


def _sets(partners: Ints, focal: Ints, n: int) -> Ints:
    sets = np.full(n, -1, dtype=np.intp)
    number = np.cumsum((partners >= 0).any(axis=1)) - 1
    for column in partners.T[::-1]:  # earlier choices and earlier patients last, so that theirs is the number kept
        has = np.flatnonzero(column >= 0)[::-1]
        sets[column[has]] = number[has]
    matched = (partners >= 0).any(axis=1)
    sets[focal[matched]] = number[matched]
    return sets


def _result(score: Propensity, weights: Floats, distances: Floats, options: dict[str, Any], denominator: str) -> Result:
    data, inside = score.data, weights > 0
    rows = [
        row
        for term, values in design_columns(data.design)
        for row in covariate_rows(term, values, data.exposed, weights, data.names, denominator)
    ]
    sides = dict(zip(data.names, (~data.exposed, data.exposed), strict=True))
    for name, side in sides.items():
        for term, which in (("matched", inside), ("unmatched", ~inside)):
            n = int((side & which).sum())
            rows.append({"term": term, "measure": "patients", "group": name, "n": n, "estimate": n})
    for term, value in {"largest": distances.max(), "mean": distances.mean()}.items():
        rows.append({"term": term, "measure": "distance within sets (logit)", "estimate": float(value)})
    rows += distribution_rows(weights[inside], data.exposed[inside], data.names)
    matched = int((data.exposed & inside).sum())
    words = "average effect in the exposed who found a partner"
    found = balance_result(
        score.exposure,
        rows,
        positivity_checks(score),
        method={
            **score.model.recipe(),
            "estimand": f"ATT, {words}",
            "exposure": score.exposure,
            "covariates": list(score.covariates),
            "distance": "difference of the logit of the propensity score",
            **options,
            "ties": "of two equally near the lower score, of equal scores the neighbour in the order of the data",
            "denominator": "patients with known exposure and covariates",
        },
        counts={**score.counts(), "pairs": matched},
        references=_REFERENCES,
        threshold=BALANCED,
    )
    left = int(data.exposed.sum()) - matched
    note = f"{left} of {int(data.exposed.sum())} exposed patients found no partner: the answer does not speak for them."
    tidy = found.tidy.assign(analysis="matching")
    return found.with_(kind="matching", tidy=tidy, notes=(note,) if left else ())
