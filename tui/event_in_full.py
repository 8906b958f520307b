"""An event of a game by itself: what it is, and every text it holds, whole. Pure texts."""

from rich.text import Text

from agents.cli.table_private import private_texts
from agents.cli.table_text import plain
from games.avalon.events import Event


def heading(event: Event) -> str:
    """What happened, when, and by whom."""
    who = f", seat {event.seat}" if event.seat is not None else ""
    where = f"quest {event.quest}, proposal {event.attempt}, " if event.quest else ""
    return f"{where}{event.type.replace('_', ' ')}{who}"


def in_full(event: Event) -> list[Text]:
    """Every text of an event, whole and cleaned."""
    paragraphs: list[Text] = []
    for told in private_texts(event):
        paragraphs += [Text(plain(told.label), style="bold"), Text(plain(told.text)), Text()]
    return paragraphs or [Text("Nothing more is told of it.", style="dim")]
