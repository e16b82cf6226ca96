"""The catalogue of hypothesis tests: what each asks, when it is used, its correction and source, who computes it."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass
from functools import cache

import pandas as pd

from neurohlh.etl.codebook import CATALOGUE


@dataclass(frozen=True)
class KnownTest:
    """An entry of `catalogue/tests.toml`.

    `prints` is the name in results and footnotes, `function` the dotted name of what computes it, `option` the choice
    that makes it (empty if the function offers none). Texts only; `effect` is empty where none stands beside the test.
    """

    key: str
    prints: str
    question: str
    when: str
    statistic: str
    correction: str
    assumptions: str
    effect: str
    reference: str
    function: str
    option: str = ""


@cache
def known_tests() -> tuple[KnownTest, ...]:
    """Every entry in the order of the file; raises TypeError for an entry with a missing or unknown field."""
    raw = tomllib.loads((CATALOGUE / "tests.toml").read_text(encoding="utf-8"))
    return tuple(KnownTest(key=key, **entry) for key, entry in raw.items())


def known_tests_table() -> pd.DataFrame:
    """The catalogue as a frame, a row per test, columns as the fields of `KnownTest`."""
    return pd.DataFrame([asdict(entry) for entry in known_tests()])
