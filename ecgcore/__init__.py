"""Heartbeat classification on the MIT-BIH Arrhythmia Database: data, models, training, evaluation."""

__version__ = "0.1.0"
