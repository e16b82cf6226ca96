"""Model terms, tests of terms, contrasts, interactions and start-stop rows against R (rms, survival, epiR)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from neurohlh.core.errors import NotEstimable
from neurohlh.core.result import Result
from neurohlh.stats.columns import Floats
from neurohlh.stats.design.splines import rcs_knots
from neurohlh.stats.design.terms import model_design
from neurohlh.stats.hazards.contrast import cox_contrast
from neurohlh.stats.hazards.cox import cox
from neurohlh.stats.hazards.interaction import cox_interaction
from neurohlh.stats.hazards.term_tests import cox_terms
from neurohlh.stats.start_stop import Episodes, episodes, split_at
from neurohlh.study.verification.case import Case, Compared
from neurohlh.study.verification.reference import Entry, dataset


def _lung() -> pd.DataFrame:
    return dataset("derived_lung_cc").assign(
        sex=lambda d: d["sex"].map({1: "m", 2: "f"}), worse=lambda d: d["ph.ecog"] > 0
    )


def _veteran() -> pd.DataFrame:
    levels = ["squamous", "smallcell", "adeno", "large"]
    return dataset("survival_veteran").assign(
        celltype=lambda d: pd.Categorical(d["celltype"], levels),
        trt=lambda d: pd.Categorical(d["trt"].map({1: "standard", 2: "test"}), ["standard", "test"]),
        prior=lambda d: pd.Categorical(d["prior"].map({0: "no", 10: "yes"}), ["no", "yes"]),
    )


_VETERAN = {"celltype": "squamous", "trt": "standard", "prior": "no"}


def _estimates(result: Result) -> pd.DataFrame:
    return result.tidy[result.tidy["coef"].notna()]


def _test(result: Result, term: str, claim: str, test: str) -> list[float]:
    rows = result.tidy
    row = rows[(rows["term"] == term) & (rows["contrast"] == claim) & (rows["method"] == f"{test} test")].iloc[0]
    return [row["statistic"], row["df"]]


def _basis(entry: Entry) -> Iterator[Compared]:
    frame = dataset(entry.data)
    for name, values in entry.values.items():
        design = model_design(frame, [f"rcs(age, {name[1:]})"])
        yield Compared(f"{name}: knots", values["knots"], next(iter(design.knots.values())))
        yield Compared(f"{name}: columns", values["basis_first3"], design.matrix[:3])


def _rcs_lung(entry: Entry) -> Iterator[Compared]:
    frame, values, terms = dataset(entry.data), entry.values, ["rcs(age, 4)", "sex"]
    design = model_design(frame, terms)
    yield Compared("knots", values["knots"], design.knots["rcs(age, 4)"])
    yield Compared("columns", values["basis_first5"], design.matrix[:5, :3])
    rows = _estimates(cox(frame, "time", "ev", terms))
    yield Compared("coefficients", values["coef"], rows["coef"])
    yield Compared("standard errors", values["se"], rows["std_error"])
    tests = cox_terms(frame, "time", "ev", terms)
    ratio = _test(tests, "rcs(age, 4)", "straight line", "likelihood ratio")
    yield Compared("nonlinear, likelihood ratio", values["nonlinear_lrt"], ratio[0])
    yield Compared("nonlinear, Wald", values["nonlinear_wald"], _test(tests, "rcs(age, 4)", "straight line", "Wald")[0])
    found = cox_contrast(frame, "time", "ev", terms, contrasts={"75": ({"age": 75}, {"age": 60})}).tidy
    yield Compared("age 75 against 60", values["hr_age75_vs_60"], found[["coef", "std_error"]])


def _knots(entry: Entry) -> Iterator[Compared]:
    pbc, colon = dataset("survival_pbc").iloc[:312], dataset("survival_colon").query("etype == 2 and nodes == nodes")
    lung, rotterdam = dataset("derived_lung_cc"), dataset("derived_rotterdam_iptw")
    columns = {
        "lung_age": lung["age"],
        "lung_wt": lung["wt.loss"],
        "pbc_bili": pbc["bili"],
        "pbc_stage_age": pbc["age"].iloc[:40],
        "colon_nodes": colon["nodes"],
        "colon_age": colon["age"],
        "rot_lpgr": rotterdam["lpgr"],
        "rot_ler": rotterdam["ler"],
        "rot_nodes": rotterdam["nodes"],
        "vet_time": dataset("survival_veteran")["diagtime"],
    }
    for name, values in entry.values.items():
        known = columns[name].dropna().to_numpy(dtype=float)
        asked = {int(k[1:]): places["knots"] for k, places in values.items() if not places["warned"]}
        yield Compared(f"{name}: knots", list(asked.values()), [rcs_knots(known, k).tolist() for k in asked])
        refused = [_refused(known, int(k[1:])) for k, places in values.items() if places["warned"]]
        if refused:
            yield Compared(f"{name}: refused where R warns", [1.0] * len(refused), refused)


def _refused(known: Floats, knots: int) -> float:
    try:
        rcs_knots(known, knots)
    except NotEstimable:
        return 1.0
    return 0.0


def _rcs_by_sex(entry: Entry) -> Iterator[Compared]:
    frame, v = _lung(), entry.values
    terms, base = ["rcs(age, 4)*sex", "ph.ecog"], {"sex": "m"}
    rows = _estimates(cox(frame, "time", "ev", terms, reference=base))
    yield Compared("coefficients", v["coef"], rows["coef"])
    yield Compared("standard errors", v["se"], rows["std_error"])
    tests = cox_terms(frame, "time", "ev", terms, reference=base)
    anova = dict(zip((name.strip() for name in v["anova_rows"]), v["anova"], strict=True))
    both = "no effect, interactions included"
    yield Compared("Wald, age", v["anova"][0][:2], _test(tests, "rcs(age, 4)", both, "Wald"))
    yield Compared("Wald, straight line", v["anova"][2][:2], _test(tests, "rcs(age, 4)", "straight line", "Wald"))
    yield Compared("Wald, sex", v["anova"][3][:2], _test(tests, "sex", both, "Wald"))
    yield Compared("Wald, ph.ecog", anova["ph.ecog"][:2], _test(tests, "ph.ecog", "no effect", "Wald"))
    crossed = "rcs(age, 4):sex", "no interaction"
    yield Compared("LR, interaction", v["lr_interaction"], _test(tests, *crossed, "likelihood ratio"))
    straight = "rcs(age, 4)", "straight line"
    yield Compared("LR, straight line", v["lr_nonlinear"], _test(tests, *straight, "likelihood ratio"))
    yield Compared("LR, age", v["lr_no_age"], _test(tests, "rcs(age, 4)", both, "likelihood ratio"))
    yield Compared("score, interaction", v["score_interaction"], _test(tests, *crossed, "score")[0])
    ages = {"f": ({"age": 75, "sex": "f"}, {"age": 60, "sex": "f"})}
    sexes = {str(a): ({"age": a, "sex": "f"}, {"age": a, "sex": "m"}) for a in (50, 60, 75)}
    found = cox_contrast(frame, "time", "ev", terms, contrasts={**ages, **sexes}, reference=base).tidy
    women = [*found[["coef", "std_error"]].iloc[0], *np.log(found[["conf_low", "conf_high"]].iloc[0])]
    yield Compared("age in women", v["age75_vs_60_f"], women)
    by_age = v["sex_at_50_60_75"]
    yield Compared("sex at ages", by_age["coef"], found["coef"][1:])
    yield Compared("sex at ages, standard error", by_age["se"], found["std_error"][1:])


def _rcs_strata(entry: Entry) -> Iterator[Compared]:
    v, terms = entry.values, ["rcs(bili, [0.6, 1.5, 4, 12])", "rcs(age, 5)"]
    frame = dataset(entry.data).iloc[:312].assign(death=lambda d: d["status"] == 2)
    result = cox(frame, "time", "death", terms, strata="sex")
    yield Compared("coefficients", v["coef"], _estimates(result)["coef"])
    yield Compared("standard errors", v["se"], _estimates(result)["std_error"])
    tests = cox_terms(frame, "time", "death", terms, strata="sex")
    asked = [(terms[0], "no effect"), (terms[0], "straight line"), (terms[1], "no effect"), (terms[1], "straight line")]
    asked.append(("all splines", "straight lines"))
    found = [_test(tests, *question, "Wald") for question in asked]
    yield Compared("Wald tests", [row[:2] for row in v["anova"][:5]], found)
    yield Compared("knots of age", v["age_knots"], model_design(frame, terms).knots["rcs(age, 5)"])


def _drop1(entry: Entry) -> Iterator[Compared]:
    frame, v = _veteran(), entry.values
    for ties, ratio, score in (
        ("efron", "lrt", "score_celltype"),
        ("breslow", "breslow_lrt", "score_celltype_breslow"),
    ):
        found = cox_terms(frame, "time", "status", v["terms"], reference=_VETERAN, ties=ties)
        tests = [_test(found, term, "no effect", "likelihood ratio") for term in v["terms"]]
        yield Compared(f"{ties}: likelihood ratio", v[ratio], [test[0] for test in tests])
        yield Compared(f"{ties}: df", v["df"], [test[1] for test in tests])
        yield Compared(f"{ties}: score", v[score], _test(found, "celltype", "no effect", "score")[0])
        if ties == "efron":
            rows = found.tidy[found.tidy["method"] == "likelihood ratio test"]
            yield Compared("efron: p", v["p"], rows["p_value"])
            yield Compared(
                "efron: Wald, cell type", v["wald_celltype"], _test(found, "celltype", "no effect", "Wald")[0]
            )


def _three_way(entry: Entry) -> Iterator[Compared]:
    frame, v, terms = _veteran(), entry.values, ["trt*prior*karno", "celltype"]
    rows = _estimates(cox(frame, "time", "status", terms, reference=_VETERAN))
    yield Compared("coefficients", v["coef"], rows["coef"])
    yield Compared("standard errors", v["se"], rows["std_error"])
    tests = cox_terms(frame, "time", "status", terms, reference=_VETERAN)
    three = _test(tests, "trt:prior:karno", "no interaction", "likelihood ratio")
    yield Compared("LR, three-way", v["lr_three_way"], three)
    every = _test(tests, "trt", "no effect, interactions included", "likelihood ratio")
    yield Compared("LR, treatment with its interactions", v["lr_trt"], every)


def _cluster(entry: Entry) -> Iterator[Compared]:
    frame, v = dataset(entry.data).rename(columns={"start": "s"}), entry.values
    terms, options = ["age*transplant", "surgery*transplant", "year"], {"entry": "s", "cluster": "id"}
    asked = {
        "0": ({"transplant": 1, "age": 0, "surgery": 0}, {"transplant": 0, "age": 0, "surgery": 0}),
        "10": ({"transplant": 1, "age": 10, "surgery": 1}, {"transplant": 0, "age": 10, "surgery": 1}),
    }
    found = cox_contrast(frame, "stop", "event", terms, contrasts=asked, **options)  # type: ignore[arg-type]
    yield Compared("contrasts", v["coef"], found.tidy["coef"])
    yield Compared("robust standard errors", v["se"], found.tidy["std_error"])
    yield Compared("joint Wald test", v["joint"], found.checks["statistic"].iloc[0])
    tests = cox_terms(frame, "stop", "event", terms, **options)  # type: ignore[arg-type]
    both = "all interactions", "no interactions"
    yield Compared("Wald, interactions", v["wald_interactions"], _test(tests, *both, "Wald")[0])
    yield Compared("LR, interactions", v["lr_interactions"], _test(tests, *both, "likelihood ratio"))


def _additive(entry: Entry) -> Iterator[Compared]:
    found = cox_interaction(_lung(), "time", "ev", "worse", "sex", ["age"], reference={"sex": "f"}).tidy
    for name in ("RERI", "AP", "S"):
        rows = found[found["measure"] == name]
        yield Compared(name, entry.values[name], rows[["estimate", "conf_low", "conf_high"]])


def _survsplit(entry: Entry) -> Iterator[Compared]:
    v, found = entry.values, split_at(_veteran(), "time", "status", [60, 120])
    rows = found.frame.assign(episode=lambda d: d["period"].cat.codes + 1, nr=lambda d: d["id"] + 1)
    for name, ours in (
        ("tstart", "start"),
        ("stop", "stop"),
        ("event", "status"),
        ("episode", "episode"),
        ("nr", "nr"),
    ):
        yield Compared(name, v[name], rows[ours])
    for k in (1, 2, 3):
        rows[f"karno{k}"] = rows["karno"] * (rows["episode"] == k)
    terms = ["trt", "karno1", "karno2", "karno3"]
    fitted = _estimates(cox(rows, "stop", "status", terms, entry="start", reference={"trt": "standard"}))
    yield Compared("coefficients per period", v["coef"], fitted["coef"])
    yield Compared("standard errors per period", v["se"], fitted["std_error"])


def jasa_episodes() -> Episodes:
    """The Stanford data from one row per patient to start-stop rows, with half a day where R's users add it."""
    frame = dataset("survival_jasa").drop(columns="transplant")
    frame = frame.assign(wait=frame["tx.date"] - frame["accept.dt"], futime=frame["futime"].clip(lower=0.5))
    return episodes(frame, "futime", "fustat", {"trans": "wait"}, before_event=0.5)


def _tmerge(entry: Entry) -> Iterator[Compared]:
    v, rows = entry.values, jasa_episodes().frame
    for name, ours in (("tstart", "start"), ("tstop", "stop"), ("death", "fustat"), ("trans", "trans")):
        yield Compared(name, v[name], rows[ours])
    yield Compared("patient", v["id"], rows["id"] + 1)
    fitted = _estimates(cox(rows, "stop", "fustat", ["trans", "age", "surgery"], entry="start"))
    yield Compared("coefficients", v["coef"], fitted["coef"])
    yield Compared("standard errors", v["se"], fitted["std_error"])


CASES = (
    Case("rcs_basis", _basis),
    Case("cox_rcs_lung_age4", _rcs_lung),
    Case("terms_knots", _knots),
    Case("terms_rcs_by_sex", _rcs_by_sex),
    Case("terms_rcs_named_knots_strata", _rcs_strata),
    Case("terms_drop1_veteran", _drop1),
    Case("terms_three_way", _three_way),
    Case("terms_cluster_contrast", _cluster),
    Case("terms_additive", _additive),
    Case("terms_survsplit", _survsplit),
    Case("terms_tmerge", _tmerge),
)
