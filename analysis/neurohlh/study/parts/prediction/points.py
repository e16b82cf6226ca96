"""The model as points on published cuts, and as a nomogram."""

from __future__ import annotations

import tomllib
from functools import cache

import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result
from neurohlh.etl.codebook import CATALOGUE, codebook
from neurohlh.stats.predict.nomogram import nomogram as _nomogram
from neurohlh.stats.predict.points import points_score
from neurohlh.study.covariates import variable_of
from neurohlh.study.follow import EXPOSURE
from neurohlh.study.parts.labels import level_words, variable_words, with_unit
from neurohlh.study.parts.prediction.setting import CNS, EVENT, HORIZON, REFERENCE, TIME, Setting

LEAST = 10
"""Patients on each side below which a published cut is not used (a choice of this package)."""
TIMES = (365.0, 1095.0)
"""Days at which the nomogram reads survival."""


@cache
def cuts() -> dict[str, tuple[float, str]]:
    """Variable -> its published cut and the source."""
    data = tomllib.loads((CATALOGUE / "prognosis_cuts.toml").read_text(encoding="utf-8"))
    return {cut["variable"]: (float(cut["at"]), f"{cut['source']} ({cut['status']})") for cut in data["cut"]}


def pointed(setting: Setting) -> Result:
    """Whole points, 5 for the variable that counts most, for CNS status and every predictor at its published cut."""
    setting.model  # noqa: B018 - refuses where there are too few deaths
    data, names, used, left = setting.complete, [EXPOSURE], {}, []
    for name in dict.fromkeys(map(variable_of, setting.others)):
        if not (name in codebook() and codebook()[name].numeric):
            names.append(name)
        elif name not in cuts():
            left.append(f"{variable_words(name)} (no published cut)")
        elif min((data[name] >= cuts()[name][0]).sum(), (data[name] < cuts()[name][0]).sum()) < LEAST:
            left.append(f"{variable_words(name)} (fewer than {LEAST} patients on one side of {cuts()[name][0]:g})")
        else:
            names.append(name)
            used[name] = [cuts()[name][0]]
    fine = points_score(data, TIME, EVENT, names, cuts=used, horizon=HORIZON, reference=REFERENCE)
    found = points_score(
        setting.frame, TIME, EVENT, names, cuts=used, horizon=HORIZON, reference=REFERENCE,
        log_hazard_per_point=2 * fine.method["log_hazard_per_point"],
    )  # fmt: skip
    sources = {variable_words(name): f"{cuts()[name][0]:g}: {cuts()[name][1]}" for name in used}
    tidy = found.tidy.assign(
        variable=found.tidy["variable"].map(_named),
        level=found.tidy["level"].map(level_words),
    )
    told = setting.told(found.with_(tidy=tidy), choices=True, cuts=sources)
    gone = [f"Without points: {', '.join(left)}."] if left else []
    return told.with_(notes=(*told.notes, *gone, _APPARENT))


def _named(name: str) -> str:
    return with_unit(name) if name not in ("", EXPOSURE) else (CNS if name else "")


_APPARENT = "Points and risks as they seem in the patients they were made from; they are not corrected for optimism."


def nomogram(setting: Setting) -> Result:
    """The axes of the nomogram of the model."""
    setting.model  # noqa: B018 - refuses where there are too few deaths
    last = float(setting.complete[TIME].max())
    times = [time for time in TIMES if time < last]
    if not times:
        raise NotEstimable(f"nobody is followed beyond {TIMES[0]:g} days")
    found = _nomogram(setting.frame, TIME, EVENT, setting.terms, times=times, reference=REFERENCE)
    tidy: pd.DataFrame = found.tidy.assign(
        variable=found.tidy["variable"].map(_named),
        level=found.tidy["level"].map(level_words),
    )
    told = setting.told(found.with_(tidy=tidy), choices=True)
    return told.with_(notes=(*told.notes, _APPARENT))
