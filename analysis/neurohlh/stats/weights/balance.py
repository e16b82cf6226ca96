"""Balance before and after weighting or matching: differences per covariate level, effective sizes, love plot data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Bools, Floats
from neurohlh.stats.design.terms import Design, TermRow, model_design
from neurohlh.stats.recipe import software
from neurohlh.stats.weights.differences import Covariate, Differences, differences
from neurohlh.stats.weights.distribution import distribution_checks, distribution_rows
from neurohlh.stats.weights.positivity import positivity_checks
from neurohlh.stats.weights.weight import Weighted

BALANCED = 0.1
"""Absolute SMD up to which a covariate is called balanced: a convention (Austin 2009), no test."""
RATIOS = (0.5, 2.0)
"""Variance ratios within which the spread is called similar: a convention (Rubin 2001)."""
BEFORE, AFTER = "before", "after"


def balance(
    frame: pd.DataFrame,
    weighted: Weighted,
    covariates: Sequence[str] | None = None,
    *,
    denominator: str = "pooled",
    threshold: float = BALANCED,
) -> Result:
    """Every covariate in both groups before and after weighting; every level of a category has its rows.

    `covariates` are those of the propensity score, or any others of the frame (each on the patients known for it).
    SMD: difference of the means over a standard deviation that is the same before and after: that of the two groups as
    observed ("pooled": root of the mean of both variances), or of one of them ("exposed", "unexposed").

    `tidy`: population "before"/"after", measures mean or proportion by group, difference, SMD, variance ratio, KS; then
    the distribution of the weights and effective sample sizes. `curves` (love plot): variable, term, level, population,
    smd, abs_smd, threshold. `checks`: largest absolute SMD and how many exceed `threshold`, variance ratios,
    positivity.

    Raises ValueError for wrong columns or options. Austin 2009, Stat Med 28:3083; denominators as in R's cobalt.
    """
    weighted.propensity.check_frame(frame)
    data = weighted.propensity.data
    after = np.where(weighted.kept, weighted.weights, 0.0)[data.used]
    found = list(_covariates(frame, weighted, covariates))
    rows = [
        row
        for term, known, values in found
        for row in covariate_rows(term, values, data.exposed[known], after[known], data.names, denominator)
    ]
    rows += distribution_rows(weighted.used_weights, weighted.exposed, weighted.names)
    return balance_result(
        weighted.propensity.exposure,
        rows,
        [
            *distribution_checks(weighted.used_weights, weighted.exposed, weighted.names),
            *positivity_checks(weighted.propensity),
        ],
        method={**weighted.recipe(), "spread": _spread(denominator)},
        counts=weighted.counts(),
        references=weighted.references(),
        threshold=threshold,
    )


def balance_result(
    exposure: str,
    rows: Sequence[dict[str, Any]],
    checks: Sequence[dict[str, Any]],
    *,
    method: dict[str, Any],
    counts: dict[str, Any],
    references: Sequence[str],
    threshold: float,
) -> Result:
    """The Result of kind "balance" around rows that `covariate_rows` made."""
    tidy = tidy_frame([{"analysis": "balance", "outcome": exposure, **row} for row in rows])
    love = _love(tidy, threshold)
    return Result(
        kind="balance",
        tidy=tidy,
        curves=love,
        checks=check_frame([*_verdicts(tidy, threshold), *checks]),
        method={
            **method,
            "variance": "weighted variances unbiased for reliability weights",
            "test": "none: balance is a property of these patients, not a hypothesis",
            "correction": "none",
            "threshold": f"|SMD| {threshold:g} and variance ratios {RATIOS[0]:g} to {RATIOS[1]:g} (conventions)",
            "software": method.get("software", software("numpy")),
            "reference": [*references, "Austin 2009, Stat Med 28:3083"],
        },
        counts=counts,
    )


def covariate_rows(
    term: TermRow, values: Floats, exposed: Bools, after: Floats, names: tuple[str, str], denominator: str
) -> Iterator[dict[str, Any]]:
    """The rows of one covariate (or level) before (all rows alike) and after (`after`: weight of each, 0 for none)."""
    covariate = Covariate.of(values, exposed, denominator)
    shared = {"variable": term.variable, "term": term.term, "level": term.level, "is_reference": term.is_reference}
    for population, weights in ((BEFORE, np.ones(len(values))), (AFTER, after)):
        here = {**shared, "population": population}
        if min(weights[exposed].sum(), weights[~exposed].sum()) <= 0:
            yield {**here, "measure": "SMD", "note": "not estimable: a group has no patient with a known value"}
            continue
        compared = differences(covariate, exposed, weights)
        for row in _described(compared, covariate, exposed, weights, names):
            yield {**here, **row}


def _described(
    compared: Differences, covariate: Covariate, exposed: Bools, weights: Floats, names: tuple[str, str]
) -> Iterator[dict[str, Any]]:
    measure = "proportion" if covariate.binary else "mean"
    for side, name in enumerate(names):
        n = int((weights[exposed == bool(side)] > 0).sum())
        yield {"group": name, "measure": measure, "n": n, "estimate": compared.means[side]}
        if not covariate.binary:
            yield {"group": name, "measure": "standard deviation", "n": n, "estimate": compared.deviations[side]}
    shared = {"contrast": f"{names[1]} vs {names[0]}", "n": int((weights > 0).sum())}
    yield {**shared, "measure": f"{measure} difference", "estimate": compared.difference}
    flat = "" if np.isfinite(compared.smd) else "not estimable: no variation within the groups as observed"
    yield {**shared, "measure": "SMD", "estimate": compared.smd, "note": flat}
    if not covariate.binary:
        note = "" if np.isfinite(compared.variance_ratio) else "not estimable: no variation in a group"
        yield {**shared, "measure": "variance ratio", "estimate": compared.variance_ratio, "note": note}
    yield {**shared, "measure": "KS", "estimate": compared.ks}


def design_columns(design: Design) -> Iterator[tuple[TermRow, Floats]]:
    """Every line of a design with its values: numeric terms as they are, categories as one indicator per level."""
    for row in design.rows:
        if row.level:
            yield row, (design.levels[row.variable] == row.level).astype(float)
        elif row.column is not None:
            yield row, design.matrix[:, row.column]


def _covariates(
    frame: pd.DataFrame, weighted: Weighted, covariates: Sequence[str] | None
) -> Iterator[tuple[TermRow, Bools, Floats]]:
    data = weighted.propensity.data
    if covariates is None:
        everybody = np.ones(len(data.exposed), dtype=bool)
        for row, values in design_columns(data.design):
            yield row, everybody, values
        return
    for term in covariates:
        design = model_design(frame.loc[data.used], [term])
        for row, values in design_columns(design):
            yield row, design.complete, values


def _love(tidy: pd.DataFrame, threshold: float) -> pd.DataFrame:
    rows = tidy.loc[tidy["measure"] == "SMD", ["variable", "term", "level", "population", "estimate"]]
    love = rows.rename(columns={"estimate": "smd"}).reset_index(drop=True)
    return love.assign(abs_smd=love["smd"].abs(), threshold=threshold)


def _verdicts(tidy: pd.DataFrame, threshold: float) -> Iterator[dict[str, Any]]:
    for population in (BEFORE, AFTER):
        here = tidy[tidy["population"] == population]
        smd = here.loc[here["measure"] == "SMD"].set_index(["term", "level"])["estimate"].abs()
        known = smd.dropna()
        worst = " ".join(known.index[int(known.argmax())]).strip() if len(known) else ""
        yield {
            "check": f"largest |SMD| {population}",
            "term": worst,
            "value": float(known.max()) if len(known) else np.nan,
            "verdict": "not balanced" if (known > threshold).any() else "balanced",
            "note": f"{int((known > threshold).sum())} of {len(smd)} above {threshold:g} (a convention)"
            + (f"; {len(smd) - len(known)} not estimable" if len(known) < len(smd) else ""),
        }
        ratios = here.loc[here["measure"] == "variance ratio", "estimate"].dropna()
        if len(ratios):
            outside = int(((ratios < RATIOS[0]) | (ratios > RATIOS[1])).sum())
            yield {
                "check": f"variance ratios {population}",
                "value": float(ratios.iloc[int(np.argmax(np.abs(np.log(ratios.clip(lower=1e-12)))))]),
                "verdict": "not similar" if outside else "similar",
                "note": f"{outside} of {len(ratios)} outside {RATIOS[0]:g} to {RATIOS[1]:g} (a convention)",
            }


def _spread(denominator: str) -> str:
    words = {"pooled": "root of the mean of both groups' variances"}
    return f"{words.get(denominator, f'standard deviation of the {denominator}')}, as observed (before weighting)"
