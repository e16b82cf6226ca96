"""Small hospitals written as files, so that a test sees what a user sees."""

import textwrap

import pytest

from neurohlh.study.config import check_config
from neurohlh.study.study import Study


@pytest.fixture
def study_of(tmp_path):
    """A study of csv texts: `study_of(text, ...)`; `settings` are the keys of each [[source]], the rest sections."""

    def build(*tables, settings=(), **sections):
        sources = []
        for number, text in enumerate(tables, start=1):
            path = tmp_path / f"table{number}.csv"
            path.write_text(textwrap.dedent(text).strip() + "\n", encoding="utf-8")
            more = settings[number - 1] if number <= len(settings) else {}
            sources.append({"path": path.name, **more})
        data = {"schema": 1, "source": sources, "eligibility": {"criteria": "none"}, **sections}
        return Study(check_config(data, "test"), tmp_path)

    return build


@pytest.fixture
def load(study_of):
    """The cohort of csv texts; the arguments are those of `study_of`."""

    def read(*tables, **options):
        return study_of(*tables, **options).load()

    return read
