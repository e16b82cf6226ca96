"""The command `neurohlh`: run, check, init, definitions, evidence, release, diff, trace … Heavy imports wait."""

from __future__ import annotations

import argparse
import itertools
import os
import sys

from neurohlh import __version__

TYPE_CHECKING = False  # typing and pathlib take longer to load than all the rest of `neurohlh --help`
if TYPE_CHECKING:
    from collections.abc import Sequence

    _Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_LANGUAGES = ("en", "zh")
EXIT_DONE, EXIT_OURS, EXIT_INPUT = 0, 1, 2
"""An error of ours ends with Python's own exit code 1; so does a reference case that differs from R."""


class _Teller:
    """Says the lines of a command in a language: --lang, else NEUROHLH_LANG, else that of the study, else English."""

    def __init__(self, code: str) -> None:
        self.code, self._asked = code or "en", bool(code)

    def follow(self, code: str) -> None:
        """From now on in the language of the study, unless another was asked for."""
        self.code = self.code if self._asked else code

    def say(self, text: str) -> str:
        """A text, line by line, in the language."""
        if self.code == "en":
            return text
        import re

        from neurohlh.report.language import Language

        say = Language(self.code).say
        # Lines, and within them what stands in columns, are texts of their own.
        parts = re.split(r"(\n| {2,})", text)
        return "".join(say(part) if part.strip() else part for part in parts)

    def tell(self, text: str, *, end: str = "\n") -> None:
        """Print a text in the language."""
        print(self.say(text), end=end)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; exit code 0 done, 2 the input or the arguments are at fault, 1 an error of ours."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser, teller = _parser(), _Teller(_asked_language(given))
    _say_help(parser, teller)
    options = parser.parse_args(given)
    if options.command is None:
        parser.print_help()
        return EXIT_DONE
    from neurohlh.core.errors import InputError

    options.teller = teller
    try:
        done: int | None = options.do(options)
    except InputError as error:
        print(f"neurohlh: {error.told(teller.say)}", file=sys.stderr)
        return EXIT_INPUT
    return EXIT_DONE if done is None else done


def _asked_language(given: Sequence[str]) -> str:
    """The code after --lang, else that in the environment ('' where neither names a language that there is)."""
    named = [*(a.partition("=")[2] for a in given if a.startswith("--lang="))]
    named += [after for word, after in itertools.pairwise(given) if word == "--lang"]
    code = named[0] if named else os.environ.get("NEUROHLH_LANG", "")
    return code if code in _LANGUAGES else ""


def _say_help(parser: argparse.ArgumentParser, teller: _Teller) -> None:
    """Put the help of a parser and of its commands into the language."""
    if teller.code == "en":
        return
    parser.description = teller.say(parser.description or "")
    for group in (parser._positionals, parser._optionals):
        group.title = teller.say(group.title or "")
    for action in parser._actions:
        action.help = teller.say(action.help) if action.help else action.help
        if isinstance(action, argparse._SubParsersAction):
            for pseudo in action._choices_actions:
                pseudo.help = teller.say(pseudo.help or "")
            for command in action.choices.values():
                _say_help(command, teller)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="neurohlh",
        description="Does CNS involvement change prognosis and mortality in haemophagocytic lymphohistiocytosis? "
        "From a hospital's tables to a report.",
    )
    parser.add_argument("--version", action="version", version=f"neurohlh {__version__}")
    parser.add_argument("--lang", choices=_LANGUAGES, help="language of messages (default: NEUROHLH_LANG, or English)")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_studies(commands)
    _add_what_leaves(commands)
    _add_what_is_looked_up(commands)
    _add_proofs(commands)
    return parser


def _add_studies(commands: _Commands) -> None:
    """run, check, init, definitions."""
    run = commands.add_parser("run", help="the whole study: clean, classify, analyse, report")
    run.add_argument("study", metavar="STUDY.toml")
    run.add_argument("--out", required=True, metavar="DIR", help="folder for the results")
    run.set_defaults(do=_run)

    check = commands.add_parser("check", help="read and check only: what was understood, changed, refused, doubted")
    check.add_argument("input", metavar="STUDY.toml | TABLE")
    check.set_defaults(do=_check)

    init = commands.add_parser("init", help="write a study.toml for a table, every guess marked for review")
    init.add_argument("table", metavar="TABLE")
    init.add_argument("--out", required=True, metavar="DIR")
    init.set_defaults(do=_init)

    definitions = commands.add_parser("definitions", help="list the criteria sets and CNS definitions, or show one")
    definitions.add_argument("name", nargs="?", metavar="NAME")
    definitions.set_defaults(do=_definitions)


