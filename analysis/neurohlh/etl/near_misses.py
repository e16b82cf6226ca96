"""Which spellings of the codebook a header nearly is: shown to the person who can decide, never used."""

from __future__ import annotations

from collections import Counter
from difflib import SequenceMatcher
from heapq import nlargest

from neurohlh.etl.codebook import Codebook, header_key
from neurohlh.etl.units import split_unit


def near_misses(text: str, book: Codebook, n: int = 3) -> tuple[tuple[str, str], ...]:
    """The spellings nearest to a header, one per variable, as (spelling, variable), nearest first.

    Near is a spelling that shares at least 0.7 of its signs in order with the header (Ratcliff and Obershelp's ratio;
    0.6 where the header is Chinese, whose words are short), or that stands whole within it.
    """
    key = header_key(split_unit(text)[0])
    shared = Counter(other for i in range(len(key) - 1) for other in book.pairs.get(key[i : i + 2], ()))
    dice = {other: 2 * n / (len(key) + len(other) - 2) for other, n in shared.items() if n > 1 or len(key) < 4}
    most = nlargest(_LOOKED_AT, dice, key=lambda other: (dice[other], other))
    enough = 0.7 if key.isascii() else 0.6
    best: dict[str, tuple[float, str]] = {}
    for other in most:
        variable, spelling = book.spelled[other]
        ratio = SequenceMatcher(None, key, other, autojunk=False).ratio()
        within = other in key and len(other) >= (5 if other.isascii() else 3)
        if (ratio >= enough or within) and ratio > best.get(variable, (0.0, ""))[0]:
            best[variable] = (ratio, spelling)
    ranked = sorted(best.items(), key=lambda item: -item[1][0])[:n]
    return tuple((spelling, variable) for variable, (_, spelling) in ranked)


_LOOKED_AT = 15
