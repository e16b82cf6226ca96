"""The synthetic hospitals as files, the same bytes for the same seed: a workbook, a csv, and the truth beside them."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from neurohlh.study.synth_mess import Cell, Raw
from neurohlh.study.synth_plants import Ward
from neurohlh.study.synth_sheets import Field
from neurohlh.study.workbook import save_same_bytes

LABEL = "SYNTHETIC DATA - no real patient 合成数据 非真实患者"
SHEET = "SYNTHETIC 合成数据"
FILES = {"A": "hospital_A_SYNTHETIC.xlsx", "B": "hospital_B_SYNTHETIC.csv"}
REMARKS = {"A": "备注", "B": "comments"}
TRUTH_COLUMNS = ("source", "sheet", "row", "column", "patient_id", "variable", "raw", "truth", "expectation", "pattern")


@dataclass(frozen=True)
class Placed:
    """One cell where it stands in its file."""

    source: str
    sheet: str
    row: int
    column: str
    patient_id: str
    variable: str
    cell: Cell


def _rows(ward: Ward) -> Iterator[tuple[str, dict[str, Cell]]]:
    """(patient, cells by variable) of every row to be written, in order."""
    ids = ward.people["patient_id"].tolist()
    for position, changed in ward.order:
        own = {variable: cells[position] for variable, cells in ward.cells.items()}
        yield ids[position], {**own, **changed}


def _place(ward: Ward, row: int, patient: str, cells: dict[str, Cell]) -> Iterator[Placed]:
    sheet = SHEET if ward.hospital == "A" else ""
    for variable, cell in cells.items():
        if cell.raw is not None:
            field = ward.fields[variable]
            column = f"{field.group} / {field.header}" if field.group else field.header
            yield Placed(FILES[ward.hospital], sheet, row, column, patient, variable, cell)


def write_workbook(ward: Ward, folder: Path) -> list[Placed]:
    """Hospital A: title, two header rows with merged group titles, a section row, a totals row, a footnote."""
    book = Workbook()
    sheet = book.active
    sheet.title = SHEET
    fields = list(ward.fields.values())
    sheet.append([f"{LABEL}：A医院噬血细胞综合征登记表"])
    sheet.append([field.group for field in fields] + ["", "其他"])
    sheet.append([field.header for field in fields] + ["", REMARKS["A"]])
    _merge_groups(sheet, [field.group for field in fields])
    placed: list[Placed] = []
    rows = list(_rows(ward))
    for k, (patient, cells) in enumerate(rows):
        if k == len(rows) // 2:
            sheet.append(["—— 第二册 ——"])
        sheet.append([cells[field.variable].raw for field in fields] + [None, _remark(k)])
        placed.extend(_place(ward, sheet.max_row, patient, cells))
    sheet.append(_totals(fields, rows))
    sheet.append([])
    last = sheet.max_row + 2
    sheet.cell(row=last, column=1, value=f"注：* 见病程记录；† 输血后；↑↓ 超出参考范围。{LABEL}")
    _dress(sheet, len(fields))
    book.properties.creator = "neurohlh synth (synthetic data)"
    book.properties.title = LABEL
    save_same_bytes(book, folder / FILES["A"])
    return placed


def _totals(fields: Sequence[Field], rows: Sequence[tuple[str, dict[str, Cell]]]) -> list[Raw]:
    """The row that a registry keeps at its foot: how many patients, how many with each sign."""
    yes = ["合计" if k == 0 else _count_yes(field, rows) for k, field in enumerate(fields)]
    yes[1] = len(rows)
    return yes


def _count_yes(field: Field, rows: Sequence[tuple[str, dict[str, Cell]]]) -> Raw:
    if field.kind != "flag":
        return None
    return sum(cells[field.variable].truth == "true" for _, cells in rows)


def _merge_groups(sheet: Worksheet, groups: Sequence[str]) -> None:
    start = 0
    for k in range(1, len(groups) + 1):
        if k == len(groups) or groups[k] != groups[start]:
            sheet.merge_cells(start_row=2, start_column=start + 1, end_row=2, end_column=k)
            start = k


def _dress(sheet: Worksheet, n: int) -> None:
    """What a ward's registry looks like: bold headers, dates shown as dates, panes frozen."""
    for row in (1, 2, 3):
        for cell in sheet[row]:
            cell.font = Font(bold=True)
            cell.alignment = Alignment(horizontal="center" if row == 2 else "left")
    for column in sheet.iter_cols(min_row=4, max_col=n):
        for cell in column:
            if isinstance(cell.value, dt.datetime):
                cell.number_format = "yyyy/m/d"
    sheet.freeze_panes = "B4"


