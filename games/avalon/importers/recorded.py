"""A game as a log tells it, and its re-enactment: the log's decisions fed to our own rules.

Every importer reads its format into a `RecordedGame`; `reenact` turns that into our events. Whatever the
log says and the rules do not produce (the next leader, a vote's outcome, a quest's, the ending) is an
`Unplayable` game, so an imported game is always one that the engine can replay.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from games.avalon.actions import Action, Bid, Card, Decision, Inspect, Propose, Shoot, Speak, Vote
from games.avalon.draws import Deal
from games.avalon.events import Event
from games.avalon.roles import EVIL_ROLES, Role, Side
from games.avalon.rules import IllegalAction, apply, pending, start
from games.avalon.setup import Setup
from games.avalon.state import EndReason, State
from games.avalon.talk import MAX_BID
from games.errors import GameError


class Unplayable(GameError):
    """The log is incomplete or contradicts the rules; the message says where."""


@dataclass(frozen=True, slots=True)
class Utterance:
    seat: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedProposal:
    leader: int
    team: tuple[int, ...]
    approvers: frozenset[int]
    approved: bool
    talk: tuple[Utterance, ...] = ()
    """What was said since the vote before; told after the proposal, whenever it was said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedQuest:
    """One quest's proposals and, if the last one was approved, what came of it."""

    proposals: tuple[RecordedProposal, ...]
    fail_seats: frozenset[int] = frozenset()
    success: bool | None = None
    lady_target: int | None = None
    """Whom the holder of the Lady of the Lake looked at after this quest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedGame:
    setup: Setup
    roles: tuple[Role, ...]
    """By seat, seat 1 first."""
    quests: tuple[RecordedQuest, ...]
    winner: Side
    reason: EndReason | None = None
    """How the log says it ended, where it does."""
    shot: int | None = None
    notes: tuple[str, ...] = ()
    """What the log does not say and the importer had to fill in or leave out."""


def evil_aboard(roles: tuple[Role, ...], team: tuple[int, ...]) -> tuple[int, ...]:
    """The Evil seats of a team, lowest first."""
    return tuple(seat for seat in sorted(team) if roles[seat - 1] in EVIL_ROLES)


def reenact(game: RecordedGame) -> tuple[Event, ...]:
    """Play the recorded decisions by the rules.

    Raises `Unplayable` at the first point where log and rules part.
    """
    script = _Script(game)
    state, events = start(game.setup, Deal(game.roles, script.first_leader))
    told = list(events)
    while waiting := pending(state):
        actions = {decision.seat: script.answer(decision) for decision in waiting}
        try:
            state, new_events = apply(state, actions)
        except IllegalAction as problem:
            raise Unplayable(f"{waiting[0].id}: {problem}") from problem
        for event in new_events:
            script.compare(event)
        told += new_events
    script.compare_ending(state)
    return tuple(told)


class _Script:
    """Answers the decisions of one game from its log, in the order of play."""

    def __init__(self, game: RecordedGame) -> None:
        self._game = game
        self._left = [(quest, attempt) for quest in game.quests for attempt in quest.proposals]
        if not self._left:
            raise Unplayable("The log holds no proposal.")
        self._quest, self._proposal = self._left[0]
        self._unsaid: list[Utterance] = []

    @property
    def first_leader(self) -> int:
        return self._proposal.leader

    def answer(self, decision: Decision) -> Action:
        seat = decision.seat
        match decision.kind:
            case "propose":
                return self._propose(decision)
            case "vote":
                return Vote(seat in self._proposal.approvers)
            case "card":
                return Card(seat in self._quest.fail_seats)
            case "bid":
                speaks_next = bool(self._unsaid) and self._unsaid[0].seat == seat
                return Bid(MAX_BID if speaks_next else 0)
            case "speak":
                return Speak(self._unsaid.pop(0).text)
            case "evil_talk":
                return Speak("")
            case "inspect":
                if self._quest.lady_target is None:
                    raise Unplayable(
                        f"{decision.id}: the log does not say whom the Lady of the Lake looked at."
                    )
                return Inspect(self._quest.lady_target)
            case "shoot":
                if self._game.shot is None:
                    raise Unplayable("Good had three successes, but the log holds no shot at Merlin.")
                return Shoot(self._game.shot)

    def _propose(self, decision: Decision) -> Propose:
        if not self._left:
            raise Unplayable(f"{decision.id}: the log ends before the game does.")
        self._quest, self._proposal = self._left.pop(0)
        if self._proposal.leader != decision.seat:
            raise Unplayable(
                f"{decision.id}: the log has seat {self._proposal.leader} lead, by the rules it is "
                f"seat {decision.seat}."
            )
        self._unsaid = list(self._proposal.talk)
        return Propose(self._proposal.team)

    def compare(self, event: Event) -> None:
        place = f"Quest {event.quest}, attempt {event.attempt}"
        if event.type == "vote":
            _must_agree(f"{place}: the team is approved", self._proposal.approved, event.data["approved"])
        elif event.type == "quest":
            _must_agree(f"{place}: the quest succeeds", self._quest.success, event.data["success"])

    def compare_ending(self, state: State) -> None:
        if state.ending is None:
            raise AssertionError("Nothing is pending only after the end.")
        _must_agree("The winner", self._game.winner, state.ending.winner)
        if self._game.reason is not None:
            _must_agree("The reason of the end", self._game.reason, state.ending.reason)
        if self._left:
            raise Unplayable(f"The log goes on after the end of the game, with {len(self._left)} proposals.")


def _must_agree(what: str, logged: object, by_the_rules: object) -> None:
    if logged != by_the_rules:
        raise Unplayable(f"{what}: {logged} in the log, {by_the_rules} by the rules.")


class Seating:
    """Names of a log, in table order, to seats; from here on nobody has a name.

    Raises `Unplayable` where two players share a name.
    """

    def __init__(self, names: Iterable[str]) -> None:
        in_order = list(names)
        self._seats = {name: seat for seat, name in enumerate(in_order, start=1)}
        if len(self._seats) != len(in_order):
            raise Unplayable("Two players have the same name, so their votes cannot be told apart.")
        self._folded = {name.casefold(): seat for name, seat in self._seats.items()}
        longest_first = sorted(in_order, key=len, reverse=True)
        self._any_name = re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b", re.IGNORECASE)

    def __call__(self, name: str) -> int:
        """The seat of a player. Raises `Unplayable` for somebody who is not at the table."""
        if name not in self._seats:
            raise Unplayable("The log names somebody who does not sit at the table.")
        return self._seats[name]

    def all(self, names: Iterable[str]) -> tuple[int, ...]:
        """The seats of several players, lowest first."""
        return tuple(sorted(self(name) for name in names))

    def hide_names(self, text: str) -> str:
        """The text with every player's name, in any spelling of case, replaced by "seat 3"."""
        return self._any_name.sub(lambda found: f"seat {self._folded[found[0].casefold()]}", text)

    @property
    def names(self) -> tuple[str, ...]:
        """In table order."""
        return tuple(self._seats)
