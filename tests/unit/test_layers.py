"""Who may enter where: the imports of every module are read and held against the plan of the house."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import neurohlh

PACKAGE = Path(neurohlh.__file__).parent
ROOMS = ("core", "etl", "clinical", "stats", "report", "study")
MAY_ENTER = {
    "core": set(),
    "etl": {"core"},
    "clinical": {"etl", "core"},
    "stats": {"core"},
    "report": {"core"},
    "study": {"report", "clinical", "stats", "etl", "core"},
}
MODULES = sorted(p for room in ROOMS for p in (PACKAGE / room).rglob("*.py"))


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path.name} imports relatively"
            names |= {node.module} | {f"{node.module}.{a.name}" for a in node.names}
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_enters_only_the_rooms_below_it(path):
    room = path.relative_to(PACKAGE).parts[0]
    entered = {n.split(".")[1] for n in imported(path) if n.startswith("neurohlh.") and n.split(".")[1] in ROOMS}
    assert entered - {room} <= MAY_ENTER[room]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_plots_are_drawn_in_the_figures_only(path):
    draws = {n for n in imported(path) if n.split(".")[0] in ("matplotlib", "seaborn")}
    assert not draws or (path.parent.name == "figures")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_statistics_open_no_file(path):
    if path.relative_to(PACKAGE).parts[0] != "stats":
        return
    calls = {
        n.func.id
        for n in ast.walk(ast.parse(path.read_text()))
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    }
    assert "open" not in calls
    assert not {n for n in imported(path) if n.split(".")[0] in ("pathlib", "io", "os")}


def test_the_import_loads_nothing_heavy():
    heavy = "{'numpy', 'pandas', 'matplotlib', 'scipy', 'pyarrow', 'pydantic', 'narwhals'}"
    code = f"import neurohlh, sys; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"]])
def test_help_loads_nothing_heavy(arguments):
    code = (
        "import sys; from neurohlh.cli import main\n"
        f"try: main({arguments!r})\n"
        "except SystemExit as e: assert e.code == 0\n"
        "assert not {'numpy', 'pandas'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_no_public_function_has_an_empty_body():
    empty = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                body = [s for s in node.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
                if not body or all(isinstance(s, ast.Pass) for s in body):
                    empty.append(f"{path.name}:{node.lineno} {node.name}")
    assert not empty
