"""Standardised survival (g-computation): what a Cox model says had everybody been exposed, and had nobody been."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Floats, Ints
from neurohlh.stats.curves.kaplan_meier import DEFAULT_TIMES
from neurohlh.stats.hazards.baseline import predicted_survival
from neurohlh.stats.hazards.fit import CoxFit, SortedDesign, fit
from neurohlh.stats.hazards.model import CoxModel, CoxOptions, cox_model
from neurohlh.stats.recipe import software, z_value
from neurohlh.stats.weights.bootstrap import Replicates, bootstrap, checked_interval
from neurohlh.stats.weights.exposure import Exposure, read_exposure

MEASURES = ("survival difference", "survival ratio", "RMST difference")
MOST_CELLS = 5_000_000
"""Patients times moments that are predicted at once; more are averaged in parts, so that memory stays bounded."""
POPULATIONS = {"all": "all patients used", "exposed": "the exposed", "unexposed": "the unexposed"}


@dataclass(frozen=True)
class _Worlds:
    """The covariates of the population, once with everybody unexposed and once with everybody exposed."""

    unexposed: Floats
    exposed: Floats
    in_population: Ints


def standardised_survival(
    frame: pd.DataFrame,
    time: str,
    event: str,
    exposure: str,
    covariates: Sequence[str],
    *,
    times: Sequence[float] = DEFAULT_TIMES,
    tau: float | None = None,
    population: str = "all",
    exposed: str | None = None,
    reference: Mapping[str, str] | None = None,
    replicates: int = 200,
    seed: int | np.random.Generator = 0,
    interval: str = "percentile",
    n_jobs: int | None = None,
    ties: str = "efron",
    conf_level: float = 0.95,
) -> Result:
    """Survival at `times` averaged over the patients as if all were exposed, as if none were, and how the two differ.

    A Cox model of `exposure` and `covariates` (terms as in `cox`; "exposure:covariate" lets the effect differ) predicts
    every patient's survival under both; `population` "all" (ATE), "exposed" (ATT) or "unexposed" says over whom it is
    averaged. RMST up to `tau` (default: the last of `times` that both groups are followed to) is the area under the
    averaged curve. Limits are from `replicates` bootstrap samples of patients with the model fitted again in each
    ("percentile" or "normal" with the bootstrap's standard error), the same for any number of workers.

    `tidy`: survival by group, then difference, ratio and RMST difference, exposed against unexposed. `curves`: group,
    time, survival at the event times. Raises ValueError for wrong columns or options, NotEstimable if the exposure's
    coefficient cannot be estimated or a time lies beyond the last follow-up. Method: Robins 1986; Makuch 1982.
    """
    z_value(conf_level)
    checked_interval(interval)
    if population not in POPULATIONS:
        raise ValueError(f"population must be one of {', '.join(POPULATIONS)}, not {population!r}")
    wanted = np.unique(np.asarray(list(times), dtype=float))
    if not len(wanted) or not (wanted > 0).all():
        raise ValueError("times must name at least one time above 0")
    known = read_exposure(frame, exposure, exposed)
    rows = _with_groups(frame, exposure, known)
    base = {exposure: known.names[0], **(reference or {})}
    model = cox_model(rows, time, event, [exposure, *covariates], CoxOptions(reference=base, ties=ties))
    if not model.sound:
        raise NotEstimable("a coefficient of the outcome model cannot be estimated")
    wanted, beyond = wanted[wanted <= model.data.time.max()], wanted[wanted > model.data.time.max()]
    if not len(wanted):
        raise NotEstimable(f"all times lie beyond the last follow-up ({model.data.time.max():g})")
    horizon = float(wanted[-1] if tau is None else tau)
    if not 0 < horizon <= model.data.time.max():
        raise ValueError(f"tau must lie between 0 and the last follow-up ({model.data.time.max():g})")
    worlds = _worlds(rows, model, exposure, known.names, population)
    grid = np.unique(np.concatenate([wanted, [horizon], model.data.time[model.data.event]]))
    estimates = _numbers(model.rows, model.fit, worlds, grid, wanted, horizon)
    again = _replicates(model, worlds, wanted, horizon, replicates, seed, n_jobs) if replicates else None
    curves = _curves(model.rows, model.fit, worlds, grid, known.names)
    lost = {reason: int(mask.sum()) for reason, mask in known.unknown.items() if mask.any()}
    return Result(
        kind="standardised_survival",
        tidy=tidy_frame(
            _rows(estimates, again, wanted, horizon, known.names, (exposure, event), model, conf_level, interval)
            + [_beyond(t, exposure, event) for t in beyond]
        ),
        curves=curves,
        checks=check_frame(again.checks() if again else []),
        method={
            "estimand": f"average over {POPULATIONS[population]}",
            "ties": ties,
            "tau": horizon,
            "conf_level": conf_level,
            "exposure": exposure,
            "covariates": list(covariates),
            **_recipe(model, replicates, interval),
        },
        counts={**model.counts, "supplied": len(frame), "dropped": {**lost, **model.counts["dropped"]}},
        notes=("Rests on the outcome model: no unmeasured confounding, and hazards that are proportional.",),
    )


def _with_groups(frame: pd.DataFrame, exposure: str, known: Exposure) -> pd.DataFrame:
    """The rows whose exposure is known, with the names of the two groups in its place."""
    inside = ~np.isnan(known.value)
    named = np.where(known.value[inside] == 1, known.names[1], known.names[0])
    return frame[inside].assign(**{exposure: pd.Categorical(named, categories=list(known.names))})


def _recipe(model: CoxModel, replicates: int, interval: str) -> dict[str, Any]:
    return {
        "estimator": "g-computation from a Cox model",
        "variance": f"{replicates} bootstrap samples, the model fitted again in each" if replicates else "none",
        "interval": f"{interval} bootstrap" if replicates else "none",
        "test": "none",
        "correction": "none",
        "reference_levels": dict(model.design.references),
        "denominator": "patients with follow-up, exposure and all covariates known",
        "software": software("numpy", "scipy", "joblib"),
        "reference": ["Robins 1986, Math Model 7:1393", "Makuch 1982, J Chronic Dis 35:437"],
    }


def _worlds(rows: pd.DataFrame, model: CoxModel, exposure: str, names: tuple[str, str], population: str) -> _Worlds:
    patients = rows.loc[model.used]
    now = patients[exposure].to_numpy()
    inside = {"all": np.ones(len(now), dtype=bool), "exposed": now == names[1], "unexposed": now == names[0]}
    columns = []
    for name in names:
        fixed = pd.Categorical([name] * len(patients), categories=list(names))
        columns.append(model.design.apply(patients.assign(**{exposure: fixed})).matrix[:, model.kept])
    return _Worlds(columns[0], columns[1], np.flatnonzero(inside[population]))


def _mean_survival(
    design: SortedDesign, fitted: CoxFit, worlds: _Worlds, rows: Ints, times: Floats
) -> tuple[Floats, Floats]:
    """Survival under no exposure and under exposure, averaged over `rows`, at `times`."""
    none, every = (_mean(design, fitted, matrix[rows], times) for matrix in (worlds.unexposed, worlds.exposed))
    return none, every


def _mean(design: SortedDesign, fitted: CoxFit, matrix: Floats, times: Floats) -> Floats:
    size = max(1, MOST_CELLS // max(len(times), 1))
    total = np.zeros(len(times))
    for start in range(0, len(matrix), size):
        total += predicted_survival(design, fitted, matrix[start : start + size], times).sum(axis=0)
    return total / len(matrix)


def _numbers(
    design: SortedDesign,
    fitted: CoxFit,
    worlds: _Worlds,
    grid: Floats,
    times: Floats,
    tau: float,
    rows: Ints | None = None,
) -> Floats:
    """Survival of both worlds at `times`, and their areas up to `tau`: 2 * len(times) + 2 numbers."""
    none, every = _mean_survival(design, fitted, worlds, worlds.in_population if rows is None else rows, grid)
    place = np.searchsorted(grid, times)
    inside = grid < tau
    widths = np.diff(np.concatenate([[0.0], grid[inside], [tau]]))
    areas = [float(widths @ np.concatenate([[1.0], curve[inside]])) for curve in (none, every)]
    return np.concatenate([none[place], every[place], areas])


def _replicates(
    model: CoxModel,
    worlds: _Worlds,
    times: Floats,
    tau: float,
    replicates: int,
    seed: int | np.random.Generator,
    n_jobs: int | None,
) -> Replicates:
    design = model.rows
    event_times, member = model.data.time, np.zeros(model.data.n, dtype=bool)
    member[worlds.in_population] = True

    def one(rows: Ints) -> Floats:
        sample = design.take(rows)
        fitted = fit(sample)
        if fitted.diverging.any() or not fitted.converged:
            raise NotEstimable("a coefficient runs to infinity")
        inside = rows[member[rows]]
        if not len(inside):
            raise NotEstimable("nobody of the population was drawn")
        grid = np.unique(np.concatenate([times, [tau], event_times[rows][model.data.event[rows]]]))
        return _numbers(sample, fitted, worlds, grid, times, tau, inside)

    return bootstrap(one, model.data.n, 2 * len(times) + 2, replicates=replicates, seed=seed, n_jobs=n_jobs)


def _curves(
    design: SortedDesign, fitted: CoxFit, worlds: _Worlds, grid: Floats, names: tuple[str, str]
) -> pd.DataFrame:
    found = _mean_survival(design, fitted, worlds, worlds.in_population, grid)
    parts = [
        pd.DataFrame({"group": name, "time": np.append(0.0, grid), "survival": np.append(1.0, curve)})
        for name, curve in zip(names, found, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def _contrasts(numbers: Floats, k: int) -> Floats:
    """From the numbers of both worlds to those printed: survival, RMST, differences, log ratios, RMST difference."""
    none, every, areas = numbers[..., :k], numbers[..., k : 2 * k], numbers[..., 2 * k :]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(every / none)
    return np.concatenate([none, every, areas, every - none, ratio, areas[..., 1:] - areas[..., :1]], axis=-1)


def _rows(
    numbers: Floats,
    again: Replicates | None,
    times: Floats,
    tau: float,
    names: tuple[str, str],
    said: tuple[str, str],
    model: CoxModel,
    conf_level: float,
    interval: str,
) -> list[dict[str, Any]]:
    k = len(times)
    values = _contrasts(numbers, k)
    se, low, high = (np.full(len(values), np.nan) for _ in range(3))
    if again is not None:
        moved = Replicates(_contrasts(again.values, k), again.reasons)
        se = moved.std_error()
        low, high = moved.limits(values, conf_level, interval)
    contrast = f"{names[1]} vs {names[0]}"
    labels: list[dict[str, Any]] = [{"group": name, "measure": "survival", "time": t} for name in names for t in times]
    labels += [{"group": name, "measure": "RMST", "time": tau} for name in names]
    labels += [{"contrast": contrast, "measure": MEASURES[0], "time": t} for t in times]
    labels += [{"contrast": contrast, "measure": MEASURES[1], "time": t, "scale": "log"} for t in times]
    labels.append({"contrast": contrast, "measure": MEASURES[2], "time": tau})
    shared: dict[str, Any] = {
        "analysis": "standardised_survival",
        "outcome": said[1],
        "variable": said[0],
        "scale": "identity",
    }
    shared |= {"n": model.data.n, "events": model.data.events, "method": "g-computation, Cox"}
    out = []
    for place, label in enumerate(labels):
        row = {**shared, **label, "coef": values[place], "std_error": se[place]}
        own = (values[place], low[place], high[place])
        shown = np.exp(own) if row["scale"] == "log" else np.asarray(own)
        if not np.isfinite(values[place]):
            out.append({**shared, **label, "note": "not estimable: survival has reached 0"})
            continue
        note = "limits not estimable: too few replicates gave a number" if again and np.isnan(low[place]) else ""
        out.append({**row, "estimate": shown[0], "conf_low": shown[1], "conf_high": shown[2], "note": note})
    return out


def _beyond(time: float, exposure: str, event: str) -> dict[str, Any]:
    shared = {"analysis": "standardised_survival", "outcome": event, "variable": exposure, "measure": MEASURES[0]}
    return {**shared, "time": time, "note": "not estimable: beyond the last follow-up"}
