"""Answers and what they are worth: metrics, intervals, calibration, explanation."""
