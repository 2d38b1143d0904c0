"""Beats: cut out of records, with their context, and dealt into splits."""

import importlib

FORMER = ("Beats", "build", "segment", "segment_file")  # asked for here by older programs


def __getattr__(name: str):
    if name not in FORMER:
        raise AttributeError(f"module 'ecgcore.beats' has no attribute {name!r}")
    return getattr(importlib.import_module("ecgcore.beats.cutting"), name)
