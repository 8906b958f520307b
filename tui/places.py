"""The places one can always go to, in the order of their keys."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A mode of the app."""

    name: str
    title: str
    help: str
    entry: str
    """Module and name of its screen."""


PLACES = (
    Place("home", "Home", "What is here", "tui.screens.home:HomePlace"),
    Place("avalon", "Avalon", "Watch agents play, or sit in", "tui.screens.avalon_place:AvalonPlace"),
    Place("expel", "ExpeL", "Let an agent learn", "tui.screens.expel_place:ExpelPlace"),
    Place("memory", "Memory", "What was learned", "tui.screens.memory_place:MemoryPlace"),
    Place("runs", "Runs", "Everything on disk", "tui.screens.runs:RunsPlace"),
    Place("settings", "Settings", "Theme, folders, model", "tui.screens.settings_place:SettingsPlace"),
)
