"""study.toml: what a study declares, what it leaves to the defaults, and errors that name the closest legal key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from neurohlh.core.errors import InputError, did_you_mean
from neurohlh.study.source_check import check_source

Keep = Literal["met", "indeterminate", "not_met"]
Origin = Literal["date_hlh_diagnosis", "date_admission", "date_treatment_start"]


PLAN_PARTS = {
    "time": "exposure_in_time",
    "testing": "testing",
    "evidence": "evidence",
    "mri": "mri",
    "triggers": "triggers",
    "confounding": "confounding",
    "competing": "competing",
    "sequelae": "sequelae",
    "specifications": "specifications",
    "declared": "declared",
    "prediction": "prediction",
    "published": "published",
}
"""The parts of the standard plan in their order, and the module of each in study/parts."""
PlanPart = Literal[
    "time", "testing", "evidence", "mri", "triggers", "confounding", "competing", "sequelae", "specifications",
    "declared", "prediction", "published",
]  # fmt: skip


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, coerce_numbers_to_str=True)


class StudySection(_Section):
    """[study]"""

    title: str = Field("CNS involvement and survival in HLH", description="Title of the report")
    seed: int = Field(20261122, ge=0, description="Seed of every random step")
    design: Literal["cohort", "case_series"] = Field(
        "cohort",
        description="case_series: patients chosen for being remarkable, from whom no frequency can be estimated",
    )
    languages: tuple[Literal["en", "zh"], ...] = Field(("en",), description="Languages of the report")


class Source(_Section):
    """[[source]]: one table, of a file or of a database."""

    path: str = Field("", description="The table, or a folder of phenopackets, relative to the study file")
    sheet: str | None = Field(None, description="Sheet of a workbook (default: the first)")
    header_row: int | None = Field(
        None, ge=1, description="Row of the header as the spreadsheet counts (default: found)"
    )
    dates: Literal["dmy", "mdy", "ymd"] | None = Field(None, description="Order of ambiguous dates (default: refused)")
    decimal: Literal[".", ","] = Field(".", description="Decimal mark of numbers written as text")
    center: str | None = Field(None, description="Centre of every row, where the table has no such column")
    rename: dict[str, str] = Field(default_factory=dict, description="Header -> variable, or 'ignore'")
    units: dict[str, str] = Field(default_factory=dict, description="Variable -> unit, where header and cell name none")
    codes: dict[str, dict[str, str]] = Field(default_factory=dict, description="Variable -> (text -> code)")
    dictionary: str | None = Field(None, description="Data dictionary of a REDCap export, relative to the study file")
    event: str | tuple[str, ...] | None = Field(
        None, description="Events of a longitudinal REDCap project whose rows are read (default: refused)"
    )
    repeats: dict[str, str] = Field(
        default_factory=dict,
        description="Repeating instrument or event of REDCap -> 'first', 'last', a number, or 'ignore'",
    )
    unticked: Literal["unknown", "no"] = Field(
        "unknown", description="What a question of REDCap without a single ticked box says, on a completed form"
    )
    database: str | None = Field(None, description="Address of an SQL database, without a password")
    table: str | None = Field(None, description="Table or view of the database")
    query: str | None = Field(None, description="Query of the database, instead of a table")
    password_env: str | None = Field(None, description="Environment variable that holds the database's password")

    @property
    def name(self) -> str:
        """What logs and reports call the source."""
        if self.database is None:
            return self.path
        from neurohlh.etl.sql_url import checked_url, database_name  # SQLAlchemy, where a database is read at all

        return database_name(checked_url(self.database))


class Values(_Section):
    """[values]"""

    missing: tuple[str, ...] = Field((), description="Texts that mean 'missing', besides the built-in words")
    unit_doubt: Literal["refuse", "convert"] = Field(
        "refuse", description="A value impossible in its unit but plausible in another"
    )
    partial_dates: Literal["refuse", "midpoint"] = Field("refuse", description="A date without a day or a month")
    reports: Literal["read", "ignore"] = Field(
        "read", description="Whether the texts of MRI and CT reports answer what nobody coded"
    )


class Eligibility(_Section):
    """[eligibility]"""

    criteria: str = Field("hlh2004", description="Criteria set that decides who has HLH, or 'none'")
    keep: tuple[Keep, ...] = Field(("met",), min_length=1, description="Criteria statuses that stay in the study")
    age_years: tuple[float, float] | None = Field(None, description="Age at diagnosis, both ends included")


class Cns(_Section):
    """[cns]"""

    definition: str = Field("seed_any3", description="Definition of CNS involvement")
    window_days: tuple[int, int] = Field((-14, 14), description="Days around diagnosis that count as baseline")


class Endpoint(_Section):
    """[endpoint.os]"""

    origin: Origin = Field("date_hlh_diagnosis", description="Time zero")
    analyse: bool = Field(True, description="Whether survival times may be analysed (false: time zero differs)")


class Endpoints(_Section):
    """[endpoint]"""

    os: Endpoint = Endpoint()


class Model(_Section):
    """[model]"""

    covariates: tuple[str, ...] | None = Field(
        None, description="Covariates of the adjusted model (default: the minimal set of dossier 11 that the data hold)"
    )
    strata: str | None = Field(None, description="Variable with a baseline hazard of its own per level")
    landmark_days: int = Field(14, ge=0, description="Day from which survival is followed by baseline CNS status")


class PlanModel(_Section):
    """[[plan.model]]: a model that the study declares beside its main one; what it leaves out is as in the main one."""

    name: str = Field(description="Name of the result and of its file: declared_<name>")
    definition: str | None = Field(None, description="Definition of CNS involvement (default: cns.definition)")
    window_days: tuple[int, int] | None = Field(
        None, description="Days around time zero that count as baseline (default: cns.window_days)"
    )
    landmark_days: int | None = Field(
        None, ge=0, description="Day from which survival is followed (default: model.landmark_days)"
    )
    covariates: tuple[str, ...] | None = Field(
        None, description="Covariates of the adjusted model; [] for none (default: model.covariates)"
    )
    strata: str | None = Field(None, description="Variable with a baseline hazard per level (default: model.strata)")
    origin: Origin | None = Field(None, description="Time zero (default: endpoint.os.origin)")


class Plan(_Section):
    """[plan]"""

    parts: tuple[PlanPart, ...] | None = Field(
        None, description="Parts of the question that the study declares (default: the standard plan, all of them)"
    )
    off: tuple[PlanPart, ...] = Field((), description="Parts not carried out")
    exploratory: tuple[PlanPart, ...] = Field((), description="Parts carried out beside a declared plan")
    landmarks: tuple[int, ...] = Field(
        (7, 28), description="Days of further landmarks, beside the study's, for the comparison of landmarks"
    )
    model: tuple[PlanModel, ...] = Field((), description="Models that the study declares beside its main one")


class Report(_Section):
    """[report]"""

    formats: tuple[Literal["html", "docx"], ...] = Field(("html", "docx"), min_length=1, description="Report files")
    style: Literal["plain", "lancet", "nejm", "jama"] = Field(
        "plain", description="Journal whose decimal mark, interval separator and p-value rules are used"
    )
    figures: tuple[Literal["svg", "png", "pdf"], ...] = Field(("svg", "png"), description="Files of every figure")
    dpi: Literal[300, 600] = Field(300, description="Resolution of figures in PNG")


class Disclosure(_Section):
    """[disclosure]"""

    minimum: int | None = Field(
        None, ge=2, description="Counts from 1 to below this are suppressed, with a complementary cell (default: none)"
    )


class StudyConfig(_Section):
    """A whole study file."""

    schema_: Literal[1] = Field(1, alias="schema")
    study: StudySection = StudySection()
    source: tuple[Source, ...] = Field(min_length=1)
    values: Values = Values()
    eligibility: Eligibility = Eligibility()
    cns: Cns = Cns()
    endpoint: Endpoints = Endpoints()
    model: Model = Model()
    plan: Plan = Plan()
    report: Report = Report()
    disclosure: Disclosure = Disclosure()
    definitions: tuple[str, ...] = Field((), description="Files with criteria sets of the study's own")

    def settings(self) -> Iterator[tuple[str, str, str, str]]:
        """(setting, value, 'declared' or 'default', meaning) for every setting but the sources'."""
        for name in ("study", "values", "eligibility", "cns", "model", "plan", "report", "disclosure"):
            section = getattr(self, name)
            declared = name in self.model_fields_set
            for key, info in type(section).model_fields.items():
                origin = "declared" if declared and key in section.model_fields_set else "default"
                yield f"{name}.{key}", _shown(getattr(section, key)), origin, info.description or ""
        os = self.endpoint.os
        for key, info in type(os).model_fields.items():
            origin = "declared" if key in os.model_fields_set else "default"
            yield f"endpoint.os.{key}", _shown(getattr(os, key)), origin, info.description or ""


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, tuple):
        return ", ".join(_shown(v) for v in value) or "–"
    if isinstance(value, PlanModel):
        said = {k: _shown(getattr(value, k)) for k in value.model_fields_set - {"name"}}
        words = ", ".join(f"{k} {said[k]}" for k in type(value).model_fields if k in said)
        return f"{value.name} ({words or 'as the main model'})"
    return str(value)


