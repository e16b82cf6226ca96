"""Fingerprints of what decides a run besides its data: the parts of the catalogue."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable


@cache
def catalogue_fingerprints() -> dict[str, str]:
    """Part of the catalogue (a file, or a folder of files) -> sha256 over its files, in the order of their names."""
    root = resources.files("neurohlh").joinpath("catalogue")
    parts = sorted((p for p in root.iterdir() if not p.name.startswith(("_", "."))), key=lambda p: p.name)
    return {part.name: _fingerprint(part) for part in parts if part.name != "fonts"}


def _fingerprint(part: Traversable) -> str:
    if part.is_file():
        return hashlib.sha256(part.read_bytes()).hexdigest()
    inner = sorted((p for p in part.iterdir() if not p.name.startswith(("_", "."))), key=lambda p: p.name)
    lines = "".join(f"{p.name} {_fingerprint(p)}\n" for p in inner)
    return hashlib.sha256(lines.encode()).hexdigest()
