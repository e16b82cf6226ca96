"""The report of a run in every format and language that was asked for, and the files of its figures."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from neurohlh.core.findings import Findings
from neurohlh.core.journal import JournalStyle, journal
from neurohlh.report.blocks import Document, Figure
from neurohlh.report.flow import flow_breaks
from neurohlh.study.clock import Clock
from neurohlh.study.config import StudyConfig

REPORT = "report"


@dataclass(frozen=True)
class Wanted:
    """What a report leaves: `formats` of the document and of each figure, `dpi` of figures in PNG, `languages`."""

    formats: Sequence[str] = ("html", "docx")
    figures: Sequence[str] = ("svg", "png")
    dpi: int = 300
    languages: Sequence[str] = ("en",)

    @classmethod
    def of(cls, config: StudyConfig) -> Wanted:
        """What a study asks for in [report] and [study]."""
        report = config.report
        return cls(report.formats, report.figures, report.dpi, config.study.languages)

    def main_file(self, name: str) -> str:
        """The file that a reader opens first."""
        return f"{name}.{'html' if 'html' in self.formats else self.formats[0]}"


def study_document(findings: Findings, config: StudyConfig) -> Document:
    """The report of a study in English, its numbers in the style of the journal that it names."""
    from neurohlh.report.document import build

    with study_style(config):
        return build(findings)


def study_page(findings: Findings, config: StudyConfig, language: str | None = None) -> str:
    """The report of a study as one self-contained page, in its first language or in another."""
    from neurohlh.report.language import Language

    said = Language(language or config.study.languages[0]).document(study_document(findings, config))
    return _rendered(said, "html").decode()


def write_study_report(findings: Findings, config: StudyConfig, folder: Path, clock: Clock | None = None) -> None:
    """Write the report of a study and its figures, as [report] and [study] ask, into `folder`."""
    wanted = Wanted.of(config)
    with study_style(config):
        write_reports(study_document(findings, config), folder, REPORT, wanted, clock)
        if len(findings.flow) and not flow_breaks(findings):  # the report says which numbers do not add up
            _write_flow(findings, folder / "figures", wanted)


def _write_flow(findings: Findings, folder: Path, wanted: Wanted) -> None:
    """The flow of patients as a figure: page and Word file hold it as boxes of their own."""
    from neurohlh.report import figures
    from neurohlh.report.language import Language
    from neurohlh.report.names import Names

    for place, code in enumerate(wanted.languages):
        drawn = figures.flow(findings, names=Names.of(findings, Language(code)))
        stem = folder / f"flow{f'.{code}' if place else ''}"
        figures.save(drawn, stem, formats=wanted.figures, dpi=wanted.dpi)


def write_reports(document: Document, folder: Path, name: str, wanted: Wanted, clock: Clock | None = None) -> None:
    """Write `<name>.html` and `<name>.docx` in the first language, `<name>.zh.html` and the like in further ones.

    Figures go to figures/<result>.svg and the like (figures/<result>.zh.svg in further languages). `document` is in
    English. `clock` shows how far it is.
    """
    from neurohlh.report.language import Language

    (folder / "figures").mkdir()
    pieces = len(list(document.find(Figure))) + len(wanted.formats)
    with (clock or Clock())("draw and write", pieces * len(wanted.languages)) as advance:
        for place, code in enumerate(wanted.languages):
            suffix = f".{code}" if place else ""
            said = Language(code).document(document)
            for figure in said.find(Figure):
                advance(figure.title)
                figure.picture.save(folder / "figures" / f"{figure.name}{suffix}", wanted.figures, wanted.dpi)
            for form in wanted.formats:
                advance(f"{name}{suffix}.{form}")
                (folder / f"{name}{suffix}.{form}").write_bytes(_rendered(said, form))


def study_style(config: StudyConfig) -> AbstractContextManager[JournalStyle]:
    """A context in which numbers are printed in the style of the journal that the study names."""
    from neurohlh.report.tables.styles import load

    return journal(load(config.report.style))


def _rendered(document: Document, form: str) -> bytes:
    # Each renderer loads when it is asked for: python-docx, the templates and matplotlib take their time.
    if form == "docx":
        from neurohlh.report.render.word import docx

        return docx(document)
    from neurohlh.report.render.html import html

    return html(document).encode()
