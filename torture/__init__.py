"""How this project takes what it should never get: `make torture` writes figures/torture.json.

Each part does one kind of harm, over and over, and counts what was lost. Every attempt is a case
of its own, which is kept as soon as it is done: an interrupted run goes on where it was.
"""
