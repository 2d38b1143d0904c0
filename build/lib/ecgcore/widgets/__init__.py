"""Widgets for JupyterLab; the inspector also lives in the published page."""

from ecgcore.widgets.explorer import BeatExplorer
from ecgcore.widgets.inspector import BeatInspector
from ecgcore.widgets.payload import Preset

__all__ = ["BeatExplorer", "BeatInspector", "Preset"]
