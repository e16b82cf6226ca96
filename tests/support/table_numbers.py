"""Whether each number that a table shows is the rounding of that number of the frame which its place in the cell means.

'57/244' are events and n of the row that the cell names, '2.92 (1.25–6.87)' its estimate and limits, a lone number
under 'p value' its p value. Rounding is done anew here, from the frame's numbers in decimal, not by the code it tests.
"""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from neurohlh.core import format as fmt

_N = r"[<>]?−?\d[\d\u202f]*(?:\.\d+)?(?:\u202f?%)?"
_OPEN = r"no limit|not reached|–"
_LIMITS = rf"(?P<low>{_N}|{_OPEN})(?:–| to )(?P<high>{_N}|{_OPEN})"
SHAPES = [
    re.compile(rf"(?P<events>{_N})/(?P<n>{_N})(?: \((?P<share>{_N}|–)\))?"),
    re.compile(rf"(?P<estimate>{_N}|–) \({_LIMITS}\)"),
    re.compile(_LIMITS),
    re.compile(rf"at risk: (?P<n>{_N})"),
    re.compile(rf"(?:deaths|events)(?: by then)?: (?P<events>{_N})"),
    re.compile(r"(?P<reference>1) \(reference\)"),
    re.compile(rf"(?P<alone>{_N})"),
]
ROLES = {
    "events": ("events", "estimate"), "n": ("n",), "estimate": ("estimate",), "low": ("conf_low",),
    "high": ("conf_high",), "alone": ("estimate", "n", "events", "value"),
}  # fmt: skip
HEADS = {"p value": "p_value", "df": "df", "Statistic": "statistic"}


class Unexplained(NamedTuple):
    row: int
    column: int
    cell: str
    token: str


def unexplained(table, result):
    """The numbers in the number columns of a table that are not what their place says."""
    frame = result.tidy if table.frame == "tidy" else result.checks
    found = []
    for i, cells in enumerate(table.grid()):
        for j, (cell, column) in enumerate(zip(cells, table.columns, strict=True)):
            if column.number:
                rows = [frame.iloc[k] for k in cell.rows]
                points = "percentage points" in f"{column.sub} {cells[0].text}"
                for line in (cell.text, *cell.sub.splitlines()):
                    found += [Unexplained(i, j, cell.text, token) for token in wrong(line, rows, column, points)]
    return found


def wrong(line, rows, column, points):
    """The numbers of one line of a cell that are not what their place in it says."""
    if not any(sign.isdigit() for sign in line):
        return []
    match = next((m for shape in SHAPES for m in [shape.fullmatch(line)] if m), None)
    if match is None or not rows:
        return [line]
    parts = {role: text for role, text in match.groupdict().items() if text and text not in _OPEN.split("|")}
    in_hundred = points or ("%" in line and "share" not in parts)
    return [
        text
        for role, text in parts.items()
        if not any(says(text, number, in_hundred=in_hundred or role == "share") for number in meant(role, rows, column))
    ]


def meant(role, rows, column):
    """The numbers of the frame that a place in a cell may show."""
    if role == "reference":
        return [Decimal(1)] if rows[0]["is_reference"] else []
    if role == "share":
        count = [rows[0][c] for c in ("events", "estimate")]
        return [Decimal(repr(float(v) / float(rows[0]["n"]))) for v in count if not fmt.is_missing(v)]
    if len(rows) == 3 and role in ("estimate", "low", "high"):  # the median and the quartiles are rows of their own
        return _known(rows[("estimate", "low", "high").index(role)], ("estimate",))
    own = HEADS.get(column.head) or HEADS.get(column.sub) or ("p_value" if re.match(r"p\b", column.head) else None)
    return _known(rows[0], (own,) if own else ROLES[role])


def _known(row, columns):
    values = [row[c] for c in columns if c in row.index]
    return [Decimal(repr(float(v))) for v in values if v != "" and not fmt.is_missing(v) and not fmt.is_suppressed(v)]


def says(text, number, *, in_hundred=False):
    """Whether '2.29', '<0.001', '61.0 %' or '>1000' is a true thing to say of the number."""
    if not number.is_finite():
        return False
    number = number * 100 if in_hundred else number
    bound = text[0] if text[0] in "<>" else ""
    plain = text.strip("<>%").replace("−", "-").replace("\u202f", "")
    shown = Decimal(plain)
    if bound:
        return number < shown if bound == "<" else number > shown
    places = len(plain.partition(".")[2])
    whole = places > 0 or number == number.to_integral_value() or abs(number) >= 10 or in_hundred
    return whole and number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) == shown


def rows_without_a_place(table, result):
    """The rows of the frame that hold an estimate or a p value and that no cell of the table names."""
    frame = result.tidy if table.frame == "tidy" else result.checks
    named = {k for cells in table.grid() for cell in cells for k in cell.rows}
    keys = ("estimate", "p_value") if table.frame == "tidy" else ("value", "p_value")
    return [k for k in range(len(frame)) if frame.iloc[k][list(keys)].notna().any() and k not in named]
