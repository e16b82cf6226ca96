"""The answer in plain words, a negative one as plainly as a positive one; and what a hidden confounder would need."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.hazards.checks import FEW_EVENTS
from neurohlh.stats.hazards.one_ratio import OneRatio
from neurohlh.stats.sensitivity import evalue
from neurohlh.study.parts.confounding.estimates import CONTRAST, MAIN, PENALISED, Line
from neurohlh.study.parts.confounding.standardised import DIFFERENCES, GCOMPUTATION, span
from neurohlh.study.parts.material import Followed

NARROW = 1.5
"""An interval within 1/1.5 to 1.5 is called narrow: a convention of this package, for words only."""
COMMON = 0.15
"""Share of deaths by the end of follow-up above which a hazard ratio is no risk ratio (VanderWeele and Ding 2017)."""


def in_words(ratio: OneRatio, adjusted: bool = True) -> str:
    """What a hazard ratio of death with its limits says about CNS involvement, in one or two sentences."""
    if ratio.reason or math.isnan(ratio.estimate):
        return f"These data cannot say whether CNS involvement at baseline changes survival: {ratio.reason}."
    numbers = f"hazard ratio {ratio.estimate:.2f}, 95 % interval {ratio.conf_low:.2f} to {ratio.conf_high:.2f}"
    basis = f"{ratio.events} deaths in {ratio.n} patients"
    after = "after adjustment" if adjusted else "without any adjustment"
    if ratio.conf_low > 1:
        return f"CNS involvement at baseline went with a higher hazard of death {after} ({numbers}; {basis})."
    if ratio.conf_high < 1:
        return f"CNS involvement at baseline went with a lower hazard of death {after} ({numbers}; {basis})."
    if ratio.conf_low >= 1 / NARROW and ratio.conf_high <= NARROW:
        return (
            f"No difference in the hazard of death was found {after}, and one larger than {_size(ratio)} is unlikely "
            f"({numbers}; {basis})."
        )
    return (
        f"These data cannot tell {after} whether CNS involvement at baseline changes the hazard of death: they are "
        f"compatible with {_times(ratio.conf_low)} and with {_times(ratio.conf_high)} the hazard ({numbers}; {basis}). "
        "That is no evidence that there is no difference."
    )


def _times(value: float) -> str:
    return f"{value:.2f} times"


def _size(ratio: OneRatio) -> str:
    """The largest differences that the interval leaves open."""
    return f"{(1 - ratio.conf_low) * 100:.0f} % lower or {(ratio.conf_high - 1) * 100:.0f} % higher"


def agreement_in_words(found: list[Line]) -> str:
    """Whether the other adjustments point the same way as the main one."""
    main = next(line for line in found if line.words == MAIN)
    others = [line for line in found if line.words != MAIN and not line.ratio.reason]
    if main.ratio.reason or not others:
        return ""
    side = main.ratio.coef > 0
    against = [line.words for line in others if (line.ratio.coef > 0) != side]
    low, high = min(o.ratio.estimate for o in others), max(o.ratio.estimate for o in others)
    spread = f"from {low:.2f} to {high:.2f}"
    if not against:
        return f"The other {len(others)} estimates lie on the same side of 1, {spread}."
    return f"Not all estimates lie on the same side of 1 ({spread}); on the other side: {'; '.join(against)}."


def difference_in_words(standardised: Result) -> str:
    """The standardised difference in survival at the last time read off ('' where there is none)."""
    tidy = standardised.tidy
    rows = tidy[(tidy["method"] == GCOMPUTATION) & (tidy["measure"] == DIFFERENCES[0]) & tidy["estimate"].notna()]
    if rows.empty:
        return ""
    last = rows.sort_values("time").iloc[-1]
    more = "fewer" if last["estimate"] < 0 else "more"
    low, high = last["conf_low"] * 100, last["conf_high"] * 100
    limits = "" if pd.isna(low) else f" (95 % interval of the difference {low:+.1f} to {high:+.1f} of 100)"
    return (
        f"Other things alike, {abs(last['estimate']) * 100:.1f} {more} of 100 patients would be alive "
        f"{span(last['time'])} after the landmark with CNS involvement than without{limits}."
    )


def hidden(found: list[Line], followed: Followed) -> Result:
    """The E-value of the main estimate and of its limit. Raises NotEstimable without a main estimate."""
    ratio = next(line for line in found if line.words == MAIN).ratio
    if ratio.reason:
        raise NotEstimable(f"there is no adjusted hazard ratio: {ratio.reason}")
    common = ratio.events > COMMON * ratio.n
    result = evalue(ratio.estimate, ratio.conf_low, ratio.conf_high, common=common)
    result = result.with_(counts=_counts(ratio, followed))
    tidy = result.tidy.assign(n=ratio.n, events=ratio.events, outcome="death", variable="cns")
    share = f"{ratio.events / ratio.n:.0%} died during follow-up, so the hazard ratio is "
    reading = share + ("turned into a risk ratio first." if common else "read as a risk ratio.")
    words = hidden_in_words(float(tidy["estimate"].iloc[0]), float(tidy["estimate"].iloc[1]), ratio)
    return followed.tell(result.with_(tidy=tidy, notes=(words, reading)))


def hidden_in_words(estimate: float, limit: float, ratio: OneRatio) -> str:
    """What the E-values mean."""
    if ratio.conf_low <= 1 <= ratio.conf_high:
        return (
            "The interval includes no effect already, so no hidden confounder is needed to explain the estimate away; "
            "to move the estimate itself to 1 one would have to be tied to CNS involvement and to death by risk "
            f"ratios of {estimate:.1f} each, beyond the covariates adjusted for."
        )
    return (
        f"A hidden confounder could explain the estimate away only if it were tied to CNS involvement and to death by "
        f"risk ratios of at least {estimate:.1f} each, beyond the covariates adjusted for; risk ratios of {limit:.1f} "
        "each would be enough to make the interval include no effect. Whether severity not measured here is that "
        "strong is a clinical judgement."
    )


def _counts(ratio: OneRatio, followed: Followed) -> dict[str, Any]:
    lost = len(followed.frame) - ratio.n
    dropped = {"a covariate is unknown": lost} if lost else {}
    return {"supplied": len(followed.frame), "used": ratio.n, "events": ratio.events, "dropped": dropped}


def few_in_words(found: list[Line]) -> str:
    """A caution where the main model has few deaths for its size, with the penalised estimate beside it."""
    main = next(line for line in found if line.words == MAIN).ratio
    if main.reason or main.parameters < 2 or main.events >= FEW_EVENTS * main.parameters:
        return ""
    said = f"The model rests on {main.events / main.parameters:.1f} deaths per parameter, fewer than {FEW_EVENTS}"
    firth = next((line.ratio for line in found if line.words == PENALISED and not line.ratio.reason), None)
    if firth is None:
        return f"{said}: read it with care."
    return f"{said}: read it beside the penalised estimate, {firth.estimate:.2f}."


def answered(found: list[Line], standardised: Result, followed: Followed) -> Result:
    """The answer: one row with the main estimate, and its sentences."""
    line = next(line for line in found if line.words == MAIN)
    r, adjusted = line.ratio, line.ratio.parameters > 1 or bool(line.ratio.reason)
    row: dict[str, Any] = {
        "analysis": "confounding_answer",
        "outcome": "death",
        "variable": "cns",
        "term": line.words,
        "contrast": CONTRAST,
        "measure": "HR",
        "scale": "log",
        "n": r.n,
        "events": r.events,
        "method": line.method,
        "note": f"not estimable: {r.reason}" if r.reason else line.note,
    }
    if not r.reason:
        row |= {"estimate": r.estimate, "conf_low": r.conf_low, "conf_high": r.conf_high}
        row |= {"coef": r.coef, "std_error": r.std_error}
    sentences = (
        in_words(r, adjusted),
        difference_in_words(standardised),
        agreement_in_words(found),
        few_in_words(found),
        "This is an association in patients who lived to the landmark; how ill a patient was, beyond the covariates, "
        "can make part of it.",
    )
    return followed.tell(
        Result(
            kind="answer",
            tidy=tidy_frame([row]),
            method={
                "title": "The answer after adjustment",
                "conf_level": 0.95,
                "words": f"narrow: an interval within {1 / NARROW:.2f} to {NARROW:g} (a convention of this package)",
            },
            counts=_counts(r, followed),
            notes=tuple(s for s in sentences if s),
        )
    )
