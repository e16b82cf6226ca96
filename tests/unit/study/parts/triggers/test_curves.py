"""Curves by CNS status within each trigger, by hand: nobody is censored before the days that are read off."""

import pytest

from neurohlh.report import figures
from neurohlh.study.parts.triggers.curves import TITLE, curves_within_triggers


def patients(trigger, status, dead, alive):
    """`dead` die 100 days after time zero, `alive` are followed for 900 days."""
    one = {"trigger_category": trigger, "cns_status": status, "cns_baseline": status}
    return [{**one, "os_days": 100.0, "os_event": 1.0}] * dead + [{**one, "os_days": 900.0}] * alive


HOSPITAL = [
    *patients("ebv", "met", 8, 2), *patients("ebv", "not_met", 5, 15), *patients("other_virus", "met", 6, 4),
    *patients("other_virus", "not_met", 6, 6), *patients("unknown", "met", 3, 3),
    *patients("ebv", "indeterminate", 1, 1),
]  # fmt: skip


@pytest.fixture(scope="module")
def found(material_of):
    return curves_within_triggers(material_of(HOSPITAL))


def alive(found, trigger, group):
    rows = found.tidy[(found.tidy["measure"] == "survival") & (found.tidy["time"] == 180)]
    return rows[(rows["population"] == trigger) & (rows["group"] == group)]["estimate"].item()


def test_each_known_trigger_has_its_own_curves(found):
    strata = list(dict.fromkeys(found.tidy["population"]))
    assert len(strata) == 2
    ebv, other = strata
    assert alive(found, ebv, "met") == pytest.approx(2 / 10)
    assert alive(found, ebv, "not_met") == pytest.approx(15 / 20)
    assert alive(found, other, "met") == pytest.approx(4 / 10)
    assert alive(found, other, "not_met") == pytest.approx(6 / 12)
    assert list(dict.fromkeys(found.curves["panel"])) == strata
    at_start = {(r["panel"], r["group"]): r["n_risk"] for r in found.method["risk_table"] if r["time"] == 0}
    assert at_start == {(ebv, "met"): 10, (ebv, "not_met"): 20, (other, "met"): 10, (other, "not_met"): 12}


def test_everybody_is_used_or_counted_with_a_reason(found):
    assert found.counts["used"] == 52
    assert found.counts["supplied"] == len(HOSPITAL)
    assert found.counts["dropped"]["trigger unknown"] == 6
    assert found.counts["used"] + sum(found.counts["dropped"].values()) == found.counts["supplied"]


def test_the_figure_has_a_plot_per_trigger(found):
    tables = [axes for axes in figures.draw(found).axes if axes.get_label() == "risk table"]
    assert len(tables) == 2


def test_a_trigger_with_one_status_only_is_drawn_and_none_at_all_is_a_reason(material_of):
    mixed = [*patients("ebv", "met", 8, 2), *patients("ebv", "not_met", 8, 2), *patients("other_virus", "met", 6, 4)]
    one_sided = curves_within_triggers(material_of(mixed))
    assert len(figures.draw(one_sided).axes) == 4
    nobody = curves_within_triggers(material_of(patients("ebv", "met", 8, 2)))
    assert nobody.tidy.empty
    assert nobody.notes[0].startswith("Not estimated: patients with a known trigger all have the same CNS status")
    assert nobody.method["title"] == TITLE


def test_published_cases_have_no_curves(material_of, case_series):
    refused = curves_within_triggers(material_of(HOSPITAL, **case_series))
    assert refused.curves.empty
    assert not figures.has_figure(refused)
