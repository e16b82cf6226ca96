"""The table of `neurohlh verify`: case, version of R, expected, got, difference, verdict."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from neurohlh.study.clock import Clock
from neurohlh.study.verification.case import Case, difference
from neurohlh.study.verification.reference import entries

EQUAL, DIFFERENT = "equal", "DIFFERENT"
COLUMNS = (
    "case", "quantity", "r_version", "numbers", "expected", "got", "difference", "tolerance", "verdict", "why",
)  # fmt: skip
"""`expected` and `got` are the pair that lies farthest apart among the `numbers` compared; `difference` is relative."""


def cases() -> tuple[Case, ...]:
    """Every reference case, in the order of the reference files."""
    package = importlib.import_module("neurohlh.study.verification")
    found: dict[str, Case] = {}
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        for case in getattr(importlib.import_module(module.name), "CASES", ()):
            if case.entry in found:
                raise ValueError(f"the reference entry {case.entry!r} has two cases")
            found[case.entry] = case
    order = {name: place for place, name in enumerate(entries())}
    return tuple(sorted(found.values(), key=lambda case: order[case.entry]))


def verify(chosen: Sequence[Case] | None = None) -> pd.DataFrame:
    """Recompute the cases (all of them by default): a row per quantity, columns `COLUMNS`."""
    wanted = cases() if chosen is None else tuple(chosen)
    rows: list[dict[str, object]] = []
    with Clock(None)("verify", len(wanted)) as advance:
        for case in wanted:
            advance(case.entry)
            rows += _rows(case)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(case: Case) -> Iterator[dict[str, object]]:
    for compared in case.compared():
        found = difference(compared)
        yield {
            "case": case.entry,
            "quantity": compared.quantity,
            "r_version": entries()[case.entry].r_version,
            "numbers": found.numbers,
            "expected": found.expected,
            "got": found.got,
            "difference": found.relative,
            "tolerance": compared.tolerance,
            "verdict": EQUAL if found.relative <= compared.tolerance else DIFFERENT,
            "why": compared.why,
        }


@dataclass(frozen=True)
class Verified:
    """The table as text for a terminal and as Markdown for the documentation, and whether everything is equal."""

    table: pd.DataFrame

    @property
    def sound(self) -> bool:
        """Whether no quantity differs from R's beyond its tolerance."""
        return bool((self.table["verdict"] == EQUAL).all())

    def summary(self) -> str:
        """One sentence: cases, quantities, numbers, and how many differ."""
        table = self.table
        wrong = int((table["verdict"] != EQUAL).sum())
        return (
            f"{table['case'].nunique()} cases, {len(table)} quantities, {int(table['numbers'].sum())} numbers against "
            f"R: {len(table) - wrong} quantities equal, {wrong} different."
        )

    def text(self) -> str:
        """Aligned columns, one line per quantity, then the summary."""
        lines = self._formatted()
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        rows = ["  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines]
        return "\n".join([*rows, "", self.summary(), ""])

    def markdown(self) -> str:
        """A Markdown table with the summary above it."""
        head, *rows = [
            "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in self._formatted()
        ]
        rule = "|" + "---|" * len(COLUMNS)
        return "\n".join([self.summary(), "", head, rule, *rows, ""])

    def _formatted(self) -> list[list[str]]:
        head = [column.replace("r_version", "R").replace("_", " ") for column in COLUMNS]
        return [head, *([_cell(name, row[name]) for name in COLUMNS] for row in self.table.to_dict("records"))]


def _cell(name: str, value: object) -> str:
    if name in ("expected", "got"):
        return f"{value:.9g}"
    return f"{value:.1e}" if name in ("difference", "tolerance") else str(value)
