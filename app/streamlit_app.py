"""Look at your own ECG in the browser: `make app`, or `streamlit run app/streamlit_app.py`.

Recordings on this machine may be named after two dashes; their corrections are kept beside them:

    streamlit run app/streamlit_app.py -- night.edf
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import charts
import navigation
import numpy as np
import pandas as pd
import sources
import state
import streamlit as st
from guidance import GUIDANCE, NOTICE
from sources import NeedsRate, Opened, Options, Upload

from ecgcore import paths
from ecgcore.constants import CLASS_NAMES, CLASSES
from ecgcore.data import records
from ecgcore.errors import EcgError
from ecgcore.inference import choosing, classifier, corrections, events, writers
from ecgcore.inference.corrections import ADD, HIDE, MOVE, RECLASS, REMOVE, Edit

BOOK, OWN, HERE = "a record of the book", "a file of your own", "on this machine"
IN_RHYTHM, ALONE = "each beat in its rhythm", "each beat alone"
BY_EVIDENCE = "chosen by the program"
PROBLEMS_SHOWN = 20
LISTED = 1000  # events and beats in a table
SHORT = dict(
    zip(CLASSES, ("Normal", "Supraventricular", "Ventricular", "Fusion", "Other"), strict=True)
)
CSS = Path(__file__).with_name("style.css")


@st.cache_resource(show_spinner="Loading the network …")
def load_network() -> classifier.Classifier:
    return classifier.load()


@st.cache_resource(show_spinner="Loading the rhythm model …")
def load_rhythm():
    return choosing.rhythm_model()


def model_for(how: str):
    """A function from what a file holds to the model that answers."""

    def choose(content):
        alone = how == ALONE or content.rows is not None
        return load_network() if alone else load_rhythm()

    return choose


@st.cache_resource(show_spinner="Reading and classifying …", max_entries=4)
def open_record(database: str, name: str, options: Options, how: str, weights: str) -> Opened:
    """weights: SHA-256 of the model's, so that a new one is not answered from the cache."""
    found = sources.open_record(database, name, options, model_for(how))
    key = f"{database}/{name}"
    return replace(found, key=key, answer=f"{key} {options} {weights}")


def open_once(key: str, answer: str, opening) -> Opened:
    """Open what only this session may see, once for the same file and choices. key, answer: as in
    Opened; opening: told a function that shows the share that is done."""
    if "opened" not in st.session_state or st.session_state["opened"].answer != answer:
        st.session_state.pop("opened", None)  # before the next one takes as much memory
        bar = st.progress(0.0, "Reading and classifying …")
        try:
            found = opening(lambda done: bar.progress(min(max(done, 0.0), 1.0)))
        finally:
            bar.empty()
        st.session_state["opened"] = replace(found, key=key, answer=answer)
    return st.session_state["opened"]


def main() -> None:
    st.set_page_config(page_title="Look at your own ECG", page_icon="♥", layout="wide")
    st.html(f"<style>{CSS.read_text(encoding='utf-8')}</style>")
    st.title("Look at your own ECG")
    st.html(f'<div class="notice" role="note">{NOTICE}</div>')
    try:
        opened = choose()
    except EcgError as error:
        st.error(f"{error}.")
        return
    if opened is None:
        return
    show_doubts(opened)
    if opened.recording is None:
        show_rows(opened)
        return
    try:
        show_recording(opened)
    except EcgError as error:  # corrections that are damaged
        st.error(f"{error}.")


# Choosing


def choose() -> Opened | None:
    """Let the user choose an ECG, and classify it."""
    here = local_recordings()
    kinds = [*([HERE] if here else []), BOOK, OWN]
    kind = st.segmented_control("ECG", kinds, default=kinds[0], required=True, key="kind")
    if kind == OWN:
        return choose_upload()
    if kind == HERE:
        path = st.selectbox("Recording", here, format_func=lambda p: p.name)
        key = f"{path} {sources.stamp(path)}"
        return open_with_options(
            key, lambda options, how, told: sources.open_local(path, options, model_for(how), told)
        )
    return choose_record()


def local_recordings() -> list[Path]:
    """What was named when the app was started."""
    parser = argparse.ArgumentParser(prog="streamlit run app/streamlit_app.py --")
    parser.add_argument("recording", nargs="*", type=Path)
    return [path.resolve() for path in parser.parse_known_args(sys.argv[1:])[0].recording]


