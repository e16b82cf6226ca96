"""What every room stands on: errors, results, number formats, provenance. No medicine, no files, no plots."""
