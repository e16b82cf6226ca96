"""Inverse probability of censoring weights at a horizon, and what estimating them adds to an influence function."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Bools, Floats, Ints


@dataclass(frozen=True)
class Censoring:
    """The Kaplan-Meier curve G of staying uncensored, one entry per row of the data.

    An event at the time of a censoring comes before it: such a patient is not at risk of that censoring.

    Attributes
    ----------
    time, observed : end of follow-up of every row, and whether it ended with an event of any cause.
    moments : distinct censoring times.
    censored, at_risk, events : at each of them, how many were censored, under observation, and had an event then.
    """

    time: Floats
    observed: Bools
    moments: Floats
    censored: Ints
    at_risk: Ints
    events: Ints

    @classmethod
    def of(cls, time: Floats, observed: Bools) -> Censoring:
        """The curve from follow-up times and whether an event of any cause was observed; O(n log n)."""
        moments, censored = np.unique(time[~observed], return_counts=True)
        events = np.sort(time[observed])
        at_risk = len(time) - np.searchsorted(np.sort(time), moments, side="left")
        ties = np.searchsorted(events, moments, side="right") - np.searchsorted(events, moments, side="left")
        return cls(time, observed, moments, censored, at_risk, ties)

    def survival(self, times: Floats, *, before: bool = False) -> Floats:
        """G at each of `times`, or just before them."""
        steps = np.concatenate([[1.0], np.cumprod(1 - self.censored / (self.at_risk - self.events))])
        return np.asarray(steps[np.searchsorted(self.moments, times, side="left" if before else "right")])

    def weights(self, horizon: float) -> Floats:
        """1/G just before the event for those with one by `horizon`, 1/G(horizon) for those beyond it, 0 otherwise.

        Zero where G is 0: nobody stands for those who were censored.
        """
        beyond = self.time > horizon
        known = beyond | self.observed
        g = np.where(beyond, self.survival(np.array([horizon]))[0], self.survival(self.time, before=True))
        usable = known & (g > 0)
        return np.where(usable, 1 / np.where(usable, g, 1.0), 0.0)

    def influence(self, contributions: Floats, horizon: float) -> Floats:
        """What estimating G adds to each row's influence on the mean of `contributions` (which are weighted by 1/G).

        The influence of row i is the integral of h(u) against its censoring martingale over the share at risk, h(u)
        being the mean of the contributions whose weight looks at G beyond u. As in riskRegression, everybody under
        observation at u counts as at risk here.
        """
        n = len(self.time)
        beyond = self.time > horizon
        inside = self.moments <= horizon
        moments = self.moments[inside]
        if not len(moments):
            return np.zeros(n)
        order = np.argsort(self.time[~beyond], kind="stable")
        ends, sums = self.time[~beyond][order], np.append(np.cumsum(contributions[~beyond][order][::-1])[::-1], 0.0)
        later = sums[np.searchsorted(ends, moments, side="right")]
        per_censoring = (later + contributions[beyond].sum()) / self.at_risk[inside]
        running = np.concatenate([[0.0], np.cumsum(per_censoring * self.censored[inside] / self.at_risk[inside])])
        out = -running[np.searchsorted(moments, np.minimum(self.time, horizon), side="right")]
        censored = ~self.observed & ~beyond
        out[censored] += per_censoring[np.searchsorted(moments, self.time[censored])]
        return np.asarray(out)
