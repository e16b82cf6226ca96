"""Which published cohorts may enter a pool: one per group of shared patients, every other with the reason."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from neurohlh.study.published.rules import age_of, definition_of, design_kind, rules

SHARED = "shares patients with a cohort that is used"
RULE = "of cohorts that share patients, the one with most evaluable patients enters; of equals, the latest"


@dataclass(frozen=True)
class Selection:
    """Who gives a frequency of CNS involvement.

    Attributes
    ----------
    cohorts : every cohort, with `events` and `n` (NaN where no counts), `counts_of` (which columns), `definition`,
        `age`, `shared` (the group of shared patients, '' none), `reason` ('' for those used), `stands_for` (label of
        the cohort that is used in its place), `apart` (whether it belongs to a pool of its own).
    """

    cohorts: pd.DataFrame

    @property
    def used(self) -> pd.DataFrame:
        """The cohorts of the pool, in the order of the table."""
        return self.cohorts[self.cohorts["reason"] == ""].reset_index(drop=True)

    @property
    def apart(self) -> pd.DataFrame:
        """The cohorts whose definition is kept apart: one per group of shared patients."""
        frame = self.cohorts
        return frame[frame["apart"] & (frame["reason"] == frame["apart_reason"])].reset_index(drop=True)

    @property
    def alternatives(self) -> pd.DataFrame:
        """The cohorts that could have entered in another's place."""
        own = self.cohorts["stands_for"] != ""
        return self.cohorts[own & ~self.cohorts["apart"]].reset_index(drop=True)

    def dropped(self) -> dict[str, int]:
        """Reason -> cohorts left out."""
        reasons = self.cohorts["reason"]
        return {str(k): int(v) for k, v in reasons[reasons != ""].value_counts().items()}


def select(cohorts: pd.DataFrame) -> Selection:
    """The cohorts with the decision on each (`read_evidence` gives the frame)."""
    found = cohorts.apply(_decided, axis=1, result_type="expand")
    frame = cohorts.assign(**found, shared=shared_groups(cohorts))
    frame["apart"] = frame["apart_reason"] != ""
    frame["stands_for"] = _one_of_each(frame)
    taken = frame["stands_for"] != ""
    frame.loc[taken, "reason"] = SHARED
    frame["reason"] = frame["reason"].where((frame["reason"] != "") | ~frame["apart"], frame["apart_reason"])
    return Selection(frame)


def _decided(row: pd.Series) -> pd.Series:
    """Counts, groups and the reason against a cohort, as far as it can be told from its own row."""
    definition, apart = definition_of(row["cns_domains"])
    events, n, source = counts(row)
    return pd.Series(
        {
            "events": events,
            "n": n,
            "counts_of": source,
            "definition": definition,
            "age": age_of(row["age_group"]),
            "reason": _reason(row, events, n),
            "apart_reason": apart,
        }
    )


def counts(row: pd.Series) -> tuple[float, float, str]:
    """(with CNS involvement, evaluable, how it was counted).

    Where CNS involvement means neurological symptoms alone, the count of symptoms is the count of CNS involvement.
    """
    if not np.isnan(row["n_cns"]) and not np.isnan(row["n_cns_evaluable"]):
        return float(row["n_cns"]), float(row["n_cns_evaluable"]), "CNS involvement"
    symptoms = [float(row[column]) for column in ("n_neuro_symptoms", "n_neuro_symptoms_denominator")]
    if definition_of(row["cns_domains"])[0] == "symptoms only" and not np.isnan(symptoms).any():
        return symptoms[0], symptoms[1], "neurological symptoms"
    return float("nan"), float("nan"), ""


def _reason(row: pd.Series, events: float, n: float) -> str:
    said = str(rules()["row_use"][row["row_use"]])
    kind, by_design = design_kind(row["design"])
    if said or kind:
        return said or by_design
    if np.isnan(events) or np.isnan(n):
        return "prints no count of patients with CNS involvement among those evaluated"
    if not 0 <= events <= n or n == 0:
        return "its counts cannot be: more patients with CNS involvement than evaluated"
    if events == n == row["n_total"]:
        return "every patient has CNS involvement, so it was a condition of entry"
    return ""


def shared_groups(cohorts: pd.DataFrame) -> pd.Series:
    """The group of shared patients of each cohort ('' none).

    'HLH-94/HLH-2004 (partly)' shares with both; a remark in brackets ('earlier period') makes no group of its own:
    periods of one hospital touch. A group that names a cohort ('overlaps pan2020_88') holds that cohort as well.
    """
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            key = parent[key]
        return key

    known = set(cohorts["cohort_id"])
    for cohort, text in zip(cohorts["cohort_id"], cohorts["overlap_group"], strict=True):
        names = [n.strip() for n in re.sub(r"\([^)]*\)", "", text).split("/") if n.strip()]
        named = [f"cohort {w}" for w in re.findall(r"\w+", text) if w in known]
        for key in (*(f"group {n}" for n in names), *named):
            first, second = sorted((root(key), root(f"cohort {cohort}")), key=lambda k: (k.startswith("cohort"), k))
            parent[second] = first
    roots = pd.Series([root(f"cohort {c}") for c in cohorts["cohort_id"]], index=cohorts.index)
    several = roots.duplicated(keep=False)
    return roots.str.removeprefix("group ").str.removeprefix("cohort ").where(several, "")


def _one_of_each(frame: pd.DataFrame) -> pd.Series:
    """For a cohort that gives way to another of its group, that one's label; '' for all others."""
    usable = frame[(frame["reason"] == "") & (frame["shared"] != "")]
    order = usable.sort_values(
        ["n", "published", "cohort_id"], ascending=[False, False, True], na_position="last", kind="stable"
    )
    best = order.groupby(["shared", "apart"])["label"].first()
    chosen: list[str] = []
    for row in usable.to_dict("records"):
        name = str(best[(row["shared"], row["apart"])])
        chosen.append("" if name == row["label"] else name)
    return pd.Series(chosen, index=usable.index, dtype=object).reindex(frame.index, fill_value="")


def unrecorded_overlaps(used: pd.DataFrame) -> list[tuple[str, str]]:
    """Pairs of used cohorts that may share patients although no group says so.

    Same country, overlapping years of enrolment, and one of the two a registry, nationwide or of several centres.
    """
    wide = used["design"].str.contains("registry|nationwide|multicentre", case=False)
    pairs = []
    for i, one in used[wide].iterrows():
        for j, other in used.iterrows():
            together = one["shared"] != "" and one["shared"] == other["shared"]
            if i != j and one["country"] and one["country"] == other["country"] and not together and _meet(one, other):
                pairs.append((str(one["label"]), str(other["label"])))
    return pairs


def _meet(one: pd.Series, other: pd.Series) -> bool:
    years = [_year(row[end]) for row in (one, other) for end in ("enrol_start", "enrol_end")]
    if np.isnan(years).any():
        return True
    return bool(years[0] <= years[3] and years[2] <= years[1])


def _year(text: str) -> float:
    found = re.match(r"\d{4}", text)
    return float(found[0]) if found else float("nan")
