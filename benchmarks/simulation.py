"""Does each offered analysis find a known effect? Many drawn cohorts per scenario; the table of docs/simulation.md.

`python benchmarks/simulation.py --markdown docs/simulation.md` writes it: 1,000 cohorts of 200 patients per scenario,
about half an hour on two cores.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from neurohlh.study.simulation.run import simulate, within
from neurohlh.study.simulation.scenarios import SCENARIOS, Scenario, scenario

HEADER = """# Do the analyses find what is true?

Cohorts are drawn from a known effect (`neurohlh synth --scenario NAME` draws one), and every analysis that the plan
offers is run on each of them by the plan's own code. This table is
`python benchmarks/simulation.py --cohorts {cohorts} --patients {patients} --seed {seed} --markdown docs/simulation.md`:
{cohorts} cohorts of {patients} patients per scenario.

- **target**: what the analysis ought to find, on its working scale (hazard ratios as logarithms: log 2 = 0.693;
  survival as a difference, mean survival time in days). An adjusted hazard ratio ought to find the effect itself. A
  crude or weighted one answers for a whole population and is another number even without bias (a hazard ratio is not
  collapsible), and so is that of a landmark where involvement begins later; these targets are read off a cohort of a
  million in which everybody's true status is known.
- **bias** = mean of the estimates - target, with its Monte-Carlo standard error; **coverage**: share of the 95 %
  intervals that hold the target, with its Monte-Carlo standard error. **within 2**: whether coverage lies within two
  Monte-Carlo standard errors ({two:.1%} here) of 95 %. Of the {offered} judgements about one in twenty lies outside by
  chance alone. Bounds are no estimate: they are meant to hold the target *at least* as often.
- The scenarios share their random numbers, and so do the analyses of a cohort: what lies off by chance in one lies off
  in its neighbours too.
- **offered: no**: an analysis whose assumptions do not hold in that scenario, or that the plan never offers ("ever
  found, followed from day 0" stands in the report with the warning that it is no answer). It is shown to tell how far
  off it is. With few deaths the usual limits are too wide rather than wrong; there the penalised model is offered.
- **none**: cohorts in which the analysis gave no interval (not estimable, or, for the bounds, nothing undecided).

{summary}
"""


def main() -> None:
    """Run the scenarios and print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=1000)
    parser.add_argument("--patients", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--scenario", nargs="*", default=[s.key for s in SCENARIOS])
    parser.add_argument("--markdown", type=Path, help="write the table to this file")
    options = parser.parse_args()
    tables = []
    for key in options.scenario:
        start = time.perf_counter()
        world = scenario(key)
        table = simulate(
            world, cohorts=options.cohorts, patients=options.patients, seed=options.seed, n_jobs=options.jobs
        )
        tables.append(table)
        print(f"{section(world, table)}\n({time.perf_counter() - start:.0f} s)\n", flush=True)
    if options.markdown:
        whole = pd.concat(tables, ignore_index=True)
        text = [header(whole, options), *(section(scenario(t["scenario"].iloc[0]), t) for t in tables)]
        options.markdown.write_text("\n\n".join(text) + "\n", encoding="utf-8")


def header(whole: pd.DataFrame, options: argparse.Namespace) -> str:
    """What stands above the tables, with the count of judgements that hold."""
    offered = whole[whole["offered"] & whole["mean"].notna()]
    bounds = whole[whole["offered"] & whole["mean"].isna()]
    good = int(np.sum(within(offered)))
    biased = int((offered["bias"].abs() > 2 * offered["bias_error"]).sum())
    summary = (
        f"**Result.** Of {len(offered)} offered analyses {good} cover within two Monte-Carlo standard errors of 95 %; "
        f"{biased} have a bias beyond two Monte-Carlo standard errors. The bounds hold the target in "
        f"{bounds['coverage'].min():.1%} to {bounds['coverage'].max():.1%}."
    )
    two = 2 * np.sqrt(0.95 * 0.05 / options.cohorts)
    words = vars(options) | {"two": two, "offered": len(offered), "summary": summary}
    return HEADER.format(**words).rstrip()


def section(world: Scenario, table: pd.DataFrame) -> str:
    """One scenario as a Markdown section."""
    lines = [
        f"## {world.title} (`{world.key}`)",
        "",
        "| analysis | offered | target | bias | coverage | within 2 | SD of estimates | mean standard error | none |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row, near in zip(table.to_dict("records"), within(table), strict=True):
        bias = "" if np.isnan(row["bias"]) else f"{number(row['bias'])} ({number(row['bias_error'])})"
        judged = ("yes" if near else "no") if row["offered"] and bias else ""
        cells = [
            row["analysis"],
            "yes" if row["offered"] else "**no**",
            number(row["target"]),
            bias,
            f"{row['coverage']:.1%} ({row['coverage_error']:.1%})",
            judged,
            number(row["spread"]),
            number(row["mean_std_error"]),
            f"{row['not_given']}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def number(value: float) -> str:
    """Three decimals, days one; nothing where there is none."""
    if np.isnan(value):
        return ""
    text = f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"
    return "0" if float(text) == 0 else text


if __name__ == "__main__":
    main()
