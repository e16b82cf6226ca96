"""Every statistic that gives a Result can be called by its name from `neurohlh.stats`, and says where it comes from."""

import ast
import inspect
from pathlib import Path

import pytest

from neurohlh import stats

ROOM = Path(stats.__file__).parent
INNER = {"risks_only", "balance_result", "diagnostics"}
"""Parts of a verb that hand a Result to it."""


def results() -> dict[str, str]:
    """Public function -> module, of all that are annotated to give a Result."""
    found = {}
    for path in sorted(ROOM.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            gives = isinstance(node, ast.FunctionDef) and node.returns is not None and ast.unparse(node.returns)
            if gives == "Result" and not node.name.startswith("_"):
                found[node.name] = ".".join(path.relative_to(ROOM).with_suffix("").parts)
    return found


def test_every_result_has_a_verb():
    named = {name: module for name, module in results().items() if name not in INNER}
    assert {name: stats.VERBS.get(name) for name in named} == named


@pytest.mark.parametrize("name", sorted(stats.VERBS))
def test_a_verb_takes_its_options_by_keyword_and_says_what_it_raises(name):
    verb = getattr(stats, name)
    assert verb.__module__ == f"neurohlh.stats.{stats.VERBS[name]}"
    kinds = [p.kind for p in inspect.signature(verb).parameters.values() if p.default is not inspect.Parameter.empty]
    assert all(kind is inspect.Parameter.KEYWORD_ONLY for kind in kinds) or name in POSITIONAL
    assert len(inspect.getdoc(verb)) > 80


POSITIONAL = {
    "balance",
    "completeness",
    "frequency",
    "testing_rates",
    "two_by_two",
    "table1",
    "evalue",
    "power_survival",
    "cox_interaction",
    "cox_subgroups",
}
"""Verbs whose first option may also stand in its place."""


def test_no_module_hides_a_verb():
    for name in stats.VERBS:
        getattr(stats, name)
    assert [name for name in stats.VERBS if not callable(getattr(stats, name))] == []
    rooms = {path.stem for path in ROOM.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert rooms & set(stats.VERBS) == set()


def test_an_unknown_verb():
    with pytest.raises(AttributeError, match="no attribute 'kaplanmeier'"):
        stats.kaplanmeier  # noqa: B018
    assert "cox" in dir(stats)
