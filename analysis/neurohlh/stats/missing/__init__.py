"""Missing data: who lacks what, multiple imputation by chained equations, and Rubin's rules for any Result."""
