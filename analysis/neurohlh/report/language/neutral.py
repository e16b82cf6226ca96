"""What stays as it is in every language: numbers, units, identifiers, abbreviations, names, quotations, citations."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files

_YEAR = r"(?:18|19|20)\d\d[a-z]?"
_PERSON = r"(?:[A-Z][\w'’.\-]*|de|van|der|von)"
_PRINTED = (  # what only a bibliographic reference goes on with after its year
    r"\d+ ?(?:\(\d+\))?: ?[A-Za-z]?\d+|doi |PMID |PMC\d|\bed\.|Chapter|Statistics|Press|Wiley|arXiv|Inst Math|R News"
)
_CITATION = re.compile(
    rf"{_PERSON}(?:(?:,? (?:& |and )?|-){_PERSON})*(?: et al\.?)?,? {_YEAR}(?:\. .*|,? .*(?:{_PRINTED}).*)?", re.S
)
# What is said of a publication beside it: a sentence, an aside of words, a further part.
_SAID_OF = re.compile(r"\b(?:is|are|was|were|the patients|cannot|not)\b|[;:] [a-z]{3,}|: \d+ and|\((?:[a-z]+ )+[a-z]+")
_DOI = re.compile(r"(?:doi:? ?)?10\.\d{4,}/\S+")
_QUOTED = re.compile(r"(?<!\w)'.*?'(?!\w)|\"[^\"]*\"|“[^”]*”|「[^」]*」")
_HOLE = re.compile(r"\{\d+\}")
_CODE = re.compile(
    r"\S*[_\d@\\=<>\[\]{}]\S*|\S+\.(?:csv|tsv|xlsx|toml|html|json|sav|dta|parquet|docx)|--\w[\w-]*|[a-z]+(?:\.[a-z]+)+"
)
_FILE = re.compile(r"[\w.\-]+\.(?:csv|tsv|xlsx|toml|html|json|sav|dta|parquet|docx)")
_RULE = re.compile(r"[a-z_]+:\S+(?:; ?[a-z_]+:\S+)*|[a-z]+(?:_[a-z0-9]+)+ [a-z_0-9]+")
_CHINESE = re.compile(r"[\u2e80-\u9fff\uff00-\uffef]")
_BETWEEN = re.compile(r"[\s()（）,;:，；：、。?!+×·–—…&|→]+")


def needs_words(text: str) -> bool:
    """Whether `text` holds an English word, so that it has to be translated to be read in another language."""
    text = _HOLE.sub(" ", text)
    if not re.search(r"[A-Za-z]{2}", text) or _RULE.fullmatch(text) or _FILE.fullmatch(text) or is_citation(text):
        return False
    bare = _CHINESE.sub(" ", _DOI.sub(" ", _QUOTED.sub(" ", text)))
    return not all(_stays(token.strip(".'’*†‡\"")) for token in _BETWEEN.split(bare))


def is_citation(text: str) -> bool:
    """Whether `text` is a bibliographic reference: authors, year, and where it was printed."""
    return _CITATION.fullmatch(text.strip().rstrip(".")) is not None and not _SAID_OF.search(text)


@lru_cache(maxsize=16384)
def _stays(token: str) -> bool:
    if not re.search(r"[A-Za-z]{2}", token) or token in _kept() or _CODE.fullmatch(token) or _unit().fullmatch(token):
        return True
    pieces = [p for p in re.split(r"[-–/]", token) if p]
    return len(pieces) > 1 and all(_stays(piece) for piece in pieces)


@lru_cache(maxsize=1)
def _lists() -> dict[str, str]:
    path = files("neurohlh") / "catalogue" / "kept_words.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _kept() -> frozenset[str]:
    return frozenset((_lists()["abbreviations"] + " " + _lists()["names"]).split())


@lru_cache(maxsize=1)
def _unit() -> re.Pattern[str]:
    signs = "|".join(re.escape(sign) for sign in sorted(_lists()["units"].split(), key=len, reverse=True))
    return re.compile(rf"[µμumnpkfd]?(?:{signs})(?:[/·][µμumnpkfd]?(?:{signs}))*[²³⁰¹⁴⁵⁶⁷⁸⁹]*")
