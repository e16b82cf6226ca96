"""From variables named in words to a model matrix, and what is asked of its coefficients."""
