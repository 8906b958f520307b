"""The command `nimue`: the app when it is called alone, else one of its commands.

Textual is imported when the app opens, so that `nimue doctor` does not wait for it.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from agents.cli import nimue
from agents.cli.front_door import enter
from agents.errors import NimueError

Flag = Annotated[bool, Parameter(negative="")]


app = nimue.app
app.help = f"{app.help}\n\nCalled alone, nimue opens all of it as an app in this terminal."


@app.default
def open_app(
    *, runs: Path | None = None, memory: Path | None = None, serve: Flag = False, port: int = 8000
) -> None:
    """Open the app in this terminal.

    Args:
        runs: Folder that runs are kept in (default: the setting).
        memory: Folder of the memory (default: the setting).
        serve: Show the app in a browser instead, on this machine only.
        port: Where --serve listens.
    """
    given = {"runs": runs, "memory": memory}
    chosen = {name: str(path) for name, path in given.items() if path is not None}
    if serve:
        from tui.serving import serve_app

        serve_app(chosen, port)
        return
    is_served = "TEXTUAL_DRIVER" in os.environ  # then the page is the terminal
    if not is_served and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise NimueError("The app needs a terminal; nimue --help lists the commands that do not.")
    from tui.app import NimueApp
    from tui.picture_ways import way_to_draw
    from tui.settings import read_settings, settings_file
    from tui.short_pauses import keep_pauses_short

    file = settings_file()
    settings = read_settings(file)
    way = way_to_draw(settings.pictures, os.environ)
    keep_pauses_short()
    NimueApp(settings.model_copy(update=chosen), file, pictures=way).run()


def main() -> None:
    """Entry point."""
    enter(app)
