"""Avalon-NLU (`sstepput/Avalon-NLU`): twenty six-player games with chat and system lines, one file each.

The corpus's labels of persuasion and belief are not read.
"""

import re
from collections.abc import Mapping

from pydantic import BaseModel

from games.avalon.importers.chat_log import ChatLog, Ending, parse_votes
from games.avalon.importers.recorded import RecordedGame, Seating
from games.avalon.roles import Role


class User(BaseModel):
    name: str
    role: str
    """Servants are numbered: `servant-1`."""
    index: int


class Message(BaseModel):
    player: str
    msg: str


class LoggedGame(BaseModel):
    users: dict[str, User]
    messages: dict[str, Message]


_PROPOSAL = re.compile(r"(\S+) proposed a party: (.+)")
_VOTES = re.compile(r"party vote outcome: (.+)")
_QUEST = re.compile(r"quest (succeeded|failed)!")

_ENDINGS: dict[str, Ending] = {
    "the assassin identified merlin": "merlin_shot",
    "the assassin didn't find merlin": "merlin_survived",
    "evil has failed three quests": "three_fails",
}


def recognises(document: Mapping[str, object]) -> bool:
    return {"users", "messages"} <= document.keys()


def read(document: Mapping[str, object]) -> RecordedGame:
    """Read one game. Raises `ValidationError` for another format, `GameError` for no possible game."""
    logged = LoggedGame.model_validate(document)
    users = sorted(logged.users.values(), key=lambda user: user.index)
    seats = Seating(user.name for user in users)
    log = ChatLog(tuple(Role(re.sub(r"-\d+$", "", user.role)) for user in users))
    messages = sorted(logged.messages.items(), key=lambda item: int(item[0]))
    for _, message in messages:
        if message.player == "system":
            _follow(log, message.msg, seats)
        else:
            log.say(seats(message.player), seats.hide_names(message.msg))
    return log.close(name="avalon_nlu")


def _follow(log: ChatLog, line: str, seats: Seating) -> None:
    """Take in a system line; those that only announce what follows from the others say nothing."""
    if log.ending is not None:
        return  # a line with a masked name comes after one game's end
    for opening, ending in _ENDINGS.items():
        if line.startswith(opening):
            log.ending = ending
    if proposal := _PROPOSAL.fullmatch(line):
        log.propose(seats(proposal[1]), seats.all(proposal[2].split(", ")))
    elif votes := _VOTES.fullmatch(line):
        log.vote(parse_votes(votes[1], seats))
    elif quest := _QUEST.fullmatch(line):
        log.finish_quest(success=quest[1] == "succeeded")
