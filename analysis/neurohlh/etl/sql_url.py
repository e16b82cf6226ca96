"""The address of a database: never with a password, which comes from the environment alone."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from neurohlh.core.errors import InputError, Location

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

READ_ONLY = ("postgresql", "sqlite", "mysql", "mariadb", "oracle")
"""The databases that can be asked to refuse every write of a transaction."""
_SECRET = re.compile(r"pass|pwd|secret|token|odbc_connect", re.I)


def checked_url(address: str) -> URL:
    """The address as SQLAlchemy understands it.

    Raises InputError for one that is not understood, that holds a password, or whose database can't be kept from
    writing; the message never repeats the address.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise InputError(
            "the address of the database is not understood",
            do='Write it like database = "postgresql+psycopg://user@host/name" or "sqlite:///registry.db".',
        ) from None
    if url.password is not None or any(map(_SECRET.search, url.query)):
        raise InputError(
            "the address of the database holds a password",
            why="A study file is shared, printed and kept; a password in it is no longer one.",
            do='Take it out, put it into an environment variable, and name that: password_env = "HOSPITAL_PASSWORD".',
        )
    if url.get_backend_name() not in READ_ONLY:
        raise InputError(
            f"databases of the kind {url.get_backend_name()!r} are not read",
            why="Only of those listed below is it certain that reading can't change them.",
            do=f"Use one of {', '.join(READ_ONLY)}, or export the table.",
        )
    return url


def database_name(url: URL) -> str:
    """What logs, reports and errors call the database: its kind, host and name, without user and options."""
    from sqlalchemy.engine import URL

    shown = URL.create(url.get_backend_name(), host=url.host, port=url.port, database=url.database)
    return shown.render_as_string()


def login(url: URL, password_env: str | None, where: Location) -> URL:
    """The address with the password of the environment variable `password_env` (None: with none)."""
    if password_env is None:
        return url
    password = os.environ.get(password_env)
    if not password:
        raise InputError(
            f"the environment variable {password_env!r} is not set",
            where=where,
            why="The study reads the database's password from it.",
            do=f"Set it before the run: export {password_env}=…",
        )
    return url.set(password=password)
