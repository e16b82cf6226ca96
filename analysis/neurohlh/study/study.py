"""A study: opened from its file, loaded into a cohort, run into results, written as a folder."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from neurohlh.clinical.cns_definitions import definitions as cns_definitions
from neurohlh.clinical.criteria_table import criteria_long
from neurohlh.clinical.evidence import cns_long
from neurohlh.core.errors import InputError
from neurohlh.core.findings import Findings
from neurohlh.core.provenance import versions
from neurohlh.core.result import Result
from neurohlh.etl.cohort import Cohort
from neurohlh.report.blocks import Document
from neurohlh.report.disclose import disclose
from neurohlh.report.language import Language
from neurohlh.study.bundle import write_findings
from neurohlh.study.classify import Classified, classify, study_definitions
from neurohlh.study.clock import Clock
from neurohlh.study.config import StudyConfig, check_config, read_config
from neurohlh.study.covariates import check_model
from neurohlh.study.findings import assemble
from neurohlh.study.fingerprints import catalogue_fingerprints
from neurohlh.study.load import load_cohort
from neurohlh.study.outputs import write_csv, write_folder, write_record, write_results
from neurohlh.study.parts.declared import check_declared
from neurohlh.study.patients import patients_table
from neurohlh.study.plan import analyse, steps
from neurohlh.study.population import Population, select_population
from neurohlh.study.report_files import REPORT, Wanted, study_document, study_page, study_style, write_study_report
from neurohlh.study.swimmer import swimmer_svg


@dataclass(frozen=True)
class Study:
    """A checked study file; no data is read until `load` or `run`."""

    config: StudyConfig
    folder: Path
    file: str = "study.toml"
    text: str = ""

    @classmethod
    def open(cls, path: str | Path) -> Study:
        """The study at `path`; raises InputError for whatever is wrong in its file."""
        path = Path(path)
        config = read_config(path)
        return cls(config, path.parent, path.name, path.read_text(encoding="utf-8-sig"))

    @classmethod
    def of(cls, *tables: str | Path, **sections: Any) -> Study:
        """A study of one or several tables without a study file; `sections` are those of study.toml."""
        if not tables:
            raise InputError("no table is named", do="Name at least one.")
        paths = [Path(t).resolve() for t in tables]
        folder = paths[0].parent
        names = [os.path.relpath(p, folder) for p in paths]
        data = {"schema": 1, "source": [{"path": name} for name in names], **sections}
        return cls(check_config(data, "the call"), folder)

    def with_(self, **sections: Mapping[str, Any]) -> Study:
        """The same study with other settings: `study.with_(plan={"parts": ["time"]}, cns={"definition": "horne_any"})`.

        Each section takes the place of the keys it names. Raises InputError as a study file would.
        """
        data = self.config.model_dump(by_alias=True, exclude_unset=True)
        for name, section in sections.items():
            data[name] = {**data.get(name, {}), **section}
        return replace(self, config=check_config(data, "the call"))

    def load(self, progress: bool | None = None) -> StudyCohort:
        """Read, clean, join and check the tables; `progress` as in `run`."""
        with self.clock(progress)("read and clean"):
            return self._read()

    def _read(self) -> StudyCohort:
        study_definitions(self.config, self.folder)
        cohort = load_cohort(self.config, self.folder, dt.date.today())
        check_model(self.config.model, cohort.frame, self.config.endpoint.os.origin)
        check_declared(self.config, cohort.frame)
        return StudyCohort(**{f.name: getattr(cohort, f.name) for f in fields(cohort)}, study=self)

    def run(self, progress: bool | None = None) -> StudyRun:
        """The whole plan: cohort, classification, results, findings.

        `progress`: bars in a terminal or notebook (None), also plain lines elsewhere (True), or nothing (False).
        """
        clock = self.clock(progress)
        with clock("read and clean"):
            cohort = self._read()
        with clock("classify"):
            classified, population = cohort.classified, cohort.population
        with clock("analyse", steps(self.config.plan)) as advance:
            results = analyse(classified, population, self.config, advance)
        with clock("describe"):
            criteria = criteria_long(classified.described, list(classified.definitions.sets))
            cns = cns_long(
                classified.frame,
                [d.name for d in cns_definitions()],
                hlh=classified.gate,
                window_days=self.config.cns.window_days,
            )
            with study_style(self.config):
                findings = assemble(self.config, classified, population, results, criteria, cns, self.file)
        return StudyRun(self, classified, population, results, criteria, cns, findings, clock.seconds)

    def clock(self, progress: bool | None) -> Clock:
        """What shows how far the work is, in the first language of the study."""
        return Clock(progress, Language(self.config.study.languages[0]).say)

    def __repr__(self) -> str:
        return f"Study {self.config.study.title!r}: {', '.join(s.name for s in self.config.source)}"


@dataclass(frozen=True, repr=False)
class StudyCohort(Cohort):
    """A cohort that knows the study it was loaded for."""

    study: Study = field(kw_only=True)

    @cached_property
    def classified(self) -> Classified:
        """The patients with outcome, HLH criteria and CNS involvement decided."""
        return classify(self, self.study.config, study_definitions(self.study.config, self.study.folder))

    @cached_property
    def population(self) -> Population:
        """Who is in the study, by its eligibility."""
        found = self.classified
        chosen = found.definitions.chosen
        name = chosen.name if chosen else ""
        return select_population(self, self.study.config.eligibility, found.criteria, found.frame["age_years"], name)

    @property
    def patients(self) -> pd.DataFrame:
        """The patients in the study, with everything that is decided about them."""
        return self.classified.frame[self.population.included].reset_index(drop=True)

    def to_frame(self) -> pd.DataFrame:
        """The patients in the study as an analysis-ready frame: labels, units and levels in `attrs`, as exported."""
        # What an export is made of imports this module.
        from neurohlh.study.exchange.frame import analysis_frame

        return analysis_frame(self.classified, self.population, self.study.config.study.title).frame


@dataclass(frozen=True, repr=False)
class StudyRun:
    """Everything that a run found."""

    study: Study
    classified: Classified
    population: Population
    results: Mapping[str, Result]
    criteria: pd.DataFrame
    cns: pd.DataFrame
    findings: Findings
    seconds: Mapping[str, float]

    def __repr__(self) -> str:
        return f"Run of {self.study!r}: {self.findings.subtitle}, {len(self.results)} results"

    @cached_property
    def shown(self) -> Findings:
        """What report, tables and figures show: the findings, under disclosure control where the study asks for it."""
        minimum = self.study.config.disclosure.minimum
        return self.findings if minimum is None else disclose(self.findings, minimum)[0]

    def html(self, language: str | None = None) -> str:
        """The report as one self-contained page, in the first language of the study or in another."""
        return study_page(self.shown, self.study.config, language)

    def document(self) -> Document:
        """The report in English, before it becomes a page or a Word file."""
        return study_document(self.shown, self.study.config)

    def write(self, out: str | Path, progress: bool | None = None) -> Path:
        """Write the output folder: reports, run.json, cohort/, tables/, figures/; returns the report to open first.

        `progress` as in `Study.run`.
        """
        clock = self.study.clock(progress)
        written = write_folder(Path(out), lambda folder: self._fill(folder, clock))
        return written / Wanted.of(self.study.config).main_file(REPORT)

    def _fill(self, folder: Path, clock: Clock) -> None:
        write_study_report(self.shown, self.study.config, folder, clock)
        self._write_cohort(folder)
        write_results(self.shown.results, folder / "tables")
        write_findings(self.shown, folder)
        write_record(self._record(), folder)

    def _write_cohort(self, folder: Path) -> None:
        cohort = self.classified.cohort
        own = folder / "cohort"
        own.mkdir()
        write_csv(patients_table(self.classified, self.population), own / "patients.csv")
        cohort.changes_ledger.write_csv(own / "changes.csv")
        cohort.issues_ledger.write_csv(own / "issues.csv")
        write_csv(self.population.flow, own / "flow.csv")
        write_csv(self.criteria, own / "criteria.csv")
        write_csv(self.cns, own / "cns.csv")
        if len(cohort.reports):
            write_csv(cohort.reports, own / "report_findings.csv")
        patients = self.classified.frame[self.population.included].reset_index(drop=True)
        if len(patients):
            (own / "swimmer.svg").write_text(swimmer_svg(patients, self.study.config), encoding="utf-8")

    def _record(self) -> dict[str, Any]:
        config = self.study.config
        return {
            "study": {"file": self.study.file, "sha256": hashlib.sha256(self.study.text.encode()).hexdigest()},
            "config": config.model_dump(by_alias=True),
            "inputs": [
                {"path": t.raw.source, "sheet": t.raw.sheet, "sha256": t.raw.sha256, "rows": len(t.raw.rows)}
                for t in self.classified.cohort.trail.tables
            ],
            "seed": config.study.seed,
            "versions": versions(),
            "catalogue": catalogue_fingerprints(),
            "counts": {
                "patients": len(self.classified.frame),
                "included": int(self.population.included.sum()),
                "cells_changed": len(self.classified.cohort.changes_ledger),
                "issues": len(self.classified.cohort.issues_ledger),
            },
            # Two runs of the same study with the same versions differ in these alone.
            "written": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "seconds": {k: round(v, 3) for k, v in self.seconds.items()},
        }
