"""Reading published tables: faults are named by file, row and column, and the shipped copies are one."""

from pathlib import Path

import pytest

from neurohlh.core.errors import InputError
from neurohlh.study.published.rules import EVIDENCE
from neurohlh.study.published.tables import read_evidence

PUBLISHED = Path(__file__).parents[4] / "data" / "published"


@pytest.mark.parametrize("name", ["published_cohorts.csv", "published_effects.csv", "recompute_checks.csv"])
def test_the_package_holds_the_published_tables_unchanged(name):
    assert (EVIDENCE / name).read_bytes() == (PUBLISHED / name).read_bytes()


@pytest.mark.parametrize(
    ("cohorts", "effects", "said"),
    [
        ([{"n_cns": "about 12"}], [], ("cohorts.csv", "row 2", "'n_cns'", "no count")),
        ([{}, {"n_total": "12.5"}], [], ("row 3", "'n_total'", "no count")),
        ([{"n_cns": "1e3"}], [], ("'n_cns'", "no count")),
        ([{"row_use": "cns_count"}], [], ("row 2", "'row_use'", "Did you mean", "'cns_counts'")),
        ([{"cohort_id": "a"}, {"cohort_id": "a"}], [], ("row 3", "'cohort_id'", "two rows")),
        ([{"cohort_id": ""}], [], ("row 2", "no identifier")),
        ([{}], [{"cohort_id": "c1"}], ("effects.csv", "row 2", "'cohort_id'", "not in cohorts.csv")),
        ([{}], [{"cohort_id": "c0", "estimate": "two"}], ("effects.csv", "'estimate'", "no number")),
        ([{}], [{"cohort_id": "c0", "estimate": "0"}], ("'estimate'", "outside")),
        ([{}], [{"cohort_id": "c0", "p": "ns"}], ("'p'", "no number")),
        ([{}], [{"cohort_id": "c0", "p": "1.2"}], ("'p'", "outside")),
        ([{}], [{"cohort_id": "c0", "measure": "SHR"}], ("'measure'", "'HR'")),
    ],
)
def test_a_fault_is_named_where_it_stands(tables, cohorts, effects, said):
    with pytest.raises(InputError) as error:
        read_evidence(*tables(cohorts, effects or [{"cohort_id": "c0"}]))
    for words in said:
        assert words in str(error.value)


def test_a_missing_column_is_named(tables):
    cohorts, effects = tables([{}], [{"cohort_id": "c0"}])
    cohorts.write_text(cohorts.read_text().replace("overlap_group", "overlap_groups", 1))
    with pytest.raises(InputError, match=r"'overlap_group' is missing") as error:
        read_evidence(cohorts, effects)
    assert "overlap_groups" in str(error.value)


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "not a table"), (b"\xff\xfe\x00a", "not UTF-8"), (None, "no file")]
)
def test_a_file_that_is_no_table(tmp_path, tables, content, said):
    _, effects = tables([{}], [{"cohort_id": "c0"}])
    path = tmp_path / "wrong.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_evidence(path, effects)


def test_numbers_are_read_as_papers_write_them(tables):
    effects = [{"cohort_id": "c0", "p": p} for p in (".035", "<0.001", "0.02", "")]
    found = read_evidence(*tables([{}], effects)).effects
    assert found["p_value"].tolist()[:3] == [0.035, 0.001, 0.02]
    assert found["p_sign"].tolist() == ["=", "<", "=", ""]


def test_a_mark_at_the_start_and_an_empty_row_do_no_harm(tables):
    cohorts, effects = tables([{}, {}], [{"cohort_id": "c0"}])
    lines = cohorts.read_text().splitlines()
    cohorts.write_text("\ufeff" + "\n".join([*lines[:2], "," * lines[0].count(","), *lines[2:]]) + "\n")
    found = read_evidence(cohorts, effects).cohorts
    assert found["cohort_id"].tolist() == ["c0", "c1"]
    assert found["row"].tolist() == [2, 4]


def test_two_papers_of_one_author_and_year_keep_names_of_their_own(tables):
    same = {"first_author": "Pan H", "year": "2020"}
    found = read_evidence(*tables([same, same, {"first_author": "(authors not shown)"}], [{"cohort_id": "c0"}])).cohorts
    assert found["label"].tolist() == ["Pan 2020 (c0)", "Pan 2020 (c1)", "c2"]
