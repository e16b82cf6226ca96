"""From csv texts to a checked cohort by the rooms of the ETL alone."""

import textwrap

import pytest

from neurohlh.etl.checks import check_cohort
from neurohlh.etl.clean import SourceSettings, clean_table
from neurohlh.etl.codebook import codebook, known_header
from neurohlh.etl.cohort import build_cohort
from neurohlh.etl.columns import SourceHints, understand
from neurohlh.etl.read import read_table


@pytest.fixture
def clean(tmp_path):
    """A cleaned table from a csv text, or from a file that is there already."""

    def read(text, *, name="table1.csv", hints=None, **settings):
        path = tmp_path / name
        if text is not None:
            path.write_text(textwrap.dedent(text).strip() + "\n", encoding="utf-8")
        raw = read_table(path, name=name, known_headers=known_header)
        book = codebook()
        understood = understand(raw, hints or SourceHints(), book)
        return clean_table(raw, understood, book.variables, SourceSettings(**settings))

    return read


@pytest.fixture
def load(clean):
    """A checked cohort from csv texts; `settings` has the keys of SourceSettings for each table."""

    def read(*texts, settings=()):
        tables = []
        for number, text in enumerate(texts, start=1):
            own = settings[number - 1] if number <= len(settings) else {}
            tables.append(clean(text, name=f"table{number}.csv", **own))
        return check_cohort(build_cohort(tables, codebook()))

    return read
