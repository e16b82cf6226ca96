"""The second half of the report: results with their figures, limits, methods, settings, software."""

from __future__ import annotations

import re
from dataclasses import replace

from neurohlh.core.findings import EXPLORATORY, Chapter, Findings
from neurohlh.core.result import Result
from neurohlh.report import words
from neurohlh.report.blocks import (
    Block,
    Bullets,
    Callout,
    Cell,
    Column,
    Definitions,
    Figure,
    Fold,
    Paragraph,
    Row,
    Section,
    Table,
)
from neurohlh.report.captions import caption
from neurohlh.report.methods import method_items
from neurohlh.report.names import Names
from neurohlh.report.picture import ResultPicture
from neurohlh.report.tables import tables_of

_PLACED = {
    "completeness", "missing_patterns", "table1", "frequency", "testing", "kaplan_meier", "kaplan_meier_overall",
    "logrank", "followup", "cox", "cox_bounds", "two_by_two",
}  # fmt: skip

_OPEN = 14
"""Rows of a table that stand open in a part of the plan."""

NO_FREQUENCY = Callout(
    "stop",
    "This file cannot estimate a frequency",
    (
        "Published cases are chosen because they are remarkable. How often CNS involvement occurs cannot be estimated "
        "from such a file, and a comparison of deaths carries the same choice.",
    ),
)


def completeness(findings: Findings) -> Section | None:
    """How complete each variable is."""
    parts = ("completeness", "missing_patterns")
    blocks = _blocks(findings, parts, drawn=parts)
    return Section("completeness", "Completeness", blocks, supplement=True) if blocks else None


def table1(findings: Findings) -> Section | None:
    """Table 1."""
    return _section(findings, "table1", "Patients by CNS status", ("table1",))


def frequency(findings: Findings) -> Section | None:
    """Frequency of CNS involvement and who was tested."""
    parts = ("testing",) if findings.case_series else ("frequency", "testing")
    section = _section(findings, "frequency", "How frequent is CNS involvement", parts, drawn=("frequency",))
    if section is None:
        return None
    if findings.case_series:
        return Section(section.key, "Who was tested", (NO_FREQUENCY, *section.blocks))
    said = words.frequency(findings)
    return Section(section.key, section.title, (*([Paragraph(said)] if said else []), *section.blocks))


def survival(findings: Findings) -> Section | None:
    """Survival curves with their risk table, estimates, follow-up and log-rank test."""
    parts = ("kaplan_meier", "logrank", "followup", "kaplan_meier_overall")
    drawn = ("kaplan_meier", "kaplan_meier_overall")
    return _section(findings, "survival", "Survival by CNS status", parts, drawn)


def cox(findings: Findings) -> Section | None:
    """Cox models, their forest and their checks."""
    section = _section(findings, "cox", "Hazard of death", ("cox", "cox_bounds"), drawn=("cox",))
    if section is None:
        return None
    said = words.hazard(findings)
    doubts = words.model_doubts(findings)
    warned = [Callout("caution", "Before you trust these hazard ratios", doubts)] if doubts else []
    return Section(
        section.key, section.title, (Paragraph(f"{said} {words.reading(findings)}".strip()), *warned, *section.blocks)
    )


def two_by_two(findings: Findings) -> Section | None:
    """Deaths by CNS status in data that hold no survival times."""
    section = _section(findings, "two-by-two", "Deaths by CNS status", ("two_by_two",))
    if section is None:
        return None
    first = (NO_FREQUENCY,) if findings.case_series else ()
    return Section(section.key, section.title, (*first, *section.blocks))


def chapters(findings: Findings) -> tuple[Section, ...]:
    """One section for each part of the plan: its question, its standing, its results."""
    return tuple(s for c in findings.chapters for s in [_chapter(findings, c)] if s is not None)


def _chapter(findings: Findings, chapter: Chapter) -> Section | None:
    parts = tuple(k for k, r in findings.results.items() if r.method.get("part") == chapter.key)
    if not parts:
        return None
    leading = tuple(k for k in chapter.lead if k in parts) or parts
    blocks: list[Block] = [Paragraph(chapter.question)] if chapter.question else []
    if chapter.standing == EXPLORATORY:
        blocks.append(Callout("caution", "Exploratory", ("This part does not belong to the plan that was declared.",)))
    blocks += [replace(b, fold=_OPEN) if isinstance(b, Table) else b for b in _blocks(findings, leading)]
    for key in parts:
        if key not in leading:
            blocks.append(Fold(_heading(findings.results[key]), _blocks(findings, (key,))))
    return Section(f"part-{chapter.key}", chapter.title, tuple(blocks))


