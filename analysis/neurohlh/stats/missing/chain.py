"""One imputation: a chain of regressions that fills every gap anew in each iteration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from neurohlh.stats.columns import Floats
from neurohlh.stats.missing.draws import draw_categories, draw_donors, draw_linear
from neurohlh.stats.missing.model import ImputationModel, Target
from neurohlh.stats.missing.variables import filled


@dataclass(frozen=True)
class Chain:
    """What one chain gives: imputed values per variable, and their mean and SD after every iteration.

    `cells` holds numbers, or places in the levels of a categorical variable; `means` and `deviations` are
    (iterations, variables).
    """

    cells: dict[str, Floats]
    means: Floats
    deviations: Floats


def run_chain(model: ImputationModel, seed: np.random.SeedSequence, *, iterations: int, donors: int) -> Chain:
    """Start from random observed values, then impute every variable from all others, `iterations` times."""
    rng = np.random.default_rng(seed)
    matrix, cells = model.matrix.copy(), {}
    for target in model.targets:
        known = target.variable.values[target.observed]
        cells[target.variable.name] = known[rng.integers(0, len(known), len(target.missing))]
        _put(matrix, target, cells[target.variable.name])
    _derive(model, matrix, cells)
    trace = np.empty((2, iterations, len(model.targets)))
    for iteration in range(iterations):
        for place, target in enumerate(model.targets):
            values = _drawn(matrix, target, rng, donors)
            cells[target.variable.name] = values
            _put(matrix, target, values)
            trace[:, iteration, place] = values.mean(), values.std(ddof=1) if len(values) > 1 else 0.0
        _derive(model, matrix, cells)
    return Chain(cells, trace[0], trace[1])


def _drawn(matrix: Floats, target: Target, rng: np.random.Generator, donors: int) -> Floats:
    x = matrix[:, target.predictors]
    seen, unseen = x[target.observed], x[target.missing]
    known, own = target.variable.values[target.observed], target.variable
    if own.method == "pmm":
        return draw_donors(seen, known, unseen, rng, donors) + target.delta
    if own.method == "norm":
        return draw_linear(seen, known, unseen, rng, target.low, target.high) + target.delta
    codes = draw_categories(seen, known.astype(np.intp), unseen, len(own.levels), rng, target.delta)
    return codes.astype(float)


def _put(matrix: Floats, target: Target, values: Floats) -> None:
    matrix[target.missing, target.block] = target.variable.block(values)


def _derive(model: ImputationModel, matrix: Floats, cells: dict[str, Floats]) -> None:
    """Recompute the derived variables from the present values and put them among the predictors."""
    if not model.derived:
        return
    used = {name for derived in model.derived for name in derived.inputs}
    frame = completed(model, {name: values for name, values in cells.items() if name in used}).loc[model.inside]
    for variable, block in model.derived_blocks:
        series = frame[variable.name]
        values = variable.values.copy()
        values[variable.unknown] = _as_values(series[variable.unknown], variable.levels)
        known = values[~np.isnan(values)]
        # What has no value even now (a logarithm of 0) stands at the mean, as a predictor only.
        matrix[:, block] = variable.block(np.where(np.isnan(values), known.mean() if len(known) else 0.0, values))


def _as_values(series: pd.Series, levels: tuple[object, ...]) -> Floats:
    if not levels:
        return series.to_numpy(dtype=float, na_value=np.nan)
    places = pd.Index(list(levels), dtype=object).get_indexer(pd.Index(series.astype(object)))
    return np.where(places < 0, np.nan, places)


def completed(model: ImputationModel, cells: dict[str, Floats]) -> pd.DataFrame:
    """The frame with the imputed values of the variables in `cells` and the derived variables that follow from them."""
    rows = np.flatnonzero(model.inside)
    new = {
        t.variable.name: filled(model.base[t.variable.name], rows[t.missing], cells[t.variable.name], t.variable.levels)
        for t in model.targets
        if t.variable.name in cells
    }
    frame = model.base.assign(**new)
    for derived in model.derived:
        frame = derived.added_to(frame)
    return frame
