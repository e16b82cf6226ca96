"""What `make bench` measures: the start of the command, a whole study, the cleaning of a registry, the statistics.

Every figure is a ratio within one run on one machine: to pandas' C reader reading the same file as text, to starting
Python, to lifelines, statsmodels and, where it is installed, R. Each measurement is a process of its own, so that its
peak memory is its own too.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cox
from competing import competing
from imputation import imputation
from measure import measured, timed
from registry import write_registry
from validation import validation

ROOT = Path(__file__).parents[1]
STUDY = 'schema = 1\n[[source]]\npath = "registry.csv"\n'


def registry(n: int, runs: int) -> None:
    """Reading, cleaning and classifying `n` patients x 60 columns, change log and issues included."""
    with tempfile.TemporaryDirectory() as folder:
        table, study = Path(folder, "registry.csv"), Path(folder, "study.toml")
        write_registry(table, n)
        study.write_text(STUDY, encoding="utf-8")
        # in turn, so that a drifting machine hits both alike
        pandas = timed(f"pd.read_csv({str(table)!r}, dtype=str, keep_default_na=False)", "import pandas as pd")
        ours = timed(
            f"cohort = nh.Study.open({str(study)!r}).load()\n"
            "assert len(cohort.classified.frame) and len(cohort.changes_ledger) and len(cohort.issues_ledger)",
            "import neurohlh as nh\nnh.Study",
        )
        pairs = [(measured(pandas, 1), measured(ours, 1)) for _ in range(runs)]
    text, clean = [p[0][0] for p in pairs], [p[1][0] for p in pairs]
    ratio = statistics.median(c / t for t, c in zip(text, clean, strict=True))
    peaks = [max(p[i][1] for p in pairs) for i in (0, 1)]
    print(f"{n:,} patients x 60 columns")
    print(f"  pandas' C reader, as text    {statistics.median(text):7.2f} s, peak {peaks[0]:.1f} GB")
    print(f"  read, cleaned, classified    {statistics.median(clean):7.2f} s, peak {peaks[1]:.1f} GB")
    print(f"  ratio {ratio:.2f} (aim: at most 2)")


def example(runs: int) -> None:
    """The whole `neurohlh run` on the bundled example, as a process, and the share of each of its steps."""
    seconds, steps = [], ""
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            command = [sys.executable, "-m", "neurohlh.cli", "run", str(ROOT / "data/example/study.toml")]
            done = subprocess.run([*command, "--out", f"{folder}/out"], check=True, capture_output=True, text=True)
            seconds.append(time.perf_counter() - start)
            steps = done.stderr
    print(f"neurohlh run data/example, in two languages, page and Word: {statistics.median(seconds):.1f} s")
    for line in steps.splitlines():
        step, _, took = line.removesuffix(" s").rpartition(": ")
        print(f"  {step:<24} {float(took) / seconds[-1]:4.0%}")


def start_up(runs: int) -> None:
    """`neurohlh --help` against starting Python."""

    def once(arguments: list[str]) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        return time.perf_counter() - start

    once(["-m", "neurohlh.cli", "--help"])
    pairs = [(once(["-c", "pass"]), once(["-m", "neurohlh.cli", "--help"])) for _ in range(runs)]
    ratio = statistics.median(b / a for a, b in pairs)
    bare, help_ = (statistics.median(p[i] for p in pairs) * 1000 for i in (0, 1))
    print(f"neurohlh --help: {help_:.0f} ms, Python alone {bare:.0f} ms, ratio {ratio:.2f} (aim: at most 3)")


PARTS = ("start", "example", "registry", "cox", "competing", "validation", "imputation")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="only these (default: all)")
    parser.add_argument("--patients", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    largest, runs = options.patients, options.runs
    sizes = [n for n in (1_000, 10_000, 100_000, 1_000_000) if n <= largest]
    do = {
        "start": lambda: start_up(max(runs * 5, 5)),
        "example": lambda: example(runs),
        "registry": lambda: registry(largest, runs),
        "cox": lambda: cox.benchmark(sizes, runs),
        "competing": lambda: competing(tuple(n for n in sizes if n <= 100_000), runs=runs),
        "validation": lambda: validation(runs=1),
        "imputation": lambda: imputation(runs),
    }
    for part in options.parts or PARTS:
        do[part]()


if __name__ == "__main__":
    main()
