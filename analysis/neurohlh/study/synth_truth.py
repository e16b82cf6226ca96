"""The patients behind the synthetic hospitals: a small data-generating model, hung on published margins.

What is published, and held exactly (largest remainders) in every sample:
- Zhao YZ et al. 2018, Chin Med J 131:1786, doi 10.4103/0366-6999.237409, 179 Chinese children: CNS involvement
  60.3 % (108/179); symptoms 38/179; imaging abnormal 80 of 160 tested; CSF abnormal 17 of 116 tested; 17 of 179 lost;
  3-year survival 68.9 % with and 86.0 % without CNS involvement (untested domains read as negative, as there).
What is ours, because papers print no joint distribution: how the three domains overlap (the table `PATTERNS` adds up
to all four printed margins), that severity drives death and keeps patients from being tested (the direction is
published, its size is not), the shape of death in time (early: a Weibull shape of 0.45), and every laboratory value
and HLH-2004 item. Their frequencies are round figures within what cohorts of children with HLH print, chosen by us
and not taken from one paper. These are margins of a model, not data of any patient.

Columns are variables of the codebook in its units; NaN, None and NaT mean "not in the record". A `*_tested` column
tells why: False is not done.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.random import Generator

from neurohlh.study.synth_course import complete

PATTERNS: dict[str, int] = {"": 71, "I": 58, "S": 18, "C": 8, "SI": 15, "CI": 4, "SC": 2, "SCI": 3}
"""Abnormal domains (Symptoms, CSF, Imaging) -> patients of Zhao's 179; the margins are printed, the overlap is ours."""

TESTED = {"C": 116 / 179, "I": 160 / 179}
SURVIVAL_3Y = {True: 0.689, False: 0.860}
LOST = 17 / 179
LATE = 0.06
"""Share of patients whose first evidence of CNS disease comes after the baseline window."""
THREE_YEARS, LANDMARK = 1095, 14
SHAPE, BY_SEVERITY = 0.45, 0.7
"""Weibull shape of the times of death; log hazard per unit of severity."""
LAST_DAY = np.datetime64("2024-06-30")
SYMPTOMS = {
    "sx_seizure": 0.45,
    "sx_altered_consciousness": 0.40,
    "sx_irritability": 0.25,
    "sx_meningeal_signs": 0.15,
    "sx_ataxia": 0.10,
    "sx_hemiparesis": 0.08,
}
FINDINGS = {
    "mri_wm_periventricular": 0.45,
    "mri_wm_multifocal": 0.35,
    "mri_basal_ganglia": 0.20,
    "mri_brainstem": 0.10,
    "mri_cerebellum": 0.15,
}

_NOTHING = np.array(None, dtype=object)
"""What stands where nothing was recorded."""


def _shares(counts: dict[str, float], n: int) -> list[str]:
    """`n` labels in proportion to `counts`, by largest remainders."""
    exact = np.array(list(counts.values())) / sum(counts.values()) * n
    whole = np.floor(exact).astype(int)
    order = np.argsort(-(exact - whole), kind="stable")
    whole[order[: n - whole.sum()]] += 1
    return list(np.repeat(list(counts), whole))


def _chosen(rng: Generator, candidates: np.ndarray, weight: np.ndarray, how_many: int) -> np.ndarray:
    """A mask of `how_many` of the candidates, drawn without replacement in proportion to `weight`."""
    keys = np.where(candidates, rng.exponential(size=len(weight)) / weight, np.inf)
    mask = np.zeros(len(weight), dtype=bool)
    mask[np.argsort(keys, kind="stable")[: min(how_many, int(candidates.sum()))]] = True
    return mask


def _flag(rng: Generator, n: int, probability: np.ndarray | float) -> np.ndarray:
    return rng.random(n) < probability


def _lognormal(rng: Generator, median: np.ndarray | float, sd: float, n: int) -> np.ndarray:
    return np.asarray(median * np.exp(sd * rng.standard_normal(n)))


