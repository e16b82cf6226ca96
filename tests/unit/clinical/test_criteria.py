"""Definitions: what the catalogue holds, and what a user's file may not say."""

import pytest

from neurohlh.clinical.criteria import criteria_sets, load, load_definition, parse
from neurohlh.clinical.definition import STATUSES, Comparison
from neurohlh.core.errors import InputError

GOOD = '[items.x]\nvariable = "ferritin"\ncomparator = ">="\nthreshold = 500\nunit = "ug/L"\n'


@pytest.mark.parametrize("name", ["hlh2004", "HLH-2004", "hlh-2004", "Hlh 2004", "HLH_2004"])
def test_a_name_in_any_spelling(name):
    assert load(name).name == "HLH-2004"


def test_an_unknown_name_gets_the_closest():
    with pytest.raises(InputError) as error:
        load("hlh2005")
    assert "hlh2004" in str(error.value)


def test_the_catalogue():
    names = {load(key).name for key in criteria_sets()}
    assert {"HLH-2004", "HLH-2024", "HScore", "MAS-2016", "OHI", "MH-score", "ICU-adult", "Molecular"} <= names
    assert "triggers" not in criteria_sets()


@pytest.mark.parametrize("key", [*criteria_sets(), "triggers"])
def test_every_threshold_has_a_source_and_a_status(key):
    definition = load(key)
    for item in definition.items.values():
        assert item.source, item.name
        assert item.status in STATUSES, item.name
        assert item.words(), item.name


def test_hlh_2024_keeps_its_caveat_and_its_status():
    definition = load("hlh2024")
    assert definition.status == "FROM MEMORY"
    assert "from memory" in definition.caveat
    assert "extrapolation" in definition.caveat
    assert "6_nk_activity" not in definition.items


def test_hlh_2024_thresholds_are_those_of_hlh_2004():
    old, new = load("hlh2004").items, load("hlh2024").items
    shared = [name for name in new if name in old]
    assert len(shared) >= 18
    assert all(old[name].test == new[name].test for name in shared)


def test_a_users_definition(tmp_path):
    path = tmp_path / "my_rule.toml"
    path.write_text(GOOD + '[items.y]\nset = "hlh2004"\n[rule]\nall_of = ["x", "y"]', encoding="utf-8")
    definition = load_definition(path)
    assert (definition.key, definition.items["x"].status) == ("my_rule", "USER")


def test_a_threshold_in_another_unit_is_converted_and_kept_as_printed():
    test = (
        parse('[items.x]\nvariable = "hemoglobin"\ncomparator = "<"\nthreshold = 7\nunit = "g/dL"', "f.toml", "f")
        .items["x"]
        .test
    )
    assert isinstance(test, Comparison)
    assert (test.threshold, test.unit, test.printed, test.tolerance) == (70.0, "g/L", (("g/dL", 7.0),), False)


def test_printed_pairs_that_disagree_are_known():
    hlh, mas = load("hlh2004").items, load("mas2016").items
    assert hlh["4_triglycerides"].test.tolerance
    assert mas["triglycerides"].test.tolerance
    assert not mas["fibrinogen"].test.tolerance


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace("ferritin", "feritin"), ["item 'x'", "feritin", "ferritin"]),
        (GOOD.replace('comparator = ">="\n', ""), ["item 'x'", "no comparator"]),
        (GOOD.replace("threshold = 500\n", ""), ["item 'x'", "no threshold"]),
        (GOOD.replace("threshold", "treshold"), ["item 'x'", "treshold", "threshold"]),
        (GOOD.replace('">="', '"=>"'), ["item 'x'", "=>"]),
        (GOOD.replace("500", '"high"'), ["item 'x'", "must be a number"]),
        (GOOD.replace("ug/L", "mg/dL"), ["item 'x'", "mg/dL"]),
        (GOOD + "printed = { furlong = 2 }", ["item 'x'", "furlong"]),
        (GOOD + 'status = "SURE"', ["item 'x'", "SURE"]),
        (GOOD + "points = true", ["item 'x'", "points"]),
        (GOOD + '[rule]\nany_of = ["y"]', ["rule", "no item 'y'", "x"]),
        (GOOD + '[rule]\nscore = ["x"]\ncut = 1', ["rule", "no points"]),
        (GOOD + '[rule]\nscore = ["x"]', ["rule", "cut-off"]),
        (GOOD + '[rule]\nat_least = 2\nof = ["x"]', ["rule", "at_least"]),
        (GOOD + '[items.y]\nany_of = ["z"]\n[items.z]\nany_of = ["y"]', ["circle", "y, z"]),
        (GOOD + 'any_of = ["x"]', ["item 'x'", "exactly one test"]),
        (GOOD + '[items.y]\nset = "hlh2005"\n[rule]\nany_of = ["y"]', ["hlh2005", "hlh2004"]),
        ('[items.x]\nvariable = "splenomegaly"\ncomparator = "=="\nthreshold = 1', ["item 'x'", "true or false"]),
        ('[items.x]\nvariable = "nk_activity"\ncomparator = "in"\nthreshold = ["lo"]', ["item 'x'", "'lo'", "low"]),
        ('[items.x]\nvariable = "nk_activity"\ncomparator = ">"\nthreshold = 1', ["item 'x'", "codes"]),
        ("[rule]\nany_of = []", ["no items"]),
        ("colour = 1\n" + GOOD, ["unknown key 'colour'"]),
        ("[items.x", ["not a TOML file"]),
    ],
)
def test_a_faulty_definition_names_file_item_and_remedy(tmp_path, text, words):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        load_definition(path)
    assert all(word in str(error.value) for word in ["mine.toml", *words]), str(error.value)


def test_a_missing_file_is_the_inputs_fault(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        load_definition(tmp_path / "nowhere.toml")


def test_only_a_numeric_threshold_can_be_changed():
    definition = load("hlh2004")
    with pytest.raises(InputError, match="no numeric threshold"):
        definition.with_threshold("2_splenomegaly", 3)
    with pytest.raises(InputError, match="7_ferritin"):
        definition.with_threshold("7_feritin", 3)
