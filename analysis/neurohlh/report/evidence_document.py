"""The published evidence as a document of its own: the answer in sentences first, then each part, then the methods."""

from __future__ import annotations

from collections.abc import Sequence

from neurohlh.core.findings import Findings
from neurohlh.report.blocks import Block, Callout, Document, KeyFigure, KeyFigures, Paragraph, Section
from neurohlh.report.document import cohorts
from neurohlh.report.sections import results


def evidence_document(
    findings: Findings, *, lead: str, sentences: Sequence[str], figures: Sequence[tuple[str, str, str]]
) -> Document:
    """The document of published evidence.

    `lead` is the answer in one sentence, `sentences` what follows it, `figures` the key figures as (label, value, what
    stands below); the results of `findings` are shown by chapter, its cautions stand in the summary.
    """
    blocks: list[Block] = [Paragraph(findings.question, tone="question"), Paragraph(lead, tone="lead")]
    if figures:
        blocks.append(KeyFigures(tuple(KeyFigure(*figure) for figure in figures)))
    blocks += [Paragraph(text) for text in sentences]
    if findings.cautions:
        blocks.append(Callout("caution", "What speaks against trusting these numbers", findings.cautions))
    after = (results.limitations, results.methods, results.software)
    sections = (
        *results.chapters(findings),
        *(s for make in after for s in [make(findings)] if s is not None),
    )
    return Document(
        title=findings.title,
        subtitle=findings.subtitle,
        summary=Section("summary", "Summary", tuple(blocks)),
        sections=sections,
        banner=findings.synthetic,
        kept=tuple(dict.fromkeys(cohorts(findings))),
        colophon=" · ".join(f"{k} {findings.run[k]}" for k in ("version",) if k in findings.run),
    )
