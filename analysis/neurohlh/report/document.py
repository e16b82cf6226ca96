"""Findings as a document: which sections there are, in which order. A section appears only where there is a finding."""

from __future__ import annotations

from neurohlh.core.findings import Findings
from neurohlh.report import sections_data, sections_results
from neurohlh.report.blocks import Document
from neurohlh.report.flow import flow
from neurohlh.report.summary import summary

_BEFORE_CHAPTERS = (
    flow,
    sections_data.criteria,
    sections_data.cns,
    sections_results.frequency,
    sections_results.table1,
    sections_results.survival,
    sections_results.cox,
    sections_results.two_by_two,
)
_AFTER_CHAPTERS = (
    sections_results.others,
    sections_results.limitations,
    sections_data.data,
    sections_data.changes,
    sections_results.completeness,
    sections_results.methods,
    sections_results.settings,
    sections_results.software,
)


def build(findings: Findings) -> Document:
    """The report of a study: the answer first, then who and what it rests on, then how it was made."""
    before, after = (
        tuple(s for make in made for s in [make(findings)] if s is not None)
        for made in (_BEFORE_CHAPTERS, _AFTER_CHAPTERS)
    )
    sections = (*before, *sections_results.chapters(findings), *after)
    run = findings.run
    colophon = " · ".join(f"{str(k).replace('_', ' ')} {run[k]}" for k in ("date", "version", "seed") if k in run)
    return Document(
        title=findings.title,
        subtitle=findings.subtitle,
        summary=summary(findings),
        sections=sections,
        banner=findings.synthetic,
        colophon=colophon,
    )
