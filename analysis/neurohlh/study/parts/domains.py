"""The three kinds of evidence as a patient had them at baseline, and whom they are asked of."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from neurohlh.clinical.cns_definitions import DOMAINS
from neurohlh.clinical.cns_definitions import definition as cns_definition
from neurohlh.clinical.cns_time import DATE_OF, DIAGNOSIS
from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result
from neurohlh.study.config import StudyConfig
from neurohlh.study.follow import counted_from, told
from neurohlh.study.parts.material import Material

FINDINGS = {"symptoms": "Neurological symptoms", "csf": "Abnormal CSF", "imaging": "Abnormal imaging"}
TESTS = {"symptoms": "Neurological assessment", "csf": "Lumbar puncture", "imaging": "MRI or CT"}
COUNTING_RULES = ("any_of", "all_of", "at_least")
_CLOSED = ("not_met", "not_applicable")


def found(frame: pd.DataFrame, domain: str) -> pd.Series:
    """Whether a domain was abnormal at baseline: true, false, or missing where it was not tested or is undecided."""
    return frame[f"cns_{domain}_baseline"].map({"met": True, "not_met": False}).astype("boolean")


def with_findings(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with a column for each domain ('symptoms', 'csf', 'imaging') as `found` gives it."""
    return frame.assign(**{domain: found(frame, domain) for domain in DOMAINS})


def with_hlh(material: Material, frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """The patients of whom CNS involvement of HLH is asked, and how many are not (no HLH by the study's criteria)."""
    if material.gate is None or material.gate not in frame:
        return frame.reset_index(drop=True), {}
    closed = frame[material.gate].isin(_CLOSED)
    gone = {"no HLH by the criteria of the study": int(closed.sum())} if closed.any() else {}
    return frame[~closed].reset_index(drop=True), gone


def tell(material: Material, result: Result) -> Result:
    """A result from the landmark with its counts taken back to the study population, the undecided among its patients.

    `Followed.tell` counts them as left out.
    """
    followed = material.followed()
    return counted_from(told(result, followed.everybody, {}), followed.zero)


def asked(config: StudyConfig) -> tuple[str, ...]:
    """The domains that the study's definition counts; NotEstimable where it does not count these three only."""
    chosen = cns_definition(config.cns.definition)
    if chosen.rule not in COUNTING_RULES or not set(chosen.domains) <= set(DOMAINS):
        raise NotEstimable(
            f"the definition {chosen.name} does not count symptoms, CSF and imaging alone, so that a test cannot stand "
            "for a part of it"
        )
    return tuple(x for x in DOMAINS if x in chosen.domains)


def needed(config: StudyConfig) -> int:
    """How many abnormal domains make the study's definition met (`asked` says that it counts)."""
    chosen = cns_definition(config.cns.definition)
    return {"any_of": 1, "all_of": len(chosen.domains), "at_least": chosen.k}[chosen.rule]


def all_answered(frame: pd.DataFrame, domains: Sequence[str]) -> pd.Series:
    """Whether every one of these domains has an answer at baseline."""
    return frame[[f"cns_{x}_baseline" for x in domains]].isin(["met", "not_met"]).all(axis=1)


def late(frame: pd.DataFrame, domain: str, since: str, days: float) -> pd.Series:
    """Whether a test is dated more than `days` after the date `since`; an undated one is not, as in classification."""
    date = DATE_OF[domain]
    if domain == "symptoms" or date not in frame or since not in frame:
        return pd.Series(False, index=frame.index)
    end = frame[since] + pd.Timedelta(days=days)
    return (frame[date] > end).fillna(False).astype(bool)


def tested_by_baseline(material: Material, frame: pd.DataFrame) -> pd.DataFrame:
    """Whether each test was done by the end of the baseline window (true, false, missing); columns are `TESTS`."""
    end = material.config.cns.window_days[1]
    return pd.DataFrame(
        {words: frame[f"{domain}_tested"] & ~late(frame, domain, DIAGNOSIS, end) for domain, words in TESTS.items()}
    )
