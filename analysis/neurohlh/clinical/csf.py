"""The cerebrospinal-fluid domain: age-specific limits, blood in the sample, and what a value can decide.

Limits are the default rows of catalogue/cns/csf_reference.csv (each with its source and status); a local upper limit
(`csf_wbc_uln`, `csf_protein_uln`) wins over the age table. Rules (dossier 6.4 and 7) and what they leave open
("toolkit" marks our own operational choice):

* abnormal if cells or protein exceed their limit or haemophagocytes are seen; normal only if both are known and normal;
  glucose does not count; bacteria in the fluid leave the domain unknown; `lp_done` = 0 leaves it unknown;
* blood in the sample: cells and protein are corrected wherever `csf_rbc` is known, and the classification must be the
  same with the raw and the corrected value, else it is unknown. Cells: minus csf_rbc x wbc / (rbc_blood x 1000), floor
  0, with 1000:1 where a blood count is missing (flagged). Protein: minus 1.1 mg/dL per 1000 erythrocytes/uL
  (doi 10.1016/j.jpeds.2011.02.038), 1.9 up to 56 days of age (doi 10.1002/jhm.1920), the larger where age is unknown;
* unknown age: above the highest limit of all ages is abnormal, not above the lowest is normal, between is unknown. An
  age of exactly 0 years without days is that of an infant in completed years: the limits of the first year (toolkit);
* `<5` and `>500` decide only what they can; with `>` in `csf_rbc` the correction is unknown;
* the summary `csf_abnormal` is one more component (an empty cell is unknown) where the definition uses the age table
  for both; a value for which no source has a column is not asked beside it (toolkit).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any, Literal

import narwhals as nw

from neurohlh.clinical.observe import FALSE, Columns, Known, each, either
from neurohlh.clinical.symptoms import age_in_days
from neurohlh.etl.codebook import CATALOGUE

Use = Literal["age", "not used"] | float
"""How a definition reads an analyte: by the age table, not at all, or above a fixed limit (canonical unit)."""
WBC, PROTEIN, RBC, SUMMARY = "csf_wbc", "csf_protein", "csf_rbc", "csf_abnormal"
PROTEIN_PER_RBC, PROTEIN_PER_RBC_INFANT = 1.1e-5, 1.9e-5
"""g/L per erythrocyte/uL: 1.1 and 1.9 mg/dL per 1000/uL."""
INFANT_DAYS = 56
RBC_PER_WBC_DEFAULT = 1000.0
TOLERANCE = 1e-9
"""Absorbs what a change of unit does to the last digit: 35 mg/dL is not above 0.35 g/L."""
_DAYS_OF_FIRST_YEAR = 365
_INPUTS = ("lp_done", "csf_hemophagocytes", "csf_pathogen", "wbc", "rbc_blood", "age_days", "age_years")


@dataclass(frozen=True)
class CsfRule:
    """Which analytes a definition uses and with which limits."""

    wbc: Use = "age"
    protein: Use = "age"
    haemophagocytes: bool = True

    @property
    def by_age(self) -> bool:
        """Whether both analytes are read by the age table, so that a hospital's summary means the same."""
        return self.wbc == "age" and self.protein == "age"


SENSITIVITY = {
    "age default": CsfRule(),
    "fixed 0.40": CsfRule(protein=0.40),
    "fixed 0.45": CsfRule(protein=0.45),
    "wbc-only": CsfRule(protein="not used"),
}
"""The protein rules that a sensitivity analysis compares (dossier 7)."""


@dataclass(frozen=True)
class Limit:
    """A default row of the reference table: ages from `first_day` to `last_day`, both included."""

    first_day: int
    last_day: int
    upper: float
    source: str
    status: str
    falling: bool = False
    """Falls in a line over these ages (dossier rule) instead of being constant."""


@lru_cache(maxsize=4)
def reference(analyte: str) -> tuple[Limit, ...]:
    """The default limits of 'csf_wbc' (cells/uL), 'csf_protein' (g/L) or 'csf_rbc' (traumatic from), by age."""
    text = (CATALOGUE / "cns" / "csf_reference.csv").read_text(encoding="utf-8")
    rows = [r for r in csv.DictReader(text.splitlines()) if r["variable"] == analyte and r["is_default"] == "1"]
    return tuple(_limit(row) for row in rows)


