"""What whole runs share: one run of each bundled study as `neurohlh run` leaves it, and a place for notebooks."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ipykernel.kernelspec import write_kernel_spec
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
DATA = ROOT / "data"
_PATIENCE = 900
"""Seconds that a worker waits for the run of another."""


@pytest.fixture(scope="session")
def example_run(tmp_path_factory, request):
    """The output folder of the example: run once in a session, also where several workers share it. Change nothing."""
    return _run("example", tmp_path_factory, request.config)


@pytest.fixture(scope="session")
def published_run(tmp_path_factory, request):
    """The output folder of the published patients, as `example_run`."""
    return _run("published", tmp_path_factory, request.config)


def _run(name, tmp_path_factory, config):
    base = tmp_path_factory.getbasetemp()
    place = (base.parent if hasattr(config, "workerinput") else base) / f"{name}_run"
    try:
        place.mkdir()
    except FileExistsError:
        return _waited(place)
    command = [
        sys.executable,
        "-m",
        "neurohlh.cli",
        "run",
        str(DATA / name / "study.toml"),
        "--out",
        str(place / "out"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    (place / "saying").write_text(f"{done.returncode}\n{done.stderr}", encoding="utf-8")
    os.replace(place / "saying", place / "said")  # whole or not at all, for those who wait
    return _waited(place)


def _waited(place):
    until = time.monotonic() + _PATIENCE
    while not (place / "said").exists() and time.monotonic() < until:
        time.sleep(0.2)
    code, _, stderr = (place / "said").read_text(encoding="utf-8").partition("\n")
    assert code == "0", stderr
    return place / "out"


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A copy of the notebooks and the data, so that nothing is written into the repository."""
    place = tmp_path_factory.mktemp("notebooks")
    shutil.copytree(ROOT / "notebooks", place / "notebooks", ignore=shutil.ignore_patterns(".*"))
    shutil.copytree(ROOT / "data" / "example", place / "data" / "example")
    # The report in both languages and as a Word file is looked at elsewhere; a notebook that wants them asks for them.
    study = place / "data" / "example" / "study.toml"
    text = study.read_text(encoding="utf-8").replace('languages = ["en", "zh"]', 'languages = ["en"]')
    study.write_text(f'{text}\n[report]\nformats = ["html"]\n', encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def execute(workplace):
    """Run a notebook with this very Python, whatever kernels the machine has."""
    write_kernel_spec(workplace / "jupyter" / "kernels" / "this_python")

    def run(book, folder):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("JUPYTER_PATH", str(workplace / "jupyter"))
            patch.setenv("JUPYTER_RUNTIME_DIR", str(workplace / "runtime"))
            patch.setenv("IPYTHONDIR", str(workplace / "ipython"))
            resources = {"metadata": {"path": str(folder)}}
            return NotebookClient(book, timeout=240, kernel_name="this_python", resources=resources).execute()

    return run
