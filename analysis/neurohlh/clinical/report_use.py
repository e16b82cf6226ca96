"""Which findings read from reports take part in the classification, and why the others don't.

A coded value always stands. A finding read from text takes part only where nothing is coded (dossier 9 gives the
vocabulary; how text and codes go together is our own choice, "toolkit"):

* a present finding answers the empty cell of its flag; where no source has the flag, it counts as positive evidence of
  its own, for an unmentioned finding must not become an unanswered question;
* a denied finding answers the empty cell of its flag; without a flag it is not part of the question;
* an undecided finding, and one of an earlier examination, answer nothing;
* a report that calls the brain normal answers an empty `mri_abnormal`, and decides where no source has any column on
  what an MRI showed; it answers no single finding;
* where the hospital's summary (`mri_abnormal`, `imaging_abnormal`) says normal or undecided, no text makes it abnormal;
  where a CT is coded abnormal, no text makes the MRI normal;
* an MRI text is not used where `mri_done` = 0, enhancement not where `mri_contrast` = 0, a CT text not where
  `ct_done` = 0;
* a finding that does not count by default is only listed where no source has its flag, non-specific foci always;
  haemorrhage and atrophy are not used beside a summary that says abnormal, which they could take away;
* a CT text counts where it shows a finding with `counts_default` 1 and `ct_abnormal` has no code; a normal one decides
  nothing, as a normal CT does.

So no status that the codes decide becomes unknown by a text, and nothing unknown becomes negative without a denial.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from neurohlh.clinical import imaging
from neurohlh.clinical.kleene import MET, NOT_MET
from neurohlh.clinical.report_text import REPORT_COLUMNS, read_reports

MRI_TEXT, CT_TEXT = "mri_report_text", "ct_report_text"
USED_COLUMNS = (
    "patient_id", "report", "finding", "status", "before", "words", "start", "end", "language", "used", "why",
)  # fmt: skip
CONTRADICTS = "text_contradicts_code"
CONTRADICTION = "contradicts the code, which stands"
_NO, _NOTHING, _YES, _UNDECIDED = -1, 0, 1, 2
_LOOK = "Read the report and correct the code, or leave both as they are: the code is used."


def decide(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Reads the reports of a cohort's frame and decides which findings are used.

    Returns the findings (columns `USED_COLUMNS`, one row per patient, report and finding; none without a column of
    reports) and the contradictions (patient_id, variable, message, action).
    """
    parts, contradictions = [], []
    for report, text, judge in (("mri", MRI_TEXT, _mri_reasons), ("ct", CT_TEXT, _ct_reasons)):
        if text not in frame:
            continue
        found = read_reports(frame, text)
        seen = _Seen(frame, found)
        reasons, against = judge(seen)
        why = np.select(list(reasons.values()), list(reasons), default="")
        parts.append(found.assign(report=report, used=why == "", why=np.where(why == "", _used_words(seen), why)))
        contradictions += [_issues(found[mask], variable, message) for variable, message, mask in against if mask.any()]
    if not parts:
        return pd.DataFrame(columns=list(USED_COLUMNS)), _no_issues()
    table = pd.concat(parts, ignore_index=True)[list(USED_COLUMNS)]
    issues = pd.concat(contradictions, ignore_index=True) if contradictions else _no_issues()
    return table, issues.drop_duplicates(ignore_index=True)


