"""Sequelae among survivors: the dead are none of them, those not assessed are counted, Horne 2008 stands beside."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import fisher_exact

from neurohlh.clinical.sequelae import reported_sequelae, reported_severity
from neurohlh.etl.codebook import codebook
from neurohlh.study.parts.sequelae.survivors import by_domain, survivors, types

UNKNOWN = ("indeterminate", None)


def people(cns, found=0, free=0, unassessed=0, dead=0, **more):
    """Patients of one CNS status by what is known of their sequelae; the dead have some recorded as well."""
    own = {"cns_baseline": cns, **more}
    return [
        *[{**own, "neuro_sequelae": "met"}] * found,
        *[{**own, "neuro_sequelae": "not_met"}] * free,
        *[{**own, "neuro_sequelae": UNKNOWN[n % 2]} for n in range(unassessed)],
        *[{**own, "neuro_sequelae": "met", "os_event": 1.0}] * dead,
    ]


def one(result, **where):
    found = result.tidy
    for column, value in where.items():
        found = found[found[column] == value]
    assert len(found) == 1, where
    return found.iloc[0]


@pytest.fixture(scope="module")
def hospital(material_of):
    return material_of(
        [
            *people("met", found=6, free=4, unassessed=2, dead=5),
            *people("not_met", found=2, free=18, unassessed=3, dead=1),
            *people("indeterminate", found=1, free=3, unassessed=4, dead=2),
            {"cns_baseline": "met", "neuro_sequelae": "met", "os_event": np.nan},
        ]
    )


def test_risks_of_those_assessed(hospital):
    result = survivors(hospital)
    risks = {
        name: (one(result, term="risk", group=name)["events"], one(result, term="risk", group=name)["n"])
        for name in ("CNS involved", "CNS not involved", "CNS not decidable")
    }
    assert risks == {"CNS involved": (6, 10), "CNS not involved": (2, 20), "CNS not decidable": (1, 4)}


def test_the_comparison_leaves_the_undecidable_out(hospital):
    result = survivors(hospital)
    ratio = one(result, term="risk ratio")
    assert (ratio["estimate"], ratio["n"], ratio["events"]) == (pytest.approx(6.0), 30, 8)
    assert ratio["contrast"] == "CNS involved vs CNS not involved"
    odds = one(result, term="odds ratio")
    assert odds["p_value"] == pytest.approx(fisher_exact([[6, 4], [2, 18]]).pvalue)
    assert odds["conf_low"] < odds["estimate"] < odds["conf_high"]


def test_survivors_who_were_not_assessed_bound_the_risk(hospital):
    result = survivors(hospital)
    low = one(result, term="risk, not assessed read as without sequelae", group="CNS involved")
    high = one(result, term="risk, not assessed read as with sequelae", group="CNS involved")
    assert (low["events"], low["n"], high["events"], high["n"]) == (6, 12, 8, 12)


def test_everybody_is_accounted_for(hospital):
    counts = survivors(hospital).counts
    assert counts["dropped"] == {"died": 8, "alive or dead not known": 1, "survivors not assessed for sequelae": 9}
    assert counts["supplied"] == counts["used"] + sum(counts["dropped"].values()) == 52
    assert counts["events"] == 9  # sequelae recorded of the dead are none of survivors


def test_truncation_by_death_is_said(hospital):
    assert any("truncation by death" in note for note in survivors(hospital).notes)
    assert any("9 of 43 survivors were not assessed" in note for note in survivors(hospital).notes)


def test_nobody_assessed_in_a_group_leaves_the_risks(material_of):
    result = survivors(material_of([*people("met", found=2, free=3), *people("not_met", unassessed=4)]))
    assert one(result, term="risk", group="CNS involved")["estimate"] == pytest.approx(0.4)
    assert "not estimable" in one(result, term="risk ratio")["note"]


@pytest.mark.parametrize("patients", [[{}], people("met", unassessed=3), people("met", dead=3)])
def test_without_an_assessed_survivor_it_refuses(material_of, patients):
    for result in (survivors(material_of(patients)), by_domain(material_of(patients))):
        assert result.tidy.empty
        assert result.notes[0].startswith("Not estimated")


def horne(group, found, free):
    symptoms, fluid = {"1": (0, 0), "2": (1, 0), "3": (0, 1), "4": (1, 1)}[group]
    words = ("not_met", "met")
    domains = {"cns_symptoms": words[symptoms], "cns_csf": words[fluid], "cns_imaging": "indeterminate"}
    domains |= {f"{name}_baseline": status for name, status in domains.items()}
    groups = {"cns_group_horne": group, "cns_group_horne_baseline": group}
    return people("met", found, free, **domains, **groups)


def test_the_counts_of_horne_2008_give_its_printed_p(material_of):
    """A hospital with Horne's own counts: 7/21 in group 4, 9/86 in groups 1 to 3, P = 0.015."""
    patients = [*horne("4", 7, 14), *horne("1", 3, 40), *horne("2", 3, 10), *horne("3", 3, 27)]
    result = by_domain(material_of(patients))
    own = one(result, analysis="Horne group 4 against 1 to 3", term="odds ratio")
    printed = one(result, analysis="published", term="odds ratio")
    assert (own["events"], own["n"]) == (16, 107)
    assert round(own["p_value"], 3) == one(result, analysis="published", term="P as printed")["p_value"] == 0.015
    columns = ["estimate", "conf_low", "conf_high", "p_value", "n", "events"]
    assert own[columns].astype(float).to_numpy() == pytest.approx(printed[columns].astype(float).to_numpy())


