"""A made-up study whose Results follow the shapes that the stats room documents; no number of it is of a patient."""

import numpy as np
import pandas as pd
import pytest

from neurohlh.core.findings import Findings, Reference, Setting
from neurohlh.core.result import Result, check_frame, tidy_frame

COMMON = {"conf_level": 0.95, "software": "neurohlh 0.1.0", "reference": "Wilson 1927"}
TICKS = [0, 182.625, 365.25, 730.5, 1095.75]


@pytest.fixture(scope="session")
def completeness():
    rows = []
    counts = {
        "ferritin": (352, 20, 8, 0, 5, 0, 15, 0),
        "csf_protein": (231, 60, 99, 0, 10, 0, 0, 0),
        "nk_activity": (98, 202, 80, 0, 12, 8, 0, 0),
        "ebv_specimen": (0, 0, 0, 0, 0, 0, 0, 400),
    }
    states = ("value", "blank", "not_done", "not_applicable", "unknown", "equivocal", "refused", "no_column")
    for variable, found in counts.items():
        for state, events in zip(states, found, strict=True):
            rows.append(
                {
                    "analysis": "completeness",
                    "variable": variable,
                    "level": state,
                    "measure": "proportion",
                    "n": 400,
                    "events": events,
                    "estimate": events / 400,
                }
            )
    method = {**COMMON, "estimator": "proportion of patients by state", "denominator": "all patients"}
    return Result("completeness", tidy_frame(rows), method=method, counts={"supplied": 400, "used": 400})


@pytest.fixture(scope="session")
def table1():
    groups = {"overall": 362, "met": 132, "not_met": 141, "indeterminate": 89}
    rows = [{"term": "size", "group": g, "measure": "count", "n": n, "estimate": n} for g, n in groups.items()]

    def continuous(variable, quantiles, known, missing):
        for group, n in groups.items():
            for measure, value in zip(("median", "q25", "q75"), quantiles, strict=True):
                rows.append(
                    {
                        "variable": variable,
                        "term": "summary",
                        "group": group,
                        "measure": measure,
                        "n": known,
                        "estimate": value,
                    }
                )
            rows.append(
                {
                    "variable": variable,
                    "term": "missing",
                    "group": group,
                    "measure": "missing",
                    "n": n,
                    "events": missing,
                    "estimate": missing / n,
                }
            )
        rows.append(
            {
                "variable": variable,
                "term": "smd",
                "measure": "SMD",
                "contrast": "met vs not_met",
                "n": 270,
                "estimate": -0.0012,
            }
        )

    def level(variable, name, counts):
        for (group, n), events in zip(groups.items(), counts, strict=True):
            rows.append(
                {
                    "variable": variable,
                    "term": "level",
                    "level": name,
                    "group": group,
                    "measure": "proportion",
                    "n": n - 2,
                    "events": events,
                    "estimate": events / (n - 2),
                }
            )

    continuous("age_years", (4.25, 1.8, 9.125), 350, 3)
    continuous("ferritin", (5234.5, 1204.0, 14220.25), 341, 7)
    level("sex", "M", (190, 66, 75, 49))
    rows.append(
        {"variable": "sex", "term": "smd", "measure": "SMD", "contrast": "met vs not_met", "n": 270, "estimate": 0.0421}
    )
    for name, counts in {"ebv": (180, 60, 75, 45), "malignancy": (30, 11, 12, 7), "unknown": (150, 59, 52, 35)}.items():
        level("trigger_category", name, counts)
    rows.append(
        {
            "variable": "trigger_category",
            "term": "smd",
            "measure": "SMD",
            "contrast": "met vs not_met",
            "n": 270,
            "note": "not estimable: no overlap between the groups",
        }
    )
    method = {
        **COMMON,
        "estimator": "median, quartiles, proportions",
        "quantiles": "type 7",
        "groups": list(groups),
        "smd": "pooled standard deviation of the two groups",
        "types": {"sex": "binary"},
    }
    frame = tidy_frame([{"analysis": "table1", **r} for r in rows])
    return Result("table1", frame, method=method, counts={"supplied": 362, "used": 362, "dropped": {}})


