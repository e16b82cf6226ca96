"""The bytes of a text table, and which encoding they are in."""

from __future__ import annotations

import codecs
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from neurohlh.core.errors import InputError, Location

_BLOCK = 1 << 24
_SAMPLE = 1 << 22
_CP1252_SIGNS = frozenset("µ±°²³½¼¾·×÷–—‘’“”„…€£§®©™†‡•ªº«»¿¡´¹ \u00ad‰")
_MAGIC = {b"PK\x03\x04": "a zip archive, as xlsx workbooks are", b"\xd0\xcf\x11\xe0": "an old Office file (.xls)"}
_CUT_WHY = "The end of the file is missing: an export or a copy stopped half-way, so patients are missing too."
CUT_DO = "Export the table again and compare the number of rows with the source."


@dataclass(frozen=True)
class TextBytes:
    """A text file as utf-8 without byte order mark and without blank lines at its end."""

    data: pa.Buffer
    encoding: str
    """As recorded for the reader: 'utf-8', 'gb18030 (guessed)', …"""
    sha256: str
    quotes: bool
    """Whether a quotation mark occurs anywhere."""
    ends_with_newline: bool


@dataclass
class _Scan:
    """What one pass over the file's bytes tells."""

    sha256: str = ""
    quotes: bool = False
    zero_at: int = -1


def text_bytes(path: Path, source: str) -> TextBytes:
    """Read a text file, recognising utf-8, utf-8-sig, utf-16 with its mark, gb18030 and cp1252.

    Raises InputError for an empty file, for binary content and for bytes that none of these decodes.
    """
    scan = _scan(path)
    where = Location(source)
    with path.open("rb") as file:
        start = file.read(4)
    if not start:
        raise InputError("the file is empty (0 bytes)", where=where, do="Export the table again.")
    if start in _MAGIC:
        raise InputError(
            f"this is {_MAGIC[start]}, not a text table",
            where=where,
            why="Its name says csv or tsv, its content does not.",
            do="Give the file its right ending (.xlsx, .xls), or save it as csv.",
        )
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return _transcoded(path, scan, "utf-16", "utf-16", where)
    if scan.zero_at >= 0:
        raise InputError(
            f"byte {scan.zero_at + 1} is zero: this is no text table",
            where=where,
            why="A text table never holds zero bytes; this one is binary, damaged, or UTF-16 without its mark.",
            do="Save the table as xlsx or as csv (UTF-8).",
        )
    data = pa.memory_map(str(path)).read_buffer()
    if not _is_utf8(data):
        codec = _legacy_codec(path, where)
        return _transcoded(path, scan, codec, f"{codec} (guessed)", where)
    signed = start[:3] == codecs.BOM_UTF8
    return _finished(data[3:] if signed else data, "utf-8-sig" if signed else "utf-8", scan, where)


def _scan(path: Path) -> _Scan:
    scan, sha, position = _Scan(), hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            sha.update(block)
            scan.quotes = scan.quotes or b'"' in block
            if scan.zero_at < 0 and b"\0" in block:
                scan.zero_at = position + block.index(b"\0")
            position += len(block)
    scan.sha256 = sha.hexdigest()
    return scan


def _is_utf8(data: pa.Buffer) -> bool:
    """Whether the bytes are utf-8, by Arrow's own check: the text of one cell over all of them."""
    ends = pa.py_buffer(np.array([0, data.size], dtype=np.int64))
    try:
        pa.LargeStringArray.from_buffers(1, ends, data).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _legacy_codec(path: Path, where: Location) -> str:
    """gb18030 or cp1252, by which of the two the bytes beyond ASCII look like."""
    raw = path.read_bytes()
    whole_lines = raw[: raw.rfind(b"\n") + 1] or raw  # a file that was cut may end within a character
    if not whole_lines.isascii() and _decodes(whole_lines, "utf-8") and _stops_within_character(raw):
        raise InputError("the file stops in the middle of a character", where=where, why=_CUT_WHY, do=CUT_DO)
    for codec, likely in (("gb18030", _like_gb18030), ("cp1252", _like_cp1252)):
        if _decodes(whole_lines, codec) and likely(raw):
            return codec
    raise InputError(
        "the letters cannot be decoded: tried utf-8, utf-16, gb18030 and cp1252",
        where=Location(where.source, row=_first_bad_line(raw)),
        why="In a wrong encoding headers and words are misread without any sign.",
        do="Save the table as csv UTF-8 (in a spreadsheet: Save as, CSV UTF-8) or as xlsx.",
    )


