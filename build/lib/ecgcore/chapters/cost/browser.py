"""What whole recordings cost in a reader's browser, as the chapter "Cost" tells it."""

import pandas as pd


def table(found: dict) -> pd.DataFrame:
    """A row a recording: hours, beats, seconds until all are classified, the longest that the page
    did not respond meanwhile (s), and the most memory that its process held (MB)."""
    names = {"seconds": "s", "pause_s": "longest pause (s)", "renderer_mb": "MB held"}
    return pd.DataFrame(found["rows"])[["hours", "beats", *names]].rename(columns=names)


def weight(found: dict) -> str:
    """What a first visit loads, in words."""
    first = found["first_load"]
    if not first:
        return "What a first visit loads was not measured."
    return (
        f"A first visit loads {first['files']} files, {first['sent'] / 1e6:.2f} MB as web servers "
        f"send them, and then needs no network; the rhythm model is "
        f"{found['bytes']['model'] / 1e6:.2f} MB of it."
    )
