"""Part "sequelae": what survivors keep, and whether the disease comes back in the brain."""

from __future__ import annotations

from neurohlh.study.parts.material import Material
from neurohlh.study.parts.part import Part, Results
from neurohlh.study.parts.sequelae.composite import composite
from neurohlh.study.parts.sequelae.reactivation import reactivation
from neurohlh.study.parts.sequelae.survivors import by_domain, survivors, types


def _results(material: Material, found: Results) -> Results:
    return {
        "sequelae_survivors": survivors(material),
        "sequelae_domains": by_domain(material),
        "sequelae_types": types(material),
        "sequelae_composite": composite(material),
        **reactivation(material),
    }


PART = Part(
    "sequelae",
    "Sequelae and reactivation",
    "Do survivors who had CNS involvement keep neurological damage, is survival without damage less frequent after it, "
    "and does the disease come back in the brain?",
    _results,
    lead=("sequelae_survivors", "sequelae_composite"),
)