def write_csv(ward: Ward, folder: Path) -> list[Placed]:
    """Hospital B: cp1252, a title line, one header, the header again in the middle, comments with commas and breaks."""
    fields = list(ward.fields.values())
    header = [field.header for field in fields] + [REMARKS["B"]]
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\r\n")
    out.writerow(["SYNTHETIC DATA - no real patient - Hospital B registry export"])
    out.writerow(header)
    placed: list[Placed] = []
    rows = list(_rows(ward))
    written = 2
    for k, (patient, cells) in enumerate(rows):
        if k == len(rows) // 2:
            out.writerow(header)
            written += 1
        written += 1
        out.writerow([_text(cells[field.variable].raw) for field in fields] + [_comment(k)])
        placed.extend(_place(ward, written, patient, cells))
    (folder / FILES["B"]).write_bytes(text.getvalue().encode("cp1252"))
    return placed


def _text(raw: Raw) -> str:
    return "" if raw is None else str(raw)


def _remark(k: int) -> str | None:
    return {3: "外院转入", 17: "家属要求，未行增强扫描", 50: "标本溶血"}.get(k % 97)


def _comment(k: int) -> str:
    return {4: "transferred, see letter", 20: "family interviewed\nby phone", 41: 'sample "haemolysed"'}.get(k % 83, "")


def write_truth(placed: Sequence[Placed], wards: Sequence[Ward], folder: Path, order: Sequence[str]) -> None:
    """`truth_cells.csv`, one row per written cell, and `truth.csv`, one row per patient, in the codebook's `order`."""
    lines = [(*(p.source, p.sheet, p.row, p.column, p.patient_id, p.variable), *_marks(p.cell)) for p in placed]
    cells = pd.DataFrame(lines, columns=list(TRUTH_COLUMNS))
    cells.to_csv(folder / "truth_cells.csv", index=False, lineterminator="\n")
    patients: dict[str, dict[str, str]] = {}
    for ward in wards:
        for position, patient in enumerate(ward.people["patient_id"]):
            patients[patient] = _truth_of(ward, position)
    frame = pd.DataFrame.from_dict(patients, orient="index").fillna("")
    # A dict keeps the order; the codebook itself lists ferritin_censored.
    known = list(dict.fromkeys(c for v in order for c in (v, f"{v}_censored") if c in frame.columns))
    frame[known].to_csv(folder / "truth.csv", index=False, lineterminator="\n")


def _truth_of(ward: Ward, position: int) -> dict[str, str]:
    truth: dict[str, str] = {}
    for variable, cells in ward.cells.items():
        truth[variable] = cells[position].truth
        if cells[position].censored:
            truth[f"{variable}_censored"] = cells[position].censored
    return truth


def _marks(cell: Cell) -> tuple[str, str, str, str]:
    return _shown(cell.raw), cell.truth, cell.expect, cell.pattern


def _shown(raw: Raw) -> str:
    return raw.isoformat(sep=" ") if isinstance(raw, dt.datetime) else _text(raw)


def write_model(people: pd.DataFrame, folder: Path) -> None:
    """`truth_model.csv`: what no hospital knows of untested patients, for those who study missing tests."""
    frame = people[
        [
            "patient_id",
            "true_S",
            "true_C",
            "true_I",
            "true_cns",
            "severity",
            "dies_within_3y",
            "died",
            "days",
            "late_evidence",
        ]
    ].copy()
    frame["transferred_from"] = people["transferred_from"].fillna("")
    frame["severity"] = frame["severity"].round(4)
    for column in ("true_S", "true_C", "true_I", "true_cns", "dies_within_3y", "died", "late_evidence"):
        frame[column] = frame[column].map({True: "true", False: "false"})
    names = {"true_S": "true_symptoms", "true_C": "true_csf_abnormal", "true_I": "true_imaging_abnormal"}
    frame.rename(columns=names).to_csv(folder / "truth_model.csv", index=False, lineterminator="\n")


def write_effects(effects: pd.DataFrame, folder: Path) -> None:
    """`truth_effects.csv`: survival and the effect of CNS involvement as the model has them."""
    effects.round({"value": 6}).to_csv(folder / "truth_effects.csv", index=False, lineterminator="\n")
