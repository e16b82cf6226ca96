"""The recipe entries that every statistical result shares: software with versions, and confidence levels."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

from scipy.stats import norm


def software(*packages: str) -> str:
    """The packages that computed a result, with their versions, as one text ("numpy 2.4.6, scipy 1.17.1")."""
    return ", ".join(f"{name} {_version(name)}" for name in ("neurohlh", *packages))


@cache
def _version(name: str) -> str:
    return version(name)  # read from the installed package's files, which takes a millisecond


def z_value(conf_level: float) -> float:
    """The normal quantile of a two-sided confidence level (0.95 gives 1.959964).

    Raises ValueError unless 0 < conf_level < 1.
    """
    if not 0 < conf_level < 1:
        raise ValueError(f"conf_level must lie between 0 and 1, not {conf_level}")
    return float(norm.ppf(0.5 + conf_level / 2))
