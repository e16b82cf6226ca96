"""Competing risks: cumulative incidence, Gray's test, cause-specific hazards and subdistribution hazards."""
