"""A yes/no exposure and outcome within strata: Mantel-Haenszel ratios and difference, and whether strata differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, check_frame, tidy_frame
from neurohlh.stats.columns import Floats, column, labels
from neurohlh.stats.describe.two_by_two_data import two_groups
from neurohlh.stats.describe.two_by_two_limits import odds_ratio_wald
from neurohlh.stats.meta.stratified import breslow_day_tarone, cochran_mantel_haenszel, mantel_haenszel_tables
from neurohlh.stats.recipe import software, z_value

_TERMS = {"OR": "odds ratio", "RR": "risk ratio", "RD": "risk difference"}


def stratified_two_by_two(
    frame: pd.DataFrame,
    exposure: str,
    outcome: str,
    strata: str | Sequence[str],
    *,
    reference: str | None = None,
    conf_level: float = 0.95,
) -> Result:
    """`outcome` (true/false or 1/0) in the two levels of `exposure`, pooled over the combinations of `strata` columns.

    Rows: OR, RR and RD by Mantel and Haenszel's weights, the same without strata, and the odds ratio of each stratum
    (Woolf's limits). `checks`: the Cochran-Mantel-Haenszel test without and with continuity correction, and Breslow and
    Day's test of equal odds ratios without and with Tarone's correction. Patients without exposure, outcome or stratum
    are dropped and counted; strata in which only one level of the exposure occurs tell nothing and are counted.

    Raises ValueError for wrong columns or codes, or more than two levels; NotEstimable for fewer than two.
    """
    z = z_value(conf_level)
    names = [strata] if isinstance(strata, str) else list(strata)
    if not names:
        raise ValueError("strata must name at least one column")
    texts = [labels(column(frame, name))[0] for name in names]
    unknown = {
        f"missing {n}": np.array([v is None for v in text], dtype=bool) for n, text in zip(names, texts, strict=True)
    }
    found = two_groups(column(frame, exposure), column(frame, outcome), reference=reference, missing=unknown)
    own = np.array(
        [", ".join(map(str, row)) for row in zip(*(t[found.kept] for t in texts), strict=True)], dtype=object
    )
    levels, code = np.unique(own.astype(str), return_inverse=True)
    tables = np.array([found.cells(code == j) for j in range(len(levels))], dtype=float)
    rows = [
        *_three(tables, "Mantel-Haenszel", z),
        *_three(tables.sum(axis=0, keepdims=True), "without strata", z),
        *(_stratum(str(level), table, conf_level) for level, table in zip(levels, tables, strict=True)),
    ]
    shared = {"analysis": "stratified_two_by_two", "outcome": outcome, "variable": exposure,
              "contrast": f"{found.names[0]} vs {found.names[1]}"}  # fmt: skip
    one_sided = int(((tables[:, :2].sum(axis=1) == 0) | (tables[:, 2:].sum(axis=1) == 0)).sum())
    return Result(
        kind="stratified_two_by_two",
        tidy=tidy_frame([{**shared, **row} for row in rows]),
        checks=check_frame(_tests(tables, one_sided)),
        method=_method(names, found.names[1], conf_level),
        counts={
            "supplied": len(frame),
            "used": int(tables.sum()),
            "events": int(tables[:, [0, 2]].sum()),
            "dropped": found.dropped,
            "strata": len(levels),
            "strata_with_one_level": one_sided,
        },
    )


def _arms(tables: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Events and patients exposed, events and patients unexposed, of the strata that have both."""
    a, n, c, m = tables[:, 0], tables[:, :2].sum(axis=1), tables[:, 2], tables[:, 2:].sum(axis=1)
    both = (n > 0) & (m > 0)
    return a[both], n[both], c[both], m[both]


def _three(tables: Floats, method: str, z: float) -> list[dict[str, Any]]:
    arms = _arms(tables)
    size = {"n": float(tables.sum()), "events": float(tables[:, [0, 2]].sum())}
    return [{**size, "method": method, **_pooled(arms, measure, z)} for measure in _TERMS]


def _pooled(arms: tuple[Floats, Floats, Floats, Floats], measure: str, z: float) -> dict[str, Any]:
    row = {"term": _TERMS[measure], "measure": measure, "scale": "identity" if measure == "RD" else "log"}
    if not len(arms[0]):
        return {**row, "note": "not estimable: no stratum has both levels of the exposure"}
    try:
        found = mantel_haenszel_tables(*arms, measure)
    except NotEstimable:
        return {**row, "note": "not estimable: no stratum has what the ratio needs in both levels of the exposure"}
    coef, se = found.coef, found.std_error
    if not se > 0:
        return {**row, "estimate": coef if measure == "RD" else np.exp(coef), "coef": coef,
                "note": "limits not estimable: the variance is 0"}  # fmt: skip
    ends = np.array([coef, coef - z * se, coef + z * se])
    estimate, low, high = ends if measure == "RD" else np.exp(ends)
    return {**row, "estimate": estimate, "conf_low": low, "conf_high": high, "coef": coef, "std_error": se,
            "statistic": coef / se, "p_value": float(2 * norm.sf(abs(coef / se)))}  # fmt: skip


def _stratum(level: str, table: Floats, conf_level: float) -> dict[str, Any]:
    a, b, c, d = (float(x) for x in table)
    row = {"term": "odds ratio", "level": level, "measure": "OR", "scale": "log", "n": a + b + c + d, "events": a + c,
           "method": "Woolf"}  # fmt: skip
    try:
        estimate, low, high = odds_ratio_wald(a, b, c, d, conf_level)
    except NotEstimable as error:
        return {**row, "note": f"not estimable: {error}"}
    return {**row, "estimate": estimate, "conf_low": low, "conf_high": high, "coef": float(np.log(estimate))}


def _tests(tables: Floats, one_sided: int) -> list[dict[str, Any]]:
    arms = _arms(tables)
    rows: list[dict[str, Any]] = []
    for name, correct in (("without", False), ("with", True)):
        statistic, p = cochran_mantel_haenszel(*arms, correct=correct)
        said = {"check": f"Cochran-Mantel-Haenszel test {name} continuity correction", "term": "GLOBAL"}
        rows.append(_test(said, statistic, 1, p, False, "in every stratum nobody or everybody has the outcome"))
    for name, tarone in (("Breslow-Day test", False), ("Breslow-Day test with Tarone's correction", True)):
        said, why = {"check": name, "term": "OR"}, "fewer than two strata are informative, or no odds ratio exists"
        try:
            statistic, df, p = breslow_day_tarone(*arms, mantel_haenszel_tables(*arms, "OR").coef, tarone=tarone)
        except NotEstimable:
            statistic, df, p = float("nan"), 0, float("nan")
        rows.append(_test(said, statistic, df, p, True, why))
    note = "" if not one_sided else "they tell nothing about the comparison"
    rows.append({"check": "strata with one level of the exposure", "term": "GLOBAL", "value": float(one_sided),
                 "verdict": "attention" if one_sided else "ok", "note": note})  # fmt: skip
    return rows


def _test(said: dict[str, Any], statistic: float, df: int, p: float, homogeneity: bool, why: str) -> dict[str, Any]:
    if np.isnan(p):
        return {**said, "verdict": "not estimable", "note": f"not estimable: {why}"}
    differ = homogeneity and p < 0.05
    note = "the odds ratio differs between strata: read theirs, not the pooled one" if differ else ""
    return {
        **said,
        "statistic": statistic,
        "df": df,
        "p_value": p,
        "verdict": "attention" if differ else "ok",
        "note": note,
    }


def _method(strata: list[str], base: str, conf_level: float) -> dict[str, Any]:
    return {
        "estimator": "Mantel-Haenszel; nothing is added to any cell",
        "test": "Wald per row; Cochran-Mantel-Haenszel and Breslow-Day in checks",
        "interval": "Wald: OR and RR on the log scale, RD on its own; strata: Woolf",
        "variance": "OR: Robins, Breslow & Greenland; RR: Greenland & Robins; RD: Sato, Greenland & Robins",
        "correction": "none unless the row says so",
        "strata": strata,
        "conf_level": conf_level,
        "reference_level": base,
        "denominator": "patients with exposure, outcome and strata known",
        "software": software("numpy", "scipy"),
        "reference": [
            "Mantel & Haenszel 1959, J Natl Cancer Inst 22:719",
            "Robins, Breslow & Greenland 1986, Biometrics 42:311",
            "Greenland & Robins 1985, Biometrics 41:55",
            "Tarone 1985, Biometrika 72:91",
        ],
    }
