"""`neurohlh export`: what was written, and that it is about single patients."""

from __future__ import annotations

import argparse

from neurohlh.core.errors import InputError
from neurohlh.study.exchange.export import export
from neurohlh.study.study import Study

PATIENT_LEVEL = "These files are about single patients: they stay with their owner and are not for publication."


def export_study(options: argparse.Namespace) -> str:
    """Do what the command's options ask; the lines to print."""
    if options.out is None:
        raise InputError("export needs a folder for its files", do="Add --out DIR.")
    cohort = Study.open(options.study).load()
    files = export(cohort, options.out, options.formats)
    return "".join(f"{path}\n" for path in files) + PATIENT_LEVEL + "\n"
