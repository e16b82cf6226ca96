"""What a part of the plan is: a clinical question, and the results that answer it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.study.parts.material import Material

Results = Mapping[str, Result]


@dataclass(frozen=True)
class Part:
    """One part of the plan.

    Attributes
    ----------
    key : as study.toml writes it.
    title : heading of its section in the report.
    question : the clinical question in one sentence.
    results : its results by name, from the patients of the study and the results found before; a name begins with the
        key, is the name of its file in tables/, and says what it is.
    needs_survival : whether nothing of it can be said without survival times.
    lead : the results that answer the question; the others are there to be looked up (default: all).
    """

    key: str
    title: str
    question: str
    results: Callable[[Material, Results], Results]
    needs_survival: bool = False
    lead: tuple[str, ...] = ()


def answer(kind: str, title: str, make: Callable[[], Result], **method: Any) -> Result:
    """The result of `make` under a title; where the data can't give it, an empty one that says why."""
    try:
        found = make()
    except NotEstimable as reason:
        return refusal(kind, title, str(reason), **method)
    return found.with_(method={**found.method, "title": title, **method})


def refusal(kind: str, title: str, reason: str, **method: Any) -> Result:
    """A result without a number, with the reason."""
    return Result(
        kind=kind, tidy=tidy_frame([]), method={"title": title, **method}, notes=(f"Not estimated: {reason}.",)
    )
