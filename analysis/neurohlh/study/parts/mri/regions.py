"""How many brain regions MRI shows affected, and which."""

from __future__ import annotations

from typing import Any

import pandas as pd

from neurohlh.clinical.mri_regions import COUNT, CUT, DERIVED, HIGHEST, LOWEST, MANY, ORIGIN, RECORDED, Region, regions
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.describe.proportions import frequency
from neurohlh.study.parts.mri.examined import WITH_MRI, counts_of, with_mri
from neurohlh.study.parts.mri.rows import WILSON, number, quartiles, share, share_of
from neurohlh.study.parts.part import refusal

MANY_WORDS = f"{CUT} or more affected regions"
LIST = (
    "Regions of our list of ten (DOSSIER RULE, for the list of the published count was not visible): "
    + ", ".join(r.label.lower() for r in regions())
    + ". A count on another list is another number."
)
READINGS = {
    "as tested": "as far as decided",
    "unknown as negative": f"undecided read as fewer than {CUT}",
    "worst case: unknown as positive": f"undecided read as {CUT} or more",
}


def region_frequencies(frame: pd.DataFrame) -> Result:
    """Regions affected, the number of them as far as known, and how many patients have 5 or more."""
    title = "Affected brain regions on MRI"
    mine = with_mri(frame)
    if mine.empty:
        return refusal("mri_regions", title, "nobody is known to have had a brain MRI")
    if not (mine[ORIGIN] == RECORDED).any() and not _asked(frame):
        return refusal("mri_regions", title, "no source has a column on affected regions or where lesions lie")
    rows = [*_origins(mine), *_many(mine), *_number(mine)]
    for region in _asked(frame):
        rows += _region(mine[region.column], region)
    words = {"analysis": "mri_regions", "population": WITH_MRI}
    silent = [r.label.lower() for r in regions() if r not in _asked(frame)]
    return Result(
        kind="mri_regions",
        tidy=tidy_frame([{**words, **row} for row in rows]),
        method={
            "title": title,
            "estimator": "proportion; median and quartiles by linear interpolation",
            "interval": "Wilson",
            "conf_level": 0.95,
            "denominator": "patients with an MRI; undecided ones as each row says",
            "cut": f"{CUT} or more (4.5 in print): Ma 2024, Eur Radiol 34:873, VERIFIED in the abstract",
            "reference": WILSON,
        },
        counts=counts_of(frame),
        notes=(
            LIST,
            "Without the hospital's own count the findings give a lowest and a highest possible number: a region for "
            "which no finding was asked may be affected or not.",
            *([f"No column says anything of: {', '.join(silent)}."] if silent else []),
        ),
    )


def _asked(frame: pd.DataFrame) -> tuple[Region, ...]:
    return tuple(r for r in regions() if any(v in frame for v in r.shown_by))


def _origins(mine: pd.DataFrame) -> list[dict[str, Any]]:
    words = {RECORDED: "number counted by the hospital", DERIVED: "number known from findings, as bounds"}
    rows = [number(text, int((mine[ORIGIN] == code).sum())) for code, text in words.items()]
    conflict = int(((mine[ORIGIN] == RECORDED) & (mine[HIGHEST] > mine[LOWEST])).sum())
    if conflict:
        rows.append(number("hospital's number below the regions that it recorded: between the two", conflict))
    return rows


def _many(mine: pd.DataFrame) -> list[dict[str, Any]]:
    found = frequency(mine[MANY], variable=COUNT).tidy
    kept = ("n", "events", "measure", "scale", "estimate", "conf_low", "conf_high", "method", "note")
    return [
        {"term": MANY_WORDS, "level": READINGS[row["term"]], **{c: row[c] for c in kept}}
        for row in found.to_dict("records")
        if row["term"] in READINGS
    ]


def _number(mine: pd.DataFrame) -> list[dict[str, Any]]:
    exact = mine[LOWEST].where(mine[LOWEST] == mine[HIGHEST])
    return quartiles(exact, "regions", term="number of affected regions, where exactly known")


def _region(status: pd.Series, region: Region) -> list[dict[str, Any]]:
    """One row where every patient is decided, else the lowest and the highest possible share."""
    met, open_ = int((status == "met").sum()), int((status == "indeterminate").sum())
    if not open_:
        return [share_of(region.label, status)]
    note = f"undecided in {open_}"
    return [
        share(region.label, met, len(status), level="undecided read as not affected", note=note),
        share(region.label, met + open_, len(status), level="undecided read as affected", note=note),
    ]
