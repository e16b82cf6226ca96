"""Hold catalogue/strings.csv against every text that a reader of the package may see, and help to fill it.

python tools/collect_strings.py                  what is missing (exit code 1 if anything is)
python tools/collect_strings.py --append         add what is missing, its Chinese empty
python tools/collect_strings.py --stale          rows that nothing says any more
python tools/collect_strings.py --chunks DIR     write the rows without Chinese out, some 350 to a file
python tools/collect_strings.py --check FILE     check a filled chunk (or the catalogue): holes, numbers, English
python tools/collect_strings.py --merge DIR      take the filled chunks back
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import catalogue_texts
import reader_texts

import neurohlh
from neurohlh.report.language.neutral import needs_words

PACKAGE = Path(neurohlh.__file__).parent
STRINGS = PACKAGE / "catalogue" / "strings.csv"
VOCABULARY = "vocabulary"
"""The note of a row that no literal of the code holds: a word that results are made of, or data of a study."""
_COLUMNS = ("en", "zh", "where", "note")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_HOLE = re.compile(r"\{\d+\}|\{ref:[^{}]+\}")


@dataclass(frozen=True)
class Line:
    """A template, its Chinese, where it is said, and a note for who translates (keep: words that stay English)."""

    en: str
    zh: str = ""
    where: str = ""
    note: str = ""


def expected() -> dict[str, str]:
    """Every template that needs Chinese -> where it is said; labels that have their Chinese elsewhere are left out."""
    catalogue = PACKAGE / "catalogue"
    found = {t.en: t.where for t in (*reader_texts.texts_of(PACKAGE), *catalogue_texts.texts_of(catalogue))}
    labels = catalogue_texts.labels_in_chinese()
    return {en: where for en, where in found.items() if en not in labels}


def read(path: Path) -> list[Line]:
    """The lines of a catalogue or a chunk; none where there is no file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [Line(*(row.get(c) or "" for c in _COLUMNS)) for row in csv.DictReader(file)]


def write(lines: Iterable[Line], path: Path, columns: tuple[str, ...]) -> None:
    """Write lines as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([getattr(line, c) for c in columns] for line in lines)


def save(lines: Iterable[Line]) -> None:
    """The catalogue, in the order of its English."""
    write(sorted(lines, key=lambda line: (line.en.casefold(), line.en)), STRINGS, ("en", "zh", "note"))


def missing() -> list[Line]:
    """Texts that have no row, or a row without Chinese, in the order in which they are said."""
    known = {line.en: line for line in read(STRINGS)}
    said = expected()
    rest = [line for en, line in known.items() if en not in said and not line.zh]
    wanted = [replace(known.get(en, Line(en)), where=where) for en, where in said.items()]
    return [line for line in (*wanted, *rest) if not line.zh]


def stale() -> list[Line]:
    """Rows of the catalogue that no text of the package stands for any more."""
    said = expected()
    return [line for line in read(STRINGS) if line.en not in said and not line.note.startswith(VOCABULARY)]


def faults(line: Line) -> Iterator[str]:
    """What is wrong with the Chinese of a line: empty, other holes, other numbers, English left over."""
    if not line.zh.strip():
        yield "no Chinese"
        return
    if Counter(_HOLE.findall(line.en)) != Counter(_HOLE.findall(line.zh)):
        yield "the holes differ"
    numbers = [Counter(_NUMBER.findall(_HOLE.sub(" ", text))) for text in (line.en, line.zh)]
    if numbers[0] != numbers[1]:
        yield f"the numbers differ: {sorted(((numbers[0] - numbers[1]) + (numbers[1] - numbers[0])).elements())}"
    kept = re.sub(r"^.*?keep:", "", line.note).split() if "keep:" in line.note else []
    bare = re.sub("|".join(rf"(?<![A-Za-z]){re.escape(k)}(?![A-Za-z])" for k in kept) or "$^", " ", line.zh)
    if needs_words(bare):
        yield "English is left over"
    if re.search(r"[\u4e00-\u9fff][,;:?!]|[,;?!][\u4e00-\u9fff]", line.zh):
        yield "half-width punctuation beside Chinese"


def check(path: Path) -> int:
    """Print the faults of every line of a file; how many lines are at fault."""
    wrong = 0
    for number, line in enumerate(read(path), 2):
        found = list(faults(line))
        if found:
            wrong += 1
            print(f"{path.name}:{number}: {'; '.join(found)}\n    {line.en}\n    {line.zh}")
    print(f"{wrong} lines at fault")
    return wrong


def write_chunks(folder: Path, size: int) -> None:
    """The rows without Chinese, in the order in which they are said, in files of about `size` rows."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = missing()
    for number, start in enumerate(range(0, len(rows), size), 1):
        write(rows[start : start + size], folder / f"chunk_{number:02}.csv", _COLUMNS)


def merge(folder: Path) -> None:
    """Take the Chinese of the chunks of a folder into the catalogue; a line at fault is left where it is, and named."""
    known = {line.en: line for line in read(STRINGS)}
    taken = refused = 0
    for path in sorted(folder.glob("chunk_*.csv")):
        for line in read(path):
            if not line.zh.strip():
                continue
            found = list(faults(line))
            if found:
                refused += 1
                print(f"{path.name}: {'; '.join(found)}: {line.en[:90]}")
                continue
            known[line.en] = replace(
                line, zh=line.zh.strip(), where="", note=line.note or known.get(line.en, line).note
            )
            taken += 1
    save(known.values())
    print(f"{taken} lines taken, {refused} refused")


def append() -> None:
    """Add a row for every text that has none."""
    known = {line.en: line for line in read(STRINGS)}
    save({**{en: Line(en) for en in expected()}, **known}.values())


def prune() -> None:
    """Leave out the rows that no text of the package stands for any more."""
    gone = {line.en for line in stale()}
    save(line for line in read(STRINGS) if line.en not in gone)


def main(arguments: list[str] | None = None) -> int:
    """Run one of the commands above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--append", action="store_true")
    parser.add_argument("--stale", action="store_true")
    parser.add_argument("--prune", action="store_true")
    parser.add_argument("--chunks", type=Path, metavar="DIR")
    parser.add_argument("--rows", type=int, default=350)
    parser.add_argument("--merge", type=Path, metavar="DIR")
    parser.add_argument("--check", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    if options.check:
        return 1 if check(options.check) else 0
    if options.chunks:
        write_chunks(options.chunks, options.rows)
    elif options.merge:
        merge(options.merge)
    elif options.append:
        append()
    elif options.prune:
        prune()
    else:
        lines = stale() if options.stale else missing()
        print("\n".join(f"{line.where or STRINGS.name}: {line.en}" for line in lines))
        return 1 if lines else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
