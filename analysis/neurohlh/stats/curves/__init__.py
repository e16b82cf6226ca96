"""Survival without a model: Kaplan-Meier, the log-rank family, restricted mean survival time."""
