"""What the app remembers of a session: the recording, its corrections, and what is looked at."""

from collections.abc import Sequence

import streamlit as st
from navigation import Targets
from sources import Opened

from ecgcore.inference import corrections
from ecgcore.inference.corrections import Applied, Edit
from ecgcore.inference.events import Summary

WINDOW_S, NARROW_WINDOW_S = 10.0, 5.0
WINDOWS_S = (5.0, 10.0, 20.0, 30.0, 60.0)
START, WINDOW, SELECTED, MARKED, RANK = "start_s", "window_s", "selected_s", "marked", "rank"


def edits(opened: Opened) -> list[Edit]:
    """The corrections of a recording: of its file, or of this session. A file is read each time,
    since another page may have changed it."""
    if opened.kept:
        return corrections.read(opened.kept, opened.recording.seconds)
    return st.session_state.setdefault("edits", {}).setdefault(opened.key, list(opened.edits))


def keep(opened: Opened, changed: Sequence[Edit]) -> None:
    """Put other corrections in their place. A file that cannot be written is told, and they are
    kept for the session."""
    if not opened.kept:
        st.session_state["edits"][opened.key] = list(changed)
        return
    try:
        corrections.write(opened.kept, changed, opened.name, opened.recording.seconds)
    except OSError as error:
        st.session_state["said"] = f"{opened.kept.name} cannot be written ({error.strerror})"


def add(opened: Opened, *new: Edit) -> None:
    keep(opened, [*edits(opened), *new])
    forget_marks()


def undo(opened: Opened) -> None:
    keep(opened, edits(opened)[:-1])
    forget_marks()


def forget_marks() -> None:
    """The stretch that was marked is dealt with; charts are drawn afresh, without selections."""
    st.session_state[MARKED] = None
    st.session_state["drawn"] = st.session_state.get("drawn", 0) + 1


def corrected(opened: Opened) -> tuple[Applied, Summary]:
    """The recording as it is corrected now, and what it adds up to; computed once a change."""
    own = edits(opened)
    key = (opened.answer, tuple(own))
    if st.session_state.get("corrected_key") != key:
        applied = corrections.apply(opened.recording, own)
        st.session_state["corrected"] = applied, applied.recording.summary()
        st.session_state["corrected_key"] = key
    return st.session_state["corrected"]


def begin(opened: Opened, narrow: bool) -> None:
    """Look at a recording from its start if it is another than before; what is looked at stays
    when the same one is answered anew."""
    if st.session_state.get("looked_at") == opened.key:
        return
    st.session_state["looked_at"] = opened.key
    st.session_state.setdefault(WINDOW, NARROW_WINDOW_S if narrow else WINDOW_S)
    st.session_state[START] = 0.0
    st.session_state[SELECTED] = st.session_state[RANK] = None
    forget_marks()


def window(seconds: float) -> tuple[float, float]:
    """From and to (s), inside a recording of that length."""
    length = min(st.session_state[WINDOW], seconds)
    start = min(max(st.session_state[START], 0.0), seconds - length)
    st.session_state[START] = start
    return start, start + length


def look_at(second: float, seconds: float) -> None:
    """Move the window so that a time lies in its middle."""
    length = min(st.session_state[WINDOW], seconds)
    st.session_state[START] = float(round(min(max(second - length / 2, 0.0), seconds - length), 2))


def step(windows: float, seconds: float) -> None:
    """Move the window by some of its length."""
    start, stop = window(seconds)
    look_at((start + stop) / 2 + windows * (stop - start), seconds)
    st.session_state[SELECTED] = None


def jump(found: Targets, forward: bool, seconds: float) -> None:
    """Go to the next place of a kind, or the one before, and choose the beat it starts at."""
    start, stop = window(seconds)
    here = st.session_state[SELECTED]
    if here is None or not start <= here <= stop:
        here = start if forward else stop
    rank = st.session_state[RANK] if found.ranked else None
    at = found.after(here, rank) if forward else found.before(here, rank)
    go(found, at, seconds)


def go(found: Targets, at: int, seconds: float) -> None:
    begins, ends = float(found.start_s[at]), float(found.stop_s[at])
    length = min(st.session_state[WINDOW], seconds)
    look_at((begins + min(ends, begins + 0.8 * length)) / 2, seconds)
    st.session_state[SELECTED] = begins
    st.session_state[RANK] = at
    st.session_state[MARKED] = None


def problem() -> str:
    """What went wrong with the last change, told once."""
    return st.session_state.pop("said", "")