def with_report_findings(frame: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """The frame with the used findings: empty cells of its flags answered, and a column `<variable>_text` for each.

    `table` is that of `decide`; the frame has its patients, one row each. Nothing coded is changed.
    """
    if table.empty or not table["used"].any():
        return frame
    used = table[table["used"].astype(bool)]
    row = pd.Series(np.arange(len(frame)), index=frame["patient_id"])[used["patient_id"]].to_numpy()
    columns = {c: frame[c] for c in frame}
    target = np.where(used["report"] == "ct", imaging.CT, used["finding"])
    for name in pd.unique(target):
        mask = target == name
        here, present = row[mask], (used["status"] == MET).to_numpy()[mask]
        said = pd.array([pd.NA] * len(frame), dtype="boolean")
        said[here] = present
        columns[f"{name}_text"] = pd.Series(said, index=frame.index)
        if name in frame and name != imaging.CT:
            columns[name] = _answered(frame[name], here, present)
    return pd.DataFrame(columns, copy=False)


def _answered(column: pd.Series, rows: np.ndarray, present: np.ndarray) -> pd.Series:
    filled = column.copy()
    words = np.where(present, MET, NOT_MET) if column.name == imaging.MRI else present
    filled.iloc[rows] = words
    return filled


class _Seen:
    """Findings read from text beside what is coded about the same patients; every answer has one entry per finding."""

    def __init__(self, frame: pd.DataFrame, found: pd.DataFrame) -> None:
        self.frame = frame
        at = pd.Series(np.arange(len(frame)), index=frame["patient_id"])
        self.row = at[found["patient_id"]].to_numpy()
        self.finding = found["finding"].to_numpy(dtype=object)
        before = found["before"].to_numpy(dtype=bool)
        status = found["status"].to_numpy(dtype=object)
        self.before = before
        self.present, self.absent = (status == MET) & ~before, (status == NOT_MET) & ~before
        self.gone = (status == NOT_MET) & before

    def coded(self, variable: str) -> np.ndarray:
        """What a column says of each finding's patient."""
        if variable not in self.frame:
            return np.zeros(len(self.row), dtype=int)
        return _answers(self.frame[variable])[self.row]

    def own_code(self) -> np.ndarray:
        """What the finding's own column says."""
        code = np.zeros(len(self.row), dtype=int)
        for name in pd.unique(self.finding):
            mask = self.finding == name
            code[mask] = self.coded(name)[mask]
        return code

    def asked(self) -> np.ndarray:
        """Whether a source has the finding's column."""
        return np.isin(self.finding, [str(c) for c in self.frame])

    def of(self, names: frozenset[str]) -> np.ndarray:
        """Whether the finding is one of these."""
        return np.isin(self.finding, sorted(names))


def _answers(column: pd.Series) -> np.ndarray:
    if column.dtype == object or isinstance(column.dtype, pd.StringDtype):
        words = {MET: _YES, NOT_MET: _NO, "indeterminate": _UNDECIDED, True: _YES, False: _NO}
        return column.map(words).fillna(_NOTHING).to_numpy(dtype=int)
    number = column.astype("Float64")
    return np.where(number.isna(), _NOTHING, np.where(number.fillna(0) > 0, _YES, _NO)).astype(int)


_Reasons = Mapping[str, np.ndarray]
_Against = list[tuple[str, str, np.ndarray]]


def _mri_reasons(seen: _Seen) -> tuple[_Reasons, _Against]:
    """Why a finding of an MRI report is not used, first reason first, and what is contradicted."""
    own, whole = seen.own_code(), seen.finding == imaging.MRI
    mri, any_, ct = seen.coded(imaging.MRI), seen.coded(imaging.ANY), seen.coded(imaging.CT)
    counted = seen.of(_counted()) | whole
    normal = whole & seen.absent
    flagged = _coded_flags(seen)
    undone = seen.coded("mri_done") == _NO
    no_contrast = seen.of(imaging.ENHANCEMENT) & (seen.coded("mri_contrast") == _NO)
    against_own = (seen.present & (own == _NO)) | (seen.absent & (own == _YES))
    against_summary = seen.present & counted & ((mri == _NO) | (any_ == _NO)) & (own != _YES)
    against_flags = normal & flagged.any(axis=0)
    fragile = seen.present & seen.of(imaging.HAEMORRHAGE | imaging.ATROPHY) & ((mri == _YES) | (ct == _YES))
    components = any(name in seen.frame for name in (*_counted(), "mri_nonspecific", "mri_region_count", imaging.MRI))
    reasons = {
        "no MRI was done, as coded": undone,
        "shown by an earlier examination and gone": seen.gone,
        "shown by an earlier examination": seen.before,
        "undecided in the report": ~seen.present & ~seen.absent,
        CONTRADICTION: against_own | against_summary | against_flags,
        "the same is coded": own == np.where(seen.present, _YES, _NO),
        "coded as undecided": own == _UNDECIDED,
        "no contrast was given, as coded": no_contrast,
        "the hospital's summary is undecided": seen.present & counted & ((mri == _UNDECIDED) | (any_ == _UNDECIDED)),
        "beside an abnormal summary or CT it could only take away from it": fragile,
        "non-specific foci decide nothing": seen.finding == "mri_nonspecific",
        "an abnormal CT or summary is coded": seen.absent & ((ct == _YES) | (any_ == _YES)),
        "by default it does not count, and no source asks for it": seen.present & ~counted & ~seen.asked(),
        "no source asks for this finding": seen.absent & ~whole & ~seen.asked(),
        "findings are coded one by one and each needs its answer": normal & ~seen.asked() & components,
    }
    return reasons, [
        ("mri_done", "there is an MRI report although no MRI was done; the report is not used", undone),
        *_against_own(seen, against_own & ~undone),
        *_against_summaries(seen, against_summary & ~undone & ~against_own, mri, any_),
        *(
            (name, f"the MRI report calls the brain normal although {name} is coded as present", normal & yes & ~undone)
            for name, yes in zip(_flag_names(seen.frame), flagged, strict=True)
        ),
    ]


def _against_own(seen: _Seen, against: np.ndarray) -> _Against:
    rows: _Against = []
    for name in pd.unique(seen.finding[against]):
        for said, mask in (("present", seen.present), ("absent", seen.absent)):
            words = f"the MRI report says that {name} is {said}, the code says otherwise; the code is used"
            rows.append((name, words, against & mask & (seen.finding == name)))
    return rows


def _against_summaries(seen: _Seen, against: np.ndarray, mri: np.ndarray, any_: np.ndarray) -> _Against:
    rows: _Against = []
    for name in pd.unique(seen.finding[against]):
        for summary, code in ((imaging.MRI, mri), (imaging.ANY, any_)):
            words = f"{summary} is coded as normal, the MRI report says that {name} is present; the code is used"
            rows.append((summary, words, against & (seen.finding == name) & (code == _NO)))
    return rows


def _coded_flags(seen: _Seen) -> np.ndarray:
    """Per counted flag that some source has (rows), whether it is coded as present for each finding's patient."""
    names = _flag_names(seen.frame)
    return np.array([seen.coded(name) == _YES for name in names], dtype=bool).reshape(len(names), len(seen.row))


def _flag_names(frame: pd.DataFrame) -> list[str]:
    return [name for name in imaging.vocabulary() if name in _counted() and name in frame]


def _ct_reasons(seen: _Seen) -> tuple[_Reasons, _Against]:
    """Why a finding of a CT report is not used."""
    code, any_ = seen.coded(imaging.CT), seen.coded(imaging.ANY)
    undone = seen.coded("ct_done") == _NO
    sure = seen.of(frozenset(v for v, r in imaging.vocabulary().items() if r["counts_default"] == "1"))
    sure |= seen.finding == imaging.MRI
    against = seen.present & sure & ((code == _NO) | (any_ == _NO)) & ~undone
    reasons = {
        "no CT was done, as coded": undone,
        "shown by an earlier examination and gone": seen.gone,
        "shown by an earlier examination": seen.before,
        "a CT without a finding decides nothing": seen.absent,
        "undecided in the report": ~seen.present,
        CONTRADICTION: against,
        "the CT's result is coded": code != _NOTHING,
        "the hospital's summary is undecided": any_ == _UNDECIDED,
        "on CT it counts only under a condition": ~sure,
    }
    words = "the CT report shows a finding, the code says normal; the code is used"
    return reasons, [
        ("ct_done", "there is a CT report although no CT was done; the report is not used", undone),
        (imaging.CT, words, against & (code == _NO)),
        (imaging.ANY, words, against & (code != _NO)),
    ]


def _counted() -> frozenset[str]:
    return frozenset(v for v, row in imaging.vocabulary().items() if row["counts_default"] != "0")


def _used_words(seen: _Seen) -> np.ndarray:
    asked = seen.asked()
    own, alone = "evidence of its own: no source has a column for it", "no source has a column on what an MRI showed"
    evidence = np.where(seen.present, own, alone)
    return np.where(asked, "answers an empty cell", evidence)


def _issues(found: pd.DataFrame, variable: str, message: str) -> pd.DataFrame:
    said = {"patient_id": found["patient_id"], "variable": variable, "message": message, "action": _LOOK}
    return pd.DataFrame(said)


def _no_issues() -> pd.DataFrame:
    return pd.DataFrame(columns=["patient_id", "variable", "message", "action"])


__all__ = ["CONTRADICTS", "REPORT_COLUMNS", "USED_COLUMNS", "decide", "with_report_findings"]
