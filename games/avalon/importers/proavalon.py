"""ProAvalon's games: its own game records, and the files of its games that DeepRole published.

A record holds the whole game but who played which card and, where several seats have the role, which one
was shot; what is filled in is noted. DeepRole's files (`Detry322/DeepRole`) hold the votes of human seats
only, so a game in which bots sat cannot be replayed and is skipped.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from pydantic import BaseModel, Field

from games.avalon.importers.recorded import (
    RecordedGame,
    RecordedProposal,
    RecordedQuest,
    Seating,
    Unplayable,
    evil_aboard,
)
from games.avalon.roles import Role, Side
from games.avalon.setup import Rules, Setup

_ROLES: dict[str, Role] = {
    "Resistance": Role.SERVANT,
    "Spy": Role.MINION,
    "Merlin": Role.MERLIN,
    "Percival": Role.PERCIVAL,
    "Assassin": Role.ASSASSIN,
    "Morgana": Role.MORGANA,
    "Mordred": Role.MORDRED,
    "Oberon": Role.OBERON,
}

_LADY = re.compile("lady of the lake", re.IGNORECASE)

_WINNERS: dict[str, Side] = {"Resistance": Side.GOOD, "Spy": Side.EVIL}

VoteHistory = dict[str, list[list[str]]]
"""Name, mission, proposal: what the seat did, such as "VHpicked VHleader VHapprove"."""


class PlayerRole(BaseModel):
    role: str


class GameRecord(BaseModel):
    """A document of the site's own `gameRecord` collection."""

    winner: str = Field(alias="winningTeam")
    names: list[str] = Field(alias="playerUsernamesOrdered")
    roles: dict[str, PlayerRole] = Field(alias="playerRoles")
    votes: VoteHistory = Field(alias="voteHistory")
    missions: list[str] = Field(alias="missionHistory")
    fails: list[int] = Field(alias="numFailsHistory")
    cards: list[str] = []
    lady: list[str] | None = Field(default=None, alias="ladyHistoryUsernames")
    """Every holder of the Lady of the Lake, the first one included."""
    shot_role: str | None = Field(default=None, alias="whoAssassinShot")
    """The role of the seat that was shot, not its name."""


class PublicRoleData(BaseModel):
    shot: str | None = Field(default=None, alias="assassinShotUsername")


class PublicData(BaseModel):
    roles: PublicRoleData


class FinalSnapshot(BaseModel):
    """What a client of the site saw when the game was over, in DeepRole's files."""

    winner: str = ""
    names: list[str] = Field(alias="playerUsernamesOrdered")
    roles: list[str]
    """In the order of `names`."""
    votes: VoteHistory = Field(alias="voteHistory")
    missions: list[str] = Field(alias="missionHistory")
    fails: list[int] = Field(alias="numFailsHistory")
    public: PublicData = Field(alias="publicData")


class DeepRoleFile(BaseModel):
    game_info: FinalSnapshot


def recognises(document: Mapping[str, object]) -> bool:
    return "game_info" in document or {"playerRoles", "voteHistory"} <= document.keys()


def read(document: Mapping[str, object]) -> RecordedGame:
    """Read one game. Raises `ValidationError` for another format, `GameError` for no possible game."""
    if "game_info" in document:
        return _read_snapshot(document)
    return _read_record(GameRecord.model_validate(document))


def _read_record(record: GameRecord) -> RecordedGame:
    seats = _seating(record.names)
    roles = tuple(_role(record.roles[name].role) for name in seats.names if name in record.roles)
    other_cards = [card for card in record.cards if not _LADY.fullmatch(card)]
    if other_cards:
        raise Unplayable(f"The game was played with {', '.join(other_cards)}, which our rules do not have.")
    shot, notes = _seat_shot(roles, record.shot_role)
    quests, more_notes = _quests(record.votes, record.missions, record.fails, roles, seats)
    has_lady = bool(record.cards)
    if has_lady:
        holders = [seats(name) for name in record.lady or []]
        quests = [
            replace(quest, lady_target=holders[place] if 1 <= place < len(holders) else None)
            for place, quest in enumerate(quests)
        ]
    return _game(record.winner, roles, quests, shot, (*more_notes, *notes), Rules(lady_of_the_lake=has_lady))