def read_config(path: Path) -> StudyConfig:
    """The study file at `path`, checked; every fault is an InputError that names the key and the closest legal one."""
    if not path.is_file():
        raise InputError(f"there is no study file {path.name!r}", do="Give the path of an existing study.toml.")
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"not valid TOML: {error}", where=path.name, do="Mend that line.") from None
    except UnicodeDecodeError:
        raise InputError("the study file is not UTF-8 text", where=path.name, do="Save it as UTF-8.") from None
    return check_config(data, path.name)


def check_config(data: Mapping[str, Any], where: str) -> StudyConfig:
    """The study that `data` (a parsed study file) declares."""
    if "schema" not in data:
        raise InputError("the study file does not say its schema", where=where, do="Add as first line: schema = 1")
    try:
        config = StudyConfig.model_validate(dict(data))
    except ValidationError as error:
        raise _explain(error, where) from None
    for number, source in enumerate(config.source, start=1):
        check_source(source, f"source.{number}", where)
    _check_window(config.cns.window_days, config.model.landmark_days, ("cns.", "model."), where)
    _check_plan_models(config, where)
    return config


def _check_window(window_days: tuple[int, int], landmark_days: int, sections: tuple[str, str], where: str) -> None:
    """Raise InputError unless the window that decides exposure ends by the landmark; `sections` lead the two keys."""
    low, high = window_days
    window, day = f"{sections[0]}window_days", f"{sections[1]}landmark_days"
    if low > high:
        raise InputError(f"{window} ends before it begins", where=where, do="Write [first day, last day].")
    if high > landmark_days:
        raise InputError(
            f"{window} ends on day {high}, after the landmark on day {landmark_days}",
            where=where,
            why="patients would have to survive past the landmark to be called exposed (immortal time)",
            do=f"Set {day} to {high} or later, or end the window earlier.",
        )


