"""How well reports are read: precision and recall on sentences whose findings were labelled by hand.

The sentences are catalogue/reference/mri_report_sentences.csv, written for this package (no patient's report). Set
'tuning' was in sight while the rules were written; 'held_out' was written after them (docs/mri-reports.md).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from neurohlh.clinical.kleene import INDETERMINATE, MET, NOT_MET
from neurohlh.clinical.report_text import read_report
from neurohlh.etl.codebook import CATALOGUE

SETS = ("tuning", "held_out")
STATUSES = (MET, NOT_MET, INDETERMINATE)
QUALITY_COLUMNS = ("set", "status", "finding", "labelled", "read", "right", "precision", "recall")
ALL = "all"


@dataclass(frozen=True)
class Sentence:
    """A labelled sentence: `findings` maps variables (mri_thalamus, …) to met, not_met or indeterminate."""

    set: str
    language: str
    text: str
    findings: dict[str, str]


@lru_cache(maxsize=1)
def sentences() -> tuple[Sentence, ...]:
    """The labelled sentences, in the order of the file."""
    path = CATALOGUE / "reference" / "mri_report_sentences.csv"
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return tuple(Sentence(r["set"], r["language"], r["sentence"], dict(_labels(r["findings"]))) for r in rows)


def _labels(text: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, (p.strip() for p in text.split(";"))):
        finding, _, status = part.partition(":")
        yield finding, status


def judged() -> pd.DataFrame:
    """Every finding labelled or read, one row each: set, language, sentence (its number), finding, labelled, read.

    `labelled` and `read` are a status, or '' where the finding is not spoken of or was not read.
    """
    rows = []
    for number, sentence in enumerate(sentences()):
        read = {f.finding: f.status for f in read_report(sentence.text)}
        for finding in dict.fromkeys((*sentence.findings, *read)):
            labelled, got = sentence.findings.get(finding, ""), read.get(finding, "")
            rows.append((sentence.set, sentence.language, number, finding, labelled, got))
    return pd.DataFrame(rows, columns=["set", "language", "sentence", "finding", "labelled", "read"])


def quality(by_finding: bool = False) -> pd.DataFrame:
    """Precision and recall by set and status, and over all statuses; `by_finding`: also for each finding.

    A finding is right where the status read is the status labelled. Columns `QUALITY_COLUMNS`: precision = right / read
    and recall = right / labelled, missing where the denominator is 0; finding 'all' and status 'all' sum up.
    """
    pairs = judged()
    rows = []
    for name in SETS:
        own = pairs[pairs["set"] == name]
        findings = [ALL, *sorted(own["finding"].unique())] if by_finding else [ALL]
        for finding in findings:
            some = own if finding == ALL else own[own["finding"] == finding]
            rows += [_row(some, name, status, finding) for status in (*STATUSES, ALL)]
    return pd.DataFrame(rows, columns=list(QUALITY_COLUMNS))


def _row(pairs: pd.DataFrame, name: str, status: str, finding: str) -> tuple[object, ...]:
    labelled, read = ((pairs[c] != "") if status == ALL else (pairs[c] == status) for c in ("labelled", "read"))
    right = labelled & read & (pairs["labelled"] == pairs["read"])
    n, found, expected = int(right.sum()), int(read.sum()), int(labelled.sum())
    precision, recall = (n / found if found else float("nan")), (n / expected if expected else float("nan"))
    return name, status, finding, expected, found, n, precision, recall


def first_readings() -> pd.DataFrame:
    """What each round of new sentences gave when it was first read, before any rule was changed for it.

    Columns round, sentences, status, labelled, read, right (reference/mri_report_rounds.csv, written down at the time).
    It is what to expect of sentences that the rules have not met; the live figures of `quality` came after repairs.
    """
    path = CATALOGUE / "reference" / "mri_report_rounds.csv"
    rows = pd.DataFrame(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    return rows.astype(dict.fromkeys(("round", "sentences", "labelled", "read", "right"), int))


def errors(name: str = "held_out") -> pd.DataFrame:
    """The findings of a set that were read wrongly, with their sentences (these are nobody's reports)."""
    pairs = judged()
    wrong = pairs[(pairs["set"] == name) & (pairs["labelled"] != pairs["read"])]
    return wrong.assign(sentence=[sentences()[i].text for i in wrong["sentence"]]).reset_index(drop=True)
