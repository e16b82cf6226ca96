"""Does the effect of CNS involvement differ between groups? Hazard ratios within them, interaction on two scales."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core import format as fmt
from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import forest
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.curves.survival_difference import survival_difference
from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.hazards.firth import cox_firth
from neurohlh.stats.hazards.interaction import cox_interaction
from neurohlh.stats.hazards.subgroups import cox_subgroups
from neurohlh.stats.multiplicity import p_adjust
from neurohlh.study.covariates import SPARSE_EVENTS, variable_of
from neurohlh.study.follow import EXPOSURE
from neurohlh.study.parts.groups import one_sided
from neurohlh.study.parts.material import Followed, Material
from neurohlh.study.parts.part import Results, answer, refusal
from neurohlh.study.parts.rows import NUMBERS, Row, picked, records
from neurohlh.study.parts.triggers.modifiers import Modifier, modifiers
from neurohlh.study.parts.triggers.tally import CNS_WORDS

TITLE = "Effect of CNS involvement on death within groups"
SCALES_TITLE = "Does the effect differ between groups? Interaction on both scales"
YEAR = 365.0
_GROUP = "group"
_CONTRAST = "CNS involved vs not"
_LIMIT = "of the limit that a monotone likelihood runs to"
_ONE_SIDE = "in one of the groups all deaths are on one side: the likelihood at its limit"
_MONOTONE = "not estimable: in one of the groups all deaths are on one side"
_WITHOUT_P = (*(name for name in NUMBERS if name not in ("statistic", "df", "p_value")), "method")
"""An effect within a group has limits and no p value, which would invite comparing the groups by it."""
_MEASURES = {
    "ratio of HR": "ratio of HR",
    "RERI": "relative excess risk due to interaction (RERI)",
    "AP": "attributable proportion (AP)",
    "S": "synergy index (S)",
}


@dataclass
class _Found:
    """The rows of one modifier: effects within its levels, the test of interaction, the measures of both scales."""

    modifier: Modifier
    levels: list[Row] = field(default_factory=list)
    test: dict[str, Any] = field(default_factory=dict)
    scales: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def effect_by_group(material: Material) -> Results:
    """Hazard ratios of CNS involvement from the landmark within each group, and whether they differ."""
    if not material.survival_analysed:
        return {"triggers_effect": refusal("trigger_effect", TITLE, material.no_survival)}
    followed = material.followed()
    adjusted = material.adjustment(followed.frame)
    strata = material.config.model.strata
    method = {
        "model": "Cox regression with interaction, one model per grouping",
        "covariates": list(adjusted.terms),
        "strata": strata or "",
        "test": "interaction: likelihood ratio",
        "correction": "tests of interaction: Holm in rows of their own; limits: none",
        "conf_level": 0.95,
        "few events": f"groups with fewer than {SPARSE_EVENTS} deaths are counted and not estimated (a choice of this "
        "package); groups with deaths on one side only: Firth's penalty, crude, profile limits",
        "reference": [
            "Hosmer & Lemeshow 1992, Epidemiology 3:452",
            "Knol & VanderWeele 2012, Int J Epidemiol 41:514",
            "Heinze & Schemper 2001, Biometrics 57:114",
        ],
    }

    def fitted() -> Result:
        return _overall(adjusted.frame, list(adjusted.terms), strata)

    overall = followed.tell(answer("trigger_effect", TITLE, fitted, **method))
    if not len(overall.tidy):
        return {"triggers_effect": overall}
    # groups are read before the adjustment merges sparse levels of the trigger into one
    groups = modifiers(followed.frame, material.config)
    found = [_within(adjusted.frame, modifier, adjusted.terms, strata) for modifier in groups]
    notes = (
        *(f"Adjustment. {note}" for note in adjusted.notes),
        *(f"{f.modifier.heading}: {n}" for f in found for n in (f.modifier.note, *f.notes) if n),
    )
    return {
        "triggers_effect": _effects(overall, found, notes),
        "triggers_effect_scales": _scales(overall, found, followed),
    }


def _overall(frame: pd.DataFrame, terms: list[str], strata: str | None) -> Result:
    kept = [t for t in terms if variable_of(t) != strata]
    needed = [*map(variable_of, kept), *([strata] if strata else [])]
    if reason := one_sided(frame):
        raise NotEstimable(reason)
    if frame.loc[frame[needed].notna().all(axis=1), EXPOSURE].nunique() < 2:
        raise NotEstimable("all patients with known covariates have the same CNS status, or there are none")
    result = cox(frame, "os_days", "os_event", [EXPOSURE, *kept], strata=strata, reference={EXPOSURE: "not_met"})
    own = result.tidy[(result.tidy["variable"] == EXPOSURE) & (result.tidy["level"] == "met")]
    words = {"analysis": "overall", "outcome": "death", "term": "All patients", "contrast": _CONTRAST}
    counts = {"n": result.counts["used"], "events": result.counts["events"]}
    row = {**records(own)[0], **words, **counts, "level": "", "variable": ""}
    return result.with_(kind="trigger_effect", tidy=tidy_frame([row]), checks=result.checks.iloc[0:0], notes=())


def _within(frame: pd.DataFrame, modifier: Modifier, covariates: tuple[str, ...], strata: str | None) -> _Found:
    """Everything about one modifier, from patients with known group and covariates."""
    terms = [t for t in modifier.terms(covariates) if variable_of(t) != strata]
    strata = None if strata in modifier.instead_of else strata
    needed = [variable_of(t) for t in terms] + ([strata] if strata else [])
    known, complete = modifier.levels.notna(), frame[needed].notna().all(axis=1)
    used = frame[known & complete].assign(**{_GROUP: modifier.levels[known & complete]})
    found = _Found(modifier)
    unknown, lacking = int((~known).sum()), int((known & ~complete).sum())
    gone = [f"{unknown} whose group is unknown"] if unknown else []
    gone += [f"{lacking} who lack a covariate"] if lacking else []
    if gone:
        found.notes.append(f"without {' and '.join(gone)}.")
    able = _countable(used, found)
    if len(able) < 2:
        why = f"fewer than two groups with {SPARSE_EVENTS} deaths and patients with and without CNS involvement"
        found.test = _row(found, "test of interaction", note=f"not estimable: {why}")
        for row in found.levels:
            row["note"] = row["note"] or "not estimated: no other group to compare it with"
        return found
    rows = used[used[_GROUP].isin(able)]
    rows = rows.assign(**{_GROUP: pd.Categorical(rows[_GROUP], categories=able)}).reset_index(drop=True)
    try:
        _estimate(found, rows, terms, strata)
    except NotEstimable as reason:
        found.test = _row(found, "test of interaction", note=f"not estimable: {reason}")
        for row in found.levels:
            row["note"] = row["note"] or f"not estimable: {reason}"
    return found


def _countable(used: pd.DataFrame, found: _Found) -> list[str]:
    """The levels whose effect can be estimated; every level that occurs has its row, with the reason if it can't."""
    able = []
    for level in found.modifier.order:
        inside = used[used[_GROUP] == level]
        if inside.empty:
            continue
        deaths, sides = int(inside["os_event"].sum()), inside[EXPOSURE].nunique()
        note = f"not estimable: fewer than {SPARSE_EVENTS} deaths" if deaths < SPARSE_EVENTS else ""
        note = note or ("not estimable: nobody to compare with" if sides < 2 else "")
        found.levels.append(_row(found, level, n=len(inside), events=deaths, measure="HR", note=note))
        able += [] if note else [level]
    return able


