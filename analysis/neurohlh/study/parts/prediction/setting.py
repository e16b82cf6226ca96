"""What the prognostic model is made of: patients, predictors and the horizon, all fixed before any is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result
from neurohlh.stats.design.terms import model_design
from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.predict.validation_at import validate_cox_at
from neurohlh.study.follow import EXPOSURE
from neurohlh.study.parts.labels import variable_words
from neurohlh.study.parts.material import Followed, Material

HORIZON = 365.0
"""Days after the landmark by which death is predicted: one year."""
WITH, WITHOUT = "with CNS status", "without CNS status"
"""The prognostic model, and the same model without CNS status."""
CNS = "CNS involvement"
REFERENCE = {EXPOSURE: "not_met"}
REPLICATES = 200
THRESHOLDS = tuple(round(0.05 * k, 2) for k in range(1, 11))
"""Risks of death at which one might act: 5 to 50 %."""
FEWEST = 5
"""Below this many deaths per parameter no prognostic model is made (a choice of this package)."""
NOT_A_CAUSE = (
    "A prediction, not an effect: a predictor is not a cause, and its hazard ratio here is no answer to whether CNS "
    "involvement changes survival. That question has its own parts."
)
TIME, EVENT = "os_days", "os_event"
DEATH = "death"


@dataclass(frozen=True)
class Setting:
    """The prognostic model of a study: patients followed from the landmark and the terms that predict."""

    material: Material
    followed: Followed
    frame: pd.DataFrame
    others: tuple[str, ...]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, material: Material) -> Setting:
        """The study's covariates, declared or default, beside CNS status as known by the landmark."""
        followed = material.followed()
        adjusted = material.adjustment(followed.frame)
        notes = list(adjusted.notes)
        strata = material.config.model.strata
        if strata:
            notes.append(
                f"{variable_words(strata)} is no predictor and no stratum here: a patient of another centre has no "
                "baseline risk of its own."
            )
        return cls(material, followed, adjusted.frame, adjusted.terms, tuple(notes))

    @property
    def models(self) -> dict[str, list[str]]:
        """The terms of the model, and of the same model without CNS status (where that has any)."""
        found = {WITH: [EXPOSURE, *self.others]}
        return {**found, WITHOUT: list(self.others)} if self.others else found

    @property
    def terms(self) -> list[str]:
        """The terms of the prognostic model."""
        return self.models[WITH]

    @property
    def words(self) -> str:
        """What is predicted."""
        return f"death by {HORIZON:g} days {self.followed.zero}"

    @cached_property
    def model(self) -> Result:
        """The Cox model. Raises NotEstimable with the reason where the data don't bear one."""
        if self.frame.empty:
            raise NotEstimable("nobody followed from the landmark has a CNS status that is decided")
        if self.frame[EXPOSURE].nunique() < 2:
            raise NotEstimable("all patients followed from the landmark have the same CNS status")
        found = cox(self.frame, TIME, EVENT, self.terms, reference=REFERENCE)
        events, parameters = found.counts["events"], max(found.counts["parameters"], 1)
        if events < FEWEST * parameters:
            many = "s" if parameters > 1 else ""
            raise NotEstimable(
                f"{events} deaths for {parameters} parameter{many}; below {FEWEST} deaths per parameter a model "
                "describes these patients and nobody else"
            )
        return found

    @cached_property
    def complete(self) -> pd.DataFrame:
        """The patients whose predictors are all known (a logarithm of 0 is not)."""
        known = model_design(self.frame, self.terms, reference=REFERENCE).complete
        return self.frame[known].reset_index(drop=True)

    @cached_property
    def validation(self) -> Result:
        """Both models validated by the bootstrap at the horizon. Raises NotEstimable as `model` and the verb do."""
        self.model  # noqa: B018 - refuses where there are too few deaths
        return validate_cox_at(
            self.frame,
            TIME,
            EVENT,
            self.models,
            horizon=HORIZON,
            seed=self.material.seed("prediction"),
            replicates=REPLICATES,
            thresholds=THRESHOLDS,
            reference=REFERENCE,
        )

    def told(self, result: Result, *, choices: bool = False, **method: Any) -> Result:
        """The result with its counts taken back to the study, and what is common to every result of the part.

        `choices` adds what was done to the predictors, which stands with the model and what is read off it.
        """
        found = self.followed.tell(result)
        found = found.with_(tidy=found.tidy.assign(outcome=DEATH))
        said: Mapping[str, Any] = {
            "predicted": self.words,
            "predictors": "CNS status by the end of its window, and the study's covariates: declared or the minimal "
            "set, none chosen by its p-value",
            **method,
        }
        notes = tuple(dict.fromkeys((NOT_A_CAUSE, *found.notes, *(self.notes if choices else ()))))
        return found.with_(method={**found.method, **said}, notes=notes)
