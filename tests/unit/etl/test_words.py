"""The vocabulary: each word in one group, every category word a code of the codebook."""

import tomllib

import pytest

from neurohlh.etl.codebook import CATALOGUE, codebook
from neurohlh.etl.words import code_of, denies, folded, near_code, said, words

RAW = tomllib.loads((CATALOGUE / "words.toml").read_text(encoding="utf-8"))


def test_no_word_stands_in_two_groups_of_one_kind():
    for kind, skip in (("state", ()), ("answer", ("not_given",)), ("result", ())):
        seen: dict[str, str] = {}
        for group, written in RAW[kind].items():
            if group in skip:
                continue
            for word in written:
                assert seen.setdefault(folded(word), group) == group, (kind, word)


def test_no_word_is_both_an_answer_and_a_state():
    answers = {w for ws in (words().answer, words().result) for w in ws}
    assert not answers & set(words().state)


@pytest.mark.parametrize("variable", list(RAW["category"]))
def test_category_words_lead_to_codes_of_the_codebook_and_to_one_only(variable):
    assert set(RAW["category"][variable]) <= set(codebook()[variable].codes)
    seen: dict[str, str] = {}
    for code, written in RAW["category"][variable].items():
        for word in written:
            assert seen.setdefault(folded(word), code) == code, word


def test_every_variable_with_words_of_its_own_exists():
    assert set(RAW["own"]) | set(RAW["doubt"]) | set(RAW["question"]["done"]) | set(RAW["question"]["given"]) <= {
        v.name for v in codebook()
    }


@pytest.mark.parametrize(
    ("text", "key", "footnote"),
    [
        ("Yes", "yes", ""),
        ("Yes*", "yes", "footnote_mark"),
        ("yes (severe)", "yes", "footnote"),
        ("阳性(+)", "阳性", ""),
        ("（＋）", "+", ""),
        ("++", "+", ""),
        ("2+", "+", ""),
        ("有(?)", "?", ""),
        ("yes?", "?", ""),
        ("无。", "无", ""),
    ],
)
def test_said(text, key, footnote):
    assert (said(text).key, said(text).footnote) == (key, footnote)


def test_a_denial_counts_for_its_own_finding_only():
    bleeding = codebook()["hemorrhage"]
    assert denies("未见出血", bleeding)
    assert not denies("未见出血及异常强化", bleeding)
    assert not denies("无抽搐", bleeding)


def test_codes_are_found_by_code_meaning_and_word():
    assert code_of("hlh 2004", codebook()["regimen_initial"]) == "HLH-2004"
    assert code_of("censored", codebook()["cr_event"]) == "0"
    assert code_of("复合杂合", codebook()["zygosity"]) == "compound_het"
    assert code_of("something", codebook()["zygosity"]) is None


def test_the_closest_code_is_named():
    assert near_code("homozygus", codebook()["zygosity"]) == "The closest is 'homozygous'."
