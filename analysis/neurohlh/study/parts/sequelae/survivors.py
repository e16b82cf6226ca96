"""Neurological sequelae of survivors by CNS status, by domain and Horne group beside Horne 2008, and of what kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.clinical.sequelae import Reported, reported_sequelae, reported_severity
from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import forest
from neurohlh.core.result import Result, tidy_frame
from neurohlh.etl.codebook import codebook
from neurohlh.stats.describe.proportions import frequency
from neurohlh.stats.describe.two_by_two import risks_only, two_by_two
from neurohlh.study.parts.case_series import fit_to_design
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.part import refusal
from neurohlh.study.parts.rows import Row, records

TITLE = "Neurological sequelae of survivors by CNS status"
DOMAIN_TITLE = "Neurological sequelae of survivors by domain and Horne group"
TYPE_TITLE = "Type and severity of neurological sequelae"
SEQUELAE = "neuro_sequelae"
STATUS = {"met": "CNS involved", "not_met": "CNS not involved", "indeterminate": "CNS not decidable"}
_HORNE = {
    "1": "Horne group 1: neither",
    "2": "Horne group 2: symptoms only",
    "3": "Horne group 3: abnormal CSF only",
    "4": "Horne group 4: symptoms and abnormal CSF",
}
_DOMAINS = {"symptoms": "Neurological symptoms", "csf": "CSF", "imaging": "Imaging"}
_READINGS = {
    "best case: unknown as negative": "not assessed read as without sequelae",
    "worst case: unknown as positive": "not assessed read as with sequelae",
}
_REFERENCES = [
    "Fisher 1935, J R Stat Soc 98:39",
    "Clopper & Pearson 1934, Biometrika 26:404",
    "Newcombe 1998, Stat Med 17:873",
]
_METHOD = {
    "estimator": "risk among survivors assessed; risk difference, risk ratio, conditional odds ratio",
    "interval": "risk: Clopper-Pearson; bounds: Wilson; RD: Newcombe; RR: log-Wald; OR: exact",
    "test": "Fisher exact, two-sided",
    "correction": "none",
    "conf_level": 0.95,
    "reference": _REFERENCES,
}
SURVIVORS_ONLY = (
    "Only survivors can have sequelae recorded: those whom CNS involvement killed are missing from the comparison "
    "(truncation by death), which can hide harm. The table of death or sequelae counts both."
)


def alive(material: Material) -> tuple[pd.DataFrame, dict[str, int]]:
    """Patients known to be alive when last seen, and the others by reason; sequelae of the dead are no outcome."""
    frame = material.frame
    dead, unknown = frame["os_event"] == 1, frame["os_event"].isna()
    gone = {"died": int(dead.sum()), "alive or dead not known": int(unknown.sum())}
    return frame[frame["os_event"] == 0].reset_index(drop=True), {k: n for k, n in gone.items() if n}


def assessed(frame: pd.DataFrame) -> pd.Series[Any]:
    """Whether sequelae were found: true, false, missing where not assessed or not decided."""
    return frame[SEQUELAE].map({"met": True, "not_met": False}).astype("boolean")


def _why_not(material: Material) -> str:
    frame = material.frame
    if SEQUELAE not in frame or not frame[SEQUELAE].isin(["met", "not_met"]).any():
        return "no source says whether survivors have neurological sequelae"
    found = alive(material)[0]
    return "" if len(found) and assessed(found).notna().any() else "no survivor was assessed for neurological sequelae"


def survivors(material: Material) -> Result:
    """Risk of sequelae by CNS status at baseline, the comparison, and both readings of those not assessed."""
    reason = _why_not(material)
    if reason:
        return refusal("sequelae", TITLE, reason)
    frame, gone = alive(material)
    outcome = assessed(frame).rename("neurological sequelae")
    status = frame["cns_baseline"].map(STATUS)
    rows = _contrast(status.where(status != STATUS["indeterminate"]), outcome, STATUS["met"], STATUS["not_met"])
    rows += _apart(frame, outcome, "indeterminate")
    words = frame[SEQUELAE].where(outcome.notna(), "indeterminate")
    for code, name in STATUS.items():
        rows += _bounds(words[frame["cns_baseline"] == code], name)
    missing = int(outcome.isna().sum())
    result = Result(
        kind="sequelae",
        tidy=tidy_frame([{**row, "outcome": "neurological sequelae", "variable": ""} for row in rows]),
        method={"title": TITLE, **_METHOD, "denominator": "survivors assessed; bounds: all survivors"},
        counts=_counts(material, outcome, gone),
        notes=(
            SURVIVORS_ONLY,
            f"{missing} of {len(frame)} survivors were not assessed; not assessed is not without sequelae.",
            "CNS status is that at baseline. Sequelae are those recorded, whenever they were looked for; nothing is "
            "adjusted for.",
        ),
    )
    return fit_to_design(result, material)


def _counts(material: Material, outcome: pd.Series[Any], gone: Mapping[str, int]) -> dict[str, Any]:
    missing = int(outcome.isna().sum())
    dropped = {**gone, **({"survivors not assessed for sequelae": missing} if missing else {})}
    used = int(outcome.notna().sum())
    return {"supplied": len(material.frame), "used": used, "events": int(outcome.sum()), "dropped": dropped}


def _contrast(group: pd.Series[Any], outcome: pd.Series[Any], exposed: str, other: str) -> list[Row]:
    """Risks of two groups and their comparison; risks alone where they can't be compared."""
    try:
        found = two_by_two(group, outcome, reference=other)
    except NotEstimable as reason:
        found = risks_only(group, outcome, reason=str(reason))
    rows = found.tidy.assign(outcome="neurological sequelae", variable="")
    rows["contrast"] = np.where(rows["term"] == "risk", "", f"{exposed} vs {other}")
    return records(rows.assign(is_reference=False))