def _people(rng: Generator, n: int) -> pd.DataFrame:
    """Who they are: hospital A children, hospital B children and a quarter of adults; a few newborns in A."""
    n_a = round(0.6 * n)
    in_a = np.arange(n) < n_a
    age = np.clip(_lognormal(rng, 2.6 * 365.25, 1.0, n), 30, 16.5 * 365.25)
    adult = ~in_a & _flag(rng, n, 0.25)
    newborn = in_a & _flag(rng, n, 0.03)
    age = np.where(adult, rng.uniform(18, 78, n) * 365.25, age)
    age = np.where(newborn, rng.integers(9, 27, n), age).astype(int)
    number = np.where(in_a, np.arange(n) + 1, np.arange(n) - n_a + 1)
    hospital = np.where(in_a, "A", "B")
    diagnosis = np.datetime64("2015-01-01") + rng.integers(0, 6 * 365, n).astype("timedelta64[D]")
    return pd.DataFrame(
        {
            "hospital": hospital,
            "patient_id": [f"SYN-{h}-{i:04d}" for h, i in zip(hospital, number, strict=True)],
            "center_id": np.where(in_a, "合成医院A", "Synthetic Hospital B"),
            "sex": np.where(_flag(rng, n, 0.55), "M", "F"),
            "age_days": age,
            "adult": adult,
            "date_hlh_diagnosis": diagnosis,
            "date_birth": diagnosis - age.astype("timedelta64[D]"),
        }
    )


def _cns(rng: Generator, people: pd.DataFrame) -> None:
    """Abnormal domains by the published margins, and severity, higher with CNS involvement."""
    pattern = rng.permutation(np.array(_shares({k: float(v) for k, v in PATTERNS.items()}, len(people)), dtype=object))
    for domain in "SCI":
        people[f"true_{domain}"] = [domain in p for p in pattern]
    people["true_cns"] = pattern != ""
    people["severity"] = rng.standard_normal(len(people)) + 0.4 * people["true_cns"]


def _base(severity: np.ndarray, risk: float) -> float:
    """Log cumulative hazard at three years of severity 0, such that the risks average `risk` (by bisection)."""
    low, high = -8.0, 4.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if float(np.mean(_risk(middle, severity))) < risk else (low, middle)
    return low


def _risk(base: float, severity: np.ndarray) -> np.ndarray:
    """Risks of death by three years, which rise with severity."""
    return np.asarray(1 - np.exp(-np.exp(base + BY_SEVERITY * severity)))


def effects(people: pd.DataFrame) -> pd.DataFrame:
    """What the analyses should find, from the model itself: quantity, days, value.

    `survival_cns`, `survival_no_cns` and `difference_crude`: of the two groups as they are. `difference_standardised`:
    had everybody, and had nobody, CNS involvement at the same severity; `_after_day_14` among those alive on day 14,
    with the days counted from then. `cumulative_hazard_ratio`: at three years, given severity. Times count from the
    diagnosis; deaths within three years only.
    """
    severity, cns = people["severity"].to_numpy(), people["true_cns"].to_numpy()
    base = {g: _base(severity[cns == g], 1 - survival) for g, survival in SURVIVAL_3Y.items()}
    rows: list[tuple[str, float, float]] = []
    for days in (30, 180, 365, THREE_YEARS):
        by_then = (days / THREE_YEARS) ** SHAPE
        own = {g: 1 - by_then * (1 - survival) for g, survival in SURVIVAL_3Y.items()}
        forced = {g: 1 - by_then * float(np.mean(_risk(base[g], severity))) for g in own}
        later = {g: _later_survival(base, g, days, severity, cns) for g in own}
        rows += [
            ("survival_cns", days, own[True]),
            ("survival_no_cns", days, own[False]),
            ("difference_crude", days, own[True] - own[False]),
            ("difference_standardised", days, forced[True] - forced[False]),
            ("difference_standardised_after_day_14", days, later[True] - later[False]),
        ]
    rows.append(("cumulative_hazard_ratio", THREE_YEARS, float(np.exp(base[True] - base[False]))))
    return pd.DataFrame(rows, columns=["quantity", "days", "value"])