def _add_what_leaves(commands: _Commands) -> None:
    """evidence, export, release."""
    evidence = commands.add_parser("evidence", help="what is published: pooled, checked, and beside a study of yours")
    evidence.add_argument("--cohorts", metavar="FILE", help="table of published cohorts (default: the package's)")
    evidence.add_argument("--effects", metavar="FILE", help="table of published effects (default: the package's)")
    evidence.add_argument("--study", metavar="DIR", help="folder of a finished run, to hold against what is published")
    evidence.add_argument("--out", metavar="DIR", help="folder for the report (default: print a summary)")
    evidence.add_argument("--languages", nargs="+", choices=_LANGUAGES, help="of the report (default: of the messages)")
    evidence.set_defaults(do=_evidence)

    export = commands.add_parser(
        "export", help="the patients in the study for other programs: Parquet, SPSS, Stata, csv; patient-level"
    )
    export.add_argument("study", metavar="STUDY.toml")
    export.add_argument("--out", metavar="DIR", help="folder for the files")
    export.add_argument("--formats", nargs="+", metavar="FORMAT", default=["parquet", "sav", "dta", "csv"])
    export.add_argument("--phenopackets", metavar="DIR", help="folder for one GA4GH phenopacket per patient")
    export.add_argument("--keep-ids", action="store_true", help="phenopackets under the hospital's identifiers")
    export.add_argument("--dates", action="store_true", help="phenopackets with calendar dates instead of ages")
    export.set_defaults(do=_export)

    release = commands.add_parser("release", help="the part of a finished run that may be shared, with a manifest")
    release.add_argument("run", metavar="RUN", help="folder of a finished run")
    release.add_argument("--out", required=True, metavar="DIR", help="folder for the shareable part")
    release.add_argument("--minimum", type=int, metavar="N", help="smallest count shown (default: the study's, or 5)")
    release.set_defaults(do=_release)


def _add_what_is_looked_up(commands: _Commands) -> None:
    """diff, trace, codebook."""
    diff = commands.add_parser("diff", help="which numbers moved between two runs, and what could have moved them")
    diff.add_argument("before", metavar="RUN1")
    diff.add_argument("after", metavar="RUN2")
    diff.add_argument("--tolerance", type=float, default=0.0, metavar="SHARE", help="relative change that is none")
    diff.add_argument("--json", action="store_true", help="everything, as JSON")
    diff.set_defaults(do=_diff)

    trace = commands.add_parser("trace", help="result, row, method and population behind a printed number")
    trace.add_argument("number", nargs="+", metavar="[RUN] NUMBER", help="as printed: 2.41, '38.2 %%', 12/40")
    trace.add_argument("--run", metavar="DIR", help="folder of the run (default: this folder, or the run below out/)")
    trace.set_defaults(do=_trace)

    book = commands.add_parser("codebook", help="the codebook as a workbook: labels, units, ranges, values, sources")
    book.add_argument("--out", required=True, metavar="FILE.xlsx")
    book.add_argument("--study", metavar="STUDY.toml", help="add what is missing and how the columns were mapped")
    book.set_defaults(do=_codebook)


def _add_proofs(commands: _Commands) -> None:
    """verify, synth."""
    verify = commands.add_parser(
        "verify", help="recompute the shipped reference cases and hold them against R's numbers"
    )
    verify.add_argument("entries", nargs="*", metavar="CASE", help="only these cases (default: all)")
    verify.add_argument("--markdown", action="store_true", help="as a Markdown table")
    verify.set_defaults(do=_verify)

    synth = commands.add_parser(
        "synth", help="make two synthetic hospitals, or a cohort with a known effect, with the truth beside them"
    )
    synth.add_argument("--out", metavar="DIR", help="folder for the files")
    synth.add_argument("--seed", type=int, default=20261122)
    synth.add_argument("--patients", type=int, default=400)
    synth.add_argument("--scenario", metavar="NAME", help="one cohort of this scenario; 'list' shows them")
    synth.add_argument("--effect", type=float, metavar="HR", help="hazard ratio of CNS involvement in the scenario")
    synth.set_defaults(do=_synth)


def _run(options: argparse.Namespace) -> None:
    from pathlib import Path

    from neurohlh.study.outputs import check_target
    from neurohlh.study.study import Study

    study = Study.open(options.study)
    options.teller.follow(study.config.study.languages[0])
    check_target(Path(options.out))
    report = study.run(progress=True).write(options.out, progress=True)
    options.teller.tell(f"Report: {report}")


def _check(options: argparse.Namespace) -> None:
    from pathlib import Path

    from neurohlh.study.check import check_input

    options.teller.tell(check_input(Path(options.input)), end="")


def _init(options: argparse.Namespace) -> None:
    from pathlib import Path

    from neurohlh.study.init import write_study

    study = write_study(Path(options.table), Path(options.out))
    options.teller.tell(f"Study file: {study}\nReview every line marked 'review' before you run it.")


