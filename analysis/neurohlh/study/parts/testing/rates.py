"""Who was tested: by what became of the patient, by how ill the patient was, and who died before any test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.describe.proportions import testing_rates, wilson
from neurohlh.stats.recipe import software
from neurohlh.study.covariates import variable_of
from neurohlh.study.parts.domains import TESTS, tested_by_baseline, with_hlh
from neurohlh.study.parts.labels import unit_words, variable_words
from neurohlh.study.parts.material import Material

ALIVE, LATER, UNKNOWN = "alive when last seen", "died later", "outcome unknown"
DEATH_DAYS = (7, 14, 30)
"""Days by which early deaths are counted: 7 and 30 as published (Li 2020), 14 the usual end of baseline."""
_BY_WINDOW = (
    "A test counts if it was done by day {day} after the diagnosis, the end of the baseline window; one without a date "
    "counts. Whoever lived longer had more time to be tested at all, which would flatter the survivors."
)


def by_outcome(material: Material) -> Result:
    """The share tested by the end of the baseline window among early deaths, later deaths, and those alive."""
    frame, gone = with_hlh(material, material.frame)
    tests = _some(tested_by_baseline(material, frame))
    outcome = _outcome(frame, material.landmark)
    rates = testing_rates(tests, outcome)
    early = f"died by day {material.landmark:g}"
    pair = outcome.isin([early, ALIVE]).to_numpy()
    tidy = rates.tidy
    if (outcome[pair] == early).any() and (outcome[pair] == ALIVE).any():
        order = pd.Series(pd.Categorical(outcome[pair].astype(str), [ALIVE, early], ordered=True), name="outcome")
        apart = testing_rates(tests[pair].reset_index(drop=True), order).tidy
        tidy = pd.concat([tidy, apart[apart["term"] == "difference"]], ignore_index=True)
    return _told(rates.with_(tidy=_worded(tidy)), material, len(frame), gone)


def _outcome(frame: pd.DataFrame, day: float) -> pd.Series:
    early = f"died by day {day:g}"
    died, days = frame["os_event"] == 1, frame["os_days"]
    words = np.select([died & (days <= day), died & (days > day), frame["os_event"] == 0], [early, LATER, ALIVE], "")
    words = np.where(died & days.isna(), "died, day unknown", words)
    words = np.where(words == "", UNKNOWN, words)
    order = [early, LATER, "died, day unknown", ALIVE, UNKNOWN]
    return pd.Series(pd.Categorical(words, [w for w in order if (words == w).any()]), name="outcome")


def by_severity(material: Material) -> Result:
    """The share tested in the lowest, middle and highest third of every number of the study's covariates."""
    frame, gone = with_hlh(material, material.frame)
    tests = _some(tested_by_baseline(material, frame)[[TESTS["csf"], TESTS["imaging"]]])
    parts = []
    for name in dict.fromkeys(variable_of(t) for t in material.adjustment(frame).terms):
        thirds = _thirds(frame[name], unit_words(name)) if pd.api.types.is_numeric_dtype(frame[name]) else None
        if thirds is not None:
            rates = testing_rates(tests, thirds)
            parts.append(rates.tidy[rates.tidy["group"] != "overall"].assign(level=variable_words(name)))
    if not parts:
        raise NotEstimable("no covariate of the study is a number with three different values")
    tidy = _worded(pd.concat(parts, ignore_index=True))
    note = "Thirds are those of the patients of this study: nobody said from which value on a patient is severely ill."
    found = _told(rates.with_(tidy=tidy), material, len(frame), gone)
    return found.with_(notes=(*found.notes, note))


def _thirds(values: pd.Series, unit: str) -> pd.Series | None:
    numbers = values.astype(float)
    low, high = numbers.quantile([1 / 3, 2 / 3])
    if numbers.nunique() < 3 or not low < high:
        return None
    names = [f"lowest third (to {low:.4g} {unit}".rstrip() + ")", "middle third",
             f"highest third (above {high:.4g} {unit}".rstrip() + ")"]  # fmt: skip
    cuts = [-np.inf, float(low), float(high), np.inf]
    return pd.cut(numbers, cuts, labels=names).rename("third")


