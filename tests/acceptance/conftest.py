"""One whole run of the bundled example, as `neurohlh run` leaves it, for every test that looks at such a run."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "data" / "example"
_PATIENCE = 900
"""Seconds that a worker waits for the run of another."""


@pytest.fixture(scope="session")
def example_run(tmp_path_factory, request):
    """The output folder of the example: run once in a session, also where several workers share it. Change nothing."""
    worker = getattr(request.config, "workerinput", None)
    base = tmp_path_factory.getbasetemp()
    place = (base.parent if worker else base) / "example_run"
    try:
        place.mkdir()
    except FileExistsError:
        return _waited(place)
    out = place / "out"
    command = [sys.executable, "-m", "neurohlh.cli", "run", str(EXAMPLE / "study.toml"), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    (place / "said").write_text(f"{done.returncode}\n{done.stderr}", encoding="utf-8")
    return _waited(place)


def _waited(place):
    until = time.monotonic() + _PATIENCE
    while not (place / "said").exists() and time.monotonic() < until:
        time.sleep(0.2)
    code, _, stderr = (place / "said").read_text(encoding="utf-8").partition("\n")
    assert code == "0", stderr
    return place / "out"