def _later_survival(
    base: dict[bool, float], involved: bool, days: float, severity: np.ndarray, cns: np.ndarray
) -> float:
    """Mean survival `days` after day 14 of those alive then, had all been involved (or none)."""
    shares = [(LANDMARK / THREE_YEARS) ** SHAPE, (min(LANDMARK + days, THREE_YEARS) / THREE_YEARS) ** SHAPE]
    own = np.where(cns, _risk(base[True], severity), _risk(base[False], severity))
    risk = _risk(base[involved], severity)
    return float(np.average((1 - shares[1] * risk) / (1 - shares[0] * risk), weights=1 - shares[0] * own))


def _systematic(rng: Generator, probability: np.ndarray) -> np.ndarray:
    """Events with these probabilities whose number is their sum, rounded (systematic sampling in random order)."""
    order = rng.permutation(len(probability))
    total = np.cumsum(probability[order])
    total *= round(float(total[-1])) / total[-1]
    marks = np.floor(total + rng.random() * 0.999)
    event = np.zeros(len(probability), dtype=bool)
    event[order] = np.diff(marks, prepend=np.floor(0.0)) > 0
    return event


def _outcome(rng: Generator, people: pd.DataFrame) -> None:
    """Death, loss and the last day known, in days from diagnosis."""
    n = len(people)
    dies = np.zeros(n, dtype=bool)
    for cns, survival in SURVIVAL_3Y.items():
        group = (people["true_cns"] == cns).to_numpy()
        severity = people.loc[group, "severity"].to_numpy()
        dies[group] = _systematic(rng, _risk(_base(severity, 1 - survival), severity))
    day_of_death = np.where(dies, np.maximum(1, np.ceil(THREE_YEARS * rng.random(n) ** (1 / SHAPE))), np.inf)
    # No follow-up closes within three years, and who is lost has not died yet: both leave survival as published.
    open_until = (LAST_DAY - people["date_hlh_diagnosis"].to_numpy().astype("datetime64[D]")).astype(int)
    end = np.minimum(day_of_death, open_until - rng.integers(0, 60, n))
    day_of_loss = rng.integers(20, 900, n)
    lost = _chosen(rng, day_of_loss < end, np.ones(n), round(LOST * n))
    people["dies_within_3y"] = dies
    people["died"] = dies & ~lost
    people["lost"] = lost
    people["days"] = np.where(lost, day_of_loss, end).astype(int)


def _testing(rng: Generator, people: pd.DataFrame) -> None:
    """Who was tested: the sick and the early dead less often, and as many in all as in the published cohort."""
    n = len(people)
    early = (people["died"] & (people["days"] <= 14)).to_numpy()
    weight = np.exp(0.2 * people["severity"].to_numpy() + early)
    for domain, name in (("C", "lp_done"), ("I", "mri_done")):
        may_miss = ~people[f"true_{domain}"].to_numpy()
        people[name] = ~_chosen(rng, may_miss, weight, round((1 - TESTED[domain]) * n))
    # Neurological state never written down: rare, and only where no domain shows anything.
    people["neuro_assessed"] = ~_chosen(rng, ~people["true_cns"].to_numpy(), np.ones(n), round(0.01 * n))
    people["bm_done"] = _flag(rng, n, 0.93 - 0.15 * early)
    people["nk_tested"] = _flag(rng, n, np.where(early, 0.2, 0.55))
    people["scd25_tested"] = _flag(rng, n, np.where(early, 0.25, 0.6))
    people["genetic_test_done"] = _flag(rng, n, np.where(early, 0.15, 0.4))
    people["ebv_tested"] = _flag(rng, n, 0.95)


