"""The clinical question, part by part: each module holds one part of the standard plan and nothing of the others."""
