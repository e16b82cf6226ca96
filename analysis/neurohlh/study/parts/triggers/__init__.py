"""Part "triggers": what set HLH off, and whether it changes how often the CNS is involved and what that means."""

from __future__ import annotations

from neurohlh.study.parts.material import Material
from neurohlh.study.parts.part import Part, Results
from neurohlh.study.parts.triggers.cns import cns_by_trigger
from neurohlh.study.parts.triggers.curves import curves_within_triggers
from neurohlh.study.parts.triggers.ebv_load import ebv_load
from neurohlh.study.parts.triggers.effect import effect_by_group
from neurohlh.study.parts.triggers.flags import all_flags, all_viruses
from neurohlh.study.parts.triggers.priority import by_priority
from neurohlh.study.parts.triggers.regimens import regimens, treatments
from neurohlh.study.parts.triggers.survival import survival_by_trigger


def _results(material: Material, found: Results) -> Results:
    return {
        "triggers_priority": by_priority(material),
        "triggers_flags": all_flags(material),
        "triggers_viruses": all_viruses(material),
        "triggers_cns": cns_by_trigger(material),
        **survival_by_trigger(material),
        **effect_by_group(material),
        "triggers_effect_curves": curves_within_triggers(material),
        "triggers_ebv_load": ebv_load(material),
        "triggers_regimens": regimens(material),
        "triggers_treatments": treatments(material),
    }


PART = Part(
    "triggers",
    "Triggers",
    "Does what set HLH off change how often the CNS is involved, and does CNS involvement mean the same for survival "
    "whatever the trigger, the class, the age, the period and the centre?",
    _results,
    lead=("triggers_survival", "triggers_effect"),
)
