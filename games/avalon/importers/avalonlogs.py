"""Games of avalongame.online, as published in `WhoaWhoa/avalonlogs`: one JSON object a game, no chat.

Two shapes are read: the collection's own (players with names and uids, the Assassin as a flag on an
Evil role) and the anonymous JSON lines made of it (players as letters, `outcome.assassin` a player).
Only seats leave this module, no name does.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import AliasChoices, BaseModel, Field

from games.avalon.importers.recorded import (
    RecordedGame,
    RecordedProposal,
    RecordedQuest,
    Seating,
    Unplayable,
)
from games.avalon.roles import EVIL_ROLES, Role, Side
from games.avalon.setup import Rules, Setup
from games.avalon.state import EndReason

RoleName = Literal[
    "LOYAL FOLLOWER", "EVIL MINION", "MERLIN", "PERCIVAL", "MORGANA", "MORDRED", "OBERON", "ASSASSIN"
]

_ROLES: dict[RoleName, Role] = {
    "LOYAL FOLLOWER": Role.SERVANT,
    "EVIL MINION": Role.MINION,
    "MERLIN": Role.MERLIN,
    "PERCIVAL": Role.PERCIVAL,
    "MORGANA": Role.MORGANA,
    "MORDRED": Role.MORDRED,
    "OBERON": Role.OBERON,
    "ASSASSIN": Role.ASSASSIN,
}

_REASONS: dict[str, EndReason] = {
    "Three failed missions": "three_fails",
    "Five team proposals in a row rejected": "five_rejections",
    "Merlin assassinated": "merlin_shot",
    "Three successful missions": "merlin_survived",
    "Three missions succeeded": "three_successes",
}


class Player(BaseModel):
    name: str


class LoggedProposal(BaseModel):
    proposer: str
    team: list[str]
    state: Literal["APPROVED", "REJECTED"]
    votes: list[str]
    """Who approved."""


class Mission(BaseModel):
    fails_required: int = Field(alias="failsRequired")
    state: Literal["SUCCESS", "FAIL", "PENDING"]
    team: list[str]
    num_fails: int | None = Field(default=None, alias="numFails")
    proposals: list[LoggedProposal]


class RoleCard(BaseModel):
    name: str
    role: RoleName
    assassin: bool = False


class Outcome(BaseModel):
    state: Literal["GOOD_WIN", "EVIL_WIN"]
    message: str
    assassinated: str | None = None
    roles: list[RoleCard] | dict[str, RoleName]
    assassin: str | None = None
    cards: list[dict[str, bool]] = Field(validation_alias=AliasChoices("cards", "votes"))
    """Who played success (true) or fail on each played mission."""


class LoggedGame(BaseModel):
    players: list[Player | str]
    missions: list[Mission]
    outcome: Outcome


def recognises(document: Mapping[str, object]) -> bool:
    return {"players", "missions", "outcome"} <= document.keys()


def read(document: Mapping[str, object]) -> RecordedGame:
    """Read one game. Raises `ValidationError` for another format, `GameError` for no possible game."""
    logged = LoggedGame.model_validate(document)
    seats = Seating(player if isinstance(player, str) else player.name for player in logged.players)
    roles, flagged = _cast(logged.outcome, seats)
    assassin, notes = appoint_assassin(roles, flagged)
    target = logged.outcome.assassinated
    return RecordedGame(
        setup=Setup(
            roles=tuple(sorted(roles)),
            # The site lets the Assassin name anybody else, and people do name seats they know.
            rules=Rules(may_shoot_known_evil=True, two_fail_quest=_two_fail_quest(logged)),
            name="avalonlogs",
            assassin=assassin,
        ),
        roles=tuple(roles),
        quests=_quests(logged, seats),
        winner=Side.GOOD if logged.outcome.state == "GOOD_WIN" else Side.EVIL,
        reason=_REASONS.get(logged.outcome.message),
        shot=None if target is None else seats(target),
        notes=notes,
    )


def _cast(outcome: Outcome, seats: Seating) -> tuple[list[Role], list[int]]:
    """The roles by seat, and the seats that carry the assassin flag."""
    if isinstance(outcome.roles, dict):
        cards = [
            RoleCard(name=name, role=role, assassin=name == outcome.assassin)
            for name, role in outcome.roles.items()
        ]
    else:
        cards = outcome.roles
    by_seat = {seats(card.name): _ROLES[card.role] for card in cards}
    if len(by_seat) != len(seats.names) or len(cards) != len(by_seat):
        raise Unplayable("The log does not give every player one role.")
    flagged = sorted(seats(card.name) for card in cards if card.assassin)
    return [role for _, role in sorted(by_seat.items())], flagged


# Who takes the dagger where the log does not say it clearly: a plain minion changes least.
_DAGGER_ORDER = (Role.ASSASSIN, Role.MINION, Role.MORDRED, Role.MORGANA, Role.OBERON)


def appoint_assassin(roles: list[Role], flagged: list[int]) -> tuple[Role, tuple[str, ...]]:
    """Settle who shoots, turning a flagged minion into the Assassin in place; answers with the role.

    Any other flagged role keeps its name and shoots as what it is (`Setup.assassin`). One flag is the
    rule; with none or several the choice is ours, and a note says so.
    """
    if Role.MERLIN not in roles:
        return Role.ASSASSIN, ("assassin flags mean nothing without Merlin",) if flagged else ()
    candidates = flagged or [seat for seat, role in enumerate(roles, start=1) if role in EVIL_ROLES]
    if not candidates or any(roles[seat - 1] not in EVIL_ROLES for seat in candidates):
        raise Unplayable("Merlin is in play, but no Evil seat is the Assassin.")
    shooter = min(candidates, key=lambda seat: _DAGGER_ORDER.index(roles[seat - 1]))
    if roles[shooter - 1] is Role.MINION:
        roles[shooter - 1] = Role.ASSASSIN
    if len(flagged) == 1:
        return roles[shooter - 1], ()
    return roles[shooter - 1], (f"{len(flagged)} seats carry the assassin flag; seat {shooter} was taken",)


def _two_fail_quest(logged: LoggedGame) -> int | None:
    """The quest recorded with two required fails, as `Rules.two_fail_quest` wants it."""
    required = [mission.fails_required for mission in logged.missions]
    if sorted(required) not in ([1, 1, 1, 1, 1], [1, 1, 1, 1, 2]):
        raise Unplayable(f"The quests need {required} fail cards; the rules know one quest of two at most.")
    double = required.index(2) + 1 if 2 in required else 0
    official = 4 if len(logged.players) >= 7 else 0
    return None if double == official else double


def _quests(logged: LoggedGame, seats: Seating) -> tuple[RecordedQuest, ...]:
    cards = iter(logged.outcome.cards)
    quests = []
    for number, mission in enumerate(logged.missions, start=1):
        if not mission.proposals:
            continue
        fail_seats: tuple[int, ...] = ()
        if mission.state != "PENDING":
            played = next(cards, None)
            if played is None:
                raise Unplayable(f"Quest {number} was played, but its cards are not in the log.")
            fail_seats = seats.all(name for name, success in played.items() if not success)
            if len(fail_seats) != mission.num_fails or seats.all(played) != seats.all(mission.team):
                raise Unplayable(f"Quest {number}: the cards do not fit the team and its number of fails.")
        quests.append(
            RecordedQuest(
                proposals=tuple(_proposal(proposal, seats) for proposal in mission.proposals),
                fail_seats=frozenset(fail_seats),
                success=None if mission.state == "PENDING" else mission.state == "SUCCESS",
            )
        )
    return tuple(quests)


def _proposal(proposal: LoggedProposal, seats: Seating) -> RecordedProposal:
    return RecordedProposal(
        leader=seats(proposal.proposer),
        team=seats.all(proposal.team),
        approvers=frozenset(seats.all(proposal.votes)),
        approved=proposal.state == "APPROVED",
    )
