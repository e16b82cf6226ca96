"""Findings as a document: which sections there are, in which order. A section appears only where there is a finding."""

from __future__ import annotations

from collections.abc import Iterator

from neurohlh.core.findings import Findings
from neurohlh.report.blocks import Document
from neurohlh.report.checklists import with_checklists
from neurohlh.report.flow import flow
from neurohlh.report.names import Names
from neurohlh.report.sections import data, results
from neurohlh.report.sections.summary import summary

_BEFORE_CHAPTERS = (
    flow,
    data.criteria,
    data.cns,
    results.frequency,
    results.table1,
    results.survival,
    results.cox,
    results.two_by_two,
)
_AFTER_CHAPTERS = (
    results.others,
    results.limitations,
    results.methods,
    data.data,
    data.changes,
    results.completeness,
    results.settings,
    results.software,
)


def build(findings: Findings) -> Document:
    """The report of a study: the answer first, then who and what it rests on, then how it was made."""
    before, after = (
        tuple(s for make in made for s in [make(findings)] if s is not None)
        for made in (_BEFORE_CHAPTERS, _AFTER_CHAPTERS)
    )
    sections = (*before, *results.chapters(findings), *after)
    run = findings.run
    colophon = " · ".join(f"{str(k).replace('_', ' ')} {run[k]}" for k in ("date", "version", "seed") if k in run)
    document = Document(
        title=findings.title,
        subtitle=findings.subtitle,
        summary=summary(findings),
        sections=sections,
        banner=findings.synthetic,
        colophon=colophon,
        kept=tuple(dict.fromkeys((*_centres(findings), *cohorts(findings)))),
    )
    if not findings.results:
        return document
    return with_checklists(document, before="settings", case_series=findings.case_series)


def cohorts(findings: Findings) -> Iterator[str]:
    """How the published cohorts are called in results on them: by author, year or place."""
    for name, result in findings.results.items():
        if name.startswith("published_"):
            yield from result.tidy["level"].dropna().astype(str).unique()


def _centres(findings: Findings) -> Iterator[str]:
    """The names of the centres, which the data gave, as they are and as they are printed."""
    names = Names.of(findings)
    for result in findings.results.values():
        tidy = result.tidy
        of_centres = (tidy["variable"] == "center_id") | (tidy["term"] == names.label("center_id"))
        given = tidy.loc[of_centres, "level"]
        if result.kind == "completeness":
            given = tidy["group"]
        for name in given.dropna().astype(str).unique():
            yield from (name, names.level("center_id", name))