def _apart(frame: pd.DataFrame, outcome: pd.Series[Any], code: str) -> list[Row]:
    """The risk of a group that takes no part in the comparison."""
    inside = frame["cns_baseline"] == code
    if not outcome[inside].notna().any():
        return [{"term": "risk", "group": STATUS[code], "measure": "risk", "n": 0, "note": "nobody assessed"}]
    found = risks_only(frame.loc[inside, "cns_baseline"].map(STATUS), outcome[inside], reason="kept apart").tidy
    return records(found[found["term"] == "risk"].assign(outcome="neurological sequelae", variable=""))


def _bounds(words: pd.Series[Any], name: str) -> list[Row]:
    if words.empty:
        return []
    found = frequency(words).tidy
    rows = found.set_index("term", drop=False).loc[list(_READINGS)]
    return [
        {**row, "analysis": "bounds", "term": f"risk, {_READINGS[row['term']]}", "group": name, "measure": "risk"}
        for row in records(rows)
    ]


def by_domain(material: Material) -> Result:
    """Sequelae by each domain at baseline and by Horne group, with Horne 2008 beside: odds ratios as a forest."""
    reason = _why_not(material)
    if reason:
        return refusal("sequelae_domains", DOMAIN_TITLE, reason)
    frame, gone = alive(material)
    outcome = assessed(frame).rename("neurological sequelae")
    rows, drawn = [], []
    for domain, name in _DOMAINS.items():
        column = frame.get(f"cns_{domain}_baseline", frame[f"cns_{domain}"])
        group = column.map({"met": f"{name}: abnormal", "not_met": f"{name}: normal"})
        own = _contrast(group, outcome, f"{name}: abnormal", f"{name}: normal")
        rows += [{**row, "analysis": name} for row in own]
        drawn.append(_drawn(name, own, "This study, by domain", "other"))
    horne = frame.get("cns_group_horne_baseline", frame["cns_group_horne"])
    # group 4 has its row in the comparison with the others
    each = risks_only(horne.map(_HORNE), outcome, reason="each group by itself").tidy
    rows += [
        {**row, "analysis": "Horne groups"}
        for row in records(each[(each["term"] == "risk") & (each["group"] != _HORNE["4"])])
    ]
    for said in reported_sequelae():
        group = horne.map({code: said.exposed if code == "4" else said.other for code in _HORNE})
        own = _contrast(group, outcome, said.exposed, said.other)
        rows += [{**row, "analysis": "Horne group 4 against 1 to 3"} for row in own]
        drawn.append(_drawn("This study", own, "Horne group 4 against 1 to 3", "main"))
        printed = _published(said)
        rows += printed
        drawn.append(_drawn(f"{said.label}, {said.status}", printed, "Horne group 4 against 1 to 3", "published"))
    unknown = int((~horne.isin(list(_HORNE))).sum())
    result = Result(
        kind="sequelae_domains",
        tidy=tidy_frame([{**row, "variable": "", "outcome": "neurological sequelae"} for row in rows]),
        method={
            "title": DOMAIN_TITLE,
            **_METHOD,
            "denominator": "survivors assessed whose domain was tested",
            "reference": [*_REFERENCES, *(f"{r.source} ({r.status})" for r in reported_sequelae())],
        },
        counts=_counts(material, outcome, gone),
        notes=(
            SURVIVORS_ONLY,
            f"The Horne group of {unknown} of {len(frame)} survivors is unknown: it needs a neurological examination "
            "and a lumbar puncture.",
            *(
                f"{r.label}: {r.exposed_events}/{r.exposed_n} in group 4 and {r.other_events}/{r.other_n} in groups 1 "
                f"to 3, printed with P = {r.p_printed:g} ({r.test}); {r.about}. Its risks and ratios here are computed "
                "from these counts."
                for r in reported_sequelae()
            ),
        ),
    )
    return fit_to_design(
        forest(result, drawn, axis="Odds ratio of neurological sequelae among survivors", events="sequelae"), material
    )


