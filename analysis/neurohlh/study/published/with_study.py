"""A study beneath the published ones: how far it lies from them, and what both say together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core import format as fmt
from neurohlh.core.pictures import forest
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.describe.proportions import wilson
from neurohlh.stats.meta.new_study import distance_from_pool
from neurohlh.stats.recipe import software
from neurohlh.study.published import effects, proportions
from neurohlh.study.published.effects import MAIN
from neurohlh.study.published.own_study import OwnStudy
from neurohlh.study.published.pools import Pool, pool_proportions, pool_ratios
from neurohlh.study.published.selection import Selection

FREQUENCY, HAZARD = "How frequent CNS involvement is", "Hazard ratio of death"
_SHARE_HEADS = {"level": "Study or pool", "events": "With", "n": "Of", "estimate": "Percent", "note": "Remark"}
_RATIO_HEADS = {
    "level": "Study or pool", "population": "Model", "contrast": "Compared", "method": "How", "events": "Deaths",
    "n": "Of", "estimate": "Hazard ratio", "p_value": "p", "note": "Remark",
}  # fmt: skip


def frequency_with_study(selection: Selection, own: OwnStudy) -> Result:
    """The study's frequency beneath the published cohorts, its distance from them, and the pool of all."""
    title = "This study's frequency beneath the published ones"
    if own.tested is None or selection.used.empty:
        return _refused(title, own.no_frequency or "there is no published cohort with counts", _SHARE_HEADS)
    used = selection.used
    pool = pool_proportions(used)
    published = proportions.pooled_rows(used, FREQUENCY, f"{len(used)} published cohorts")
    rows = [_own_share(own, own.tested, "status known")]
    if own.habit and own.habit != own.tested:
        rows.append(_own_share(own, own.habit, "undecided counted as not involved"))
    notes = [_share_words(own, pool, counts, how) for counts, how in _shares(own)]
    both = pd.concat([used[["label", "events", "n"]], _as_study(own)], ignore_index=True)
    together = _together(pool_proportions(both), FREQUENCY, len(both), "proportion")
    notes.append(_together_words(together, fmt.percent))
    everything = [*published, *rows, *([together] if together else [])]
    result = _result(title, everything, notes, own, len(used), _SHARE_HEADS)
    cohorts = [proportions.study_row(s, FREQUENCY) for _, s in _by_share(used).iterrows()]
    lines = proportions.forest_lines([*cohorts, *everything])
    return forest(result, lines, axis="percent with CNS involvement (95 % interval)", scale="percent")


def hazard_with_study(ratios: pd.DataFrame, own: OwnStudy) -> Result:
    """The study's hazard ratio beneath the published ones, its distance from them, and the pool of all."""
    title = "This study's hazard ratio beneath the published ones"
    used = ratios[(ratios["reason"] == "") & (ratios["pool"] == MAIN)]
    if own.hazard is None or used.empty:
        return _refused(title, own.no_hazard or "no published hazard ratio of death can be pooled", _RATIO_HEADS)
    published = [effects.ratio_row(row, HAZARD) for _, row in used.iterrows()]
    published += effects.pooled_rows(used, HAZARD)
    models = {"crude": own.crude, "adjusted": own.adjusted}
    rows = [_own_ratio(own, row, word) for word, row in models.items() if row is not None]
    notes = [*_ratio_words(own, used), *_difference_words(own, used)]
    study = pd.DataFrame([{"label": own.name, **own.hazard[["estimate", "std_error"]].astype(float)}])
    both = pd.concat([used[["label", "estimate", "std_error"]], study], ignore_index=True)
    together = _together(pool_ratios(both, "HR"), HAZARD, len(both), "HR")
    notes.append(_together_words(together, fmt.ratio))
    everything = [*published, *rows, *([together] if together else [])]
    result = _result(title, everything, notes, own, len(used), _RATIO_HEADS)
    return forest(result, effects.forest_lines(everything), axis="hazard ratio of death (95 % interval)")


def _own_share(own: OwnStudy, counts: tuple[int, int], how: str) -> dict[str, Any]:
    events, n = counts
    low, high = wilson(events, n)
    told = {"group": FREQUENCY, "term": "own", "level": f"{own.name}, {how}", "note": own.definition}
    found = {"n": n, "events": events, "measure": "proportion"}
    return {**told, **found, "estimate": events / n, "conf_low": low, "conf_high": high}


def _own_ratio(own: OwnStudy, row: pd.Series, word: str) -> dict[str, Any]:
    kept = {c: row[c] for c in ("n", "events", "estimate", "conf_low", "conf_high", "std_error", "p_value")}
    told = {"group": HAZARD, "term": "own", "level": f"{own.name}, {word}", "population": word, "measure": "HR"}
    counted = f"times counted {own.zero}" if own.zero else ""
    said = (str(row["note"]), "deaths and patients with CNS involvement", counted)
    return {**told, **kept, "contrast": own.definition, "note": "; ".join(t for t in said if t)}


def _by_share(used: pd.DataFrame) -> pd.DataFrame:
    return used.assign(_share=used["events"] / used["n"]).sort_values(["_share", "cohort_id"]).drop(columns="_share")


def _shares(own: OwnStudy) -> list[tuple[tuple[int, int], str]]:
    found = [
        (own.tested, "of those whose status is known"),
        (own.habit, "with the undecided counted as not involved, as the literature counts"),
    ]
    shares = [(counts, how) for counts, how in found if counts]
    return shares[:1] if own.tested == own.habit else shares


