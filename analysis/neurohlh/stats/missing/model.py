"""What every chain of an imputation shares: rows, variables, their predictors, and what was left out and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Bools, Floats, Ints, column, numbers, truth
from neurohlh.stats.curves.hazard import cumulative_hazard
from neurohlh.stats.missing.derived import Derived, Formula, prepared
from neurohlh.stats.missing.variables import Variable, variable
from neurohlh.stats.survival_data import first_reasons, without_rounding

_COLLINEAR = 1e-8
"""Share of a standardised predictor that the predictors before it must leave; below it, it says nothing new."""


@dataclass(frozen=True)
class Target:
    """A variable to impute: where, and from which columns of the model matrix.

    Attributes
    ----------
    observed, missing : rows (of those in the imputation) with and without a value.
    block, predictors : columns of the model matrix that hold it, and that predict it.
    low, high : limits of each missing value, or None.
    delta : added to every imputed value (log odds for a variable of two levels).
    """

    variable: Variable
    observed: Ints
    missing: Ints
    block: slice
    predictors: Ints
    low: Floats | None
    high: Floats | None
    delta: float


@dataclass(frozen=True)
class ImputationModel:
    """The set-up of an imputation.

    Attributes
    ----------
    base : the frame, derived columns unknown where an input is.
    inside : rows that take part (exposure and outcome known); the others keep their gaps.
    outside : why rows do not take part -> how many.
    matrix : (rows inside, columns) model matrix; cells of unknown values are NaN.
    targets : variables to impute, fewest gaps first.
    derived, derived_blocks : derived variables and their columns of the matrix.
    log : rows for `checks`: predictors left out, variables that cannot be imputed.
    """

    base: pd.DataFrame
    inside: Bools
    outside: dict[str, int]
    matrix: Floats
    targets: tuple[Target, ...]
    derived: tuple[Derived, ...]
    derived_blocks: tuple[tuple[Variable, slice], ...]
    log: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Roles:
    """Which column is what; see `impute`."""

    variables: Sequence[str]
    event: Sequence[str]
    time: str | None
    entry: str | None
    outcome: Sequence[str]
    exposure: Sequence[str]
    predictors: Sequence[str]
    impute_exposure: bool


def imputation_model(
    frame: pd.DataFrame,
    roles: Roles,
    methods: Mapping[str, str],
    formulas: Mapping[str, Formula],
    bounds: Mapping[str, tuple[str, str]],
    delta: Mapping[str, float],
) -> ImputationModel:
    """Check the roles, set up rows, variables and predictors. Raises as `impute` does."""
    _check_roles(frame, roles, methods, formulas, bounds, delta)
    inside, outside = _inside(frame, roles)
    if not inside.any():
        raise NotEstimable("no row has both exposure and outcome: nothing can be imputed")
    incomplete = [name for name in _to_impute(roles) if column(frame, name).isna().any()]
    base, derived = prepared(frame, formulas, incomplete)
    rows = base.loc[inside]
    named = [*_to_impute(roles), *(c for c in roles.exposure if not roles.impute_exposure), *roles.outcome]
    found = [variable(rows[name], methods.get(name)) for name in dict.fromkeys([*named, *roles.predictors])]
    found += _hazards(rows, roles)
    helping = [variable(rows[d.name]) for d in derived]
    lost = [v for v in found if _says_nothing(v)]
    log = [_unimputable(v) for v in lost if v.unknown.any()]
    constant = [v.name for v in lost if not v.unknown.any()]
    log += [_left_out("all variables", name, "it is the same in all rows") for name in constant]
    blocks = _blocks([v for v in [*found, *helping] if not _says_nothing(v)])
    if not blocks:
        raise NotEstimable("no variable has two different known values: nothing can be imputed")
    matrix = np.concatenate([v.block(v.values) for v, _ in blocks], axis=1)
    for v, own in blocks:
        matrix[v.unknown, own] = np.nan
    wanted = [(v, own) for v, own in blocks if v.name in _to_impute(roles) and v.unknown.any()]
    targets = []
    for v, own in sorted(wanted, key=lambda item: int(item[0].unknown.sum())):
        follows = {d.name for d in derived if v.name in d.inputs}
        others = [(o, place) for o, place in blocks if o.name != v.name and o.name not in follows]
        predictors, said = _predictors(v, others, matrix)
        log += said
        low, high = _limits(rows, v, bounds.get(v.name))
        missing = np.flatnonzero(v.unknown)
        targets.append(
            Target(v, np.flatnonzero(~v.unknown), missing, own, predictors, low, high, float(delta.get(v.name, 0.0)))
        )
    helpers = tuple((v, own) for v, own in blocks if any(v.name == d.name for d in derived))
    return ImputationModel(base, inside, outside, matrix, tuple(targets), derived, helpers, tuple(log))


def _to_impute(roles: Roles) -> list[str]:
    extra = roles.exposure if roles.impute_exposure else ()
    return list(dict.fromkeys([*roles.variables, *extra]))


def _check_roles(
    frame: pd.DataFrame,
    roles: Roles,
    methods: Mapping[str, str],
    formulas: Mapping[str, Formula],
    bounds: Mapping[str, tuple[str, str]],
    delta: Mapping[str, float],
) -> None:
    if (roles.time is None) != (not roles.event):
        raise ValueError("time and event belong together: the imputation model takes the event and its hazard")
    fixed = {*roles.event, *roles.outcome, *(t for t in (roles.time, roles.entry) if t)}
    for name in [*roles.variables, *roles.predictors]:
        column(frame, name)
        if name in fixed:
            raise ValueError(f"{name!r} is the outcome: it is not imputed, and it is in every imputation model already")
        if name in roles.exposure and name in roles.variables and not roles.impute_exposure:
            raise ValueError(f"{name!r} is the exposure; to impute it, say impute_exposure=True")
        if name in formulas:
            raise ValueError(f"{name!r} is derived: it follows from others and is not imputed itself")
    for name in roles.predictors:
        if name not in roles.variables and frame[name].isna().any():
            raise ValueError(f"predictor {name!r} has missing values; name it among the variables to impute")
    for what, given in (("methods", methods), ("bounds", bounds), ("delta", delta)):
        unknown = set(given) - set(_to_impute(roles))
        if unknown:
            raise ValueError(f"{what} for columns that are not imputed: {', '.join(sorted(unknown))}")
    if not roles.variables:
        raise ValueError("name at least one variable to impute")


def _inside(frame: pd.DataFrame, roles: Roles) -> tuple[Bools, dict[str, int]]:
    """Rows with all outcomes, and with the exposure unless that is imputed; the others are counted by reason."""
    reasons: dict[str, Bools] = {}
    needed = [
        *roles.event,
        *roles.outcome,
        *([roles.time] if roles.time else []),
        *([roles.entry] if roles.entry else []),
    ]
    for name in [*needed, *(() if roles.impute_exposure else roles.exposure)]:
        reasons[f"missing {name}"] = column(frame, name).isna().to_numpy()
    if roles.time and roles.entry:
        late = numbers(frame[roles.entry]) >= numbers(frame[roles.time])
        reasons[f"{roles.entry} not before {roles.time}"] = late
    return first_reasons(reasons, len(frame))


def _hazards(rows: pd.DataFrame, roles: Roles) -> list[Variable]:
    """Per event its indicator and the Nelson-Aalen hazard over each patient's follow-up (White and Royston 2009)."""
    found: list[Variable] = []
    for name in roles.event:
        assert roles.time is not None
        hazard = nelson_aalen_at(
            numbers(rows[roles.time]), truth(rows[name]) == 1, numbers(rows[roles.entry]) if roles.entry else None
        )
        found.append(Variable(name, truth(rows[name]), (0.0, 1.0), "logistic"))
        found.append(Variable(f"Nelson-Aalen hazard of {name}", hazard, (), "pmm"))
    return found


