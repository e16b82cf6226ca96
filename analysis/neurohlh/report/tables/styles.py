"""The journal styles of the catalogue: how each prints numbers, and where that is written."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from neurohlh.core.errors import InputError, did_you_mean
from neurohlh.core.journal import JournalStyle


def names() -> tuple[str, ...]:
    """The styles there are, as study.toml names them."""
    return tuple(_catalogue())


def load(name: str) -> JournalStyle:
    """The style of that name; put it in force with `neurohlh.core.format.journal(load(name))`.

    Raises InputError for a name that no style has.
    """
    found = _catalogue().get(name)
    if found is None:
        raise InputError(
            f"no journal style is called '{name}'",
            where="study file, [report] style",
            why="numbers are printed by the rules of a known style",
            do=did_you_mean(name, names()),
        )
    rules = dict(found["rules"])
    if "p_places" in rules:
        rules["p_places"] = tuple((float(below), int(places)) for below, places in rules["p_places"])
    return JournalStyle(name=name, title=found["title"], **rules)


def sources(name: str) -> dict[str, tuple[str, str]]:
    """Rule -> (source, status) of a style; 'all' stands for every rule without an entry of its own."""
    return {rule: (said["source"], said["status"]) for rule, said in _catalogue()[name]["sources"].items()}


@cache
def _catalogue() -> dict[str, Any]:
    path = resources.files("neurohlh.catalogue").joinpath("journal_styles.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
