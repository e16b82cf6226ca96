"""The words for variables, levels and terms: what the study handed in, and plain English where it did not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from neurohlh.core.findings import Findings
from neurohlh.core.result import Result
from neurohlh.report.language import ENGLISH, Language

EXPOSURE_WORDS = {
    "met": "CNS involvement",
    "not_met": "No CNS involvement",
    "indeterminate": "CNS status undecided",
    "not_applicable": "Not applicable",
    "overall": "All patients",
    "missing": "CNS status missing",
    "true": "CNS involvement",
    "false": "No CNS involvement",
    "unknown": "CNS status unknown",
}
_DEATH_WORDS = {"true": "Died", "false": "Survived", "unknown": "Not known", "1": "Died", "0": "Survived"}
_PLAIN_WORDS = {
    "met": "Met",
    "not_met": "Not met",
    "indeterminate": "Undecided",
    "not_applicable": "Not applicable",
    "overall": "All patients",
    "missing": "Missing",
    "true": "Yes",
    "false": "No",
    "unknown": "Not known",
    "M": "Male",
    "F": "Female",
}
_ABBREVIATIONS = {"ebv", "cmv", "hiv", "mas", "hlh", "hsct", "cns", "csf", "mri", "ct", "eeg", "icu", "nk"}
_TRANSFORM = re.compile(r"(log2|log10|log|sqrt)\((\w+)\)")
_LEVELLED = re.compile(r"(\w+)(?:\[(?:T\.)?|: ?|=)([^\]]+)\]?")
# Only names that no sentence would hold by chance: those with an underscore.
_NAME = re.compile(r"\b[a-z][a-z0-9]*_[a-z0-9_]+\b")
_TRANSFORM_WORDS = {"log2": "per doubling", "log10": "per tenfold", "log": "per e-fold", "sqrt": "square root"}


@dataclass(frozen=True)
class Names:
    """Labels, units and level words of one study, and the language they are said in."""

    labels: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    exposure: str = "cns"
    language: Language = ENGLISH

    @classmethod
    def of(cls, findings: Findings, language: Language = ENGLISH) -> Names:
        """The names that a study handed to its report."""
        return cls(findings.labels, findings.units, findings.level_labels, findings.exposure, language)

    def say(self, text: str) -> str:
        """An English text in the language of the report."""
        return self.language.say(text)

    def with_result(self, result: Result) -> Names:
        """The same, completed by what the result itself carries."""
        labels = {**result.method.get("labels", {}), **self.labels}
        units = {**result.method.get("units", {}), **self.units}
        return replace(self, labels=labels, units=units)

    def label(self, variable: str) -> str:
        """The variable in words."""
        return _capital(self.labels.get(variable) or _level_words(variable))

    def with_unit(self, variable: str) -> str:
        """The variable and its unit: 'Platelets, 10^9/L'."""
        unit = self.units.get(variable, "")
        return f"{self.label(variable)}, {pretty_unit(unit)}" if unit else self.label(variable)

    def level(self, variable: str, level: str) -> str:
        """A level of a variable in words."""
        own = self.levels.get(variable, {})
        if level in own:
            return own[level]
        if variable == self.exposure or variable.startswith("cns"):
            return EXPOSURE_WORDS.get(level, level)
        if variable.startswith("death") or variable in ("died", "os"):
            return _DEATH_WORDS.get(level, _PLAIN_WORDS.get(level, level))
        return _PLAIN_WORDS.get(level) or _level_words(level)

    def group(self, group: str, variable: str = "") -> str:
        """A group of a comparison in words; groups are levels of the exposure unless another variable is named."""
        return self.level(variable or self.exposure, group)

    def group_words(self, group: str) -> str:
        """A group as a result names it: the level of the exposure that it is, or words that are words already."""
        return self.group(group) if group in EXPOSURE_WORDS or group in self.levels.get(self.exposure, {}) else group

    def contrast(self, text: str) -> str:
        """A contrast of groups ('met vs not_met') in words."""
        return " vs ".join(self.group_words(side) for side in text.split(" vs ")) if " vs " in text else text

    def term(self, term: str, variable: str) -> str:
        """A model term in words: 'Ferritin, µg/L (per doubling)', 'Age, years (per 1)'."""
        found = _TRANSFORM.fullmatch(term.replace(" ", ""))
        if found:
            return f"{self.label(found[2])} ({_TRANSFORM_WORDS[found[1]]})"
        unit = self.units.get(variable, "")
        per = f"per {pretty_unit(unit)}" if unit else "per unit"
        return f"{self.label(variable or term)} ({per.replace('per years', 'per year').replace('per days', 'per day')})"

    def prose(self, text: str) -> str:
        """A sentence of a result with its variables' names put into words ('bilirubin_total': 'total bilirubin')."""
        return _NAME.sub(lambda m: small(self.labels[m[0]]) if self.labels.get(m[0]) else m[0].replace("_", " "), text)

    def note(self, text: str) -> str:
        """A note of a result, whose first word may be the group that it speaks of ('not_met: fewer than 10 …')."""
        group, colon, rest = text.partition(": ")
        words = self.group_words(group) if colon else group
        return self.prose(text) if words == group else f"{words}: {self.prose(rest)}"

    def check_term(self, text: str) -> str:
        """A term as a model's diagnostics spell it ('age_years', 'cns[T.met]', 'cns: met') in words."""
        found = _LEVELLED.fullmatch(text)
        if found:
            return f"{self.label(found[1])}: {self.level(found[1], found[2])}"
        return self.term(text, text) if _TRANSFORM.fullmatch(text) else self.label(text)


def _level_words(level: str) -> str:
    words = [word.upper() if word in _ABBREVIATIONS else word for word in level.replace("_", " ").split(" ")]
    return _capital(" ".join(words))


def small(text: str) -> str:
    """A label inside a sentence: 'Age' becomes 'age', while an abbreviation keeps its capitals ('EBV status')."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def pretty_unit(unit: str) -> str:
    """A unit as it is printed: exponents raised, micro as µ."""
    text = re.sub(r"\^(-?\d+)", lambda m: m[1].translate(_RAISED), unit)
    return re.sub(r"\bu(?=(g|mol|L|l)\b)", "µ", re.sub(r"\bdeg(?=[CF]\b)", "°", text))


_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