def nelson_aalen_at(time: Floats, event: Bools, entry: Floats | None = None) -> Floats:
    """The cumulative hazard at each patient's own end of follow-up, minus that at entry; as R's mice::nelsonaalen.

    Tied events are taken one after the other.
    """
    if (time < 0).any():
        raise ValueError("follow-up times must not be negative")
    time, entry = without_rounding(time, entry)
    curve = cumulative_hazard(time, event, entry, z=1.0, ties="fleming-harrington")
    at_end = curve.hazard[curve.row_at(time)]
    return np.asarray(at_end if entry is None else at_end - curve.hazard[np.maximum(curve.row_at(entry), 0)])


def _blocks(variables: Sequence[Variable]) -> list[tuple[Variable, slice]]:
    ends = np.cumsum([v.width for v in variables])
    return [(v, slice(int(end) - v.width, int(end))) for v, end in zip(variables, ends, strict=True)]


def _predictors(
    target: Variable, others: Sequence[tuple[Variable, slice]], matrix: Floats
) -> tuple[Ints, list[dict[str, Any]]]:
    """The columns that predict a target: those that vary and say something new among the rows that know it."""
    names = [v.name for v, own in others for _ in range(own.start, own.stop)]
    columns = np.array([j for _, own in others for j in range(own.start, own.stop)], dtype=np.intp)
    known = ~target.unknown
    complete = known & ~np.isnan(matrix[:, columns]).any(axis=1)
    rows = matrix[np.ix_(complete, columns)]
    kept: list[int] = []
    said: dict[str, str] = {}
    basis = np.empty((len(rows), 0))
    # With too few complete rows only constants can be told; the ridge of the regressions bears the rest.
    judge = len(rows) > len(columns) + 1
    for place, name in enumerate(names):
        own = matrix[known, columns[place]]
        own = own[~np.isnan(own)]
        if not len(own) or np.ptp(own) == 0:
            said[name] = "it is the same in all rows that know the variable"
            continue
        if judge:
            centred = rows[:, place] - rows[:, place].mean()
            left = centred - basis @ (basis.T @ centred)
            left -= basis @ (basis.T @ left)
            if left @ left <= _COLLINEAR * (centred @ centred):
                said[name] = "it is collinear with predictors before it"
                continue
            basis = np.column_stack([basis, left / np.linalg.norm(left)])
        kept.append(int(columns[place]))
    return np.array(kept, dtype=np.intp), [_left_out(target.name, name, why) for name, why in said.items()]


