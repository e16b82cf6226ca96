"""How each source that a study declares is read: a table of a file, a database."""

from __future__ import annotations

from pathlib import Path

from neurohlh.etl.codebook import known_header
from neurohlh.etl.read import read_table
from neurohlh.etl.table import RawTable
from neurohlh.study.config import Source


def read_source(source: Source, folder: Path) -> RawTable:
    """The raw table of a source; its paths are relative to `folder`. Raises InputError for what can't be read."""
    if source.database is not None:
        from neurohlh.etl.sql import Asked, read_database  # SQLAlchemy takes a third of a second to load

        asked = Asked(source.database, source.table, source.query, source.password_env)
        return read_database(asked, folder)
    return read_table(
        folder / source.path,
        name=source.path,
        sheet=source.sheet,
        header_row=source.header_row,
        known_headers=lambda text: text in source.rename or known_header(text),
    )
