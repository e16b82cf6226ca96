"""Gathers what a run found into what a report may say: counts, results and choices, no patient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from neurohlh.clinical.cns_definitions import definition as cns_definition
from neurohlh.clinical.cns_definitions import definitions as cns_definitions
from neurohlh.clinical.cns_definitions import rule_in_words
from neurohlh.clinical.definition import Definition
from neurohlh.clinical.outcome import outcome_method
from neurohlh.core.findings import (
    CNS_COLUMNS,
    CRITERIA_COLUMNS,
    EVIDENCE_COLUMNS,
    Findings,
    Reference,
    Setting,
    table,
)
from neurohlh.core.provenance import versions
from neurohlh.core.result import Result
from neurohlh.etl.codebook import codebook
from neurohlh.study.cautions import cautions
from neurohlh.study.classify import Classified
from neurohlh.study.config import StudyConfig
from neurohlh.study.covariates import DEFAULT_COVARIATES, MERGED, SPARSE_EVENTS, variable_of
from neurohlh.study.follow import EXPOSURE, time_zero_words
from neurohlh.study.limitations import limitations
from neurohlh.study.plan import chapters
from neurohlh.study.population import Population
from neurohlh.study.summaries import change_summary, column_summary, issue_summary, source_summary

STATUSES = ("met", "not_met", "indeterminate", "not_applicable")
_SYNTHETIC = (
    "These data are synthetic: a program generated them to show how the tool works. No number here says anything "
    "about real patients."
)
_EXPOSURE_LEVELS = {
    "met": "CNS involvement",
    "not_met": "No CNS involvement",
    "indeterminate": "CNS status undecided",
    "not_applicable": "Not applicable",
}
LABELS = {
    "cns": "CNS involvement at baseline",
    "cns_status": "CNS involvement",
    "symptoms_tested": "Neurological assessment",
    "csf_tested": "Lumbar puncture",
    "imaging_tested": "Cranial imaging (MRI or CT)",
    "died": "Death",
    "os_event": "Death",
}


def assemble(
    config: StudyConfig,
    classified: Classified,
    population: Population,
    results: Mapping[str, Result],
    criteria: pd.DataFrame,
    cns: pd.DataFrame,
    file: str,
) -> Findings:
    """The bundle for the report. `criteria` and `cns` are the long tables of all patients."""
    cohort = classified.cohort
    named = (config.study.title, *(s.name for s in config.source))
    included = set(cohort.frame["patient_id"][population.included])
    return Findings(
        title=config.study.title,
        subtitle=f"{int(population.included.sum())} patients in the study of {len(cohort.frame)} in the tables",
        synthetic=_SYNTHETIC if any("synthetic" in n.lower() for n in named) else "",
        settings=tuple(Setting(*s) for s in (*config.settings(), *source_settings(config))),
        sources=source_summary(cohort),
        columns=column_summary(cohort),
        changes=change_summary(cohort),
        issues=issue_summary(cohort).replace({"severity": {"info": "note"}}),
        flow=population.flow,
        criteria_set=classified.definitions.chosen.name if classified.definitions.chosen else "",
        case_series=config.study.design == "case_series",
        time_zero=time_zero_words(config),
        criteria=criteria_summary(criteria, classified.definitions.sets),
        criteria_notes={d.name: d.caveat for d in classified.definitions.sets if d.caveat},
        cns=cns_summary(cns[cns["patient_id"].isin(included)]),
        cns_definition=config.cns.definition,
        cns_evidence=evidence_summary(classified.frame[population.included]),
        chapters=chapters(config.plan),
        results=results,
        exposure=EXPOSURE,
        labels={v.name: v.label() for v in codebook()} | LABELS,
        level_labels={EXPOSURE: _EXPOSURE_LEVELS, "cns_status": _EXPOSURE_LEVELS, **_merged_levels()},
        units={v.name: v.unit for v in codebook() if v.unit},
        cautions=cautions(classified, population, results, config),
        limitations=limitations(classified, population, results, config),
        methods_notes=tuple(_methods(config, classified)),
        references=tuple(_references(config, classified)),
        versions=versions(),
        run={
            "version": versions()["neurohlh"],
            "study file": file,
            "seed": str(config.study.seed),
            **{t.raw.source: f"sha256 {t.raw.sha256}" for t in cohort.trail.tables},
        },
    )


def _merged_levels() -> dict[str, dict[str, str]]:
    words = {MERGED: f"Fewer than {SPARSE_EVENTS} deaths each"}
    return {variable_of(term): words for term in DEFAULT_COVARIATES}


def source_settings(config: StudyConfig) -> Iterator[tuple[str, str, str, str]]:
    """(setting, value, 'declared', meaning) of whatever the study declares about its sources."""
    for source in config.source:
        for key, info in type(source).model_fields.items():
            if key in source.model_fields_set and key not in ("path", "database"):
                value = getattr(source, key)
                shown = "; ".join(f"{k} = {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
                yield f"{source.name}: {key}", shown, "declared", info.description or ""


def criteria_summary(criteria: pd.DataFrame, sets: tuple[Definition, ...]) -> pd.DataFrame:
    """Patients per criteria set, item and status, with the rule in words, its source and how it was verified."""
    counts = criteria.groupby(["criteria_set", "item", "status"]).size().to_dict()
    known = set(zip(criteria["criteria_set"], criteria["item"], strict=True))
    rows = []
    for d in sets:
        for name in (*d.items, "overall"):
            if (d.name, name) not in known or (name in d.items and d.items[name].part):
                continue
            item = d.items.get(name)
            told = {
                "criteria_set": d.name,
                "item": name,
                "label": d.title or d.name if item is None else name.replace("_", " "),
                "rule": "" if item is None else item.words(),
                "source": d.source if item is None else item.source,
                "status": d.status if item is None else item.status,
            }
            rows.append(told | {s: int(counts.get((d.name, name, s), 0)) for s in STATUSES})
    return table(CRITERIA_COLUMNS, pd.DataFrame(rows))


def cns_summary(cns: pd.DataFrame) -> pd.DataFrame:
    """Patients per CNS definition and status, with its rule, source and status."""
    counts = cns.groupby(["definition", "status"]).size().to_dict()
    rows = []
    for d in cns_definitions():
        told = {
            "definition": d.name,
            "label": d.title,
            "source": d.source,
            "status": d.status,
            "note": rule_in_words(d),
        }
        rows.append(told | {s: int(counts.get((d.name, s), 0)) for s in STATUSES})
    return table(CNS_COLUMNS, pd.DataFrame(rows))


_EVIDENCE_DOMAINS = {
    "Symptoms": ("cns_symptoms", "Any neurological symptom that counts", ("neuro_symptom",)),
    "CSF": ("cns_csf", "Abnormal cerebrospinal fluid", ()),
    "Imaging": ("cns_imaging", "Abnormal cranial imaging", ("mri_finding",)),
}


def evidence_summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Patients with each kind of CNS evidence; the denominator is those for whom the answer is known."""
    rows = []
    for domain, (status, words, kinds) in _EVIDENCE_DOMAINS.items():
        known = frame[status].isin(["met", "not_met"])
        rows.append((domain, words, int((frame[status] == "met").sum()), int(known.sum())))
        for variable in codebook():
            if variable.domain in kinds and variable.name in frame:
                column = frame[variable.name].astype("boolean")
                rows.append((domain, variable.label(), int(column.sum()), int(column.notna().sum())))
    return pd.DataFrame(rows, columns=list(EVIDENCE_COLUMNS))


def _methods(config: StudyConfig, classified: Classified) -> Iterator[str]:
    d = cns_definition(config.cns.definition)
    low, high = config.cns.window_days
    yield f"CNS involvement by the definition {d.name} ({d.title}): {rule_in_words(d)}. Source: {d.source}."
    if d.decision:
        yield f"Where the source is silent, this package decided: {d.decision}"
    yield (
        f"Baseline CNS status rests on evidence dated from day {low} to day {high} around time zero; evidence without "
        "a date counts as baseline because its column is one."
    )
    chosen = classified.definitions.chosen
    if chosen is not None and chosen.rule is not None:
        words = chosen.rule.note or chosen.rule.test.words()
        yield f"HLH by {chosen.name}: {words}. Source: {chosen.source}. Status: {chosen.status}."
    for topic, words in outcome_method().items():
        yield f"{topic[0].upper()}{topic[1:]}: {words}."


def _references(config: StudyConfig, classified: Classified) -> Iterator[Reference]:
    d = cns_definition(config.cns.definition)
    yield Reference(d.name, d.source, status=d.status)
    for definition in classified.definitions.sets:
        yield Reference(definition.name, definition.source, status=definition.status)
