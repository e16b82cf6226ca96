"""Rubin's rules for any Result: rows of the imputations matched, each pooled on the scale where it is normal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.missing.pool_checks import pooled_checks
from neurohlh.stats.missing.pool_rows import pooled_row
from neurohlh.stats.recipe import software, z_value

KEYS = ["analysis", "outcome", "population", "variable", "term", "level", "group", "contrast", "time", "measure"]
"""What identifies a row of `tidy`."""
_EVENTS_COUNT = ("HR", "sHR", "SHR", "subdistribution HR")
_REFERENCES = ["Rubin 1987, Multiple Imputation for Nonresponse in Surveys", "Barnard & Rubin 1999, Biometrika 86:948"]
_TEST_REFERENCE = "Li, Meng, Raghunathan & Rubin 1991, Stat Sin 1:65"


def pool(results: Sequence[Result], *, dfcom: float | None = None, conf_level: float | None = None) -> Result:
    """One Result from the same analysis of every imputed data set, by Rubin's rules.

    Rows are matched by what identifies them (`KEYS`). Coefficients are pooled as they are (log HR, log OR, slopes),
    survival and cumulative incidence on the (complementary) log-log scale, proportions and concordance on the logit
    scale; counts and reference rows are carried over. A row that is missing or not estimable in some imputation is not
    estimable here: pooling the others would pool what happened to work. Numbers without a standard error (medians) are
    averaged, without limits.

    `dfcom` are the degrees of freedom of complete data; by default events minus parameters for hazard ratios, patients
    minus parameters for other models, infinite otherwise. `checks` adds per row the fraction of missing information
    (value; statistic: relative increase of the variance; df), chi-square tests pooled by D2, concordance on the logit
    scale, and the range of all other checks. Raises ValueError for fewer than two results, or results of different
    kinds, settings or reference levels.
    """
    _comparable(results)
    level = float(results[0].method.get("conf_level", 0.95)) if conf_level is None else conf_level
    z_value(level)
    complete = _complete_df(results) if dfcom is None else dfcom
    if not complete > 0:
        raise ValueError(f"the degrees of freedom of complete data must be above 0, not {complete}")
    rows, information, used = [], [], set()
    for base, found in _matched(results):
        row, check = pooled_row(base, found, len(results), complete, level)
        rows.append(row)
        if check is not None:
            information.append(check)
            used.add(str(check["scale"]))
    checks = [*({k: v for k, v in c.items() if k != "scale"} for c in information)]
    checks += pooled_checks([r.checks for r in results], level)
    notes = _notes(results, complete)
    return Result(
        kind=results[0].kind,
        tidy=tidy_frame(rows),
        curves=_same_curves(results, notes),
        checks=check_frame(checks),
        method=_method(results, complete, level, sorted(used)),
        counts=_counts(results),
        notes=tuple(notes),
        origin=results[0].origin,
    )


def _comparable(results: Sequence[Result]) -> None:
    if len(results) < 2:
        raise ValueError("pooling needs the results of at least two imputations")
    if len({r.kind for r in results}) > 1:
        raise ValueError(f"results of different kinds: {', '.join(sorted({r.kind for r in results}))}")
    references = [dict(r.method.get("reference_levels", {})) for r in results]
    if any(r != references[0] for r in references):
        raise ValueError("reference levels differ between imputations; declare them in the analysis (reference=)")
    if len({r.method.get("conf_level") for r in results}) > 1:
        raise ValueError("confidence levels differ between the results")
    _same_splines(results)


def _same_splines(results: Sequence[Result]) -> None:
    """Coefficients of splines mean the same only with the same knots, which are chosen from each data set's values."""
    chosen = any("rcs(" in str(c) and "[" not in str(c) for r in results for c in r.method.get("covariates", ()))
    knots = [r.method.get("knots") for r in results]
    same = knots[0] is not None and all(k == knots[0] for k in knots)
    if chosen and not same:
        raise ValueError(
            "the knots of a spline may differ between imputations; name them, as in rcs(age, [20, 40, 60])"
        )


