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
    Place("chat", "Chat", "Ask in words", "tui.screens.chat_place:ChatPlace"),
    Place("avalon", "Avalon", "Watch agents, or sit in", "tui.screens.avalon_place:AvalonPlace"),
    Place("expel", "ExpeL", "Let an agent learn", "tui.screens.expel_place:ExpelPlace"),
    Place("memory", "Memory", "What was learned", "tui.screens.memory_place:MemoryPlace"),
    Place("lab", "Lab", "Train and measure", "tui.screens.lab_place:LabPlace"),
    Place("runs", "Runs", "Everything on disk", "tui.screens.runs:RunsPlace"),
    Place("settings", "Settings", "Theme, folders, model", "tui.screens.settings_place:SettingsPlace"),
)


def way_to(name: str) -> str:
    """A place and the key that goes there, as told in a sentence: "Avalon (3)"."""
    number, place = next((number, one) for number, one in enumerate(PLACES, start=1) if one.name == name)
    return f"{place.title} ({number})"