def _published(said: Reported) -> list[Row]:
    """The comparison of a publication, computed anew from its counts."""
    group = pd.Series([said.exposed] * said.exposed_n + [said.other] * said.other_n)
    tally = (
        said.exposed_events,
        said.exposed_n - said.exposed_events,
        said.other_events,
        said.other_n - said.other_events,
    )
    outcome = pd.Series(np.repeat([True, False, True, False], tally))
    rows = _contrast(group, outcome, said.exposed, said.other)
    own = [{**row, "analysis": "published", "population": said.label} for row in rows]
    note = f"P as printed; {said.source}; {said.status}"
    return [*own, {"analysis": "published", "population": said.label, "term": "P as printed", "p_value": said.p_printed,
                   "n": said.exposed_n + said.other_n, "events": said.exposed_events + said.other_events,
                   "method": said.test, "note": note}]  # fmt: skip


def _drawn(label: str, rows: list[Row], block: str, role: str) -> dict[str, Any]:
    line = next(row for row in rows if row["term"] == "odds ratio")
    numbers = {key: line.get(key) for key in ("estimate", "conf_low", "conf_high")}
    counted = [row for row in rows if row["term"] == "risk"]
    n, events = (sum(row[key] for row in counted) for key in ("n", "events"))
    return {"block": block, "label": label, "role": role, "n": n, "events": events, "note": line["note"], **numbers}


def types(material: Material) -> Result:
    """Kind and severity of sequelae among survivors who have them, with Deiva 2012 beside."""
    kinds = {"sequelae_type": "Type", "sequelae_severity": "Severity"}
    held = {c: name for c, name in kinds.items() if c in material.frame and material.frame[c].notna().any()}
    if not held:
        return refusal("sequelae_types", TYPE_TITLE, "no source has a column for type or severity of sequelae")
    frame, gone = alive(material)
    ill = frame[assessed(frame).fillna(False).astype(bool)] if SEQUELAE in frame else frame.iloc[0:0]
    rows = []
    for column, name in held.items():
        found = ill[column].fillna("not recorded").replace({"none": "recorded as none", "unknown": "not recorded"})
        order = [*codebook()[column].codes, "recorded as none", "not recorded"]
        for code in [c for c in order if (found == c).any()]:
            own = ill[found == code]
            for status, words in STATUS.items():
                n = int((own["cns_baseline"] == status).sum())
                total = int((ill["cns_baseline"] == status).sum())
                said = {"term": name, "level": code, "group": words, "measure": "patients", "n": total, "events": n}
                rows += [said] if total else []
    for r in reported_severity():
        shared = {"term": "Severity", "population": r.label, "measure": "patients", "n": r.n}
        note = f"of all survivors; {r.source}; {r.status}"
        rows += [{**shared, "level": k, "events": v, "note": note} for k, v in (("severe", r.severe), ("mild", r.mild))]
    return Result(
        kind="sequelae_types",
        tidy=tidy_frame(rows),
        method={"title": TYPE_TITLE, "denominator": "survivors with neurological sequelae; published: all survivors"},
        counts={
            "supplied": len(material.frame),
            "used": len(ill),
            "dropped": {**gone, "without or not assessed": len(frame) - len(ill)},
        },
        notes=(SURVIVORS_ONLY,),
    )
