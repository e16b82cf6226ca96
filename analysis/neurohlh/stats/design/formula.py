"""The words for covariates: functions of a column, splines, interactions, and how `a*b` stands for its terms."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations

from neurohlh.stats.design.splines import DEFAULT_KNOTS

_CALL = re.compile(r"^(log2|log10|log|sqrt|rcs)\s*\(\s*(.+?)\s*\)$")
_KNOTS = re.compile(r"^(.+?)\s*,\s*(\d+|\[[^\]]*\])$")


@dataclass(frozen=True)
class Factor:
    """One column as it enters a term.

    Attributes
    ----------
    variable : the column. function : "", "log2", "log10", "log", "sqrt" or "rcs".
    knots : places of a spline's knots, or how many (0 without a spline).
    """

    variable: str
    function: str = ""
    knots: int | tuple[float, ...] = 0

    @property
    def name(self) -> str:
        """How it is written: "age", "log2(ferritin)", "rcs(age, 4)", "rcs(age, [20, 40, 60])"."""
        if not self.function:
            return self.variable
        if self.function != "rcs":
            return f"{self.function}({self.variable})"
        places = self.knots if isinstance(self.knots, int) else f"[{', '.join(f'{k:g}' for k in self.knots)}]"
        return f"rcs({self.variable}, {places})"


Term = tuple[Factor, ...]


def term_name(term: Term) -> str:
    """How a term is written, its factors joined by ":"."""
    return ":".join(factor.name for factor in term)


def parse_factor(text: str) -> Factor:
    """The factor that a text such as "age", "log2(age)", "rcs(age)" or "rcs(age, [20, 40, 60])" stands for.

    Raises ValueError for knots that are no numbers.
    """
    found = _CALL.match(text.strip())
    if not found:
        return Factor(text.strip())
    function, inside = found.groups()
    if function != "rcs":
        return Factor(inside, function)
    knots = _KNOTS.match(inside)
    if not knots:
        return Factor(inside, "rcs", DEFAULT_KNOTS)
    variable, places = knots.groups()
    if places.isdigit():
        return Factor(variable, "rcs", int(places))
    try:
        return Factor(variable, "rcs", tuple(float(k) for k in places[1:-1].split(",")))
    except ValueError:
        raise ValueError(f"{text.strip()!r}: the knots must be numbers, as in rcs(age, [20, 40, 60])") from None


def variable_of(term: str) -> str:
    """The column that a term uses: "log2(ferritin)" gives "ferritin", "age:cns" and "age*cns" give "age:cns"."""
    return ":".join(parse_factor(part).variable for part in _split(term, ":*"))


def parse_terms(covariates: Sequence[str], columns: Collection[str]) -> list[Term]:
    """The terms of `covariates`, main effects first, then interactions by the number of their factors.

    `a:b` is the interaction alone, `a*b` stands for a, b and a:b (any number of factors). A name of `columns` is that
    column, whatever signs it holds. Raises ValueError for terms named twice, a column that interacts with itself, and
    interactions without the effects that they modify.
    """
    if isinstance(covariates, str) or not covariates:
        raise ValueError("covariates must be a list of at least one term")
    named: list[Term] = []
    implied: list[Term] = []
    for text in covariates:
        factors = _factors(text, columns)
        starred = len(factors) > 1 and len(_split(text, "*")) > 1
        if starred:
            implied += [part for size in range(1, len(factors) + 1) for part in combinations(factors, size)]
        else:
            named.append(factors)
    keys = [frozenset(term) for term in named]
    repeated = {term_name(term) for term in named if keys.count(frozenset(term)) > 1}
    if repeated:
        raise ValueError(f"covariates named more than once: {', '.join(sorted(repeated))}")
    order = _in_order(covariates, named, implied, columns)
    _require_margins(order)
    return order


def _in_order(
    covariates: Sequence[str], named: list[Term], implied: list[Term], columns: Collection[str]
) -> list[Term]:
    """Each term once, where it first stands, sorted by the number of factors."""
    places: dict[Factor, int] = {}
    for place, text in enumerate(covariates):
        for factor in _factors(text, columns):
            places.setdefault(factor, place)
    unique: dict[frozenset[Factor], Term] = {}
    for term in [*named, *implied]:
        unique.setdefault(frozenset(term), term)
    return sorted(unique.values(), key=lambda term: (len(term), max(places[f] for f in term)))


def _factors(text: str, columns: Collection[str]) -> Term:
    if text.strip() in columns:
        return (Factor(text.strip()),)
    parts = _split(text, "*")
    if len(parts) > 1 and any(len(_split(part, ":")) > 1 for part in parts):
        raise ValueError(f"{text!r}: write an interaction with '*' or with ':', not with both")
    factors = tuple(parse_factor(part) for part in _split(text, ":*"))
    variables = [factor.variable for factor in factors]
    if len(set(variables)) < len(variables):
        raise ValueError(f"{text!r}: a column cannot interact with itself")
    if not all(variables):
        raise ValueError(f"{text!r}: a factor of the interaction is empty")
    return factors


def _split(text: str, signs: str) -> list[str]:
    """The parts of a text between signs that stand outside parentheses."""
    parts, depth, start = [], 0, 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0 and character in signs:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


def _require_margins(terms: Sequence[Term]) -> None:
    """Without its lower terms an interaction depends on the reference level and the zero of each number."""
    there = {frozenset(f.variable for f in term) for term in terms}
    for term in terms:
        for size in range(1, len(term)):
            for part in combinations(term, size):
                if frozenset(f.variable for f in part) not in there:
                    raise ValueError(
                        f"the interaction {term_name(term)!r} is not interpretable without {term_name(part)!r}; "
                        f"add it, or write {'*'.join(f.name for f in term)!r}"
                    )