def _read_snapshot(document: Mapping[str, object]) -> RecordedGame:
    snapshot = DeepRoleFile.model_validate(document).game_info
    if not snapshot.winner:
        raise Unplayable("The game has no winner.")
    seats = _seating(snapshot.names)
    roles = tuple(_role(name) for name in reversed(snapshot.roles))
    quests, notes = _quests(snapshot.votes, snapshot.missions, snapshot.fails, roles, seats)
    target = snapshot.public.roles.shot
    return _game(snapshot.winner, roles, quests, seats(target) if target else None, notes, Rules())


def _seating(names: list[str]) -> Seating:
    """The site passes the lead to the lower index, so our seats count its list from the end."""
    return Seating(reversed(names))


def _role(name: str) -> Role:
    if name not in _ROLES:
        raise Unplayable(f"The role {name} was in play, which our rules do not have.")
    return _ROLES[name]


def _seat_shot(roles: tuple[Role, ...], shot_role: str | None) -> tuple[int | None, tuple[str, ...]]:
    """The seat of the role that was shot, with a note where several have it."""
    if not shot_role:
        return None, ()
    role = _role(shot_role)
    holders = [seat for seat, held in enumerate(roles, start=1) if held is role]
    if not holders:
        raise Unplayable(f"The log has {role} shot, who is not in play.")
    if len(holders) == 1:
        return holders[0], ()
    note = (
        f"the log says that a {role} was shot, not which of {len(holders)}; seat {holders[0]} stands for it"
    )
    return holders[0], (note,)


def _game(
    winner: str,
    roles: tuple[Role, ...],
    quests: list[RecordedQuest],
    shot: int | None,
    notes: tuple[str, ...],
    rules: Rules,
) -> RecordedGame:
    if winner not in _WINNERS:
        raise Unplayable("The game has no winner.")
    return RecordedGame(
        setup=Setup(roles=tuple(sorted(roles)), rules=rules, name="proavalon"),
        roles=roles,
        quests=tuple(quests),
        winner=_WINNERS[winner],
        shot=shot,
        notes=notes,
    )


def _quests(
    votes: VoteHistory, missions: list[str], fails: list[int], roles: tuple[Role, ...], seats: Seating
) -> tuple[list[RecordedQuest], tuple[str, ...]]:
    unknown = [seat for seat, name in enumerate(seats.names, start=1) if name not in votes]
    if unknown:
        raise Unplayable(
            f"The votes of seats {unknown} are not in the log (DeepRole kept only people's votes)."
        )
    by_seat = {seats(name): history for name, history in votes.items()}
    quests, notes = [], []
    for place in range(max(len(history) for history in by_seat.values())):
        proposals = _proposals(by_seat, place)
        if not proposals[-1].approved:
            quests.append(RecordedQuest(proposals=proposals))
            continue
        if place >= len(fails) or place >= len(missions):
            raise Unplayable(f"Quest {place + 1} was played, but its result is not in the log.")
        saboteurs = evil_aboard(roles, proposals[-1].team)
        if 0 < fails[place] < len(saboteurs):
            notes.append(
                f"quest {place + 1}: the log does not say who of {len(saboteurs)} Evil seats played the "
                f"{fails[place]} fail cards; the lowest seats stand for them"
            )
        quests.append(
            RecordedQuest(
                proposals=proposals,
                fail_seats=frozenset(saboteurs[: fails[place]]),
                success=missions[place] == "succeeded",
            )
        )
    return quests, tuple(notes)


def _proposals(by_seat: Mapping[int, list[list[str]]], place: int) -> tuple[RecordedProposal, ...]:
    """The proposals of one mission. Raises `Unplayable` where a seat's history is shorter than another's."""
    attempts = {len(history[place]) if place < len(history) else 0 for history in by_seat.values()}
    if len(attempts) > 1 or attempts == {0}:
        raise Unplayable(f"Quest {place + 1}: not every seat has a vote on every proposal.")
    return tuple(
        _proposal({seat: history[place][attempt].split() for seat, history in by_seat.items()}, place + 1)
        for attempt in range(attempts.pop())
    )


def _proposal(flags: Mapping[int, list[str]], quest: int) -> RecordedProposal:
    def flagged(flag: str) -> tuple[int, ...]:
        return tuple(seat for seat in sorted(flags) if flag in flags[seat])

    leaders, approvers = flagged("VHleader"), flagged("VHapprove")
    if len(leaders) != 1 or len(approvers) + len(flagged("VHreject")) != len(flags):
        raise Unplayable(f"Quest {quest}: a proposal has no leader, or a seat has no vote.")
    return RecordedProposal(
        leader=leaders[0],
        team=flagged("VHpicked"),
        approvers=frozenset(approvers),
        approved=2 * len(approvers) > len(flags),
    )
