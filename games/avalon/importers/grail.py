"""The human study of GRAIL (`shahabrrad/Bayesian-Avalon`): six players, people and agents, with chat.

A file is a list of snapshots of the whole table; the last one tells the game. The cast has no Merlin.
"""

import re
from collections.abc import Mapping

from pydantic import BaseModel

from games.avalon.importers.chat_log import ChatLog, Ending, parse_votes
from games.avalon.importers.recorded import RecordedGame, Seating, Unplayable
from games.avalon.roles import Role


class Player(BaseModel):
    name: str
    id: int
    role: str
    """Numbered: `Servant-1` to `Minion-2`."""


class Message(BaseModel):
    player: str
    msg: str


class Snapshot(BaseModel):
    all_players: list[Player]
    messages: list[Message]


class LogEntry(BaseModel):
    full: Snapshot | None = None
    """The table, in entries about the game; entries about players and language models have none."""


class LoggedGame(BaseModel):
    logs: list[LogEntry]


_PROPOSAL = re.compile(r"(.+) proposed a party: (.+)")
_VOTES = re.compile(r"Party vote summary: (.+)")
_QUEST = re.compile(r"The quest has (succeeded|failed)!")

_ENDINGS: dict[str, Ending] = {
    "Good wins by succeeding three quests!": "three_successes",
    "Evil wins by failing three quests!": "three_fails",
}


def recognises(document: Mapping[str, object]) -> bool:
    return "logs" in document


def read(document: Mapping[str, object]) -> RecordedGame:
    """Read one game. Raises `ValidationError` for another format, `GameError` for no possible game."""
    logged = LoggedGame.model_validate(document)
    told = [entry.full for entry in logged.logs if entry.full is not None and entry.full.messages]
    if not told:
        raise Unplayable("The log holds no snapshot of a game under way.")
    players = sorted(told[-1].all_players, key=lambda player: player.id)
    seats = Seating(player.name for player in players)
    log = ChatLog(tuple(Role(re.sub(r"-\d+$", "", player.role).lower()) for player in players))
    for message in told[-1].messages:
        if message.player == "system":
            _follow(log, message.msg, seats)
        else:
            log.say(seats(message.player), seats.hide_names(message.msg))
    return log.close(name="grail")


def _follow(log: ChatLog, line: str, seats: Seating) -> None:
    """Take in a system line; those that only announce what follows from the others say nothing."""
    if line in _ENDINGS:
        log.ending = _ENDINGS[line]
    elif proposal := _PROPOSAL.fullmatch(line):
        log.propose(seats(proposal[1]), seats.all(proposal[2].split(", ")))
    elif votes := _VOTES.fullmatch(line):
        log.vote(parse_votes(votes[1], seats))
    elif quest := _QUEST.fullmatch(line):
        log.finish_quest(success=quest[1] == "succeeded")