def test_each_domain_and_each_horne_group_has_its_risk(material_of):
    patients = [*horne("4", 7, 14), *horne("1", 3, 40), *horne("2", 3, 10), *horne("3", 3, 27)]
    result = by_domain(material_of(patients))
    symptoms = one(result, analysis="Neurological symptoms", group="Neurological symptoms: abnormal")
    assert (symptoms["events"], symptoms["n"]) == (10, 34)  # groups 2 and 4
    fluid = one(result, analysis="CSF", group="CSF: abnormal")
    assert (fluid["events"], fluid["n"]) == (10, 51)  # groups 3 and 4
    assert one(result, analysis="Horne groups", group="Horne group 2: symptoms only")["n"] == 13
    assert "not estimable" in one(result, analysis="Imaging", term="odds ratio")["note"]


def test_the_published_comparison_is_drawn_as_published(material_of):
    result = by_domain(material_of([*horne("4", 3, 4), *horne("1", 1, 9)]))
    assert result.method["picture"]["events"] == "sequelae"
    drawn = result.curves
    published = drawn[drawn["role"] == "published"]
    assert published["label"].tolist() == ["Horne 2008, VERIFIED"]
    assert (published["n"].iloc[0], published["events"].iloc[0]) == (107, 16)
    assert drawn[drawn["role"] == "main"]["n"].tolist() == [17]


def test_survivors_with_an_unknown_horne_group_are_counted(material_of):
    patients = [*horne("4", 3, 4), *horne("1", 1, 9)]
    unknown = {**patients[0], "cns_group_horne_baseline": "unknown"}
    result = by_domain(material_of([*patients, unknown]))
    assert any("Horne group of 1 of 18 survivors is unknown" in note for note in result.notes)
    assert one(result, analysis="Horne group 4 against 1 to 3", term="odds ratio")["n"] == 17


def test_kinds_and_severity_are_counted_among_those_who_have_sequelae(material_of):
    patients = [
        *people("met", found=2, sequelae_type="epilepsy", sequelae_severity="mild"),
        *people("met", found=1, sequelae_type=None, sequelae_severity="unknown"),
        *people("not_met", found=1, sequelae_type="motor", sequelae_severity="severe"),
        *people("not_met", free=5, sequelae_type="none", sequelae_severity="none"),
    ]
    result = types(material_of(patients))
    epilepsy = one(result, term="Type", level="epilepsy", group="CNS involved")
    assert (epilepsy["events"], epilepsy["n"]) == (2, 3)
    assert one(result, term="Type", level="not recorded", group="CNS involved")["events"] == 1
    assert one(result, term="Severity", level="severe", group="CNS not involved")["events"] == 1
    deiva = result.tidy[result.tidy["population"] == "Deiva 2012"].set_index("level")
    assert deiva["events"].to_dict() == {"severe": 5, "mild": 6}
    assert set(deiva["n"]) == {28}


def test_no_column_for_kinds_is_a_refusal(hospital):
    assert types(hospital).notes == ("Not estimated: no source has a column for type or severity of sequelae.",)


def test_published_cases_give_counts_only(hospital, material_of, case_series):
    series = type(hospital)(hospital.frame, material_of([{}], **case_series).config, None)
    result = survivors(series)
    assert one(result, term="risk", group="CNS involved")["n"] == 10
    assert result.tidy[["estimate", "conf_low", "conf_high", "p_value"]].isna().all(axis=None)


def test_what_is_printed_beside_has_a_source_and_a_status():
    (row,) = reported_sequelae()
    assert (row.exposed_events, row.exposed_n, row.other_events, row.other_n, row.p_printed) == (7, 21, 9, 86, 0.015)
    assert all(r.source and r.status == "VERIFIED" for r in (*reported_sequelae(), *reported_severity()))
    assert {"mild", "severe"} <= set(codebook()["sequelae_severity"].codes)


def test_the_order_of_the_patients_does_not_matter(hospital):
    turned = type(hospital)(hospital.frame.iloc[::-1].reset_index(drop=True), hospital.config, None)
    pd.testing.assert_frame_equal(survivors(turned).tidy, survivors(hospital).tidy)