def _share_words(own: OwnStudy, pool: Pool, counts: tuple[int, int], how: str) -> str:
    events, n = counts
    said = f"{own.name}: {fmt.count_of(events, n)} {how}."
    if pool.result is None:
        return said
    least, most = (pool.numbers("prediction interval").get(c, np.nan) for c in ("conf_low", "conf_high"))
    a, b = (events + 0.5, n - events + 0.5) if events in (0, n) else (events, n - events)
    distance, p = _distance(pool, float(np.log(a / b)), float(np.sqrt(1 / a + 1 / b)))
    if np.isnan([least, most]).any():
        return f"{said} Too few published cohorts for a prediction interval."
    where = "within" if least <= events / n <= most else "outside"
    return (
        f"{said} This lies {where} the prediction interval of the published cohorts "
        f"({fmt.interval(least, most, fmt.percent)}), {_away(distance)} their mean ({fmt.p_equals(p)})."
    )


def _distance(pool: Pool, coef: float, std_error: float) -> tuple[float, float]:
    found, tau2 = pool.row("pooled"), pool.row("heterogeneity", "tau2")
    df = pool.k - 2 if pool.k > 2 else None
    mean, error = float(found["coef"]), float(found["std_error"])
    return distance_from_pool(coef, std_error, mean, error, float(tau2["estimate"]), df=df)


def _away(distance: float) -> str:
    size = f"{abs(distance):.1f} standard errors"
    return f"{size} {'above' if distance > 0 else 'below'}"


def _ratio_words(own: OwnStudy, used: pd.DataFrame) -> list[str]:
    row = own.hazard
    assert row is not None
    value = fmt.ratio_with_interval(row["estimate"], row["conf_low"], row["conf_high"])
    said = f"{own.name}: {own.model} hazard ratio {value}."
    if len(used) == 1:
        only = used.iloc[0]
        other = fmt.ratio_with_interval(only["estimate"], only["conf_low"], only["conf_high"])
        return [f"{said} One published hazard ratio can be set beside it: {only['label']}, {other}."]
    pool = pool_ratios(used, "HR")
    coef, error = float(row["coef"]), float(row["std_error"])
    interval = pool.numbers("prediction interval")
    if not np.isnan([interval.get("conf_low", np.nan), interval.get("conf_high", np.nan)]).any():
        distance, p = _distance(pool, coef, error)
        where = "within" if interval["conf_low"] <= row["estimate"] <= interval["conf_high"] else "outside"
        limits = fmt.interval(interval["conf_low"], interval["conf_high"], fmt.ratio)
        return [
            f"{said} This lies {where} the prediction interval of the published ones ({limits}), {_away(distance)} "
            f"their mean ({fmt.p_equals(p)})."
        ]
    common = pool.row("pooled (common effect)")
    distance, p = distance_from_pool(coef, error, float(common["coef"]), float(common["std_error"]), 0.0)
    shown = fmt.ratio_with_interval(common["estimate"], common["conf_low"], common["conf_high"])
    return [
        f"{said} {len(used)} published hazard ratios are too few for a prediction interval; this one lies "
        f"{_away(distance)} their common effect of {shown} ({fmt.p_equals(p)})."
    ]


def _difference_words(own: OwnStudy, used: pd.DataFrame) -> list[str]:
    notes = []
    others = sorted(set(used["adjusted_words"]))
    if others != [own.model]:
        notes.append(
            f"They do not measure the same: the published ratios are {fmt.sentence_list(others)}, this study's is "
            f"{own.model}. Adjustment alone can move a ratio."
        )
    if own.zero:
        notes.append(
            f"This study counts its times {own.zero}; papers count from diagnosis or admission, early deaths included."
        )
    return notes


def _together(pool: Pool, group: str, k: int, measure: str) -> dict[str, Any] | None:
    if pool.result is None:
        return None
    row = {"group": group, "term": "pooled", "level": f"Published and this study ({k})", "method": "random effects"}
    return {**row, **pool.numbers(), "measure": measure, "note": pool.heterogeneity()}


def _together_words(row: dict[str, Any] | None, show: Any) -> str:
    if row is None:
        return "Published and this study can't be pooled."
    value = fmt.with_interval(row["estimate"], row["conf_low"], row["conf_high"], show)
    return f"Published and this study together (random effects, {row['note']}): {value}."


def _as_study(own: OwnStudy) -> pd.DataFrame:
    assert own.tested is not None
    return pd.DataFrame([{"label": own.name, "events": own.tested[0], "n": own.tested[1]}])


def _result(
    title: str, rows: list[dict[str, Any]], notes: list[str], own: OwnStudy, k: int, heads: dict[str, str]
) -> Result:
    return Result(
        kind="published_with_study",
        tidy=tidy_frame([{"analysis": "published_with_study", **row} for row in rows]),
        method={
            "title": title,
            "estimator": "random effects, REML, Knapp-Hartung never below the usual variance",
            "distance": "standard errors of the difference from the published mean, variance between studies included",
            "conf_level": 0.95,
            "this_study": own.definition,
            "software": software("numpy", "scipy"),
            "reference": ["Higgins, Thompson & Spiegelhalter 2009, J R Stat Soc A 172:137"],
            "heads": heads,
        },
        counts={"unit": "published cohorts", "supplied": k, "used": k},
        notes=tuple(notes),
    )


def _refused(title: str, reason: str, heads: dict[str, str]) -> Result:
    return Result(
        kind="published_with_study",
        tidy=tidy_frame([]),
        method={"title": title, "heads": heads},
        notes=(f"Not compared: {reason}.",),
    )