def _dates(rng: Generator, people: pd.DataFrame) -> None:
    """Dates in the order of a real course; evidence of CNS disease near diagnosis, in a few of the survivors later."""
    n = len(people)
    day = people["days"].to_numpy()
    birth = -people["age_days"].to_numpy()
    admission = np.maximum(-rng.integers(0, 9, n), birth)
    onset = np.maximum(admission - rng.integers(2, 30, n), birth)
    late = _chosen(rng, (people["true_cns"] & (people["days"] > 80)).to_numpy(), np.ones(n), round(LATE * n))
    later = np.where(late, rng.integers(18, 50, n), 0)
    neuro = np.where(late, later, np.clip(rng.integers(-10, 9, n), onset, day))
    puncture = np.minimum(np.where(late, later, rng.integers(-1, 10, n)), day)
    scan = np.minimum(np.where(late, later, rng.integers(-2, 11, n)), day)
    treatment = np.minimum(rng.integers(0, 4, n), day)
    first = np.minimum.reduce(
        [
            np.where(people["true_S"], neuro, 9999),
            np.where(people["true_C"], puncture, 9999),
            np.where(people["true_I"], scan, 9999),
        ]
    )
    it_day = np.maximum(first, treatment) + rng.integers(1, 15, n)
    given = people["true_cns"].to_numpy() & _flag(rng, n, 0.5) & (it_day < day)
    transplant = rng.integers(60, 300, n)
    grafted = _flag(rng, n, np.where(people["primary"], 0.6, 0.08)) & (transplant < day)
    ruler: dict[str, tuple[np.ndarray, np.ndarray]] = {
        "date_onset": (onset, np.ones(n, dtype=bool)),
        "date_admission": (np.maximum(admission, onset), np.ones(n, dtype=bool)),
        "date_treatment_start": (treatment, people["steroid"].to_numpy()),
        "date_neuro_onset": (neuro, people["true_S"].to_numpy()),
        "date_lp_first": (np.maximum(puncture, onset), people["lp_done"].to_numpy()),
        "date_imaging_first": (np.maximum(scan, onset), people["mri_done"].to_numpy()),
        "date_it_first": (it_day, given),
        "date_hsct": (transplant, grafted),
        "date_death": (day, people["died"].to_numpy()),
        "date_last_followup": (day, np.ones(n, dtype=bool)),
    }
    for name, (offset, known) in ruler.items():
        people[name] = (people["date_hlh_diagnosis"] + pd.to_timedelta(offset, unit="D")).where(known)
    people["intrathecal"], people["hsct"] = given, grafted
    people["late_evidence"] = late


def _aetiology(rng: Generator, people: pd.DataFrame) -> None:
    """Genes, virus and trigger; hospital A sees mainly EBV."""
    n = len(people)
    in_a = (people["hospital"] == "A").to_numpy()
    people["primary"] = people["genetic_test_done"] & ~people["adult"] & _flag(rng, n, np.where(in_a, 0.2, 0.3))
    genes = rng.choice(["PRF1", "UNC13D", "STX11", "STXBP2"], n, p=[0.45, 0.35, 0.05, 0.15])
    people["gene_causal"] = np.where(people["genetic_test_done"], np.where(people["primary"], genes, "none"), _NOTHING)
    ebv = _flag(rng, n, np.where(in_a, 0.65, 0.35))
    people["ebv_status"] = np.where(people["ebv_tested"], np.where(ebv, "positive", "negative"), "not_tested")
    found = ebv & people["ebv_tested"].to_numpy()
    people["ebv_dna"] = np.where(found & _flag(rng, n, 0.8), 10 ** rng.uniform(3.2, 6.8, n), np.nan)
    other = rng.choice(["other_virus", "bacterial", "rheumatic_mas", "unknown"], n, p=[0.25, 0.15, 0.15, 0.45])
    other = np.where(people["adult"] & _flag(rng, n, 0.5), "malignancy", other)
    people["trigger_category"] = np.where(found, "ebv", other)


