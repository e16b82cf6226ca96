"""How a program is measured: a process of its own, so that its peak memory is its own too."""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path


def measured(code: str, runs: int) -> tuple[float, float]:
    """Median seconds of `code` (which prints its own) and the largest peak memory in GB, over several processes."""
    seconds, peaks = [], []
    for _ in range(runs):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.strip().splitlines()[-1])
        seconds.append(found["seconds"])
        peaks.append(found["peak"])
    return statistics.median(seconds), max(peaks)


def timed(body: str, setup: str = "") -> str:
    """A program that times `body` and prints seconds and peak memory."""
    return (
        f"import json, resource, time\n{setup}\nstart = time.perf_counter()\n{body}\n"
        "seconds = time.perf_counter() - start\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6\n"
        "print(json.dumps({'seconds': seconds, 'peak': peak}))\n"
    )


def r_installed(*packages: str) -> bool:
    """Whether Rscript is there with these packages."""
    if shutil.which("Rscript") is None:
        return False
    code = "; ".join(f"library({name})" for name in packages) or "1"
    return subprocess.run(["Rscript", "-e", code], capture_output=True).returncode == 0


def r_seconds(body: str, setup: str = "") -> float:
    """Seconds that R takes for `body`, measured inside R after `setup`."""
    code = f"{setup}\ns <- Sys.time()\n{body}\ncat(as.numeric(difftime(Sys.time(), s, units='secs')), '\\n')\n"
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "bench.R")
        script.write_text(code, encoding="utf-8")
        done = subprocess.run(["Rscript", str(script)], capture_output=True, text=True, check=True)
    return float(done.stdout.strip().splitlines()[-1])
