"""From a printed number back to where it comes from: result, row, full precision, method, population, input."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from neurohlh.core import format as fmt
from neurohlh.core.errors import InputError
from neurohlh.core.result import Result
from neurohlh.core.suppression import is_suppressed
from neurohlh.report.blocks import (
    Bullets,
    Callout,
    Cell,
    Definitions,
    Document,
    KeyFigures,
    Paragraph,
    Table,
)
from neurohlh.report.methods import in_words
from neurohlh.report.names import Names
from neurohlh.report.numbering import Numbering
from neurohlh.report.tables import tables_of
from neurohlh.study.difference import KEYS, NUMBERS
from neurohlh.study.finished import Finished
from neurohlh.study.report_files import study_document, study_style

_MOST = 12
"""Places told in full; the others are counted."""
_SPACES = re.compile(r"[\s\u00a0\u2009\u202f]+")
_DASHES = str.maketrans({"–": "-", "\N{MINUS SIGN}": "-", "—": "-", "·": ".", "〜": "-", "~": "-"})


@dataclass(frozen=True)
class Place:
    """A place where the text is printed.

    `where` is the table or section, `shown` the whole cell or sentence, `rows` the rows of the result's frame (keys
    and numbers in full precision), `result` its name ('' where a sentence comes from no single result).
    """

    where: str
    shown: str
    result: str = ""
    row: str = ""
    column: str = ""
    frame: str = "tidy"
    rows: tuple[Mapping[str, Any], ...] = ()


def plain(text: str) -> str:
    """A printed number as it is compared: one kind of space, dash and decimal mark, no space before '%' or in numbers.

    So '38.2 %', '38·2%' and '３８.２％' are one, and '1.25–6.87', '1.25-6.87' and '1.25 to 6.87'.
    """
    folded = unicodedata.normalize("NFKC", text).translate(_DASHES)
    folded = re.sub(r"(?<=\d)[\u2009\u202f](?=\d{3}\b)", "", re.sub(r"(?<=\d) (?=\d{3}\b)", "", folded))
    folded = _SPACES.sub(" ", folded).strip()
    folded = re.sub(r"(?<=\d) ?(?:to|至|到) ?(?=-?\d)", "-", folded)
    folded = re.sub(r"(?<=\d) ?- ?(?=\d)", "-", folded)
    return re.sub(r" (?=%)", "", re.sub(r"(?<=[<>=]) ?(?=\d)", "", folded)).casefold()


def places(run: Finished, text: str) -> Iterator[Place]:
    """Every place of the report in which `text` stands as a whole number (or pair, share, interval), tables first.

    Raises InputError where `text` holds no digit.
    """
    if not re.search(r"\d", text):
        raise InputError(
            f"{text!r} is no number", do="Give a number as the report prints it, such as 2.41 or '38.2 %'."
        )
    pattern = _whole(plain(text))
    with study_style(run.config):
        found = list(_in_tables(run, pattern))
        document = study_document(run.findings, run.config)
        yield from _located(found, document)
        yield from _in_text(document, pattern)


def _whole(text: str) -> re.Pattern[str]:
    """The text where neither its first nor its last number goes on."""
    return re.compile(rf"(?<![\d.]){re.escape(text)}(?!\d|\.\d|,\d)")


def _in_tables(run: Finished, pattern: re.Pattern[str]) -> Iterator[tuple[Table, Place]]:
    names = Names.of(run.findings)
    for name, result in run.findings.results.items():
        for table in tables_of(result, names):
            for shown, row, column, cell in _cells(table):
                if pattern.search(plain(shown)):
                    rows = tuple(_rows(result, table.frame, cell))
                    yield table, Place(table.caption, shown, name, row, column, table.frame, rows)


def _cells(table: Table) -> Iterator[tuple[str, str, str, Cell]]:
    heads, group = table.heads(), ""
    for row in table.rows:
        head = row.cells[0].text if row.cells else ""
        if row.kind == "group":
            group = head
        place = 0
        for cell in row.cells:
            named = f"{group}: {head}" if row.kind == "sub" and group else head
            for shown in (cell.text, cell.sub):
                if shown:
                    yield shown, named, heads[place] if place < len(heads) else "", cell
            place += cell.span


def _rows(result: Result, frame: str, cell: Cell) -> Iterator[dict[str, Any]]:
    held = result.checks if frame == "checks" else result.tidy
    for place in cell.rows:
        record = held.iloc[place].to_dict()
        yield {"row of the file": place + 2, **{str(k): v for k, v in record.items() if _says(v)}}


def _says(value: Any) -> bool:
    return is_suppressed(value) or not (
        fmt.is_missing(value) or (isinstance(value, str) and not value) or value is False
    )


def _located(found: list[tuple[Table, Place]], document: Document) -> Iterator[Place]:
    """The places with the number of their table and section in the report."""
    numbering = Numbering(document)
    known = list(_tables(document))
    for table, place in found:
        for section, other in known:
            if (other.caption, other.rows) == (table.caption, table.rows):
                label, heading = numbering.label(other), numbering.label(section)
                where = f"{label.words + ', ' if label else ''}{table.caption}"
                yield replace(place, where=f"{where} ({heading.words + ': ' if heading else ''}{section.title})")
                break
        else:
            yield replace(place, where=f"tables/{place.result}.csv, {table.caption} (not shown in the report)")


def _tables(document: Document) -> Iterator[tuple[Any, Table]]:
    for section in (document.summary, *document.sections):
        for block in section.blocks:
            for one in (block, *getattr(block, "blocks", ())):
                if isinstance(one, Table):
                    yield section, one


def _in_text(document: Document, pattern: re.Pattern[str]) -> Iterator[Place]:
    numbering = Numbering(document)
    for section in (document.summary, *document.sections):
        heading = numbering.label(section)
        where = heading.words if heading else section.title
        for block in section.blocks:
            for one in (block, *getattr(block, "blocks", ())):
                for sentence in _sentences(one):
                    if pattern.search(plain(sentence)):
                        yield Place(f"{where}: {section.title}" if where != section.title else where, sentence)


def _sentences(block: Any) -> Iterator[str]:
    if isinstance(block, Paragraph):
        yield from re.split(r"(?<=[.;]) ", block.text)
    elif isinstance(block, Bullets):
        yield from block.items
    elif isinstance(block, Callout):
        yield from block.sentences
    elif isinstance(block, Definitions):
        yield from (f"{term}: {text}" for term, text in block.items if len(text) < 400)
    elif isinstance(block, KeyFigures):
        yield from (f"{k.label}: {k.value} {k.detail}".strip() for k in block.items)
    elif isinstance(block, Table):
        yield from block.footnotes
    elif block.block == "flow":
        for step in (*block.steps, *block.branches):
            yield f"{step.n} {step.label}"
            yield from (f"{n} {who}" for who, n in step.excluded)


def told(run: Finished, text: str) -> str:
    """All that is known about a printed number, for a reader; raises InputError where the report does not print it."""
    found = list(places(run, text))
    if not found:
        raise InputError(
            f"the report of {run.folder.name!r} prints {text!r} nowhere",
            do="Give the number as it is printed, without the words around it.",
        )
    lines = [f"{text} is printed in {len(found)} place{'' if len(found) == 1 else 's'}."]
    for place in found[:_MOST]:
        lines += ["", *_told(run, place)]
    if len(found) > _MOST:
        rest = ", ".join(dict.fromkeys(place.where for place in found[_MOST:]))
        lines += ["", f"And in {len(found) - _MOST} more: {rest}"]
    lines += ["", *_source(run)]
    return "\n".join(lines) + "\n"


def _told(run: Finished, place: Place) -> Iterator[str]:
    yield f"{place.where}"
    if not place.result:
        yield f"  sentence    {place.shown}"
        return
    yield f"  printed     {place.shown} (row: {place.row}; column: {place.column})"
    yield f"  result      {place.result}: tables/{place.result}.csv and .json"
    for row in place.rows:
        named = ", ".join(f"{k}={v}" for k, v in row.items() if k in KEYS or k in ("check",))
        numbers = ", ".join(f"{k}={v!r}" for k, v in row.items() if k in (*NUMBERS, "value"))
        yield f"  row {row['row of the file']:<8}{named}"
        yield f"  exactly     {numbers}"
        if row.get("note"):
            yield f"  note        {row['note']}"
    result = run.findings.results[place.result]
    yield f"  method      {in_words(result, Names.of(run.findings))}"
    yield f"  population  {_population(place, result)}"


def _population(place: Place, result: Result) -> str:
    named = list(dict.fromkeys(str(row["population"]) for row in place.rows if row.get("population")))
    counts = result.counts
    said = "; ".join(named)
    if "used" in counts and "supplied" in counts:
        unit = counts.get("unit", "patients")
        used = f"{fmt.integer(counts['used'])} of {fmt.integer(counts['supplied'])} {unit} used"
        said = f"{said}: {used}" if said else used
        lost = {k: v for k, v in dict(counts.get("dropped") or {}).items() if v}
        if lost:
            said += "; left out: " + ", ".join(f"{reason} {fmt.integer(n)}" for reason, n in lost.items())
    return said or "see the flow"


def _source(run: Finished) -> Iterator[str]:
    flow = run.findings.flow.to_dict("records")
    if flow:
        steps = [f"{fmt.integer(flow[0]['n_in'])} rows supplied"]
        steps += [f"-{fmt.integer(r['n_excluded'])} {r['reason'] or r['label']}" for r in flow if r["n_excluded"]]
        yield f"Flow: {', '.join(steps)}, = {fmt.integer(flow[-1]['n_out'])} patients in the study."
    for item in run.record.get("inputs", []):
        yield f"Input: {item.get('path', '')} sha256 {item.get('sha256', '')}"
    study = run.record.get("study", {})
    yield f"Study file: {study.get('file', '')} sha256 {study.get('sha256', '')}; seed {run.record.get('seed', '')}"


def run_folder(named: str | None, here: Any) -> Any:
    """The folder of the run: the one named, else `here` if it is one, else the only run below here/out.

    Raises InputError where none, or more than one, is found.
    """
    if named is not None:
        return here / named
    if (here / "run.json").is_file():
        return here
    found = sorted(p.parent for p in here.glob("out/run.json")) or sorted(p.parent for p in here.glob("out/*/run.json"))
    if len(found) == 1:
        return found[0]
    raise InputError(
        "it is not clear which run is meant",
        why=f"out/ holds {', '.join(p.name for p in found)}" if found else "neither this folder nor out/ holds one",
        do="Name the folder of the run: neurohlh trace DIR 2.41, or --run DIR.",
    )
