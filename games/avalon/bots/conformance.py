"""What every bot promises, as one function that the author of a new bot calls in a test.

`check_bot` plays games over the table sizes and rule switches and asks for every decision more than once:
a bot answers within the rules, and its answer follows from its seed, the view and the decision alone.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from games.avalon.actions import Action, Decision
from games.avalon.bots import Bot
from games.avalon.draws import Deal, deal
from games.avalon.events import Event
from games.avalon.knowledge import consistent_assignments, knowledge_of
from games.avalon.roles import Role
from games.avalon.rules import apply, check, pending, start
from games.avalon.setup import PRESETS, Rules, Setup, preset
from games.avalon.state import State
from games.avalon.view import view

RULES: tuple[Rules, ...] = (
    Rules(),
    Rules(hammer_rule="auto_approve_5", talk="round_robin", evil_talk_before_shot=True),
    Rules(hammer_rule="auto_approve_4_silent", leader_votes=False, first_leader="seat_1", talk="round_robin"),
    Rules(hammer_rule="auto_approve_5", lady_of_the_lake=True, may_shoot_known_evil=True),
    Rules(lady_of_the_lake=True, two_fail_quest=5, evil_know_roles=True, talk="leader_first_then_all"),
    Rules(talk="tentative_then_final", talk_rounds=2, assassin_window="after_every_quest"),
    Rules(
        talk="bid", talk_rounds=4, merlin_sees_oberon=False, shuffle_seats=False, evil_talk_before_shot=True
    ),
)

_MORDRED_SHOOTS = Setup(
    roles=(Role.MERLIN, Role.SERVANT, Role.SERVANT, Role.MORDRED, Role.MORGANA), assassin=Role.MORDRED
)


def conformance_setups() -> tuple[Setup, ...]:
    """Every preset under three or more of the rule sets, so that each switch meets several tables."""
    named = [
        preset(name, rules)
        for place, name in enumerate(PRESETS)
        for turn, rules in enumerate(RULES)
        if (place + turn) % 2 == 0
    ]
    return (*named, replace(_MORDRED_SHOOTS, rules=RULES[1]))


def check_bot(make: Callable[[int], Bot], *, seed: int = 0) -> None:
    """Raise `AssertionError`, naming table and decision, unless `make(seed)` gives a sound bot.

    Its actions are legal; a fresh bot of the same seed, asked later with the same view built anew, acts
    alike; and so does one in another deal that looks the same from its seat.
    """
    for place, setup in enumerate(conformance_setups()):
        dealt = deal(setup, seed + place)
        _check_game(make, setup, dealt, seed)
        seat = 1 + (seed + place) % setup.num_players
        twin = _twin_deal(setup, dealt, seat)
        if twin is not None:
            _check_twin(make, setup, dealt, twin, seat, seed)


def _check_game(make: Callable[[int], Bot], setup: Setup, dealt: Deal, seed: int) -> None:
    bots = {seat: make(_seed_of(seed, seat)) for seat in setup.seats}
    state, new_events = start(setup, dealt)
    events = list(new_events)
    while waiting := pending(state):
        actions: dict[int, Action] = {}
        for decision in reversed(waiting):
            action = bots[decision.seat].act(view(events, decision.seat), decision)
            check(state, decision, action)
            _disturb_global_randomness()
            again = make(_seed_of(seed, decision.seat)).act(view(events, decision.seat), decision)
            _must_be_equal(action, again, setup, decision, "a fresh bot with the same seed and view")
            actions[decision.seat] = action
        state, new_events = apply(state, actions)
        events += new_events


def _check_twin(
    make: Callable[[int], Bot], setup: Setup, dealt: Deal, twin: Deal, seat: int, seed: int
) -> None:
    """Until the first quest, where hidden cards part the two deals, one seat must act alike in both."""
    bots = {player: make(_seed_of(seed, player)) for player in setup.seats}
    games = [_Game(*start(setup, deal_of_game)) for deal_of_game in (dealt, twin)]
    while games[0].state.phase not in ("quest", "end"):
        waiting = pending(games[0].state)
        actions = {
            decision.seat: bots[decision.seat].act(view(games[0].events, decision.seat), decision)
            for decision in waiting
        }
        for decision in waiting:
            if decision.seat == seat:
                in_twin = make(_seed_of(seed, seat)).act(view(games[1].events, seat), decision)
                _must_be_equal(
                    actions[seat], in_twin, setup, decision, "a deal that it cannot tell from this"
                )
        games = [game.after(actions) for game in games]


class _Game:
    """One of two games that are led along the same public path."""

    def __init__(self, state: State, events: tuple[Event, ...]) -> None:
        self.state = state
        self.events = events

    def after(self, actions: Mapping[int, Action]) -> "_Game":
        state, new_events = apply(self.state, actions)
        return _Game(state, self.events + new_events)


def _twin_deal(setup: Setup, dealt: Deal, seat: int) -> Deal | None:
    """Another deal that gives this seat the same knowledge, if there is one."""
    known = knowledge_of(setup, dealt.roles, seat)
    for roles in consistent_assignments(setup, known):
        if roles != dealt.roles:
            return Deal(roles, dealt.first_leader)
    return None


def _seed_of(seed: int, seat: int) -> int:
    return 100 * seed + seat


def _disturb_global_randomness() -> None:
    """A bot that draws from a global generator now draws something else."""
    random.random()
    np.random.random()


def _must_be_equal(action: Action, other: Action, setup: Setup, decision: Decision, where: str) -> None:
    if action != other:
        raise AssertionError(
            f"{setup.name} with {setup.rules}, {decision.id}: "
            f"the bot answers {action}, but with {where} {other}."
        )
