"""Pages that are written from the package itself at every build: definitions, codebook, commands, keys, functions."""

import argparse
import csv
import textwrap
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

import neurohlh
from neurohlh import cli, stats
from neurohlh.clinical.cns_definitions import definitions as cns_definitions
from neurohlh.clinical.criteria import criteria_sets, load
from neurohlh.clinical.prognosis import PrognosticRule, prognostic_rules
from neurohlh.etl.codebook import CATALOGUE, codebook
from neurohlh.study.config import PLAN_PARTS, StudyConfig
from neurohlh.study.definitions import show_definition

_FAMILIES = {
    "curves": "Survival curves",
    "landmarks": "Survival curves",
    "competing": "Competing events",
    "hazards": "Cox regression",
    "start_stop": "Cox regression",
    "glm": "Binary and count outcomes",
    "missing": "Missing data",
    "predict": "Prediction",
    "weights": "Weights and standardisation",
    "describe": "Description",
    "meta": "Published results",
}
_REST = "Planning and sensitivity"
_TERM = ("label_en", "label_zh", "hpo_id", "counts_default", "caution", "status")
_LIMIT = ("analyte", "age_min_days", "age_max_days", "abnormal_if", "limit", "unit", "source", "status", "note")
_VOCABULARIES = {
    "neuro_symptoms": ("Neurological symptoms", "neuro_symptoms.csv", _TERM),
    "mri_findings": ("Findings of cranial imaging", "mri_findings.csv", _TERM),
    "csf_reference": ("Limits of the cerebrospinal fluid", "cns/csf_reference.csv", _LIMIT),
}


def write_pages(folder: Path) -> None:
    """Write every generated page below `folder`."""
    pages = {
        "criteria-sets": _criteria(),
        "cns-definitions": _cns(),
        "prognostic-rules": _prognosis(),
        **{name: _vocabulary(name) for name in _VOCABULARIES},
        "codebook": _codebook(),
        "commands": _commands(),
        "study-file": _study_file(),
        "python": _python(),
        **{f"statistics-{_slug(f)}": _verbs(f) for f in dict.fromkeys([*_FAMILIES.values(), _REST])},
    }
    folder.mkdir(exist_ok=True)
    for name, text in pages.items():
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _criteria() -> str:
    head = "# Criteria sets\n\nWho has HLH. Written from the catalogue; `[eligibility] criteria` names one.\n"
    return head + "".join(f"\n## {load(key).name}\n\n{_verbatim(show_definition(key))}" for key in criteria_sets())


def _cns() -> str:
    head = (
        "# Definitions of CNS involvement\n\nEvery published definition, with what its source prints and what it "
        "leaves open. Written from the catalogue; `[cns] definition` names one.\n"
    )
    return head + "".join(
        f"\n## {d.name}\n\n{d.title}\n\n{_verbatim(show_definition(d.name))}" for d in cns_definitions()
    )


def _prognosis() -> str:
    head = "# Prognostic rules\n\nRules whose points are in print are evaluated; the others are listed, not scored.\n"
    return head + "".join(f"\n## {r.definition.name}\n\n{_prognostic_rule(r)}" for r in prognostic_rules())


def _prognostic_rule(rule: PrognosticRule) -> str:
    told = [
        ("What it is", rule.definition.title),
        ("Source", rule.definition.source),
        ("Status", rule.definition.status),
        ("Population", rule.population),
        ("Predicts", rule.predicts),
        ("In print", rule.printed),
        ("Not in print", "; ".join(rule.not_in_print)),
        ("Scored here", "yes" if rule.scored else "no: too little is in print"),
    ]
    items = "".join(f"- {item.name.replace('_', ' ')}: {item.words()}\n" for item in rule.definition.items.values())
    return _table(("", ""), [pair for pair in told if pair[1]]) + "\n" + items


