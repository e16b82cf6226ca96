"""Meta-analysis: effect sizes from counts, pooling, heterogeneity, moderators, and tests of small-study effects."""
