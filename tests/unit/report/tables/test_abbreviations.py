"""The abbreviations line holds what a table uses and nothing else."""

import csv
from importlib import resources

from neurohlh.report.blocks import Cell, Column, Row, Table
from neurohlh.report.tables.abbreviations import expansions, with_abbreviations


def shown(*texts):
    rows = tuple(Row((Cell(text),)) for text in texts)
    return dict(with_abbreviations(Table("Caption", (Column("Head"),), rows)).abbreviations)


def test_only_what_stands_in_the_table_is_expanded_and_in_alphabetical_order():
    assert shown("HR of death", "CNS-HLH") == {
        "CNS": "central nervous system",
        "HLH": "haemophagocytic lymphohistiocytosis",
        "HR": "hazard ratio",
    }
    assert list(shown("SMD", "CNS", "HR")) == ["CNS", "HR", "SMD"]


def test_every_part_of_a_table_counts():
    table = Table(
        "EBV",
        (Column("HR", "95% CI", spanner="CSF", above="MRI"),),
        (Row((Cell("NK", sub="SMD", note="RMST"),)),),
        ("ICU",),
        method="AUC",
    )
    found = {short for short, _ in with_abbreviations(table).abbreviations}
    assert found == {"EBV", "HR", "CI", "CSF", "MRI", "NK", "SMD", "RMST", "ICU", "AUC"}


def test_a_word_that_only_contains_one_is_left_alone():
    assert shown("ORAL", "for or against", "HHV6CT", "HRS4") == {}
    assert set(shown("two MRIs")) == {"MRI"}


def test_each_abbreviation_stands_once_with_an_expansion_in_both_languages():
    text = resources.files("neurohlh.catalogue").joinpath("abbreviations.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert len({row["abbreviation"] for row in rows}) == len(rows)
    assert all(row["en"] and any("\u4e00" <= sign <= "\u9fff" for sign in row["zh"]) for row in rows)
    assert expansions("zh")["CNS"] == "中枢神经系统"
