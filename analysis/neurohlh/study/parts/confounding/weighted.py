"""Survival curves of both groups once the weights have made them alike: the crude picture without its confounding."""

from __future__ import annotations

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result
from neurohlh.stats.curves.risk_table import risk_ticks
from neurohlh.stats.weights.outcomes import weighted_survival
from neurohlh.study.follow import TIMES, year_ticks
from neurohlh.study.parts.confounding.adjustment_set import Sets
from neurohlh.study.parts.confounding.estimates import EVENT, TIME, weighed
from neurohlh.study.parts.confounding.standardised import longest
from neurohlh.study.parts.material import Followed, Material

TITLE = "Survival by CNS status under overlap weights"
_SHOWN = ("survival", "median survival", "sum of weights", "effective sample size")
_NOTE = (
    "The weights are those of the line 'overlap weights' among the estimates: patients who could well have been in "
    "either group count most, and the curves are theirs."
)


def weighted_curves(material: Material, sets: Sets, followed: Followed) -> Result:
    """Weighted Kaplan-Meier curves from the landmark by CNS status, with patients and weights at risk.

    Raises NotEstimable without covariates, without overlap, or where a group is too small.
    """
    weights = weighed(material, sets, "overlap")
    frame = sets.main.frame
    tau = longest(frame.loc[weights.kept])
    if tau <= 0:
        raise NotEstimable("a group has too few patients at risk with all covariates known")
    times = [float(t) for t in TIMES if t <= tau] or [tau]
    ticks = year_ticks(frame[TIME]) or risk_ticks(frame[TIME].to_numpy(float), None).tolist()
    found = weighted_survival(frame, TIME, EVENT, weights, times=times, tau=tau, ticks=ticks)
    shown = found.tidy["measure"].isin(_SHOWN)
    return followed.tell(found.with_(tidy=found.tidy[shown].reset_index(drop=True), notes=(_NOTE, *found.notes)))