def _complete_df(results: Sequence[Result]) -> float:
    """The smallest of the imputations' complete-data degrees of freedom (they agree unless rows were lost)."""
    counts = [r.counts for r in results]
    if not all("parameters" in c for c in counts):
        return float("inf")
    hazard = results[0].kind in ("cox", "fine_gray") or results[0].tidy["measure"].isin(_EVENTS_COUNT).any()
    size = "events" if hazard else "used"
    if not all(size in c for c in counts):
        return float("inf")
    return float(max(min(int(c[size]) - int(c["parameters"]) for c in counts), 1))


def _matched(results: Sequence[Result]) -> list[tuple[dict[str, Any], pd.DataFrame]]:
    """Every row with its likes in the other imputations, in the order of their first occurrence."""
    whole = pd.concat([r.tidy.assign(imputation=i) for i, r in enumerate(results)], ignore_index=True)
    whole["time"] = whole["time"].round(12)
    whole["repeat"] = whole.groupby(["imputation", *KEYS], dropna=False, sort=False).cumcount()
    found = []
    for _, rows in whole.groupby([*KEYS, "repeat"], dropna=False, sort=False):
        if rows["is_reference"].nunique() > 1:
            name = " ".join(filter(None, (rows["term"].iloc[0], rows["level"].iloc[0])))
            raise ValueError(
                f"{name!r} is the reference in some imputations only; declare it in the analysis (reference=)"
            )
        first = rows.iloc[0].drop(["imputation", "repeat"])
        found.append(({str(k): v for k, v in first.items()}, rows))
    return found


def _same_curves(results: Sequence[Result], notes: list[str]) -> pd.DataFrame:
    first = results[0].curves
    if all(r.curves.equals(first) for r in results):
        return first
    notes.append("Curves differ between imputations and are not pooled; the estimates at chosen times are.")
    return pd.DataFrame()


def _method(results: Sequence[Result], dfcom: float, level: float, scales: Sequence[str]) -> Mapping[str, Any]:
    first = dict(results[0].method)
    own = first.get("reference", [])
    return {
        **first,
        "pooling": "Rubin's rules",
        "imputations": len(results),
        "dfcom": "infinite" if np.isinf(dfcom) else dfcom,
        "pooling_scales": list(scales),
        "interval": "Student's t on the pooling scale",
        "test": "Student's t with Barnard-Rubin degrees of freedom",
        "conf_level": level,
        "software": software("numpy", "scipy", "pandas"),
        "reference": [*([own] if isinstance(own, str) else own), *_REFERENCES, _TEST_REFERENCE],
    }


def _counts(results: Sequence[Result]) -> dict[str, Any]:
    """The counts that all imputations share, and the smallest and largest of the numbers that differ."""
    out: dict[str, Any] = {"imputations": len(results)}
    for name, value in results[0].counts.items():
        values = [r.counts.get(name) for r in results]
        if all(v == value for v in values):
            out[name] = value
        elif numbers := [v for v in values if isinstance(v, int | float | np.number)]:
            out[f"{name}_smallest"], out[f"{name}_largest"] = min(numbers), max(numbers)
    return out


def _notes(results: Sequence[Result], dfcom: float) -> list[str]:
    """The notes of the analyses, with the share of the imputations that said them if not all did."""
    said = dict.fromkeys(note for r in results for note in r.notes)
    m = len(results)
    notes = []
    for note in said:
        times = sum(note in r.notes for r in results)
        notes.append(note if times == m else f"{note} (in {times} of {m} imputations)")
    df = "infinite" if np.isinf(dfcom) else f"{dfcom:g}"
    return [f"Pooled over {m} imputations by Rubin's rules; complete-data degrees of freedom {df}.", *notes]
