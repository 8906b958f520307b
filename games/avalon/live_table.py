"""A game in progress that is moved in place: the one account of how a game moves.

The order of play and the ends follow the official game; every point that published tables play
otherwise is a switch in `games.avalon.setup.Rules`. A method for every kind of decision takes the plain
answers of the pending seats, checks them all, writes the events into the log and moves on. `transitions`
plays the steps of immutable states on such a table; a loop over many games plays on one directly.
"""

from collections.abc import Sequence
from itertools import compress

from games.avalon import telling
from games.avalon.actions import Propose
from games.avalon.draws import Deal
from games.avalon.events import Event, event_of
from games.avalon.knowledge import ACTS_WITH_EVIL
from games.avalon.legality import (
    IllegalAction,
    check_approvals,
    check_bid,
    check_cards,
    check_hold_fire,
    check_look,
    check_shot,
    check_team,
    check_text,
    game_over,
    lady_targets,
    may_hold_fire,
    not_pending,
    pending,
    shooter_of,
    team_on_the_table,
    wrong_kind,
    wrong_number,
)
from games.avalon.order_of_play import (
    first_lady_holder,
    is_final,
    phase_after_early_shot,
    phase_after_last_speech,
    phase_after_proposal,
    phase_after_quest,
    queue_after_proposal,
    queue_before_proposal,
    seat_after,
)
from games.avalon.recurring import (
    cards_counted,
    id_of_proposal,
    leader_named,
    roles_by_seat,
    seat_and_show,
    team_named,
    votes_counted,
)
from games.avalon.roles import Side
from games.avalon.setup import MAX_ATTEMPTS, Setup
from games.avalon.state import (
    ENDINGS,
    SILENCE,
    Ending,
    EndReason,
    Floor,
    Phase,
    QuestResult,
    Secrets,
    State,
)
from games.avalon.talk import clean_speech, mentioned_seats, next_speaker
from games.errors import GameError


