"""The methods section, written from what each Result recorded about itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from neurohlh.core import format as fmt
from neurohlh.core.findings import Findings
from neurohlh.core.result import Result
from neurohlh.report.names import Names

_TITLES = {
    "completeness": "Completeness",
    "table1": "Description by CNS status",
    "frequency": "Frequency of CNS involvement",
    "testing": "Testing by outcome",
    "kaplan_meier": "Survival curves",
    "kaplan_meier_reverse": "Follow-up",
    "reverse_kaplan_meier": "Follow-up",
    "logrank": "Comparison of curves",
    "cox": "Hazard models",
    "cox_bounds": "Bounds of the hazard ratio",
    "two_by_two": "Two-by-two table",
    "rmst": "Restricted mean survival time",
}
# Key of a method record -> how it is said; keys not listed here are said as 'key: value'.
_SAID = {
    "estimator": "{}",
    "test": "{}",
    "model": "{}",
    "statistic": "statistic: {}",
    "interval": "{} intervals",
    "conf_level": "confidence level {}",
    "denominator": "denominator: {}",
    "variance": "variance: {}",
    "ties": "ties: {}",
    "strata": "stratified by {}",
    "entry": "delayed entry from {}",
    "median": "median: {}",
    "smd": "standardised mean difference: {}",
    "quantiles": "quantiles: {}",
    "correction": "correction: {}",
    "ph_test": "proportional hazards: {}",
    "sparse_below": "curves thin below {} at risk",
    "landmark": "landmark: {}",
    "reference_levels": "reference levels: {}",
    "covariates": "covariates: {}",
}
_UNSAID = {
    "labels",
    "units",
    "types",
    "groups",
    "risk_table",
    "distribution",
    "default_strategies",
    "ticks",
    "software",
    "reference",
    "tests",
    "times",
    "by",
    "contrast",
    "exposure",
    "title",
    "part",
    "plan",
    "picture",
    "heads",
}


def method_items(findings: Findings, *, of_parts: bool) -> tuple[tuple[str, str], ...]:
    """(analysis, what was done) pairs, one per Result, in the order of the report.

    `of_parts` asks for the results of the parts of the plan, else for the first results of every study.
    """
    names = Names.of(findings)
    told = {
        k: r
        for k, r in findings.results.items()
        if r.method and bool(r.method.get("part")) is of_parts and not (findings.case_series and k == "frequency")
    }
    return tuple((_title(key, result), in_words(result, names)) for key, result in told.items())


def in_words(result: Result, names: Names | None = None) -> str:
    """A Result's recipe in one paragraph: what was done first, its sources last."""
    names = (names or Names()).with_result(result)
    method = _named(result, names)
    ordered = [*(k for k in _SAID if k in method), *(k for k in method if k not in _SAID)]
    said = [text for key in ordered if (text := _say(key, method[key]))]
    body = "; ".join(said)
    software = result.method.get("software")
    sentences = [f"{body[:1].upper()}{body[1:]}."] if body else []
    sentences += [f"{names.prose(text)}." for text in _patients(result)]
    if software:
        sentences.append(f"Software: {_plain(software)}.")
    sources = result.method.get("reference")
    if sources:
        sentences.append(f"Source: {_plain(sources)}.")
    return " ".join(sentences)


def _named(result: Result, names: Names) -> dict[str, Any]:
    method = dict(result.method)
    if isinstance(method.get("covariates"), (list, tuple)):
        method["covariates"] = ", ".join(names.check_term(str(c)) for c in method["covariates"])
    if isinstance(method.get("reference_levels"), Mapping):
        chosen = method["reference_levels"].items()
        method["reference_levels"] = ", ".join(f"{names.label(v)}: {names.level(v, str(at))}" for v, at in chosen)
    return method


def _title(key: str, result: Result) -> str:
    if result.method.get("title"):
        return str(result.method["title"])
    title = _TITLES.get(result.kind, result.kind.replace("_", " ").capitalize())
    return title if key == result.kind or key in _TITLES or key == "followup" else f"{title}: {key.replace('_', ' ')}"


def _say(key: str, value: Any) -> str:
    if key in _UNSAID or value is None or value == "" or value == [] or value == {} or value is False:
        return ""
    if key == "conf_level":
        return _SAID[key].format(fmt.percent(float(value), 0))
    return _SAID.get(key, f"{key.replace('_', ' ')}: {{}}").format(_plain(value))


def _patients(result: Result) -> Iterator[str]:
    counts = result.counts
    supplied, used = counts.get("supplied"), counts.get("used")
    if supplied is None or used is None:
        return
    events = counts.get("events")
    deaths = f", {fmt.integer(events)} deaths" if isinstance(events, (int, float)) else ""
    yield f"{fmt.integer(used)} of {fmt.integer(supplied)} {counts.get('unit', 'patients')} used{deaths}"
    dropped = {str(k): v for k, v in dict(counts.get("dropped") or {}).items() if v}
    if dropped:
        yield "Left out: " + "; ".join(f"{reason} ({fmt.integer(n)})" for reason, n in dropped.items())


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{str(k).replace('_', ' ')} {_aside(_plain(v))}" for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return "; ".join(_plain(v) for v in value)
    if isinstance(value, float):
        return fmt.significant(value, 4)
    return str(value).rstrip(".")


def _aside(text: str) -> str:
    """In brackets where the text has commas of its own, which would run into those between the entries."""
    return f"({text})" if ", " in text or "; " in text else text
