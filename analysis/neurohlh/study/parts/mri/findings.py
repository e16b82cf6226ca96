"""How frequent each finding on MRI is: of all patients with an MRI, by trigger, and by EBV."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.clinical.mri_findings import EXAMINED, Finding, asked, findings, seen_column, sources
from neurohlh.clinical.mri_first import POSITIVE, asks_mri
from neurohlh.clinical.mri_published import published
from neurohlh.clinical.trigger_facts import TRIGGERS
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.describe.group_tests import compare_levels
from neurohlh.study.parts.mri.effects import REFERENCES, adjusted
from neurohlh.study.parts.mri.examined import WITH_MRI, counts_of, with_mri
from neurohlh.study.parts.mri.rows import WILSON, published_row, share_of
from neurohlh.study.parts.part import refusal

STRIATUM, GANGLIA = "mri_striatum_bilateral", "mri_basal_ganglia"
EBV = {"positive": "EBV positive", "negative": "EBV negative"}
ABNORMAL = "of these, with an abnormal MRI"
SEEN = (
    "A finding counts here where it was seen. Whether it counts as CNS involvement is another question (a haemorrhage "
    "with few platelets does not)."
)
DENOMINATOR = "patients with an MRI in whom the finding was asked and answered"


def findings_asked(frame: pd.DataFrame) -> tuple[Finding, ...]:
    """The findings for which the data have a column, in the catalogue's order."""
    names = asked(frame)
    return tuple(f for f in findings() if f.variable in names)


def frequencies(frame: pd.DataFrame) -> Result:
    """Every finding asked: seen in how many of those with an answer; those not asked are named, never 0 %."""
    title = "Findings on MRI"
    mine = with_mri(frame)
    if mine.empty:
        return refusal("mri_findings", title, "nobody is known to have had a brain MRI")
    done = share_of("MRI done", frame[EXAMINED], group="examination", population="all patients")
    rows = [done]
    if asks_mri(frame):
        rows.append(share_of("MRI abnormal (recorded, or a finding that counts)", mine[POSITIVE], group="examination"))
    found = findings_asked(frame)
    rows += [
        share_of(f.label, mine[seen_column(f.variable)], variable=f.variable, group=f.kind, note=_published(f))
        for f in found
    ]
    rows = [{"analysis": "mri_findings", "population": WITH_MRI, **row} for row in rows]
    return Result(
        kind="mri_findings",
        tidy=tidy_frame(rows),
        method={
            "title": title,
            "estimator": "proportion",
            "interval": "Wilson",
            "conf_level": 0.95,
            "denominator": DENOMINATOR,
            "reference": WILSON,
        },
        counts=counts_of(frame),
        notes=(*_not_asked(found), SEEN, *_fossa(frame), *_cited(found)),
    )


def findings_by_trigger(frame: pd.DataFrame) -> Result:
    """Every finding asked by trigger, with an exact test across the known triggers."""
    title, kind = "Findings on MRI by trigger", "mri_findings_by_trigger"
    if "trigger_category" not in frame:
        return refusal(kind, title, "no source says anything on the trigger")
    present = set(frame["trigger_category"].dropna())
    groups = {code: words for code, words in TRIGGERS.items() if code in present}
    result = _by_group(frame, "trigger_category", groups, ("unknown",), title, kind)
    note = (
        "Patients with several triggers stand under the first of them by the priority rule (dossier 5.4); those of "
        "unknown trigger are shown and take no part in the tests."
    )
    return result.with_(notes=(*result.notes, note)) if len(result.tidy) else result


def findings_by_ebv(frame: pd.DataFrame) -> Result:
    """Every finding asked in EBV-positive and EBV-negative patients; the published contrast of the striatum beside."""
    title, kind = "Findings on MRI by EBV", "mri_findings_by_ebv"
    if "ebv_status" not in frame:
        return refusal(kind, title, "no source has a column on EBV")
    result = _by_group(frame, "ebv_status", EBV, (), title, kind)
    if not len(result.tidy):
        return result
    own = [{"analysis": kind, **row} for row in _striatum(frame)]
    cited = [published_row(p, group=p.group, contrast="" if p.group else _between(EBV)) for p in published("striatum")]
    tidy = pd.concat([result.tidy, tidy_frame([*own, *cited])], ignore_index=True)
    untested = int((~with_mri(frame)["ebv_status"].isin(list(EBV))).sum())
    notes = [f"EBV not tested or not known in {untested} patients with an MRI: in neither group."] if untested else []
    if STRIATUM not in frame and GANGLIA in frame:
        notes.append(
            "The striatum was not asked; the basal ganglia, of which it is part, stand beside the publication."
        )
    return result.with_(tidy=tidy, notes=(*result.notes, *notes))


