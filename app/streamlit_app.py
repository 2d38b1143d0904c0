"""Classify your own ECG in the browser: `make app`, or `streamlit run app/streamlit_app.py`."""

import charts
import numpy as np
import sources
import streamlit as st
from guidance import GUIDANCE, NOTICE

from ecgcore.constants import CLASS_NAMES, CLASSES
from ecgcore.data import records, signals
from ecgcore.errors import EcgError
from ecgcore.inference import classifier, published

ALONE, IN_RHYTHM = "each beat alone", "each beat in its rhythm"
STRIP_S = 10.0  # of signal in the rhythm strip
LOOKED_AT = 500  # beats in the list of those to look at first
PROBLEMS_SHOWN = 20


@st.cache_resource(show_spinner="Loading the network …")
def load_network() -> classifier.Classifier:
    return classifier.load()


@st.cache_resource(show_spinner="Loading the rhythm model …")
def load_rhythm():
    return published.rhythm_model()


def load_model(how: str):
    return load_rhythm() if how == IN_RHYTHM else load_network()


@st.cache_data(show_spinner="Classifying …", max_entries=3)
def classify_record(name: str, own_peaks: bool, how: str, weights: str) -> sources.Result:
    """weights: SHA-256 of the model's, so that a new one is not answered from the cache."""
    path = records.default_database() / name
    return sources.run(path, load_model(how), None, "", own_peaks)


def main() -> None:
    st.set_page_config(page_title="Classify your own ECG", page_icon="♥", layout="wide")
    st.title("Classify your own ECG")
    st.warning(NOTICE)
    try:
        result, model = choose()
    except EcgError as error:
        st.error(f"{error}.")
        return
    st.sidebar.caption(
        f"{model.name}, trained on: {model.about['protocol']}; weights "
        f"{model.about['weights_sha256'][:12]}. What you upload stays on the machine that runs "
        "this app, until you leave the page."
    )
    if result is not None:
        show(result)


def choose_model(both: bool = True):
    """The network, or where there is a rhythm to see, the model that the user prefers."""
    how = st.sidebar.radio("Classify", [ALONE, IN_RHYTHM]) if both else ALONE
    return how, load_model(how)


def choose() -> tuple:
    """Let the user choose an ECG in the sidebar, and classify it: result (or None) and model."""
    with st.sidebar:
        source = st.radio("ECG", ["a record of the book", "a file of your own"])
        own_peaks = st.checkbox(
            "find the R peaks anew", help="Even where the record has annotations (.atr)."
        )
        if source == "a record of the book":
            names = records.record_names(records.default_database())
            name = st.selectbox("Record", names, index=names.index("208"))
            how, model = choose_model()
            return classify_record(name, own_peaks, how, model.about["weights_sha256"]), model
        files = st.file_uploader(
            "CSV of beats or of a signal, or the .hea, .dat and .atr files of a record",
            accept_multiple_files=True,
        )
        fs = st.number_input(
            "Sampling rate of a signal (Hz)",
            min_value=1.0,
            value=360.0,
            help="Of a file with one column. A record's header gives its own; beats have 125 Hz.",
        )
        lead = st.text_input("Lead of a record", help="MLII, or the first, if you name none.")
        st.download_button("An example file", sources.example_csv, "example.csv", "text/csv")
    if not files:
        explain_files()
        return None, load_network()
    _, model = choose_model(sources.has_rhythm(files))
    return classify_upload(files, model, fs, lead.strip(), own_peaks), model


def classify_upload(files, model, fs: float, lead: str, own_peaks: bool) -> sources.Result:
    """Classify files once, not at each move of a slider; only this session keeps the result."""
    weights = model.about["weights_sha256"]
    key = (tuple(file.file_id for file in files), fs, lead, own_peaks, weights)
    if st.session_state.get("upload_key") != key:
        with st.spinner("Classifying …"):
            result = sources.run_upload(files, model, fs, lead, own_peaks)
        st.session_state["upload"], st.session_state["upload_key"] = result, key
    return st.session_state["upload"]


def explain_files() -> None:
    st.info(
        "Choose a file at the left. **Beats:** a CSV with a beat a row, 187 values at 125 Hz that "
        "start at the R peak, and the class in a 188th column if you like. **A signal:** a file "
        "with one column, and its sampling rate. **A record:** its .hea and .dat files together, "
        "and the .atr file if there is one. Units do not matter: each beat "
        "is measured against itself or its record. With a record or a signal you may choose "
        "whether each beat is classified alone or in its rhythm. Without annotations the R peaks "
        "are found by the program."
    )


