"""A table or a query of an SQL database, read in one read-only transaction."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurohlh.core.errors import InputError, Location
from neurohlh.etl.layout import Header
from neurohlh.etl.read import raw_table
from neurohlh.etl.read_cells import cell_text, tidy
from neurohlh.etl.read_grid import CellGrid
from neurohlh.etl.read_loaded import Loaded
from neurohlh.etl.sql_url import checked_url, database_name, login
from neurohlh.etl.table import Distinct, Kind, RawTable

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult, Engine, Select
    from sqlalchemy.engine import URL
    from sqlalchemy.exc import SQLAlchemyError

_COUNTED = "rows are counted as in a spreadsheet whose row 1 holds the names: the first row read is row 2"
_TELLING = frozenset(("08", "0A", "25", "28", "3D", "3F", "42", "53", "57"))
"""Classes of SQLSTATE whose message names tables, columns and servers, and never a value of the data."""


@dataclass(frozen=True)
class Asked:
    """What a study asks of a database: a whole table or view, or the rows of one query."""

    database: str
    """SQLAlchemy's URL, without a password."""
    table: str | None = None
    query: str | None = None
    password_env: str | None = None
    """Name of the environment variable that holds the password."""
    label: str = "query"
    """What logs call the query, where it is one."""


def read_database(asked: Asked, folder: Path) -> RawTable:
    """The rows that the study asks for, as a raw table; NULL is an empty cell, types are kept.

    A table is read in the order of its primary key, a query in the order it names; without one the rows are sorted by
    their text, so that the same content gives the same result. `sha256` is of the content as read, whatever its order.
    Raises InputError where the database can't be reached, has no such table, or refuses the query.
    """
    url = checked_url(asked.database)
    where = Location(database_name(url), asked.table or asked.label)
    engine = _engine(login(url, asked.password_env, where), folder, where)
    names, rows, notes = _fetched(engine, asked, where)
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise InputError(
            f"the query gives several columns the same name: {', '.join(map(repr, twice))}",
            where=where,
            why="Which of them is meant could only be guessed.",
            do="Name them apart in the query: select a.x as x_first, b.x as x_second …",
        )
    cells = [[_text(value) for value in row] for row in rows]
    columns = [partial(_column, [row[j] for row in cells]) for j in range(len(names))]
    loaded = Loaded(
        CellGrid(columns, len(cells), first_row=2),
        Header((), tuple((name,) for name in names)),
        _sha256(names, cells),
        sheet=where.sheet,
        notes=(_COUNTED, *notes, *_zoned(names, rows)),
    )
    return raw_table(loaded, where.source)


def _engine(url: URL, folder: Path, where: Location) -> Engine:
    """An engine that opens connections for reading only."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    from sqlalchemy.pool import NullPool

    arguments: dict[str, Any] = {}
    if url.get_backend_name() == "sqlite":
        url = _sqlite_file(url, folder, where)
    elif url.get_driver_name() in ("psycopg", "psycopg2"):
        arguments = {"options": "-c default_transaction_read_only=on"}
    try:
        return create_engine(url, poolclass=NullPool, connect_args=arguments, hide_parameters=True)
    except (ModuleNotFoundError, NoSuchModuleError, ArgumentError) as error:
        driver = f" ({error.name})" if isinstance(error, ModuleNotFoundError) and error.name else ""
        raise InputError(
            f"the driver of {url.drivername!r} is not installed{driver}",
            where=where,
            do="Install it beside this package, for PostgreSQL: pip install 'psycopg[binary]'.",
        ) from None


def _sqlite_file(url: URL, folder: Path, where: Location) -> URL:
    """The file relative to the study, opened so that it can't be written; SQLite would make a missing one anew."""
    path = folder / (url.database or "")
    if not url.database or not path.is_file():
        raise InputError(
            "there is no such database file", where=where, do="Check the path; it is relative to the study file."
        )
    return url.set(database=f"file:{path.resolve()}", query={"mode": "ro", "uri": "true"})


