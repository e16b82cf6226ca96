"""Weights and standardisation: propensity, balance, positivity, weighted survival, g-computation, matching."""
