"""`neurohlh init`: a study file for a table, with every guess marked for a person to review."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from neurohlh.core.errors import InputError
from neurohlh.etl.codebook import codebook, known_header
from neurohlh.etl.columns import IGNORE, Guess, SourceHints, guess, questions
from neurohlh.etl.questions import Question, answer_lines
from neurohlh.etl.read import read_table
from neurohlh.etl.table import RawTable


def write_study(table: Path, folder: Path) -> Path:
    """Write `study.toml` for `table` into `folder`; an existing study file is never overwritten (InputError)."""
    raw = read_table(table, known_headers=known_header)
    target = folder / "study.toml"
    if target.exists():
        raise InputError(f"{target.name} exists already in {folder.name!r}", do="Give --out another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    guesses = guess(raw.columns)
    asked = questions(raw, SourceHints(), codebook())
    target.write_text("\n".join(_lines(raw, _relative(table, folder), guesses, asked)) + "\n", encoding="utf-8")
    return target


def _relative(table: Path, folder: Path) -> str:
    return Path(*_up(table.resolve(), folder.resolve())).as_posix()


def _up(table: Path, folder: Path) -> Iterator[str]:
    if table.is_relative_to(folder):
        yield from table.relative_to(folder).parts
    else:
        yield ".."
        yield from _up(table, folder.parent)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _lines(raw: RawTable, path: str, guesses: list[Guess], asked: list[Question]) -> Iterator[str]:
    yield "schema = 1"
    yield "[study]"
    yield 'title = "CNS involvement and survival in HLH"'
    yield ""
    yield "[[source]]"
    yield f"path = {_quoted(path)}"
    if raw.sheet:
        yield f"sheet = {_quoted(raw.sheet)}"
    yield f"header_row = {raw.header_rows[-1]}  # review: the row of the headers"
    for question in asked:
        yield f"# review, the study can't run before this is answered: {question.what}"
        yield f"#   why it matters: {question.why}"
        yield from (f"# {line}" for line in answer_lines([question]))
        if question.remarks:
            yield f"#   {question.remarks}"
    yield ""
    yield '# How each column was understood. Change a variable, or write "ignore" to leave the column out.'
    yield "[source.rename]"
    open_headers = {header for question in asked for header in question.headers}
    for found in guesses:
        if found.header:
            yield _asked(found) if found.header in open_headers else _rename(found)


def _asked(found: Guess) -> str:
    """A header that means two things stays out until somebody says which."""
    return f"# {_quoted(found.header)} = {_quoted(found.variable or '?')}  # review: see the question above"


def _rename(found: Guess) -> str:
    header = _quoted(found.header)
    note = f"; {found.note}" if found.note else ""
    unit = f" [{found.unit}]" if found.unit else ""
    if found.variable is None:
        return f'# {header} = "?"  # review: not recognised, not used{note}'
    if found.confidence == "near miss":
        return f"# {header} = {_quoted(found.variable)}  # review: spelled alike only; take the # away to use it{note}"
    sign = "" if found.variable != IGNORE else "# "
    return f"{sign}{header} = {_quoted(found.variable)}  # review: by {found.confidence}{unit}{note}"
