"""What widgets and screens tell the app. Data goes down, messages go up."""

from dataclasses import dataclass
from pathlib import Path

from textual.message import Message


@dataclass
class OpenRun(Message):
    """Show this run."""

    path: Path


@dataclass
class OpenTranscript(Message):
    """Show this recorded game."""

    path: Path


@dataclass
class Copy(Message):
    """Put this text on the clipboard."""

    text: str
    what: str
    """What it is, in the words of the notice: "the resume command"."""
