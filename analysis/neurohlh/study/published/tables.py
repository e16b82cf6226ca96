"""The two tables of published evidence, read and checked; every fault names its file, row and column."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np
import pandas as pd

from neurohlh.core.errors import InputError, Location, did_you_mean
from neurohlh.study.published.rules import EVIDENCE, rules

COHORT_COUNTS = (
    "n_total", "n_cns_evaluable", "n_cns", "n_neuro_symptoms", "n_neuro_symptoms_denominator", "n_csf_tested",
    "n_csf_abnormal", "n_imaging_tested", "n_imaging_abnormal", "n_died_total", "n_outcome_known",
    "n_cns_outcome_known", "n_cns_died", "n_nocns_outcome_known", "n_nocns_died", "n_survivors_assessed",
    "n_neuro_sequelae",
)  # fmt: skip
COHORT_TEXTS = (
    "row_use", "cohort_id", "first_author", "year", "country", "enrol_start", "enrol_end", "age_group", "design",
    "cns_domains", "overlap_group", "aetiology_mix", "derived_fields", "notes", "source_location",
)  # fmt: skip
SURVIVAL = ("os_cns_pct", "os_cns_se_pct", "os_nocns_pct", "os_nocns_se_pct", "os_all_pct")
"""Survival in percent; a cell may hold several values ('46.7 ; 44.4'), which are then not computed with."""
SURVIVAL_LIMITS = (
    "os_cns_ci_low_pct", "os_cns_ci_high_pct", "os_nocns_ci_low_pct", "os_nocns_ci_high_pct", "os_all_ci_low_pct",
    "os_all_ci_high_pct",
)  # fmt: skip
EFFECT_NUMBERS = ("estimate", "ci_low", "ci_high", "ci_level")
EFFECT_COUNTS = ("exposed_events", "exposed_n", "reference_events", "reference_n")
EFFECT_TEXTS = (
    "effect_id", "cohort_id", "first_author", "year", "contrast", "exposed_group", "reference_group", "outcome",
    "time_horizon", "measure", "p", "adjusted", "covariates", "direction_note",
)  # fmt: skip
MEASURES = ("HR", "OR", "RR", "2x2", "r x c")


@dataclass(frozen=True)
class Evidence:
    """The published cohorts and effects.

    Attributes
    ----------
    cohorts : a row per cohort; counts as numbers (NaN where not printed), texts as text ('' where empty), survival in
        percent (NaN where the cell holds no single number), `label` (author and year), `row` (as a spreadsheet counts).
    effects : a row per printed contrast, likewise; `printed` holds the estimate and its limits as they are written,
        for the rounding of their digits; `p_value` and `p_sign` ('=' or '<').
    files : name -> SHA-256 of the two files.
    """

    cohorts: pd.DataFrame
    effects: pd.DataFrame
    files: dict[str, str]


def read_evidence(cohorts: Path | None = None, effects: Path | None = None) -> Evidence:
    """The evidence of these two files, each by default the catalogue's.

    Raises InputError for a missing file or column, text in a number column, an unknown `row_use` or measure, a repeated
    identifier, and an effect of a cohort that the cohorts don't name.
    """
    sources = [cohorts or EVIDENCE / "published_cohorts.csv", effects or EVIDENCE / "published_effects.csv"]
    texts = [_text(source) for source in sources]
    names = [source.name for source in sources]
    of_cohorts = _cohorts(_frame(texts[0], names[0], (*COHORT_TEXTS, *COHORT_COUNTS, *SURVIVAL)), names[0])
    raw = _frame(texts[1], names[1], (*EFFECT_TEXTS, *EFFECT_NUMBERS, *EFFECT_COUNTS))
    found = _effects(raw, names[1], of_cohorts, names[0])
    shas = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    return Evidence(of_cohorts, found, dict(zip(names, shas, strict=True)))


def _text(source: Path | Traversable) -> str:
    if not source.is_file():
        raise InputError(f"there is no file {source.name!r}", do="Give the path of an existing table (CSV, UTF-8).")
    try:
        return source.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("the table is not UTF-8 text", where=source.name, do="Save it as CSV in UTF-8.") from None


def _frame(text: str, name: str, wanted: Sequence[str]) -> pd.DataFrame:
    try:
        frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, skip_blank_lines=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(f"not a table: {error}", where=name, do="Save it as CSV with one header row.") from None
    frame.columns = [str(c).strip() for c in frame.columns]
    missing = [c for c in wanted if c not in frame]
    if missing:
        hint = did_you_mean(missing[0], frame.columns)
        raise InputError(
            f"the column {missing[0]!r} is missing" + (f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""),
            where=Location(name, row=1),
            do=f"{hint} The tables in catalogue/evidence show the columns.",
        )
    frame = frame.apply(lambda column: column.str.strip())
    frame["row"] = np.arange(len(frame)) + 2
    kept = frame[(frame.drop(columns="row") != "").any(axis=1)]
    if kept.empty:
        raise InputError("the table holds no row", where=name, do="Give a table with at least one.")
    return kept.reset_index(drop=True)


def _cohorts(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    _identified(frame, "cohort_id", name)
    known = rules()["row_use"]
    for row in frame[~frame["row_use"].isin(list(known))].to_dict("records"):
        raise InputError(
            f"{row['row_use']!r} is no known use of a row",
            where=Location(name, row=int(row["row"]), column="row_use"),
            why="only rows whose use is known may enter a pool",
            do=did_you_mean(str(row["row_use"]), known),
        )
    frame = frame.assign(**{c: _numbers(frame, c, name, whole=True) for c in COHORT_COUNTS})
    for column in (*SURVIVAL, *SURVIVAL_LIMITS):
        printed = frame[column] if column in frame else pd.Series("", index=frame.index)
        frame[f"{column}_printed"] = printed
        frame[column] = pd.to_numeric(printed, errors="coerce")
    frame["published"] = _numbers(frame, "year", name, whole=True)
    return frame.assign(label=_labels(frame))


def _effects(frame: pd.DataFrame, name: str, cohorts: pd.DataFrame, cohorts_name: str) -> pd.DataFrame:
    _identified(frame, "effect_id", name)
    label = dict(zip(cohorts["cohort_id"], cohorts["label"], strict=True))
    for row in frame[~frame["cohort_id"].isin(list(label))].to_dict("records"):
        raise InputError(
            f"the cohort {row['cohort_id']!r} is not in {cohorts_name}",
            where=Location(name, row=int(row["row"]), column="cohort_id"),
            why="whether it shares patients with others can't be known",
            do=did_you_mean(str(row["cohort_id"]), label),
        )
    for row in frame[~frame["measure"].isin(MEASURES)].to_dict("records"):
        raise InputError(
            f"{row['measure']!r} is no known measure",
            where=Location(name, row=int(row["row"]), column="measure"),
            do=did_you_mean(str(row["measure"]), MEASURES),
        )
    frame["printed"] = list(zip(frame["estimate"], frame["ci_low"], frame["ci_high"], strict=True))
    frame = frame.assign(**{c: _numbers(frame, c, name, whole=False) for c in EFFECT_NUMBERS})
    frame = frame.assign(**{c: _numbers(frame, c, name, whole=True) for c in EFFECT_COUNTS})
    frame["ci_level"] = frame["ci_level"].fillna(0.95)
    frame["p_sign"] = np.where(frame["p"].str.startswith("<"), "<", np.where(frame["p"] == "", "", "="))
    frame["p_value"] = _numbers(frame.assign(p=frame["p"].str.lstrip("<= ")), "p", name, whole=False)
    _within(frame, "ci_level", 0.0, 1.0, name)
    _within(frame, "p_value", 0.0, 1.0, name, column="p")
    for number in ("estimate", "ci_low", "ci_high"):
        _within(frame, number, 0.0, float("inf"), name, open_low=frame["measure"].isin(["HR", "OR", "RR"]))
    return frame.assign(label=frame["cohort_id"].map(label))


def _identified(frame: pd.DataFrame, key: str, name: str) -> None:
    for row in frame[(frame[key] == "") | frame[key].duplicated()].to_dict("records"):
        text = str(row[key])
        raise InputError(
            f"{text!r} stands in two rows" if text else "the row has no identifier",
            where=Location(name, row=int(row["row"]), column=key),
            do="Give every row an identifier of its own.",
        )


def _numbers(frame: pd.DataFrame, column: str, name: str, *, whole: bool) -> pd.Series:
    """The column as numbers; the first cell that is none is an error for the reader."""
    # Only plain decimals: pandas would also take 'inf', 'nan' and '1e3'.
    plain = frame[column].str.fullmatch(r"-?(\d+\.?\d*|\.\d+)")
    values = pd.to_numeric(frame[column].where(plain & (frame[column] != "")), errors="coerce")
    wrong = (frame[column] != "") & ~plain
    if whole:
        wrong |= values.notna() & ((values < 0) | (values % 1 != 0))
    for row in frame[wrong].to_dict("records"):
        raise InputError(
            f"{row[column]!r} is no {'count' if whole else 'number'}",
            where=Location(name, row=int(row["row"]), column=column),
            why="a number that can't be read would silently leave the pool",
            do="Write the number alone, with a decimal point, or leave the cell empty; words belong into the notes.",
        )
    return values.astype(float)


def _within(
    frame: pd.DataFrame,
    values: str,
    low: float,
    high: float,
    name: str,
    *,
    column: str = "",
    open_low: pd.Series | bool = False,
) -> None:
    outside = (frame[values] < low) | (frame[values] > high) | ((frame[values] == low) & open_low)
    for row in frame[outside].to_dict("records"):
        raise InputError(
            f"{row[values]:g} is outside what this column can hold",
            where=Location(name, row=int(row["row"]), column=column or values),
            do="Compare it with the publication.",
        )


def _labels(frame: pd.DataFrame) -> pd.Series:
    """Author and year; the identifier where no author is named, and beside it where two would be called the same."""
    surname = frame["first_author"].str.replace(r"\s+[A-Z]{1,3}$", "", regex=True)
    named = (surname != "") & ~surname.str.startswith("(")
    own = np.where(named, (surname + " " + frame["year"]).str.strip(), frame["cohort_id"])
    twice = pd.Series(own).duplicated(keep=False).to_numpy()
    return pd.Series(np.where(twice, own + " (" + frame["cohort_id"] + ")", own), index=frame.index).map(_spaced)


def _spaced(text: str) -> str:
    return re.sub(r"_", " ", text)


def decimals(printed: str) -> int:
    """How many decimals a number is printed with."""
    return len(printed.partition(".")[2])