def _limit(row: dict[str, str]) -> Limit:
    days = int(row["age_min_days"]), int(row["age_max_days"])
    return Limit(*days, float(row["limit"]), row["source"], row["status"], row["limit_type"] == "interpolated")


def inputs() -> tuple[str, ...]:
    """The variables that this domain reads."""
    analytes = (WBC, PROTEIN, RBC)
    return (*analytes, *(f"{a}_censored" for a in analytes), f"{WBC}_uln", f"{PROTEIN}_uln", SUMMARY, *_INPUTS)


def limits(columns: Columns, analyte: str, use: Use) -> tuple[nw.Expr, nw.Expr]:
    """The lowest and the highest limit that may hold for the patient; equal where age or a local limit is known."""
    if isinstance(use, float):
        return nw.lit(use), nw.lit(use)
    rows, age = reference(analyte), age_in_days(columns)
    # Ages from years fall between whole days; a row ends half a day after its last one, so 10 years open the next row.
    by_age = reduce(
        lambda rest, row: nw.when(age < row.last_day + 0.5).then(_upper(row, age)).otherwise(rest),
        reversed(rows[:-1]),
        nw.lit(rows[-1].upper),
    )
    first_year = [r for r in rows if r.first_day <= _DAYS_OF_FIRST_YEAR]
    infant = (columns.number("age_years") == 0).fill_null(False)
    pair = []
    for pick in (min, max):
        unknown = nw.when(infant).then(nw.lit(pick(_uppers(first_year)))).otherwise(nw.lit(pick(_uppers(rows))))
        limit = nw.when(age.is_null()).then(unknown).otherwise(by_age)
        local = f"{analyte}_uln"
        pair.append(nw.coalesce(columns.number(local), limit) if local in columns else limit)
    return pair[0], pair[1]


def _uppers(rows: list[Limit] | tuple[Limit, ...]) -> list[float]:
    return [r.upper for r in rows]


def _upper(row: Limit, age: nw.Expr) -> nw.Expr:
    """The row's limit; protein falls in a line from 0.99 at day 60 to 0.40 at day 182 (dossier 7)."""
    if not row.falling:
        return nw.lit(row.upper)
    falling = 0.99 - (age - 60) * (0.59 / 122)
    return nw.when(age < row.last_day).then(falling).otherwise(nw.lit(0.40))


def corrected(columns: Columns, analyte: str) -> nw.Expr:
    """The value without the blood that the needle brought; the raw value where `csf_rbc` is unknown.

    Null where the value is unknown, or `csf_rbc` is only known to be above a limit.
    """
    raw = columns.number(analyte)
    if RBC not in columns:
        return raw
    rbc = columns.number(RBC)
    less = rbc * (_wbc_per_rbc(columns) if analyte == WBC else _protein_per_rbc(columns))
    clean = nw.when(less >= raw).then(nw.lit(0.0)).otherwise(raw - less)
    clean = nw.when(rbc.is_null() | (rbc <= 0)).then(raw).otherwise(clean)
    return nw.when(~raw.is_null() & ~columns.is_code(f"{RBC}_censored", "right")).then(clean)


def without_blood(frame: Any, analyte: str) -> Any:
    """The frame's CSF cells or protein (`csf_wbc`, `csf_protein`) without the blood that the needle brought.

    A column of the same native type as the frame's; see `corrected`.
    """
    data = nw.from_native(frame, eager_only=True)
    columns = Columns(dict(data.schema))
    return data.select(corrected(columns, analyte).alias(analyte)).get_column(analyte).to_native()


def _wbc_per_rbc(columns: Columns) -> nw.Expr:
    own = columns.number("wbc") / (columns.number("rbc_blood") * 1000)
    return nw.when(blood_known(columns)).then(own).otherwise(nw.lit(1 / RBC_PER_WBC_DEFAULT))


