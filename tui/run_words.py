"""How runs are told on a screen: signs that need no colour, ages, what each kind is called."""

from datetime import UTC, datetime

from rich.text import Text

from agents.cli.table_text import plain
from tui.run_shelf import State

KINDS = {
    "avalon.play": "game",
    "avalon.tournament": "tournament",
    "avalon.judge": "judge",
    "avalon.probes": "probes",
    "expel": "expel",
    "lab": "lab",
    "assistant": "chat",
    "?": "broken",
}

_SIGNS: dict[State, tuple[str, str]] = {
    "running": ("▸", "bold cyan"),
    "finished": ("✓", "green"),
    "paused": ("‖", "yellow"),
    "stopped": ("■", "yellow"),
    "failed": ("✗", "red"),
    "broken": ("!", "bold red"),
}


def state_text(state: State) -> Text:
    """ "✓ finished"."""
    sign, style = _SIGNS[state]
    return Text(f"{sign} {state}", style=style)


def kind_name(kind: str) -> str:
    return KINDS.get(kind, plain(kind))


def age(started: datetime | None, now: datetime | None = None) -> str:
    """ "now", "5 min", "3 h", or the day."""
    if started is None:
        return "-"
    minutes = ((now or datetime.now(UTC)) - started).total_seconds() / 60
    if minutes < 1:
        return "now"
    if minutes < 60:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 48 * 60 else f"{started:%Y-%m-%d}"
