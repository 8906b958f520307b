"""Print a set-up line of the README: `play`, `test`, or the `environment` folder that `test` makes."""

import re
import sys
from pathlib import Path


def fenced_line(text: str, start: str) -> str:
    """The single line of the first fenced block after a sentence. Exits if it is not one line."""
    block = re.search(rf"{re.escape(start)}[^\n]*\n+```[a-z]*\n(.*?)\n```", text, re.DOTALL)
    if block is None or "\n" in block[1]:
        sys.exit(f"README.md has no one-line block after {start!r}")
    return block[1]


README = Path(__file__).parents[1].joinpath("README.md").read_text(encoding="utf-8")
PLAY = fenced_line(README, "**Play**")
TEST = fenced_line(README, "**Test**")
ENVIRONMENT = TEST.split("-m venv ", 1)[1].split()[0]

sys.stdout.write({"play": PLAY, "test": TEST, "environment": ENVIRONMENT}[sys.argv[1]] + "\n")
