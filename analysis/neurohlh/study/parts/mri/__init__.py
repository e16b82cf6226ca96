"""MRI: what it shows, how that bears on death, and whether it shows CNS involvement before symptoms and CSF do."""

from __future__ import annotations

from neurohlh.clinical.mri_findings import asked
from neurohlh.clinical.mri_first import asks_mri
from neurohlh.core.result import Result
from neurohlh.study.parts.case_series import fit_to_design, is_case_series
from neurohlh.study.parts.material import Material
from neurohlh.study.parts.mri.diffusion import diffusion
from neurohlh.study.parts.mri.examined import Images
from neurohlh.study.parts.mri.findings import findings_by_ebv, findings_by_trigger, frequencies
from neurohlh.study.parts.mri.first import image_first
from neurohlh.study.parts.mri.outcome import findings_by_outcome, findings_survival
from neurohlh.study.parts.mri.patterns import patterns
from neurohlh.study.parts.mri.regions import region_frequencies
from neurohlh.study.parts.mri.regions_death import regions_death, regions_survival
from neurohlh.study.parts.mri.rows import PUBLISHED
from neurohlh.study.parts.mri_reports import results_of_reports
from neurohlh.study.parts.part import Part, Results, refusal

TITLE = "MRI of the brain"


def _results(material: Material, found: Results) -> Results:
    images = Images.of(material)
    frame = images.frame
    results: dict[str, Result] = {}
    if asks_mri(frame) or asked(frame) or "mri_malik_pattern" in frame:
        results |= {
            "mri_findings": frequencies(frame),
            "mri_findings_by_trigger": findings_by_trigger(frame),
            "mri_findings_by_ebv": findings_by_ebv(frame),
            "mri_findings_by_outcome": findings_by_outcome(frame),
            **findings_survival(images),
            "mri_regions": region_frequencies(frame),
            "mri_regions_survival": regions_survival(images),
            "mri_regions_death": regions_death(images),
            "mri_patterns": patterns(images),
            "mri_diffusion": diffusion(images),
        }
    else:
        reason = "no source has a column on what a brain MRI showed"
        results["mri_findings"] = refusal("mri_findings", "Findings on MRI", reason)
    results["mri_first"] = image_first(frame)
    results |= results_of_reports(material)
    if not is_case_series(material):
        return results
    own = {k: r.with_(tidy=r.tidy[r.tidy["analysis"] != PUBLISHED].reset_index(drop=True)) for k, r in results.items()}
    return {k: fit_to_design(r, material) if len(r.tidy) else r for k, r in own.items()}


PART = Part(
    "mri",
    TITLE,
    "What does MRI show in these patients, do its findings foretell death, and does it show CNS involvement before "
    "symptoms and CSF do?",
    _results,
    lead=("mri_findings", "mri_findings_survival", "mri_regions_death", "mri_first"),
)
