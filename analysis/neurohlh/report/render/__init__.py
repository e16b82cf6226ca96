"""Documents and tables as files: one module for each format."""
