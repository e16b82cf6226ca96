"""EBV load: each material alone, loads below a limit as what they are, published cuts beside the patients' own."""

import numpy as np
import pytest

from neurohlh.study.parts.triggers.ebv_load import ebv_load


def loads(values, specimen="plasma", dead=(), limits=(), **more):
    """Patients with these loads; `dead` and `limits` name places of those who died and of loads below a limit."""
    return [
        {"ebv_dna": float(v), "ebv_specimen": specimen, "ebv_dna_censored": "left" if n in limits else None,
         "os_event": float(n in dead), "cns_baseline": ("met", "not_met")[n % 2], **more}
        for n, v in enumerate(values)
    ]  # fmt: skip


def rows(result, **where):
    tidy = result.tidy
    for column, value in where.items():
        tidy = tidy[tidy[column] == value]
    return tidy


def one(result, **where):
    found = rows(result, **where)
    assert len(found) == 1, where
    return found.iloc[0]


TEN = [10**k for k in (2, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5)]
"""Eleven loads: the middle one is 10^5."""


def test_the_median_of_loads_that_were_all_measured(material_of):
    result = ebv_load(material_of(loads(TEN)))
    assert one(result, term="median", level="All")["estimate"] == pytest.approx(5)
    assert one(result, term="lower quartile")["estimate"] == pytest.approx(3.5)
    assert one(result, term="upper quartile")["estimate"] == pytest.approx(6.5)


def test_loads_below_the_limit_leave_the_median_and_hide_the_quartile(material_of):
    """Four of eleven below a limit: the sixth is seen, the third is not."""
    values = [3000.0] * 4 + TEN[4:]
    result = ebv_load(material_of(loads(values, limits=range(4))))
    assert one(result, term="median", level="All")["estimate"] == pytest.approx(5)
    quartile = one(result, term="lower quartile")
    assert np.isnan(quartile["estimate"])
    assert quartile["note"] == "not estimable: among the loads below a limit"
    assert one(result, term="loads measured")["note"] == "4 below a limit"


def test_more_than_half_below_the_limit_has_no_median(material_of):
    result = ebv_load(material_of(loads([500.0] * 7 + [1e4, 1e5, 1e6, 1e7], limits=range(7))))
    assert np.isnan(one(result, term="median", level="All")["estimate"])


def test_the_limit_itself_is_no_value(material_of):
    """Where the limit is written makes no difference as long as nothing lies below it."""
    found = [
        one(ebv_load(material_of(loads([limit] * 3 + TEN[3:], limits=range(3)))), term="median", level="All")[
            "estimate"
        ]
        for limit in (50.0, 200.0, 5000.0)
    ]
    assert found == pytest.approx([5, 5, 5])


def test_a_load_of_zero_is_below_everything(material_of):
    result = ebv_load(material_of(loads([0.0] * 3 + TEN[3:], dead=(0, 5, 7))))
    assert one(result, term="median", level="All")["estimate"] == pytest.approx(5)
    assert one(result, term="loads measured")["note"] == "3 below a limit"
    assert one(result, term="death, per tenfold load (crude)")["n"] == 8  # no logarithm of 0


def test_materials_are_never_mixed(material_of):
    plasma, blood = loads(TEN), loads([v * 1000 for v in TEN], "whole_blood")
    together, alone = ebv_load(material_of([*plasma, *blood])), ebv_load(material_of(plasma))
    assert one(together, group="Plasma", term="median", level="All")["estimate"] == pytest.approx(5)
    assert one(together, group="Whole blood", term="median", level="All")["estimate"] == pytest.approx(8)
    assert rows(together, group="Plasma").reset_index(drop=True).equals(rows(alone, group="Plasma"))


@pytest.mark.parametrize("specimen", [None, "unknown"])
def test_a_load_of_unknown_material_is_counted_and_not_analysed(material_of, specimen):
    result = ebv_load(material_of(loads(TEN, specimen, dead=[1])))
    (row,) = result.tidy.to_dict("records")
    assert (row["group"], row["n"], row["events"]) == ("Material not recorded", 11, 1)
    assert "not analysed" in row["note"]
    assert result.counts["dropped"] == {"material not recorded": 11}


def test_few_loads_are_counted_only(material_of):
    (row,) = ebv_load(material_of(loads(TEN[:9]))).tidy.to_dict("records")
    assert (row["n"], row["note"]) == (9, "not analysed: fewer than 10 loads")


def test_higher_loads_of_the_dead_are_seen_in_the_right_direction(material_of):
    values = [10**k for k in np.linspace(2, 7, 30)]
    result = ebv_load(material_of(loads(values, dead=range(20, 30), os_days=300.0)))
    dead, alive = (one(result, term="median", level=side) for side in ("Died", "Alive at last follow-up"))
    assert dead["estimate"] > alive["estimate"]
    assert one(result, term="load and death: test")["p_value"] < 0.001


def test_the_hazard_ratio_is_per_tenfold(material_of):
    """Hazards of 1:10 between loads of 10^3 and 10^4: the ratio is about 10, not about e."""
    rng = np.random.default_rng(3)
    low = rng.exponential(5000, 150).clip(max=1500)
    high = rng.exponential(500, 150).clip(max=1500)
    patients = [
        {"ebv_dna": load, "ebv_specimen": "plasma", "os_days": d, "os_event": float(d < 1500)}
        for load, days in ((1e3, low), (1e4, high))
        for d in days
    ]
    row = one(ebv_load(material_of(patients)), term="death, per tenfold load (crude)")
    assert row["conf_low"] < 10 < row["conf_high"]


def test_the_published_cut_is_held_against_these_patients(material_of):
    """Above 268 000 four of seven died, up to it one of five; a load known only as below 1e6 is undecided."""
    values = [3e5] * 7 + [1e4] * 5 + [1e6]
    result = ebv_load(material_of(loads(values, dead=(0, 1, 2, 3, 7), limits=[12])))
    cut = "268,000 copies/mL, published for death"
    above, below = (one(result, level=cut, term=f"deaths {side} the cut") for side in ("above", "up to"))
    assert (above["events"], above["n"], below["events"], below["n"]) == (4, 7, 1, 5)
    assert above["note"].endswith("VERIFIED; undecided loads: 1")
    own = one(result, level=cut, term="sensitivity for death, these patients")
    assert (own["n"], own["events"], own["estimate"]) == (5, 4, 4 / 5)
    specific = one(result, level=cut, term="specificity for death, these patients")
    assert (specific["n"], specific["events"], specific["estimate"]) == (7, 4, 4 / 7)
    assert one(result, level=cut, term="sensitivity for death, as published")["estimate"] == 0.8857
    assert one(result, level=cut, term="specificity for death, as published")["estimate"] == 0.5625


def test_a_cut_for_plasma_is_not_laid_on_whole_blood(material_of):
    levels = set(ebv_load(material_of(loads(TEN, "whole_blood"))).tidy["level"])
    assert not [v for v in levels if "268,000" in v or "1,320" in v]
    assert [v for v in levels if v.startswith("1,000 copies")]  # the material of that cut is not stated


def test_a_hospital_without_loads_is_refused(material_of):
    assert ebv_load(material_of([{}])).notes == ("Not estimated: no source has an EBV load.",)


def test_without_survival_times_there_is_no_hazard_ratio(material_of):
    result = ebv_load(material_of(loads(TEN), endpoint={"os": {"analyse": False}}))
    assert rows(result, term="death, per tenfold load (crude)").empty
    assert one(result, term="median", level="All")["estimate"] == pytest.approx(5)