@pytest.fixture(scope="session")
def frequency():
    def row(term, events, n, low, high):
        return {
            "analysis": "frequency",
            "variable": "cns",
            "term": term,
            "group": "overall",
            "measure": "proportion",
            "n": n,
            "events": events,
            "estimate": events / n,
            "conf_low": low,
            "conf_high": high,
        }

    rows = [
        row("as tested", 132, 273, 0.4248, 0.5427),
        row("unknown as negative", 132, 362, 0.3167, 0.4153),
        row("worst case: unknown as positive", 221, 362, 0.5593, 0.6592),
        row("best case: unknown as negative", 132, 362, 0.3167, 0.4153),
        {
            "analysis": "frequency",
            "variable": "cns",
            "term": "unknown",
            "group": "overall",
            "measure": "proportion",
            "n": 362,
            "events": 89,
            "estimate": 89 / 362,
        },
    ]
    method = {**COMMON, "estimator": "proportion", "interval": "Wilson score", "denominator": "known status"}
    counts = {"supplied": 362, "used": 362, "met": 132, "not_met": 141, "indeterminate": 89, "missing": 0}
    return Result("frequency", tidy_frame(rows), method=method, counts=counts)


@pytest.fixture(scope="session")
def testing():
    rows = []
    domains = {"lp_done": ((60, 92), (190, 260)), "mri_done": ((71, 92), (212, 260))}
    for variable, counts in domains.items():
        for group, (events, n) in zip(("true", "false"), counts, strict=True):
            rows.append(
                {
                    "analysis": "testing",
                    "outcome": "death",
                    "variable": variable,
                    "group": group,
                    "measure": "proportion",
                    "n": n,
                    "events": events,
                    "estimate": events / n,
                    "conf_low": 0.5,
                    "conf_high": 0.8,
                }
            )
        rd = counts[0][0] / counts[0][1] - counts[1][0] / counts[1][1]
        low, high = (-0.19, -0.003) if variable == "lp_done" else (-0.14, 0.06)
        rows.append(
            {
                "analysis": "testing",
                "outcome": "death",
                "variable": variable,
                "measure": "RD",
                "contrast": "true vs false",
                "n": 352,
                "estimate": rd,
                "conf_low": low,
                "conf_high": high,
            }
        )
    return Result("testing", tidy_frame(rows), method={**COMMON, "interval": ["Wilson", "Newcombe"]}, counts={})


def _curve(group, rng, n, rate):
    time = np.sort(np.round(np.minimum(rng.exponential(1 / rate, n), rng.uniform(200, 1400, n))) + 1)
    event = rng.uniform(size=n) < 0.55
    rows = [
        {
            "group": group,
            "time": 0.0,
            "n_risk": n,
            "n_event": 0,
            "n_censor": 0,
            "survival": 1.0,
            "conf_low": np.nan,
            "conf_high": np.nan,
            "std_error": 0.0,
            "sparse": False,
        }
    ]
    survival, greenwood = 1.0, 0.0
    for t in np.unique(time):
        at_risk, dead = int((time >= t).sum()), int((event & (time == t)).sum())
        survival *= 1 - dead / at_risk
        greenwood += dead / (at_risk * (at_risk - dead)) if at_risk > dead else 0.0
        spread = 1.96 * survival * np.sqrt(greenwood)
        rows.append(
            {
                "group": group,
                "time": t,
                "n_risk": at_risk,
                "n_event": dead,
                "n_censor": int((time == t).sum()) - dead,
                "survival": survival,
                "conf_low": max(survival - spread, 0),
                "conf_high": min(survival + spread, 1),
                "std_error": spread / 1.96,
                "sparse": at_risk < 10,
            }
        )
    return pd.DataFrame(rows)


@pytest.fixture(scope="session")
def kaplan_meier():
    rng = np.random.default_rng(7)
    curves = pd.concat([_curve("met", rng, 118, 1 / 1100), _curve("not_met", rng, 133, 1 / 3300)], ignore_index=True)
    rows, table = [], []
    for group, part in curves.groupby("group", sort=False):
        n, deaths = int(part["n_risk"].iloc[0]), int(part["n_event"].sum())
        rows.append({"group": group, "term": "size", "measure": "count", "n": n, "events": deaths, "estimate": n})
        for time in (30, 180, 365.25, 1095.75):
            upto = part[part["time"] <= time]
            risk = part.loc[part["time"] >= time, "n_risk"].iloc[0]
            at = upto.iloc[-1]
            rows.append(
                {
                    "group": group,
                    "term": "survival at time",
                    "time": time,
                    "n": risk,
                    "events": upto["n_event"].sum(),
                    "measure": "survival",
                    "scale": "log-log",
                    "estimate": at["survival"],
                    "conf_low": at["conf_low"],
                    "conf_high": at["conf_high"],
                    "note": "fewer than 10 at risk" if risk < 10 else "",
                }
            )
        rows.append({"group": group, "term": "median", "measure": "median survival", "note": "not reached"})
        for tick in TICKS:
            later = part.loc[part["time"] >= tick, "n_risk"]
            upto = part[part["time"] <= tick]
            table.append(
                {
                    "group": group,
                    "time": tick,
                    "n_risk": int(later.iloc[0]) if len(later) else 0,
                    "n_event": int(upto["n_event"].sum()),
                    "n_censor": int(upto["n_censor"].sum()),
                }
            )
    method = {
        **COMMON,
        "estimator": "Kaplan-Meier",
        "variance": "Greenwood",
        "interval": "log-log",
        "sparse_below": 10,
        "ticks": TICKS,
        "risk_table": table,
        "reference": "Kaplan and Meier 1958",
    }
    deaths = int(curves["n_event"].sum())
    counts = {"supplied": 362, "used": 251, "events": deaths, "dropped": {"died by day 14": 22, "CNS undecided": 89}}
    frame = tidy_frame([{"analysis": "kaplan_meier", "outcome": "os", **r} for r in rows])
    return Result("kaplan_meier", frame, curves=curves, method=method, counts=counts)


