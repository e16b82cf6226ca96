"""What a good registry keeps beside the bare record: viruses and specimens, details of the MRI, its report, relapses.

All of it is ours: round figures that show what the software does with such columns, no findings. Nothing here changes
who is ill, tested or dead (`synth_truth`); the text of a report says what the coded columns say.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd
from numpy.random import Generator

DETAILS = {
    "mri_thalamus": 0.15,
    "mri_corpus_callosum": 0.12,
    "mri_diffusion_restricted": 0.25,
    "mri_adc_increased": 0.30,
}
"""Further findings and their shares among abnormal scans."""
_VIRUSES = ("CMV", "HHV6", "adenovirus", "parvovirus_B19", "influenza", "dengue")
_SITES = {
    "mri_wm_periventricular": ("双侧脑室旁白质", "the periventricular white matter"),
    "mri_basal_ganglia": ("双侧基底节区", "the basal ganglia"),
    "mri_thalamus": ("丘脑", "the thalamus"),
    "mri_brainstem": ("脑干", "the brainstem"),
    "mri_cerebellum": ("小脑", "the cerebellum"),
    "mri_corpus_callosum": ("胼胝体", "the corpus callosum"),
}
_LOBES = 4
"""Regions that no coded column names: the four lobes."""
_NORMAL = (
    ("头颅MRI平扫未见明显异常。", "Brain MRI: no abnormality."),
    ("脑实质内未见异常信号，中线结构居中。", "Normal brain MRI. No abnormal signal in the brain parenchyma."),
    ("鼻窦炎，脑实质未见异常。", "Mucosal thickening of the sinuses; the brain is normal."),
)
_REPORTED, _RELAPSED = 0.7, 0.14


def complete(rng: Generator, people: pd.DataFrame) -> pd.DataFrame:
    """The patients with what the columns of `synth_sheets` beyond the bare record hold."""
    people = people.copy()
    _viruses(rng, people)
    _images(rng, people)
    _reports(rng, people)
    _relapses(rng, people)
    people["mods"] = rng.random(len(people)) < 1 / (1 + np.exp(2.0 - 1.2 * people["severity"].to_numpy()))
    return people


def _viruses(rng: Generator, people: pd.DataFrame) -> None:
    n = len(people)
    plasma = rng.random(n) < np.where(people["hospital"] == "A", 0.7, 0.4)
    specimen = np.where(plasma, "plasma", "whole_blood").astype(object)
    people["ebv_specimen"] = np.where(people["ebv_dna"].notna(), specimen, np.array(None, dtype=object))
    other = rng.choice(_VIRUSES, n)
    virus = np.where(people["trigger_category"] == "ebv", "EBV", "none").astype(object)
    people["trigger_virus"] = np.where(people["trigger_category"] == "other_virus", other, virus)


def _images(rng: Generator, people: pd.DataFrame) -> None:
    n, seen = len(people), people["mri_done"].to_numpy()
    abnormal = people["true_I"].to_numpy()
    for name, share in DETAILS.items():
        flag = abnormal & (rng.random(n) < share)
        people[name] = np.where(seen, flag, np.array(None, dtype=object))
    named = people[list(_SITES)].eq(True).to_numpy().sum(axis=1)
    lobes = np.where(abnormal, rng.binomial(_LOBES, 0.3 + 0.15 * (people["severity"].to_numpy() > 0.5)), 0)
    regions = np.where(abnormal, np.maximum(named + lobes, 1), 0).astype(float)
    people["mri_region_count"] = np.where(seen, regions, np.nan)
    pattern = np.select(
        [
            ~abnormal,
            people["mri_brainstem"].eq(True),
            people["mri_wm_multifocal"].eq(True),
        ],
        ["none", "1b_brainstem", "1a_multifocal_wm"],
        "2_attenuated",
    ).astype(object)
    people["mri_malik_pattern"] = np.where(seen, pattern, np.array(None, dtype=object))


def _reports(rng: Generator, people: pd.DataFrame) -> None:
    """The report of the scan in the hospital's language, for most scans."""
    written = people["mri_done"].to_numpy() & (rng.random(len(people)) < _REPORTED)
    choice = rng.integers(0, len(_NORMAL), len(people))
    rows = people.to_dict("records")
    texts = [_report(row, int(k)) if w else None for row, k, w in zip(rows, choice, written, strict=True)]
    people["mri_report_text"] = pd.Series(texts, dtype=object)


def _report(row: Mapping[Hashable, object], k: int) -> str:
    chinese = row["hospital"] == "A"
    if not row["true_I"]:
        return _NORMAL[k][0 if chinese else 1]
    return _chinese(row) if chinese else _english(row)


def _chinese(row: Mapping[Hashable, object]) -> str:
    sites = [words[0] for name, words in _SITES.items() if row[name] is True]
    told = []
    if row["mri_wm_multifocal"] is True:
        told.append("脑白质多发病变")
    if sites:
        told.append("、".join(sites) + "见斑片状长T1长T2异常信号")
    if row["mri_diffusion_restricted"] is True:
        told.append("DWI示弥散受限")
    if row["mri_adc_increased"] is True:
        told.append("部分病灶ADC值升高")
    return "，".join(told) + "。未见出血及占位性病变。"


def _english(row: Mapping[Hashable, object]) -> str:
    sites = [words[1] for name, words in _SITES.items() if row[name] is True]
    told = []
    if row["mri_wm_multifocal"] is True:
        told.append("Multifocal white matter lesions.")
    if sites:
        told.append(f"T2/FLAIR hyperintense lesions in {_joined(sites)}.")
    if row["mri_diffusion_restricted"] is True:
        told.append("Restricted diffusion on DWI.")
    if row["mri_adc_increased"] is True:
        told.append("Increased ADC in some lesions.")
    return " ".join([*told, "No haemorrhage or mass lesion."])


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _relapses(rng: Generator, people: pd.DataFrame) -> None:
    """Reactivation in some of those followed beyond day 60; in the CNS only where it was involved before."""
    n, days = len(people), people["days"].to_numpy()
    again = (days > 60) & (rng.random(n) < _RELAPSED)
    cns = rng.choice(["isolated_cns", "systemic_cns", "systemic"], n, p=[0.3, 0.3, 0.4])
    elsewhere = rng.choice(["systemic", "partial_flare"], n, p=[0.7, 0.3])
    kind = np.where(people["true_cns"], cns, elsewhere)
    people["reactivation"] = np.where(again, kind, "none").astype(object)
    day = 55 + np.floor(rng.random(n) * (np.minimum(days, 400) - 55)).astype(int)
    date = people["date_hlh_diagnosis"] + pd.to_timedelta(day, unit="D")
    people["date_reactivation"] = date.where(pd.Series(again, index=people.index))
