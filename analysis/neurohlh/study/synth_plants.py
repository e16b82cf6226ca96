"""Mess that needs a particular cell: unit mistakes, open ages, ambiguous dates, free text, duplicates.

Each `Plant` rewrites one plain cell of its variable. Numbers in `pattern` follow the project's list of what real HLH
tables look like (docs: A numbers, B yes/no/unknown, C time, D layout, E free text).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pandas as pd
from numpy.random import Generator

from neurohlh.study.synth_mess import BLANK, FULL_WIDTH, MISSING, REFUSED_OK, VALUE, Cell, Raw, plain, typed
from neurohlh.study.synth_sheets import Field

D = Decimal


@dataclass
class Ward:
    """One hospital's patients and their cells, while the mess is made; `order` lists the rows to be written, as
    (position of the patient, cells that differ from the patient's own)."""

    hospital: str
    people: pd.DataFrame
    fields: dict[str, Field]
    cells: dict[str, list[Cell]]
    order: list[tuple[int, dict[str, Cell]]] = field(default_factory=list)


@dataclass(frozen=True)
class Plant:
    """`write` gets the true canonical text and the patient, and gives the cell, or None where it does not fit."""

    variable: str
    write: Callable[[str, pd.Series], Cell | None]
    times: int = 1


def _always(raw: str, truth: str, expect: str, pattern: str) -> Callable[[str, pd.Series], Cell | None]:
    return lambda _t, _p: Cell(raw, truth, expect, pattern)


def _where(code: str, raw: str, expect: str, pattern: str, truth: str | None = None) -> Callable[..., Cell | None]:
    """Only where the true code is `code`."""
    return lambda t, _p: Cell(raw, t if truth is None else truth, expect, pattern) if t == code else None


def _other_unit(factor: str, unit: str, pattern: str = "D70 another unit in the cell") -> Callable[..., Cell | None]:
    """The number in another unit, which the cell names: canonical = recorded x factor."""

    def write(t: str, _p: pd.Series) -> Cell:
        shown = plain(round(D(t) / D(factor), 2))
        return Cell(shown + unit, plain(round(D(shown) * D(factor), 9)), VALUE, pattern)

    return write


def _unit_mistake(factor: str, low: str, high: str) -> Callable[..., Cell | None]:
    """The number in another unit that nobody names, where it is impossible in the column's (`low`..`high` recorded)."""

    def write(t: str, p: pd.Series) -> Cell | None:
        shown = plain(round(D(t) / D(factor), 2))
        if not D(low) <= D(shown) <= D(high):
            return None
        raw: Raw = shown if p["hospital"] == "B" else typed(shown)
        return Cell(raw, plain(round(D(shown) * D(factor), 9)), REFUSED_OK, "D70 impossible in the unit of its column")

    return write


def _above(limit: str, raw: str) -> Callable[..., Cell | None]:
    def write(t: str, _p: pd.Series) -> Cell | None:
        return Cell(raw, limit, VALUE, "A2 limit with its unit", "right") if D(t) > D(limit) else None

    return write


def _power(t: str, _p: pd.Series) -> Cell:
    mantissa, exponent = f"{float(t):.1E}".split("E")
    raw = f"{mantissa}×10^{int(exponent)}"
    return Cell(raw, plain(D(f"{mantissa}E{exponent}")), VALUE, "A6 scientific notation")


def _scientific(t: str, _p: pd.Series) -> Cell:
    text = f"{float(t):.1E}"
    return Cell(text + " copies/ml", plain(D(text)), VALUE, "A6 scientific notation")


def _indian(t: str, _p: pd.Series) -> Cell | None:
    number = int(D(t) * 1000)
    if number < 100_000:
        return None
    return Cell(f"{number // 100000},{number // 1000 % 100:02d},{number % 1000:03d}", t, VALUE, "A5 Indian grouping")


def _date(shape: str, expect: str, pattern: str) -> Callable[..., Cell | None]:
    """A date that no order decides: 'month' only, 'short' year, 'us' slashes; day and month are both at most 12."""

    def write(t: str, _p: pd.Series) -> Cell | None:
        day = dt.date.fromisoformat(t)
        if day.day > 12 or day.day == day.month:
            return None
        shapes = {
            "month": f"{day.year}年{day.month}月",
            "Month": f"{day:%m}/{day.year}",
            "short": f"{day.year % 100}-{day.month}-{day.day}",
            "us": f"{day.month}/{day.day}/{day.year}",
        }
        return Cell(shapes[shape], "", expect, pattern)

    return write


_NUMBER_WORDS = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def _age_words(_t: str, p: pd.Series) -> Cell | None:
    years = int(p["age_days"] / 365.25)
    return Cell(f"{_NUMBER_WORDS[years]}-year-old", str(years), VALUE, "C44 number words") if 1 <= years <= 12 else None


def _age_iso(_t: str, p: pd.Series) -> Cell | None:
    months = int(p["age_days"] / 30.4375)
    years, rest = divmod(months, 12)
    return Cell(f"P{years}Y{rest}M", f"{months / 12:.8g}", VALUE, "C45 ISO 8601 duration") if rest and years else None


def _age_open(_t: str, p: pd.Series) -> Cell | None:
    months = int(p["age_days"] / 30.4375)
    return Cell(f"{months}+月", f"{months / 12:.8g}", REFUSED_OK, "C46 open age") if 2 <= months <= 11 else None


def _age_wide(_t: str, p: pd.Series) -> Cell | None:
    years, rest = divmod(int(p["age_days"] / 30.4375), 12)
    raw = f"{years}岁{rest}月".translate(FULL_WIDTH)
    return Cell(raw, f"{years + rest / 12:.8g}", VALUE, "D68 full-width digits") if rest and years else None


def _adult(raw: str) -> Callable[..., Cell | None]:
    return lambda _t, p: Cell(raw, "", MISSING, "C44 band of age") if p["adult"] else None


def _csf_report(t: str, _p: pd.Series) -> Cell:
    return Cell(f"压力210mmH2O, 细胞数2, 蛋白{t}g/L, 糖3.1", t, REFUSED_OK, "E80 a whole report in one cell")


def _comma(t: str, _p: pd.Series) -> Cell:
    return Cell(f"{D(t) / 10:.1f}".replace(".", ","), t, REFUSED_OK, "decimal comma against the file's habit")


PLANTS_A: tuple[Plant, ...] = (
    Plant("platelets", lambda t, _p: Cell(f"{t} x 109/L", t, VALUE, "A8 superscript lost"), 2),
    Plant("platelets", lambda t, _p: Cell(f"{t}×10^9/L", t, VALUE, "unit in the cell"), 2),
    Plant("platelets", lambda t, _p: Cell(f"{plain(D(t) / 10)}万/μL", t, VALUE, "D70 another unit in the cell")),
    Plant("platelets", lambda t, _p: Cell(f"{t} x 10^6/mm3", t, REFUSED_OK, "A9 impossible unit")),
    Plant("platelets", lambda t, _p: Cell(f"{t}→{int(t) + 12}→{int(t) - 3}", "", REFUSED_OK, "D69 serial values")),
    Plant("ferritin", _always("159 076552958 255", "", REFUSED_OK, "A11 three cells run together")),
    Plant("ferritin", _always("明显升高", "", MISSING, "B35 words for a number")),
    Plant("ferritin", _above("3000", "> 3000 ng/mL"), 2),
    Plant("ferritin", _above("2000", "＞２０００")),
    Plant("hemoglobin", _other_unit("10", "g/dL"), 2),
    Plant("hemoglobin", _unit_mistake("10", "4", "9.9"), 2),
    Plant("triglycerides", _other_unit("0.01129", " mg/dL"), 2),
    Plant("triglycerides", _unit_mistake("0.01129", "90", "900"), 2),
    Plant("fibrinogen", _other_unit("0.01", "mg/dL")),
    Plant("fibrinogen", _unit_mistake("0.01", "40", "600"), 2),
    Plant("csf_protein", lambda t, _p: Cell(f"{t}g/L", t, VALUE, "D70 another unit in the cell"), 2),
    Plant("csf_protein", _other_unit("0.01", "mg/dL")),
    Plant("csf_protein", _unit_mistake("1", "0.1", "3")),
    Plant("csf_protein", _csf_report),
    Plant("csf_wbc", lambda t, _p: Cell(f"WBC {t}, RBC 12000", t, REFUSED_OK, "E78 two counts in one cell")),
    Plant("ebv_dna", _scientific, 2),
    Plant("ebv_dna", _power),
    Plant("scd25", _always("6400 pg/mL", "6400", REFUSED_OK, "D70 unit without a factor")),
    Plant("ebv_status", _where("positive", "弱阳性", REFUSED_OK, "B31 weak positive")),
    Plant("ebv_status", _where("positive", "++", VALUE, "B31 graded positive")),
    Plant("ebv_status", _always("±", "", MISSING, "B31 equivocal")),
    Plant("splenomegaly", _always("±", "", MISSING, "B31 equivocal")),
    Plant("hepatomegaly", _where("true", "有*", VALUE, "B34 yes with a footnote"), 2),
    Plant("lymphadenopathy", _always("可疑", "", MISSING, "B30 possible is not yes"), 2),
    Plant("lymphadenopathy", _always("?", "", MISSING, "B30 possible is not yes")),
    Plant("mri_abnormal", _where("not_met", "未见出血及异常强化", REFUSED_OK, "E75 negated finding")),
    Plant("mri_abnormal", _where("not_met", "鼻窦炎，余未见异常", REFUSED_OK, "E77 abnormal scan, normal brain")),
    Plant(
        "mri_abnormal",
        _where(
            "not_met",
            "双侧脑室旁白质T2稍高信号，考虑髓鞘化不全",
            MISSING,
            "E73 normal variant of infants",
            "indeterminate",
        ),
    ),
    Plant("date_onset", _date("month", REFUSED_OK, "C55 month without a day"), 2),
    Plant("date_onset", _date("short", REFUSED_OK, "C55 year of two digits")),
    Plant("date_onset", _date("us", REFUSED_OK, "C55 ambiguous order")),
    Plant("date_onset", _always("2019-02-30", "", REFUSED_OK, "C55 no such day")),
    Plant("date_onset", _always("春节前后", "", REFUSED_OK, "C55 words for a date")),
    Plant("date_birth", _always("1970-01-01T00:00:00Z", "", MISSING, "C56 placeholder")),
    Plant("age_years", _age_open),
    Plant("age_years", _age_wide, 2),
    Plant("age_years", _always("G1P1 36W", "", MISSING, "C46 obstetric text is no age")),
    Plant("outcome_status", _where("alive", "好转", REFUSED_OK, "C52 state at discharge, not survival"), 2),
    Plant("regimen_initial", _where("HLH-94", "VP16+DXM", REFUSED_OK, "E81 drugs, no protocol", "other")),
    Plant("regimen_initial", _where("HLH-94", "地米+VP16", REFUSED_OK, "E81 drugs, no protocol", "other")),
)

PLANTS_B: tuple[Plant, ...] = (
    Plant("platelets", _indian, 2),
    Plant("platelets", _always("12/8/5", "", REFUSED_OK, "D69 serial values")),
    Plant("ferritin", _always("not tested", "", MISSING, "B36 not done")),
    Plant("ferritin", _always("hyperferritinemia", "", MISSING, "B35 words for a number")),
    Plant("ferritin", _above("3000", "> 3000 ng/mL"), 2),
    Plant("hemoglobin", _unit_mistake("1", "46", "150"), 2),
    Plant("albumin", _unit_mistake("1", "16", "48"), 2),
    Plant("albumin", _comma),
    Plant("fibrinogen", _unit_mistake("1", "0.3", "4")),
    Plant("triglycerides", _unit_mistake("1", "0.8", "8")),
    Plant("csf_protein", _unit_mistake("1", "0.1", "1.5")),
    Plant("temp_max_c", lambda t, _p: Cell(plain(round(D(t), 1)), plain(round(D(t), 1)), REFUSED_OK, "D70 in Celsius")),
    Plant("splenomegaly", _where("true", "Yes*", VALUE, "B34 yes with a footnote"), 2),
    Plant("splenomegaly", _always("±", "", MISSING, "B31 equivocal")),
    Plant("hepatomegaly", _always("?", "", MISSING, "B30 possible is not yes")),
    Plant("ebv_status", _always("P", "", MISSING, "B30 possible is not yes")),
    Plant("age_years", _age_iso),
    Plant("age_years", _age_words, 2),
    Plant("age_years", _adult("middle-aged")),
    Plant("death", _where("true", "Dead of disease at 4 y", REFUSED_OK, "C49 time without a zero")),
    Plant("date_onset", _date("Month", REFUSED_OK, "C55 month without a day")),
    Plant("date_onset", _always("32/01/2019", "", REFUSED_OK, "C55 no such day")),
    Plant("regimen_initial", _where("HLH-94", "VP16+DXM", REFUSED_OK, "E81 drugs, no protocol", "other")),
    Plant(
        "mri_abnormal",
        _where(
            "not_met",
            "no evidence of haemorrhage; T2 hyperintensity resolved compared with previous",
            REFUSED_OK,
            "E76 negation and time",
        ),
    ),
)


_HABITS = frozenset({"", "A4 thousands comma", "A6 scientific notation", "C41 unit in the cell", "C55 date as text"})


def plant(rng: Generator, ward: Ward, plants: tuple[Plant, ...]) -> None:
    """Each plant into as many plain cells as it asks for, in patients drawn at random."""
    for item in plants:
        cells = ward.cells[item.variable]
        left = item.times
        for position in rng.permutation(len(cells)):
            old = cells[position]
            if left == 0:
                break
            if old.pattern not in _HABITS or old.expect != VALUE:
                continue
            new = item.write(old.truth, ward.people.iloc[int(position)])
            if new is not None:
                cells[position] = new
                left -= 1


def plant_contradictions(rng: Generator, ward: Ward) -> None:
    """Cells that read well and can't be true together; each is read as it stands, and the checks must say so."""
    people = ward.people.reset_index(drop=True)
    old_enough = people["age_days"].to_numpy() > 400  # or the wrong date would lie before birth, too
    dead = rng.permutation(people.index[people["died"].to_numpy() & old_enough].to_numpy())
    grafted = people.index[people["hsct"].to_numpy() & old_enough]
    _redate(ward, "date_death", int(dead[0]), people.loc[dead[0], "date_admission"], -300, "C57 death before admission")
    _redate(ward, "date_hsct", int(grafted[0]), people.loc[grafted[0], "date_hlh_diagnosis"], -40, "C57 graft first")
    ward.cells["date_death"][int(dead[1])] = replace(BLANK, pattern="death without its date")
    untested = rng.permutation(people.index[~people["lp_done"].to_numpy()].to_numpy())
    raw: Raw = "3" if ward.hospital == "B" else 3
    ward.cells["csf_wbc"][int(untested[0])] = Cell(raw, "3", VALUE, "CSF value, puncture 'not done'")


def _redate(ward: Ward, variable: str, position: int, near: pd.Timestamp, days: int, pattern: str) -> None:
    day = (near + pd.Timedelta(days=days)).to_pydatetime()
    raw: Raw = day.strftime("%d/%m/%Y") if ward.hospital == "B" else day
    ward.cells[variable][position] = Cell(raw, day.date().isoformat(), VALUE, pattern)


def give_up(rng: Generator, ward: Ward, how_many: int = 8) -> None:
    """Families that ended treatment: what became of the patient is not known (C51)."""
    alive = [k for k, c in enumerate(ward.cells["outcome_status"]) if c.truth == "lost" and not c.pattern]
    for position in rng.permutation(alive)[:how_many]:
        cell = Cell("放弃治疗", "withdrawn_care_alive", REFUSED_OK, "C51 treatment given up")
        ward.cells["outcome_status"][int(position)] = cell


def repeat_rows(rng: Generator, ward: Ward, identical: int, conflicting: int) -> None:
    """Rows written twice: some identical, some with another platelet count and date of last contact."""
    n = len(ward.people)
    ward.order = [(k, {}) for k in range(n)]
    usable = [k for k in rng.permutation(n) if all(not ward.cells[v][k].pattern for v in _CONFLICT)]
    for k in usable[:identical]:
        ward.order.insert(int(rng.integers(k + 1, len(ward.order) + 1)), (int(k), {}))
    for k in usable[identical : identical + conflicting]:
        ward.order.append((int(k), _conflict(ward, int(k))))


_CONFLICT = ("hemoglobin", "albumin")


def _conflict(ward: Ward, k: int) -> dict[str, Cell]:
    """Other values for the second row; of the two nobody knows which is right, so the truth of both is empty."""
    second: dict[str, Cell] = {}
    for variable in _CONFLICT:
        old = ward.cells[variable][k]
        if old.expect != VALUE:
            continue
        raw = plain(D(str(old.raw)) + D("0.7"))
        unknown = replace(old, truth="", expect=REFUSED_OK, pattern="two rows of one patient disagree")
        ward.cells[variable][k] = unknown
        second[variable] = replace(unknown, raw=raw if ward.hospital == "B" else typed(raw))
    return second


def transfer(rng: Generator, people: pd.DataFrame, how_many: int = 3) -> None:
    """Patients of hospital A who turn up in hospital B under another number: near-duplicates across centres.

    Each takes the place of a patient of B with the same CNS pattern and outcome, so the published margins stay.
    """
    kept = ("hospital", "patient_id", "center_id")
    keys = ["true_S", "true_C", "true_I", "died", "lost"]
    in_b = people.index[people["hospital"] == "B"]
    found = 0
    for source in rng.permutation(people.index[people["hospital"] == "A"].to_numpy()):
        same = (people.loc[in_b, keys] == people.loc[source, keys]).all(axis=1)
        if found == how_many or not same.any():
            continue
        target = in_b[same.to_numpy()][0]
        in_b = in_b.drop(target)
        for column in people.columns.difference(list(kept)):
            people.loc[target, column] = people.loc[source, column]
        people.loc[target, "mri_report_text"] = None  # the report stays with the hospital that wrote it
        people.loc[target, "transferred_from"] = people.loc[source, "patient_id"]
        found += 1
