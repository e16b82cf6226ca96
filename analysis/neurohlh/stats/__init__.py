"""Statistics: frames in, `Result` out; no medicine, no files, no plots.

Every verb takes a pandas frame, then the names of columns, then options by keyword, and is found here by name:
`neurohlh.stats.cox(frame, "days", "died", ["cns", "age"])`. What it computes, equal to which R function, is in
docs/statistics.md; `neurohlh verify` recomputes R's numbers.
"""

VERBS = {
    # curves
    "kaplan_meier": "curves.kaplan_meier",
    "reverse_kaplan_meier": "curves.kaplan_meier",
    "nelson_aalen": "curves.nelson_aalen",
    "survival_difference": "curves.survival_difference",
    "logrank": "curves.logrank",
    "rmst": "curves.rmst",
    "pseudo_observations": "curves.pseudo",
    "pseudo_regression": "curves.pseudo_regression",
    "landmark": "landmarks",
    # Cox regression
    "cox": "hazards.cox",
    "cox_table": "hazards.cox",
    "cox_terms": "hazards.term_tests",
    "cox_contrast": "hazards.contrast",
    "cox_spline": "hazards.spline",
    "cox_interaction": "hazards.interaction",
    "cox_subgroups": "hazards.subgroups",
    "cox_survival": "hazards.survival",
    "cox_residuals": "hazards.residuals",
    "cox_firth": "hazards.firth",
    "episodes": "start_stop",
    "split_at": "start_stop",
    # competing events
    "cumulative_incidence": "competing.cumulative_incidence",
    "gray_test": "competing.gray_test",
    "fine_gray": "competing.fine_gray",
    "fine_gray_cif": "competing.fine_gray",
    "cause_specific_cox": "competing.cause_specific",
    "cause_specific_cif": "competing.cause_specific",
    # yes/no outcomes, counts, numbers
    "logistic": "glm.logistic",
    "risk_ratio": "glm.risk_ratio",
    "standardised_risk": "glm.standardised_risk",
    "poisson_rates": "glm.counts",
    "negative_binomial": "glm.counts",
    "gee": "glm.gee",
    "linear": "glm.linear",
    # missing data
    "missing_patterns": "missing.patterns",
    "state_patterns": "missing.state_patterns",
    "impute": "missing.impute",
    "with_imputations": "missing.analyse",
    "pool": "missing.pool",
    "pool_tests": "missing.nested",
    # prediction
    "prediction_scores": "predict.scores",
    "concordance_index": "predict.discrimination",
    "calibration": "predict.calibration",
    "calibration_binary": "predict.calibration_binary",
    "validate_cox": "predict.validation",
    "validate_cox_at": "predict.validation_at",
    "decision_curve": "predict.decision",
    "roc": "predict.roc",
    "points_score": "predict.points",
    "nomogram": "predict.nomogram",
    # weights and standardisation
    "propensity": "weights.propensity",
    "weight": "weights.weight",
    "balance": "weights.balance",
    "positivity": "weights.positivity",
    "match": "weights.match",
    "weighted_survival": "weights.outcomes",
    "weighted_cox": "weights.outcomes",
    "standardised_survival": "weights.standardised_survival",
    "censoring_weights": "weights.censoring_weights",
    "weight_tested": "weights.tested",
    # description, agreement, planning
    "table1": "describe.table1",
    "completeness": "describe.completeness",
    "frequency": "describe.proportions",
    "testing_rates": "describe.proportions",
    "two_by_two": "describe.two_by_two",
    "two_by_two_methods": "describe.two_by_two_methods",
    "stratified_two_by_two": "describe.stratified_two_by_two",
    "mcnemar": "describe.mcnemar",
    "rates": "describe.rates",
    "adjusted_p_values": "describe.adjust",
    "kappa": "describe.agreement",
    "agreement_of_many": "describe.agreement",
    "intraclass_correlation": "describe.measurement",
    "bland_altman": "describe.measurement",
    "diagnostic_accuracy": "describe.diagnostic",
    "evalue": "sensitivity",
    "sample_size_survival": "sample_size",
    "power_survival": "sample_size",
    "sample_size_logistic": "sample_size",
    "sample_size_proportions": "sample_size",
    "sample_size_means": "sample_size",
    "sample_size_precision": "sample_size",
    "sample_size_prediction": "sample_size",
    # meta-analysis
    "meta_analysis": "meta.meta_analysis",
    "meta_regression": "meta.meta_regression",
    "mantel_haenszel": "meta.pooled_tables",
    "peto": "meta.pooled_tables",
    "small_study_effects": "meta.small_study_effects",
}
"""Verb -> the module that holds it."""


def __getattr__(name: str) -> object:
    """A verb is imported when it is first used, so that the package itself stays light."""
    if name not in VERBS:
        raise AttributeError(f"module 'neurohlh.stats' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"neurohlh.stats.{VERBS[name]}"), name)


def __dir__() -> list[str]:
    return sorted(VERBS)
