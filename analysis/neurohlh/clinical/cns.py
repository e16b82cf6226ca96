"""CNS involvement: what the rest of the package, and a notebook, asks for.

`classify_cns` adds the status to a frame, `cns_long` says why in words, `summary` counts it in three readings,
`definitions` and `describe` show the definitions, `cns_contradictions` finds records that can't all be right.
"""

from neurohlh.clinical.cns_definitions import DEFAULT, CnsDefinition, definition, definitions, describe
from neurohlh.clinical.cns_status import classify_cns, summary
from neurohlh.clinical.contradictions import cns_contradictions
from neurohlh.clinical.evidence import cns_long

__all__ = [
    "DEFAULT",
    "CnsDefinition",
    "classify_cns",
    "cns_contradictions",
    "cns_long",
    "definition",
    "definitions",
    "describe",
    "summary",
]
