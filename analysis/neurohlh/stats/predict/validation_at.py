"""Internal validation at a horizon: optimism of AUC, Brier score, calibration and net benefit, of one model or several.

Several models are refitted to the same bootstrap samples, so that what one adds to another is corrected as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Bools, Floats, Ints
from neurohlh.stats.hazards.baseline import predicted_survival
from neurohlh.stats.hazards.fit import SortedDesign, fit
from neurohlh.stats.hazards.model import CoxModel, CoxOptions, cox_model
from neurohlh.stats.predict.horizon import KNOTS, MEASURES, at_horizon
from neurohlh.stats.predict.tripod import tripod
from neurohlh.stats.recipe import software, z_value
from neurohlh.stats.resample import bootstrap_rows, run_replicates, seeds

FEW_LEFT = 0.9
"""Share of the replicates that must give a number for a correction to be printed."""
GRID = 40
"""Predicted risks at which the calibration curve is corrected, between the 2.5th and 97.5th percentile."""
_BY_TEST = ("observed/expected",)
"""Measures that are what they should be on the sample a model was fitted to: their spread is that of the test."""


@dataclass(frozen=True)
class _Setting:
    """What every replicate needs: follow-up, the models' designs, where to look."""

    time: Floats
    event: Bools
    matrices: tuple[Floats, ...]
    orders: tuple[Floats | None, ...]
    designs: tuple[SortedDesign, ...]
    horizon: float
    thresholds: Floats
    grids: tuple[Floats, ...]


def validate_cox_at(
    frame: pd.DataFrame,
    time: str,
    event: str,
    models: Mapping[str, str | Sequence[str]],
    *,
    horizon: float,
    seed: int | np.random.Generator,
    replicates: int = 200,
    thresholds: Sequence[float] = (),
    reference: Mapping[str, str] | None = None,
    ties: str = "efron",
    conf_level: float = 0.95,
    n_jobs: int | None = None,
    rows: Ints | None = None,
    curve: bool = True,
) -> Result:
    """Apparent and optimism-corrected performance, by `horizon`, of the risks that Cox models predict.

    `models` names each model's covariates, or one column with a score made elsewhere (higher is worse): concordance
    and AUC are then those of the score as it is, and only the risk that goes with it is estimated. All are fitted to
    the patients whose covariates of every model are known, and to the same bootstrap samples of them. Optimism is the
    mean performance of a refitted model on its sample minus on the original patients (Harrell 1996), for concordance,
    AUC, Brier score, IPA, observed/expected, the net benefit at each of `thresholds`, and the calibration curve. With
    several models their differences follow, first minus second. Limits are the bootstrap percentiles of the apparent
    value, moved to have their mean at the corrected one: shifted by the optimism alone (Noma 2021) they lie around the
    apparent value, which favours the model with more parameters in a difference. Observed/expected, which is about 1
    on the sample itself, has the percentiles on the original patients. `rows` (replicates, patients used) hands in the
    samples as row numbers from 0, in place of `seed`; `curve` false leaves the calibration curve out, which takes half
    of the time.

    `tidy`: rows apparent, optimism and corrected; concordance is that of all follow-up. `curves`: group, predicted,
    apparent, observed (the corrected curve). Raises ValueError for wrong columns or options, NotEstimable if a model
    has no finite estimate, nobody is followed beyond the horizon, nobody dies by it, or too few replicates give a
    model.
    """
    z_value(conf_level)
    limits = np.asarray(list(thresholds), dtype=float)
    _check_options(models, horizon, limits)
    terms = {name: [given] if isinstance(given, str) else list(given) for name, given in models.items()}
    union = list(dict.fromkeys(term for covariates in terms.values() for term in covariates))
    everybody = cox_model(frame, time, event, union, CoxOptions(reference=reference, ties=ties))
    own = frame.loc[everybody.used]
    fitted = {name: _sound(own, time, event, each, reference, ties, name) for name, each in terms.items()}
    scores = [name for name, given in models.items() if isinstance(given, str)]
    setting, apparent = _setting(everybody, fitted, scores, horizon, limits, GRID if curve else 0)
    found = _replicates(setting, seed, replicates, n_jobs, rows)
    sound = [one for one in found if one is not None]
    if len(sound) < max(2, FEW_LEFT * len(found)):
        raise NotEstimable(
            f"only {len(sound)} of {len(found)} bootstrap samples give a finite model; it has too many parameters"
        )
    training, test = (np.stack([one[k] for one in sound]) for k in (0, 1))
    summary = _Summary(list(models), limits, apparent, training, test, (1 - conf_level) / 2)
    shared = {"analysis": "validation_at", "outcome": event, "n": everybody.data.n}
    at = {"time": horizon, "events": int((setting.event & (setting.time <= horizon)).sum())}
    ever = {"events": everybody.data.events, "level": "all follow-up"}
    return Result(
        kind="cox_validation_at",
        tidy=tidy_frame(
            [{**shared, **row, **(ever if row["measure"].startswith("concordance") else at)} for row in summary.rows()]
        ),
        curves=summary.curves(setting.grids),
        checks=check_frame([_check(len(sound), len(found))]),
        method=_method(terms, horizon, limits, conf_level, ties, len(found)),
        counts={
            **everybody.counts,
            "parameters": max(model.counts["parameters"] for model in fitted.values()),
            "replicates": len(found),
            "replicates_without_a_model": len(found) - len(sound),
        },
        notes=("Choices made before the model was written down (which covariates, which cuts) are not corrected for.",),
    )