def _heading(result: Result) -> str:
    return str(result.method.get("title") or result.kind.replace("_", " ").capitalize())


def others(findings: Findings) -> Section | None:
    """Results that belong to no part of the plan."""
    extra = tuple(k for k, r in findings.results.items() if k not in _PLACED and not r.method.get("part"))
    title = "Further results, exploratory: outside the plan"
    return _section(findings, "further", title, extra, extra)


def _pictured(findings: Findings, keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(k for k in keys if k in findings.results and _drawn(findings, k))


def _drawn(findings: Findings, key: str) -> bool:
    from neurohlh.report import figures  # matplotlib loads only when a figure is drawn

    return len(findings.results[key].tidy) > 0 and figures.has_figure(findings.results[key])


def limitations(findings: Findings) -> Section | None:
    """What these very data cannot say."""
    doubts = dict.fromkeys((*findings.limitations, *words.testing_doubts(findings)))
    if not doubts:
        return None
    return Section("limitations", "What these data cannot say", (Bullets(tuple(doubts)),))


def methods(findings: Findings) -> Section | None:
    """Methods in words, from the records of the results."""
    blocks: list[Block] = [Paragraph(text) for text in findings.methods_notes]
    first, further = method_items(findings, of_parts=False), method_items(findings, of_parts=True)
    if first:
        blocks.append(Definitions(first))
    if further:
        blocks.append(Fold("How each result of the parts was made", (Definitions(further),)))
    if findings.references:
        cited = (
            f"{r.text}{f' doi {r.doi}.' if r.doi else ''}{f' [{r.status}]' if r.status else ''}"
            for r in findings.references
        )
        blocks += [Paragraph("Sources of rules and methods:"), Bullets(tuple(cited), ordered=True, references=True)]
    return Section("methods", "Methods", tuple(blocks)) if blocks else None


def settings(findings: Findings) -> Section | None:
    """Every setting of the study, declared or default."""
    if not findings.settings:
        return None
    heads = ("Setting", "Value", "Set by")
    columns = tuple(Column(head, number=False, verbatim=head != "Set by") for head in heads)
    origin = {"declared": "the study file", "default": "default"}
    rows = tuple(
        Row((Cell(s.name, sub=s.meaning), Cell(s.value), Cell(origin.get(s.origin, s.origin))))
        for s in findings.settings
    )
    table = Table("Choices of this study", columns, rows, key="settings")
    return Section("settings", "Study settings", (table,), supplement=True)


def software(findings: Findings) -> Section | None:
    """Software, versions, seed and fingerprints of the run."""
    facts = [(_fact(str(k)), str(v)) for k, v in findings.run.items()]
    facts += [(str(k), str(v)) for k, v in findings.versions.items()]
    return Section("software", "Software and run", (Definitions(tuple(facts)),), supplement=True) if facts else None


def _fact(name: str) -> str:
    """What a fact of the run is called; a file keeps its name."""
    return name if "." in name else name.replace("_", " ").capitalize()


def _section(
    findings: Findings, key: str, title: str, parts: tuple[str, ...], drawn: tuple[str, ...] = ()
) -> Section | None:
    blocks = _blocks(findings, parts, drawn)
    return Section(key, title, blocks) if blocks else None


def _blocks(
    findings: Findings, parts: tuple[str, ...], drawn: tuple[str, ...] | None = None
) -> tuple[Table | Callout | Figure | Paragraph, ...]:
    """Figure and tables of each result; `drawn` names those to be pictured, where they hold anything to draw."""
    names = Names.of(findings)
    drawn = _pictured(findings, parts if drawn is None else drawn)
    blocks: list[Table | Callout | Figure | Paragraph] = []
    for part in (p for p in parts if p in findings.results):
        result = findings.results[part]
        if part in drawn:
            blocks.append(_figure(findings, part, result, names))
        blocks += tables_of(result, names)
    return tuple(blocks)


def _figure(findings: Findings, key: str, result: Result, names: Names) -> Figure:
    options = {} if "time_zero" in result.method or result.kind != "kaplan_meier" else {"x_label": findings.time_zero}
    ident = re.sub(r"[^a-z0-9]+", "-", f"fig-{key}".lower())
    title, text = caption(result)
    alt = _alternative(findings, result, text)
    return Figure(ResultPicture(result, names, options), title, text, key=ident, alt=alt, name=key)


def _alternative(findings: Findings, result: Result, read: str) -> str:
    said = {"kaplan_meier": words.survival, "cox": words.hazard, "frequency": words.frequency}.get(result.kind)
    text = said(findings) if said and findings.results.get(result.kind) is result else ""
    return f"{read} {text} The numbers stand in the table below.".replace("  ", " ")
