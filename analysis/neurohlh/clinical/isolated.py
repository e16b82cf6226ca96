"""Isolated CNS-HLH (Blincoe 2020): a neurological onset of a genetic disease before, or without, systemic HLH."""

from __future__ import annotations

import narwhals as nw

from neurohlh.clinical.cns_time import DIAGNOSIS, ISOLATED_DAYS
from neurohlh.clinical.observe import FALSE, Columns, Known, any_known, each, either, unless
from neurohlh.clinical.symptoms import age_in_days

HAEMOGLOBIN, HAEMOGLOBIN_NEONATE, PLATELETS, NEUTROPHILS = 90.0, 100.0, 100.0, 1.0
"""g/L, g/L under 28 days, 10^9/L, 10^9/L: the HLH-2004 lineages, read as 'cytopenia' (toolkit decision)."""
NEONATE_DAYS = 28


def isolated_cns(columns: Columns, symptoms: Known, never_systemic: nw.Expr) -> Known:
    """Molecular diagnosis, symptoms, no cytopenia, no splenomegaly, systemic HLH at least 90 days later or never.

    `never_systemic`: where the patient does not have HLH by the study's criteria.
    """
    parts = isolated_parts(columns, symptoms, never_systemic).values()
    return Known(each(p.true for p in parts), either(p.false for p in parts))


def isolated_parts(columns: Columns, symptoms: Known, never_systemic: nw.Expr) -> dict[str, Known]:
    """What an isolated onset asks for, by its name in words; all of it must hold."""
    lineages = [_anaemia(columns), _below(columns, "platelets", PLATELETS), _below(columns, "anc", NEUTROPHILS)]
    return {
        "molecular diagnosis": columns.known("molecular_dx_hlh"),
        "neurological symptoms": symptoms,
        "normal blood counts": _not(any_known(lineages)),
        "normal spleen": _not(columns.known("splenomegaly")),
        "systemic HLH 90 days later or never": _late_or_never(columns, never_systemic),
    }


def _not(known: Known) -> Known:
    return Known(known.false, known.true)


def _below(columns: Columns, name: str, limit: float) -> Known:
    if name not in columns:
        return Known(FALSE, FALSE)
    value, censored = columns.number(name), f"{name}_censored"
    right, left = columns.is_code(censored, "right"), columns.is_code(censored, "left")
    below, at_limit = (value < limit).fill_null(False), (value <= limit).fill_null(False)
    return Known(unless(below, right) | (at_limit & left), unless((value >= limit).fill_null(False), left))


def _anaemia(columns: Columns) -> Known:
    child, neonate = _below(columns, "hemoglobin", HAEMOGLOBIN), _below(columns, "hemoglobin", HAEMOGLOBIN_NEONATE)
    age = age_in_days(columns)
    young, older = (age < NEONATE_DAYS).fill_null(False), (age >= NEONATE_DAYS).fill_null(False)
    return Known(child.true | (neonate.true & young), neonate.false | (child.false & older))


def _late_or_never(columns: Columns, never_systemic: nw.Expr) -> Known:
    onset = "date_neuro_onset"
    if onset not in columns or DIAGNOSIS not in columns:
        return Known(never_systemic, FALSE)
    edge = nw.col(onset).dt.offset_by(f"{ISOLATED_DAYS}d")
    later = (nw.col(DIAGNOSIS) >= edge).fill_null(False)
    sooner = (nw.col(DIAGNOSIS) < edge).fill_null(False)
    return Known(later | never_systemic, sooner & ~never_systemic)