def _check_options(models: Mapping[str, str | Sequence[str]], horizon: float, thresholds: Floats) -> None:
    if not models or not all(models.values()):
        raise ValueError("models must name at least one model, each with its covariates")
    if not (np.isfinite(horizon) and horizon > 0):
        raise ValueError("horizon must be a time above 0")
    if not ((thresholds > 0) & (thresholds < 1)).all():
        raise ValueError("thresholds must lie between 0 and 1")


def _sound(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    reference: Mapping[str, str] | None,
    ties: str,
    name: str,
) -> CoxModel:
    named = {word for term in covariates for word in re.findall(r"\w+", term)}
    own = {variable: level for variable, level in (reference or {}).items() if variable in named}
    model = cox_model(frame, time, event, covariates, CoxOptions(reference=own, ties=ties))
    if not model.sound:
        raise NotEstimable(f"a coefficient of {name} runs to infinity, so that it cannot be validated")
    return model


def _setting(
    everybody: CoxModel,
    fitted: Mapping[str, CoxModel],
    scores: Sequence[str],
    horizon: float,
    thresholds: Floats,
    points: int,
) -> tuple[_Setting, Floats]:
    """What the replicates need, and the apparent performance, a row per model."""
    time, event = everybody.data.time, everybody.data.event
    if not (event & (time <= horizon)).any():
        raise NotEstimable(f"no events by {horizon:g} among {len(time)} patients")
    if not (time > horizon).any():
        raise NotEstimable(f"nobody is followed beyond {horizon:g}")
    matrices = tuple(model.design.matrix[:, model.kept] for model in fitted.values())
    orders = tuple(matrix[:, 0] if name in scores else None for name, matrix in zip(fitted, matrices, strict=True))
    ties = next(iter(fitted.values())).ties
    designs = tuple(SortedDesign.of(matrix, time, event, ties=ties) for matrix in matrices)
    risks = [
        1 - predicted_survival(design, model.fit, matrix, np.array([horizon]))[:, 0]
        for design, model, matrix in zip(designs, fitted.values(), matrices, strict=True)
    ]
    steps = np.linspace(0, 1, points)
    grids = tuple(np.quantile(risk, 0.025) + np.ptp(np.quantile(risk, [0.025, 0.975])) * steps for risk in risks)
    setting = _Setting(time, event, matrices, orders, designs, horizon, thresholds, grids)
    apparent = [
        at_horizon(risk, time, event, horizon, thresholds, grid, order).values()
        for risk, grid, order in zip(risks, grids, orders, strict=True)
    ]
    return setting, np.stack(apparent)


