"""How each source that a study declares is read: a table of a file, a REDCap export, phenopackets, a database."""

from __future__ import annotations

from pathlib import Path

from neurohlh.core.errors import InputError, Location
from neurohlh.etl.codebook import known_header
from neurohlh.etl.phenopackets import is_phenopackets, read_phenopackets
from neurohlh.etl.read import read_table
from neurohlh.etl.redcap import Project, read_redcap
from neurohlh.etl.redcap_rows import RowChoice
from neurohlh.etl.table import RawTable
from neurohlh.study.config import Source


def read_source(source: Source, folder: Path, missing: frozenset[str] = frozenset()) -> RawTable:
    """The raw table of a source; its paths are relative to `folder`, `missing` are the study's texts for missing.

    Raises InputError for what can't be read.
    """
    if source.database is not None:
        from neurohlh.etl.sql import Asked, read_database  # SQLAlchemy takes a third of a second to load

        asked = Asked(source.database, source.table, source.query, source.password_env)
        return read_database(asked, folder)
    if source.dictionary is not None:
        events = (source.event,) if isinstance(source.event, str) else source.event or ()
        rows = RowChoice(events, source.repeats)
        project = Project(source.dictionary, rows, missing, source.unticked)
        return read_redcap(folder / source.path, project, folder, name=source.path)
    if is_phenopackets(folder / source.path):
        return read_phenopackets(folder / source.path, source.path)
    raw = read_table(
        folder / source.path,
        name=source.path,
        sheet=source.sheet,
        header_row=source.header_row,
        known_headers=lambda text: text in source.rename or known_header(text),
    )
    _ask_for_dictionary(raw)
    return raw


_LONGITUDINAL = ("redcap_event_name", "redcap_repeat_instrument")


def _ask_for_dictionary(raw: RawTable) -> None:
    """Raise InputError for a longitudinal or repeating REDCap export without its dictionary."""
    for column in raw.columns:
        if column.header in _LONGITUDINAL and column.cells.texts:
            raise InputError(
                "this is the export of a longitudinal or repeating REDCap project",
                where=Location(raw.source, column=column.header),
                why="A patient has a row per event and instance; joined into one, later values would fill the gaps of "
                "the baseline.",
                do='Name its data dictionary, dictionary = "….csv", and the event to read, event = "…".',
            )
