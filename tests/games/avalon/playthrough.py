"""Ways to play a game in a test: by hand, step by step, or with drawn choices."""

import random
from collections.abc import Callable, Iterable, Mapping

from hypothesis import strategies as st

from games.avalon.actions import Action, Card, Decision, Propose, Speak, Vote
from games.avalon.draws import Deal, deal
from games.avalon.events import Event
from games.avalon.rules import apply, legal_actions, pending, start
from games.avalon.setup import PRESETS, Rules, Setup, preset
from games.avalon.state import State

Chooser = Callable[[State, Decision], Action]


class HandGame:
    """A game that a test plays by hand; roles sit in the setup's order and seat 1 leads unless told."""

    def __init__(self, setup: Setup, first_leader: int = 1) -> None:
        self.state, opening = start(setup, Deal(setup.roles, first_leader))
        self.events = list(opening)

    def do(self, actions: Mapping[int, Action]) -> tuple[Event, ...]:
        """Play one step and answer with what it told."""
        self.state, told = apply(self.state, actions)
        self.events += told
        return told

    def answer(self, action: Action) -> tuple[Event, ...]:
        """Every pending seat gives the same answer."""
        return self.do({decision.seat: action for decision in pending(self.state)})

    def propose(self, *team: int, speech: str = "") -> tuple[Event, ...]:
        return self.do({self.state.leader: Propose(team, speech)})

    def vote(self, *approving: int) -> tuple[Event, ...]:
        """Only these seats approve."""
        return self.do({d.seat: Vote(d.seat in approving) for d in pending(self.state)})

    def cards(self, *failing: int) -> tuple[Event, ...]:
        """Only these seats play a fail card."""
        return self.do({d.seat: Card(d.seat in failing) for d in pending(self.state)})

    def some_team(self) -> tuple[int, ...]:
        return tuple(range(1, self.state.setup.team_size(self.state.quest) + 1))

    def reject(self) -> tuple[Event, ...]:
        self.propose(*self.some_team())
        return self.vote()

    def quest(self, team: Iterable[int], *failing: int) -> tuple[Event, ...]:
        """A team goes and these seats fail it."""
        self.propose(*team)
        self.answer(Vote(True))
        return self.cards(*failing)

    def succeed(self) -> tuple[Event, ...]:
        return self.quest(self.some_team())

    def fail(self) -> tuple[Event, ...]:
        """The quest fails by as many Evil seats as it needs."""
        quest, evil = self.state.quest, sorted(self.state.secrets.evil)
        saboteurs = evil[: self.state.setup.fails_required(quest)]
        good = [seat for seat in self.state.secrets.seats if seat not in evil]
        team = (saboteurs + good)[: self.state.setup.team_size(quest)]
        return self.quest(team, *saboteurs)

    def told(self, event_type: str) -> list[Event]:
        return [event for event in self.events if event.type == event_type]


def choose_at_random(seed: int) -> Chooser:
    """Uniform legal choices and short speeches that depend on nothing but the seed and the decision."""

    def choose(state: State, decision: Decision) -> Action:
        stream = random.Random(f"{seed}/{decision.id}")
        named = stream.randint(1, 12)
        if decision.kind in ("speak", "evil_talk"):
            return Speak(stream.choice(["", f"I trust player {named}.", f"Seat {named} lies!\n\u200b"]))
        action = stream.choice(legal_actions(state, decision))
        if isinstance(action, Propose):
            return Propose(action.team, stream.choice(["", f"seat {named}, come along"]))
        return action

    return choose


def steps(setup: Setup, dealt: Deal, choose: Chooser) -> list[tuple[State, tuple[Event, ...]]]:
    """Every state of a whole game with the events that led to it."""
    state, told = start(setup, dealt)
    history = [(state, told)]
    while waiting := pending(state):
        state, told = apply(state, {decision.seat: choose(state, decision) for decision in waiting})
        history.append((state, told))
    return history


def random_game(setup: Setup, seed: int) -> tuple[State, list[Event]]:
    """A whole game of random choices."""
    history = steps(setup, deal(setup, seed), choose_at_random(seed))
    return history[-1][0], [event for _, told in history for event in told]


rule_sets = st.builds(
    Rules,
    hammer_rule=st.sampled_from(["evil_wins", "auto_approve_5", "auto_approve_4_silent"]),
    leader_votes=st.booleans(),
    shuffle_seats=st.booleans(),
    first_leader=st.sampled_from(["random", "seat_1"]),
    assassin_window=st.sampled_from(["after_3_successes", "after_every_quest"]),
    may_shoot_known_evil=st.booleans(),
    evil_know_roles=st.booleans(),
    merlin_sees_oberon=st.booleans(),
    lady_of_the_lake=st.booleans(),
    evil_talk_before_shot=st.booleans(),
    talk=st.sampled_from(["none", "round_robin", "leader_first_then_all", "tentative_then_final", "bid"]),
    talk_rounds=st.integers(0, 3),
    two_fail_quest=st.sampled_from([None, 0, 3, 4, 5]),
)
setups = st.builds(preset, st.sampled_from(sorted(PRESETS)), rule_sets)
seeds = st.integers(0, 2**32)
