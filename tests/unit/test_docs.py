"""What the documentation lists is what there is."""

import itertools
import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from neurohlh import stats
from neurohlh.clinical.criteria import from_data
from neurohlh.clinical.report_quality import first_readings, quality
from neurohlh.study.config import check_config
from neurohlh.study.verification.table import EQUAL, cases

DOCS = Path(__file__).parents[2] / "docs"


def test_every_statistic_is_documented_and_nothing_else():
    text = (DOCS / "statistics.md").read_text(encoding="utf-8")
    first_cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    named = {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)}
    assert named == set(stats.VERBS)


def test_every_statistic_has_its_formula_or_its_explanation():
    told = "".join(page.read_text(encoding="utf-8") for page in (DOCS / "explanation").glob("*.md"))
    assert [verb for verb in stats.VERBS if f"`{verb}`" not in told] == []


def test_the_glossary_is_in_alphabetical_order():
    lines = (DOCS / "glossary.md").read_text(encoding="utf-8").splitlines()
    terms = [term for term, told in itertools.pairwise(lines) if told.startswith(": ")]
    assert len(terms) > 30
    assert terms == sorted(terms, key=str.casefold)


def test_the_study_files_of_the_pages_are_study_files():
    for page in sorted((DOCS / "how-to").glob("*.md")):
        for block in re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.S):
            data = tomllib.loads(block)
            if "items" in data:
                assert from_data(data, page.name, "own").rule is not None
            else:
                check_config({"schema": 1, "source": [{"path": "table.csv"}], **data}, page.name)


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


def test_the_quality_of_reading_reports_is_that_of_today():
    text = (DOCS / "mri-reports.md").read_text(encoding="utf-8")
    names = {"in sight": "tuning", "held out": "held_out"}
    words = {"present": "met", "absent": "not_met", "undecided": "indeterminate", "all": "all"}
    rows = [[c.strip() for c in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| in s")]
    rows += [[c.strip() for c in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| held")]
    shown = {(names[r[0]], words[r[1]]): tuple(map(int, r[2:5])) for r in rows}
    measured = quality()
    keys = zip(measured["set"], measured["status"], strict=True)
    counts = zip(measured["labelled"], measured["read"], measured["right"], strict=True)
    assert shown == dict(zip(keys, counts, strict=True))


def test_the_rounds_of_new_sentences_add_up():
    text = (DOCS / "mri-reports.md").read_text(encoding="utf-8")
    rounds = first_readings()
    last = next(line for line in text.splitlines() if line.startswith("| all | 450"))
    assert int(rounds.groupby("round")["sentences"].first().sum()) == 450
    whole = 100 * rounds["right"].sum() / rounds["read"].sum(), 100 * rounds["right"].sum() / rounds["labelled"].sum()
    assert f"| {whole[0]:.1f} / {whole[1]:.1f} |" in last
