"""Which evidence matters: counted by hand on small cohorts, and held against the published arithmetic."""

import csv

import numpy as np
import pandas as pd
import pytest

from neurohlh.clinical.cns_published import published_evidence
from neurohlh.core.errors import NotEstimable
from neurohlh.etl.codebook import CATALOGUE
from neurohlh.stats.hazards.cox import cox
from neurohlh.study.config import check_config
from neurohlh.study.parts.evidence import PART, deaths, fluid, overlap
from neurohlh.study.parts.material import Material

WORDS = {"a": "met", "n": "not_met", "?": "indeterminate"}
DAY = pd.Timestamp("2020-01-01")


def config_of(**sections):
    return check_config(
        {"schema": 1, "source": [{"path": "a.csv"}], "eligibility": {"criteria": "none"}, "model": {"covariates": []},
         **sections},
        "s",
    )  # fmt: skip


def horne_group(symptoms, csf):
    return {("n", "n"): "1", ("a", "n"): "2", ("n", "a"): "3", ("a", "a"): "4"}.get((symptoms, csf), "unknown")


def cohort_of(*patients, gate=None, **columns):
    """Patients as (symptoms CSF imaging, days, dead): 'an?' is abnormal, normal, no answer."""
    rows = []
    for found, days, dead in patients:
        status = "met" if "a" in found else "not_met" if found == "nnn" else "indeterminate"
        row = {f"cns_{x}_baseline": WORDS[c] for x, c in zip(("symptoms", "csf", "imaging"), found, strict=True)}
        row |= {f"{x}_tested": c != "?" for x, c in zip(("symptoms", "csf", "imaging"), found, strict=True)}
        row |= {"os_days": float(days), "os_event": float(dead), "died": bool(dead), "cns_baseline": status}
        rows.append(row | {"cns_group_horne_baseline": horne_group(*found[:2]), "date_hlh_diagnosis": DAY})
    frame = pd.DataFrame(rows).assign(**columns)
    return Material(frame.astype({f"{x}_tested": "boolean" for x in ("symptoms", "csf", "imaging")}), config_of(), gate)


PEOPLE = (
    ("nnn", 100, 1), ("nnn", 400, 0), ("nnn", 300, 1), ("nnn", 500, 0), ("ann", 200, 1), ("ann", 350, 0),
    ("nan", 60, 1), ("nan", 250, 1), ("nna", 90, 1), ("nna", 450, 0), ("aan", 40, 1), ("naa", 30, 1), ("aaa", 20, 1),
    ("n?n", 70, 1), ("n?n", 420, 0), ("a??", 80, 1), ("n??", 390, 0), ("?n?", 410, 0),
)  # fmt: skip


@pytest.fixture(scope="module")
def people():
    return cohort_of(*PEOPLE)


def rows_of(result, **where):
    rows = result.tidy
    for name, value in where.items():
        rows = rows[rows[name] == value]
    return rows


def counts(rows):
    return [(r.level, int(r.n), int(r.events)) for r in rows.itertuples()]


def test_no_answer_is_never_normal(people):
    """Thirteen have all three answers, one a CSF result alone: five abnormal, nine normal, four in neither."""
    result = deaths.domains(people)
    csf = rows_of(result, population="patients with an answer on CSF")
    assert counts(csf) == [("normal", 9, 4), ("abnormal", 5, 5)]
    symptoms = rows_of(result, population="patients with an answer on symptoms")
    assert [int(n) for n in symptoms["n"]] == [12, 5]
    assert symptoms["n"].sum() == 17  # one has no answer on symptoms


def test_each_domain_alone_is_a_cox_model_of_those_with_an_answer(people):
    frame = people.frame.assign(os_days=people.frame["os_days"] - 14)
    known = frame[frame["cns_imaging_baseline"] != "indeterminate"]
    alone = cox(known, "os_days", "os_event", ["cns_imaging_baseline"], reference={"cns_imaging_baseline": "not_met"})
    own = rows_of(deaths.domains(people), population="patients with an answer on imaging", level="abnormal").iloc[0]
    assert own["estimate"] == pytest.approx(alone.tidy[~alone.tidy["is_reference"]].iloc[0]["estimate"])


def test_all_three_in_one_model_are_the_patients_with_all_answers(people):
    result = deaths.domains(people)
    together = rows_of(result, population="patients with all three answers, one model")
    assert together.groupby("variable")["n"].sum().tolist() == [13, 13, 13]
    assert list(result.curves["block"].unique()) == ["Each alone, crude", "All three in one model, crude"]


def test_a_domain_in_which_everybody_is_normal_is_refused_alone():
    result = deaths.domains(cohort_of(("ann", 50, 1), ("nnn", 90, 1), ("nnn", 100, 0), ("ann", 80, 1)))
    csf = rows_of(result, variable="Abnormal CSF").iloc[0]
    assert (csf["n"], csf["note"]) == (4, "not estimable: every answer is normal")
    assert rows_of(result, variable="Neurological symptoms", level="abnormal")["estimate"].notna().all()


