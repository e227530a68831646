"""``python -m scenarios`` is ``fundsim``."""

from scenarios.cli import main

main()
