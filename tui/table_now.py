"""The words about what goes on at a table that is played here. Pure texts."""

from rich.text import Text

from agents.cli.table_lines import Show
from agents.cli.table_text import plain, seat_list
from agents.cli.table_view import PUBLIC_STAGES
from tui.game_host import GameHost

_DOING = {
    "propose": "choosing a team",
    "speak": "about to speak",
    "vote": "voting",
    "card": "on the quest",
    "inspect": "asking the Lady of the Lake",
    "evil_talk": "whispering",
    "shoot": "looking for Merlin",
    "bid": "bidding to speak",
}
_TELLING = frozenset({"evil_talk", "shoot"})  # who takes these tells who is Evil
_STATES = {"failed": "stopped: see below", "opening": "opening the table ..."}
_MOST_GROWING = 400  # characters, the latest, of a text that is being written


def state_words(host: GameHost) -> str:
    """Where the game stands, in a word or two."""
    if host.at_work and host.paused:
        return "paused"
    return _STATES.get(host.state, host.state)


def now_line(host: GameHost, show: Show, *, thoughts: bool) -> Text:
    """Whom the table waits for, or the words that are being written, as far as this watcher may know."""
    if host.problem:
        return Text(f"! {plain(host.problem)} Press r to go on with it.", style="bold red")
    growing = host.growing
    if growing is not None and _may_overhear(growing, show, thoughts=thoughts):
        seat, _, field, words = growing
        told = f"{seat} ({field}): {plain(words[-_MOST_GROWING:])}"
        return Text(told, style="italic", no_wrap=True, overflow="crop")
    if host.asked is not None:
        return Text("the table waits for you (Tab goes to your choices)", style="dim")
    if host.waiting:
        kind = host.waiting[0].kind
        seats = [decision.seat for decision in host.waiting]
        if kind in _TELLING and show not in ("god", *seats):
            seats = []
        who = f"seat {seat_list(seats)}" if seats else "somebody"
        return Text(f"{who} {'is' if len(seats) < 2 else 'are'} {_DOING[kind]} ...", style="dim")
    if host.paused and host.at_work:
        return Text("paused: space goes on, n takes one step", style="dim")
    return Text()


def _may_overhear(growing: tuple[int, str, str, str], show: Show, *, thoughts: bool) -> bool:
    seat, stage, field, _ = growing
    public = field == "speak" and stage in PUBLIC_STAGES
    return public or show == seat or (show == "god" and thoughts)
