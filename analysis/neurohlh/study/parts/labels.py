"""Variables, terms and levels in the codebook's words, for rows that a report shows as they stand."""

from __future__ import annotations

import re

import pandas as pd

from neurohlh.etl.codebook import codebook
from neurohlh.study.covariates import MERGED

_FUNCTION = re.compile(r"^(log2|log10|log)\((\w+)\)$")
_PER = {"log2": "per doubling", "log10": "per tenfold", "log": "per e-fold"}
_ONE = {"years": "year", "days": "day"}
_LEVELS = {"met": "yes", "not_met": "no", "true": "yes", "false": "no", MERGED: "others (merged)"}


def variable_words(name: str) -> str:
    """The variable as the codebook calls it; its name in plain letters where it has none."""
    return codebook()[name].label() if name in codebook() else name.replace("_", " ")


def unit_words(name: str) -> str:
    """The unit of a variable ('' where it has none)."""
    return (codebook()[name].unit or "") if name in codebook() else ""


def with_unit(name: str) -> str:
    """The variable with its unit: 'Platelets (10^9/L)'."""
    unit = unit_words(name)
    return f"{variable_words(name)} ({unit})" if unit else variable_words(name)


def term_words(term: str) -> str:
    """A term of a model: 'log2(ferritin)' is 'Ferritin, per doubling', 'albumin' is 'Albumin, per g/L'."""
    found = _FUNCTION.match(term)
    if found:
        return f"{variable_words(found[2])}, {_PER[found[1]]}"
    unit = unit_words(term)
    return f"{variable_words(term)}, per {_ONE.get(unit, unit)}" if unit else variable_words(term)


def level_words(level: str) -> str:
    """A level of a category."""
    return _LEVELS.get(level, level.replace("_", " "))


def in_words(tidy: pd.DataFrame) -> pd.DataFrame:
    """Rows of a model with variables, terms and levels in words."""
    columns = {"variable": variable_words, "term": term_words, "level": level_words}
    return tidy.assign(**{name: tidy[name].map(words) for name, words in columns.items()})