def _row(found: _Found, level: str, **more: Any) -> Row:
    contrast = {} if level == "test of interaction" else {"contrast": _CONTRAST}
    words = {"analysis": "within", "outcome": "death", "term": found.modifier.heading, "level": level}
    return {**words, **contrast, **more}


def _estimate(found: _Found, rows: pd.DataFrame, terms: list[str], strata: str | None) -> None:
    able = list(rows[_GROUP].cat.categories)
    usual = str(rows[_GROUP].value_counts().index[0])
    reference = {EXPOSURE: "not_met", _GROUP: usual}
    within = cox_subgroups(rows, "os_days", "os_event", EXPOSURE, [_GROUP], terms, reference=reference, strata=strata)
    effects = within.tidy[within.tidy["group"] != "overall"].copy()
    lines = {str(row["group"]).removeprefix(f"{_GROUP} = "): row for row in records(effects)}
    for level in able:
        inside = rows[rows[_GROUP] == level]
        if inside.loc[inside["os_event"] == 1, EXPOSURE].nunique() == 1:
            lines[level] = _penalised(inside, strata)
    for place, row in enumerate(found.levels):
        if row["level"] in able and row["level"] not in lines:
            found.levels[place] = {**row, "note": "not estimable: no model with the interaction"}
        elif row["level"] in able:
            found.levels[place] = {**row, **picked(lines[row["level"]], _WITHOUT_P)}
    check = records(within.checks[within.checks["check"].str.startswith("likelihood ratio test")])
    test = check[0] if check else {"note": "not estimable: no model with the interaction"}
    numbers = {key: test.get(key, np.nan) for key in ("statistic", "df", "p_value")}
    counts = {"n": len(rows), "events": int(rows["os_event"].sum())}
    note = str(test.get("note") or "").replace(_LIMIT, _ONE_SIDE)
    said = {"measure": "chi-square", "method": "likelihood ratio test", "note": note}
    found.test = _row(found, "test of interaction", **counts, **numbers, **said)
    both = cox_interaction(rows, "os_days", "os_event", EXPOSURE, _GROUP, terms, reference=reference, strata=strata)
    found.scales = [*_measures(found, both, usual), *_absolute(found, rows, able)]