def show(result: sources.Result) -> None:
    for sentence in result.warnings:
        st.warning(f"{sentence}.")
    if result.problems:
        n = len(result.problems)
        with st.expander(f"{n:,} {'row' if n == 1 else 'rows'} left out", expanded=n < 10):
            for problem in result.problems[:PROBLEMS_SHOWN]:
                st.text(str(problem))
            if n > PROBLEMS_SHOWN:
                st.text(f"… and {n - PROBLEMS_SHOWN:,} more")
    if not len(result.beats):
        st.error("No beat could be classified.")
        return
    show_summary(result)
    chosen = choose_beat(result)
    if result.signal is not None:
        show_strip(result, chosen)
    st.subheader("The chosen beat, and what the network makes of it")
    left, right = st.columns(2)
    left.plotly_chart(charts.wave(result.beats, chosen))
    right.plotly_chart(charts.probabilities(result.beats, chosen))
    if result.signal is not None and len(result.beats) > 1:
        st.subheader("Heart rate at each beat")
        st.plotly_chart(charts.rhythm(result.beats))
    show_table(result)
    show_guidance(result)


def show_summary(result: sources.Result) -> None:
    beats = result.beats
    known = beats.true >= 0
    cells = st.columns(4)
    cells[0].metric("Beats", f"{len(beats):,}")
    if result.signal is not None and len(beats) > 1:
        rate = 60 / np.median(np.diff(beats.time_s))
        cells[1].metric("Median heart rate", f"{rate:.0f}/min")
    confidence = beats.confidence
    cells[2].metric("Probability below 0.9", f"{(confidence < 0.9).mean():.1%}")
    if known.any():
        agree = (beats.predicted == beats.true)[known].mean()
        cells[3].metric("Agree with their label", f"{agree:.1%}")
    st.subheader("Beats of each class")
    st.plotly_chart(charts.counts(beats))


def choose_beat(result: sources.Result) -> int:
    """The beat to look at: by default the least certain one that is not N."""
    beats = result.beats
    st.subheader("Beats to look at first")
    confidence = beats.confidence
    present = [c for i, c in enumerate(CLASSES) if (beats.predicted == i).any()]
    wanted = st.multiselect("Classes", present, default=[c for c in present if c != "N"] or present)
    numbers = [CLASSES.index(c) for c in wanted or present]
    index = np.flatnonzero(np.isin(beats.predicted, numbers))
    order = index[np.argsort(confidence[index], kind="stable")][:LOOKED_AT]

    def describe(i: int) -> str:
        seconds = beats.time_s[i]
        where = f"row {beats.row[i]}"
        if np.isfinite(seconds):
            where = f"{int(seconds // 60)} min {seconds % 60:04.1f} s"
        label = f", annotated {CLASSES[beats.true[i]]}" if beats.true[i] >= 0 else ""
        return f"{where}: {CLASSES[beats.predicted[i]]} with {confidence[i]:.3f}{label}"

    return st.selectbox("Least certain first", order.tolist(), format_func=describe)


def show_strip(result: sources.Result, chosen: int) -> None:
    total = len(result.signal) / signals.FS
    peaks = "annotated" if result.annotated else "found"
    begin = np.floor(result.beats.time_s[chosen] - STRIP_S / 2)  # the beat is in the middle
    begin = float(np.clip(begin, 0, max(total - STRIP_S, 0)))
    st.subheader("Rhythm strip")
    if total > STRIP_S:
        key = f"start-{result.name}-{chosen}"  # a new beat moves the strip to it
        begin = st.slider("From (s)", 0.0, total - STRIP_S, begin, step=1.0, key=key)
    figure = charts.strip(result.signal, result.beats, begin, STRIP_S, result.unit)
    st.plotly_chart(figure)
    st.caption(
        f"Each beat in the colour of its class; the marks are the R peaks that were {peaks}. "
        "A mark beside its QRS complex, or a complex without one, spoils what the network sees."
    )


def show_table(result: sources.Result) -> None:
    st.subheader("All beats")
    table = result.beats.table()
    digits = st.column_config.NumberColumn(format="%.3f")
    floats = dict.fromkeys(table.select_dtypes("float"), digits)
    st.dataframe(table, hide_index=True, height=240, column_config=floats)
    csv = table.to_csv(index=False, float_format="%.6f")
    st.download_button("Download as CSV", csv, f"{result.name}.classes.csv", "text/csv")


def show_guidance(result: sources.Result) -> None:
    st.subheader("What the classes mean")
    for number, letter in enumerate(CLASSES):
        count = int((result.beats.predicted == number).sum())
        with st.expander(f"{letter}: {CLASS_NAMES[letter]} ({count:,} beats)"):
            text, references = GUIDANCE[letter]
            st.markdown("\n\n".join([text, *(f"- {r}" for r in references)]))


main()
