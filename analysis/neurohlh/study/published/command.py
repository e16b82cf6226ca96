"""The command `neurohlh evidence`: published cohorts and effects into a report, or into a few lines of text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from neurohlh.core.errors import InputError
from neurohlh.core.findings import STANDARD, Chapter, Findings, Reference
from neurohlh.core.provenance import versions
from neurohlh.core.result import Result
from neurohlh.report.blocks import Document
from neurohlh.study.clock import Clock
from neurohlh.study.outputs import write_folder, write_record, write_results
from neurohlh.study.published.mortality import cns_deaths
from neurohlh.study.published.run_folder import FinishedRun, read_run
from neurohlh.study.published.summary import cautions, key_figures, lead, sentences
from neurohlh.study.published.tables import read_evidence
from neurohlh.study.published.world import World
from neurohlh.study.report_files import Wanted, write_reports

REPORT = "evidence"
_CHAPTERS = {
    "study": ("This study among the published ones", "Does this study find what others found?"),
    "frequency": ("How frequent CNS involvement is", "How many patients with HLH have CNS involvement?"),
    "deaths": ("Deaths with CNS involvement", "How many of the patients with CNS involvement die?"),
    "effect": ("The effect on death", "Do patients with CNS involvement die more often than those without?"),
    "claims": ("The claims", "Do the sentences that the question came with hold?"),
    "faults": ("Printed arithmetic", "Which printed numbers do not agree with themselves?"),
}
_CHAPTER_OF = {
    "published_with_study": "study",
    "published_with_study_frequency": "study",
    "published_frequency": "frequency",
    "published_frequency_choices": "frequency",
    "published_selection": "frequency",
    "published_mortality": "deaths",
    "published_effect": "effect",
    "published_claims": "claims",
    "published_faults": "faults",
}


def published_evidence(
    cohorts: str | Path | None = None, effects: str | Path | None = None, *, study: str | Path | None = None
) -> EvidenceRun:
    """What is published on CNS involvement in HLH: pooled, its arithmetic checked, and beside a finished run if named.

    `cohorts` and `effects` are tables as the package's own, given both or neither; `study` is the output folder of a
    run. Raises InputError for tables that cannot be read as such, or a folder that is no run.
    """
    if (cohorts is None) != (effects is None):
        raise InputError(
            "only one of the two tables, cohorts and effects, is given",
            why="effects belong to cohorts by their identifiers, so the package's other table would not fit",
            do="Give both, or neither.",
        )
    return EvidenceRun(*(None if path is None else Path(path) for path in (cohorts, effects, study)))


_SYNTHETIC = "The study held against the published ones is synthetic: a program generated its patients."


class EvidenceRun:
    """The evidence of two tables (by default the package's), with a finished study beneath it if one is given."""

    def __init__(self, cohorts: Path | None = None, effects: Path | None = None, study: Path | None = None) -> None:
        self.world = World(read_evidence(cohorts, effects))
        self.study: FinishedRun | None = read_run(study) if study else None

    def __repr__(self) -> str:
        return self.text()

    def results(self) -> Mapping[str, Result]:
        """Every result by name, each with the chapter it belongs to."""
        own = self.world.with_study(self.study.own) if self.study else {}
        found = {**own, **self.world.results, **self.world.more}
        return {
            name: found[name].with_(method={**found[name].method, "part": _CHAPTER_OF[name]})
            for name in _CHAPTER_OF
            if name in found
        }

    def text(self) -> str:
        """The evidence in a few lines."""
        lines = [lead(self.world), *sentences(self.world), *self._beside()]
        return "\n".join(lines) + "\n"

    def write(self, out: Path, languages: Sequence[str] = ("en",)) -> Path:
        """Write evidence.html and evidence.docx, tables/, figures/ and run.json to `out`; returns the page.

        The first of `languages` ("en", "zh") is that of evidence.html; further ones have their code in the name.
        """
        wanted = Wanted(languages=languages)
        return write_folder(out, lambda folder: self._fill(folder, wanted)) / wanted.main_file(REPORT)

    def findings(self) -> Findings:
        """What the report may say."""
        results = self.results()
        parts = dict.fromkeys(_CHAPTER_OF[name] for name in results)
        chapters = tuple(Chapter(key, *_CHAPTERS[key], STANDARD) for key in parts)
        used = len(self.world.selection.used)
        return Findings(
            title="CNS involvement in HLH: the published evidence",
            subtitle=f"{len(self.world.evidence.cohorts)} published cohorts, {used} with a usable frequency; "
            f"{len(self.world.evidence.effects)} printed effects",
            question="By what is published: how frequent is CNS involvement in HLH, and do more of those affected die?",
            synthetic=_SYNTHETIC if self.study and self.study.synthetic else "",
            chapters=chapters,
            results=results,
            cautions=cautions(self.world),
            limitations=_LIMITATIONS,
            references=tuple(self._references()),
            versions=versions(),
            run={
                "version": versions()["neurohlh"],
                **{name: f"sha256 {sha}" for name, sha in self.world.evidence.files.items()},
                **({"study": self.study.title} if self.study else {}),
            },
        )

    def _references(self) -> Iterator[Reference]:
        """The publications whose numbers are pooled, with where in them they were read."""
        world, cohorts = self.world, self.world.evidence.cohorts
        deaths = cns_deaths(cohorts)
        used = {
            *world.selection.used["cohort_id"],
            *deaths.loc[deaths["reason"] == "", "cohort_id"],
            *world.ratios.loc[world.ratios["reason"] == "", "cohort_id"],
        }
        for _, row in cohorts[cohorts["cohort_id"].isin(used)].sort_values(["label", "cohort_id"]).iterrows():
            said = (row["label"], row.get("title_short", ""), row.get("journal", ""))
            text = ". ".join(part for part in said if part) + "."
            yield Reference(row["cohort_id"], text, row.get("doi", ""), f"read in: {row['source_location']}")

    def html(self) -> str:
        """The report as one self-contained page."""
        # The page and its figures load matplotlib, which the text does not need.
        from neurohlh.report.render.html import html

        return html(self.document())

    def document(self) -> Document:
        """The report, before it becomes a page or a Word file."""
        from neurohlh.report.evidence_document import evidence_document

        said = [*sentences(self.world), *self._beside()]
        return evidence_document(
            self.findings(), lead=lead(self.world), sentences=said, figures=key_figures(self.world)
        )

    def _beside(self) -> list[str]:
        """The study and the published evidence in sentences."""
        if self.study is None:
            return []
        beside = self.world.with_study(self.study.own).values()
        return [f"This study: {self.study.title}.", *(note for result in beside for note in result.notes)]

    def _fill(self, folder: Path, wanted: Wanted) -> None:
        write_reports(self.document(), folder, REPORT, wanted, Clock(None))
        write_results(self.results(), folder / "tables")
        write_record(self._record(), folder)

    def _record(self) -> dict[str, object]:
        return {
            "command": "evidence",
            "inputs": [{"path": name, "sha256": sha} for name, sha in self.world.evidence.files.items()],
            "study": self.study.title if self.study else None,
            "versions": versions(),
            "written": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "counts": {
                "cohorts": len(self.world.evidence.cohorts),
                "cohorts_used": len(self.world.selection.used),
                "effects": len(self.world.evidence.effects),
            },
        }


_LIMITATIONS = (
    "The tables were read mostly from abstracts: what a paper says elsewhere, and papers that were not found, are "
    "missing. This is no systematic review.",
    "Cohorts are pooled by what they print, not by patient: age, cause and treatment differ between them and cannot be "
    "adjusted for here.",
    "Overlap of patients is known only where the table records it.",
)