@pytest.fixture(scope="session")
def logrank():
    rows = [
        {"term": "group", "group": "met", "n": 118, "events": 41, "measure": "expected events", "estimate": 29.31},
        {"term": "group", "group": "not_met", "n": 133, "events": 22, "measure": "expected events", "estimate": 33.69},
        {
            "term": "test",
            "statistic": 9.042,
            "df": 1,
            "p_value": 0.002638,
            "n": 251,
            "events": 63,
            "contrast": "met vs not_met",
            "method": "log-rank",
        },
    ]
    method = {**COMMON, "test": "log-rank", "variance": "hypergeometric", "correction": "none"}
    return Result("logrank", tidy_frame([{"analysis": "logrank", **r} for r in rows]), method=method)


def hazard(analysis, variable, term, level, n, events, hr, low, high, p, note=""):
    return {
        "analysis": analysis,
        "outcome": "os",
        "variable": variable,
        "term": term,
        "level": level,
        "n": n,
        "events": events,
        "measure": "HR",
        "scale": "log",
        "estimate": hr,
        "conf_low": low,
        "conf_high": high,
        "p_value": p,
        "df": 1,
        "note": note,
    }


@pytest.fixture(scope="session")
def cox():
    rows = []
    for analysis, n, values in (
        ("cox_crude", (118, 133), (2.2861, 1.1502, 4.5466, 0.01834)),
        ("cox_crude_same_patients", (104, 117), (2.11, 1.02, 4.37, 0.0442)),
        ("cox_adjusted", (104, 117), (1.7349, 0.8423, 3.5733, 0.1352)),
    ):
        rows.append(
            {**hazard(analysis, "cns", "cns", "not_met", n[1], 22, None, None, None, None), "is_reference": True}
        )
        rows.append(hazard(analysis, "cns", "cns", "met", n[0], 41, *values))
    for analysis, values in (
        ("cox_crude", (1.034, 1.001, 1.068, 0.0431)),
        ("cox_adjusted", (1.021, 0.98, 1.064, 0.31)),
    ):
        rows.append(hazard(analysis, "age_years", "age_years", "", 221, 57, *values))
    for analysis, values in (("cox_crude", (1.31, 1.1, 1.56, 0.0009)), ("cox_adjusted", (1.22, 1.01, 1.47, 0.0398))):
        rows.append(hazard(analysis, "ferritin", "log2(ferritin)", "", 221, 57, *values))
    for analysis in ("cox_crude", "cox_adjusted"):
        name = "trigger_category"
        rows.append({**hazard(analysis, name, name, "ebv", 110, 28, None, None, None, None), "is_reference": True})
        rows.append(hazard(analysis, name, name, "malignancy", 18, 12, 4.81, 1.9, 61.7, 0.0004))
        rows.append(
            hazard(
                analysis,
                name,
                name,
                "metabolic",
                2,
                0,
                None,
                None,
                None,
                None,
                "not estimable: no events in this level",
            )
        )
    checks = [
        {"check": "events per parameter", "term": "", "value": 9.5, "verdict": "attention"},
        {
            "check": "proportional hazards",
            "term": "cns: met",
            "statistic": 5.2,
            "df": 1,
            "p_value": 0.0226,
            "verdict": "attention",
        },
        {
            "check": "proportional hazards",
            "term": "age_years",
            "statistic": 0.3,
            "df": 1,
            "p_value": 0.58,
            "verdict": "ok",
        },
        {
            "check": "proportional hazards",
            "term": "GLOBAL",
            "statistic": 7.4,
            "df": 6,
            "p_value": 0.29,
            "verdict": "ok",
        },
        {"check": "concordance", "term": "", "value": 0.684, "statistic": 0.031, "verdict": "ok"},
    ]
    method = {
        **COMMON,
        "model": "Cox proportional hazards",
        "ties": "Efron",
        "variance": "model-based (inverse information)",
        "interval": "Wald",
        "ph_test": "score test of cox.zph (survival >= 3), time transform: km",
        "covariates": ["cns", "age_years", "log2(ferritin)", "trigger_category"],
        "reference_levels": {"cns": "not_met", "trigger_category": "ebv"},
    }
    counts = {"supplied": 251, "used": 221, "events": 57, "parameters": 6, "dropped": {"missing age_years": 30}}
    return Result("cox", tidy_frame(rows), checks=check_frame(checks), method=method, counts=counts)


