"""Where a game on screen comes from: a transcript, or the folder of a run that may still go on."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agents.recon.config import GameConfig
from agents.recon.lineup import HUMAN, parse_lineup
from agents.runs.event_log import RunEvent
from agents.runs.folder import RunFolder
from games.avalon.draws import deal
from games.avalon.events import Event
from games.avalon.transcript import read
from games.errors import GameError


@dataclass(frozen=True, kw_only=True, slots=True)
class GameRecord:
    """What is known of a game before its events are shown."""

    title: str
    names: Mapping[int, str]
    """The agents' names by seat."""
    events: tuple[Event, ...] = ()
    has_secrets: bool = True
    human: int | None = None
    """The seat of the person, who may see no more than this seat until the end."""


def transcript_record(path: Path) -> GameRecord:
    """A recorded game. Raises `GameError` if it is damaged."""
    found = read(path)
    names = dict(found.origin.agents) if found.origin is not None else {}
    return GameRecord(
        title=f"{found.setup.name}, game {found.game} of {path.name}",
        names=names,
        events=found.events,
        has_secrets=found.contains_secrets,
    )


def run_record(run: RunFolder) -> GameRecord:
    """The game of a run, without its events. Raises `NimueError` or `ValueError` if it is broken."""
    config = GameConfig(**run.asked())
    setup = config.read_setup()
    seated = parse_lineup(config.agents, setup.num_players, config.human).seated(
        deal(setup, config.seed).roles
    )
    people = [seat for seat, agent in seated.items() if agent.name == HUMAN]
    return GameRecord(
        title=f"{setup.name}: {config.agents}, {config.model}",
        names={seat: agent.name for seat, agent in seated.items()},
        human=people[0] if people else None,
    )


def game_event(recorded: RunEvent) -> Event | None:
    """The game's event in a line of a run's log; None of other lines. Raises `GameError` if it is none."""
    if recorded.kind != "game":
        return None
    try:
        packed = recorded.data["event"]
        seen = packed["visible_to"]
        return Event(**{**packed, "visible_to": tuple(seen) if isinstance(seen, list) else seen})
    except (KeyError, TypeError) as error:
        raise GameError(f"Event {recorded.i} of the run tells no move of a game: {error!r}.") from error
