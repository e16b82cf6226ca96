"""A cohort with everything that is decided about its patients: outcome, HLH criteria, aetiology, CNS involvement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import narwhals as nw
import pandas as pd

from neurohlh.clinical import hlh, triggers
from neurohlh.clinical.cns import classify_cns
from neurohlh.clinical.cns_definitions import definition as cns_definition
from neurohlh.clinical.cns_status import RESULTS as CNS_RESULTS
from neurohlh.clinical.cns_time import DIAGNOSIS
from neurohlh.clinical.criteria import criteria_sets, load, load_definition
from neurohlh.clinical.definition import Definition
from neurohlh.clinical.outcome import derive_outcome
from neurohlh.clinical.report_use import with_report_findings
from neurohlh.clinical.rules import evaluate
from neurohlh.core.errors import InputError, did_you_mean
from neurohlh.etl.cohort import Cohort
from neurohlh.study.config import StudyConfig

NO_CRITERIA = "none"


@dataclass(frozen=True)
class Definitions:
    """The criteria sets of a study, the catalogue's and its own; `chosen` decides who has HLH (None: not asked)."""

    sets: tuple[Definition, ...]
    chosen: Definition | None


@dataclass(frozen=True)
class Classified:
    """Everything decided about the patients, one row per patient in the cohort's order.

    Attributes
    ----------
    frame : the cohort's frame with outcome (os_days, os_event, …), the answer of each criteria set (`criteria__<key>`),
        aetiology and CNS columns (cns_status, …) beside it. `age_years`, `age_days`, `hlh_class`, `trigger_category`
        are the ones to analyse: from dates and rules where these say something, else as recorded.
    outcome : what `derive_outcome` gave.
    """

    cohort: Cohort
    frame: pd.DataFrame
    outcome: pd.DataFrame
    definitions: Definitions

    @property
    def described(self) -> pd.DataFrame:
        """The frame that the criteria were decided on: what was recorded, with age from the dates."""
        return _beside(self.cohort.frame, self.outcome)

    @property
    def gate(self) -> str | None:
        """The column with the status under the study's criteria set (None where the study asks for none)."""
        return status_column(self.definitions.chosen) if self.definitions.chosen else None

    @property
    def criteria(self) -> pd.Series | None:
        """The status under the study's criteria set."""
        return self.frame[self.gate] if self.gate else None


def study_definitions(config: StudyConfig, folder: Path) -> Definitions:
    """The criteria sets that a study can use, checked before any data are read.

    Raises InputError for a definition that is not known or not legal.
    """
    cns_definition(config.cns.definition)
    own = [load_definition(folder / path) for path in config.definitions]
    sets = (*(load(key) for key in criteria_sets()), *own)
    wanted = config.eligibility.criteria
    if wanted.casefold() == NO_CRITERIA:
        return Definitions(sets, None)
    for definition in own:
        if wanted in (definition.key, definition.name):
            return Definitions(sets, definition)
    try:
        return Definitions(sets, load(wanted))
    except InputError:
        names = [NO_CRITERIA, *(name for d in sets for name in (d.key, d.name))]
        raise InputError(
            f"eligibility.criteria: there is no criteria set {wanted!r}", do=did_you_mean(wanted, names)
        ) from None


def classify(cohort: Cohort, config: StudyConfig, definitions: Definitions) -> Classified:
    """Decide outcome, criteria, aetiology and CNS involvement for every patient."""
    outcome = derive_outcome(cohort.frame, config.endpoint.os.origin)
    described = _beside(cohort.frame, outcome)
    answers = _answers(described, definitions)
    frame = _beside(described, pd.DataFrame({**answers, **_aetiology(cohort.frame, answers)}, copy=False))
    gate = status_column(definitions.chosen) if definitions.chosen else None
    ungated = frame.drop(columns="hlh_confirmed", errors="ignore") if gate is None else frame
    ungated = with_report_findings(ungated, cohort.reports)
    frame = classify_cns(ungated, config.cns.definition, hlh=gate, window_days=config.cns.window_days)
    if config.endpoint.os.origin != DIAGNOSIS:
        frame = _beside(frame, _baseline_by_the_clock(ungated, config, gate))
    derived = {"died": _died(outcome), "entry_days": _entry(frame, config.endpoint.os.origin), **_tested(frame)}
    frame = _beside(frame, pd.DataFrame(derived, copy=False))
    return Classified(cohort, frame, outcome, definitions)


