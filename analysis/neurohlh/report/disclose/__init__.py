"""Disclosure control: findings and results whose small counts, and all that would give them away, are a state."""

from neurohlh.report.disclose.findings import Account, disclose
from neurohlh.report.disclose.rule import DEFAULT_MINIMUM, Rule

__all__ = ["DEFAULT_MINIMUM", "Account", "Rule", "disclose"]