def _striatum(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The study's numbers with the publication's denominator: patients with an abnormal MRI."""
    name = STRIATUM if STRIATUM in frame else GANGLIA
    if name not in frame:
        return []
    label = next(f.label for f in findings() if f.variable == name)
    mine = with_mri(frame)
    mine = mine[mine[POSITIVE] == "met"]
    words = {"population": ABNORMAL, "variable": name}
    return [
        *_shares(mine, mine["ebv_status"], EBV, name, label, words),
        _test(mine, mine["ebv_status"], EBV, name, label, words),
    ]


def _by_group(
    frame: pd.DataFrame, column: str, groups: Mapping[str, str], untested: tuple[str, ...], title: str, kind: str
) -> Result:
    found = findings_asked(frame)
    mine = with_mri(frame)
    if not found or mine.empty:
        reason = "no source has a column on single findings" if not found else "nobody is known to have had an MRI"
        return refusal(kind, title, reason)
    group = mine[column]
    tests, shares = [], {}
    compared = {code: words for code, words in groups.items() if code not in untested}
    for f in found:
        words = {"analysis": kind, "population": WITH_MRI, "variable": f.variable}
        shares[f.label] = _shares(mine, group, groups, f.variable, f.label, words)
        tests.append(_test(mine, group, compared, f.variable, f.label, words))
    rows: list[dict[str, Any]] = []
    for row in adjusted(tests, _between(compared)):
        rows += [*shares.pop(row["term"], []), row]
    return Result(
        kind=kind,
        tidy=tidy_frame(rows),
        method={
            "title": title,
            "estimator": "proportion",
            "interval": "Wilson",
            "test": "exact (Freeman-Halton; Fisher for two groups); chi-square where the tables are too many",
            "correction": "Holm over all findings tested in this table; unadjusted p beside",
            "conf_level": 0.95,
            "denominator": DENOMINATOR,
            "reference": [WILSON, "Freeman & Halton 1951, Biometrika 38:141", REFERENCES[-1]],
        },
        counts=counts_of(frame),
        notes=_not_asked(found),
    )


def _between(groups: Mapping[str, str]) -> str:
    return " vs ".join(groups.values()) if len(groups) == 2 else "between all groups"


def _shares(
    mine: pd.DataFrame, group: pd.Series, groups: Mapping[str, str], variable: str, label: str, words: dict[str, Any]
) -> list[dict[str, Any]]:
    status = mine[seen_column(variable)]
    return [share_of(label, status[(group == code).to_numpy()], group=name, **words) for code, name in groups.items()]


def _test(
    mine: pd.DataFrame, group: pd.Series, groups: Mapping[str, str], variable: str, label: str, words: dict[str, Any]
) -> dict[str, Any]:
    """An exact test between the groups in which anybody has an answer."""
    status = mine[seen_column(variable)].to_numpy()
    counts = [[((group == code).to_numpy() & (status == s)).sum() for s in ("met", "not_met")] for code in groups]
    table = np.array([c for c in counts if sum(c)], dtype=np.int64).reshape(-1, 2)
    row = {"term": label, "measure": "difference", "contrast": _between(groups), **words}
    row |= {"n": int(table.sum()), "events": int(table[:, 0].sum())}
    if len(table) < 2:
        return {**row, "note": "not estimable: fewer than two groups have an answer"}
    test = compare_levels(table, "Fisher")
    if np.isnan(test.p_value) and "too many" in test.note:
        test = compare_levels(table)
    return {**row, "p_value": test.p_value, "method": test.name, "note": test.note}


def _published(finding: Finding) -> str:
    if not finding.published:
        return ""
    return (
        f"published: {finding.published} ({finding.sources.replace(';', ', ')}; {finding.status.split(' finding')[0]})"
    )


def _cited(found: tuple[Finding, ...]) -> tuple[str, ...]:
    """The citations behind the short names of sources in the rows."""
    named = sorted({name for f in found if f.published for name in f.sources.split(";")})
    return (f"Sources: {'; '.join(f'{name}: {sources()[name]}' for name in named)}.",) if named else ()


def _not_asked(found: tuple[Finding, ...]) -> tuple[str, ...]:
    names = {f.variable for f in found}
    absent = [f.label for f in findings() if f.variable not in names]
    if not absent:
        return ()
    return (f"Not asked (no source has a column), hence no frequency, of {len(absent)} findings: {'; '.join(absent)}.",)


def _fossa(frame: pd.DataFrame) -> tuple[str, ...]:
    held = {"mri_brainstem", "mri_cerebellum"} <= set(frame)
    return (
        ("A lesion of the posterior fossa is read from brainstem and cerebellum where not recorded.",) if held else ()
    )
