"""Description: Table 1, proportions, two-by-two tables, exact methods, balance."""
