"""What the documentation lists is what there is."""

import re
from pathlib import Path

import pandas as pd
import pytest

from neurohlh import stats
from neurohlh.study.verification.table import EQUAL, cases

DOCS = Path(__file__).parents[2] / "docs"


def test_every_statistic_is_documented_and_nothing_else():
    text = (DOCS / "statistics.md").read_text(encoding="utf-8")
    first_cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    named = {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)}
    assert named == set(stats.VERBS)


def table() -> pd.DataFrame:
    lines = [line for line in (DOCS / "verification.md").read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    head, *rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return pd.DataFrame(rows, columns=head)


def test_the_verification_table_is_that_of_the_cases_that_ship():
    shown = table()
    assert (shown["verdict"] == EQUAL).all()
    assert list(dict.fromkeys(shown["case"])) == [case.entry for case in cases()]


@pytest.mark.parametrize("column", ["expected", "got"])
def test_the_verification_table_holds_numbers(column):
    assert pd.to_numeric(table()[column], errors="coerce").notna().mean() > 0.99
