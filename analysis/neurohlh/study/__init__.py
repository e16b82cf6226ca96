"""From study.toml to results to report: the one place that knows the order of the steps."""
