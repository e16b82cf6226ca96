"""The swimmer plot: the course of each patient, in pages for a notebook or as one drawing for the owner of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from neurohlh.core.errors import InputError
from neurohlh.core.format import integer
from neurohlh.report.language import Language
from neurohlh.report.names import Names
from neurohlh.study.config import StudyConfig
from neurohlh.study.courses import Courses, courses
from neurohlh.study.follow import ZERO_WORDS

if TYPE_CHECKING:
    from neurohlh.report.figures.look import Drawing

PER_PAGE = 60
"""Lanes of a page."""
MOST = 400
"""Lanes of the one drawing at the most; of more patients each so-manieth is drawn, and the drawing says so."""
_SORTED = "sorted by CNS status, then by length of follow-up"


def swimmer_page(
    frame: pd.DataFrame, origin: str, names: Names, *, page: int = 1, per_page: int = PER_PAGE, ids: bool = False
) -> Drawing:
    """One page of the courses of `frame`; InputError where there is no such page."""
    found = courses(frame, origin)
    total = len(found.lanes)
    first, last = (page - 1) * per_page, min(page * per_page, total)
    if per_page < 1 or not 0 <= first < total:
        pages = -(-total // max(per_page, 1))
        raise InputError(f"there is no page {page} of the swimmer plot", do=f"Choose a page from 1 to {pages}.")
    said = f"Patients {integer(first + 1)} to {integer(last)} of {integer(total)}, {_SORTED}."
    return _drawn(found, found.some(first, last), said, origin, names, ids)


def swimmer_svg(frame: pd.DataFrame, config: StudyConfig) -> str:
    """All courses of `frame` as one SVG file, in the first language of the study and without identifiers."""
    from neurohlh.report.figures.look import svg_text

    names = Names(language=Language(config.study.languages[0]))
    return svg_text(swimmer_whole(frame, config.endpoint.os.origin, names))


def swimmer_whole(frame: pd.DataFrame, origin: str, names: Names) -> Drawing:
    """All courses of `frame` (at least one) in one drawing, no identifiers; of more than `MOST` each so-manieth."""
    found = courses(frame, origin)
    total = len(found.lanes)
    step = -(-total // MOST)
    said = f"All {integer(total)} patients, {_SORTED}."
    if step > 1:
        said = f"1 in {integer(step)} of {integer(total)} patients, {_SORTED}."
    return _drawn(found, found.every(step), said, origin, names, ids=False)


def _drawn(whole: Courses, shown: Courses, said: str, origin: str, names: Names, ids: bool) -> Drawing:
    # matplotlib loads only when a figure is drawn
    from neurohlh.report.figures.look import style
    from neurohlh.report.figures.swimmer import Page, swimmer

    axis = f"Days since {ZERO_WORDS[origin]}; the scale narrows with time"
    groups = {str(status): int(n) for status, n in whole.lanes["status"].value_counts().items()}
    with style():
        return swimmer(Page(shown.lanes, shown.marks, said), names, axis=axis, groups=groups, ids=ids)
