"""What a notebook depends on."""

import ast
import hashlib
import json
import os
import re

from ecgcore import paths
from ecgcore.sources import modules_used


def notebook_source(notebook: str) -> str:
    """The code of a notebook without its IPython magics."""
    cells = json.loads((paths.NOTEBOOKS / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    return re.sub(r"^%.*$", "", code, flags=re.MULTILINE)


def code_sha256(notebook: str) -> str:
    """Fingerprint of the code that decides what a notebook shows: its own, without text and
    layout, and the modules that take part."""
    digest = hashlib.sha256(ast.dump(ast.parse(notebook_source(notebook))).encode())
    for path in modules_used(notebook_source(notebook)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def dependencies(notebook: str) -> list[str]:
    """Files that decide what a notebook shows: itself and the modules that it uses."""
    files = [paths.NOTEBOOKS / f"{notebook}.ipynb", *modules_used(notebook_source(notebook))]
    return [os.path.relpath(path, paths.ROOT) for path in files]