def _stops_within_character(raw: bytes) -> bool:
    """Whether the bytes are utf-8 but for a last character of which a part is missing."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(raw)
    except UnicodeDecodeError:
        return False
    return True


def _first_bad_line(raw: bytes) -> int:
    """The line of the first byte that is not utf-8."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return raw.count(b"\n", 0, error.start) + 1
    return 1


def _decodes(raw: bytes, codec: str) -> bool:
    try:
        raw.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _like_gb18030(raw: bytes) -> bool:
    """Whether the two-byte characters are the everyday ones.

    Running Chinese text is nearly all GB 2312 (both bytes from A1), mostly its signs (rows A1 to A9) and its
    3,755 common characters (rows B0 to D7); Western letters read as gb18030 are neither.
    """
    pairs = [sign.encode("gb18030") for sign in raw[:_SAMPLE].decode("gb18030", errors="ignore") if ord(sign) > 127]
    if not pairs:
        return False
    plain = sum(len(pair) == 2 and pair[0] >= 0xA1 and pair[1] >= 0xA1 for pair in pairs)
    common = sum(
        len(pair) == 2 and pair[1] >= 0xA1 and (0xA1 <= pair[0] <= 0xA9 or 0xB0 <= pair[0] <= 0xD7) for pair in pairs
    )
    return plain >= 0.8 * len(pairs) and common >= 0.6 * len(pairs)


def _like_cp1252(raw: bytes) -> bool:
    """Whether the bytes beyond ASCII are Western letters or signs, standing alone or in twos."""
    octets = np.frombuffer(raw[:_SAMPLE], dtype=np.uint8)
    high = octets > 127
    edges = np.diff(np.concatenate([[0], high.astype(np.int8), [0]]))
    runs = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
    signs = octets[high].tobytes().decode("cp1252", errors="replace")
    usual = sum(sign.isalpha() or sign in _CP1252_SIGNS or sign == "\xa0" for sign in signs)
    return bool(usual >= 0.9 * len(signs) and (runs <= 2).mean() >= 0.8)


def _transcoded(path: Path, scan: _Scan, codec: str, label: str, where: Location) -> TextBytes:
    try:
        text = path.read_bytes().decode(codec)
    except UnicodeDecodeError as error:
        raise InputError(
            f"the file begins as {codec} but cannot be decoded to its end", where=where, why=_CUT_WHY, do=CUT_DO
        ) from error
    if "\0" in text:
        raise InputError("the file holds zero characters: this is no text table", where=where, do="Save it as xlsx.")
    scan.quotes = '"' in text
    return _finished(pa.py_buffer(text.encode("utf-8")), label, scan, where)


def _finished(data: pa.Buffer, label: str, scan: _Scan, where: Location) -> TextBytes:
    """Leave out the blank lines at the end: no spreadsheet shows them."""
    tail_start = max(data.size - _BLOCK, 0)
    tail = data[tail_start:].to_pybytes()
    end = tail_start + len(tail.rstrip(b"\r\n"))
    if end == 0 or not data[:_BLOCK].to_pybytes().strip():
        raise InputError("the file holds nothing but blank lines", where=where, do="Export the table again.")
    return TextBytes(data[:end], label, scan.sha256, scan.quotes, ends_with_newline=end < data.size)
