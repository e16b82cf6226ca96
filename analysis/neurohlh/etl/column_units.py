"""A second look at a whole column: its numbers are read in one unit and seem to be in another."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from neurohlh.etl.measures import Measure
from neurohlh.etl.numbers import PLAIN
from neurohlh.etl.parsed import Fault, Parsed, State, refused, remark
from neurohlh.etl.units import Conversion, conversion

_ENOUGH = 3
"""Numbers that must fit another unit before the column is doubted; a choice of this package."""
_DOUBTED = frozenset({"outside_usual", "unit_suspected", "unit_converted", "out_of_hard_range"})
_TIMES = frozenset({"days", "years"})


def doubt_column(measure: Measure, texts: Sequence[str], found: list[Parsed]) -> list[Parsed]:
    """The cells of a column, doubted as a whole where most of its bare numbers fit another unit only.

    Bilirubin of 0.8, 1.2 and 5.6 without a unit is bilirubin in mg/dL, although 5.6 umol/L alone would be believed.
    Where header or study name a unit, some number must be impossible in it before its neighbours are doubted. The
    doubted cells are refused with the suspected unit, or converted where the study asks for it.
    """
    flagged = sum(p.code in _DOUBTED for p in found)
    if flagged < _ENOUGH or measure.kept_as_is or measure.fault or measure.variable.unit in _TIMES:
        return found
    if measure.context.unit_known and not any(p.state == State.REFUSED and p.code in _DOUBTED for p in found):
        return found
    numbers = np.array([float(text) for text in texts if PLAIN(text)])
    suspected = _other_unit(measure, numbers)
    if suspected is None:
        return found
    return [_in_doubt(measure, p, *suspected) for p in found]


def _other_unit(measure: Measure, numbers: np.ndarray) -> tuple[str, Conversion] | None:
    """The unit of the codebook in which most numbers are usual that are unusual in the column's own."""
    v = measure.variable
    here = _usual(measure, measure.way, numbers)
    best, most = None, max(_ENOUGH - 1, len(numbers) // 2)
    for other in (v.unit, *v.alt_units):
        way = conversion(other, v)
        if way is None or way == measure.way:
            continue
        moved = int((_usual(measure, way, numbers) & ~here).sum())
        if moved > most:
            best, most = (other, way), moved
    return best


def _usual(measure: Measure, way: Conversion, numbers: np.ndarray) -> np.ndarray:
    values = (numbers + float(way.offset)) * float(way.factor)
    return (values >= measure.usual[0]) & (values <= measure.usual[1])


def _in_doubt(measure: Measure, p: Parsed, unit: str, way: Conversion) -> Parsed:
    """A cell that has its number in the column's unit, in doubt like its neighbours."""
    if p.state != State.VALUE or p.recorded is None or p.unit != measure.unit or "cell_unit" in p.rule:
        return p
    v = measure.variable
    words = {"recorded_unit": measure.unit or v.unit, "units": unit, "first": unit}
    value = way(Decimal(repr(p.recorded)))
    if measure.context.unit_doubt != "convert" or not measure.usual[0] <= float(value) <= measure.usual[1]:
        return refused(Fault("column_unit_suspected", words), v)
    steps = [step for step in p.rule.split("; ") if step and not step.startswith(("unit:", "format"))]
    rule = "; ".join([*steps, f"unit_doubt:{unit}->{v.unit}"])
    return p._replace(value=float(value), unit=unit, rule=rule, **remark("column_unit_converted", v, words))
