"""What brings the app into a state: it is given the app, its pilot and the folder the app works in."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from tui.app import NimueApp

Steps = Callable[[NimueApp, Pilot[None], Path], Awaitable[None]]