def blood_known(columns: Columns) -> nw.Expr:
    """Where both blood counts that the correction needs are known; a white count of 0 brings no cells with it."""
    if "wbc" not in columns or "rbc_blood" not in columns:
        return FALSE
    return ((columns.number("wbc") >= 0) & (columns.number("rbc_blood") > 0)).fill_null(False)


def _protein_per_rbc(columns: Columns) -> nw.Expr:
    older = (age_in_days(columns) >= INFANT_DAYS + 0.5).fill_null(False)
    return nw.when(older).then(nw.lit(PROTEIN_PER_RBC)).otherwise(nw.lit(PROTEIN_PER_RBC_INFANT))


def traumatic(columns: Columns) -> Known:
    """Whether the tap was traumatic: `csf_rbc` >= 1000/uL (Nigrovic 2011)."""
    cut, rbc = reference(RBC)[0].upper, columns.number(RBC)
    right, left = columns.is_code(f"{RBC}_censored", "right"), columns.is_code(f"{RBC}_censored", "left")
    below = (rbc < cut).fill_null(False) & ~right
    return Known((rbc >= cut).fill_null(False) & ~left, below | (left & (rbc <= cut).fill_null(False)))


def above(columns: Columns, analyte: str, low: nw.Expr, high: nw.Expr) -> Known:
    """Whether an analyte exceeds its limit with the raw and the corrected value, at every age that may be right.

    `low` and `high` are the limits of `limits`.
    """
    raw, clean = columns.number(analyte), corrected(columns, analyte)
    censored = f"{analyte}_censored"
    over = (clean - high > TOLERANCE).fill_null(False)
    under = (raw - low <= TOLERANCE).fill_null(False)
    if censored not in columns:
        return Known(over, under)
    right, left = columns.is_code(censored, "right"), columns.is_code(censored, "left")
    at_limit = (clean - high >= -TOLERANCE).fill_null(False)
    return Known((over & ~left) | (right & at_limit), under & ~right)


def unclear_blood(columns: Columns, parts: dict[str, Known]) -> nw.Expr:
    """Where a known value stays undecided in a sample with blood: raw and corrected do not agree."""
    if RBC not in columns:
        return FALSE
    bloody = (columns.number(RBC) > 0).fill_null(False)
    open_ = [~k.true & ~k.false & columns.is_number(a) & ~age_in_days(columns).is_null() for a, k in parts.items()]
    return bloody & either(open_)


def components(columns: Columns, rule: CsfRule) -> dict[str, Known]:
    """Each analyte that is part of the question: variable -> whether it is above its limit."""
    parts = {}
    for analyte, use in ((WBC, rule.wbc), (PROTEIN, rule.protein)):
        if use != "not used" and (analyte in columns or not summarised(columns, rule)):
            known = above(columns, analyte, *limits(columns, analyte, use)) if analyte in columns else None
            parts[analyte] = known or Known(FALSE, FALSE)
    return parts


def combine(columns: Columns, rule: CsfRule, parts: dict[str, Known]) -> Known:
    """Whether the fluid is abnormal, from its analytes (`components`), cells seen, pathogens and the summary."""
    true = [p.true for p in parts.values()]
    if rule.haemophagocytes:
        true.append(columns.yes("csf_hemophagocytes"))
    false = each(p.false for p in parts.values())
    if summarised(columns, rule):
        true.append(columns.yes(SUMMARY))
        false = false & columns.no(SUMMARY) if parts else columns.no(SUMMARY)
    open_ = columns.no("lp_done") | columns.is_code("csf_pathogen", "bacteria")
    return Known(either(true) & ~open_, false & ~either(true) & ~open_)


def tested(columns: Columns) -> nw.Expr:
    """Whether there was a lumbar puncture: `lp_done`, or where that is unknown, whether any of its results is known."""
    results = [columns.is_number(v) for v in (WBC, PROTEIN)]
    results += [columns.yes(SUMMARY), columns.no(SUMMARY), columns.yes("csf_hemophagocytes")]
    return columns.yes("lp_done") | (~columns.no("lp_done") & either(results))


def summarised(columns: Columns, rule: CsfRule) -> bool:
    """Whether the hospital's `csf_abnormal` is one of the components."""
    return SUMMARY in columns and rule.by_age
