"""A registry of any size as realistic text: numbers with units and limits, dates in three styles, words in two languages."""

import csv
from pathlib import Path

import numpy as np

YES_NO = (
    ["yes", "no", "有", "无", "1", "0", "未查", "", "+", "阴性"],
    [0.15, 0.4, 0.08, 0.17, 0.03, 0.08, 0.02, 0.05, 0.01, 0.01],
)
LABS = {
    "WBC (10^9/L)": (0.3, 15.0, 1), "ANC (10^9/L)": (0.1, 8.0, 2), "Hb (g/dL)": (5.0, 14.0, 1), "PLT (10^9/L)": (5, 300, 0),
    "Ferritin (ng/mL)": (100, 60000, 0), "Triglycerides (mg/dL)": (60, 600, 0), "Fibrinogen (mg/dL)": (40, 500, 0),
    "AST (U/L)": (15, 2500, 0), "ALT (U/L)": (10, 2500, 0), "LDH (U/L)": (150, 6000, 0), "Total bilirubin (mg/dL)": (0.2, 20, 1),
    "Albumin (g/dL)": (1.8, 4.8, 1), "Creatinine (mg/dL)": (0.2, 3.0, 2), "Sodium (mmol/L)": (122, 148, 0), "CRP (mg/L)": (0, 300, 1),
    "sIL2R (U/mL)": (400, 50000, 0), "Tmax (℃)": (37.0, 41.5, 1), "CSF WBC (cells/uL)": (0, 60, 0), "CSF protein (mg/dL)": (12, 180, 0),
    "CSF RBC (cells/uL)": (0, 3000, 0), "GCS": (3, 15, 0), "PT (s)": (9, 40, 1), "APTT (s)": (20, 90, 1),
}  # fmt: skip
FLAGS = (
    "fever", "splenomegaly", "hepatomegaly", "lymphadenopathy", "hemophagocytosis", "bm_done", "neuro_assessed", "lp_done",
    "mri_done", "ct_done", "sx_seizure", "sx_coma", "sx_irritability", "sx_headache", "sx_ataxia", "mri_brainstem",
    "mri_cerebellum", "mri_basal_ganglia", "mri_atrophy", "shock", "sepsis", "etoposide", "steroid", "hsct", "death",
)  # fmt: skip
DATES = ("date_birth", "date_hlh_diagnosis", "date_admission", "date_lp_first", "date_last_followup")


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


def write_registry(path: Path, n: int, seed: int = 1) -> None:
    """`n` patients x 60 columns as a csv."""
    rng = np.random.default_rng(seed)
    columns: dict[str, np.ndarray] = {"patient_id": np.array([f"R{i:07d}" for i in range(n)], dtype=object)}
    columns["center"] = np.array(["A", "B", "C", "协和"], dtype=object)[rng.integers(0, 4, n)]
    columns["sex"] = np.array(["M", "F", "男", "女", "male", "female", ""], dtype=object)[rng.integers(0, 7, n)]
    ages = np.array(
        [
            *(f"{y}岁{m}月" for y in range(15) for m in range(12)),
            *(f"{m}月" for m in range(1, 24)),
            *(f"{y}岁" for y in range(1, 60)),
        ],
        dtype=object,
    )
    columns["age"] = ages[rng.integers(0, len(ages), n)]
    for i, name in enumerate(DATES):
        columns[name] = _dates(rng, n, 9000 + 2000 * i, 2000)
    for name, (low, high, digits) in LABS.items():
        columns[name] = _lab(rng, n, low, high, digits)
    for name in FLAGS:
        columns[name] = np.array(YES_NO[0], dtype=object)[rng.choice(len(YES_NO[0]), n, p=YES_NO[1])]
    columns["trigger"] = np.array(
        ["EBV", "EB病毒", "malignancy", "淋巴瘤", "MAS", "", "unknown", "bacterial"], dtype=object
    )[rng.integers(0, 8, n)]
    columns["NK activity"] = np.array(["low", "normal", "降低", "未查", ""], dtype=object)[rng.integers(0, 5, n)]
    notes = np.array(
        [f"free text of the ward, case {k}; 抽搐后好转, MRI {k % 7} lesions" for k in range(50000)], dtype=object
    )
    columns["remarks"] = notes[rng.integers(0, len(notes), n)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