def _check_plan_models(config: StudyConfig, where: str) -> None:
    """Raise InputError for models of the plan whose names can't name files, or that look past their landmark."""
    seen: set[str] = set()
    for model in config.plan.model:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", model.name):
            raise InputError(
                f"plan.model: the name {model.name!r} can't name a file",
                where=where,
                do="Begin with a small letter and use small letters, digits and _ only.",
            )
        if model.name in seen:
            raise InputError(f"plan.model: two models are named {model.name!r}", where=where, do="Rename one of them.")
        seen.add(model.name)
        window = model.window_days or config.cns.window_days
        day = config.model.landmark_days if model.landmark_days is None else model.landmark_days
        _check_window(window, day, (f"plan.model {model.name!r}: ",) * 2, where)


def _legal_keys(location: tuple[Any, ...]) -> list[str]:
    model: Any = StudyConfig
    for part in location:
        if isinstance(part, int):
            continue
        info = model.model_fields.get("schema_" if part == "schema" else part)
        nested = [a for a in (info.annotation, *get_args(info.annotation)) if isinstance(a, type)] if info else []
        model = next((a for a in nested if issubclass(a, BaseModel)), model)
    return [info.alias or name for name, info in model.model_fields.items()]


def _explain(error: ValidationError, where: str) -> InputError:
    faults = error.errors(include_url=False)
    fault = next((f for f in faults if f["type"] == "extra_forbidden"), faults[0])
    location = fault["loc"]
    key = ".".join(str(p + 1) if isinstance(p, int) else str(p) for p in location)
    if fault["type"] == "extra_forbidden":
        name = str(location[-1])
        return InputError(f"unknown key {key!r}", where=where, do=did_you_mean(name, _legal_keys(location[:-1])))
    if fault["type"] == "missing":
        return InputError(f"the key {key!r} is missing", where=where, do=f"Add {key} to the study file.")
    message = re.sub(r"^Input", "the value", str(fault["msg"]))
    return InputError(f"{key}: {message}", where=where, do="Correct that value in the study file.")
