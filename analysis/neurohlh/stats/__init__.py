"""Frames in, Results out: no medicine, no files, no plots."""
