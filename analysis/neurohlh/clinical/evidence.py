"""Why each patient has the status that it has, in words, and which missing test would change it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from neurohlh.clinical.cns_definitions import DEFAULT, DOMAINS, CnsDefinition
from neurohlh.clinical.cns_status import GATE, checked, domain_key, prepare, status_key, with_domains, with_status
from neurohlh.clinical.cns_time import FIRST
from neurohlh.clinical.finding_words import Pieces, Seen, fluid_pieces, image_pieces, symptom_pieces
from neurohlh.clinical.kleene import INDETERMINATE, MET, NOT_MET
from neurohlh.clinical.observe import Columns
from neurohlh.clinical.open_questions import isolated_words, open_words

LONG_COLUMNS = (
    "patient_id", "definition", "status", "symptoms", "csf", "imaging", "tested_domains", "date_cns_first", "timing",
    "evidence",
)  # fmt: skip
_NAMES = {"symptoms": "symptoms", "csf": "CSF", "imaging": "MRI", "eeg": "EEG"}
_POSITIVE, _NEGATIVE, _UNTESTED, _UNDECIDED = 0, 1, 2, 3
"""The states of a domain; from `_UNDECIDED` on, one per reason for being undecided."""
_PIECES: dict[str, Callable[[Seen], np.ndarray]] = {
    "symptoms": symptom_pieces,
    "csf": fluid_pieces,
    "imaging": image_pieces,
}


def cns_long(
    frame: Any,
    definitions: Sequence[str] = (DEFAULT,),
    *,
    hlh: str | None = None,
    window_days: tuple[int, int] = (-14, 14),
) -> pd.DataFrame:
    """One row per patient and definition: status, domains, date, timing and the evidence in words.

    Parameters are those of `classify_cns`; `frame` must have `patient_id`. Columns: `LONG_COLUMNS`; `definition` is
    the name as study.toml writes it. Rows stand in the order of the definitions, within it in the order of the frame.
    Raises InputError for an unknown definition or `hlh` column.
    """
    whole = nw.from_native(frame).lazy().collect("pandas")
    asked = [checked(name, hlh, whole.schema) for name in dict.fromkeys(definitions)]
    reader = _Reader(*prepare(whole, hlh, window_days))
    done: dict[Any, dict[str, np.ndarray]] = {}
    for d in asked:
        if status_key(d) not in done:
            done[status_key(d)] = _one(reader, d, hlh, window_days)
    parts = [done[status_key(d)] | {"definition": np.full(len(reader.work), d.name, dtype=object)} for d in asked]
    columns: dict[str, Any] = {c: np.concatenate([part[c] for part in parts]) if parts else [] for c in LONG_COLUMNS}
    return pd.DataFrame(columns)


@dataclass(frozen=True)
class _Domain:
    """The state of one domain for every patient and the words for the undecided ones."""

    name: str
    state: np.ndarray
    reasons: tuple[str, ...]


@dataclass
class _Reader:
    """Domains and words that several definitions share are worked out once."""

    work: Any
    columns: Columns
    domains: dict[Any, Any] = field(default_factory=dict)
    words: dict[Any, np.ndarray] = field(default_factory=dict)
    states: dict[Any, _Domain] = field(default_factory=dict)

    def with_domains(self, d: CnsDefinition) -> Any:
        key = domain_key(d)
        if key not in self.domains:
            self.domains[key] = with_domains(self.work, self.columns, d)
        return self.domains[key]

    def found(self, seen: Seen, domain: str) -> np.ndarray:
        """What was found in a domain, for the patients in whom it is abnormal ('' for the others)."""
        d = seen.definition
        key = (domain, domain_key(d), "" if d.csf.by_age else d.name)
        if key not in self.words:
            abnormal = seen.work[f"_{domain}_true"].to_numpy(dtype=bool)
            self.words[key] = np.full(len(abnormal), "", dtype=object)
            self.words[key][abnormal] = _PIECES[domain](Seen(seen.work[abnormal], seen.columns, d))
        return self.words[key]

    def state(self, seen: Seen, domain: str) -> _Domain:
        """Whether a domain is positive, negative, not tested or undecided, and why."""
        key = (domain, domain_key(seen.definition))
        if key not in self.states:
            self.states[key] = _domain(seen, domain)
        return self.states[key]


def _one(reader: _Reader, d: CnsDefinition, hlh: str | None, window_days: tuple[int, int]) -> dict[str, np.ndarray]:
    work = with_status(reader.with_domains(d), reader.columns, d, hlh, window_days)
    seen = Seen(work.to_native().reset_index(drop=True), reader.columns, d)
    shown = seen.work
    met = (shown["cns_status"] == MET).to_numpy(dtype=bool)
    first = pd.to_datetime(shown[FIRST]).to_numpy(dtype="datetime64[s]")
    words = {"status": "cns_status", **{x: f"cns_{x}" for x in DOMAINS}, "timing": "cns_timing"}
    return {
        "patient_id": shown["patient_id"].to_numpy(dtype=object),
        **{name: shown[column].to_numpy(dtype=object) for name, column in words.items()},
        "tested_domains": shown["cns_tested_domains"].to_numpy(dtype=np.int64),
        "date_cns_first": np.where(met, first, np.datetime64("NaT")),
        "evidence": _evidence(reader, seen, hlh),
    }


def _evidence(reader: _Reader, seen: Seen, hlh: str | None) -> np.ndarray:
    d, words = seen.definition, Pieces(len(seen.work))
    open_ = ~seen.work["_closed"].to_numpy(dtype=bool)
    for domain in d.domains:
        if domain in _PIECES:
            found = reader.found(seen, domain)
            rows = open_ & (found != "")
            words.add(rows, found[rows])
        elif "_eeg_true" in seen.work:
            words.add(seen.work["_eeg_true"].to_numpy(dtype=bool) & open_, "EEG abnormal")
    if d.rule in ("any_of", "all_of", "at_least") and d.pathology:
        words.add(seen.work["_extra_true"].to_numpy(dtype=bool) & open_, "CNS pathology positive")
    words.add(~open_, "no HLH by the criteria of the study")
    codes, verdicts = _verdicts(reader, seen)
    said = verdicts[codes]
    rows = open_ & (said != "")
    words.add(rows, said[rows])
    if d.rule == "isolated_cns":
        parts = isolated_words(seen, seen.columns.no(hlh or GATE))
        words.add(parts != "", parts[parts != ""], ": ")
    return words.text


def _verdicts(reader: _Reader, seen: Seen) -> tuple[np.ndarray, np.ndarray]:
    """A code per patient and, by code, the sentence that follows what was found."""
    d, status = seen.definition, seen.work["cns_status"].to_numpy(dtype=object)
    domains = [reader.state(seen, x) for x in d.domains if f"_{x}_true" in seen.work]
    combined = pd.factorize(status)[0].astype(np.int64)
    for domain in domains:
        # Numbered anew each time, so that the product stays small.
        combined = np.unique(combined * (_UNDECIDED + len(domain.reasons)) + domain.state, return_inverse=True)[1]
    _, first, codes = np.unique(combined, return_index=True, return_inverse=True)
    sentences = [_sentence(d, status[row], [(x, int(x.state[row])) for x in domains]) for row in first]
    return codes, np.array([*sentences, ""], dtype=object)


def _domain(seen: Seen, name: str) -> _Domain:
    true, false = (seen.work[f"_{name}_{w}"].to_numpy(dtype=bool) for w in ("true", "false"))
    tested = seen.work[f"_{name}_tested"].to_numpy(dtype=bool) if name in DOMAINS else true | false
    state = np.full(len(true), _UNTESTED, dtype=np.int64)
    state[false] = _NEGATIVE
    state[true] = _POSITIVE
    open_ = tested & ~true & ~false
    codes, reasons = pd.factorize(open_words(Seen(seen.work[open_], seen.columns, seen.definition), name), sort=True)
    state[open_] = _UNDECIDED + codes
    return _Domain(name, state, tuple(reasons))


def _sentence(d: CnsDefinition, status: str, states: list[tuple[_Domain, int]]) -> str:
    """What was negative, what was not tested, and what a missing test would change."""
    if d.rule == "recorded":
        return (
            f"{status} as recorded by the hospital" if status != INDETERMINATE else "nothing recorded by the hospital"
        )
    if d.rule == "isolated_cns":
        return f"isolated onset {status.replace('_', ' ')} by the rule of {d.name}"
    negative = [_NAMES[x.name] for x, s in states if s == _NEGATIVE]
    untested = [x.name for x, s in states if s == _UNTESTED]
    undecided = [f"{_NAMES[x.name]} ({x.reasons[s - _UNDECIDED]})" for x, s in states if s >= _UNDECIDED]
    pieces = []
    if status == NOT_MET and negative:
        pieces.append("negative: " + ", ".join(negative))
    as_negative = [_NAMES[x] for x in untested if d.not_tested.get(x) == "negative"]
    plain = [_NAMES[x] for x in untested if d.not_tested.get(x) != "negative"]
    if status != MET:
        pieces += ["not tested: " + ", ".join(plain)] if plain else []
        pieces += ["not tested and read as negative: " + ", ".join(as_negative)] if as_negative else []
        pieces += ["undecided: " + ", ".join(undecided)] if undecided else []
    if status == "not_applicable":
        pieces.append("left out by the definition")
    if status == INDETERMINATE:
        pieces.append(_what_would_change(d, states, len(plain) + len(undecided)))
    return "; ".join(p for p in pieces if p)


def _what_would_change(d: CnsDefinition, states: list[tuple[_Domain, int]], open_: int) -> str:
    found = sum(s == _POSITIVE for _, s in states)
    asked = {"any_of": 1, "all_of": len(states), "at_least": d.k}[d.rule]
    needed = asked - found
    if open_ == 0:
        return "no domain of the definition has a column"
    if needed <= 0:
        return "the definition needs that test"
    if open_ == 1:
        return "an abnormal result would make it met, a normal one not_met"
    if needed == 1:
        return f"an abnormal result of {'either' if open_ == 2 else 'any of them'} would make it met"
    everyone = "both" if open_ == 2 else "all"
    which = everyone if needed == open_ else f"{needed} of them"
    return f"abnormal results of {which} would make it met"
