"""The specifications: every way to answer the question that a careful reader could have chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from neurohlh.clinical.cns_definitions import CnsDefinition, definitions
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.specifications.fits import Adjusting, Fitted, fit_all
from neurohlh.study.time_zero import DIAGNOSIS, OTHER_CLOCK, TimeZero, classified, time_zeros

LEFT_OUT, AS_NEGATIVE, AS_POSITIVE = "left out", "read as not involved", "read as involved"
UNDECIDED = {LEFT_OUT: None, AS_NEGATIVE: "not_met", AS_POSITIVE: "met"}
"""What is done with patients whose baseline status can't be decided, and the status that they then have."""
CHOICES = ("Definition", "Time zero", "Undecided", "Adjustment")

Words = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Specification:
    """One specification and what it gave; `same_as` numbers the specifications that rest on the same patients,
    exposures and model: equal numbers are one answer given twice."""

    definition: str
    zero: str
    undecided: str
    adjustment: str
    declared: bool
    fitted: Fitted
    same_as: int


@dataclass(frozen=True)
class _Asked:
    """A definition's exposure around a time zero under one rule for the undecided, of those at risk."""

    definition: CnsDefinition
    place: int
    undecided: str
    exposure: Words
    refused: str


@dataclass(frozen=True)
class Around:
    """The time zeros of a study, its own first, and everybody's CNS columns around each under each definition."""

    zeros: tuple[TimeZero, ...]
    status: tuple[dict[str, pd.DataFrame], ...]

    @classmethod
    def of(cls, material: Material) -> Around:
        """Every time zero that the data hold and every definition of the catalogue."""
        zeros = tuple(time_zeros(material))
        names = [d.name for d in definitions()]
        return cls(zeros, tuple(classified(zeros, names, material.config.cns.window_days)))


def all_specifications(material: Material, adjusting: Adjusting, found_around: Around) -> list[Specification]:
    """Every time zero x definition x rule for the undecided x adjustment, in that order.

    The patients stand in the order of their identifiers, so that the numbers do not hang on the order of the rows.
    """
    zeros = found_around.zeros
    at_risk = [adjusting.needed(zero.at_risk(material.landmark)) for zero in zeros]
    asked = [one for place in range(len(zeros)) for one in _asked(found_around, place, at_risk[place])]
    known = {(one.place, _code(one.exposure)): one for one in asked if not one.refused}
    tasks = [(at_risk[one.place].assign(cns=one.exposure), adjusting) for one in known.values()]
    found = dict(zip(known, fit_all(tasks), strict=True))
    return list(_all(material, zeros, at_risk, asked, found, adjusting))


def _asked(found: Around, place: int, at_risk: pd.DataFrame) -> Iterator[_Asked]:
    zero = found.zeros[place]
    for d in definitions():
        status = found.status[place][d.name]["cns_baseline"].loc[at_risk.index].to_numpy(dtype=object)
        refused = OTHER_CLOCK if d.rule == "isolated_cns" and zero.origin != DIAGNOSIS else ""
        for words, reading in UNDECIDED.items():
            exposure = status if reading is None else np.where(status == "indeterminate", reading, status)
            yield _Asked(d, place, words, exposure.astype(object), refused)


def _code(exposure: Words) -> bytes:
    """Who is exposed and who is not; whoever is neither is left out alike, whatever the word."""
    return bytes(np.where(exposure == "met", 2, np.where(exposure == "not_met", 1, 0)).astype(np.uint8))


def _all(
    material: Material,
    zeros: Sequence[TimeZero],
    at_risk: Sequence[pd.DataFrame],
    asked: Sequence[_Asked],
    found: dict[Any, dict[str, Fitted]],
    adjusting: Adjusting,
) -> Iterator[Specification]:
    numbers: dict[Any, int] = {}
    own = (material.config.cns.definition.casefold(), material.config.endpoint.os.origin, LEFT_OUT, adjusting.main)
    for one in asked:
        zero = zeros[one.place]
        key = (one.place, _code(one.exposure))
        for adjustment in adjusting.kinds:
            fitted = Fitted.refused(len(at_risk[one.place]), one.refused) if one.refused else found[key][adjustment]
            choice = (one.definition.name, zero.origin, one.undecided, adjustment)
            same = numbers.setdefault((*key, adjustment, one.refused), len(numbers))
            words = (one.definition.name, zero.words, one.undecided, adjustment)
            yield Specification(*words, choice == own, fitted, same)