def _criteria(rng: Generator, people: pd.DataFrame) -> None:
    """The HLH-2004 items: typical disease, and one patient in twenty who was called HLH on few of them."""
    n = len(people)
    z = people["severity"].to_numpy()
    mild = _chosen(rng, np.ones(n, dtype=bool), np.exp(-z), round(0.05 * n))
    people["temp_max_c"] = np.where(_flag(rng, n, 0.96), rng.uniform(38.6, 40.9, n), rng.uniform(36.9, 38.2, n))
    people["fever"] = people["temp_max_c"].round(1) >= 38.5
    people["splenomegaly"] = ~mild & _flag(rng, n, 0.86)
    people["hepatomegaly"] = _flag(rng, n, 0.8)
    people["lymphadenopathy"] = _flag(rng, n, 0.5)
    people["hemoglobin"] = np.clip(np.where(mild, 112, 80 - 5 * z) + 14 * rng.standard_normal(n), 46, 150)
    people["platelets"] = np.clip(_lognormal(rng, np.where(mild, 160, 46 * np.exp(-0.3 * z)), 0.6, n), 5, 380)
    people["anc"] = np.clip(_lognormal(rng, np.where(mild, 2.4, 0.85), 0.75, n), 0.1, 9.5)
    people["wbc"] = np.clip(people["anc"] + _lognormal(rng, 1.2, 0.5, n), 0.5, 18)
    people["triglycerides"] = np.clip(_lognormal(rng, np.where(mild, 1.7, 3.6), 0.4, n), 0.8, 9.8)
    people["fibrinogen"] = np.clip(_lognormal(rng, np.where(mild, 2.9, 1.25 * np.exp(-0.1 * z)), 0.42, n), 0.3, 5.8)
    people["ferritin"] = np.clip(_lognormal(rng, np.where(mild, 420, 4200 * np.exp(0.4 * z)), 1.0, n), 205, 95000)
    people["hemophagocytosis_bm"] = np.where(people["bm_done"], ~mild & _flag(rng, n, 0.76), _NOTHING)
    activity = rng.choice(["low", "absent", "normal"], n, p=[0.55, 0.15, 0.3])
    people["nk_activity"] = np.where(people["nk_tested"], np.where(mild, "normal", activity), "not_tested")
    level = np.clip(_lognormal(rng, np.where(mild, 1500, 12000), 0.7, n), 450, 58000)
    people["scd25"] = np.where(people["scd25_tested"], level, np.nan)


def _laboratory(rng: Generator, people: pd.DataFrame) -> None:
    """The other blood values, worse with severity."""
    n = len(people)
    z = people["severity"].to_numpy()
    years = people["age_days"].to_numpy() / 365.25
    people["ast"] = np.clip(_lognormal(rng, 150 * np.exp(0.3 * z), 0.8, n), 18, 2900)
    people["alt"] = np.clip(_lognormal(rng, 110 * np.exp(0.3 * z), 0.8, n), 12, 2900)
    people["ldh"] = np.clip(_lognormal(rng, 900 * np.exp(0.3 * z), 0.6, n), 210, 7900)
    people["bilirubin_total"] = np.clip(_lognormal(rng, 18 * np.exp(0.4 * z), 0.7, n), 3.5, 390)
    people["albumin"] = np.clip(29 - 2.5 * z + 4 * rng.standard_normal(n), 16, 48)
    people["creatinine"] = np.clip(_lognormal(rng, 25 + 1.0 * np.minimum(years, 30), 0.3, n), 12, 380)
    people["sodium"] = np.clip(134 + 4 * rng.standard_normal(n), 121, 149)
    people["crp"] = np.clip(_lognormal(rng, 25, 1.2, n), 0.6, 300)
    for name in ("ast", "alt", "ldh", "bilirubin_total", "albumin", "creatinine", "sodium", "crp", "triglycerides"):
        people.loc[_flag(rng, n, 0.02), name] = np.nan
    people["icu"] = _flag(rng, n, 1 / (1 + np.exp(1.5 - z)))


