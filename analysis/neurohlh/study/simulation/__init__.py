"""Cohorts drawn from a known effect, and what each offered analysis finds in them."""
