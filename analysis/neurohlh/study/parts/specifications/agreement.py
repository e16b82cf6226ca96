"""How far the definitions agree on who is CNS involved at baseline, who changes side, and through which domain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from neurohlh.clinical.cns_definitions import DOMAINS, CnsDefinition, definitions
from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result, tidy_frame
from neurohlh.stats.describe.agreement import agreement_of_many, kappa
from neurohlh.stats.status import INDETERMINATE, MET, NOT_APPLICABLE, NOT_MET

BASELINE = "cns_baseline"
_READINGS = {"own category": "undecided as a third category", "left out": "undecided left out"}
CHANGES = {
    (MET, NOT_MET): "involved → not involved",
    (NOT_MET, MET): "not involved → involved",
    (MET, INDETERMINATE): "involved → undecided",
    (NOT_MET, INDETERMINATE): "not involved → undecided",
    (INDETERMINATE, MET): "undecided → involved",
    (INDETERMINATE, NOT_MET): "undecided → not involved",
    (MET, NOT_APPLICABLE): "involved → set aside",
    (NOT_MET, NOT_APPLICABLE): "not involved → set aside",
    (INDETERMINATE, NOT_APPLICABLE): "undecided → set aside",
}
_NOT_TESTED = {
    "negative": "read as negative",
    "excluded": "sets the patient aside",
    "indeterminate": "leaves the status open",
    "": "leaves the domain unknown",
}
_NAMES = {"symptoms": "symptoms", "csf": "CSF", "imaging": "imaging"}


def agreement(own: CnsDefinition, found: Mapping[str, pd.DataFrame]) -> Result:
    """Each definition of the catalogue against the study's own, at baseline: kappa, and who changes side and why.

    `found` holds the CNS columns of every patient of the study under each definition, around the study's time zero.
    """
    n = len(found[own.name])
    rows = [row for d in definitions() if d.name != own.name for row in _against(own, d, found)]
    rows += _all_together(found)
    shared = {"analysis": "definition_agreement", "variable": BASELINE}
    return Result(
        kind="definition_agreement",
        tidy=tidy_frame([{**shared, **row} for row in rows]),
        method={
            "title": f"How far the definitions agree with {own.name} on CNS involvement at baseline",
            "estimator": "Cohen's kappa; of all definitions together Fleiss' kappa",
            "interval": "Wald",
            "conf_level": 0.95,
            "denominator": "patients of the study to whom both definitions apply",
            "reference": ["Cohen 1960, Educ Psychol Meas 20:37", "Fleiss 1971, Psychol Bull 76:378"],
        },
        counts={"supplied": n, "used": n, "dropped": {}},
        notes=(
            _alike(own, found),
            f"Changes are read from {own.name} to the other definition. Set aside: the other definition does not speak "
            "of patients who lack a test that it asks for.",
            "A change is laid to the domains in which the two definitions read the patient differently; where these "
            "read alike, to how many domains must be abnormal.",
        ),
    )


def _alike(own: CnsDefinition, found: Mapping[str, pd.DataFrame]) -> str:
    """Which definitions say the same of every patient as the study's own."""
    same = [name for name in found if name != own.name and found[name][BASELINE].equals(found[own.name][BASELINE])]
    if not same:
        return f"Every other definition gives somebody another status than {own.name}."
    return f"In these patients the same as {own.name}: {', '.join(same)}."


def in_words(d: CnsDefinition) -> str:
    """The name that study.toml writes, and what the definition is."""
    return f"{d.name}: {d.title}"


def _against(own: CnsDefinition, other: CnsDefinition, found: Mapping[str, pd.DataFrame]) -> Iterator[dict[str, Any]]:
    a, b = found[own.name], found[other.name]
    pair = pd.DataFrame({own.name: a[BASELINE], other.name: b[BASELINE]})
    here = {"term": in_words(other)}
    for undecided, words in _READINGS.items():
        yield {**here, "population": words, **_kappa(pair, own.name, other.name, undecided)}
    changed = pair[pair[own.name] != pair[other.name]]
    yield {**here, "level": "another status", "measure": "count", "n": len(pair), "estimate": len(changed)}
    moves = zip(changed[own.name], changed[other.name], strict=True)
    reasons = Counter(
        (before, after, why(own, other, before, after, a.loc[i], b.loc[i]))
        for i, (before, after) in zip(changed.index, moves, strict=True)
    )
    order = list(CHANGES)
    for (before, after, reason), times in sorted(
        reasons.items(), key=lambda kv: (order.index(kv[0][:2]) if kv[0][:2] in order else len(order), -kv[1], kv[0][2])
    ):
        words = CHANGES.get((before, after), f"{before} → {after}")
        shown = {"level": words, "group": reason, "measure": "count"}
        yield {**here, **shown, "n": int((pair[own.name] == before).sum()), "estimate": times}


