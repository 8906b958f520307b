"""What lies open on the table, derived from public events alone.

Whoever writes a prompt, a bot or a screen finds here the score, the leader, the team, every vote, every
quest, and whose turn it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from games.avalon.events import Event
from games.avalon.order_of_play import (
    first_lady_holder,
    phase_after_early_shot,
    phase_after_last_speech,
    phase_after_proposal,
    phase_after_quest,
    queue_after_proposal,
    queue_before_proposal,
)
from games.avalon.roles import Role, Side
from games.avalon.setup import Setup
from games.avalon.state import Ending, Phase, QuestResult
from games.errors import GameError


@dataclass(frozen=True, slots=True)
class Proposal:
    """A team that was voted on, or that went without a vote (`forced`, with no votes)."""

    quest: int
    attempt: int
    leader: int
    team: tuple[int, ...]
    votes: Mapping[int, bool]
    approved: bool
    forced: bool


@dataclass(frozen=True, slots=True)
class Table:
    """The public state. Quest, attempt and leader are 0 until the first leader is known."""

    phase: Phase
    """What the game waits for; SHOOT covers the private talk of Evil before it."""
    quest: int
    attempt: int
    leader: int
    team: tuple[int, ...] | None
    """The team on the table, or on its quest; in phase PROPOSE a tentative one (`tentative_then_final`)."""
    waiting_for: tuple[int, ...]
    """The seats whose turn it is, as far as everybody knows: nobody in phase SHOOT."""
    successes: int
    fails: int
    team_sizes: tuple[int, ...]
    """Of all five quests, quest 1 first, as is `fails_required`."""
    fails_required: tuple[int, ...]
    proposals: tuple[Proposal, ...]
    quests: tuple[QuestResult, ...]
    """The quests that were played."""
    lady_holders: tuple[int, ...]
    """Every seat that has held the Lady of the Lake, the present holder last; each looked at the next."""
    shot: tuple[int, int] | None
    """Assassin and target, once the shot was taken."""
    ending: Ending | None
    roles: tuple[Role, ...] | None
    """By seat, once they are revealed."""

    @property
    def lady_holder(self) -> int | None:
        return self.lady_holders[-1] if self.lady_holders else None


class TableWatcher:
    """Follows public events and says how the table stands; private events leave it unmoved."""

    def __init__(self) -> None:
        self.setup: Setup | None = None
        self._phase: Phase = "propose"
        self._quest = self._attempt = self._leader = 0
        self._team: tuple[int, ...] | None = None
        self._queue: tuple[int, ...] = ()
        self._num_speeches = 0
        self._successes = self._fails = 0
        self._proposals: list[Proposal] = []
        self._quests: list[QuestResult] = []
        self._lady_holders: list[int] = []
        self._shot: tuple[int, int] | None = None
        self._ending: Ending | None = None
        self._roles: tuple[Role, ...] | None = None

    def observe(self, event: Event) -> None:
        """Take in the next event. Raises `GameError` if the game did not open with its header."""
        if event.visible_to != "all":
            return
        if event.type == "header":
            self.setup = Setup.from_json(event.data["setup"])
            return
        setup = self._known_setup()
        match event.type:
            case "leader":
                self._open_attempt(setup, event)
            case "propose":
                self._put_on_table(setup, event)
            case "speech":
                self._hear(setup, event)
            case "bids":
                self._give_floor(event)
            case "vote":
                self._count(event)
            case "quest":
                self._score(setup, event)
            case "lady":
                self._lady_holders.append(event.data["target"])
                self._phase = "propose"
            case "shot":
                self._take_shot(setup, event)
            case "end":
                self._close(event)

    def table(self) -> Table:
        """The table as it stands. Raises `GameError` before the header."""
        setup = self._known_setup()
        return Table(
            phase=self._phase,
            quest=self._quest,
            attempt=self._attempt,
            leader=self._leader,
            team=self._team,
            waiting_for=self._waiting_for(setup),
            successes=self._successes,
            fails=self._fails,
            team_sizes=setup.team_sizes,
            fails_required=setup.all_fails_required,
            proposals=tuple(self._proposals),
            quests=tuple(self._quests),
            lady_holders=tuple(self._lady_holders),
            shot=self._shot,
            ending=self._ending,
            roles=self._roles,
        )

    def _known_setup(self) -> Setup:
        if self.setup is None:
            raise GameError("The events do not begin with the game's header.")
        return self.setup

    def _open_attempt(self, setup: Setup, event: Event) -> None:
        self._quest, self._attempt, self._leader = event.quest, event.attempt, event.data["leader"]
        if setup.rules.lady_of_the_lake and not self._lady_holders:
            self._lady_holders.append(first_lady_holder(self._leader, setup.num_players))
        self._team = None
        self._num_speeches = 0
        self._queue = queue_before_proposal(setup.rules, self._leader, self._attempt, setup.num_players)
        self._phase = "talk" if self._queue else "propose"

    def _put_on_table(self, setup: Setup, event: Event) -> None:
        revised = self._team is not None
        self._team = tuple(event.data["team"])
        queue = queue_after_proposal(setup.rules, self._leader, self._attempt, setup.num_players)
        self._phase = phase_after_proposal(setup.rules, self._attempt, revised, queue)
        self._queue = queue if self._phase == "talk" else ()

    def _hear(self, setup: Setup, event: Event) -> None:
        if self._phase != "talk" or event.seat != self._queue[0]:
            return  # the leader's words with the proposal take nobody's turn
        self._queue = self._queue[1:]
        self._num_speeches += 1
        if not self._queue:
            self._phase = phase_after_last_speech(setup.rules, self._num_speeches)

    def _give_floor(self, event: Event) -> None:
        speaker = event.data["speaker"]
        self._queue = () if speaker is None else (speaker,)
        self._phase = "vote" if speaker is None else "talk"

    def _count(self, event: Event) -> None:
        votes = {int(seat): approve for seat, approve in event.data["votes"].items()}
        approved, forced = event.data["approved"], event.data["forced"]
        self._proposals.append(
            Proposal(self._quest, self._attempt, self._leader, self._team or (), votes, approved, forced)
        )
        self._phase = "quest" if approved else "propose"

    def _score(self, setup: Setup, event: Event) -> None:
        data = event.data
        self._quests.append(
            QuestResult(
                self._quest,
                self._attempt,
                self._leader,
                tuple(data["team"]),
                data["fails"],
                data["required"],
                data["success"],
            )
        )
        if data["success"]:
            self._successes += 1
        else:
            self._fails += 1
        self._team = None
        shot_spent = self._shot is not None
        self._phase = phase_after_quest(setup, self._quest, self._successes, self._fails, shot_spent)

    def _take_shot(self, setup: Setup, event: Event) -> None:
        if event.seat is not None:  # None: the Assassin held fire
            self._shot = (event.seat, event.data["target"])
        self._phase = phase_after_early_shot(setup, self._quest)

    def _close(self, event: Event) -> None:
        self._phase = "end"
        self._ending = Ending(Side(event.data["winner"]), event.data["reason"])
        by_seat = sorted((int(seat), Role(role)) for seat, role in event.data["roles"].items())
        self._roles = tuple(role for _, role in by_seat)

    def _waiting_for(self, setup: Setup) -> tuple[int, ...]:
        match self._phase:
            case "propose":
                return (self._leader,) if self._leader else ()
            case "talk":
                return (self._queue[0],)
            case "bid":
                return tuple(setup.seats)
            case "vote":
                leader_votes = setup.rules.leader_votes
                return tuple(seat for seat in setup.seats if leader_votes or seat != self._leader)
            case "quest":
                return self._team or ()
            case "lady":
                return (self._lady_holders[-1],)
            case "shoot" | "evil_talk" | "end":
                return ()


def public_table(events: Iterable[Event]) -> Table:
    """The table after these events. Raises `GameError` if they do not begin with the header."""
    watcher = TableWatcher()
    for event in events:
        watcher.observe(event)
    return watcher.table()
