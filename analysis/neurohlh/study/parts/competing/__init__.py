"""Competing events and early death: transplantation, withdrawal of care, death before anything could be tested."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from neurohlh.core.result import Result
from neurohlh.study.parts.case_series import fit_to_design
from neurohlh.study.parts.competing import early_death, transplant, withdrawal
from neurohlh.study.parts.known import Known
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.part import Part, Results, answer, refusal

_EARLY = {
    "competing_death_7d": "death_7d",
    "competing_death_30d": "death_30d",
    "competing_death_before_transplant": "death_8w_prehsct",
}
Make = Callable[[Material], Result]


def _results(material: Material, found: Results) -> Results:
    none, known = material.no_survival, Known.of(material)
    transplants = none or transplant.lacking(material)
    withdrawals = none or withdrawal.lacking(material)
    planned: dict[str, tuple[str, str, Make, str]] = {
        **{
            name: (
                "early_death",
                early_death.title(material, outcome),
                partial(early_death.early_death, known=known, outcome=outcome),
                early_death.lacking(material, outcome),
            )
            for name, outcome in _EARLY.items()
        },
        "competing_transplant": (
            "transplant_hazards",
            "Transplant ignored, as a covariate in time, and as a competing event",
            transplant.hazards,
            transplants,
        ),
        "competing_transplant_incidence": (
            "cumulative_incidence",
            "Cumulative incidence of death before transplant, and of transplant, by CNS status",
            transplant.incidence,
            transplants,
        ),
        "competing_transplant_gray": (
            "gray_test",
            "Do death before transplant, and transplant, differ by CNS status (Gray's test)",
            transplant.gray,
            transplants,
        ),
        "competing_withdrawal": (
            "withdrawal",
            "Withdrawal of care: censored, as death, as competing event",
            withdrawal.readings,
            withdrawals,
        ),
        "competing_withdrawal_incidence": (
            "cumulative_incidence",
            "Cumulative incidence of death, and of withdrawal of care, by CNS status",
            withdrawal.incidence,
            withdrawals,
        ),
    }
    return {name: _carried_out(material, *rest) for name, rest in planned.items()}


def _carried_out(material: Material, kind: str, title: str, make: Make, reason: str) -> Result:
    if reason:
        return refusal(kind, title, reason)
    return fit_to_design(answer(kind, title, lambda: make(material)), material)


PART = Part(
    "competing",
    "Competing events and early death",
    "Does the answer survive transplants, withdrawals of care, and deaths that came before any test?",
    _results,
    lead=("competing_transplant", "competing_withdrawal", "competing_death_30d"),
)
