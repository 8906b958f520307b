"""Driving the app in a test: waiting for what threads bring about, and reading the screen."""

import asyncio
from collections.abc import Callable

from textual.pilot import Pilot

from tui.app import NimueApp
from tui.places import PLACES


def key_of(place: str) -> str:
    """The key that goes to a place."""
    return str([one.name for one in PLACES].index(place) + 1)


async def until(pilot: Pilot[None], condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something holds that a thread or another process brings about."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not condition():
        assert loop.time() < end, "it did not come about"
        await pilot.pause(0.04)
    await pilot.pause()


def screen_text(app: NimueApp) -> str:
    """What stands on the screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)
