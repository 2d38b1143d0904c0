"""Options that several verbs share."""

from typing import Annotated

import typer

ProfileOption = Annotated[str, typer.Option(help="Name of a file in profiles/, without .yaml.")]

# Plain text, so that a log reads as well as a terminal.
STYLE = {"rich_markup_mode": None, "pretty_exceptions_enable": False}


def log_to_stderr() -> None:
    """What notebooks and training say, as it is."""
    import logging
    import sys

    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
