"""Who was tested: not tested is not negative, and what the untested could change."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from neurohlh.core.result import Result
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.part import Part, Results, answer, refusal
from neurohlh.study.parts.testing import bounds, compared, differences, imputed, rates, tipping, weighted

_Make = Callable[[Material], Result]
_ALWAYS: dict[str, tuple[str, _Make]] = {
    "testing_by_outcome": ("Tested by the end of the baseline window, by what became of the patient", rates.by_outcome),
    "testing_by_severity": ("Tested by the end of the baseline window, by how ill the patient was", rates.by_severity),
    "testing_differences": ("How patients who were tested differ from those who were not", differences.differences),
    "testing_model": ("A model of who was tested (no causes)", differences.model),
    "testing_early_deaths": ("Early deaths, and who of them died untested", rates.early_deaths),
    "testing_bounds": (
        "What the undecided could change: frequency of CNS involvement and early death",
        bounds.frequency_and_risk,
    ),
}
_SURVIVAL: dict[str, tuple[str, _Make]] = {
    "testing_bounds_hazard": (
        "What the undecided could change: hazard ratio from time zero, early deaths included",
        bounds.hazard,
    ),
    "testing_tipping": (
        "How many of the undecided would have to be positive to turn the hazard ratio",
        tipping.tipping,
    ),
    "testing_weighted": ("The tested weighted to stand for the untested", weighted.weighted),
    "testing_imputed": (
        "Declared sensitivity, not the main line: CNS status imputed where it is undecided",
        imputed.imputed,
    ),
}
_COMPARED = "The main line beside bounds, weights and imputation"


def _results(material: Material, found: Results) -> Results:
    results = {name: answer(name, title, partial(make, material)) for name, (title, make) in _ALWAYS.items()}
    if not material.survival_analysed:
        return {**results, "testing_compared": refusal("testing_compared", _COMPARED, material.no_survival)}
    results |= {name: answer(name, title, partial(make, material)) for name, (title, make) in _SURVIVAL.items()}
    everything = {**found, **results}
    results["testing_compared"] = answer(
        "testing_compared", _COMPARED, partial(compared.compared, material, everything)
    )
    return results


PART = Part(
    "testing",
    "Who was tested",
    "Who was tested for CNS involvement, and what could the patients who were not change?",
    _results,
    lead=("testing_compared", "testing_bounds", "testing_early_deaths"),
)