def test_nobody_with_an_answer():
    with pytest.raises(NotEstimable, match="nobody has an answer at baseline"):
        deaths.domains(cohort_of(("???", 50, 1), ("???", 90, 1)))


def test_patients_without_hlh_take_no_part():
    gate = ["not_met"] * 2 + ["met"] * (len(PEOPLE) - 3) + ["indeterminate"]
    result = deaths.domains(cohort_of(*PEOPLE, gate="hlh", hlh=gate))
    assert result.counts["used"] == len(PEOPLE) - 2
    assert result.counts["dropped"]["no HLH by the criteria of the study"] == 2


def test_hornes_groups(people):
    """1: nnn and nna; 2: ann; 3: nan and naa; 4: aan and aaa; five lack an answer on symptoms or on CSF."""
    rows = rows_of(deaths.horne(people), variable="Horne's group", analysis="crude")
    assert counts(rows) == [
        ("1 neither", 6, 3),
        ("2 symptoms only", 2, 1),
        ("3 abnormal CSF only", 3, 3),
        ("4 symptoms and abnormal CSF", 2, 2),
    ]
    assert deaths.horne(people).counts["dropped"]["no answer at baseline on symptoms or on CSF"] == 5


def test_the_trend_is_the_group_as_a_number(people):
    frame = people.frame.assign(os_days=people.frame["os_days"] - 14)
    known = frame[frame["cns_group_horne_baseline"] != "unknown"]
    line = cox(known.assign(step=known["cns_group_horne_baseline"].astype(float)), "os_days", "os_event", ["step"])
    own = rows_of(deaths.horne(people), variable="trend, per group from 1 to 4").iloc[0]
    assert own["estimate"] == pytest.approx(line.tidy.iloc[0]["estimate"])


def test_the_published_stand_beside_and_are_those_of_the_catalogue(people):
    result = deaths.horne(people)
    shown = result.curves[result.curves["role"] == "published"]
    assert shown[["estimate", "conf_low", "conf_high"]].to_numpy().tolist() == [
        [0.98, 0.42, 2.31], [1.52, 0.82, 2.82], [2.05, 1.13, 3.72],
    ]  # fmt: skip
    assert shown["note"].str.startswith("VERIFIED").all()


@pytest.mark.parametrize("row", [*published_evidence("horne"), published_evidence("cut")[0]], ids=lambda r: r.key)
def test_published_numbers_agree_with_the_table_of_published_effects(row):
    """The same effect stands in the table that the part on published cohorts reads."""
    text = (CATALOGUE / "evidence" / "published_effects.csv").read_text(encoding="utf-8")
    effects = {r["effect_id"]: r for r in csv.DictReader(text.splitlines())}
    effect = effects[row.effect_id]
    assert [row.estimate, row.conf_low, row.conf_high] == [float(effect[k]) for k in ("estimate", "ci_low", "ci_high")]


def test_a_topic_of_which_nothing_is_published():
    with pytest.raises(ValueError, match="nothing is published here on 'eeg'"):
        published_evidence("eeg")


def test_without_group_1_there_is_no_comparison():
    with pytest.raises(NotEstimable, match=r"Horne's group 1 .* is empty"):
        deaths.horne(cohort_of(("ann", 50, 1), ("nan", 90, 1), ("aan", 95, 0)))


def test_the_number_of_abnormal_domains(people):
    result = deaths.count(people)
    whole = rows_of(result, population="patients with all three answers", variable="abnormal domains", analysis="crude")
    assert counts(whole) == [("no abnormal domain", 4, 2), ("1 of 3", 6, 4), ("2 of 3", 2, 2), ("3 of 3", 1, 1)]
    tally = rows_of(result, analysis="patients and deaths")
    assert counts(tally[tally["population"] == "patients with an answer in 2 of 3"]) == [("0 of 2", 2, 1)]
    assert counts(tally[tally["population"] == "patients with an answer in 1 of 3"]) == [
        ("0 of 1", 2, 0),
        ("1 of 1", 1, 1),
    ]
    assert tally["n"].sum() == 18


def test_patients_with_fewer_answers_have_a_stratum_of_their_own(people):
    """Within the same number of answers: those with another number of answers are in no common risk set."""
    frame = people.frame.assign(os_days=people.frame["os_days"] - 14)
    known = (frame.filter(regex="^cns_(symptoms|csf|imaging)_baseline") != "indeterminate").sum(axis=1)
    positive = (frame.filter(regex="^cns_(symptoms|csf|imaging)_baseline") == "met").sum(axis=1)
    apart = cox(
        frame.assign(answers=known.astype(str), positive=positive.astype(float)), "os_days", "os_event", ["positive"],
        strata="answers",
    )  # fmt: skip
    own = rows_of(deaths.count(people), variable="per abnormal domain, within the same number of answers").iloc[0]
    assert own["estimate"] == pytest.approx(apart.tidy.iloc[0]["estimate"])