def _protein_limits(age_days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """CSF protein (g/L) below which every rule of the catalogue reads normal, above which every one reads abnormal."""
    edges = [28, 60, 182, 3652, 6574]
    place = np.searchsorted(edges, age_days, side="left")
    return np.array([0.9, 0.7, 0.34, 0.28, 0.36, 0.45])[place], np.array([1.5, 1.3, 1.2, 0.55, 0.6, 0.75])[place]


def _domains(rng: Generator, people: pd.DataFrame) -> None:
    """What the three domains show; values lie clear of every age limit, so that the truth does not hang on a rule."""
    n = len(people)
    for table, present, seen in (
        (SYMPTOMS, people["true_S"], people["neuro_assessed"]),
        (FINDINGS, people["true_I"], people["mri_done"]),
    ):
        flags = rng.random((n, len(table))) < np.array(list(table.values()))
        flags[np.arange(n), rng.choice(len(table), n, p=np.array(list(table.values())) / sum(table.values()))] = True
        for k, name in enumerate(table):
            people[name] = np.where(seen, flags[:, k] & present.to_numpy(), _NOTHING)
    people["neuro_symptoms_any"] = np.where(people["neuro_assessed"], _met(people["true_S"]), _NOTHING)
    people["mri_abnormal"] = np.where(people["mri_done"], _met(people["true_I"]), _NOTHING)
    tested, abnormal = people["lp_done"].to_numpy(), people["true_C"].to_numpy()
    people["csf_abnormal"] = np.where(tested, _met(people["true_C"]), _NOTHING)
    normal_max, abnormal_min = _protein_limits(people["age_days"].to_numpy())
    by_cells = abnormal & _flag(rng, n, 0.6)
    by_protein = abnormal & (~by_cells | _flag(rng, n, 0.5))
    cells = np.where(by_cells, 25 + np.floor(rng.exponential(40, n)), rng.integers(0, 4, n))
    protein = np.where(by_protein, abnormal_min * rng.uniform(1.05, 2.2, n), normal_max * rng.uniform(0.5, 0.95, n))
    people["csf_wbc"] = np.where(tested, cells, np.nan)
    people["csf_protein"] = np.where(tested, np.round(protein, 2), np.nan)
    bloody = _chosen(rng, tested & ~abnormal, np.ones(n), round(0.01 * n))
    red = np.where(bloody, rng.integers(1500, 9000, n), np.floor(rng.exponential(8, n)))
    people["csf_rbc"] = np.where(tested, red, np.nan)
    people["csf_glucose"] = np.where(tested, rng.uniform(2.6, 4.4, n), np.nan)


def _met(values: pd.Series) -> np.ndarray:
    return np.where(values, "met", "not_met").astype(object)


def _treatment(rng: Generator, people: pd.DataFrame) -> None:
    n = len(people)
    early = (people["died"] & (people["days"] <= 7)).to_numpy()
    recent = (people["date_hlh_diagnosis"] >= np.datetime64("2018-01-01")).to_numpy()
    people["steroid"] = _flag(rng, n, 0.97)
    people["etoposide"] = _flag(rng, n, np.where(early, 0.4, 0.82))
    people["cyclosporine"] = _flag(rng, n, 0.4)
    people["ruxolitinib"] = recent & _flag(rng, n, 0.25)
    plan = np.where(
        people["etoposide"], rng.choice(["HLH-94", "HLH-2004", "DEP"], n, p=[0.5, 0.4, 0.1]), "steroid_only"
    )
    people["regimen_initial"] = np.where(people["steroid"], plan, "none")


def _after(rng: Generator, people: pd.DataFrame) -> None:
    """How it ended, as a registry writes it."""
    n = len(people)
    status = np.where(people["died"], "dead", np.where(people["lost"], "lost", "alive"))
    people["outcome_status"] = status
    people["death"] = np.where(people["lost"], False, people["died"])
    people["lost_to_followup"] = people["lost"]
    people["followup_days"] = people["days"].astype(float)
    sequelae = _flag(rng, n, np.where(people["true_S"], 0.2, 0.03))
    people["neuro_sequelae"] = np.where(status == "alive", _met(pd.Series(sequelae)), _NOTHING)


def patients(rng: Generator, n: int) -> pd.DataFrame:
    """`n` synthetic patients as their charts would tell them, if charts were perfect.

    Returns one row per patient: codebook variables, `hospital` ('A' or 'B'), and the model's own columns (`true_S`,
    `true_C`, `true_I`, `true_cns`, `severity`, `late_evidence`), which no hospital knows of untested patients.
    """
    people = _people(rng, n)
    for step in (_cns, _outcome, _testing, _aetiology, _criteria, _laboratory, _domains, _treatment, _dates, _after):
        step(rng, people)
    return complete(rng.spawn(1)[0], people)
