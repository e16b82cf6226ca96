"""Numbers that stand in the remarks of a table: percentages with their counts, ratios with limits, sums."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_P = r"(?P<percent>\d+(?:\.\d+)?)"
_KN = r"(?P<k>\d+)\s*/\s*(?P<n>\d+)"
_PERCENT_OF_COUNTS = (
    re.compile(rf"{_P}\s*%\s*(?:for|of [^(;,.]{{1,20}})?\s*\(?{_KN}\b"),
    re.compile(rf"{_KN}\s*(?:survivors|patients|died)?\s*(?:[\w ]{{0,30}})?\((?:=\s*)?{_P}\s*%\)"),
    re.compile(rf"{_KN}\s+printed as\s+{_P}\s*%"),
)
_PERCENT_OF = re.compile(rf"{_P}\s*%[\"”]?\s+of\s+(?P<n>\d+)\b")
_COUNT_PRINTED = re.compile(rf"(?<![\d/.])(?P<k>\d+)\s+\(printed\s+{_P}\s*%")
_RATIO = re.compile(
    r"\b(?P<measure>HR|OR|RR|aOR|aHR|aRR)\s+(?P<estimate>\d+\.?\d*)\s*\(\s*(?P<low>\d+\.?\d*)\s*-\s*(?P<high>\d+\.?\d*)"
    r"(?:\s*,\s*[pP]\s*=\s*(?P<inner>0?\.\d+)\s*\)|\)\s*,?\s*[pP]\s*=\s*(?P<outer>0?\.\d+)|\))"
)
_INTERVAL = re.compile(
    r"(?P<estimate>\d+\.?\d*)\s*%\s*(?:with\s+|\()\s*95\s*%\s*CI\s*(?P<low>\d+\.?\d*)\s*%?\s*-\s*(?P<high>\d+\.?\d*)\s*%"
)
_SUM_OF = re.compile(r"(?P<terms>\d+(?:\s*\+\s*\d+)+)\s*=\s*(?P<total>\d+)\s+of\s+(?P<n>\d+)\b")
_SUM = re.compile(r"(?P<terms>\d+(?:\s*\+\s*\d+)+)\s*=\s*(?P<total>\d+)\b(?!\s*(?:of\b|\.\d))")
_ONLY = re.compile(r"\bonly\s+(?P<total>\d+)\s+of\s+(?P<n>\d+)\s+accounted")
_SURVIVAL = re.compile(
    r"(?P<first>\d+\.?\d*)\s*%\s*\(SE\s*(?P<first_se>\d+\.?\d*)\)\s*abnormal\s+v\s+"
    r"(?P<second>\d+\.?\d*)\s*%\s*\(SE\s*(?P<second_se>\d+\.?\d*)\)\s*normal"
)


@dataclass(frozen=True)
class Percentage:
    """A printed percentage with its denominator, and with its count where one stands beside it."""

    text: str
    percent: str
    n: int
    k: int | None = None


@dataclass(frozen=True)
class Ratio:
    """A ratio with its limits as printed (measure '%' for a percentage with limits), and its p ('' none)."""

    text: str
    measure: str
    estimate: str
    low: str
    high: str
    p: str = ""


@dataclass(frozen=True)
class Sum:
    """A printed sum: what its terms add up to, what is printed, and of how many (None where the text doesn't say)."""

    text: str
    added: int
    total: int
    n: int | None = None


@dataclass(frozen=True)
class TwoSurvivals:
    """Survival in percent with standard errors, with abnormal findings first and with normal ones second."""

    text: str
    first: float
    first_se: float
    second: float
    second_se: float


def percentages(text: str, n_total: float = float("nan")) -> Iterator[Percentage]:
    """Percentages with a count or a denominator; 'n (printed x %)' is of `n_total`."""
    taken: list[tuple[int, int]] = []
    for pattern in _PERCENT_OF_COUNTS:
        for found in pattern.finditer(text):
            if not _overlaps(found, taken):
                taken.append(found.span())
                yield Percentage(_closed(found[0]), found["percent"], int(found["n"]), int(found["k"]))
    for found in _PERCENT_OF.finditer(text):
        if not _overlaps(found, taken):
            yield Percentage(_closed(found[0]), found["percent"], int(found["n"]))
    if n_total == n_total:
        for found in _COUNT_PRINTED.finditer(text):
            yield Percentage(_closed(found[0]), found["percent"], int(n_total), int(found["k"]))


def ratios(text: str) -> Iterator[Ratio]:
    """Ratios with their limits, and percentages with a 95 % interval."""
    for found in _RATIO.finditer(text):
        p = found["inner"] or found["outer"] or ""
        yield Ratio(found[0], found["measure"], found["estimate"], found["low"], found["high"], p)
    for found in _INTERVAL.finditer(text):
        yield Ratio(found[0], "%", found["estimate"], found["low"], found["high"])


def sums(text: str) -> Iterator[Sum]:
    """Sums, and the remark that only so many of n are accounted for."""
    for pattern in (_SUM_OF, _SUM):
        for found in pattern.finditer(text):
            added = sum(int(t) for t in re.findall(r"\d+", found["terms"]))
            n = int(found["n"]) if "n" in found.re.groupindex else None
            yield Sum(found[0], added, int(found["total"]), n)
    for found in _ONLY.finditer(text):
        yield Sum(found[0].removesuffix(" accounted"), int(found["total"]), int(found["total"]), int(found["n"]))


def two_survivals(text: str) -> TwoSurvivals | None:
    """'64.7% (SE 11.6) abnormal v 85.1% (SE 3.7) normal', else None."""
    found = _SURVIVAL.search(text)
    if not found:
        return None
    numbers = [float(found[name]) for name in ("first", "first_se", "second", "second_se")]
    return TwoSurvivals(found[0], *numbers)


def _overlaps(found: re.Match[str], taken: list[tuple[int, int]]) -> bool:
    return any(found.start() < end and start < found.end() for start, end in taken)


def _closed(text: str) -> str:
    text = text.strip().replace('"', "")
    return text + ")" if text.count("(") > text.count(")") else text