def choose_record() -> Opened:
    database, first = sources.FIRST
    names = list(sources.DATABASES)
    with st.container(horizontal=True):
        database = st.selectbox(
            "Database", names, names.index(database), format_func=sources.DATABASES.get, width=200
        )
        listed = records.record_names(paths.DATA / database)
        at = listed.index(first) if first in listed else 0
        name = st.selectbox("Record", listed, at, width=110, key=f"record-{database}")
    key = f"{database}/{name}"
    options, how, slot = ask_options(key)
    model = load_network() if how == ALONE else load_rhythm()
    found = open_record(database, name, options, how, model.about["weights_sha256"])
    ask_lead(slot, key, found)
    if sources.has_learnt_from(found.model, database, name):
        st.caption(
            f"**The model has learnt from record {name}**: how well it does here says nothing of "
            "a new patient."
        )
    else:
        st.caption(f"The model has not learnt from record {name}.")
    return found


def choose_upload() -> Opened | None:
    """A file of the user's; the next one takes its place."""
    turn = st.session_state.setdefault("turn", 0)
    st.file_uploader(
        "A recording or a table of beats",
        accept_multiple_files=True,
        key=f"upload-{turn}",
        on_change=take_upload,
        help="WFDB (.hea, .dat and .atr together), EDF, BDF, ISHNE, DICOM, CSV, NumPy, MATLAB, "
        "Parquet, exports of watches and pocket devices. A NAME.corrections.json may come with it.",
    )
    files = st.session_state.get("files")
    if not files:
        explain_files()
        return None
    st.caption(f"Loaded: {', '.join(file.name for file in files)}. Another file takes its place.")

    def opening(options: Options, how: str, told) -> Opened:
        return sources.open_upload(files, options, model_for(how), told)

    return open_with_options(st.session_state["files_key"], opening)


def take_upload() -> None:
    """Take the files, and empty the widget for the next ones."""
    turn = st.session_state["turn"]
    files = st.session_state.get(f"upload-{turn}")
    if files:
        taken = [Upload(Path(f.name).name, f.getvalue()) for f in files]
        st.session_state["files"], st.session_state["files_key"] = taken, sources.digest(taken)
        st.session_state["turn"] = turn + 1


def open_with_options(key: str, opening) -> Opened | None:
    """Open what has options of its own. key: of its content; opening: from options, the way to
    classify and a teller of progress. None while the user has still to give a rate."""
    options, how, slot = ask_options(key)
    rate = st.session_state.get(f"fs-{key}")
    options = replace(options, fs=float(rate)) if rate else options
    asked = f"asked-{key}"
    try:
        found = open_once(key, f"{key} {options} {how}", lambda told: opening(options, how, told))
    except NeedsRate:
        st.session_state[asked] = True
        found = None
    finally:
        if st.session_state.get(asked):
            st.number_input(
                "Sampling rate (Hz), which the file does not tell",
                min_value=1.0, value=None, placeholder="for example 250", key=f"fs-{key}",
            )  # fmt: skip
    if found is None:
        st.info("The file holds a signal, but not how often a second it was sampled.")
        return None
    ask_lead(slot, key, found)
    return found


def ask_options(key: str):
    """How to read and classify: options, the way, and a place for the list of leads, which is
    known later. key: of the content, for which the choices hold."""
    with st.expander("How it is read and classified", expanded=False):
        with st.container(horizontal=True):
            how = st.radio(
                "Classify", [IN_RHYTHM, ALONE], horizontal=True, key="how",
                help="A recording's beats are better seen among the others; beats that somebody "
                "has cut can only be seen alone.",
            )  # fmt: skip
            slot = st.empty()
        own_peaks = st.checkbox(
            "find the R peaks anew", help="Even where the record has annotations.", key="own_peaks"
        )
    lead = st.session_state.get(f"lead-{key}", BY_EVIDENCE)
    return Options(lead="" if lead == BY_EVIDENCE else lead, own_peaks=own_peaks), how, slot


def ask_lead(slot, key: str, found: Opened) -> None:
    """The leads as a list, where there are several."""
    if len(found.leads) > 1:
        slot.selectbox("Lead", [BY_EVIDENCE, *found.leads], key=f"lead-{key}")


