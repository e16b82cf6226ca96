"""What an exported column is called, means and may hold: from the codebook, and for what the package derives."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from neurohlh.etl.codebook import CATALOGUE, codebook

_COMPANIONS = {
    "_censored": ("{}: beyond the limit of measurement", "{}：超出检测范围"),
    "_recorded": ("{}: number as recorded", "{}：原始数值"),
    "_unit": ("{}: unit as recorded", "{}：原始单位"),
    "_derived": ("{}: derived", "{}：推导值"),
    "_high": ("{}: upper bound where answers are missing", "{}：缺失时的上限"),
    "_text": ("{}: read from the report's text", "{}：由报告文字读出"),
}
_SIDES = ("left", "right")
_WORDS = {
    "no": "no (否)",
    "yes": "yes (是)",
    "met": "met (符合)",
    "not_met": "not_met (不符合)",
    "indeterminate": "indeterminate (无法判定)",
    "not_applicable": "not_applicable (不适用)",
    "unknown": "unknown (不详)",
    "not_tested": "not_tested (未检测)",
    "left": "left: below the limit (低于下限)",
    "right": "right: above the limit (高于上限)",
    "M": "male (男)",
    "F": "female (女)",
}
"""Labels of levels: a word that a reader of this package understands, and the Chinese one in brackets."""


@dataclass(frozen=True)
class Meaning:
    """The labels of a column, its unit, and its levels: word in the frame -> label (empty where it is open)."""

    label_en: str
    label_zh: str = ""
    unit: str = ""
    levels: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Both languages on one line, with the unit."""
        unit = f" [{self.unit}]" if self.unit else ""
        return f"{self.label_en}{unit} {self.label_zh}".rstrip()


def meaning_of(name: str) -> Meaning:
    """What an exported column means; a column of the study's own is called by its name."""
    if name in _own():
        return _own()[name]
    book = codebook()
    if name in book:
        variable = book[name]
        levels = {} if variable.open_codes else _levels(variable.codes)
        unit = "" if variable.unit.startswith("same as") else variable.unit
        return Meaning(variable.label_en or name, variable.label_zh, unit, levels)
    for suffix, (english, chinese) in _COMPANIONS.items():
        base = name.removesuffix(suffix)
        if base != name and (base in book or base in _own() or base.removesuffix("_derived") in book):
            inner = meaning_of(base)
            levels = _levels(dict.fromkeys(_SIDES)) if suffix == "_censored" else dict(inner.levels)
            bare = suffix in ("_censored", "_recorded", "_unit")
            return Meaning(
                english.format(inner.label_en),
                chinese.format(inner.label_zh or base),
                "" if bare else inner.unit,
                levels if not bare or suffix == "_censored" else {},
            )
    return Meaning(name)


def _levels(codes: Mapping[str, str | None]) -> dict[str, str]:
    """Code -> label, in the codebook's order; codes that are numbers are labelled by what they stand for."""
    return {code: _WORDS.get(said or code, said or code) for code, said in codes.items()}


@lru_cache(maxsize=1)
def _own() -> dict[str, Meaning]:
    """The derived columns that are no variables of the codebook."""
    text = (CATALOGUE / "exported.csv").read_text(encoding="utf-8")
    found = {}
    for row in csv.DictReader(text.splitlines()):
        pairs = (part.partition("=") for part in row["levels"].split(";") if part)
        levels = _levels({code: said or None for code, _, said in pairs})
        found[row["name"]] = Meaning(row["label_en"], row["label_zh"], row["unit"], levels)
    return found
