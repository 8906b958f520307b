"""The app in a browser on this machine: each page is a process of its own that draws into it."""

import shlex
import sys
from collections.abc import Mapping

from agents.errors import NimueError

LOOPBACK = "127.0.0.1"


def serve_app(chosen: Mapping[str, str], port: int) -> None:
    """Serve until Ctrl-C.

    Args:
        chosen: Flags that the app is opened with, by name.

    Raises:
        NimueError: What serves is not installed.
    """
    try:
        from tui.guarded_server import GuardedServer
    except ImportError as error:
        raise NimueError("--serve needs textual-serve: pip install 'nimue[serve]'.") from error
    flags = [word for name, value in chosen.items() for word in (f"--{name}", value)]
    command = [sys.executable, "-c", "from tui.front_door import main; main()", *flags]
    GuardedServer(shlex.join(command), host=LOOPBACK, port=port, title="nimue").serve()
