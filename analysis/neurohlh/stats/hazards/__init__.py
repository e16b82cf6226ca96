"""Cox regression: the partial likelihood, its Result, its checks."""
