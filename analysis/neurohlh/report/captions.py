"""What stands under a figure: how to read it, in words that are the same wherever the figure stands."""

from __future__ import annotations

from neurohlh.core import format as fmt
from neurohlh.core.result import Result

_CURVES = "ticks mark censored patients; thin where fewer than {sparse} are at risk."
_READ: dict[str, tuple[str, str]] = {
    "forest": ("Figure", "Filled square: the answer or a published estimate; hollow: beside it; diamond: pooled; "
               "dashed without a mark of its own: where a further study is expected; cross: shown only as a warning. "
               "Lines are {level} intervals."),
    "upset": ("Figure", "Each column is one pattern of evidence: how many patients have it, and how many of them "
              "died."),
    "specification_curve": ("Figure", "Every estimate in its order with its {level} interval; below, the choices that "
                            "made it."),
    "balance": ("Figure", "How far apart the groups are in each covariate, in standard deviations: hollow before "
                "weighting, filled after it. Beyond the dashed line groups are called not balanced, by convention."),
    "calibration": ("Figure", "Observed against predicted risk; where predictions come true, the curve lies on the "
                    "dotted diagonal. Beneath, how many patients have which predicted risk."),
    "decision_curve": ("Figure", "A model is worth acting on only where it lies above both acting on everybody and "
                       "acting on nobody. Thin lines are {level} limits."),
    "nomogram": ("Figure", "From the value of each predictor straight up to the points; their sum, on the axis of "
                 "total points, stands straight above the risk. For describing a model, not for deciding about a "
                 "patient."),
    "cox_spline": ("Figure", "Hazard ratio against the reference value, with pointwise {level} limits; beneath, the "
                   "patients."),
    "kaplan_meier": ("Survival curves", f"Kaplan–Meier curves with {{level}} intervals; {_CURVES}"),
    "weighted_survival": ("Weighted survival curves", "Kaplan–Meier curves of the weighted patients with {level} "
                          f"intervals; {_CURVES} The risk table counts patients and, in parentheses, their weights."),
    "stratified_survival": ("Survival curves by stratum", "Kaplan–Meier curves with {level} intervals, a plot for each "
                            f"stratum with its own risk table; {_CURVES}"),
    "simon_makuch": ("Survival by the status of each day", "Simon–Makuch curves with {level} intervals: each patient "
                     f"counts in the curve of the status held on that day; {_CURVES}"),
    "standardised_survival": ("Standardised survival curves", "What a model predicts had everybody been exposed and "
                              "had nobody been, averaged over the same patients; bars are {level} intervals."),
    "cox_survival": ("Adjusted survival curves", "Curves that a Cox model predicts, with {level} intervals."),
    "cumulative_incidence": ("Cumulative incidence", "Share of patients who have had each event first, with {level} "
                             "intervals; thin where fewer than {sparse} are at risk. The risk table counts who has had "
                             "none yet, and the events of any kind until then."),
    "cox": ("Forest plot", "Hazard ratios with their intervals. Hollow: crude. Filled: adjusted."),
    "frequency": ("Frequency of CNS involvement", "As tested, and the two extremes that the undecided patients allow."),
    "state_patterns": ("What is not known together", "Each column is one pattern of what is not known, with how many "
                       "patients have it; at the side, patients by the state of the cell."),
    "completeness": ("Completeness", "States of the cells by variable; variables without any column are not drawn."),
}  # fmt: skip


def caption(result: Result) -> tuple[str, str]:
    """The title of a result's figure and the sentences that say how to read it.

    Raises KeyError for a form that no figure has.
    """
    title, text = _READ[str(result.method.get("picture", {}).get("form", result.kind))]
    level = fmt.percent(result.method.get("conf_level", 0.95), 0)
    text = text.format(level=level, sparse=fmt.integer(result.method.get("sparse_below", 10)))
    return str(result.method.get("title") or title), text
