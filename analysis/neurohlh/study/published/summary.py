"""What the published evidence says, in sentences and key figures."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurohlh.core import format as fmt
from neurohlh.core.result import Result
from neurohlh.study.published.effects import MAIN, MIXED, block
from neurohlh.study.published.finding import CONSISTENT, CUT, VERDICTS
from neurohlh.study.published.frequency import ALL
from neurohlh.study.published.mortality import GROUP
from neurohlh.study.published.world import World


def lead(world: World) -> str:
    """The answer in one sentence."""
    share, ratio = _row(world, "published_frequency", ALL, "pooled"), _hazard(world)
    if share is None:
        return "These tables hold too few cohorts with counts to say how frequent CNS involvement is."
    said = f"In a typical published cohort about {fmt.percent(share['estimate'], 0)} of patients have CNS involvement"
    if ratio is None:
        return f"{said}; what it does to the hazard of death can't be pooled from these tables."
    value = f"{fmt.ratio(ratio['estimate'])} ({_limits(ratio, fmt.ratio)})"
    if world_k(world) == 2:
        return (
            f"{said}; the two cohorts that print a comparable hazard ratio of death give {value} if the true effect is "
            "the same in both, and two cannot say how far others may differ."
        )
    return f"{said}; their hazard of death is {value} times that of the others, by {world_k(world)} cohorts."


def world_k(world: World) -> int:
    """How many published hazard ratios of death are pooled."""
    ratios = world.ratios
    return int(((ratios["reason"] == "") & (ratios["pool"] == MAIN)).sum())


def sentences(world: World) -> tuple[str, ...]:
    """What follows the answer: how far cohorts differ, deaths, the claims, the arithmetic."""
    return tuple(text for text in (_spread(world), _deaths(world), _claim(world), _arithmetic(world)) if text)


def key_figures(world: World) -> tuple[tuple[str, str, str], ...]:
    """(label, value, what stands below) of the pooled numbers."""
    figures = []
    share = _row(world, "published_frequency", ALL, "pooled")
    if share is not None:
        below = f"{_limits(share, fmt.percent)}, {len(world.selection.used)} cohorts"
        figures.append(("CNS involvement, pooled", fmt.percent(share["estimate"]), below))
    expected = _row(world, "published_frequency", ALL, "prediction interval")
    if expected is not None:
        figures.append(("Expected in a further study", _limits(expected, fmt.percent), "95 % prediction interval"))
    died = _row(world, "published_mortality", f"{GROUP}: cohorts", "pooled")
    if died is not None:
        figures.append(("Died, with CNS involvement", fmt.percent(died["estimate"]), _limits(died, fmt.percent)))
    ratio = _hazard(world)
    if ratio is not None:
        how = "common effect" if world_k(world) == 2 else "random effects"
        figures.append(("Hazard ratio of death", fmt.ratio(ratio["estimate"]), f"{_limits(ratio, fmt.ratio)}, {how}"))
    return tuple(figures)


def cautions(world: World) -> tuple[str, ...]:
    """What stands in the way of believing the pools."""
    results = world.results
    found = [*results["published_frequency"].notes[:2], *results["published_effect"].notes]
    tidy = results["published_effect"].tidy
    if (tidy["group"] == MIXED).any():
        found.append("The pool of all ratios mixes measures and horizons; it is shown as a warning and is no answer.")
    return tuple(found)


def _row(world: World, name: str, group: str, term: str) -> dict[str, Any] | None:
    tidy = world.results[name].tidy
    rows = tidy[(tidy["group"] == group) & (tidy["term"] == term) & tidy["estimate"].notna()]
    return None if rows.empty else {str(k): v for k, v in rows.iloc[0].items()}


def _hazard(world: World) -> dict[str, Any] | None:
    """The common effect for two studies, whose random effects say nothing; else the random effects."""
    return _row(world, "published_effect", block(MAIN), "common" if world_k(world) == 2 else "pooled")


def _spread(world: World) -> str:
    used = world.selection.used
    expected = _row(world, "published_frequency", ALL, "prediction interval")
    if expected is None or used.empty:
        return ""
    share = used["events"] / used["n"]
    low, high = used.loc[share.idxmin()], used.loc[share.idxmax()]
    return (
        f"The cohorts range from {_share(low)} to {_share(high)}, by patients, by definition and by who was tested: "
        f"in a further study anything from {fmt.percent(expected['conf_low'], 0)} to "
        f"{fmt.percent(expected['conf_high'], 0)} is to be expected."
    )


def _share(cohort: Any) -> str:
    return f"{fmt.percent(cohort['events'] / cohort['n'], 0)} ({cohort['label']}, {cohort['age']})"


def _deaths(world: World) -> str:
    died = _row(world, "published_mortality", f"{GROUP}: cohorts", "pooled")
    if died is None:
        return ""
    return (
        f"Of {fmt.integer(died['n'])} patients with CNS involvement in cohorts that count their deaths, "
        f"{fmt.integer(died['events'])} died until the papers stopped looking; pooled "
        f"{fmt.percent(died['estimate'], 0)} ({_limits(died, fmt.percent)})."
    )


def _claim(world: World) -> str:
    tidy = world.results["published_claims"].tidy
    said = [f"{_claimed(r)}: {r['method']}" for _, r in tidy[tidy["term"] == "studies"].iterrows()]
    died = tidy[(tidy["term"] == "pooled") & tidy["group"].str.contains("mortality")]
    said += [f"{_claimed(r)}: in the {r['level'].lower()} {r['method']}" for _, r in died.iterrows()]
    return f"The claims that the question came with. {'. '.join(said)}." if said else ""


def _claimed(row: Any) -> str:
    said = str(row["group"]).removeprefix("Claim: ")
    return said[:1].upper() + said[1:]


def _arithmetic(world: World) -> str:
    result: Result = world.results["published_faults"]
    counts = result.tidy["group"].value_counts()
    said = [f"{_small(v)} {counts[v]}" for v in VERDICTS if v in counts and v not in (CUT, CONSISTENT)]
    if not said:
        return f"All {result.counts['supplied']} pieces of printed arithmetic that could be checked agree."
    checked, agree = result.counts["supplied"], result.counts["agree"]
    return f"Of {checked} pieces of printed arithmetic {agree} agree; the others: {', '.join(said)}."


def _small(verdict: str) -> str:
    return verdict[0].lower() + verdict[1:]


def _limits(row: dict[str, Any], show: Any) -> str:
    if np.isnan([row["conf_low"], row["conf_high"]]).any():
        return "no interval"
    return fmt.interval(row["conf_low"], row["conf_high"], show)
