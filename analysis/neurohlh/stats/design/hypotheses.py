"""Which coefficients a question about a term sets to 0: the term with its interactions, or the curve in a spline."""

from __future__ import annotations

from dataclasses import dataclass

from neurohlh.stats.design.formula import Factor, term_name
from neurohlh.stats.design.terms import Design, term_keys

TERM = "no effect"
WITH_INTERACTIONS = "no effect, interactions included"
NONLINEAR = "straight line"
INTERACTION = "no interaction"
ALL_NONLINEAR = "straight lines"
ALL_INTERACTIONS = "no interactions"


@dataclass(frozen=True)
class Hypothesis:
    """A question about a model: the term, what is claimed of it, and the columns that are 0 if it is true."""

    term: str
    claim: str
    columns: tuple[int, ...]


def hypotheses(design: Design) -> list[Hypothesis]:
    """The questions that have an answer independent of coding, in order of the terms.

    A term that takes part in interactions is tested together with them (without it they would not be interpretable);
    an interaction by itself; the nonlinear columns of a spline together with those in its interactions; and, where
    there is more than one, all nonlinear columns and all interactions together.
    """
    blocks, found = design.blocks(), []
    splines = [c.factor for c in design.codings.values() if c.kind == "spline"]
    bent = {spline.name: _nonlinear(design, spline) for spline in splines}
    for term in design.terms:
        name, inside = term_name(term), {f.variable for f in term}
        above = [t for t in design.terms if inside < {f.variable for f in t}]
        columns = [j for t in [term, *above] for j in blocks.get(term_name(t), [])]
        claim = WITH_INTERACTIONS if above else INTERACTION if len(term) > 1 else TERM
        found.append(Hypothesis(name, claim, tuple(columns)))
        if name in bent:
            found.append(Hypothesis(name, NONLINEAR, bent[name]))
    crossed = [term_name(t) for t in design.terms if len(t) > 1]
    if len(bent) > 1:
        every = sorted({j for columns in bent.values() for j in columns})
        found.append(Hypothesis("all splines", ALL_NONLINEAR, tuple(every)))
    if len(crossed) > 1:
        columns = [j for name in crossed for j in blocks.get(name, [])]
        found.append(Hypothesis("all interactions", ALL_INTERACTIONS, tuple(columns)))
    return [h for h in found if h.columns]


def _nonlinear(design: Design, spline: Factor) -> tuple[int, ...]:
    """The columns that hold a nonlinear part of a spline, alone or in an interaction."""
    kept = design.keys()
    return tuple(
        kept[key]
        for term in design.terms
        if spline in term
        for key, parts in term_keys(term, design.codings)
        if key in kept and parts[term.index(spline)] != spline.variable
    )
