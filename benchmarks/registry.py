"""A registry of any size as realistic text: limits, dates in three styles, words in two languages."""

import csv
from pathlib import Path

import numpy as np

YES = (["yes", "有", "1", "+"], [0.6, 0.3, 0.07, 0.03])
NO = (["no", "无", "0", "阴性"], [0.6, 0.25, 0.1, 0.05])
UNKNOWN = (["未查", ""], [0.3, 0.7])
LABS = {
    "WBC (10^9/L)": (0.3, 15.0, 1), "ANC (10^9/L)": (0.1, 8.0, 2), "Hb (g/dL)": (5.0, 14.0, 1),
    "PLT (10^9/L)": (5, 300, 0), "Ferritin (ng/mL)": (100, 60000, 0), "Triglycerides (mg/dL)": (60, 600, 0),
    "Fibrinogen (mg/dL)": (40, 500, 0), "AST (U/L)": (15, 2500, 0), "ALT (U/L)": (10, 2500, 0),
    "LDH (U/L)": (150, 6000, 0), "Total bilirubin (mg/dL)": (0.2, 20, 1), "Albumin (g/dL)": (1.8, 4.8, 1),
    "Creatinine (mg/dL)": (0.2, 3.0, 2), "Sodium (mmol/L)": (122, 148, 0), "CRP (mg/L)": (0, 300, 1),
    "sIL2R (U/mL)": (400, 50000, 0), "Tmax (℃)": (37.0, 41.5, 1), "CSF WBC (cells/uL)": (0, 60, 0),
    "CSF protein (mg/dL)": (12, 180, 0), "CSF RBC (cells/uL)": (0, 3000, 0), "GCS": (3, 15, 0),
    "PT (s)": (9, 40, 1), "APTT (s)": (20, 90, 1),
}  # fmt: skip
FLAGS = {
    "fever": 0.9, "splenomegaly": 0.8, "hepatomegaly": 0.7, "lymphadenopathy": 0.5, "hemophagocytosis": 0.6,
    "bm_done": 0.9, "neuro_assessed": 0.97, "lp_done": 0.65, "mri_done": 0.85, "ct_done": 0.2, "sx_seizure": 0.12,
    "sx_coma": 0.05, "sx_irritability": 0.06, "sx_headache": 0.05, "sx_ataxia": 0.03, "mri_brainstem": 0.08,
    "mri_cerebellum": 0.1, "mri_basal_ganglia": 0.1, "mri_atrophy": 0.2, "shock": 0.1, "sepsis": 0.2,
    "etoposide": 0.7, "steroid": 0.9, "hsct": 0.15, "death": 0.25,
}  # fmt: skip
"""Share of yes."""
ASKED_IF = {"sx_": "neuro_assessed", "mri_": "mri_done", "CSF": "lp_done"}
"""Columns that are filled only where an examination was done."""
DATES = ("date_onset", "date_hlh_diagnosis", "date_lp_first", "date_last_followup", "date_death")


def _dates(rng: np.random.Generator, n: int, start: int, days: int) -> np.ndarray:
    """ISO, dotted and Chinese dates, as three clerks would write them."""
    pool = np.datetime64("1970-01-01") + np.arange(start, start + days)
    iso = pool.astype(str)
    dotted = [f"{d.year}.{d.month}.{d.day}" for d in pool.astype(object)]
    chinese = [f"{d.year}年{d.month}月{d.day}日" for d in pool.astype(object)]
    texts = np.concatenate([iso, np.array(dotted), np.array(chinese)]).astype(object)
    return texts[rng.integers(0, days, n) + days * rng.choice(3, n, p=[0.7, 0.2, 0.1])]


def _lab(rng: np.random.Generator, n: int, low: float, high: float, digits: int) -> np.ndarray:
    step = 10**-digits
    grid = np.round(np.arange(low, high + step / 2, step), digits)
    texts = np.array([f"{v:.{digits}f}" for v in grid], dtype=object)
    out = texts[np.minimum((rng.beta(1.2, 3, n) * len(texts)).astype(int), len(texts) - 1)]
    out[rng.random(n) < 0.08] = ""
    out[rng.random(n) < 0.01] = "未查"
    out[rng.random(n) < 0.005] = f">{texts[-1]}"
    return out


def _flag(rng: np.random.Generator, yes: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Yes and no as four wards write them, and what stands where nobody looked."""
    n = len(yes)
    words = [np.array(pool, dtype=object)[rng.choice(len(pool), n, p=p)] for pool, p in (YES, NO, UNKNOWN)]
    return np.where(known, np.where(yes, words[0], words[1]), words[2])


def _pool(rng: np.random.Generator, n: int, *texts: str) -> np.ndarray:
    return np.array(texts, dtype=object)[rng.integers(0, len(texts), n)]


def write_registry(path: Path, n: int, seed: int = 1) -> None:
    """`n` patients x 60 columns as a csv."""
    rng = np.random.default_rng(seed)
    columns: dict[str, np.ndarray] = {"patient_id": np.array([f"R{i:07d}" for i in range(n)], dtype=object)}
    columns["center"] = _pool(rng, n, "A", "B", "C", "协和")
    columns["sex"] = _pool(rng, n, "M", "F", "男", "女", "male", "female", "")
    years = [f"{y}岁{m}月" for y in range(15) for m in range(12)] + [f"{y}岁" for y in range(1, 60)]
    columns["age"] = _pool(rng, n, *years, *(f"{m}月" for m in range(1, 24)))
    for i, name in enumerate(DATES):
        columns[name] = _dates(rng, n, 9000 + 2000 * i, 2000)
    yes = {name: rng.random(n) < share for name, share in FLAGS.items()}
    columns["date_death"][~yes["death"]] = ""
    columns["date_last_followup"][yes["death"]] = ""
    columns["date_lp_first"][~yes["lp_done"]] = ""

    def asked(name: str) -> np.ndarray:
        test = next((test for start, test in ASKED_IF.items() if name.startswith(start) and name != test), None)
        return yes[test] if test else rng.random(n) < 0.97

    for name, (low, high, digits) in LABS.items():
        columns[name] = np.where(asked(name), _lab(rng, n, low, high, digits), "")
    for name in FLAGS:
        known = np.ones(n, dtype=bool) if name in (*ASKED_IF.values(), "death") else asked(name)
        columns[name] = _flag(rng, yes[name], known)
    columns["trigger"] = _pool(rng, n, "EBV", "EB病毒", "malignancy", "淋巴瘤", "MAS", "", "unknown", "bacterial")
    columns["NK activity"] = _pool(rng, n, "low", "normal", "降低", "未查", "")
    columns["remarks"] = _pool(rng, n, *(f"ward note {k}; 抽搐后好转, MRI {k % 7} lesions" for k in range(50_000)))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
