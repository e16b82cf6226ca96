"""Confidence limits of a survival probability on five scales, and of a cumulative hazard on the log scale."""

from __future__ import annotations

import numpy as np

from neurohlh.stats.columns import Floats

CONF_TYPES = ("log-log", "log", "plain", "logit", "arcsin")


def survival_limits(survival: Floats, se_log: Floats, z: float, conf_type: str) -> tuple[Floats, Floats]:
    """Lower and upper limits of S from the standard error of log S; equal to R's survfit where S lies between 0 and 1.

    `conf_type` is the scale on which the limits are symmetric: log(-log S), log S, S ("plain"), log(S / (1 - S)) or
    arcsin(sqrt(S)). Where S is 1 or 0, or the standard error is 0, there is no width to speak of: the limits are NaN.
    Raises ValueError for an unknown scale.
    """
    if conf_type not in CONF_TYPES:
        raise ValueError(f"conf_type must be one of {', '.join(CONF_TYPES)}, not {conf_type!r}")
    inside = (survival > 0) & (survival < 1) & (se_log > 0) & np.isfinite(se_log)
    s = np.where(inside, survival, 0.5)
    shift = z * np.where(inside, se_log, 0.0)
    low, high = _on_scale(s, shift, conf_type)
    return np.where(inside, low, np.nan), np.where(inside, high, np.nan)


def _on_scale(s: Floats, shift: Floats, conf_type: str) -> tuple[Floats, Floats]:
    if conf_type == "log-log":
        at, by = np.log(-np.log(s)), shift / np.log(s)
        return np.exp(-np.exp(at - by)), np.exp(-np.exp(at + by))
    if conf_type == "log":
        return s * np.exp(-shift), np.minimum(s * np.exp(shift), 1.0)
    if conf_type == "plain":
        return np.maximum(s - s * shift, 0.0), np.minimum(s + s * shift, 1.0)
    if conf_type == "logit":
        at, by = np.log(s / (1 - s)), shift / (1 - s)
        return 1 / (1 + np.exp(by - at)), 1 / (1 + np.exp(-by - at))
    at, by = np.arcsin(np.sqrt(s)), 0.5 * shift * np.sqrt(s / (1 - s))
    return np.sin(np.maximum(at - by, 0.0)) ** 2, np.sin(np.minimum(at + by, np.pi / 2)) ** 2


def hazard_limits(hazard: Floats, se: Floats, z: float) -> tuple[Floats, Floats]:
    """Limits of a cumulative hazard, symmetric on the log scale; NaN while it is 0.

    Borgan and Liestol 1990, Scand J Stat 17:35.
    """
    inside = hazard > 0
    h = np.where(inside, hazard, 1.0)
    factor = np.exp(z * np.where(inside, se, 0.0) / h)
    return np.where(inside, h / factor, np.nan), np.where(inside, h * factor, np.nan)