def test_a_group_without_deaths_gets_firths_likelihood():
    people = cohort_of(*PEOPLE, ("ann", 480, 0), ("aan", 490, 0), ("nnn", 150, 1), ("aaa", 470, 0), ("aaa", 460, 0))
    frame = people.frame.copy()
    frame.loc[frame.filter(regex="^cns_(symptoms|csf|imaging)_baseline").eq("met").all(axis=1), "os_event"] = 0.0
    rows = rows_of(deaths.count(Material(frame, people.config, None)), level="3 of 3", analysis="crude")
    assert rows.iloc[0]["method"] == "Cox regression with Firth's penalty"
    assert np.isfinite(rows.iloc[0]["estimate"])
    assert rows.iloc[0]["events"] == 0


@pytest.fixture(scope="module")
def fluids():
    rng = np.random.default_rng(2)
    n = 60
    cells, protein = rng.integers(0, 300, n).astype(float), rng.uniform(0.1, 1.2, n)
    days = rng.exponential(400 / (1 + cells / 100)) + 20
    people = [("nnn", d, d < 500) for d in np.minimum(days, 500)]
    return cohort_of(*people, csf_wbc=cells, csf_protein=protein)


def slope(result, words, version="as counted"):
    rows = result.tidy
    own = rows[(rows["variable"] == words) & rows["population"].str.endswith(version) & (rows["analysis"] == "crude")]
    return own[~own["population"].str.startswith("cells and")].iloc[0]


CELLS, PROTEIN = "CSF cells, per doubling of 1 + cells/uL", "CSF protein, per doubling"


def test_the_slope_is_per_doubling(fluids):
    """Protein in another unit is the same number of doublings apart."""
    scaled = Material(fluids.frame.assign(csf_protein=fluids.frame["csf_protein"] * 1000), fluids.config, None)
    one, two = slope(fluid.fluid(fluids), PROTEIN), slope(fluid.fluid(scaled), PROTEIN)
    assert one["estimate"] == pytest.approx(two["estimate"])


def test_no_cells_is_a_measured_zero(fluids):
    """Cells enter as log2(1 + cells), so that nobody with 0 is lost."""
    frame = fluids.frame.assign(os_days=fluids.frame["os_days"] - 14, x=np.log2(1 + fluids.frame["csf_wbc"]))
    by_hand = cox(frame, "os_days", "os_event", ["x"]).tidy.iloc[0]
    own = slope(fluid.fluid(fluids), CELLS)
    assert (own["n"], own["estimate"]) == (60, pytest.approx(by_hand["estimate"]))


def test_a_late_puncture_takes_no_part(fluids):
    dates = pd.Series([DAY + pd.Timedelta(days=d) for d in [14, 15, *[1] * 58]])
    result = fluid.fluid(Material(fluids.frame.assign(date_lp_first=dates), fluids.config, None))
    assert result.counts["used"] == 59
    assert result.counts["dropped"]["first lumbar puncture after the landmark"] == 1


CUT = published_evidence("cut")[0]
SIDES = [
    # counted, erythrocytes, mark, white and red cells of blood, side of the cut of 100
    (100, None, None, "not above"),  # a published "> 100" is above 100
    (101, None, None, "above"),
    (101, 5000, None, None),  # 1000:1 takes 5 away: the two disagree
    (300, 5000, None, "above"),
    (50, 5000, None, "not above"),
    (100, None, "right", "above"),  # "> 100"
    (50, None, "right", None),  # "> 50" may be anything
    (200, None, "left", None),  # "< 200"
    (5, None, "left", "not above"),
]


@pytest.mark.parametrize(("counted", "red", "mark", "side"), SIDES, ids=str)
def test_the_side_of_a_published_cut(counted, red, mark, side):
    frame = pd.DataFrame({"csf_wbc": [float(counted)], "csf_rbc": [float(red or 0)], "csf_wbc_censored": [mark]})
    found = fluid.above(frame, CUT).iloc[0]
    assert found == side if side else pd.isna(found)


def test_the_published_cuts_stand_with_source_and_status(fluids):
    result = fluid.fluid(fluids)
    cells = rows_of(result, variable="CSF cells > 100 cells/uL")
    above = int((fluids.frame["csf_wbc"] > 100).sum())
    assert cells[cells["level"] == "CSF cells > 100 cells/uL"]["n"].tolist() == [above]
    published = cells[cells["analysis"] == "published"].iloc[0]
    assert published["estimate"] == 5.1
    assert "VERIFIED" in published["note"]
    assert published["outcome"] == "death before transplant within 4 months"
    protein = rows_of(result, variable="CSF protein > 0.47 g/L", analysis="published").iloc[0]
    assert np.isnan(protein["estimate"])
    assert "without a printed hazard ratio" in protein["note"]