def _penalised(inside: pd.DataFrame, strata: str | None) -> Row:
    """The crude hazard ratio of one group by Firth's penalty: all its deaths are on one side."""
    fitted = cox_firth(inside, "os_days", "os_event", [EXPOSURE], reference={EXPOSURE: "not_met"}, strata=strata).tidy
    line = records(fitted[~fitted["is_reference"]])[0]
    note = "; ".join(w for w in ("all deaths are on one side: not adjusted", str(line["note"])) if w)
    return {**line, "method": "Firth's penalty, crude", "note": note}


def _measures(found: _Found, both: Result, usual: str) -> list[Row]:
    tidy = both.tidy[both.tidy["analysis"].isin(["multiplicative", "additive"])]
    rows = []
    for row in records(tidy):
        if row["analysis"] == "additive" and row["note"] and np.isnan(row["estimate"]):
            continue  # the ratio of hazard ratios gives the same reason once
        level = str(row["level"]).partition(":")[2]
        note = _MONOTONE if "monotone" in str(row["note"]) else row["note"]
        shown = {
            **row,
            "note": note,
            "outcome": "death",
            "variable": "",
            "term": found.modifier.heading,
            "level": level,
        }
        rows.append({**shown, "contrast": f"{level} against {usual}", "measure": _MEASURES[row["measure"]]})
    return rows


def _absolute(found: _Found, rows: pd.DataFrame, able: list[str]) -> list[Row]:
    """The difference of survival one year after the landmark within each level, not adjusted."""
    out: list[Row] = []
    for level in able:
        inside = rows[rows[_GROUP] == level]
        words = pd.Categorical(inside[EXPOSURE].map(CNS_WORDS), [CNS_WORDS["not_met"], CNS_WORDS["met"]])
        shared = _row(found, level, analysis="absolute", measure="difference of survival", time=YEAR, n=len(inside))
        shared |= {"events": int(inside["os_event"].sum()), "method": "Kaplan-Meier, not adjusted"}
        own = inside.assign(cns_words=words)
        try:
            curves = survival_difference(own, "os_days", "os_event", "cns_words", times=[YEAR])
        except NotEstimable as reason:
            out.append({**shared, "note": f"not estimable: {reason}"})
            continue
        line = curves.tidy[curves.tidy["term"] == "difference"].iloc[0]
        out.append({**shared, **picked(line, [name for name in _WITHOUT_P if name != "method"])})
    return out


def _effects(overall: Result, found: list[_Found], notes: tuple[str, ...]) -> Result:
    tests = [f.test for f in found]
    p_values = np.array([t.get("p_value", np.nan) for t in tests], dtype=float)
    known = int((~np.isnan(p_values)).sum())
    holm = p_adjust(p_values, "holm")
    rows = records(overall.tidy)
    drawn = [_line("", "All patients", rows[0], "main")]
    for own, test, adjusted in zip(found, tests, holm, strict=True):
        rows += [*own.levels, test]
        if not np.isnan(adjusted) and known > 1:
            label = f"test of interaction, corrected for {known} tests (Holm)"
            corrected = {"level": label, "measure": "corrected p", "p_value": adjusted}
            rows.append({**_row(own, "test of interaction"), **corrected})
        p = test.get("p_value", np.nan)
        said = "interaction not tested" if np.isnan(p) else f"p for interaction {fmt.p_value(p)}"
        drawn += [_line(f"{own.modifier.heading} ({said})", str(r["level"]), r, "other") for r in own.levels]
    result = overall.with_(
        tidy=tidy_frame(rows),
        notes=(
            "Effects are compared with each other by the test of interaction, never by which of them is significant.",
            f"{known} interactions were tested: about one p value in 20 lies below 0.05 by chance.",
            *notes,
        ),
    )
    return forest(result, drawn, axis="Hazard ratio of death, CNS involved against not, from the landmark")


def _line(block: str, label: str, row: Row, role: str) -> Row:
    numbers = {key: row.get(key, np.nan) for key in ("estimate", "conf_low", "conf_high", "n", "events")}
    return {"block": block, "label": label, "role": role, "note": row.get("note", ""), **numbers}


def _scales(overall: Result, found: list[_Found], followed: Followed) -> Result:
    rows = [row for f in found for row in f.scales]
    if not rows:
        return refusal("trigger_scales", SCALES_TITLE, "no grouping has two groups whose effects can be estimated")
    deaths, n = int(followed.frame["os_event"].sum()), len(followed.frame)
    return Result(
        kind="trigger_scales",
        tidy=tidy_frame(rows),
        method={
            **overall.method,
            "title": SCALES_TITLE,
            "interval": "ratio of HR: Wald; RERI, AP, S: delta method; survival: Greenwood",
            "absolute": f"difference of Kaplan-Meier survival {YEAR:g} days after the landmark, not adjusted",
        },
        counts=overall.counts,
        notes=(
            "Ratio of HR: the hazard ratio in the group divided by that in the group it is compared with; 1 means no "
            "difference on the multiplicative scale. RERI and AP 0, S 1 mean no difference on the additive scale.",
            "RERI, AP and S read hazard ratios as relative risks, which holds for rare events: "
            f"{deaths} of {n} patients died here, so that they can overstate the excess.",
        ),
    )