def _kappa(pair: pd.DataFrame, own: str, other: str, undecided: str) -> dict[str, Any]:
    row: dict[str, Any] = {"level": "agreement beyond chance", "measure": "kappa"}
    try:
        tidy = kappa(pair, own, other, undecided=undecided).tidy
    except NotEstimable as error:
        return {**row, "n": 0, "note": f"not estimable: {error}"}
    one = tidy[tidy["measure"] == "kappa"].iloc[0]
    kept = ("n", "estimate", "conf_low", "conf_high", "coef", "std_error", "note")
    return {**row, "scale": "identity", **{name: one[name] for name in kept}}


def why(own: CnsDefinition, other: CnsDefinition, before: str, after: str, a: pd.Series[Any], b: pd.Series[Any]) -> str:
    """In words, why a patient with the status `before` under `own` has `after` under `other`.

    `a` and `b` are the patient's CNS columns under the two. Only domains that can have made the change are named.
    """
    if other.rule == "recorded":
        return "the hospital recorded no judgement" if after == INDETERMINATE else "the hospital's own judgement"
    if other.rule == "isolated_cns":
        return "asks for an isolated onset of a genetic disease"
    telling = {MET: (MET,), NOT_MET: (NOT_MET,), INDETERMINATE: (INDETERMINATE,), NOT_APPLICABLE: ()}
    found = []
    for domain in DOMAINS:
        first, second = (_state(d, domain, own_row) for d, own_row in ((own, a), (other, b)))
        looked_at = {(MET, NOT_MET): first == MET, (NOT_MET, MET): second == MET}.get(
            (before, after), first in telling.get(before, ()) or second in telling.get(after, ())
        )
        words = _domain_words(domain, first, second, own, other, after)
        if words and (looked_at or after == NOT_APPLICABLE):
            found.append(words)
    if found:
        return "; ".join(found)
    return _rule_words(other) if (own.rule, own.k) != (other.rule, other.k) else "how tests not done are read"


def _state(d: CnsDefinition, domain: str, row: pd.Series[Any]) -> str:
    return str(row[f"cns_{domain}_baseline"]) if domain in d.domains else "not asked"


def _domain_words(domain: str, first: str, second: str, own: CnsDefinition, other: CnsDefinition, after: str) -> str:
    """How the two definitions differ about a patient's domain; '' where they read it alike."""
    name = _NAMES[domain]
    if second == "not asked":
        return f"{name} not asked" if first != "not asked" else ""
    if first == "not asked":
        return f"{name} asked too"
    untested = second == INDETERMINATE and own.not_tested.get(domain) != other.not_tested.get(domain)
    if untested:
        return f"{name} without an answer: {_NOT_TESTED[other.not_tested.get(domain, '')]}"
    if first != second:
        limits = domain == "csf" and own.csf != other.csf
        return f"{name} read by other limits" if limits else f"{name} read by another rule"
    return ""


def _rule_words(other: CnsDefinition) -> str:
    if other.rule == "all_of":
        return "all domains must be abnormal"
    return f"at least {other.k} domains must be abnormal" if other.rule == "at_least" else "any domain is enough"


def _all_together(found: Mapping[str, pd.DataFrame]) -> Iterator[dict[str, Any]]:
    """Fleiss' kappa of the definitions that decide anybody."""
    status = pd.DataFrame({name: own[BASELINE] for name, own in found.items()})
    decided = [name for name in found if status[name].isin([MET, NOT_MET]).any() and status[name].nunique() > 1]
    if len(decided) < 2:
        return
    here = {"term": f"{len(decided)} definitions together", "population": _READINGS["own category"]}
    here |= {"level": "agreement beyond chance", "measure": "kappa"}
    try:
        tidy = agreement_of_many(status, decided).tidy
    except NotEstimable as error:
        yield {**here, "n": 0, "note": f"not estimable: {error}"}
        return
    one = tidy[tidy["term"] == "Fleiss' kappa"].iloc[0]
    kept = ("n", "estimate", "conf_low", "conf_high", "coef", "std_error", "note")
    yield {**here, "scale": "identity", **{name: one[name] for name in kept}}
