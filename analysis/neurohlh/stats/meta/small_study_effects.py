"""Small-study effects as a Result: the tests of the funnel's symmetry, trim and fill, and the funnel itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Unpack

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.meta.heterogeneity import ESTIMATORS
from neurohlh.stats.meta.rows import effect_row
from neurohlh.stats.meta.small_study import Asymmetry, TrimFill, begg, egger_lm, egger_rma, peters, trim_and_fill
from neurohlh.stats.meta.studies import Studies, StudyColumns, read_studies
from neurohlh.stats.recipe import software, z_value

_FAR = 10.0
"""A logarithm beyond which the end of a line is no ratio that could be (e^10 is 22,000)."""
ENOUGH = 10
"""Studies below which these tests have too little power to mean anything (Sterne and others 2011, BMJ 343:d4002)."""


def small_study_effects(
    frame: pd.DataFrame, *, method: str = "REML", conf_level: float = 0.95, **columns: Unpack[StudyColumns]
) -> Result:
    """Egger's regression in both forms, Peters' test (OR from counts), the rank test, and trim and fill with `method`.

    `columns` as in `meta_analysis`. Rows: a "test" row each (for the regressions with the effect to which they tend as
    the standard error tends to 0), "missing studies" and "pooled with them". `curves` is the funnel: study, effect,
    std_error (working scale), kind "observed" or "filled". Raises as `meta_analysis` does; what these studies do not
    allow is a row that says why.
    """
    if method not in ESTIMATORS:
        raise ValueError(f"method must be one of {', '.join(ESTIMATORS)}, not {method!r}")
    studies = read_studies(frame, columns)
    y, v = studies.effect, studies.variance
    tests: dict[str, Callable[[], Asymmetry]] = {
        "Egger, weighted regression": lambda: egger_lm(y, v),
        f"Egger, mixed effects ({method})": lambda: egger_rma(y, v, method),
        "Begg-Mazumdar rank correlation": lambda: begg(y, v),
    }
    if studies.measure == "OR" and "events_reference" in studies.counts:
        tests["Peters"] = lambda: peters(y, studies.events, studies.n)
    z = z_value(conf_level)
    rows = [{"term": "test", "method": name, **_test_row(test, studies, z)} for name, test in tests.items()]
    filled, note = _fill(y, v, method)
    rows += _fill_rows(filled, note, studies, z)
    return Result(
        kind="small_study_effects",
        tidy=tidy_frame([{"analysis": "small_study_effects", **row} for row in rows]),
        curves=_funnel(studies, filled),
        checks=check_frame([_power(studies.k)]),
        method=_method(studies, method, conf_level),
        counts={"supplied": len(frame), "used": studies.k, "dropped": studies.dropped},
        notes=("Asymmetry has other causes than unpublished studies: heterogeneity, quality, chance.",),
    )


def _test_row(test: Callable[[], Asymmetry], studies: Studies, z: float) -> dict[str, Any]:
    try:
        found = test()
    except NotEstimable as error:
        return {"note": f"not estimable: {error}"}
    row = {"statistic": found.statistic, "df": found.df, "p_value": found.p_value, "n": studies.k}
    if np.isnan(found.limit):
        return {**row, "measure": "Kendall's tau", "estimate": found.statistic}
    if studies.scale == "log" and abs(found.limit) > _FAR:
        return {**row, "coef": found.limit, "scale": "log", "note": "estimate left out: it lies beyond any effect"}
    limit = effect_row(found.limit, found.limit_se, z, studies.back())
    keep = {key: limit[key] for key in ("estimate", "coef", "std_error")}
    return {
        **row,
        **keep,
        "measure": studies.measure,
        "scale": studies.scale,
        "note": "estimate: where the SE tends to 0",
    }


def _fill(y: Any, v: Any, method: str) -> tuple[TrimFill | None, str]:
    try:
        return trim_and_fill(y, v, method=method), ""
    except NotEstimable as error:
        return None, f"not estimable: {error}"


def _fill_rows(filled: TrimFill | None, note: str, studies: Studies, z: float) -> list[dict[str, Any]]:
    how = "trim and fill, L0"
    if filled is None:
        return [{"term": term, "method": how, "note": note} for term in ("missing studies", "pooled with them")]
    row = {"term": "missing studies", "method": how, "measure": "count", "estimate": filled.missing}
    pooled = effect_row(float(filled.fit.coef[0]), float(filled.fit.std_error[0]), z, studies.back())
    where = {"measure": studies.measure, "scale": studies.scale, "n": studies.k + filled.missing}
    return [{**row, "note": f"on the {filled.side}"}, {"term": "pooled with them", "method": how, **where, **pooled}]


def _funnel(studies: Studies, filled: TrimFill | None) -> pd.DataFrame:
    seen = pd.DataFrame(
        {"study": studies.names, "effect": studies.effect, "std_error": np.sqrt(studies.variance), "kind": "observed"}
    )
    if filled is None or not filled.missing:
        return seen
    added = {"study": "", "effect": filled.effect, "std_error": np.sqrt(filled.variance), "kind": "filled"}
    return pd.concat([seen, pd.DataFrame(added)], ignore_index=True)


def _power(k: int) -> dict[str, Any]:
    few = k < ENOUGH
    said = f"fewer than {ENOUGH} studies: no conclusion from these tests" if few else ""
    verdict = "attention" if few else "ok"
    return {"check": "number of studies", "term": "GLOBAL", "value": k, "verdict": verdict, "note": said}


def _method(studies: Studies, method: str, conf_level: float) -> dict[str, Any]:
    return {
        "estimator": f"tests of the funnel's symmetry; trim and fill (L0) with {method}",
        "measure": studies.measure,
        "scale": studies.scale,
        "test": "Egger: t (regression) and z (mixed effects); rank test: Kendall, exact without ties; two-sided",
        "correction": "none across the tests",
        "conf_level": conf_level,
        "software": software("numpy", "scipy"),
        "reference": [
            "Egger, Davey Smith, Schneider & Minder 1997, BMJ 315:629",
            "Begg & Mazumdar 1994, Biometrics 50:1088",
            "Peters, Sutton, Jones, Abrams & Rushton 2006, JAMA 295:676",
            "Duval & Tweedie 2000, Biometrics 56:455",
            "Sterne and others 2011, BMJ 343:d4002",
        ],
    }
