"""Malik's MRI patterns: how frequent they are and how many died, beside the publication."""

from __future__ import annotations

from typing import Any

import pandas as pd

from neurohlh.clinical.kleene import INDETERMINATE
from neurohlh.clinical.mri_patterns import ORIGIN, PATTERN, PATTERN_1, PATTERN_1_FINDINGS, UNDECIDED_1, WORDS
from neurohlh.clinical.mri_published import published
from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.study.parts.mri.effects import REFERENCES, odds_ratio
from neurohlh.study.parts.mri.examined import WITH_MRI, Images, counts_of, with_mri
from neurohlh.study.parts.mri.outcome import CRUDE, DATED
from neurohlh.study.parts.mri.rows import WILSON, number, published_row, share
from neurohlh.study.parts.part import refusal

CLASSED = "of these, with pattern 1 or 2"
DECIDED_1 = "of these, with 1a, 1b or 1c decided"
DECIDED_1_RECORDED = "of these, recorded by the hospital as 1a, 1b or 1c"
CONTRAST = "pattern 1 vs pattern 2"
_PATTERN_2 = "2_attenuated"
_WHOLE = (_PATTERN_2, "none", INDETERMINATE)
_NOT_ALL_ASKED = "a finding of 1a to 1c was not asked: recorded patterns only"
_RULE = (
    "Where no pattern is recorded it is read from the findings, by a rule of this package (the publication does not "
    "print one): multifocal white matter lesions 1a, cerebellitis 1c, a brainstem lesion with neither 1b, another "
    "abnormal MRI 2; what was not asked or has no answer leaves it undecided."
)


def patterns(images: Images) -> Result:
    """Patterns of everybody with an MRI, of those with pattern 1 or 2 (as published), and deaths by pattern."""
    title = "Malik's MRI patterns"
    frame = images.frame
    mine = with_mri(frame)
    if mine.empty or mine[PATTERN].isin([INDETERMINATE, "none"]).all():
        reason = "nobody with an MRI has a pattern 1 or 2, recorded or by the findings"
        return refusal("mri_patterns", title, reason)
    cited = {p.group: published_row(p) for p in published("pattern")}
    rows = [*_frequencies(mine, cited), *_deaths(mine, mine["died"], WITH_MRI)]
    notes = [_RULE, CRUDE]
    try:
        start = images.baseline()
        rows += _deaths(start.frame, start.frame["died_later"], start.words)
        notes.append(DATED)
    except NotEstimable as reason:
        notes.append(f"Deaths after the landmark by pattern are not counted: {reason}.")
    return Result(
        kind="mri_patterns",
        tidy=tidy_frame([{"analysis": "mri_patterns", **row} for row in rows]),
        method={
            "title": title,
            "estimator": "proportion; odds ratio of death",
            "interval": "proportion: Wilson; odds ratio: exact, with an empty cell profile penalised likelihood",
            "test": "Fisher exact, two-sided",
            "conf_level": 0.95,
            "denominator": "as the population of each row says",
            "reference": ["Malik 2021, AJNR Am J Neuroradiol 42:2077", WILSON, *REFERENCES[:3]],
        },
        counts=counts_of(frame),
        notes=tuple(notes),
    )


def _frequencies(mine: pd.DataFrame, cited: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    code = mine[PATTERN]
    one = code.isin(PATTERN_1)
    classed = int((one | (code == _PATTERN_2)).sum())
    undecided = int((code == INDETERMINATE).sum())
    everybody = {"1: significant parenchymal disease": one, **{WORDS[c]: code == c for c in _WHOLE}}
    origins = {w: int((mine[ORIGIN] == w).sum()) for w in ("recorded", "derived")}
    rows = [number(f"pattern {w}", n, population=WITH_MRI) for w, n in origins.items()]
    rows += [share(words, int(hit.sum()), len(mine), population=WITH_MRI) for words, hit in everybody.items()]
    note = f"{undecided} more undecided" if undecided else ""
    for c, hit in (("1", one), (_PATTERN_2, code == _PATTERN_2)):
        words = WORDS.get(c, "1: significant parenchymal disease")
        rows += [share(words, int(hit.sum()), classed, population=CLASSED, note=note), cited[c]]
    return [*rows, *_within_pattern_1(mine, cited)]


def _within_pattern_1(mine: pd.DataFrame, cited: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """1a, 1b and 1c among patients in whom one of them is decided.

    Where one of the three findings was not asked, only patterns that the hospital recorded can tell.
    """
    lacking = [v for v in PATTERN_1_FINDINGS if v not in mine]
    told = mine[mine[ORIGIN] == "recorded"] if lacking else mine
    code = told[PATTERN]
    decided = int((code.isin(PATTERN_1) & (code != UNDECIDED_1)).sum())
    open_ = int((code == UNDECIDED_1).sum())
    note = f"which one is undecided in {open_} more" if open_ else ""
    words: dict[str, Any] = {"population": DECIDED_1, "note": note}
    if lacking:
        words = {"population": DECIDED_1_RECORDED, "note": "; ".join(filter(None, [_NOT_ALL_ASKED, note]))}
    rows: list[dict[str, Any]] = []
    for c in (c for c in PATTERN_1 if c != UNDECIDED_1):
        rows += [share(WORDS[c], int((code == c).sum()), decided, **words), cited[c]]
    return rows


def _deaths(frame: pd.DataFrame, died: pd.Series, population: str) -> list[dict[str, Any]]:
    """Share who died by pattern, and the odds of death with pattern 1 against pattern 2."""
    dead, code = died.astype("boolean"), frame[PATTERN]
    words: dict[str, Any] = {"outcome": "death", "population": population}
    rows = []
    for c, text in WORDS.items():
        inside = (code == c).to_numpy()
        if inside.any():
            own = dead[inside]
            unknown = int(own.isna().sum())
            note = f"outcome unknown in {unknown} more" if unknown else ""
            rows.append(share(f"{text}: died", int(own.fillna(False).sum()), len(own) - unknown, note=note, **words))
    status = code.map({**dict.fromkeys(PATTERN_1, "met"), _PATTERN_2: "not_met"}).fillna(INDETERMINATE)
    return [*rows, odds_ratio(status, dead, term="odds of death", contrast=CONTRAST, **words)]
