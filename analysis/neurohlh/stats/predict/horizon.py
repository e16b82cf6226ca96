"""What a predicted risk of an event by a horizon is worth on a data set: every measure at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.core.errors import NotEstimable
from neurohlh.stats.columns import Bools, Floats
from neurohlh.stats.concordance import concordance
from neurohlh.stats.curves.product_limit import product_limit
from neurohlh.stats.design.splines import rcs_basis, rcs_knots
from neurohlh.stats.hazards.baseline import predicted_survival
from neurohlh.stats.hazards.fit import SortedDesign, fit
from neurohlh.stats.predict.ipcw import Censoring
from neurohlh.stats.predict.time_scores import auc, brier, brier_of_nobody

KNOTS = 3
"""Knots of the smooth calibration curve, as in `calibration`."""
MEASURES = ("concordance", "AUC", "Brier score", "IPA", "observed/expected")
"""Single measures in the order of `AtHorizon.measures`."""


@dataclass(frozen=True)
class AtHorizon:
    """How a predicted risk by a horizon does on a data set.

    Attributes
    ----------
    measures : concordance (Harrell's), AUC, Brier score, IPA, observed/expected; NaN where not estimable.
    net_benefit : one per threshold.
    smooth : the smoothed observed risk at each risk of the grid; NaN where the smooth curve has no finite model.
    """

    measures: Floats
    net_benefit: Floats
    smooth: Floats

    def values(self) -> Floats:
        """Everything in one row: measures, net benefits, smooth curve."""
        return np.concatenate([self.measures, self.net_benefit, self.smooth])


def at_horizon(
    risk: Floats,
    time: Floats,
    event: Bools,
    horizon: float,
    thresholds: Floats,
    grid: Floats,
    order: Floats | None = None,
) -> AtHorizon:
    """Every measure of `risk` on patients with follow-up `time` and `event`.

    AUC and Brier score are weighted for censoring as in `prediction_scores`; observed is 1 - Kaplan-Meier. `order` is
    what concordance and AUC go by, where that is not the risk itself. O(n log n).
    """
    order = risk if order is None else order
    censoring = Censoring.of(time, event)
    area, error, accuracy = np.nan, np.nan, np.nan
    if (time > horizon).any():
        area = auc(order, event, censoring, horizon).estimate
        error = brier(risk, event, censoring, horizon).estimate
        nobody = brier_of_nobody(event, censoring, horizon)[1].estimate
        accuracy = 1 - error / nobody if nobody > 0 else np.nan
    expected = float(risk.mean())
    ratio = observed_risk(time, event, horizon) / expected if expected > 0 else np.nan
    measures = np.array([concordance(order, time, event).estimate, area, error, accuracy, ratio])
    return AtHorizon(
        measures, net_benefit(risk, time, event, horizon, thresholds), smooth_risk(risk, time, event, horizon, grid)
    )


def observed_risk(time: Floats, event: Bools, horizon: float) -> float:
    """1 - Kaplan-Meier at the horizon; NaN where nobody is followed to it and the curve has not reached 0."""
    curve = product_limit(time, event, None, z=0.0)
    if curve.time[-1] < horizon and curve.survival[-1] > 0:
        return float("nan")
    return float(1 - curve.survival[int(curve.row_at(np.array([horizon]))[0])])


def net_benefit(risk: Floats, time: Floats, event: Bools, horizon: float, thresholds: Floats) -> Floats:
    """Net benefit of acting where the risk reaches each threshold (Vickers 2008): equal to that of `decision_curve`.

    True minus false positives per patient, a false one weighing the odds of the threshold; the share with the event is
    1 - Kaplan-Meier among those above the threshold (1 where all of them have died, which dcurves leaves empty). 0
    where nobody is above, NaN where none of them is followed to the horizon.
    """
    above = risk >= thresholds[:, None]
    share, died = above.mean(axis=1), _observed_among(above, time, event, horizon)
    return np.where(above.any(axis=1), share * (died - (1 - died) * thresholds / (1 - thresholds)), 0.0)


def _observed_among(own: Bools, time: Floats, event: Bools, horizon: float) -> Floats:
    """`observed_risk` of each row of `own`, which marks patients; all Kaplan-Meier curves are walked down together."""
    order = np.argsort(time, kind="stable")
    marks, sorted_time = own[:, order].astype(float), time[order]
    first = np.flatnonzero(np.concatenate([[True], np.diff(sorted_time) > 0]))
    died = np.add.reduceat(marks * event[order], first, axis=1)
    at_risk = np.cumsum(marks[:, ::-1], axis=1)[:, ::-1][:, first]
    left = np.where(at_risk > 0, 1 - died / np.where(at_risk > 0, at_risk, 1), 1.0)
    survival = np.prod(left[:, sorted_time[first] <= horizon], axis=1)
    followed = (own & (time >= horizon)).any(axis=1)
    return np.where(followed | (survival == 0), 1 - survival, np.nan)


def smooth_risk(risk: Floats, time: Floats, event: Bools, horizon: float, grid: Floats) -> Floats:
    """The smoothed observed risk at each predicted risk of `grid` (Austin, Harrell & van Klaveren 2020).

    A Cox model of the follow-up up to the horizon on a restricted cubic spline of log(-log(1 - risk)). NaN throughout
    where a risk is 0 or 1, too few risks differ, or the model runs to infinity.
    """
    nothing = np.full(len(grid), np.nan)
    if not len(grid) or ((risk <= 0) | (risk >= 1)).any():
        return nothing
    scale, wanted = np.log(-np.log1p(-risk)), np.log(-np.log1p(-grid))
    died = event & (time <= horizon)
    if not died.any() or np.ptp(scale) == 0:
        return nothing
    try:
        knots = rcs_knots(scale, KNOTS)
        design = SortedDesign.of(rcs_basis(scale, knots), np.minimum(time, horizon), died)
        found = fit(design)
        return np.asarray(1 - predicted_survival(design, found, rcs_basis(wanted, knots), np.array([horizon]))[:, 0])
    except NotEstimable:
        return nothing
