"""Prediction: discrimination, accuracy, calibration, validation, decision curves, points and nomograms."""
