"""`neurohlh definitions`: the criteria sets and CNS definitions, or one of them with thresholds, sources and status."""

from __future__ import annotations

from collections.abc import Iterator

from neurohlh.clinical.cns_definitions import definitions as cns_definitions
from neurohlh.clinical.cns_definitions import describe
from neurohlh.clinical.criteria import criteria_sets, load
from neurohlh.clinical.definition import Definition
from neurohlh.core.errors import InputError, did_you_mean


def list_definitions() -> str:
    """All names, each with its title and status, as text."""
    return "\n".join(_list()) + "\n"


def _list() -> Iterator[str]:
    yield "Criteria sets ([eligibility] criteria = …)"
    for key in criteria_sets():
        d = load(key)
        yield f"  {key:<16} {d.name}: {d.title} [{d.status}]"
    yield ""
    yield "CNS definitions ([cns] definition = …)"
    for cns in cns_definitions():
        yield f"  {cns.name:<16} {cns.title} [{cns.status}]"


def show_definition(name: str) -> str:
    """One criteria set or CNS definition, whole; raises InputError with the closest name for an unknown one."""
    names = {d.name.casefold(): d.name for d in cns_definitions()}
    if name.casefold() in names:
        return "\n".join(_cns(names[name.casefold()])) + "\n"
    try:
        return "\n".join(_criteria(load(name))) + "\n"
    except InputError:
        known = [*criteria_sets(), *names.values()]
        raise InputError(f"there is no definition {name!r}", do=did_you_mean(name, known)) from None


def _criteria(d: Definition) -> Iterator[str]:
    yield f"{d.name}: {d.title}"
    yield f"  source: {d.source}"
    yield f"  status: {d.status}"
    if d.caveat:
        yield f"  caveat: {d.caveat}"
    if d.rule is not None:
        gate = f"; only where {', '.join(d.rule.gate)}" if d.rule.gate else ""
        yield f"  rule: {d.rule.test.words()}{gate}" + (f" ({d.rule.note})" if d.rule.note else "")
    for item in d.items.values():
        yield f"  {item.name}: {item.words()} [{item.status}]" + (f" ({item.note})" if item.note else "")
        if item.source != d.source:
            yield f"      source: {item.source}"
    if d.probability:
        yield "  published probability: " + ", ".join(f"{s:g} points {p:g} %" for s, p in d.probability)


def _cns(name: str) -> Iterator[str]:
    told = describe(name)
    yield f"{told.pop('name')}: {told.pop('title')}"
    for key, value in told.items():
        label = key.replace("_", " ")
        if isinstance(value, dict):
            yield f"  {label}:"
            yield from (f"    {k}: {v}" for k, v in value.items())
        elif isinstance(value, list):
            yield f"  {label}:"
            yield from ("    " + (_row(v) if isinstance(v, dict) else str(v)) for v in value)
        else:
            yield f"  {label}: {value}"


def _row(row: dict[str, str]) -> str:
    return ", ".join(f"{k} {v}" for k, v in row.items())
