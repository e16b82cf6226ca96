"""What stays as it is in every language."""

import pytest

from neurohlh.report.language.neutral import is_citation, needs_words


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2.29 (1.15–4.55)",
        "p = 0.031",
        "HLH-2004",
        "10⁹/L",
        "µg/L",
        "cns_group_horne",
        "hospital_A_SYNTHETIC.xlsx",
        "'The hospital's own words'",
        "--out",
        "study.seed",
        "word:dead",
        "date:ymd; date:time_dropped",
        "Kaplan-Meier",
        "脑脊液 / CSF",
        "Wilson 1927, J Am Stat Assoc 22:209",
        "Zoref-Lorenz 2022, Blood 139:1098, doi 10.1182/blood.2021012764",
        "DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837",
    ],
)
def test_it_stays(text):
    assert not needs_words(text)


@pytest.mark.parametrize(
    "text",
    [
        "days",
        "0.01 to 0.03",
        "Ma 2024 odds ratios 9.64 (3.39-27.43) for restricted diffusion",
        "Mao 2022 children with HLH, China",
        "not HLH",
        "{0} patients",
        "Pan 2020 is the rule",
        "脑脊液 not tested",
    ],
)
def test_it_has_to_be_said(text):
    assert needs_words(text)


def test_a_reference_is_told_from_a_sentence_with_a_year():
    assert is_citation("Henter 2007, Pediatr Blood Cancer 48:124, doi 10.1002/pbc.21039")
    assert not is_citation("Horne 2008 counts the patients of 1995: those are not these 12:3")
    assert not is_citation("no author")
