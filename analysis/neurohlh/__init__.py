"""CNS involvement and survival in haemophagocytic lymphohistiocytosis: from hospital tables to an answer."""

__version__ = "0.1.0"

_NAMES = {
    "Study": "study.study",
    "Cohort": "etl.cohort",
    "read_cohort": "study.verbs",
    "classify_hlh": "study.verbs",
    "classify_cns": "study.verbs",
    "table1": "study.verbs",
    "cns_frequency": "study.verbs",
    "kaplan_meier": "study.verbs",
    "logrank": "study.verbs",
    "rmst": "study.verbs",
    "survival_difference": "study.verbs",
    "swimmer": "study.verbs",
    "followed": "study.verbs",
    "cox": "study.verbs",
    "published_evidence": "study.published.command",
    "export": "study.exchange.export",
    "codebook": "etl.codebook",
    "Result": "core.result",
    "InputError": "core.errors",
}
__all__ = [
    "Cohort",
    "InputError",
    "Result",
    "Study",
    "__version__",
    "classify_cns",
    "classify_hlh",
    "cns_frequency",
    "codebook",
    "cox",
    "export",
    "followed",
    "kaplan_meier",
    "logrank",
    "published_evidence",
    "read_cohort",
    "rmst",
    "stats",
    "survival_difference",
    "swimmer",
    "table1",
]


def __getattr__(name: str) -> object:
    """Names are looked up where they live when they are first used, so that the import itself costs nothing."""
    import importlib

    if name == "stats":
        return importlib.import_module("neurohlh.stats")
    if name not in _NAMES:
        raise AttributeError(f"module 'neurohlh' has no attribute {name!r}")

    return getattr(importlib.import_module(f"neurohlh.{_NAMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