def _replicates(
    setting: _Setting, seed: int | np.random.Generator, replicates: int, n_jobs: int | None, rows: Ints | None
) -> list[tuple[Floats, Floats] | None]:
    n = len(setting.time)
    if rows is None:
        return run_replicates(partial(_drawn, setting=setting), seeds(seed, replicates), n_jobs)
    given = np.asarray(rows)
    if given.ndim != 2 or given.shape[1] != n or given.min() < 0 or given.max() >= n:
        raise ValueError(f"rows must be (replicates, {n}) row numbers from 0 to {n - 1}")
    return [_replicate(own, setting) for own in given]


def _drawn(seed: np.random.SeedSequence, setting: _Setting) -> tuple[Floats, Floats] | None:
    return _replicate(bootstrap_rows(seed, len(setting.time)), setting)


def _replicate(rows: Ints, setting: _Setting) -> tuple[Floats, Floats] | None:
    """Performance of the refitted models (models, values) on the sample and on the original; None without a model."""
    time, event, horizon = setting.time, setting.event, setting.horizon
    if not (event[rows] & (time[rows] <= horizon)).any():
        return None
    training, test = [], []
    each = zip(setting.matrices, setting.designs, setting.grids, setting.orders, strict=True)
    for matrix, design, grid, order in each:
        if (np.ptp(matrix[rows], axis=0) == 0).any():
            return None
        sample = design.take(rows)
        model = fit(sample)
        if not model.converged or model.diverging.any():
            return None
        risk = 1 - predicted_survival(sample, model, matrix, np.array([horizon]))[:, 0]
        own = None if order is None else order[rows]
        there = at_horizon(risk[rows], time[rows], event[rows], horizon, setting.thresholds, grid, own)
        here = at_horizon(risk, time, event, horizon, setting.thresholds, grid, order)
        training.append(there.values())
        test.append(here.values())
    return np.stack(training), np.stack(test)


