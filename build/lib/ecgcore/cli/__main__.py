"""`python -m ecgcore.cli`: torchrun starts modules, not console scripts."""

from ecgcore.cli.main import main

main()
