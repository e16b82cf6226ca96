"""Which evidence matters."""

from __future__ import annotations

from neurohlh.study.parts.material import Material
from neurohlh.study.parts.part import Part, Results


def _results(material: Material, found: Results) -> Results:
    return {}


PART = Part("evidence", "Which evidence matters", "", _results)
