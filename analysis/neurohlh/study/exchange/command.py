"""`neurohlh export`: what was written, and that it is about single patients."""

from __future__ import annotations

import argparse

from neurohlh.core.errors import InputError
from neurohlh.study.exchange.export import export
from neurohlh.study.exchange.phenopacket import Privacy
from neurohlh.study.exchange.phenopackets import export_phenopackets
from neurohlh.study.study import Study

PATIENT_LEVEL = "These files are about single patients: they stay with their owner and are not for publication."


def export_study(options: argparse.Namespace) -> str:
    """Do what the command's options ask; the lines to print."""
    if options.out is None and options.phenopackets is None:
        raise InputError("export needs a folder for its files", do="Add --out DIR, or --phenopackets DIR.")
    if options.phenopackets is None and (options.keep_ids or options.dates):
        raise InputError(
            "--keep-ids and --dates are about phenopackets, and none are asked for", do="Add --phenopackets DIR."
        )
    cohort = Study.open(options.study).load()
    lines = []
    if options.out is not None:
        lines += [str(path) for path in export(cohort, options.out, options.formats)]
    if options.phenopackets is not None:
        privacy = Privacy(options.keep_ids, options.dates)
        packets = export_phenopackets(cohort, options.phenopackets, privacy)
        lines.append(f"{options.phenopackets}: {len(packets)} phenopackets")
    return "".join(f"{line}\n" for line in (*lines, PATIENT_LEVEL))