@pytest.fixture(scope="session")
def two_by_two():
    rows = [
        {
            "group": "met",
            "term": "risk",
            "n": 31,
            "events": 14,
            "measure": "risk",
            "estimate": 14 / 31,
            "conf_low": 0.2732,
            "conf_high": 0.6397,
        },
        {
            "group": "not_met",
            "term": "risk",
            "n": 9,
            "events": 0,
            "measure": "risk",
            "estimate": 0.0,
            "conf_low": 0.0,
            "conf_high": 0.3363,
        },
        {
            "measure": "RD",
            "estimate": 14 / 31,
            "conf_low": 0.122,
            "conf_high": 0.6216,
            "contrast": "exposed vs unexposed",
        },
        {"measure": "RR", "contrast": "exposed vs unexposed", "note": "not estimable: a cell is zero"},
        {
            "measure": "OR",
            "contrast": "exposed vs unexposed",
            "estimate": None,
            "conf_low": 1.32,
            "p_value": 0.0147,
            "note": "not estimable: a cell is zero; the upper limit is infinite",
        },
    ]
    method = {**COMMON, "test": "Fisher's exact test", "interval": ["Clopper-Pearson", "Newcombe", "exact conditional"]}
    return Result("two_by_two", tidy_frame([{"analysis": "two_by_two", **r} for r in rows]), method=method)


def _criteria():
    def row(name, item, label, counts, rule="", source="Henter 2007", status="V2"):
        return (name, item, label, rule, *counts, source, status)

    rows = [
        row("hlh2004", "overall", "HLH-2004", (362, 11, 27, 0)),
        row("hlh2004", "fever", "Fever", (377, 20, 3, 0), "highest temperature ≥ 38.5 °C"),
        row("hlh2004", "nk_activity", "NK-cell activity", (71, 27, 302, 0), "low or absent by the local reference"),
        row("hlh2024", "overall", "HLH-2024", (344, 18, 38, 0), source="Henter 2024", status="V; M-high"),
    ]
    return pd.DataFrame(
        rows,
        columns=[
            "criteria_set",
            "item",
            "label",
            "rule",
            "met",
            "not_met",
            "indeterminate",
            "not_applicable",
            "source",
            "status",
        ],
    )


