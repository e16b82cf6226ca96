"""The imaging domain: which MRI findings count, how MRI and CT go together, what a haemorrhage means.

The vocabulary is catalogue/mri_findings.csv (sources and statuses there). Rules (dossier 6.4) and what they leave open
("toolkit" marks our own operational choice):

* MRI is abnormal if a finding with `counts_default` 1 is present, normal only if every finding asked was answered no;
  a finding for which no source has a column is not part of the question, an empty cell is unknown;
* MRI overrides CT: an abnormal CT counts where MRI has no answer; a normal CT alone leaves the domain unknown;
* `mri_done` = 0 (or `ct_done` = 0) makes what is recorded of that examination unknown;
* atrophy, widened sulci, ventriculomegaly count by default (as the Chinese series do) and not in the definition OBJ;
* haemorrhage (parenchymal, micro, subdural) with platelets < 50 or DIC does not count and is flagged; with neither it
  counts; where that is unknown it is unknown;
* infarct is unknown with DIC or heart disease (`myocardial_damage`), otherwise it counts (toolkit);
* enhancement is untested where `mri_contrast` = 0: whatever is recorded is unknown;
* non-specific punctate foci alone leave the MRI uncertain (unknown) rather than normal;
* `mri_region_count` >= 1 counts; 0 or empty decides nothing (toolkit);
* the summaries `mri_abnormal`, `ct_abnormal`, `imaging_abnormal` are one more component each (an empty cell of the
  first and the last is unknown); an `mri_abnormal` that only an uncounted haemorrhage explains is unknown, an
  `imaging_abnormal` that only an overridden CT explains is dropped, and `imaging_abnormal` = not_met decides nothing
  where only CT was done (toolkit);
* what was read from a report (columns `<variable>_text`, see `report_use`) is positive evidence where no source has the
  finding's column; a report that calls the brain normal decides where nothing else on MRI is asked (toolkit).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import lru_cache

import narwhals as nw

from neurohlh.clinical.observe import FALSE, Columns, Known, any_known, either, unless
from neurohlh.clinical.symptoms import bleeding_risk
from neurohlh.etl.codebook import CATALOGUE

MRI, CT, ANY = "mri_abnormal", "ct_abnormal", "imaging_abnormal"
ATROPHY = frozenset({"mri_atrophy", "mri_sulcal_widening", "mri_ventriculomegaly"})
HAEMORRHAGE = frozenset({"mri_hemorrhage_parenchymal", "mri_microhemorrhage", "mri_subdural"})
ENHANCEMENT = frozenset({"mri_leptomeningeal_enh", "mri_nodular_ring_enh", "mri_parenchymal_enh"})
_OTHER_INPUTS = (MRI, CT, ANY, "mri_done", "ct_done", "mri_contrast", "mri_region_count", "myocardial_damage", "dic")
_MORE_INPUTS = ("platelets", "platelets_censored")


@lru_cache(maxsize=1)
def vocabulary() -> Mapping[str, Mapping[str, str]]:
    """The MRI flags: variable -> row of mri_findings.csv (label_en, kind, counts_default, caution, …)."""
    text = (CATALOGUE / "mri_findings.csv").read_text(encoding="utf-8")
    return {row["variable"]: row for row in csv.DictReader(text.splitlines())}


def inputs() -> tuple[str, ...]:
    """The variables that this domain reads."""
    read = tuple(f"{name}_text" for name in (*vocabulary(), MRI, CT))
    return (*vocabulary(), *_OTHER_INPUTS, *_MORE_INPUTS, *read)


def components(columns: Columns, *, atrophy: bool = True) -> dict[str, Known]:
    """Each MRI finding that is part of the question: variable -> whether it counts (where an MRI was done)."""
    asked = [v for v, r in vocabulary().items() if v in columns and _asked(r, atrophy)]
    parts = {name: _flag(name, columns) for name in asked}
    if MRI in columns:
        parts[MRI] = Known(columns.yes(MRI) & ~_explains_summary(columns, atrophy), columns.no(MRI))
    if "mri_nonspecific" in columns:
        # One half of the question only: present, it leaves the MRI uncertain.
        parts["mri_nonspecific"] = Known(FALSE, ~columns.yes("mri_nonspecific") if parts else FALSE)
    if "mri_region_count" in columns:
        some = (columns.number("mri_region_count") >= 1).fill_null(False)
        parts["mri_region_count"] = Known(some, ~some if parts else FALSE)
    return parts


def from_report(columns: Columns, *, atrophy: bool = True) -> dict[str, Known]:
    """What a report adds as evidence of its own: each finding read from text for which no source has a column."""
    read = [v for v, r in vocabulary().items() if v not in columns and f"{v}_text" in columns and _asked(r, atrophy)]
    parts = {name: _flag(name, columns, f"{name}_text") for name in read}
    if MRI not in columns and f"{MRI}_text" in columns:
        parts[MRI] = columns.known(f"{MRI}_text")
    return parts


def haemorrhage_uncounted(columns: Columns) -> nw.Expr:
    """Where a haemorrhage on MRI is recorded that does not count because of platelets < 50 or DIC."""
    return either(columns.yes(v) for v in HAEMORRHAGE if v in columns) & bleeding_risk(columns).true


def _explains_summary(columns: Columns, atrophy: bool) -> nw.Expr:
    """Where a finding that does not count may be all that the hospital's `mri_abnormal` means."""
    uncounted = haemorrhage_uncounted(columns)
    return uncounted if atrophy else either([uncounted, *(columns.yes(v) for v in ATROPHY if v in columns)])


