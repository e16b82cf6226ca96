"""The published world: cohorts and effects read from publications, pooled, checked, and held beside a study."""