def _definitions(options: argparse.Namespace) -> None:
    from neurohlh.study.definitions import list_definitions, show_definition

    options.teller.tell(show_definition(options.name) if options.name else list_definitions(), end="")


def _evidence(options: argparse.Namespace) -> None:
    from pathlib import Path

    from neurohlh.study.outputs import check_target
    from neurohlh.study.published.command import published_evidence

    if options.out is not None:
        check_target(Path(options.out))
    found = published_evidence(options.cohorts, options.effects, study=options.study)
    if options.out is None:
        options.teller.tell(found.text(), end="")
    else:
        languages = options.languages or [options.teller.code]
        options.teller.tell(f"Report: {found.write(Path(options.out), languages)}")


def _export(options: argparse.Namespace) -> None:
    from neurohlh.study.exchange.command import export_study

    options.teller.tell(export_study(options), end="")


def _release(options: argparse.Namespace) -> None:
    from pathlib import Path

    from neurohlh.study.release import release

    manifest, account = release(Path(options.run), Path(options.out), options.minimum)
    options.teller.tell(f"Shareable part: {manifest.parent}")
    options.teller.tell(
        f"{account.total} cells suppressed (counts below {account.minimum} and what would give them away)."
    )
    options.teller.tell(f"Manifest: {manifest}")


def _diff(options: argparse.Namespace) -> None:
    from pathlib import Path

    from neurohlh.core.errors import InputError
    from neurohlh.study.difference import as_json, as_text, compare
    from neurohlh.study.finished import Finished

    if not 0 <= options.tolerance < 1:
        raise InputError("--tolerance is a share from 0 to below 1", do="Give 0.001 for a thousandth, for example.")
    before, after = (Finished.open(Path(folder)) for folder in (options.before, options.after))
    found = compare(before, after, options.tolerance)
    if options.json:
        print(as_json(found))
    else:
        options.teller.tell(as_text(found), end="")


def _trace(options: argparse.Namespace) -> None:
    from pathlib import Path

    from neurohlh.core.errors import InputError
    from neurohlh.study.finished import Finished
    from neurohlh.study.trace import run_folder, told

    if len(options.number) > 2 or (len(options.number) == 2 and options.run):
        raise InputError(
            "trace looks for one number", do="Put a number with spaces in quotes: neurohlh trace '38.2 %'."
        )
    named = options.number[0] if len(options.number) == 2 else options.run
    options.teller.tell(told(Finished.open(run_folder(named, Path())), options.number[-1]), end="")


def _codebook(options: argparse.Namespace) -> None:
    from pathlib import Path

    from neurohlh.study.exchange.codebook_book import write_codebook
    from neurohlh.study.study import Study

    cohort = None if options.study is None else Study.open(options.study).load()
    options.teller.tell(f"Codebook: {write_codebook(Path(options.out), cohort)}")


def _verify(options: argparse.Namespace) -> int:
    from neurohlh.core.errors import InputError, did_you_mean
    from neurohlh.study.verification.table import Verified, cases, verify

    known = {case.entry: case for case in cases()}
    for name in options.entries:
        if name not in known:
            raise InputError(f"there is no reference case {name!r}", do=did_you_mean(name, known))
    found = Verified(verify([known[name] for name in options.entries] or None))
    print(found.markdown() if options.markdown else found.text(), end="")
    return EXIT_DONE if found.sound else EXIT_OURS


def _synth(options: argparse.Namespace) -> None:
    from neurohlh.core.errors import InputError

    if options.scenario == "list":
        _list_scenarios()
    elif options.out is None:
        raise InputError("synth needs a folder for its files", do="Add --out DIR.")
    elif options.scenario is not None:
        _synth_scenario(options)
    else:
        _synth_hospitals(options)


def _synth_hospitals(options: argparse.Namespace) -> None:
    from pathlib import Path

    from neurohlh.study.synth import synthesise

    synthesise(options.seed, options.patients, Path(options.out))
    options.teller.tell(f"Synthetic hospitals: {options.out}")


def _list_scenarios() -> None:
    from neurohlh.study.simulation.scenarios import SCENARIOS

    print("\n".join(f"{s.key:20}{s.title} (hazard ratio {s.hazard_ratio:g})" for s in SCENARIOS))


def _synth_scenario(options: argparse.Namespace) -> None:
    from pathlib import Path

    from neurohlh.study.simulation.files import write_scenario
    from neurohlh.study.simulation.scenarios import scenario

    write_scenario(scenario(options.scenario, options.effect), options.seed, options.patients, Path(options.out))
    options.teller.tell(f"Synthetic cohort: {options.out}")


if __name__ == "__main__":
    sys.exit(main())