def mri(columns: Columns, *, atrophy: bool = True) -> Known:
    """Whether the MRI is abnormal."""
    parts = components(columns, atrophy=atrophy)
    whole = any_known(list(parts.values()))
    report = from_report(columns, atrophy=atrophy)
    if report:
        read = either(known.true for known in report.values())
        normal = whole.false if parts else columns.no(f"{MRI}_text")
        whole = Known(either([whole.true, read]), unless(normal, read))
    if "mri_done" not in columns:
        return whole
    done = ~columns.no("mri_done")
    return Known(whole.true & done, whole.false & done)


def ct_abnormal(columns: Columns) -> nw.Expr:
    """Where a CT is recorded as abnormal (and not as not done)."""
    return unless(columns.yes(CT), columns.no("ct_done"))


def ct_reported(columns: Columns) -> nw.Expr:
    """Where a CT report shows a finding that counts and no result of the CT is coded."""
    return columns.yes(f"{CT}_text")


def imaging(columns: Columns, mri: Known, *, asked_mri: bool) -> Known:
    """Whether cranial imaging is abnormal, from the MRI's answer, the CT's, and the hospital's summary.

    `asked_mri`: whether the frame has any column on MRI findings.
    """
    abnormal = either([mri.true, unless(either([ct_abnormal(columns), ct_reported(columns)]), mri.false)])
    if ANY not in columns:
        return Known(abnormal, mri.false)
    undone = columns.no("mri_done") & columns.no("ct_done")
    overridden = mri.false & ct_abnormal(columns)
    said_yes = columns.yes(ANY) & ~undone & ~overridden
    said_no = columns.no(ANY) & ~columns.no("mri_done") & ~abnormal
    if asked_mri:
        return Known(abnormal | said_yes, mri.false & (columns.no(ANY) | overridden))
    return Known(abnormal | said_yes, said_no)


def tested(columns: Columns, domain: Known) -> nw.Expr:
    """Whether an MRI or a CT was done: `mri_done`, `ct_done`, or where both are unknown, whether there is an answer."""
    done = columns.yes("mri_done") | columns.yes("ct_done")
    unsaid = ~columns.no("mri_done") & ~columns.no("ct_done")
    answer = either([domain.true, domain.false, columns.no(ANY)])
    return done | (unsaid & answer) | ct_abnormal(columns) | unless(columns.no(CT), columns.no("ct_done"))


def _asked(row: Mapping[str, str], atrophy: bool) -> bool:
    return row["counts_default"] != "0" and (atrophy or row["variable"] not in ATROPHY)


def _flag(name: str, columns: Columns, column: str = "") -> Known:
    """Whether a finding counts, as its own column says or another one."""
    yes, no = columns.yes(column or name), columns.no(column or name)
    if name in HAEMORRHAGE:
        risk = bleeding_risk(columns)
        return Known(yes & risk.false, no | (yes & risk.true))
    if name in ENHANCEMENT:
        enhanced = ~columns.no("mri_contrast")
        return Known(yes & enhanced, no & enhanced)
    if name == "mri_infarct":
        return Known(unless(unless(yes, columns.yes("dic")), columns.yes("myocardial_damage")), no)
    return Known(yes, no)
