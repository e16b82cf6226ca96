"""Death or sequelae as one outcome: a death is never a patient without sequelae, the unassessed give bounds."""

import numpy as np
import pytest

from neurohlh.study.parts.sequelae.composite import READINGS, composite

WITHOUT, WITH, HIGHEST, LOWEST, ASSESSED = READINGS


def people(cns, found=0, free=0, unassessed=0, dead=0, **more):
    own = {"cns_baseline": cns, **more}
    return [
        *[{**own, "neuro_sequelae": "met"}] * found,
        *[{**own, "neuro_sequelae": "not_met"}] * free,
        *[{**own, "neuro_sequelae": None}] * unassessed,
        *[{**own, "neuro_sequelae": None, "os_event": 1.0, "os_days": 90.0}] * dead,
    ]


NO_COVARIATES = {"model": {"covariates": []}}


@pytest.fixture(scope="module")
def hospital(material_of):
    """Involved: 20, of whom 8 died, 4 have sequelae, 3 were not assessed. Not involved: 40, 4, 2 and 6 of them."""
    patients = [
        *people("met", found=4, free=5, unassessed=3, dead=8),
        *people("not_met", found=2, free=28, unassessed=6, dead=4),
        *people("indeterminate", free=5, dead=2),
        {"cns_baseline": "met", "neuro_sequelae": None, "os_event": 1.0, "os_days": 5.0},
    ]
    return material_of(patients, **NO_COVARIATES)


def counts(result, reading):
    rows = result.tidy[(result.tidy["population"] == reading) & (result.tidy["analysis"] == "as counted")]
    risks = rows[rows["term"] == "risk"].set_index("group")
    return {name: (row["events"], row["n"]) for name, row in risks.iterrows()}


def ratio(result, reading, analysis="as counted"):
    rows = result.tidy[(result.tidy["population"] == reading) & (result.tidy["analysis"] == analysis)]
    return rows[rows["measure"] == "RR"].iloc[0]


EXPECTED = {
    WITHOUT: ((12, 20), (6, 40)),
    WITH: ((15, 20), (12, 40)),
    HIGHEST: ((15, 20), (6, 40)),
    LOWEST: ((12, 20), (12, 40)),
    ASSESSED: ((12, 17), (6, 34)),
}


@pytest.mark.parametrize("reading", EXPECTED)
def test_each_reading_counts_every_death_and_every_sequela(hospital, reading):
    involved, free = EXPECTED[reading]
    assert counts(composite(hospital), reading) == {"CNS involved": involved, "CNS not involved": free}


def test_the_mixed_readings_bound_the_comparison(hospital):
    result = composite(hospital)
    found = {reading: ratio(result, reading)["estimate"] for reading in READINGS}
    assert found[HIGHEST] == pytest.approx(15 / 20 / (6 / 40))
    assert found[LOWEST] == pytest.approx(12 / 20 / (12 / 40))
    assert all(found[LOWEST] <= value <= found[HIGHEST] for value in found.values())


def test_without_covariates_the_standardised_risks_are_the_counted_ones(hospital):
    result = composite(hospital)
    for reading, ((a, n), (c, m)) in EXPECTED.items():
        assert ratio(result, reading, "standardised")["estimate"] == pytest.approx(a / n / (c / m), rel=1e-6)


def test_standardising_removes_a_confounder(material_of):
    """Within each age the risk is the same with and without involvement; the involved are the young, who do worse."""
    patients = [
        *people("met", dead=24, free=16, age_years=1.0), *people("not_met", dead=6, free=4, age_years=1.0),
        *people("met", dead=2, free=8, age_years=10.0), *people("not_met", dead=8, free=32, age_years=10.0),
    ]  # fmt: skip
    result = composite(material_of(patients, model={"covariates": ["age_years"]}))
    assert ratio(result, WITHOUT)["estimate"] == pytest.approx(26 / 50 / (14 / 50))
    assert ratio(result, WITHOUT, "standardised")["estimate"] == pytest.approx(1, abs=1e-6)
    assert "Standardised over: Age at diagnosis, per year." in result.notes


def test_where_all_survivors_were_assessed_there_is_one_reading(material_of):
    patients = [*people("met", found=3, free=5, dead=2), *people("not_met", found=1, free=8, dead=1)]
    assert set(composite(material_of(patients, **NO_COVARIATES)).tidy["population"]) == {WITHOUT}


def test_patients_are_counted_back_to_the_study(hospital):
    found = composite(hospital).counts
    assert (found["supplied"], found["used"], found["events"]) == (68, 60, 18)
    assert found["dropped"] == {"died by day 14, CNS involved": 1, "CNS status at baseline not decidable": 7}


def test_the_reading_that_flatters_is_drawn_as_a_warning(hospital):
    drawn = composite(hospital).curves
    assert set(drawn[drawn["role"] == "warning"]["block"]) == {"Assessed survivors only"}
    assert set(drawn[drawn["role"] == "main"]["label"]) == {"standardised"}


def test_a_covariate_that_separates_the_outcomes_is_said(material_of):
    patients = [
        *people("met", dead=10, age_years=1.0), *people("not_met", dead=5, age_years=2.0),
        *people("met", free=10, age_years=20.0), *people("not_met", free=15, age_years=30.0),
    ]  # fmt: skip
    result = composite(material_of(patients, model={"covariates": ["age_years"]}))
    row = ratio(result, WITHOUT, "standardised")
    assert np.isnan(row["estimate"])
    assert row["note"].startswith("not estimable")
    assert not np.isnan(ratio(result, WITHOUT)["estimate"])


@pytest.mark.parametrize(
    ("sections", "reason"),
    [
        ({"study": {"design": "case_series"}}, "published cases"),
        ({"endpoint": {"os": {"analyse": False}}}, "no common time zero"),
    ],
)
def test_it_refuses_where_no_risk_can_be_estimated(hospital, material_of, sections, reason):
    other = type(hospital)(hospital.frame, material_of([{}], **sections).config, None)
    assert reason in composite(other).notes[0]


def test_no_column_is_a_refusal(material_of):
    result = composite(material_of([{"os_event": 1.0}] * 3))
    assert result.notes == ("Not estimated: no source says whether survivors have neurological sequelae.",)