def _vocabulary(name: str) -> str:
    title, file, columns = _VOCABULARIES[name]
    with (CATALOGUE / file).open(encoding="utf-8") as lines:
        rows = [tuple(row[c] for c in columns) for row in csv.DictReader(lines)]
    return f"# {title}\n\n{_table(tuple(c.replace('_', ' ') for c in columns), rows)}"


def _codebook() -> str:
    rows = [(f"`{v.name}`", v.label(), v.type, v.unit or "", ", ".join(v.codes), v.note or "") for v in codebook()]
    return "# Codebook\n\nThe variables that a table is read into.\n\n" + _table(
        ("Variable", "Label", "Type", "Unit", "Codes", "Note"), rows
    )


def _commands() -> str:
    parser = cli._parser()
    commands = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    body = "".join(f"\n## neurohlh {name}\n\n{_verbatim(_help(command))}" for name, command in commands.choices.items())
    return f"# Commands\n\n{_verbatim(_help(parser))}{body}"


def _help(parser: argparse.ArgumentParser) -> str:
    parser.formatter_class = lambda prog: argparse.HelpFormatter(prog, width=100)
    return parser.format_help()


def _study_file() -> str:
    head = (
        "# The study file\n\nEvery key of `study.toml`; what is left out takes its default, and the report prints "
        "both. An unknown key is an error that names the closest legal one.\n"
    )
    parts = ", ".join(f"`{key}`" for key in PLAN_PARTS)
    return head + "".join(_section(name, model) for name, model in _sections()) + f"\nParts of the plan: {parts}.\n"


def _sections():
    yield "", StudyConfig
    for name, info in StudyConfig.model_fields.items():
        models = [m for m in (info.annotation, *getattr(info.annotation, "__args__", ())) if _is_model(m)]
        for model in models:
            nested = {k: i.annotation for k, i in model.model_fields.items() if _is_model(i.annotation)}
            if nested:
                yield from ((f"{name}.{k}", m) for k, m in nested.items())
            else:
                yield name, model


def _is_model(thing) -> bool:
    return isinstance(thing, type) and issubclass(thing, BaseModel)


def _section(name: str, model: type[BaseModel]) -> str:
    rows = [
        (f"`{info.alias or key}`", _default(info), info.description or "")
        for key, info in model.model_fields.items()
        if info.description or (not name and key == "schema_")
    ]
    doc = textwrap.dedent(model.__doc__ or "").strip()
    title = f"[{name}]" if name else "At the top"
    return f"\n## {title}\n\n{doc}\n\n{_table(('Key', 'Default', 'Meaning'), rows)}" if rows else ""


def _default(info) -> str:
    if info.default is PydanticUndefined:
        return "" if info.default_factory is None else "none"
    return "none" if info.default is None else f"`{info.default!r}`"


def _python() -> str:
    head = "# What a researcher types\n\n`import neurohlh as nh`; each name is loaded when it is first used.\n"
    return head + "".join(_autodoc(f"neurohlh.{home}.{name}") for name, home in neurohlh._NAMES.items())


def _verbs(family: str) -> str:
    verbs = [v for v, home in stats.VERBS.items() if _FAMILIES.get(home.split(".")[0], _REST) == family]
    return f"# {family}\n" + "".join(_autodoc(f"neurohlh.stats.{verb}") for verb in verbs)


def _autodoc(name: str) -> str:
    module, _, last = name.rpartition(".")
    directive = "autofunction" if last[0].islower() else "autoexception" if last.endswith("Error") else "autoclass"
    return f"\n```{{eval-rst}}\n.. {directive}:: {module}.{last}\n```\n"


def _slug(text: str) -> str:
    return text.lower().replace(" ", "-")


def _table(heads, rows) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(_cell(c) for c in line) + " |\n" for line in lines)


def _cell(text) -> str:
    return str(text).replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _verbatim(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```\n"


def setup(app):
    """Write the pages before the build reads its sources."""
    app.connect("builder-inited", lambda app: write_pages(Path(app.srcdir) / "generated"))
    return {"parallel_read_safe": True}