def explain_files() -> None:
    st.info(
        "**A recording** of any length: WFDB (its .hea and .dat files together, and the .atr file "
        "if there is one), EDF, BDF, Holter files, DICOM, CSV, exports of watches and pocket "
        "devices; also packed. **Beats** that are already cut: a CSV with a beat a row, 187 values "
        "at 125 Hz that start at the R peak, and the class in a 188th column if you like. What you "
        "choose stays on the machine that runs this app, until you leave the page."
    )
    st.download_button("An example file", sources.example_csv, "example.csv", "text/csv")


def show_doubts(opened: Opened) -> None:
    for sentence in opened.warnings:
        st.warning(f"{sentence}.")
    if opened.problems:
        n = len(opened.problems)
        rows = "row" if opened.recording is None else "beat"
        with st.expander(f"{n:,} {rows}{'' if n == 1 else 's'} left out", expanded=n < 10):
            for problem in opened.problems[:PROBLEMS_SHOWN]:
                st.text(str(problem))
            if n > PROBLEMS_SHOWN:
                st.text(f"… and {n - PROBLEMS_SHOWN:,} more")


def look() -> charts.Look:
    return charts.DARK if st.context.theme.type == "dark" else charts.LIGHT


def is_narrow() -> bool:
    """Whether the browser says that it is a phone's."""
    return "Mobi" in (st.context.headers.get("User-Agent") or "")


# A recording


def show_recording(opened: Opened) -> None:
    state.begin(opened, is_narrow())
    applied, summary = state.corrected(opened)
    recording = applied.recording
    if said := state.problem():
        st.error(f"{said}.")
    if applied.unmatched:
        n = len(applied.unmatched)
        st.warning(
            f"{n} {'correction finds' if n == 1 else 'corrections find'} no beat in this answer: "
            f"{'; '.join(map(str, applied.unmatched[:3]))}."
        )
    show_numbers(opened, recording, summary)
    window = state.window(recording.seconds)
    show_overview(recording, summary, window)
    found = navigation.targets(recording, summary)
    show_steps(recording, found, window)
    show_strip(opened, recording, window)
    show_corrections(opened, recording)
    show_tabs(opened, recording, summary)


def show_numbers(opened: Opened, recording, summary) -> None:
    beats, rate = recording.beats, summary.rate
    told = [recording.name, f"lead {recording.lead}", events.clock(recording.seconds, None)]
    if recording.start:
        told.append(f"from {summary.clock(0)}")
    told.append("R peaks as annotated" if recording.annotated else "R peaks found by the program")
    st.markdown(f"**{' · '.join(map(_plain, told))}**")
    cells = [
        ("Beats", f"{len(beats):,}", ""),
        ("Heart rate", _number(rate.mean, "/min"), f"{_number(rate.least)}–{_number(rate.most)}"),
    ]
    for letter in ("V", "S"):
        burden = summary.burden[letter]
        cells.append(
            (f"{letter} beats", f"{burden.beats:,}", f"{burden.share:.1%}, {burden.an_hour:,.0f}/h")
        )
    pauses = summary.of_kind("pause")
    longest = f"{summary.longest.seconds:.2f} s" if summary.longest else "–"
    cells.append(("Longest RR", longest, f"{len(pauses)} pause{'' if len(pauses) == 1 else 's'}"))
    cells.append(("Irregular", f"{summary.fibrillation_share:.0%}", "as in fibrillation"))
    share = summary.analysed_s / summary.seconds if summary.seconds else 0.0
    cells.append(("Analysed", f"{share:.1%}", "of the recording"))
    known = beats.true >= 0
    if known.any():
        agree = (beats.predicted == beats.true)[known].mean()
        cells.append(("Agree", f"{agree:.1%}", "with the annotation"))
    with st.container(horizontal=True, key="numbers"):
        for label, value, small in cells:
            st.metric(
                label, value, small or None, delta_color="off", delta_arrow="off", width="content"
            )