def _fetched(engine: Engine, asked: Asked, where: Location) -> tuple[list[str], list[tuple[Any, ...]], list[str]]:
    """Names of the columns, rows in their lasting order, and what is to be said about them."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with engine.connect() as connection:
            _read_only(connection)
            if asked.table is not None:
                result, ordered = _table(connection, asked.table, where)
            else:
                result, ordered = _query(connection, str(asked.query), where)
            names, rows = list(map(str, result.keys())), [tuple(row) for row in result.fetchall()]
            connection.rollback()
    except SQLAlchemyError as error:
        raise _refusal(error, where) from None
    finally:
        engine.dispose()
    if ordered:
        return names, rows, []
    rows.sort(key=lambda row: [_text(value)[0] for value in row])
    return names, rows, ["the query names no order, so the rows are sorted by their text"]


def _read_only(connection: Connection) -> None:
    """Begin a transaction in which the database itself refuses to write."""
    backend = connection.dialect.name
    if backend == "postgresql":
        connection.execution_options(postgresql_readonly=True)
    elif backend == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = ON")
    else:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def _table(connection: Connection, name: str, where: Location) -> tuple[CursorResult[Any], bool]:
    """All rows of a table or view, by its primary key."""
    from sqlalchemy import column, inspect, select, table

    found = inspect(connection)
    schema, _, bare = name.rpartition(".")
    if not found.has_table(bare, schema=schema or None):
        known = [*found.get_table_names(schema or None), *found.get_view_names(schema or None)]
        raise InputError(f"the database has no table {name!r}", where=where, do=_tables(known))
    columns = [str(c["name"]) for c in found.get_columns(bare, schema=schema or None)]
    key = found.get_pk_constraint(bare, schema=schema or None).get("constrained_columns") or []
    # Bare columns have no type of SQLAlchemy's, so every value comes as the driver gives it.
    chosen: Select[*tuple[Any, ...]] = select(*map(column, columns)).select_from(table(bare, schema=schema or None))
    return connection.execute(chosen.order_by(*map(column, key))), bool(key)


def _tables(known: Sequence[str]) -> str:
    shown = ", ".join(map(repr, sorted(known)[:12]))
    return f"Its tables: {shown}." if known else "It has no table that this user may see."


_ORDERED = re.compile(r"\border\s+by\b", re.I)


def _query(connection: Connection, query: str, where: Location) -> tuple[CursorResult[Any], bool]:
    """The rows of a query, taken as it is written."""
    result = connection.execution_options(no_parameters=True).exec_driver_sql(query)
    if not result.returns_rows:
        raise InputError("the query gives no rows", where=where, do="Write a query that begins with select or with.")
    return result, bool(_ORDERED.search(query))


def _refusal(error: SQLAlchemyError, where: Location) -> InputError:
    """What the database says, where that can hold no value of the data."""
    cause = getattr(error, "orig", None)
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    why = f"It gives no more than its code: {state}." if state else f"It gives no more than: {type(error).__name__}."
    if cause is not None and (state[:2] in _TELLING if state else type(cause).__name__ == "OperationalError"):
        said = getattr(getattr(cause, "diag", None), "message_primary", None) or str(cause).strip().splitlines()[0]
        why = f"It says: {said}"
    return InputError(
        "the database can't be read",
        where=where,
        why=why,
        do="Check the address, the user and the query, for example with the database's own client.",
    )


def _text(value: object) -> tuple[str, Kind]:
    """A value of the driver as the text that stands for it, and its type."""
    if isinstance(value, Decimal):
        return ("", Kind.TEXT) if value.is_nan() else (format(value, "f"), Kind.NUMBER)
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.replace(microsecond=0).isoformat(sep=" "), Kind.TEXT
    if value is None or isinstance(value, str | bool | int | float | dt.date | dt.time | dt.timedelta | list | dict):
        return cell_text(value)
    if isinstance(value, bytes | memoryview):
        return cell_text(bytes(value))
    return cell_text(str(value))


def _column(pairs: Sequence[tuple[str, Kind]]) -> Distinct:
    seen: dict[tuple[str, Kind], int] = {}
    codes = np.array([seen.setdefault(pair, len(seen)) for pair in pairs], dtype=np.int32)
    return tidy([text for text, _ in seen], [kind for _, kind in seen], codes)


def _zoned(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """A sentence on columns of moments with a time zone: their day is that of the zone in which they were read."""
    zoned = [
        name
        for j, name in enumerate(names)
        if any(isinstance(row[j], dt.datetime) and row[j].tzinfo is not None for row in rows)
    ]
    if not zoned:
        return []
    return [f"moments with a time zone, whose day is that of the session's zone: {', '.join(map(repr, zoned))}"]


def _sha256(names: Sequence[str], cells: Sequence[Sequence[tuple[str, Kind]]]) -> str:
    """The fingerprint of the content: names, types and texts, whatever the order of the rows."""
    digest = hashlib.sha256(json.dumps(names, ensure_ascii=False).encode())
    for line in sorted(json.dumps(row, ensure_ascii=False) for row in cells):
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()