def _baseline_by_the_clock(frame: pd.DataFrame, config: StudyConfig, gate: str | None) -> pd.DataFrame:
    """The baseline columns with the window around the study's time zero.

    A window around the diagnosis beside survival from admission would look past the landmark of whoever was diagnosed
    late (immortal time). A definition that counts days to the diagnosis itself keeps its own clock.
    """
    if cns_definition(config.cns.definition).rule == "isolated_cns":
        return pd.DataFrame(index=frame.index)
    zero = frame.get(config.endpoint.os.origin, pd.Series(pd.NaT, index=frame.index, dtype="datetime64[s]"))
    moved = classify_cns(
        frame.assign(**{DIAGNOSIS: zero}), config.cns.definition, hlh=gate, window_days=config.cns.window_days
    )
    found: pd.DataFrame = moved[[c for c in moved if c in CNS_RESULTS and c.endswith("_baseline")]]
    return found


def _entry(frame: pd.DataFrame, origin: str) -> pd.Series:
    """Days from time zero until HLH is diagnosed: nobody is in the study before (0 where not later, NaN unknown)."""
    if origin == DIAGNOSIS or origin not in frame or DIAGNOSIS not in frame or frame[DIAGNOSIS].isna().all():
        return pd.Series(0.0, index=frame.index)
    return (frame[DIAGNOSIS] - frame[origin]).dt.days.astype(float).clip(lower=0.0)


def status_column(definition: Definition) -> str:
    """Where the answer of a criteria set stands in the classified frame; a set may be called like a variable."""
    return f"criteria__{definition.key}"


def _answers(described: pd.DataFrame, definitions: Definitions) -> dict[str, pd.Series]:
    """What the criteria engine says: one pass over the variables that any set reads."""
    sets = {d.key: d for d in (*definitions.sets, *(load(key) for key in (*hlh.SETS, *triggers.SETS)))}
    read = {v for d in sets.values() for v in d.variables()} | {"patient_id", "age_years", "age_days"}
    read |= {f"{v}_{c}" for v in read for c in ("censored", "recorded", "unit")} | {"family_history_hlh"}
    inputs = pd.DataFrame({c: described[c] for c in described if c in read}, copy=False)
    data = triggers.with_aetiology(nw.from_native(evaluate(inputs, list(sets.values())), eager_only=True))
    derived = data.select(*hlh.derived_hlh()).to_native()
    found = data.to_native()
    kept = [c for c in found if c.startswith("triggers__") or c in ("trigger_category_derived", "hlh_class_derived")]
    statuses = {status_column(d): found[d.key] for d in definitions.sets}
    return {**statuses, **{c: derived[c] for c in derived}, **{c: found[c] for c in kept}}


def _beside(frame: pd.DataFrame, derived: pd.DataFrame) -> pd.DataFrame:
    """`frame` with the derived columns; a derived value takes the place of a recorded one of the same name."""
    return pd.DataFrame({**{c: frame[c] for c in frame}, **{c: derived[c] for c in derived}}, copy=False)


def _aetiology(recorded: pd.DataFrame, answers: dict[str, pd.Series]) -> dict[str, pd.Series]:
    """Class and trigger to analyse: by the rules; where these can't tell, as the hospital recorded them."""
    chosen = {}
    for name in ("hlh_class", "trigger_category"):
        derived = answers[f"{name}_derived"]
        if name in recorded:
            derived = derived.where(derived != "unknown", recorded[name].fillna("unknown"))
        chosen[name] = derived
    return chosen


def _died(outcome: pd.DataFrame) -> pd.Series:
    """Whether the patient is known to have died at any time (boolean, missing where unknown)."""
    return outcome["os_event"].map({1.0: True, 0.0: False}).astype("boolean").rename("died")


def _tested(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Whether each domain was looked into: as recorded, else shown by an answer of the domain."""
    done: dict[str, Sequence[str]] = {
        "symptoms": ("neuro_assessed",),
        "csf": ("lp_done",),
        "imaging": ("mri_done", "ct_done"),
    }
    return {f"{domain}_tested": _any_done(frame, names, f"cns_{domain}") for domain, names in done.items()}


def _any_done(frame: pd.DataFrame, names: Sequence[str], answer: str) -> pd.Series:
    columns = [frame[n].astype("boolean") for n in names if n in frame]
    recorded = pd.Series(pd.NA, index=frame.index, dtype="boolean")
    for column in columns:
        recorded = recorded | column if column is not columns[0] else column
    answered = frame[answer].isin(["met", "not_met"])
    return recorded.mask(recorded.isna().to_numpy() & answered.to_numpy(), True)
