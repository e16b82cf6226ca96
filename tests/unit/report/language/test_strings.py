"""The catalogue of strings: complete for every text of the package, and each of its rows sound."""

import collect_strings
import pytest
import reader_texts
from collect_strings import Line

from neurohlh.report.language.book import load_book


def test_every_text_of_the_package_has_its_chinese():
    missing = [f"{line.where}: {line.en}" for line in collect_strings.missing()]
    assert not missing, "without Chinese in catalogue/strings.csv (tools/collect_strings.py --append adds the rows)"


def test_no_row_is_left_over():
    assert not [line.en for line in collect_strings.stale()]


def test_every_row_keeps_its_holes_and_numbers_and_leaves_no_english():
    wrong = {line.en: list(collect_strings.faults(line)) for line in collect_strings.read(collect_strings.STRINGS)}
    assert not {text: found for text, found in wrong.items() if found}


def test_the_catalogue_is_large_enough_to_be_the_real_one():
    assert len(load_book("zh").exact) > 3000


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (Line("{0} of {1} patients", "{0} 例"), "holes"),
        (Line("within 30 days", "3 天内"), "numbers"),
        (Line("not tested", " "), "no Chinese"),
        (Line("not tested", "not 检查"), "English"),
        (Line("not tested: unknown", "未检查:未知"), "half-width"),
        (Line("see {ref:table-cox}", "见表"), "holes"),
    ],
)
def test_a_faulty_row_is_found(line, fault):
    assert any(fault in found for found in collect_strings.faults(line))


def test_a_sound_row_has_no_fault():
    assert not list(collect_strings.faults(Line("{0} of {1} patients, 95 %", "{1} 例患者中的 {0} 例，95 %")))
    assert not list(collect_strings.faults(Line("set it in study.toml", "在 study.toml 中设置")))
    assert not list(collect_strings.faults(Line("by the rule any_of of X", "按X的规则 any_of", note="keep: X")))


SOURCE = '''
"""A module."""
import re
_KEY = "os_days"
_PATTERN = re.compile(r"a pattern of words")
_WORDS = {"met": "Involved", "not_met": "involved nowhere"}
CALLED = "p_value"

def shown(frame, n, deaths, more):
    """What it does, for developers."""
    if frame["a column name"] == "a value compared":
        raise InputError("the table is empty", do=f"Give {n} rows{', more' if more else ''}.")
    if n < 0:
        raise ValueError("a fault of the caller")
    text = f"{n} of the patients died"
    text += " and " + str(deaths) + " deaths were early"
    return frame.get("a key looked up"), "{level} intervals".format(level=n), text
'''


def test_reader_texts_are_told_from_what_the_machine_reads():
    found = {text.en for text in reader_texts.module_texts(SOURCE, "a.py")}
    assert found == {
        "Involved",
        "involved nowhere",
        "the table is empty",
        "Give {0} rows.",
        "Give {0} rows, more.",
        "{0} of the patients died",
        "and {0} deaths were early",
        "{0} intervals",
    }


def test_a_text_is_found_with_its_place():
    found = {text.en: text.where for text in reader_texts.module_texts(SOURCE, "study/a.py")}
    assert found["the table is empty"] == "study/a.py:12"


def test_texts_of_page_templates_are_found():
    page = '<h2>{{ view.say("Contents") }}</h2>\n<p>{{ view.say("Show all {n} rows") }}</p>'
    assert [(t.en, t.where) for t in reader_texts.page_texts(page, "p.jinja")] == [
        ("Contents", "p.jinja:1"),
        ("Show all {0} rows", "p.jinja:2"),
    ]