def _plain(text: str) -> str:
    """A name from a file, with nothing in it that Markdown would read."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()<>#+-!|~$:" else c for c in text)


def _number(value: float, unit: str = "") -> str:
    return f"{value:.0f}{unit}" if np.isfinite(value) else "–"


def show_overview(recording, summary, window) -> None:
    key = f"overview-{st.session_state['drawn']}"

    def moved() -> None:
        points = st.session_state[key].selection.points
        if points:
            state.look_at(float(points[0]["x"]), recording.seconds)
            st.session_state[state.SELECTED] = None
            state.forget_marks()

    st.plotly_chart(
        charts.overview(recording, summary, window, look()),
        key=key,
        on_select=moved,
        selection_mode="points",
        config={"displayModeBar": False},
        alt="Heart rate and ectopic beats over the whole recording",
    )


def show_steps(recording, found: dict[str, navigation.Targets], window) -> None:
    """Ways through the recording: to events, by a window, to any time."""
    seconds, (start, stop) = recording.seconds, window
    with st.container(horizontal=True, vertical_alignment="bottom", key="steps"):
        if found:
            title = st.selectbox(
                "Jump to", list(found), format_func=lambda t: found[t].label, key="target",
                on_change=lambda: st.session_state.update({state.RANK: None}), width=260,
            )  # fmt: skip
            for label, icon, forward, keys in (
                ("previous", ":material/skip_previous:", False, "Shift+Left"),
                ("next", ":material/skip_next:", True, "Shift+Right"),
            ):
                st.button(
                    label.title(), icon=icon, on_click=state.jump,
                    args=(found[title], forward, seconds), shortcut=keys, key=f"{label}-event",
                )  # fmt: skip
        st.selectbox(
            "Window", state.WINDOWS_S, format_func=lambda s: f"{s:.0f} s", key=state.WINDOW,
            width=110,
        )  # fmt: skip
        for label, icon, by, keys in (
            ("earlier", ":material/chevron_left:", -0.9, "Left"),
            ("later", ":material/chevron_right:", 0.9, "Right"),
        ):
            st.button(
                label.title(), icon=icon, on_click=state.step, args=(by, seconds), shortcut=keys,
                key=f"{label}-window",
            )  # fmt: skip
        st.toggle(
            "Mark a stretch by dragging", key="boxes",
            help="Else dragging moves the strip, and a click on a letter chooses its beat.",
        )  # fmt: skip
    if seconds > stop - start:
        st.slider(
            "Position",
            0.0,
            seconds - (stop - start),
            step=0.01,
            format=" ",
            key=state.START,
            label_visibility="collapsed",
        )


def show_strip(opened: Opened, recording, window) -> None:
    key = f"strip-{st.session_state['drawn']}"

    def chosen() -> None:
        selection = st.session_state[key].selection
        if selection.box:
            a, b = (float(x) for x in selection.box[0]["x"][:2])
            st.session_state[state.MARKED] = (
                max(min(a, b), 0.0),
                min(max(a, b), recording.seconds),
            )
            st.session_state[state.SELECTED] = None
            return
        times = [p["customdata"] for p in selection.points if p.get("customdata") is not None]
        st.session_state[state.MARKED] = None
        if times:
            first = times[0][0] if isinstance(times[0], (list, tuple)) else times[0]
            st.session_state[state.SELECTED] = float(first)

    second = (opened.second_lead, opened.second) if opened.second is not None else None
    figure = charts.strip(
        recording,
        window,
        st.session_state[state.SELECTED],
        look(),
        second,
        is_narrow(),
        bool(st.session_state.get("boxes")),
    )
    start, stop = window
    clock = (events.clock(s, recording.start) for s in (start, stop))
    st.plotly_chart(
        figure,
        key=key,
        on_select=chosen,
        selection_mode=("points", "box"),
        config={"scrollZoom": not is_narrow(), "displaylogo": False, "doubleClick": "reset"},
        alt=f"ECG from {' to '.join(clock)}",
    )


# Corrections


def show_corrections(opened: Opened, recording) -> None:
    """The chosen beat or stretch, and what may be done about it."""
    own = state.edits(opened)
    marked, selected = st.session_state[state.MARKED], st.session_state[state.SELECTED]
    beats = recording.beats
    at = _position(beats.time_s, selected)
    with st.container(border=True, key="correct"):
        if marked:
            show_stretch(opened, recording, marked)
        elif at is not None:
            show_beat(opened, recording, at)
        else:
            st.caption(
                "Choose a beat by its letter to correct it, or mark a stretch by dragging to hide "
                "it, to add a beat, or to give all its beats a class. Arrow keys move; with "
                "Shift they go to the next event."
            )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Undo", icon=":material/undo:", on_click=state.undo, args=(opened,),
                disabled=not own, shortcut="Mod+Z", key="undo",
            )  # fmt: skip
            n = len(own)
            st.markdown(f"{n:,} correction{'' if n == 1 else 's'}" if n else "Nothing corrected")


def _position(time_s: np.ndarray, second: float | None) -> int | None:
    """The beat at a time, as it stood when it was chosen."""
    if second is None or not len(time_s):
        return None
    at = int(np.abs(time_s - second).argmin())
    return at if abs(time_s[at] - second) < 0.02 else None


def show_beat(opened: Opened, recording, at: int) -> None:
    beats = recording.beats
    second, letter = float(beats.time_s[at]), CLASSES[beats.predicted[at]]
    sure = beats.confidence[at]
    told = [f"**{letter}** at {events.clock(second, recording.start)} ({second:.2f} s)"]
    told.append(f"probability {sure:.2f}" if np.isfinite(sure) else "corrected by hand")
    if beats.true[at] >= 0:
        told.append(f"annotated {CLASSES[beats.true[at]]}")
    for word, (a, b) in (("RR before", (at - 1, at)), ("after", (at, at + 1))):
        if a >= 0 and b < len(beats):
            told.append(f"{word} {beats.time_s[b] - beats.time_s[a]:.2f} s")
    st.markdown(", ".join(told))
    with st.container(horizontal=True, vertical_alignment="bottom", key="classes"):
        for other in CLASSES:
            st.button(
                SHORT[other], help=CLASS_NAMES[other], disabled=other == letter,
                key=f"class-{other}",
                on_click=state.add, args=(opened, Edit(RECLASS, second, letter=other)),
                shortcut=other, type="primary" if other == letter else "secondary",
            )  # fmt: skip
        st.button(
            "No beat", icon=":material/delete:", on_click=remove, args=(opened, second),
            shortcut="Delete", key="remove", help="Remove it: there is none.",
        )  # fmt: skip
        st.button(
            "Noise", icon=":material/visibility_off:", key="noise", on_click=hide_beat,
            args=(opened, recording, at), help="Hide it with the signal about it.",
        )  # fmt: skip
        with st.popover("Move"):
            to = st.number_input(
                "R peak (s)", 0.0, recording.seconds, second, step=0.008, format="%.3f",
                key=f"to-{second:.3f}",
            )  # fmt: skip
            st.button("Move it", on_click=move, args=(opened, second, float(to)), key="move")


def remove(opened: Opened, second: float) -> None:
    state.add(opened, Edit(REMOVE, second))
    st.session_state[state.SELECTED] = None


def move(opened: Opened, second: float, to: float) -> None:
    if to != second:
        state.add(opened, Edit(MOVE, second, to))
        st.session_state[state.SELECTED] = to


def hide_beat(opened: Opened, recording, at: int) -> None:
    """Hide a beat up to half way to its neighbours, and a second at most."""
    time = recording.beats.time_s
    start = max((time[at - 1] + time[at]) / 2 if at else 0.0, time[at] - 1, 0.0)
    stop = (time[at] + time[at + 1]) / 2 if at + 1 < len(time) else recording.seconds
    hide(opened, float(start), float(min(stop, time[at] + 1)))


def hide(opened: Opened, start: float, stop: float) -> None:
    state.add(opened, Edit(HIDE, start, stop))
    st.session_state[state.SELECTED] = None


def show_stretch(opened: Opened, recording, marked: tuple[float, float]) -> None:
    start, stop = marked
    time = recording.beats.time_s
    inside = time[(time >= start) & (time < stop)]
    st.markdown(f"**{start:.2f} s to {stop:.2f} s**, {len(inside)} beats")
    with st.container(horizontal=True, vertical_alignment="bottom", key="stretch"):
        st.button(
            "Hide", icon=":material/visibility_off:", on_click=hide, args=(opened, start, stop),
            key="hide", disabled=stop <= start, help="Not analysable: no beats, and no time.",
        )  # fmt: skip
        for letter in CLASSES:
            st.button(
                f"All {letter}", help=CLASS_NAMES[letter], disabled=not len(inside),
                on_click=classify_all, args=(opened, inside, letter), key=f"all-{letter}",
            )  # fmt: skip
        peak = corrections.strongest(recording.signal, start, stop)
        st.button(
            "Add a beat", icon=":material/add:", key="add", on_click=add_beat,
            args=(opened, peak), help="Where the signal swings most; its class can be changed.",
        )  # fmt: skip


def classify_all(opened: Opened, seconds: np.ndarray, letter: str) -> None:
    state.add(opened, *(Edit(RECLASS, float(s), letter=letter) for s in seconds))


def add_beat(opened: Opened, second: float) -> None:
    state.add(opened, Edit(ADD, second, letter="N"))
    st.session_state[state.SELECTED] = second


# Below


def show_tabs(opened: Opened, recording, summary) -> None:
    names = ["Downloads", "Events", "Beats", "Numbers", "Chosen beat", "Classes", "Model"]
    tabs = dict(zip(names, st.tabs(names), strict=True))
    with tabs["Downloads"]:
        show_downloads(opened, recording)
    with tabs["Events"]:
        show_events(recording, summary)
    with tabs["Beats"]:
        show_table(recording.beats)
    with tabs["Numbers"]:
        show_sums(recording, summary)
    with tabs["Chosen beat"]:
        at = _position(recording.beats.time_s, st.session_state[state.SELECTED])
        if at is None:
            st.caption("None is chosen.")
        else:
            show_shape(recording.beats, at)
    with tabs["Classes"]:
        show_guidance(recording.beats)
    with tabs["Model"]:
        show_model(opened)


def show_downloads(opened: Opened, recording) -> None:
    own = state.edits(opened)
    stem = recording.name
    st.caption(
        "As corrected above. The annotations open in any viewer that reads WFDB, beside the "
        "record of the same name. The original is never changed."
    )
    # A download runs nothing anew: else the files of the other buttons, which are made when they
    # are asked for, would belong to a run that is over when the next one is clicked.
    still = {"on_click": "ignore"}
    with st.container(horizontal=True, key="downloads"):
        if len(recording.beats):
            st.download_button(
                "Annotations (.atr)", lambda: corrections.atr(recording, own), f"{stem}.atr",
                "application/octet-stream", key="atr", **still,
            )  # fmt: skip
        st.download_button(
            "Beats (CSV)", lambda: corrections.csv(recording), f"{stem}.beats.csv", "text/csv",
            key="csv", **still,
        )  # fmt: skip
        st.download_button(
            "Report (HTML)", lambda: report_page(recording), f"{stem}.html", "text/html",
            key="report", **still,
        )  # fmt: skip
        if own:
            document = corrections.document(own, recording.name, recording.seconds)
            st.download_button(
                "Corrections (JSON)", lambda: json_text(document), f"{stem}{corrections.SUFFIX}",
                "application/json", key="json", **still,
            )  # fmt: skip
    if own:
        where = f"kept in `{opened.kept}`" if opened.kept else "kept until you leave the page"
        with st.expander(f"{len(own):,} corrections, {where}"):
            for edit in own[-PROBLEMS_SHOWN:]:
                st.text(str(edit))
            st.button("Discard all", on_click=state.keep, args=(opened, []), key="discard")


def report_page(recording) -> str:
    from ecgcore.inference import report

    return report.html(recording)


def json_text(document: dict) -> str:
    import json

    return json.dumps(document, indent=2) + "\n"


def show_events(recording, summary) -> None:
    listed = sorted([*summary.events, *summary.fibrillation], key=lambda e: e.start_s)
    if not listed:
        st.caption("None.")
        return
    table = pd.DataFrame(
        {
            "at": [summary.clock(e.start_s) for e in listed],
            "event": [f"{e.letter} {e.kind}".strip() for e in listed],
            "beats": [e.beats for e in listed],
            "seconds": [round(e.seconds, 1) for e in listed],
            "rate": [round(e.rate) for e in listed],
        }
    )

    def chosen() -> None:
        rows = st.session_state["events"].selection.rows
        if rows:
            event = listed[rows[0]]
            state.look_at((event.start_s + event.stop_s) / 2, recording.seconds)
            st.session_state[state.SELECTED] = event.start_s

    if len(listed) > LISTED:
        st.caption(f"The first {LISTED:,} of {len(listed):,}.")
    st.dataframe(
        table.head(LISTED), hide_index=True, height=280, key="events", on_select=chosen,
        selection_mode="single-row",
    )  # fmt: skip


def show_table(beats) -> None:
    table = beats.table()
    if len(table) > LISTED:
        st.caption(f"The first {LISTED:,} of {len(table):,}; the CSV file has them all.")
    digits = st.column_config.NumberColumn(format="%.3f")
    floats = dict.fromkeys(table.select_dtypes("float"), digits)
    st.dataframe(table.head(LISTED), hide_index=True, height=280, column_config=floats)


def show_sums(recording, summary) -> None:
    st.plotly_chart(charts.counts(recording.beats, look()), config={"displayModeBar": False})
    v = summary.variability
    values = {
        "SDNN": _number(v.sdnn, " ms"),
        "RMSSD": _number(v.rmssd, " ms"),
        "pNN50": f"{v.pnn50:.1%}" if np.isfinite(v.pnn50) else "–",
        "SD1": _number(v.sd1, " ms"),
        "SD2": _number(v.sd2, " ms"),
    }
    with st.container(horizontal=True):
        for label, value in values.items():
            st.metric(label, value, width="content")
    st.caption(f"Of {v.intervals:,} intervals between N beats.")
    if len(summary.hours) > 1:
        hours = pd.DataFrame(
            {
                "from": [summary.clock(h.start_s) for h in summary.hours],
                "beats": [h.beats for h in summary.hours],
                "mean": [_number(h.mean) for h in summary.hours],
                "least": [_number(h.least) for h in summary.hours],
                "most": [_number(h.most) for h in summary.hours],
            }
        )
        st.dataframe(hours, hide_index=True)


def show_shape(beats, at: int) -> None:
    left, right = st.columns(2)
    plain = {"displayModeBar": False}
    left.plotly_chart(charts.wave(beats, at, look()), config=plain, key="wave")
    if np.isfinite(beats.probabilities[at]).all():
        right.plotly_chart(charts.probabilities(beats, at, look()), config=plain, key="said")


def show_model(opened: Opened) -> None:
    for sentence in writers.about_sentences(opened.model):
        st.markdown(_plain(sentence))
    st.caption(f"SHA-256 of the weights: {opened.model.about['weights_sha256']}")


def show_guidance(beats) -> None:
    for number, letter in enumerate(CLASSES):
        count = int((beats.predicted == number).sum())
        with st.expander(f"{letter}: {CLASS_NAMES[letter]} ({count:,} beats)"):
            text, references = GUIDANCE[letter]
            st.markdown("\n\n".join([text, *(f"- {r}" for r in references)]))


# Rows of beats


def show_rows(opened: Opened) -> None:
    """Beats that somebody has cut: no rhythm, and no strip."""
    beats = opened.rows
    if not len(beats):
        st.error("No beat could be classified.")
        return
    known, confidence = beats.true >= 0, beats.confidence
    with st.container(horizontal=True, key="numbers"):
        st.metric("Beats", f"{len(beats):,}", width="content")
        st.metric("Probability below 0.9", f"{(confidence < 0.9).mean():.1%}", width="content")
        if known.any():
            agree = (beats.predicted == beats.true)[known].mean()
            st.metric("Agree", f"{agree:.1%}", width="content", help="With their labels.")
    st.plotly_chart(charts.counts(beats, look()), config={"displayModeBar": False})
    order = np.argsort(confidence, kind="stable")[:LISTED]

    def describe(i: int) -> str:
        label = f", labelled {CLASSES[beats.true[i]]}" if beats.true[i] >= 0 else ""
        return f"row {beats.row[i]}: {CLASSES[beats.predicted[i]]} with {confidence[i]:.3f}{label}"

    at = st.selectbox("Least certain first", order.tolist(), format_func=describe)
    show_shape(beats, at)
    show_table(beats)
    csv = beats.table().to_csv(index=False, float_format=f"%.{writers.DIGITS}f")
    st.download_button("Beats (CSV)", csv, f"{opened.name}.classes.csv", "text/csv", key="csv")
    show_guidance(beats)
    show_model(opened)


main()