@pytest.fixture(scope="session")
def findings(completeness, table1, frequency, testing, kaplan_meier, logrank, cox):
    columns = [
        ("北方医院.xlsx", "铁蛋白(ng/ml)", "ferritin", "Ferritin", "ug/L", "alias; unit in the header", ""),
        ("north.csv", "CSF protein", "csf_protein", "CSF protein", "g/L", "alias", "unit from the study file: mg/dL"),
        *(("north.csv", f"sx_{i}", f"sx_{i}", f"Symptom {i}", "", "name of the variable", "") for i in range(20)),
        ("north.csv", "remarks", "", "", "", "not recognised", "named in the issues"),
    ]
    issues = [
        (
            "error",
            "outside_hard_range",
            "hemoglobin",
            6,
            "北方医院.xlsx, sheet 基线, row 14, column 血红蛋白",
            "value impossible in g/L; plausible in g/dL",
            "refused",
        ),
        (
            "warning",
            "ambiguous_date",
            "date_death",
            3,
            "north.csv, row 77, column death",
            "day and month may be swapped",
            "refused",
        ),
        ("note", "outside_usual_range", "ferritin", 41, "north.csv, row 9, column ferritin", "unusually high", "kept"),
    ]
    flow = [
        ("rows_read", "Rows read beneath the headers", 412, 0, 412, ""),
        ("identical_rows", "Different rows", 412, 8, 404, "rows that repeat another row"),
        ("joined_rows", "Patients", 404, 0, 404, "further rows of a patient"),
        ("conflicting_rows", "Patients without contradictory rows", 404, 4, 400, "rows that contradict each other"),
        ("criteria_not_met", "HLH-2004 not ruled out", 400, 11, 389, "HLH-2004 not fulfilled"),
        ("criteria_indeterminate", "HLH-2004 decidable", 389, 27, 362, "HLH-2004 not decidable"),
    ]
    return Findings(
        title="CNS involvement and survival in HLH",
        subtitle="Two hospitals, 2009 to 2024",
        synthetic="Synthetic data: no patient of this report exists.",
        settings=(
            Setting("cns.definition", "seed_any3", "default", "Definition of CNS involvement"),
            Setting("model.landmark_days", "14", "declared", "Day from which survival is followed"),
        ),
        sources=pd.DataFrame(
            [
                ("北方医院.xlsx", "基线", 212, 61, "", "2–3", "5d41402a", "two header rows joined"),
                ("north.csv", "", 200, 58, "gb18030", "1", "7d793037", ""),
            ],
            columns=["file", "sheet", "rows", "columns", "encoding", "header_row", "sha256", "notes"],
        ),
        columns=pd.DataFrame(columns, columns=["source", "header", "variable", "label", "unit", "how", "note"]),
        changes=pd.DataFrame(
            [
                ("ferritin", "full_width", 118, "full-width digits read as digits"),
                ("csf_protein", "unit", 190, "mg/dL converted to g/L (× 0.01)"),
            ],
            columns=["variable", "rule", "n_cells", "meaning"],
        ),
        issues=pd.DataFrame(issues, columns=["severity", "code", "variable", "n", "where", "message", "action"]),
        flow=pd.DataFrame(flow, columns=["step", "label", "n_in", "n_excluded", "n_out", "reason"]),
        criteria=_criteria(),
        criteria_set="hlh2004",
        criteria_notes={"hlh2024": "Validated in children; the number of items is from memory (M-high)."},
        cns=pd.DataFrame(
            [
                ("zhao2018", "Zhao 2018", 150, 212, 0, 0, "Zhao 2018", "V", "unknown read as negative"),
                ("seed_any3", "Any of three domains", 132, 141, 89, 0, "Huang 2025", "V", "symptoms, CSF or imaging"),
            ],
            columns=[
                "definition",
                "label",
                "met",
                "not_met",
                "indeterminate",
                "not_applicable",
                "source",
                "status",
                "note",
            ],
        ),
        cns_definition="seed_any3",
        cns_evidence=pd.DataFrame(
            [
                ("Symptoms", "Seizure", 61, 340),
                ("Symptoms", "Reduced consciousness", 48, 322),
                ("CSF", "Protein above the limit of the age", 52, 231),
                ("Imaging", "White matter lesion", 40, 280),
            ],
            columns=["domain", "evidence", "n", "n_asked"],
        ),
        results={
            "completeness": completeness,
            "table1": table1,
            "frequency": frequency,
            "testing": testing,
            "kaplan_meier": kaplan_meier,
            "logrank": logrank,
            "cox": cox,
        },
        labels={
            "ferritin": "Ferritin",
            "age_years": "Age",
            "cns": "CNS status",
            "csf_protein": "CSF protein",
            "sex": "Sex",
            "trigger_category": "Trigger",
            "lp_done": "Lumbar puncture",
            "mri_done": "MRI",
            "nk_activity": "NK-cell activity",
        },
        level_labels={"trigger_category": {"ebv": "EBV", "malignancy": "Malignancy", "unknown": "Not known"}},
        units={"ferritin": "ug/L", "age_years": "years"},
        time_zero="since day 14 after diagnosis",
        cautions=("89 of 362 patients have no decided CNS status; they are not in the curves.",),
        limitations=("Treatment is not part of the models.",),
        methods_notes=("Tables were read as text; every cell kept its place.",),
        references=(Reference("henter2007", "Henter 2007, Pediatr Blood Cancer 48:124.", "10.1002/pbc.21039", "V2"),),
        versions={"python": "3.11", "pandas": "2.3"},
        run={"date": "2026-11-22", "version": "0.1.0", "seed": 20261122},
    )


@pytest.fixture(scope="session")
def published(two_by_two, frequency):
    flow = pd.DataFrame(
        [("read", "Published patients", 44, 4, 40, "outcome not printed")],
        columns=["step", "label", "n_in", "n_excluded", "n_out", "reason"],
    )
    return Findings(
        title="Published patients",
        case_series=True,
        flow=flow,
        results={"two_by_two": two_by_two, "frequency": frequency},
    )
