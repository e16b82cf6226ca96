"""Kaplan-Meier, the log-rank family and restricted mean survival time against R's survival package."""

from __future__ import annotations

from collections.abc import Iterator

from neurohlh.stats.curves.kaplan_meier import kaplan_meier
from neurohlh.study.verification.case import Case, Compared
from neurohlh.study.verification.reference import Entry, dataset


def _interval(conf_type: str) -> Case:
    def compute(entry: Entry) -> Iterator[Compared]:
        lung = dataset(entry.data).assign(death=lambda d: d["status"] == 2)
        r = entry.values
        tidy = kaplan_meier(lung, "time", "death", times=r["time"], conf_type=conf_type).tidy
        rows = tidy[tidy["measure"] == "survival"]
        yield Compared("survival", r["surv"], rows["estimate"])
        yield Compared("standard error", r["std_err"], rows["std_error"])
        yield Compared("limits", [r["lower"], r["upper"]], [*rows["conf_low"], *rows["conf_high"]])
        yield Compared("at risk", r["n_risk"], rows["n"])
        median = tidy.loc[tidy["term"] == "median", ["estimate", "conf_low", "conf_high"]]
        yield Compared("median and its limits", r["median"], median)

    return Case(f"km_lung_{conf_type.replace('-', '')}", compute)


CASES = (*map(_interval, ("log-log", "log", "plain")),)
