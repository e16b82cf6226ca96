"""Which keys of a source go together: a file, a REDCap export with its dictionary, a database."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from neurohlh.core.errors import InputError

if TYPE_CHECKING:
    from neurohlh.study.config import Source

_FILE = ("sheet", "header_row")
_REDCAP = ("dictionary", "event", "repeats", "unticked")
_DATABASE = ("table", "query", "password_env")
_REPEAT = re.compile(r"first|last|ignore|[1-9][0-9]*").fullmatch


def check_source(source: Source, key: str, where: str) -> None:
    """Raise InputError for keys of a source that contradict each other; `key` is what messages call it."""
    given = [name for name in (*_FILE, *_REDCAP, *_DATABASE) if name in source.model_fields_set]
    if source.database is None:
        _check_file(source, given, key, where)
    else:
        _check_database(source, given, key, where)


def _check_file(source: Source, given: list[str], key: str, where: str) -> None:
    if not source.path:
        raise InputError(f"the key '{key}.path' is missing", where=where, do=f"Add {key}.path to the study file.")
    lacks = "belongs to a database, and the source names none"
    _refuse(given, _DATABASE, key, where, lacks, f"Add {key}.database, or take it out.")
    if source.dictionary is None:
        lacks = "belongs to a REDCap export, and the source names no data dictionary"
        _refuse(given, _REDCAP, key, where, lacks, f"Add {key}.dictionary, or take it out.")
        return
    _refuse(given, _FILE, key, where, "is given for a REDCap export, whose header is its first row", "Take it out.")
    for name, instance in source.repeats.items():
        if not _REPEAT(instance):
            raise InputError(
                f"{key}.repeats: {name!r} is set to {instance!r}",
                where=where,
                do="Write 'first', 'last', the number of an instance, or 'ignore'.",
            )


def _check_database(source: Source, given: list[str], key: str, where: str) -> None:
    from neurohlh.etl.sql_url import checked_url  # SQLAlchemy, where a database is read at all

    if source.path:
        raise InputError(
            f"{key} names both a path and a database", where=where, do="Keep one, or make two sources of them."
        )
    _refuse(given, (*_FILE, *_REDCAP), key, where, "belongs to a file, and the source is a database", "Take it out.")
    if (source.table is None) == (source.query is None):
        both = "both a table and a query" if source.table is not None else "neither a table nor a query"
        raise InputError(f"{key} names {both}", where=where, do="Name one of the two.")
    try:
        checked_url(str(source.database))
    except InputError as error:
        raise InputError(f"{key}.database: {error.what}", where=where, why=error.why, do=error.do) from None


def _refuse(given: list[str], keys: tuple[str, ...], key: str, where: str, because: str, do: str) -> None:
    """Raise InputError for the first of the given keys that stands among `keys`."""
    wrong = next((name for name in given if name in keys), None)
    if wrong is not None:
        raise InputError(f"{key}.{wrong} {because}", where=where, do=do)