def _left_out(target: str, name: str, why: str) -> dict[str, Any]:
    return {
        "check": "predictor left out",
        "term": target,
        "verdict": "attention",
        "note": f"{name}, or a level of it, does not predict {target}: {why}",
    }


def _says_nothing(v: Variable) -> bool:
    """Whether fewer than two different values are known."""
    known = v.values[~v.unknown]
    return not len(known) or bool(np.ptp(known) == 0)


def _unimputable(v: Variable) -> dict[str, Any]:
    what = "unknown in all rows" if v.unknown.all() else "the same in all rows that know it"
    note = f"{v.name} is {what}: it stays as it is and predicts nothing"
    unknown = int(v.unknown.sum())
    return {"check": "not imputed", "term": v.name, "value": unknown, "verdict": "not estimable", "note": note}


def _limits(rows: pd.DataFrame, v: Variable, bound: tuple[str, str] | None) -> tuple[Floats | None, Floats | None]:
    """The limits of the missing values, open where the limit columns are empty."""
    if bound is None:
        return None, None
    if v.method != "norm":
        raise ValueError(f"limits for {v.name!r} need method 'norm': a donor's value need not lie within them")
    low, high = (numbers(column(rows, name))[v.unknown] for name in bound)
    low, high = np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)
    if (low > high).any():
        raise ValueError(f"limits for {v.name!r}: {int((low > high).sum())} lower limits lie above the upper ones")
    return low, high