def _some(tests: pd.DataFrame) -> pd.DataFrame:
    """The tests of which it is known in anybody whether they were done."""
    known = tests.loc[:, tests.notna().any()]
    if known.empty:
        raise NotEstimable("the data do not say of anybody whether a test was done")
    return known


def _worded(tidy: pd.DataFrame) -> pd.DataFrame:
    names = {"tested": "share tested", "difference": "difference of the shares"}
    group = tidy["group"].replace({"overall": "all patients", "unknown": "not known"})
    return tidy.assign(term=tidy["term"].replace(names), group=group, outcome="")


def _told(result: Result, material: Material, n: int, gone: dict[str, int]) -> Result:
    counts = {**result.counts, "supplied": len(material.frame), "used": n, "dropped": gone}
    note = _BY_WINDOW.format(day=material.config.cns.window_days[1])
    unknown = {k: v for k, v in result.counts["unknown_if_tested"].items() if v}
    said = [f"{name}: not known for {n_unknown} patients, who are in no share." for name, n_unknown in unknown.items()]
    return result.with_(kind="testing_rates", counts=counts, notes=(note, *said))


def early_deaths(material: Material) -> Result:
    """Deaths by day 7, 14 and 30: their share of all deaths, and how many of them died untested."""
    frame, gone = with_hlh(material, material.timed)
    died = frame[frame["os_event"] == 1]
    if died.empty:
        raise NotEstimable("nobody is known to have died on a known day")
    rows = [row for day in DEATH_DAYS for row in _by_day(died, day)]
    unknown = len(material.frame) - len(material.timed)
    dropped = {**gone, **({"time or outcome unknown": unknown} if unknown else {})}
    return Result(
        kind="testing_early_deaths",
        tidy=tidy_frame(rows),
        method={
            "estimator": "proportion",
            "interval": "Wilson",
            "conf_level": 0.95,
            "denominator": "deaths by that day for whom it is known whether the test was done",
            "software": software("statsmodels"),
            "reference": "Wilson 1927, J Am Stat Assoc 22:209",
        },
        counts={"supplied": len(material.frame), "used": len(frame), "events": len(died), "dropped": dropped},
        notes=(
            "Patients who die early often die untested. Read as CNS-negative they move deaths to the negative group; "
            "left out they leave the survivors.",
        ),
    )


def _by_day(died: pd.DataFrame, day: int) -> Iterator[dict[str, Any]]:
    early = died[died["os_days"] <= day]
    shared = {"analysis": "early deaths", "time": day, "group": f"died by day {day}", "measure": "proportion"}
    yield {**shared, "term": "of all deaths", **_share(len(early), len(died))}
    tests = {words: early[f"{domain}_tested"] for domain, words in TESTS.items()}
    not_done = {f"without {words[0].lower() + words[1:]}" if words != TESTS["imaging"] else f"without {words}": ~done
                for words, done in tests.items()}  # fmt: skip
    not_done["without lumbar puncture and without MRI or CT"] = ~tests[TESTS["csf"]] & ~tests[TESTS["imaging"]]
    everything = [~done for done in tests.values()]
    not_done["without any of the three"] = everything[0] & everything[1] & everything[2]
    for words, without in not_done.items():
        known = int(without.notna().sum())
        unknown = len(early) - known
        note = f"not known for {unknown}" if unknown else ""
        yield {**shared, "term": words, **_share(int(without.fillna(False).sum()), known, note)}
    undecided = int((early["cns_baseline"] == "indeterminate").sum())
    yield {**shared, "term": "CNS status at baseline undecided", **_share(undecided, len(early))}


def _share(events: int, n: int, note: str = "") -> dict[str, Any]:
    if not n:
        return {"n": 0, "events": 0, "note": "; ".join(filter(None, ["not estimable: nobody", note]))}
    low, high = wilson(events, n)
    return {"n": n, "events": events, "estimate": events / n, "conf_low": low, "conf_high": high, "note": note}
