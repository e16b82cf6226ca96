"""Regression for yes/no, count and numeric outcomes: logistic, risk ratios, rates, correlated data, least squares."""
