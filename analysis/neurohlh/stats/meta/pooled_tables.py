"""Two-by-two counts of several studies pooled by Mantel and Haenszel or by Peto, with their tests."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm

from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Floats
from neurohlh.stats.meta import stratified
from neurohlh.stats.meta.checks import meta_checks
from neurohlh.stats.meta.meta_analysis import forest
from neurohlh.stats.meta.rows import effect_row, study_rows
from neurohlh.stats.meta.settings import Settings
from neurohlh.stats.meta.stratified import PooledTables
from neurohlh.stats.meta.studies import Studies, StudyColumns, read_studies
from neurohlh.stats.recipe import software, z_value

Tables = tuple[Floats, Floats, Floats, Floats]
_ROLES = ("events", "n", "events_reference", "n_reference")
_MH_SOURCES = {
    "OR": "Robins, Breslow & Greenland 1986, Biometrics 42:311",
    "RR": "Greenland & Robins 1985, Biometrics 41:55",
    "RD": "Sato, Greenland & Robins 1989, Biometrics 45:1323",
}


def mantel_haenszel(frame: pd.DataFrame, *, conf_level: float = 0.95, **columns: Unpack[StudyColumns]) -> Result:
    """The common OR (default), RR or RD of the studies' counts by Mantel and Haenszel; no cell is corrected.

    `columns`: measure, study, events, n, events_reference, n_reference (see `StudyColumns`). Rows and `curves` as in
    `meta_analysis` ("study", "weight", "pooled", "heterogeneity"); `checks` hold the Cochran-Mantel-Haenszel test with
    and without continuity correction and, for OR, Tarone's test of equal odds ratios. Raises ValueError for wrong
    columns, counts or measures, NotEstimable where the pooled ratio does not exist.
    """
    measure = columns.setdefault("measure", "OR")
    studies = _counted(frame, columns, tuple(_MH_SOURCES))
    tables = _tables(studies)
    pooled = stratified.mantel_haenszel_tables(*tables, measure)
    checks = _cmh_rows(tables)
    if measure == "OR":
        checks.append(
            _test("equal odds ratios (Breslow-Day, Tarone)", *stratified.breslow_day_tarone(*tables, pooled.coef))
        )
    told = (studies.events > 0) & (studies.events < studies.n)  # any other risk difference is made of added halves
    gap = studies.effect[told] - pooled.coef
    q, df = float((gap**2 / studies.variance[told]).sum()), int(told.sum()) - 1
    found = (q, df, float(chi2.sf(q, df)) if df > 0 else float("nan"))
    how = "Mantel-Haenszel"
    return _result(frame, studies, pooled, found, checks, how, _MH_SOURCES[measure], conf_level)


def peto(frame: pd.DataFrame, *, conf_level: float = 0.95, **columns: Unpack[StudyColumns]) -> Result:
    """The common odds ratio by Peto's one-step method: for rare events, small effects and groups of similar size.

    `columns` as for `mantel_haenszel`, without another measure than OR. Studies whose groups differ in size by more
    than two to one are pointed out: there the method is biased (Greenland and Salvan 1990). Raises as
    `mantel_haenszel` does.
    """
    columns.setdefault("measure", "OR")
    studies = _counted(frame, columns, ("OR",))
    tables = _tables(studies)
    pooled = stratified.peto_tables(*tables)
    ratio = np.maximum(tables[1] / tables[3], tables[3] / tables[1])
    uneven = studies.names[ratio > 2]
    said = f"groups differ in size by more than two to one: {', '.join(uneven)}" if len(uneven) else ""
    verdict = "attention" if len(uneven) or abs(pooled.coef) > np.log(2.5) else "ok"
    if abs(pooled.coef) > np.log(2.5):
        said = "; ".join([*([said] if said else []), "a large odds ratio: the one-step method pulls it towards 1"])
    row = {
        "check": "fit for Peto's method",
        "term": "GLOBAL",
        "value": float(ratio.max()),
        "verdict": verdict,
        "note": said,
    }
    checks = [*_cmh_rows(tables), row]
    found = stratified.peto_heterogeneity(*tables)
    source = "Yusuf, Peto, Lewis, Collins & Sleight 1985, Prog Cardiovasc Dis 27:335"
    return _result(frame, studies, pooled, found, checks, "Peto", source, conf_level)


def _counted(frame: pd.DataFrame, columns: StudyColumns, measures: tuple[str, ...]) -> Studies:
    if columns["measure"] not in measures:
        raise ValueError(f"measure must be {' or '.join(measures)}, not {columns['measure']!r}")
    missing = [role for role in _ROLES if role not in columns]
    if missing:
        raise ValueError(f"counts of two groups are needed; not given: {', '.join(missing)}")
    return read_studies(frame, columns)


def _tables(studies: Studies) -> Tables:
    a, n, c, m = (studies.counts[role] for role in _ROLES)
    return a, n, c, m


def _cmh_rows(tables: Tables) -> list[dict[str, Any]]:
    plain = stratified.cochran_mantel_haenszel(*tables, correct=False)
    corrected = stratified.cochran_mantel_haenszel(*tables, correct=True)
    return [
        _test("Cochran-Mantel-Haenszel test without correction", plain[0], 1, plain[1]),
        _test("Cochran-Mantel-Haenszel test with continuity correction", corrected[0], 1, corrected[1]),
    ]


def _test(check: str, statistic: float, df: int, p_value: float) -> dict[str, Any]:
    row = {
        "check": check,
        "term": "GLOBAL",
        "statistic": statistic,
        "df": df,
        "p_value": p_value,
        "verdict": "ok",
        "note": "",
    }
    if np.isnan(statistic):
        row |= {"verdict": "not estimable", "note": "not estimable: too few studies with an event and a survivor"}
    return row


def _pool_rows(
    studies: Studies, pooled: PooledTables, found: tuple[float, int, float], how: str, conf_level: float
) -> list[dict[str, Any]]:
    rows = study_rows(studies, None, None, Settings("FE", "none", "z", "common", conf_level))
    for name, share in zip(studies.names, pooled.weights, strict=True):
        weight: dict[str, Any] = {
            "term": "weight",
            "level": name,
            "measure": "weight",
            "scale": "identity",
            "estimate": share,
        }
        rows.append({**weight, "note": "share of all studies' weight"})
    row: dict[str, Any] = {"term": "pooled", "method": how, "scale": studies.scale}
    row |= {"n": studies.n.sum(), "events": studies.events.sum()}
    se = pooled.std_error if pooled.std_error > 0 else float("nan")
    row |= effect_row(pooled.coef, se, z_value(conf_level), studies.back())
    if np.isfinite(se):
        row |= {"statistic": pooled.coef / se, "p_value": 2 * norm.sf(abs(pooled.coef / se))}
    q: dict[str, Any] = {"term": "heterogeneity", "measure": "Q", "method": f"Q about the {how} pool"}
    told: dict[str, Any] = {"statistic": found[0], "df": found[1], "p_value": found[2]}
    if found[1] < 1:
        told = {"note": "not estimable: one study"}
    return [*rows, row, {**q, **told}]


def _result(
    frame: pd.DataFrame,
    studies: Studies,
    pooled: PooledTables,
    found: tuple[float, int, float],
    checks: list[dict[str, Any]],
    how: str,
    source: str,
    conf_level: float,
) -> Result:
    rows = _pool_rows(studies, pooled, found, how, conf_level)
    tidy = tidy_frame([{"analysis": "meta_analysis", "measure": studies.measure, **r} for r in rows])
    return Result(
        kind="meta_analysis",
        tidy=tidy,
        curves=forest(tidy),
        checks=check_frame([*meta_checks(studies, None, None, how), *checks]),
        method={
            "estimator": f"common effect, {how}",
            "measure": studies.measure,
            "scale": studies.scale,
            "interval": "Wald",
            "test": "Wald, two-sided; Cochran-Mantel-Haenszel among the checks",
            "correction": "none in the pool; single studies with an empty cell: 1/2 added to every cell",
            "conf_level": conf_level,
            "denominator": "studies with all counts known",
            "software": software("numpy", "scipy"),
            "reference": [source, "Mantel & Haenszel 1959, J Natl Cancer Inst 22:719"],
        },
        counts={
            "supplied": len(frame),
            "used": studies.k,
            "events": int(studies.events.sum()),
            "dropped": studies.dropped,
        },
        notes=(
            "One effect common to all studies is assumed; their differences are in the test of heterogeneity only.",
        ),
    )
