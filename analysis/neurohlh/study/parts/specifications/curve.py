"""The curve of all specifications, what they say together, and which choice moves them most."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.clinical.cns_definitions import definition
from neurohlh.core.errors import NotEstimable
from neurohlh.core.pictures import specification_curve
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.columns import Floats
from neurohlh.stats.describe.quantiles import quantile_of_type
from neurohlh.stats.glm.explained import eta_squared
from neurohlh.study.parts.specifications.agreement import in_words
from neurohlh.study.parts.specifications.grid import CHOICES, Specification

REFERENCE = "Simonsohn, Simmons & Nelson 2020, Nat Hum Behav 4:1208"
DECLARED = "the declared one"
_SHARED: dict[str, Any] = {"outcome": "death", "variable": "cns", "contrast": "CNS involved vs not involved"}
_QUANTILES = {"lowest": 0.0, "lower quartile": 0.25, "median": 0.5, "upper quartile": 0.75, "highest": 1.0}


def curve(specifications: Sequence[Specification], method: dict[str, Any], counts: dict[str, Any]) -> Result:
    """A row per specification, in the order of the grid; the picture has those that gave a number, by size."""
    result = Result(
        kind="specification_curve",
        tidy=tidy_frame([_row(s) for s in specifications]),
        method={**method, "title": "Every specification: hazard ratio of death with CNS involvement"},
        counts=counts,
        notes=(
            f"The declared specification is marked; it is the one chosen before looking, and the others ({REFERENCE}) "
            "show how much hangs on choices that could have been made differently.",
        ),
    )
    return specification_curve(
        result, drawn(specifications), CHOICES, axis="Hazard ratio of death, CNS involved or not"
    )


def _row(s: Specification) -> dict[str, Any]:
    f = s.fitted
    row: dict[str, Any] = {"analysis": "specification", **_SHARED, "term": s.definition, "group": s.zero}
    row |= {"population": f"undecided {s.undecided}", "method": s.adjustment, "level": DECLARED if s.declared else ""}
    row |= {"n": f.n, "events": f.events, "measure": "HR", "scale": "log"}
    if f.reason:
        return {**row, "note": f"not estimable: {f.reason}"}
    return {**row, "estimate": f.estimate, "conf_low": f.conf_low, "conf_high": f.conf_high} | {
        "coef": f.coef,
        "std_error": f.std_error,
    }


def drawn(specifications: Sequence[Specification]) -> pd.DataFrame:
    """The frame of the picture: the specifications that gave a number, from the lowest hazard ratio to the highest."""
    rows = [
        {
            "estimate": s.fitted.estimate,
            "conf_low": s.fitted.conf_low,
            "conf_high": s.fitted.conf_high,
            "declared": s.declared,
            **dict(zip(CHOICES, _choices(s), strict=True)),
        }
        for s in specifications
        if not s.fitted.reason
    ]
    columns = ["estimate", "conf_low", "conf_high", "declared", *CHOICES]
    frame = pd.DataFrame(rows, columns=columns).sort_values("estimate", kind="stable", ignore_index=True)
    return frame.assign(rank=np.arange(1, len(frame) + 1))


def _choices(s: Specification) -> tuple[str, str, str, str]:
    return s.definition, s.zero, s.undecided, s.adjustment


def summary(specifications: Sequence[Specification], method: dict[str, Any], counts: dict[str, Any]) -> Result:
    """How many specifications there are, how many are different, and what they say together."""
    rows = [*_counted(specifications), *_declared(specifications)]
    for words, chosen in (("all", list(specifications)), ("different answers only", distinct(specifications))):
        rows += [{**row, "population": words} for row in _spread(chosen, _declared_of(specifications))]
    return Result(
        kind="specification_summary",
        tidy=tidy_frame([{"analysis": "specification_summary", **_SHARED, **row} for row in rows]),
        method={**method, "title": "What all specifications say together"},
        counts=counts,
        notes=(
            *_in_words(specifications),
            "All specifications rest on the same patients: that many of them agree is no independent evidence, and the "
            "share of intervals that exclude 1 is no test.",
            "Definitions that call the same patients involved give the same number again; 'different answers only' "
            "counts each once.",
        ),
    )


def _in_words(specifications: Sequence[Specification]) -> Iterator[str]:
    """The summary as a sentence, where anything could be estimated."""
    found = [s.fitted for s in specifications if not s.fitted.reason]
    if not found:
        yield "No specification gave a hazard ratio."
        return
    ratios: Floats = np.array([f.estimate for f in found])
    low, median, high = quantile_of_type(ratios, np.array([0.0, 0.5, 1.0]))
    above, below = sum(f.conf_low > 1 for f in found), sum(f.conf_high < 1 for f in found)
    yield (
        f"{len(found)} of {len(specifications)} specifications gave a hazard ratio, from {low:.2f} to {high:.2f} "
        f"(median {median:.2f}); {above} intervals lie wholly above 1, {below} wholly below, "
        f"{len(found) - above - below} include 1."
    )


def distinct(specifications: Sequence[Specification]) -> list[Specification]:
    """The first of each set of specifications that rest on the same patients, exposures and model."""
    return list({s.same_as: s for s in reversed(specifications)}.values())[::-1]


def _declared_of(specifications: Sequence[Specification]) -> Specification | None:
    return next((s for s in specifications if s.declared), None)


def _counted(specifications: Sequence[Specification]) -> Iterator[dict[str, Any]]:
    count = {"measure": "count", "population": "all"}
    estimated = [s for s in specifications if not s.fitted.reason]
    yield {**count, "term": "specifications", "estimate": len(specifications)}
    yield {**count, "term": "with a hazard ratio", "estimate": len(estimated), "n": len(specifications)}
    yield {**count, "term": "different answers among them", "estimate": len(distinct(estimated)), "n": len(estimated)}
    for reason, times in Counter(_kind_of(s.fitted.reason) for s in specifications if s.fitted.reason).most_common():
        yield {**count, "term": "not estimable", "level": reason, "estimate": times, "n": len(specifications)}


def _kind_of(reason: str) -> str:
    """A reason without the numbers and names of the one specification."""
    return re.sub(r"\d+ patients", "some patients", reason.split(":")[0])


def _declared(specifications: Sequence[Specification]) -> Iterator[dict[str, Any]]:
    declared = _declared_of(specifications)
    if declared is not None:
        yield {**_row(declared), "analysis": "specification_summary", "term": "declared specification", "level": ""} | {
            "group": "",
            "method": "",
            "population": "",
        }


def _spread(chosen: Sequence[Specification], declared: Specification | None) -> Iterator[dict[str, Any]]:
    estimated = [s.fitted for s in chosen if not s.fitted.reason]
    if not estimated:
        return
    ratios: Floats = np.array([f.estimate for f in estimated])
    quantiles = quantile_of_type(ratios, np.array(list(_QUANTILES.values())))
    for term, value in zip(_QUANTILES, quantiles, strict=True):
        yield {"term": f"{term} hazard ratio", "measure": "HR", "estimate": float(value), "n": len(estimated)}
    sides = {
        "interval wholly above 1 (worse with CNS involvement)": sum(f.conf_low > 1 for f in estimated),
        "interval wholly below 1 (better with CNS involvement)": sum(f.conf_high < 1 for f in estimated),
        "interval includes 1": sum(f.conf_low <= 1 <= f.conf_high for f in estimated),
    }
    if declared is not None and not declared.fitted.reason:
        same = sum((f.coef > 0) == (declared.fitted.coef > 0) for f in estimated)
        sides = {"estimate on the same side of 1 as the declared one": same, **sides}
    for term, times in sides.items():
        yield {"term": term, "measure": "count", "estimate": times, "n": len(estimated)}


def choices(specifications: Sequence[Specification], method: dict[str, Any], counts: dict[str, Any]) -> Result:
    """The share of the spread of the log hazard ratios that each choice explains, and the median under each option.

    The share is eta squared: R2 of the log hazard ratio on that choice alone. Raises NotEstimable without enough
    specifications that differ.
    """
    frame = pd.DataFrame(
        [
            {**dict(zip(CHOICES, _choices(s), strict=True)), "coef": s.fitted.coef, "ratio": s.fitted.estimate}
            for s in specifications
            if not s.fitted.reason
        ]
    )
    varied = [c for c in CHOICES if len(frame) and frame[c].nunique() > 1]
    if not varied or frame["coef"].nunique() < 2:
        raise NotEstimable("the specifications that gave a hazard ratio do not differ")
    shared = {"analysis": "specification_choices", "outcome": "death", "variable": "cns"}
    rows: list[dict[str, Any]] = [
        {"term": c, "measure": "eta squared", "estimate": eta_squared(frame, "coef", [c]), "n": len(frame)}
        for c in varied
    ]
    rows.sort(key=lambda row: (-row["estimate"], row["term"]))
    if len(varied) > 1:
        together = {"term": "all choices together", "measure": "eta squared", "n": len(frame)}
        rows.append({**together, "estimate": eta_squared(frame, "coef", varied)})
    for c in [row["term"] for row in rows if row["term"] in varied]:
        for option, own in frame.groupby(c, sort=False):
            median = float(quantile_of_type(own["ratio"].to_numpy(), np.array([0.5]))[0])
            words = in_words(definition(str(option))) if c == CHOICES[0] else option
            rows.append({"term": c, "level": words, "measure": "median HR", "estimate": median, "n": len(own)})
    return Result(
        kind="specification_choices",
        tidy=tidy_frame([{**shared, **row} for row in rows]),
        method={**method, "title": "Which choice moves the hazard ratio most"},
        counts=counts,
        notes=(
            f"What moves the hazard ratio most is the choice '{rows[0]['term'].lower()}': alone it explains "
            f"{rows[0]['estimate']:.0%} of the spread.",
            "Eta squared: the share of the spread of the log hazard ratios that a choice explains alone. It describes "
            "these specifications (here n counts them), not patients; the shares need not add up.",
        ),
    )