class LiveTable:
    """One game, moved in place; its fields are those of `State`, and a `log` of what has been told.

    Every method raises `IllegalAction`, and leaves the table as it was, where an answer breaks the rules
    or is not waited for. Joint answers come in the order of the seats that are asked.
    """

    __slots__ = (*State._fields, "log")

    secrets: Secrets
    phase: Phase
    quest: int
    attempt: int
    leader: int
    team: tuple[int, ...] | None
    floor: Floor
    successes: int
    fails: int
    quests: tuple[QuestResult, ...]
    lady_holders: tuple[int, ...]
    shot_spent: bool
    ending: Ending | None
    log: list[Event]

    def __init__(self, setup: Setup, deal: Deal) -> None:
        """Seat everybody and let the night pass. Raises `GameError` if the deal does not fit the setup."""
        first = deal.first_leader
        if not 1 <= first <= setup.num_players:
            raise GameError(f"Seat {first} cannot lead first; seats are 1 to {setup.num_players}.")
        self.secrets, header, nights = seat_and_show(setup, deal.roles)
        self.successes = self.fails = 0
        self.quests = ()
        self.lady_holders = ()
        if setup.rules.lady_of_the_lake:
            self.lady_holders = (first_lady_holder(first, setup.num_players),)
        self.shot_spent = False
        self.ending = None
        self.log = [header, telling.dealt(roles_by_seat(deal.roles), first), *nights]
        self._open_attempt(1, 1, first)

    @classmethod
    def at(cls, state: State) -> "LiveTable":
        """A table that goes on from this state, with nothing in its log."""
        table = cls.__new__(cls)
        (
            table.secrets,
            table.phase,
            table.quest,
            table.attempt,
            table.leader,
            table.team,
            table.floor,
            table.successes,
            table.fails,
            table.quests,
            table.lady_holders,
            table.shot_spent,
            table.ending,
        ) = state
        table.log = []
        return table

    def state(self) -> State:
        """The game as it stands; it does not follow later moves."""
        return State(
            self.secrets,
            self.phase,
            self.quest,
            self.attempt,
            self.leader,
            self.team,
            self.floor,
            self.successes,
            self.fails,
            self.quests,
            self.lady_holders,
            self.shot_spent,
            self.ending,
        )

    # -- one attempt: talk, proposal, talk, vote -----------------------------------------------------

    def _open_attempt(self, quest: int, attempt: int, leader: int) -> None:
        secrets = self.secrets
        self.quest, self.attempt, self.leader = quest, attempt, leader
        self.team = None
        self.floor = SILENCE
        self.phase = "propose"
        if not secrets.silent[attempt - 1]:
            queue = queue_before_proposal(secrets.setup.rules, leader, attempt, len(secrets.seats))
            if queue:
                self.phase, self.floor = "talk", Floor(queue)
        self.log.append(leader_named(quest, attempt, leader))

    def propose(self, team: Sequence[int], speech: str = "") -> None:
        """The leader names a team, and may say something with it."""
        if self.phase != "propose":
            raise self._not_now("A proposal")
        quest, attempt, leader, secrets = self.quest, self.attempt, self.leader, self.secrets
        if type(speech) is not str:
            raise wrong_kind(leader, Propose, Propose(tuple(team), speech))
        num_players = len(secrets.seats)
        silent = secrets.silent[attempt - 1]
        revised = self.team is not None
        final = silent or is_final(secrets.setup.rules, attempt, revised)
        try:
            chosen, data = team_named(num_players, quest, final, *team)
        except (TypeError, IllegalAction):
            check_team(num_players, quest, leader, tuple(team))
            raise
        decision = id_of_proposal(quest, attempt, leader, revised)
        self.log.append(event_of(("propose", quest, attempt, leader, "all", data, decision)))
        if silent:
            self._call_vote(chosen)
            return
        text = clean_speech(speech)
        if text:
            self.log.append(telling.said(quest, attempt, leader, text, decision))
        rules = secrets.setup.rules
        queue = queue_after_proposal(rules, leader, attempt, num_players)
        phase = phase_after_proposal(rules, attempt, revised, queue)
        if phase == "vote":
            self._call_vote(chosen)
        else:
            self.phase, self.team = phase, chosen
            self.floor = Floor(queue, self.floor.spoken, mentioned_seats(text, num_players))

    def speak(self, text: str) -> None:
        """The seat whose turn it is says something to all."""
        if self.phase != "talk":
            raise self._not_now("A speech")
        secrets, floor = self.secrets, self.floor
        speaker = floor.queue[0]
        check_text(speaker, text)
        (asked,) = pending(self)
        plain = clean_speech(text)
        self.log.append(telling.said(self.quest, self.attempt, speaker, plain, asked.id))
        spoken = (*floor.spoken, speaker)
        self.floor = Floor(floor.queue[1:], spoken, mentioned_seats(plain, len(secrets.seats)))
        if not self.floor.queue:
            phase = phase_after_last_speech(secrets.setup.rules, len(spoken))
            if phase == "vote":
                self._call_vote(team_on_the_table(self))
            else:
                self.phase = phase

    def bid(self, bids: Sequence[int]) -> None:
        """Every seat says how much it wants to speak; the highest bidder is given the floor."""
        if self.phase != "bid":
            raise self._not_now("A bid")
        seats, floor = self.secrets.seats, self.floor
        if len(bids) != len(seats):
            raise wrong_number(self, len(bids))
        bid_of = dict(zip(seats, bids, strict=True))
        for seat, eagerness in bid_of.items():
            check_bid(seat, eagerness)
        last_speaker = floor.spoken[-1] if floor.spoken else self.leader
        speaker = next_speaker(bid_of, floor.mentioned, last_speaker)
        self.log.append(telling.bids_made(self.quest, self.attempt, bid_of, speaker))
        if speaker is None:
            self._call_vote(team_on_the_table(self))
        else:
            self.phase, self.floor = "talk", Floor((speaker,), floor.spoken, floor.mentioned)

    def _call_vote(self, team: tuple[int, ...]) -> None:
        self.team, self.floor = team, SILENCE
        if self.secrets.forced[self.attempt - 1]:
            self.log.append(telling.vote_forced(self.quest, self.attempt))
            self.phase = "quest"
        else:
            self.phase = "vote"

    def vote(self, approvals: Sequence[bool]) -> None:
        """Every voter approves or rejects; a leader who is not asked (`leader_votes`) approves."""
        if self.phase != "vote":
            raise self._not_now("A vote")
        quest, attempt, leader, secrets = self.quest, self.attempt, self.leader, self.secrets
        num_players = len(secrets.seats)
        ballot = approvals
        if not secrets.setup.rules.leader_votes:
            ballot = (*approvals[: leader - 1], True, *approvals[leader - 1 :])
        if len(ballot) != num_players:
            raise wrong_number(self, len(approvals))
        try:
            data, approved = votes_counted(*ballot)
        except TypeError:  # something that cannot be hashed, and so no vote
            check_approvals(secrets.seats, ballot)
            raise
        self.log.append(event_of(("vote", quest, attempt, None, "all", data, None)))
        if approved:
            self.phase = "quest"
        elif attempt == MAX_ATTEMPTS:
            self._end("five_rejections")
        else:
            self._open_attempt(quest, attempt + 1, seat_after(leader, num_players))

    # -- a quest and what may follow it --------------------------------------------------------------

    def play_cards(self, fails: Sequence[bool]) -> None:
        """Every member of the team, in its order, plays a fail card (True) or a success card."""
        if self.phase != "quest":
            raise self._not_now("A card")
        team = team_on_the_table(self)
        if len(fails) != len(team):
            raise wrong_number(self, len(fails))
        quest, attempt, secrets = self.quest, self.attempt, self.secrets
        required = secrets.fails_required[quest - 1]
        evil = secrets.evil
        if not evil.issuperset(compress(team, fails)):
            check_cards(team, fails, evil)
        try:
            cards, outcome, num_fails, success = cards_counted(required, team, *fails)
        except TypeError:  # something that cannot be hashed, and so no card
            check_cards(team, fails, evil)
            raise
        self.log.append(event_of(("card", quest, attempt, None, "god", cards, None)))
        self.log.append(event_of(("quest", quest, attempt, None, "all", outcome, None)))
        result = QuestResult(quest, attempt, self.leader, team, num_fails, required, success)
        self.quests = (*self.quests, result)
        self.team = None
        if success:
            self.successes += 1
        else:
            self.fails += 1
        self._after_quest()

    def _after_quest(self) -> None:
        setup = self.secrets.setup
        phase = phase_after_quest(setup, self.quest, self.successes, self.fails, self.shot_spent)
        if phase == "propose":
            self._next_quest()
        elif phase == "lady":
            self._lady_or_next_quest(phase)
        elif phase == "shoot":
            self._take_aim()
        elif self.fails == 3:
            self._end("three_fails")
        else:
            self._end("merlin_survived" if self.shot_spent else "three_successes")

    def _lady_or_next_quest(self, phase: Phase) -> None:
        # Nobody left for the Lady to look at cannot come up in play: she is used three times at most.
        if phase == "lady" and lady_targets(self):
            self.phase = "lady"
        else:
            self._next_quest()

    def _take_aim(self) -> None:
        secrets = self.secrets
        self.phase = "shoot"
        if secrets.setup.rules.evil_talk_before_shot:
            talkers = tuple(seat for seat in secrets.seats if secrets.roles[seat - 1] in ACTS_WITH_EVIL)
            if len(talkers) > 1:
                self.phase, self.floor = "evil_talk", Floor(talkers)

    def whisper(self, text: str) -> None:
        """The Evil seat whose turn it is says something to the Evil seats that know each other."""
        if self.phase != "evil_talk":
            raise self._not_now("A word among Evil")
        queue, spoken = self.floor.queue, self.floor.spoken
        check_text(queue[0], text)
        (asked,) = pending(self)
        listeners = tuple(sorted((*spoken, *queue)))
        self.log.append(
            telling.whispered(self.quest, self.attempt, queue[0], listeners, clean_speech(text), asked.id)
        )
        if len(queue) > 1:
            self.floor = Floor(queue[1:], (*spoken, queue[0]))
        else:
            self.phase, self.floor = "shoot", SILENCE

    def shoot(self, target: int) -> None:
        """The Assassin names a seat."""
        if self.phase != "shoot":
            raise self._not_now("A shot")
        check_shot(self, target)
        (asked,) = pending(self)
        hit = target == self.secrets.merlin
        self.log.append(telling.shot(self.quest, self.attempt, shooter_of(self), target, hit, asked.id))
        if hit:
            self._end("merlin_shot")
        elif may_hold_fire(self):
            self.shot_spent = True
            self._after_early_shot()
        else:
            self._end("merlin_survived")

    def hold_fire(self) -> None:
        """The Assassin keeps the shot for later (`after_every_quest`)."""
        if self.phase != "shoot":
            raise self._not_now("A shot")
        check_hold_fire(self)
        self.log.append(telling.fire_held(self.quest, self.attempt))
        self._after_early_shot()

    def _after_early_shot(self) -> None:
        self._lady_or_next_quest(phase_after_early_shot(self.secrets.setup, self.quest))

    def inspect(self, target: int) -> None:
        """The holder of the Lady of the Lake looks at a seat, which holds her next."""
        if self.phase != "lady":
            raise self._not_now("A look of the Lady")
        check_look(self, target)
        (asked,) = pending(self)
        side = Side.EVIL if target in self.secrets.evil else Side.GOOD
        self.log += telling.looked(self.quest, self.attempt, asked.seat, target, side, asked.id)
        self.lady_holders = (*self.lady_holders, target)
        self._next_quest()

    def _next_quest(self) -> None:
        self._open_attempt(self.quest + 1, 1, seat_after(self.leader, len(self.secrets.seats)))

    def _end(self, reason: EndReason) -> None:
        self.ending = ENDINGS[reason]
        self.phase, self.floor = "end", SILENCE
        roles = roles_by_seat(self.secrets.roles)
        self.log.append(telling.ended(self.quest, self.attempt, self.ending, roles))

    def _not_now(self, what: str) -> IllegalAction:
        return game_over(self) if self.phase == "end" else not_pending(self, what)
