"""The command `expel`: agents that learn from experience (ExpeL).

Gathering, extraction and evaluation are not in this version; the command says so rather than pretend.
"""

import cyclopts

from agents.cli.front_door import enter
from agents.errors import NimueError

app = cyclopts.App(
    name="expel",
    help=(
        "Agents that learn from experience (ExpeL). This version does not hold them yet: it plays Avalon "
        "(avalon --help) and manages models (nimue --help)."
    ),
    version_flags=["--version"],
)


@app.default
def not_yet(*words: str) -> None:
    """Refuse, whatever is asked."""
    raise NimueError("ExpeL is not part of this version; avalon and nimue are. See docs/index.md.")


def main() -> None:
    """Entry point."""
    enter(app)
