"""The product-limit estimate of one group: counts at each time, survival, Greenwood's variance, limits, quantiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Bools, Floats, Ints

CONF_TYPES = ("log-log", "log", "plain")
_TOLERANCE = float(np.sqrt(np.finfo(float).eps))  # R's tolerance for "the curve is exactly at one half"


@dataclass(frozen=True)
class Curve:
    """A Kaplan-Meier curve at its distinct times (ends of follow-up), the first row being time 0.

    Attributes
    ----------
    time, n_risk, n_event, n_censor : at risk just before the time, and events and censorings at it.
    survival, std_error : S and Greenwood's standard error of S.
    conf_low, conf_high : limits of S; NaN while S is 1 (no event has occurred) and where S is 0.
    end, entry : end of follow-up, and entry if delayed, of every patient, sorted, for counting those at risk.
    """

    time: Floats
    n_risk: Ints
    n_event: Ints
    n_censor: Ints
    survival: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    end: Floats
    entry: Floats | None

    def at_risk(self, times: Floats) -> Ints:
        """Patients at risk just before each of `times` (at time 0: those observed from the start)."""
        return count_at_risk(times, self.end, self.entry)

    def row_at(self, times: Floats) -> Ints:
        """The row of the curve that holds at each of `times`."""
        return np.searchsorted(self.time, times, side="right") - 1


def product_limit(time: Floats, event: Bools, entry: Floats | None, *, z: float, conf_type: str = "log-log") -> Curve:
    """Kaplan and Meier's estimate (1958, J Am Stat Assoc 53:457) with Greenwood's variance; equal to R's survfit.

    Patients censored at a time are at risk for the events of that time; a patient with `entry` is at risk after it.
    Limits are computed on the log(-log S), log S or S scale; where S is 1 or 0 they have no width and are NaN.

    Raises ValueError for an unknown `conf_type`.
    """
    if conf_type not in CONF_TYPES:
        raise ValueError(f"conf_type must be one of {', '.join(CONF_TYPES)}, not {conf_type!r}")
    ends, starts = np.sort(time), None if entry is None else np.sort(entry)
    times = np.unique(np.concatenate([[0.0], time]))
    died = _counts(times, time[event])
    left = _counts(times, time[~event])
    at_risk = count_at_risk(times, ends, starts)
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = np.cumprod(np.where(died > 0, 1 - died / at_risk, 1.0)).astype(np.float64)
        # Greenwood's sum is infinite once everybody at risk has died: S is 0 there and has no standard error.
        terms = np.where(died > 0, died / (at_risk * (at_risk - died)), 0.0)
        greenwood = np.sqrt(np.cumsum(terms)).astype(np.float64)
        low, high = _limits(survival, greenwood, z, conf_type)
        se = np.where(survival > 0, survival * greenwood, np.nan)
    return Curve(times, at_risk, died, left, survival, se, low, high, ends, starts)


def count_at_risk(times: Floats, end: Floats, entry: Floats | None) -> Ints:
    """Patients at risk just before each of `times`, from sorted ends and entries; at time 0 those there from 0 on."""
    gone: Ints = np.searchsorted(end, times, side="left")
    if entry is None:
        return len(end) - gone
    started: Ints = np.searchsorted(entry, times, side="left") - gone
    return np.asarray(np.where(times == 0, np.searchsorted(entry, 0.0, side="right"), started), dtype=np.intp)


def _counts(times: Floats, which: Floats) -> Ints:
    return np.bincount(np.searchsorted(times, which), minlength=len(times))


def _limits(survival: Floats, se_log: Floats, z: float, conf_type: str) -> tuple[Floats, Floats]:
    inside = (survival > 0) & (survival < 1)
    s = np.where(inside, survival, 0.5)
    se = np.where(inside, se_log, 0.0)
    if conf_type == "log-log":
        shift = z * se / np.log(s)
        low, high = np.exp(-np.exp(np.log(-np.log(s)) - shift)), np.exp(-np.exp(np.log(-np.log(s)) + shift))
    elif conf_type == "log":
        low, high = s * np.exp(-z * se), np.minimum(s * np.exp(z * se), 1.0)
    else:
        low, high = np.maximum(s - z * s * se, 0.0), np.minimum(s + z * s * se, 1.0)
    return np.where(inside, low, np.nan), np.where(inside, high, np.nan)


def quantile_time(time: Floats, curve: Floats, below: float = 0.5) -> float:
    """The first time at which `curve` has fallen to `below`; NaN if it never does.

    Where it stays exactly at `below` for a while, the middle of that stretch, as R's survfit does.
    """
    reached = np.flatnonzero(curve < below + _TOLERANCE)
    if not len(reached):
        return float("nan")
    first = reached[0]
    lower = reached[curve[reached] < curve[first]]
    if abs(curve[first] - below) < _TOLERANCE and len(lower):
        return float((time[first] + time[lower[0]]) / 2)
    return float(time[first])
