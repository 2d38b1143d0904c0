"""Heartbeat classification on the MIT-BIH Arrhythmia Database."""

__version__ = "0.1.0"