@dataclass(frozen=True)
class _Summary:
    """Replicates turned into rows: `training` and `test` are (replicates, models, values)."""

    models: list[str]
    thresholds: Floats
    apparent: Floats
    training: Floats
    test: Floats
    tail: float

    def rows(self) -> list[dict[str, Any]]:
        """Each measure of each model, then the differences between models."""
        found = []
        for place, name in enumerate(self.models):
            given = (self.apparent[place], self.training[:, place], self.test[:, place])
            found += self._measures({"group": name}, *given, difference=False)
        for one, two in combinations(range(len(self.models)), 2):
            said = {"contrast": f"{self.models[one]} - {self.models[two]}"}
            given = (
                self.apparent[one] - self.apparent[two],
                self.training[:, one] - self.training[:, two],
                self.test[:, one] - self.test[:, two],
            )
            found += self._measures(said, *given, difference=True)
        return found

    def _measures(
        self, said: dict[str, Any], apparent: Floats, training: Floats, test: Floats, *, difference: bool
    ) -> list[dict[str, Any]]:
        rows = []
        names = [(measure, "") for measure in MEASURES]
        names += [("net benefit", f"{threshold:g}") for threshold in self.thresholds]
        for place, (measure, level) in enumerate(names):
            if difference and measure == "observed/expected":
                continue
            called = f"{measure} difference" if difference else measure
            shared = {**said, "measure": called, "level": level, "scale": "identity", "method": "bootstrap optimism"}
            by_test = measure in _BY_TEST
            rows += self._one(shared, apparent[place], training[:, place], test[:, place], by_test)
        return rows

    def _one(
        self, shared: dict[str, Any], apparent: float, training: Floats, test: Floats, by_test: bool
    ) -> list[dict[str, Any]]:
        known = np.isfinite(training) & np.isfinite(test)
        if np.isnan(apparent) or known.sum() < max(2, FEW_LEFT * len(training)):
            note = "not estimable in the patients themselves, or in too few bootstrap samples"
            return [{**shared, "term": "corrected", "note": note}]
        optimism = float((training[known] - test[known]).mean())
        tails = [self.tail, 1 - self.tail]
        if by_test:
            low, high = np.quantile(test[known], tails)
        else:
            low, high = np.quantile(training[known], tails) - training[known].mean() + apparent - optimism
        corrected: dict[str, Any] = {"estimate": apparent - optimism, "conf_low": low, "conf_high": high}
        if not low <= apparent - optimism <= high:  # a distribution that piles up on one side
            corrected = {
                "estimate": apparent - optimism,
                "note": "limits not estimable: the bootstrap lies to one side",
            }
        said = {"apparent": {"estimate": apparent}, "optimism": {"estimate": optimism}, "corrected": corrected}
        return [{**shared, "term": term, **numbers} for term, numbers in said.items()]

    def curves(self, grids: Sequence[Floats]) -> pd.DataFrame:
        """The calibration curve of each model: as it seems, and with its optimism taken off."""
        start = len(MEASURES) + len(self.thresholds)
        frames = []
        for place, name in enumerate(self.models):
            training, test = self.training[:, place, start:], self.test[:, place, start:]
            known = np.isfinite(training).all(axis=1) & np.isfinite(test).all(axis=1)
            apparent = self.apparent[place, start:]
            enough = known.sum() >= max(2, FEW_LEFT * len(training))
            optimism = (training[known] - test[known]).mean(axis=0) if enough else np.full(len(apparent), np.nan)
            observed = np.clip(apparent - optimism, 0, 1)
            frame = {"group": name, "predicted": grids[place], "apparent": apparent, "observed": observed}
            frames.append(pd.DataFrame(frame))
        return pd.concat(frames, ignore_index=True)


def _check(sound: int, replicates: int) -> dict[str, Any]:
    return {
        "check": "replicates with a finite model",
        "term": "GLOBAL",
        "value": sound,
        "verdict": "ok" if sound == replicates else "attention",
        "note": f"of {replicates}; the others are left out of the mean",
    }


def _method(
    models: Mapping[str, Sequence[str]],
    horizon: float,
    thresholds: Floats,
    conf_level: float,
    ties: str,
    replicates: int,
) -> dict[str, Any]:
    return {
        "model": "Cox proportional hazards",
        "estimator": "apparent performance minus bootstrap optimism",
        "replicates": replicates,
        "horizon": horizon,
        "thresholds": thresholds.tolist(),
        "censoring": "AUC, Brier score: inverse probability of censoring; observed risk, net benefit: Kaplan-Meier",
        "smoother": f"Cox model on a restricted cubic spline, {KNOTS} knots, of log(-log(1 - risk))",
        "interval": "bootstrap percentiles of the apparent value, their mean moved to the corrected one; "
        "observed/expected: its percentiles on the original patients",
        "conf_level": conf_level,
        "ties": ties,
        "test": "none",
        "correction": "bootstrap optimism",
        "models": {name: list(terms) for name, terms in models.items()},
        "denominator": "patients with follow-up and the covariates of every model known",
        "software": software("numpy", "scipy", "joblib"),
        "reference": [
            "Harrell, Lee & Mark 1996, Stat Med 15:361",
            "Austin, Harrell & van Klaveren 2020, Stat Med 39:2714",
            "Vickers, Cronin, Elkin & Gonen 2008, BMC Med Inform Decis Mak 8:53",
        ],
        "tripod": tripod("10b", "10d", "16"),
    }
