"""Which numbers of a tidy frame are withheld: small counts, the counts beside them, and what rests on either.

Rows that break the same patients down by the same variable are a block. In a block by groups a single small count takes
the whole breakdown away, so that neither margins nor another table can give it back; in a block without groups two
small counts protect each other, and one alone takes the block away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from neurohlh.core.suppression import SUPPRESSED, numbers
from neurohlh.report.disclose.rule import Rule, near

NUMBERS = ("n", "events", "estimate", "conf_low", "conf_high", "coef", "std_error", "statistic", "df", "p_value")
COUNTED = ("count", "patients", "patients, deaths", "missing", "censored")
SHARES = (*COUNTED, "proportion", "risk", "RD", "RR", "observed risk", "share known", "difference")
"""Measures from which a count follows when the other is known."""
QUANTILES = ("median", "q25", "q75", "days", "regions", "log10 copies/mL")
"""Measures of the values of many patients, from which no count follows."""
IN_TIME = ("survival", "cumulative incidence", "incidence difference", "incidence ratio")
"""Measures at a time of a curve: `disclose.curves` rules them."""
_TOTAL = ("", "overall")
_EXTREMES = r"\b(?:smallest|largest|lowest|highest|minimum|maximum|earliest|latest)\b"


def withheld(tidy: pd.DataFrame, rule: Rule) -> dict[str, np.ndarray]:
    """Column -> whether the number of each row is withheld, for every column of `NUMBERS`."""
    size = len(tidy)
    whole = np.zeros(size, dtype=bool)
    small = _small(tidy, rule)
    for block in _blocks(tidy):
        whole[block] |= _of_block(tidy.iloc[block], small[block], rule)
    whole |= small
    found = {column: whole.copy() for column in NUMBERS}
    keeps = tidy["measure"].isin(QUANTILES).to_numpy() & ~small
    for column in NUMBERS[2:]:
        found[column] &= ~keeps
    _near(tidy, rule, found)
    extreme = _extreme(tidy)
    found["estimate"] |= extreme
    return found


def mask(frame: pd.DataFrame, found: Mapping[str, np.ndarray]) -> tuple[pd.DataFrame, int]:
    """The frame with the state in the place of what is withheld, and how many numbers that took away."""
    masked, taken = frame.copy(), 0
    for column, withheld_rows in found.items():
        away = withheld_rows & frame[column].notna().to_numpy()
        if away.any():
            taken += int(away.sum())
            masked[column] = numbers([SUPPRESSED if a else v for a, v in zip(away, frame[column], strict=True)]).array
    return masked, taken


def _small(tidy: pd.DataFrame, rule: Rule) -> np.ndarray:
    flags = []
    for row in tidy[["measure", "n", "events", "estimate"]].itertuples(index=False):
        counts = [row.n, row.events]
        if row.measure in IN_TIME:
            flags.append(False)
            continue
        counts.append(row.n - row.events)
        if row.measure in COUNTED and float(row.estimate).is_integer():
            counts += [row.estimate, row.n - row.estimate]
        flags.append(any(rule.small(v) for v in counts))
    return np.array(flags, dtype=bool)


def _blocks(tidy: pd.DataFrame) -> Iterator[np.ndarray]:
    """Rows that break down the same patients: by variable, or by term where no variable is named."""
    named = tidy["variable"] != ""
    key = tidy["population"] + "\n" + tidy["variable"].where(named, "term " + tidy["term"])
    joined = _joined(tidy, key)
    for _, rows in tidy.groupby(key.map(lambda k: joined.get(k, k)), sort=False):
        yield tidy.index.get_indexer(rows.index)


def _joined(tidy: pd.DataFrame, key: pd.Series) -> dict[str, str]:
    """Blocks without a variable whose terms are parts of one whole, by the key of the first of them."""
    found: dict[str, str] = {}
    free = tidy[(tidy["variable"] == "") & tidy["measure"].isin(SHARES) & (tidy["contrast"] == "")]
    for _, rows in free.groupby(["population", "level", "group", "time", "measure", "n"], dropna=False, sort=False):
        parts = _part(rows)
        if rows["term"].nunique() > 1 and parts.notna().all() and parts.sum() == rows["n"].iloc[0]:
            keys = [found.get(key[i], key[i]) for i in rows.index]
            found |= dict.fromkeys((*(key[i] for i in rows.index), *keys), keys[0])
            found = {k: keys[0] if first in keys else first for k, first in found.items()}
    return found


def _part(rows: pd.DataFrame) -> pd.Series:
    """What each row counts of its `n`: the estimate of a count, otherwise the events."""
    return rows["estimate"].where(rows["measure"].isin(COUNTED) & rows["estimate"].notna(), rows["events"])


def _of_block(rows: pd.DataFrame, small: np.ndarray, rule: Rule) -> np.ndarray:
    in_time = rows["measure"].isin(IN_TIME).to_numpy()
    implied = _implied(rows, rule)
    if not small.any() and not implied:
        return np.zeros(len(rows), dtype=bool)
    contrast = (rows["contrast"] != "").to_numpy()
    total = rows["group"].isin(_TOTAL).to_numpy() & ~contrast
    grouped = rows.loc[~contrast & ~in_time, "group"].nunique() > 1
    if grouped:
        # The column of all patients stays where only the groups within it are small.
        return np.ones(len(rows), dtype=bool) if (small & total).any() or not total.any() else ~total
    units = _units(rows)
    hit = units.isin(set(units[small])).to_numpy()
    if implied or _alone(rows[hit], units[hit], rule):
        return np.ones(len(rows), dtype=bool)
    return hit | contrast


def _units(rows: pd.DataFrame) -> pd.Series:
    """What a row of a block without groups counts: its level, or its term where it has no level."""
    return rows["level"].where(rows["level"] != "", rows["term"])


def _alone(rows: pd.DataFrame, units: pd.Series, rule: Rule) -> bool:
    """Whether the rows that would be hidden can be told from what their sums must be."""
    if units.nunique() < 2:
        return True
    return any(
        rule.pinned([v for v in part[column] if v == v])
        for _, part in rows.groupby(["term", "measure"], sort=False)
        for column in ("n", "events")
    )


def _implied(rows: pd.DataFrame, rule: Rule) -> bool:
    """Whether what the rows leave over of their whole is a small count that no row shows."""
    shares = rows[rows["measure"].isin(("proportion", "risk", *COUNTED)) & (rows["contrast"] == "")]
    for _, part in shares.groupby(["term", "group", "measure", "n"], sort=False):
        if part["level"].nunique() > 1 and rule.small(part["n"].iloc[0] - _part(part).sum()):
            return True
    total = shares["group"].isin(_TOTAL)
    for key, whole in shares[total].groupby(["term", "level", "measure"], sort=False):
        parts = shares[~total & (shares[["term", "level", "measure"]] == list(key)).all(axis=1)]
        if len(parts) and any(rule.small(whole[c].sum() - parts[c].sum()) for c in ("n", "events")):
            return True
    return False


def _near(tidy: pd.DataFrame, rule: Rule, found: dict[str, np.ndarray]) -> None:
    """Whole analyses that differ by few patients from another: their counts, parts that add up to them, and shares."""
    hit = np.array([rule.hidden(n) for n in tidy["n"]], dtype=bool) | _nested(tidy, rule)
    keys = ["population", "variable", "term", "level", "measure", "time", "contrast"]
    for _, rows in tidy.groupby(keys, dropna=False, sort=False):
        if len(rows) > 1 and rows["group"].nunique() == len(rows) and rule.hidden(rows["n"].sum()):
            hit[tidy.index.get_indexer(rows.index)] = True
    found["n"] |= hit
    found["events"] |= hit
    counted = hit & tidy["measure"].isin(SHARES).to_numpy()
    for column in NUMBERS[2:]:
        found[column] |= counted


def _nested(tidy: pd.DataFrame, rule: Rule) -> np.ndarray:
    """Rows of all patients of an analysis that differ by few from others of the same population: crude and adjusted."""
    hit = np.zeros(len(tidy), dtype=bool)
    whole = tidy[tidy["group"].isin(_TOTAL) & (tidy["level"] == "") & ~tidy["measure"].isin((*SHARES, *IN_TIME))]
    for _, rows in whole[whole["n"].notna()].groupby("population", sort=False):
        pairs = list(zip(rows["n"], rows["events"], strict=True))
        away = near(pairs, rule.minimum)
        hit[tidy.index.get_indexer(rows.index)] = [pair in away for pair in pairs]
    return hit


def _extreme(tidy: pd.DataFrame) -> np.ndarray:
    """Rows that show the value of a single patient: the smallest, the largest."""
    named = (tidy["term"] + " " + tidy["level"]).str.contains(_EXTREMES, case=False, regex=True)
    return np.asarray(named & tidy["conf_low"].isna(), dtype=bool)


def own_rows(tidy: pd.DataFrame) -> np.ndarray:
    """Which rows speak of the study's own patients and not of published ones."""
    published = tidy["population"].str.startswith("published") | tidy["method"].eq("as printed")
    return np.asarray(~published, dtype=bool)