def test_nobody_above_a_cut_is_said(fluids):
    low = Material(fluids.frame.assign(csf_wbc=fluids.frame["csf_wbc"] / 10), fluids.config, None)
    row = rows_of(fluid.fluid(low), variable="CSF cells > 100 cells/uL", analysis="crude").iloc[0]
    assert row["note"] == "not estimable: nobody lies above the cut"


def test_a_cut_without_deaths_says_so(fluids):
    """Patients stand on both sides, but nobody died: no ratio, and the published one beside it."""
    alive = Material(fluids.frame.assign(os_event=0.0, died=False), fluids.config, None)
    contrast = "CSF cells > 100 cells/uL vs not above"
    rows = fluid._cut(alive, alive.followed().frame, CUT)
    own = [row for row in rows if row["analysis"] != "published"]
    assert own
    assert all(np.isnan(row.get("estimate", np.nan)) for row in own)
    assert any(row["contrast"] == contrast and row["note"] for row in own)


def test_no_csf_values():
    with pytest.raises(NotEstimable, match="no source has CSF cells or CSF protein"):
        fluid.fluid(cohort_of(*PEOPLE))


PAIRS = [("aa", 20), ("an", 5), ("na", 10), ("nn", 15), ("a?", 3), ("?n", 2)]


@pytest.fixture(scope="module")
def pairs():
    return cohort_of(*((f"{pair}?", 100, 1) for pair, n in PAIRS for _ in range(n)))


def test_agreement_by_hand(pairs):
    """20 both abnormal, 15 both normal, 5 and 10 apart: observed 0.7, by chance 0.5."""
    result = overlap.agreement(pairs)
    rows = rows_of(result, variable="Neurological symptoms and abnormal CSF").set_index("term")["estimate"]
    assert rows["share that agree"] == pytest.approx(35 / 50)
    assert rows["kappa"] == pytest.approx(0.4)
    assert rows["PABAK (kappa adjusted for prevalence and bias)"] == pytest.approx(0.4)
    assert rows["agreement on abnormal"] == pytest.approx(40 / 55)
    assert rows["agreement on normal"] == pytest.approx(30 / 45)
    assert rows["paired odds ratio"] == pytest.approx(5 / 10)
    assert rows["patients"].tolist() == [20, 5, 10, 15]
    assert (result.counts["used"], result.counts["dropped"]) == (50, {"answers in fewer than two domains": 5})


def test_few_abnormal_patients_give_no_kappa(pairs):
    rows = rows_of(overlap.agreement(pairs), variable="Abnormal CSF and abnormal imaging", term="kappa").iloc[0]
    assert rows["note"] == "not estimable: 0 patients are abnormal on CSF, fewer than 5"
    assert np.isnan(rows["estimate"])


def test_patterns_count_everybody_once_and_keep_unknown_apart(people):
    result = overlap.patterns(people)
    assert result.tidy["n"].sum() == len(PEOPLE)
    first = result.tidy.iloc[0]
    assert (first["level"], first["n"], first["events"]) == ("symptoms normal, CSF normal, imaging normal", 4, 2)
    unknown = rows_of(result, level="symptoms normal, CSF unknown, imaging normal").iloc[0]
    assert (unknown["n"], unknown["events"]) == (2, 1)
    assert len(result.curves) == 3 * len(result.tidy)
    assert set(result.curves["state"]) == {"met", "not_met", "unknown"}
    assert result.method["picture"]["form"] == "upset"


def test_row_order_does_not_matter(people):
    shuffled = Material(people.frame.sample(frac=1, random_state=3).reset_index(drop=True), people.config, None)
    for make in (deaths.domains, deaths.horne, deaths.count, overlap.agreement, overlap.patterns):
        pd.testing.assert_frame_equal(make(people).tidy, make(shuffled).tidy, check_exact=False, rtol=1e-9)


def test_every_result_counts_back_to_the_study(fluids, people):
    for material in (fluids, people):
        for name, result in PART.results(material, {}).items():
            if len(result.tidy):
                dropped = sum(result.counts["dropped"].values())
                assert result.counts["used"] + dropped == result.counts["supplied"], name


def test_without_survival_times_agreement_and_patterns_remain(people):
    config = config_of(endpoint={"os": {"analyse": False}})
    results = PART.results(Material(people.frame, config, None), {})
    assert len(results["evidence_patterns"].tidy)
    for name in ("evidence_domains", "evidence_horne", "evidence_count", "evidence_csf"):
        assert results[name].notes[0].startswith("Not estimated: the study declares")
