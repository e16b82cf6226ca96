"""From the declared sources to a checked cohort."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pandas as pd

from neurohlh.clinical.contradictions import cns_contradictions
from neurohlh.clinical.outcome import derive_age
from neurohlh.clinical.report_use import CONTRADICTS, decide
from neurohlh.core.errors import InputError, did_you_mean
from neurohlh.etl.checks import check_cohort
from neurohlh.etl.clean import CleanTable, SourceSettings, clean_table
from neurohlh.etl.codebook import codebook
from neurohlh.etl.cohort import Cohort, build_cohort
from neurohlh.etl.columns import SourceHints, understand
from neurohlh.etl.ledger import stacked
from neurohlh.study.config import Source, StudyConfig
from neurohlh.study.sources import read_source


def load_cohort(config: StudyConfig, folder: Path, today: dt.date) -> Cohort:
    """Read, understand, clean, join and check the sources of a study; paths are relative to `folder`.

    A date after `today` is refused. Raises InputError for any fault of the input.
    """
    book = codebook()
    tables = [_clean_source(source, config, folder, today) for source in config.source]
    cohort = _with_cns_contradictions(check_cohort(build_cohort(tables, book)))
    return _with_reports(cohort) if config.values.reports == "read" else cohort


def _with_reports(cohort: Cohort) -> Cohort:
    """The cohort with what its reports say, and what they say against its codes among the issues."""
    ages = derive_age(cohort.frame)
    frame = pd.DataFrame({c: cohort.frame[c] for c in cohort.frame} | {c: ages[c] for c in ages}, copy=False)
    reports, against = decide(frame)
    cohort = replace(cohort, reports=reports)
    return cohort.with_issues(_located(cohort, against.assign(code=CONTRADICTS))) if len(against) else cohort


def _with_cns_contradictions(cohort: Cohort) -> Cohort:
    """The cohort with what its CNS columns say against each other among the issues; nothing is changed by them."""
    recorded, ages = cohort.frame, derive_age(cohort.frame)
    found = cns_contradictions(
        pd.DataFrame({c: recorded[c] for c in recorded} | {c: ages[c] for c in ages}, copy=False)
    )
    return cohort if found.empty else cohort.with_issues(_located(cohort, found))


def _located(cohort: Cohort, found: pd.DataFrame) -> pd.DataFrame:
    """Issues about patients (patient_id, variable, code, message, action) at the cells that they are about."""
    number = pd.Series(cohort.frame.index, index=cohort.frame["patient_id"])
    parts = []
    for said, group in found.groupby(["variable", "code", "message", "action"]):
        variable, code, message, action = map(str, said)
        cells = cohort.trail.locate(variable, number[group["patient_id"]].to_numpy())
        parts.append(cells.assign(severity="warning", code=code, message=message, action=action))
    return stacked(parts)


def _clean_source(source: Source, config: StudyConfig, folder: Path, today: dt.date) -> CleanTable:
    book = codebook()
    for section in ("units", "codes"):
        for name in getattr(source, section):
            if name not in book:
                known = [v.name for v in book]
                raise InputError(
                    f"{section} of source {source.name!r} name {name!r}, which is no variable of the codebook",
                    do=did_you_mean(name, known),
                )
    raw = read_source(source, folder, frozenset(config.values.missing))
    hints = SourceHints(rename=source.rename, units=source.units, codes=source.codes)
    settings = SourceSettings(
        decimal=source.decimal,
        dates=source.dates,
        center=source.center,
        missing=frozenset(config.values.missing),
        unit_doubt=config.values.unit_doubt,
        partial_dates=config.values.partial_dates,
        today=today,
    )
    return clean_table(raw, understand(raw, hints, book), book.variables, settings)
