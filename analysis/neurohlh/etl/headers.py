"""What one header says: the variable it spells, under which group, in which unit, and why it may not be used.

Only whole spellings count. A word too many (铁蛋白 治疗后) makes another variable of it, so it stays unrecognised and
the nearest spellings are shown; the words that change nothing are listed in `catalogue/headers.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from neurohlh.etl.characters import plain
from neurohlh.etl.codebook import Codebook, Variable, codebook, header_key
from neurohlh.etl.header_words import HeaderWords, asked_headers, group_of, header_words
from neurohlh.etl.layout_words import is_legend
from neurohlh.etl.units import conversion, parse_unit, split_unit, tables


@dataclass(frozen=True)
class Reading:
    """What a header says. `variable` is None where it spells none or may not be used; `note` says why."""

    variable: str | None
    how: str
    base: str
    unit: str | None = None
    note: str = ""


def read_header(levels: Sequence[str], book: Codebook) -> Reading:
    """What a header of one or more levels (top first) says."""
    levels = [level for i, level in enumerate(levels) if level.strip() and level not in levels[:i]]
    if not levels:
        return Reading(None, "unrecognised", "")
    words = header_words()
    joined = header_key(" ".join(levels))
    if joined in words.personal or (header_key(levels[-1]) in words.personal and joined not in book.spelled):
        return Reading(None, "personal", levels[-1], note=_PERSONAL)
    reading = _read_levels(levels, book, words)
    return _check_unit(reading, levels, book, words)


def renamed(reading: Reading, variable: str, levels: Sequence[str], book: Codebook) -> Reading:
    """The reading of a header that the study has declared to be `variable`; None again where its unit forbids it."""
    return _check_unit(replace(reading, variable=variable, how="rename", note=""), levels, book, header_words())


_PERSONAL = (
    "it holds personal data, which is never used and should not be in the file: delete the column before sharing it"
)


def _read_levels(levels: list[str], book: Codebook, words: HeaderWords) -> Reading:
    if len(levels) == 1:
        return _read_one(levels[0], book, words)
    joined = _spelled(" ".join(levels), book, words)
    if joined:
        return replace(joined, how="alias")
    *upper, last = levels
    unit = parse_unit(last)
    if unit is not None:
        found = _read_levels(upper, book, words)
        return replace(found, unit=found.unit or unit)
    if header_key(last) in ("date", "日期"):
        found = _read_levels(upper, book, words)
        if found.variable and book[found.variable].type == "date":
            return found
    if header_key(last) in words.neutral | words.value_words | words.whether_words or _explains(last):
        return _read_levels(upper, book, words)
    return _under_group(upper, last, book, words)


def _explains(last: str) -> bool:
    """Whether a lowest header only explains the cells: their codes (1=男 2=女) or the order of their dates."""
    return is_legend(last) or _DATE_MASK.fullmatch(plain(last)) is not None


_DATE_MASK = re.compile(r"[(]?(?:y{2,4}|m{1,3}|d{1,2}|年|月|日|[-/. ])*y{2,4}(?:y|m|d|年|月|日|[-/. ])*[)]?", re.I)


def _read_one(text: str, book: Codebook, words: HeaderWords) -> Reading:
    """A header of one level, which may hold a group and the header under it (血常规_白细胞)."""
    found = _spelled(text, book, words)
    if found:
        return found
    for gap in re.finditer(r"\s/\s|[\s_:|.\-]+", plain(text)):
        upper, last = plain(text)[: gap.start()], plain(text)[gap.end() :]
        group = group_of(upper) if last else None
        if group and (group.id != "plain" or header_key(upper) in group.keys):
            below = _under_group([upper], last, book, words)
            if below.variable or below.note:
                return replace(below, base=text)
    return Reading(None, "unrecognised", *split_unit(text))


def _under_group(upper: Sequence[str], last: str, book: Codebook, words: HeaderWords) -> Reading:
    groups = [g for level in reversed(upper) if (g := group_of(level)) is not None]
    base = " / ".join((*upper, last))
    for prefix in (p for g in groups for p in g.prefixes):
        found = _spelled(f"{prefix} {last}", book, words)
        if found and found.base != prefix and found.variable and all(g.allows(book[found.variable]) for g in groups):
            return replace(found, how="alias")
    found = _spelled(last, book, words)
    if not found:
        return Reading(None, "unrecognised", base, split_unit(last)[1])
    if groups and header_key(found.base) in words.bare and not {header_key(u) for u in upper} & words.bare_under:
        why = f"under {upper[-1]!r} {last!r} may be another {found.base} than that of {found.variable}"
        return Reading(None, "unrecognised", base, found.unit, why)
    forbidden = next((g for g in groups if found.variable and not g.allows(book[found.variable])), None)
    if forbidden:
        why = f"under {upper[-1]!r} {last!r} is not {found.variable}: {forbidden.reason}"
        return Reading(None, "unrecognised", base, found.unit, why)
    told = groups or any(book.find(level) == found.variable for level in upper)
    note = "" if told else f"taken by its lower header {last!r}; the upper one {upper[-1]!r} is not known"
    return replace(found, how="alias", note=found.note or note)


def _spelled(text: str, book: Codebook, words: HeaderWords) -> Reading | None:
    """The variable that a single header spells, whole or after taking off what changes nothing."""
    if text.strip() in book:
        return Reading(text.strip(), "name", text)
    rest, unit = split_unit(text)
    whole = book.find(text)
    if whole:
        return Reading(whole, "alias", rest, unit)
    for base, said in _stripped(rest, words):
        name = book.find(base)
        if name and _agrees(said, book[name], book, words):
            return Reading(name, "alias", base, unit or next(filter(None, map(_unit_said, said)), None))
    counted = _PER_VOLUME.fullmatch(plain(text))
    whole = book.find(counted["rest"]) if counted and parse_unit(counted["unit"]) else None
    return Reading(whole, "alias", counted["rest"], parse_unit(counted["unit"])) if counted and whole else None


_PER_VOLUME = re.compile(r"(?P<rest>.+?)\s*(?P<unit>/[^/]+)")
"""WBC/uL: what is counted, and the volume."""


def _stripped(text: str, words: HeaderWords) -> Iterator[tuple[str, list[str]]]:
    """The header after taking off bracketed parts and neutral words, with what was taken off."""
    yield text, []
    plain_text = _NUMBERED.sub("", plain(text))
    if plain_text != text:
        yield split_unit(plain_text)[0], []
    bracketed = [m[1] for m in _BRACKET.finditer(plain_text)]
    base = _BRACKET.sub(" ", plain_text).strip()
    if bracketed and base:
        inner, unit = split_unit(base)
        yield inner, [*bracketed, unit] if unit else bracketed
    for shorter, word in _without(base, words.neutral | words.value_words):
        inner, unit = split_unit(shorter)
        yield inner, [*bracketed, word, *([unit] if unit else [])]


_NUMBERED = re.compile(r"^(?:\d{1,3}\s*[.、)]|[(]\d{1,3}[)])\s*(?=\D)")
_BRACKET = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_WORD = (
    r"(?:[012]|y|n|yes|no|m|f|male|female|男|女|是|否|有|无|阳性|阴性|阳|阴|\+|-|存活|生存|死亡|失访|正常|异常|原发|继发|alive|dead|died|"
    r"normal|abnormal|positive|negative|present|absent|primary|secondary)"
)
_LEGEND = re.compile(
    r"(?:\d+\s*[=:.]?\s*[^\d\W][^\d=]*)+"  # 1=男,2=女  0: no; 1: yes  1男2女
    r"|(?:[^\d\W]+\s*[=:]\s*\d+[\s,;、/]*)+"  # 男=1,女=2
    rf"|{_WORD}(?:\s*[/、,]\s*{_WORD})+"  # 有/无
    r"|[ymd年月日\W]{3,}",  # YYYY-MM-DD
    re.I,
)


def _without(text: str, words: frozenset[str]) -> Iterator[tuple[str, str]]:
    """`text` without one of the words at its beginning or its end, with the word; English words stand apart."""
    parts = re.split(r"[\s_\-.]+", text)
    for k in range(1, len(parts)):
        head, tail = parts[:k], parts[k:]
        if header_key("".join(head)) in words:
            yield " ".join(tail), " ".join(head)
        if header_key("".join(tail)) in words:
            yield " ".join(head), " ".join(tail)
    if text.isascii():
        return
    for k in range(1, min(len(text), 6)):
        if text[:k] in words and not text[:k].isascii():
            yield text[k:], text[:k]
        if text[-k:] in words and not text[-k:].isascii():
            yield text[:-k], text[-k:]


_RANGE = re.compile(
    r"(?:(?:正常值?|参考值?|正常范围|参考范围|normal|ref\w*)\s*:?\s*[<>≤≥]=?\s*\d[\d.]*"
    r"|(?:正常值?|参考值?|正常范围|参考范围|normal|ref\w*)?\s*:?\s*\d[\d.]*\s*[-~]\s*\d[\d.]*)\s*(?P<unit>\D.*)?",
    re.I,
)
"""The reference range that laboratory exports print beside a name: (100-300×10^9/L)."""


def _unit_said(part: str) -> str | None:
    limits = _RANGE.fullmatch(part.strip())
    return parse_unit((limits["unit"] or "") if limits else part)


def _agrees(said: list[str], variable: Variable, book: Codebook, words: HeaderWords) -> bool:
    """Whether what was taken off leaves the variable as it is: its own name again, a unit, a legend, a neutral word."""
    return all(
        (key := header_key(part)) in words.neutral
        or (key in words.value_words and variable.numeric)
        or (key in words.whether_words and not variable.numeric)
        or book.find(part) == variable.name
        or parse_unit(part) is not None
        or (variable.numeric and _RANGE.fullmatch(part.strip()) is not None)
        or (not variable.numeric and _LEGEND.fullmatch(plain(part)) is not None)
        for part in said
    )


_ENTRY = re.compile(r"(?P<number>\d+)\s*[=:.]?\s*(?P<word>[^\d\W]+)|(?P<word2>[^\d\W]+)\s*[=:]\s*(?P<number2>\d+)")


def legend_codes(header: str, variable: Variable) -> dict[str, str]:
    """The codes that a header explains, '性别(1男2女)': text -> codebook code; {} unless all are understood."""
    codes = {"0", "1"} if variable.type == "bool" else set(variable.codes)
    lowest = plain(header).rpartition(" / ")[2]
    for bracket in (*_BRACKET.findall(plain(header)), *([lowest] if is_legend(lowest) else [])):
        found: dict[str, str] = {}
        entries = list(_ENTRY.finditer(bracket))
        for entry in entries:
            word = header_key(entry["word"] or entry["word2"])
            named = [c for c in codes if header_key(c) == word or word in header_words().legend.get(c, ())]
            if len(named) == 1:
                found[entry["number"] or entry["number2"]] = named[0]
        if len(found) > 1 and len(found) == len(entries):
            return found
    return {}


def _check_unit(reading: Reading, levels: Sequence[str], book: Codebook, words: HeaderWords) -> Reading:
    """A unit that the variable cannot have makes another measurement of the header: NEUT% is no neutrophil count."""
    if reading.variable is None or not levels:
        return reading
    variable = book[reading.variable]
    unit = reading.unit or (_time_word(levels, words) if variable.unit in ("days", "years") else None)
    if unit is None or may_have_unit(unit, variable):
        return replace(reading, unit=unit)
    if unit == "%":
        why = f"a percentage is not {variable.name}" + (f" (a count in {variable.unit})" if variable.numeric else "")
    else:
        why = f"its unit {unit} is none of {variable.name}" + (f" ({variable.unit})" if variable.unit else "")
    return Reading(None, "unrecognised", reading.base, unit, f"not {variable.name}: {why}")


def may_have_unit(unit: str, variable: Variable) -> bool:
    """Whether numbers of the variable can be recorded in the unit: there is a conversion, or none is ever made."""
    if not variable.numeric:
        return False
    if variable.name in tables().reading["never_converted"]:
        return "/" in unit
    if variable.unit.endswith(" FEU") and not unit.endswith((" FEU", " DDU")):
        unit = f"{unit} FEU"  # the assay is doubted cell by cell
    return conversion(unit, variable) is not None


def _time_word(levels: Sequence[str], words: HeaderWords) -> str | None:
    text = plain(levels[-1])
    return next((unit for word, unit in words.time_words.items() if text.endswith(word)), None)


def recognised(text: str) -> bool:
    """Whether a text is a header that the package knows: a variable's, personal data's, or one that it asks about."""
    words = header_words()
    key = header_key(text)
    if not key or len(text) > 80:
        return False
    if key in words.personal or key in asked_headers():
        return True
    reading = _read_one(text, codebook(), words)
    return reading.variable is not None or bool(reading.note)
