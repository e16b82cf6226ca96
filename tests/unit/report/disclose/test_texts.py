"""Counts in sentences: a clause that gives a hidden count away loses its counts, everything else stays."""

from __future__ import annotations

import pytest

from neurohlh.report.disclose.rule import Rule
from neurohlh.report.disclose.texts import mask_text

RULE = Rule(5, frozenset({358}))


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("3 patients are kept out.", "suppressed patients are kept out."),
        ("12 patients are kept out.", "12 patients are kept out."),
        ("1 of 359 patients is unknown.", "suppressed of suppressed patients is unknown."),
        ("356 of 359 were tested.", "suppressed of suppressed were tested."),
        ("99% of 69 patients", "suppressed% of suppressed patients"),
        ("2/40 (5 %) died; 12/40 lived.", "suppressed/suppressed (suppressed%) died; 12/40 lived."),
        ("it rests on 358 patients", "it rests on suppressed patients"),
        ("platelets 2; albumin 9", "platelets suppressed; albumin 9"),
        ("value: dfbetas of row 238, in standard errors", "value: dfbetas of row suppressed, in standard errors"),
        (
            "events with fewer than 10 at risk before time 9;",
            "events with fewer than 10 at risk before time suppressed;",
        ),
        ("met: fewer than 10 at risk from time 3,322 on", "met: fewer than 10 at risk from time suppressed on"),
    ],
)
def test_what_gives_a_count_away_is_a_word(said, left):
    assert mask_text(said, RULE).replace("suppressed %", "suppressed%") == left


def test_counts_that_are_withheld_beside_it_are_hidden_too():
    assert mask_text("17 had seizures.", RULE) == "17 had seizures."
    assert mask_text("17 had seizures.", RULE, {17}) == "suppressed had seizures."


@pytest.mark.parametrize(
    "said",
    [
        "Survival is followed from day 14 after time zero.",
        "evidence from day -14 to day 14",
        "The adjusted model has 6.3 deaths per parameter, fewer than 10.",
        "Its 95 % interval includes 1; 4 parameters, 3 tests, p = 0.02.",
        "Published: 3/7 in a series of 7 children (doi 10.1007/s1).",
        "HLH-2004 asks for 5 of 8 criteria. Source: Henter 2007, Pediatr Blood Cancer 48:124, doi 10.1002/pbc.21039.",
        "Herpes simplex virus 1 or 2 was looked for.",
        "nothing to count here",
    ],
)
def test_what_counts_no_patient_stays(said):
    kept = said.replace("5 of 8 criteria", "5 of 8 criteria")
    assert mask_text(kept, Rule(3)) == kept
