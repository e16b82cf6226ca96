"""Variances of a cumulative incidence: the infinitesimal jackknife, and Aalen's delta method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Floats, Ints
from neurohlh.stats.competing.aalen_johansen import Incidence


def aalen_variance(curve: Incidence, k: int) -> Floats:
    """(T,) variance of the incidence of cause `k` (0 is the first) by the delta method, as cmprsk's cuminc has it.

    Source: Aalen 1978, Ann Stat 6:534. Weights, if any, must be counts.
    """
    risk, own = curve.risk, curve.events[:, k]
    f, left = curve.incidence[:, k], curve.survival > 0
    other = np.where(left, curve.events.sum(axis=1) - own, 0.0)
    inverse = np.where(left, 1 / np.where(left, curve.survival, 1.0), 0.0)

    def share(count: Floats) -> Floats:
        tied = np.where(count > 1, 1 - (count - 1) / np.maximum(risk - 1, 1), 1.0)
        return np.asarray(curve.before**2 * tied * count / risk**2)

    mine, theirs = share(own), share(other)
    jump, drift = 1 + inverse * f, inverse * f
    square = np.cumsum(jump**2 * mine + drift**2 * theirs)
    cross = np.cumsum(inverse * (jump * mine + drift * theirs))
    steep = np.cumsum(inverse**2 * (mine + theirs))
    return np.asarray(np.maximum(square + f**2 * steep - 2 * f * cross, 0.0))


@dataclass(frozen=True)
class Influence:
    """What every row adds to an estimate E(t), as P(t) - E(t) Q(t).

    P and Q of a row stand at 0 until its entry, then fall with the drift, and stay where its end has put them.

    Attributes
    ----------
    estimate : (T,) E at every time.
    p_drift, q_drift : (T,) cumulated drift of a row at risk.
    p_end, q_end : (n,) a row's P and Q from its end on.
    p_begin, q_begin : (n,) the drift at its entry.
    end, entry : (n,) places among the times, `entry` None without delayed entry.
    """

    estimate: Floats
    p_drift: Floats
    q_drift: Floats
    p_end: Floats
    q_end: Floats
    p_begin: Floats
    q_begin: Floats
    end: Ints
    entry: Ints | None

    def variance(self, weight: Floats) -> Floats:
        """(T,) the sum over rows of (weight times influence) squared: rows that have ended, and rows at risk."""
        e, size = self.estimate, len(self.estimate)
        square = weight**2

        def ended(values: Floats) -> Floats:
            return np.cumsum(np.bincount(self.end, square * values, minlength=size))

        def at_risk(values: Floats) -> Floats:
            begin = np.zeros(len(values), dtype=np.intp) if self.entry is None else np.maximum(self.entry, 0)
            return np.cumsum(np.bincount(begin, square * values, minlength=size)) - ended(values)

        gone = ended(self.p_end**2) - 2 * e * ended(self.p_end * self.q_end) + e**2 * ended(self.q_end**2)
        drift = self.p_drift - e * self.q_drift
        here = drift**2 * at_risk(np.ones(len(weight)))
        if self.entry is not None:
            p, q = self.p_begin, self.q_begin
            here += at_risk(p * p) - 2 * e * at_risk(p * q) + e**2 * at_risk(q * q)
            here -= 2 * drift * (at_risk(p) - e * at_risk(q))
        return np.asarray(np.maximum(gone + here, 0.0))

    def integral(self, time: Floats, tau: float) -> Floats:
        """(n,) every row's influence on the area under E from 0 to `tau`."""
        stops = np.clip(np.append(time, np.inf), None, tau)
        width = np.diff(stops)

        def area(values: Floats) -> Floats:
            return np.concatenate([[0.0], np.cumsum(values * width)])

        length, under = area(np.ones(len(width))), area(self.estimate)
        drifted = area(self.p_drift - self.estimate * self.q_drift)
        begin = np.zeros(len(self.end), dtype=np.intp) if self.entry is None else np.maximum(self.entry, 0)
        risk = [values[self.end] - values[begin] for values in (length, under, drifted)]
        after = [values[-1] - values[self.end] for values in (length, under)]
        return np.asarray(
            self.p_begin * risk[0] - self.q_begin * risk[1] - risk[2] + self.p_end * after[0] - self.q_end * after[1]
        )


def incidence_influence(curve: Incidence, k: int, status: Ints) -> Influence:
    """The influence of every row on the incidence of cause `k` (0 is the first): R's survfit sums its square."""
    f, left = curve.incidence[:, k], _left(curve)
    total = curve.events.sum(axis=1)
    own_jump, p_jump, q_jump = curve.before / curve.risk, f / left, 1 / left
    p_drift = np.cumsum((own_jump * curve.events[:, k] + p_jump * total) / curve.risk)
    q_drift = np.cumsum(q_jump * total / curve.risk)
    own, happened, end = status == k + 1, status > 0, curve.end
    p_end = np.where(own, own_jump[end], 0.0) + np.where(happened, p_jump[end], 0.0)
    return _influence(curve, f, p_drift, q_drift, p_end, np.where(happened, q_jump[end], 0.0))


def survival_influence(curve: Incidence, status: Ints) -> Influence:
    """The influence of every row on the survival free of all causes."""
    left = _left(curve)
    q_drift = np.cumsum(curve.events.sum(axis=1) / left / curve.risk)
    q_end = np.where(status > 0, 1 / left[curve.end], 0.0)
    return _influence(curve, curve.survival, np.zeros(len(left)), q_drift, np.zeros(len(q_end)), q_end)


def _left(curve: Incidence) -> Floats:
    """Those left after each time's events; endless where nobody is, for then nothing can change any more."""
    left = curve.risk - curve.events.sum(axis=1)
    return np.where(curve.survival > 0, left, np.inf)


def _influence(
    curve: Incidence, e: Floats, p_drift: Floats, q_drift: Floats, p_end: Floats, q_end: Floats
) -> Influence:
    rows = np.zeros(len(curve.end))
    p_begin, q_begin = rows, rows
    if curve.entry is not None:
        inside = np.maximum(curve.entry, 0)
        p_begin, q_begin = (np.where(curve.entry >= 0, v[inside], 0.0) for v in (p_drift, q_drift))
    p_end, q_end = p_end - p_drift[curve.end] + p_begin, q_end - q_drift[curve.end] + q_begin
    return Influence(e, p_drift, q_drift, p_end, q_end, p_begin, q_begin, curve.end, curve.entry)
