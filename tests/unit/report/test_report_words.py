"""Sentences say what the Results say: no more than the interval, and what weakens it."""

import dataclasses

import pytest

from neurohlh.core.format import THIN
from neurohlh.core.result import Result
from neurohlh.report import words
from neurohlh.report.methods import in_words
from neurohlh.report.sections.summary import summary


def with_adjusted(findings, low, high, estimate=1.5):
    cox = findings.results["cox"]
    tidy = cox.tidy.copy()
    at = (tidy["analysis"] == "cox_adjusted") & (tidy["level"] == "met") & (tidy["variable"] == "cns")
    tidy.loc[at, ["estimate", "conf_low", "conf_high"]] = [estimate, low, high]
    return dataclasses.replace(findings, results={**findings.results, "cox": cox.with_(tidy=tidy)})


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(1.2, 3.0, "died at a higher rate"), (0.3, 0.9, "died at a lower rate"), (0.8, 3.0, "do not settle it")],
)
def test_the_verdict_follows_the_interval(findings, low, high, said):
    assert said in words.verdict(with_adjusted(findings, low, high))


def test_the_verdict_falls_back_on_the_crude_ratio_and_says_so(findings):
    said = words.verdict(with_adjusted(findings, None, None, estimate=None))
    assert "crude hazard ratio 2.29 (1.15–4.55)" in said


def test_without_survival_nothing_is_claimed(published, findings):
    assert "neither a frequency nor survival" in words.verdict(published)
    bare = dataclasses.replace(findings, results={})
    assert "no follow-up" in words.verdict(bare)


def test_frequency_names_its_denominator_and_both_bounds(findings):
    said = words.frequency(findings)
    assert f"132/273 (48.4{THIN}%) of the patients whose status is known" in said
    assert "89 patients could not be decided" in said
    assert f"between 36.5{THIN}% (none of them involved) and 61.0{THIN}% (all of them)" in said


def test_survival_is_quoted_where_ten_are_at_risk_in_both_groups(findings):
    tidy = findings.results["kaplan_meier"].tidy.copy()
    late = (tidy["time"] == 1095.75) & (tidy["group"] == "met")
    tidy.loc[late, "n"] = 9
    result = findings.results["kaplan_meier"].with_(tidy=tidy)
    pair = words.survival_pair(result)
    assert [row["time"] for row in pair] == [365.25, 365.25]
    assert [row["group"] for row in pair] == ["met", "not_met"]


def test_hazard_names_what_it_is_adjusted_for(findings):
    assert "adjusted for age, ferritin and trigger" in words.hazard(findings)


def test_doubts_come_from_the_checks(findings):
    doubts = " ".join(words.doubts(findings))
    assert "9.5 deaths per parameter, fewer than 10" in doubts
    assert "effect of CNS involvement itself seems to change with time (p = 0.023)" in doubts
    assert f"221/251 (88.0{THIN}%) of the patients. Left out: missing age (30)." in doubts
    assert f"Lumbar puncture: tested less often in patients who died (difference 7.9{THIN}%)" in doubts
    assert "MRI" not in doubts  # its interval includes no difference


def test_sound_checks_raise_no_doubt(findings):
    cox = findings.results["cox"]
    sound = cox.with_(checks=cox.checks.assign(verdict="ok"), counts={"supplied": 251, "used": 251})
    calm = dataclasses.replace(findings, results={"cox": sound}, cautions=())
    assert words.doubts(calm) == ()
    assert [b.block for b in summary(calm).blocks].count("callout") == 0


def test_methods_are_written_from_the_record(cox):
    said = in_words(cox)
    assert said.startswith("Cox proportional hazards")
    assert "ties: Efron" in said
    assert "reference levels: CNS: No CNS involvement" in said
    assert "221 of 251 patients used, 57 deaths" in said
    assert "missing age years (30)" in said
    assert "Source: Wilson 1927." in said


def test_a_method_key_without_a_phrase_is_still_said():
    result = Result("frequency", Result("frequency", _empty()).tidy, method={"new_choice": "something", "labels": {}})
    assert in_words(result) == "New choice: something."


def _empty():
    from neurohlh.core.result import tidy_frame

    return tidy_frame([])


def test_key_figures_carry_their_interval_or_denominator(findings):
    blocks = [b for b in summary(findings).blocks if b.block == "key_figures"]
    figures = {f.label: f for b in blocks for f in b.items}
    assert figures["CNS involvement"].detail == "132/273 with known status"
    assert figures["CNS involvement"].doubt == f"bounds 36.5–61.0{THIN}%"
    assert figures["Hazard ratio, adjusted"].value == "1.73"
    assert figures["CNS status undecided"].value == "89"
    assert all(f.detail for f in figures.values())


def test_deaths_in_one_group_only_are_an_answer_that_is_missing_not_a_missing_follow_up(findings):
    reason = "no events in the reference level (the hazard ratio runs to infinity)"
    tidy = findings.results["cox"].tidy.copy()
    exposed = (tidy["variable"] == findings.exposure) & ~tidy["is_reference"]
    tidy.loc[exposed, ["estimate", "conf_low", "conf_high"]] = None
    tidy.loc[exposed, "note"] = f"not estimable: {reason}"
    bare = dataclasses.replace(findings, results={**findings.results, "cox": findings.results["cox"].with_(tidy=tidy)})
    assert (
        words.verdict(bare) == "These data cannot answer it: the hazard ratio of CNS involvement cannot be estimated."
    )
    assert words.hazard(bare) == f"The hazard ratio of CNS involvement cannot be estimated: {reason}."
    without = dataclasses.replace(bare, results={"kaplan_meier": findings.results["kaplan_meier"]})
    assert "not hold enough patients both with and without" in words.verdict(without)
    assert "no follow-up" in words.verdict(dataclasses.replace(bare, results={}))


def test_limits_that_do_not_exist_are_said_not_to_be_estimable(findings):
    tidy = findings.results["kaplan_meier"].tidy.copy()
    tidy[["conf_low", "conf_high"]] = None
    km = findings.results["kaplan_meier"].with_(tidy=tidy)
    said = words.survival(dataclasses.replace(findings, results={"kaplan_meier": km}))
    assert said.count(f"(95{THIN}% interval not estimable)") == 2
