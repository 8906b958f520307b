"""Avalon without talk as a PettingZoo environment: agents `seat_1` to `seat_N` that act one after another.

An observation is a dict of two int8 vectors: `observation`, which follows from the seat's `View` and what
the seat is asked, and `action_mask`. Votes and quest cards are collected in turn, and nobody's observation
moves before all are in. At the end each seat of the winning side is paid 1, each of the other side -1.

Shapes: N seats, M actions, F features.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from pettingzoo import AECEnv
from pettingzoo.utils import wrappers

from games.avalon.actions import Action, Card, Decision, HoldFire, Inspect, Propose, Shoot, Vote
from games.avalon.draws import Deal, next_deal, rng
from games.avalon.events import Event
from games.avalon.knowledge import possible_roles
from games.avalon.roles import Role
from games.avalon.rules import apply, pending, start
from games.avalon.setup import MAX_ATTEMPTS, NUM_QUESTS, Setup, default_setup
from games.avalon.state import State
from games.avalon.table import Table
from games.avalon.view import View, Viewer
from games.errors import GameError

Int8s = NDArray[np.int8]
Observation = dict[str, Int8s]

MAX_FAIL_CARDS = 4
_ROLES = tuple(Role)
_ASKED = ("propose", "vote", "card", "inspect", "shoot")
_PHASES = ("propose", "vote", "quest", "lady", "shoot", "end")
_MAX_LADY_HOLDERS = 4


def env(setup: Setup | None = None, *, render_mode: str | None = None) -> AECEnv[str, Observation, int]:
    """The environment in PettingZoo's usual wrappers: an illegal action ends the game and costs its agent 1.

    Raises `GameError` for a setup whose players talk.
    """
    wrapped: AECEnv[str, Observation, int] = AvalonEnv(setup, render_mode=render_mode)
    wrapped = wrappers.TerminateIllegalWrapper(wrapped, illegal_reward=-1)
    wrapped = wrappers.AssertOutOfBoundsWrapper(wrapped)
    return wrappers.OrderEnforcingWrapper(wrapped)


class AvalonEnv(AECEnv[str, Observation, int]):  # type: ignore[misc]  # the library ships no types
    """One table. Without a setup, five players with the usual roles.

    `reset(seed=S)` deals what `draws.deal(setup, S)` deals; a reset without a seed goes on with the same
    stream, and `reset(options={"deal": Deal(...)})` plays a given deal.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 - PettingZoo's own declaration
        "name": "avalon_v0",
        "render_modes": ["ansi"],
        "is_parallelizable": False,
    }

    def __init__(self, setup: Setup | None = None, *, render_mode: str | None = None) -> None:
        """Raises `GameError` for a setup whose players talk, or for another render mode than "ansi"."""
        super().__init__()
        self.setup = default_setup(5) if setup is None else setup
        _refuse_talk(self.setup)
        if render_mode not in (None, "ansi"):
            raise GameError(f'render_mode is {render_mode!r}; it can be "ansi" or None.')
        self.render_mode = render_mode
        self.actions = actions_of(self.setup)
        """What action number m means."""
        self.possible_agents = [_agent(seat) for seat in self.setup.seats]
        self.agents: list[str] = []
        num_features = len(features(*_opening_view(self.setup)))
        self.observation_spaces = {
            agent: spaces.Dict(
                {
                    "observation": spaces.Box(0, 1, (num_features,), np.int8),
                    "action_mask": spaces.Box(0, 1, (len(self.actions),), np.int8),
                }
            )
            for agent in self.possible_agents
        }
        self.action_spaces = {agent: spaces.Discrete(len(self.actions)) for agent in self.possible_agents}
        self._stream: np.random.Generator | None = None

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space[Any]:
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        if seed is not None:
            self._stream = rng(seed, "deal")
        elif self._stream is None:
            self._stream = np.random.default_rng()
        given = (options or {}).get("deal")
        dealt: Deal = next_deal(self.setup, self._stream) if given is None else given
        self.agents = list(self.possible_agents)
        self.rewards = dict.fromkeys(self.agents, 0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos: dict[str, dict[str, Any]] = {agent: {} for agent in self.agents}
        self._viewers = {seat: Viewer(seat) for seat in self.setup.seats}
        self.agent_selection = self.agents[0]
        self._answers: dict[int, Action] = {}
        self._state, told = start(self.setup, dealt)
        self._tell(told)
        self._ask()

    def observe(self, agent: str) -> Observation:
        """What this seat sees and may do now; the mask is all zeros unless the seat still has to answer."""
        seat = _seat(agent)
        seen, asked = self._viewers[seat].view(), self._asked.get(seat)
        mask = np.zeros(len(self.actions), np.int8)
        if asked is not None:
            numbers = _numbers(self.setup)
            mask[[numbers[action] for action in seen.legal_actions(asked)]] = 1
        return {"observation": features(seen, asked), "action_mask": mask}

    def step(self, action: int | None) -> None:
        agent: str = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        if action is None:
            raise GameError(f"{agent} is asked for an action, not for None: the game has not ended.")
        self._cumulative_rewards[agent] = 0
        self._clear_rewards()
        seat = _seat(agent)
        self._answers[seat] = self.actions[int(action)]
        del self._asked[seat]
        if self._asked:
            self.agent_selection = _agent(next(iter(self._asked)))
            return
        self._state, told = apply(self._state, self._answers)
        self._answers = {}
        self._tell(told)
        self._ask()
        self._accumulate_rewards()

    def render(self) -> str | None:
        """The public table as text; None without a render mode."""
        if self.render_mode is None:
            return None
        return _table_text(self._viewers[1].view().table)

    def close(self) -> None:
        """Nothing is held open."""

    def _tell(self, told: Iterable[Event]) -> None:
        for event in told:
            for viewer in self._viewers.values():
                viewer.observe(event)

    def _ask(self) -> None:
        self._asked: dict[int, Decision] = {decision.seat: decision for decision in pending(self._state)}
        if self._asked:
            self.agent_selection = _agent(next(iter(self._asked)))
        else:
            self._pay(self._state)

    def _pay(self, state: State) -> None:
        assert state.ending is not None
        for seat in self.setup.seats:
            won = state.role_of(seat).side is state.ending.winner
            self.rewards[_agent(seat)] = 1 if won else -1
            self.terminations[_agent(seat)] = True


def _refuse_talk(setup: Setup) -> None:
    if setup.rules.talk != "none":
        raise GameError(
            f"The environment has no words: talk is {setup.rules.talk!r}; give a setup with talk='none'."
        )
    if setup.rules.evil_talk_before_shot:
        raise GameError("The environment has no words: give a setup without evil_talk_before_shot.")


def _agent(seat: int) -> str:
    return f"seat_{seat}"


def _seat(agent: str) -> int:
    return int(agent.removeprefix("seat_"))


# -- actions -----------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def actions_of(setup: Setup) -> tuple[Action, ...]:
    """Every action that any seat can ever take, in a fixed order: an action's place is its number."""
    teams = [
        Propose(team) for size in sorted(set(setup.team_sizes)) for team in combinations(setup.seats, size)
    ]
    return (
        *teams,
        Vote(False),
        Vote(True),
        Card(False),
        Card(True),
        *(Inspect(seat) for seat in setup.seats),
        *(Shoot(seat) for seat in setup.seats),
        HoldFire(),
    )


@lru_cache(maxsize=64)
def _numbers(setup: Setup) -> Mapping[Action, int]:
    return {action: number for number, action in enumerate(actions_of(setup))}


# -- observations ------------------------------------------------------------------------------------


def features(seen: View, asked: Decision | None) -> Int8s:
    """A seat's view and the question put to it, as zeros and ones (F).

    In order: the question (5 kinds); own seat (N); the roles that each seat may have, by what this seat
    was told (N x 8); the phase (6), quest (5) and attempt (5); leader and team (2N); the fails, required
    fails and team of each quest (5 x (1 + 5 + 2 + N)); for each attempt whether it was voted on, approved
    and forced, its leader, team, approving and rejecting seats (25 x (3 + 4N)); the Lady's holders in
    order (4N); the seat that was shot (N); and at the end the roles (N x 8).
    """
    table, seats = seen.table, seen.setup.seats
    kind = "" if asked is None else asked.kind
    parts: list[list[int]] = [
        [int(kind == name) for name in _ASKED],
        _marks(seats, (seen.seat,)),
        *([int(role in may_be) for role in _ROLES] for may_be in possible_roles(seen.setup, seen.knowledge)),
        [int(table.phase == phase) for phase in _PHASES],
        [int(table.quest == quest) for quest in range(1, NUM_QUESTS + 1)],
        [int(table.attempt == attempt) for attempt in range(1, MAX_ATTEMPTS + 1)],
        _marks(seats, (table.leader,)),
        _marks(seats, table.team or ()),
        *_quest_features(table, seats),
        *_proposal_features(table, seats),
    ]
    for place in range(_MAX_LADY_HOLDERS):
        parts.append(_marks(seats, table.lady_holders[place : place + 1]))
    parts.append(_marks(seats, table.shot[1:] if table.shot else ()))
    revealed = table.roles or (None,) * len(seats)
    parts += [[int(role is revealed_role) for role in _ROLES] for revealed_role in revealed]
    return np.array([mark for part in parts for mark in part], np.int8)


def _quest_features(table: Table, seats: range) -> list[list[int]]:
    played = {result.quest: result for result in table.quests}
    parts = []
    for quest in range(1, NUM_QUESTS + 1):
        result = played.get(quest)
        required = table.fails_required[quest - 1]
        parts.append(
            [
                int(result is not None),
                *(int(result is not None and result.fails == fails) for fails in range(MAX_FAIL_CARDS + 1)),
                *(int(required == count) for count in (1, 2)),
                *_marks(seats, () if result is None else result.team),
            ]
        )
    return parts


def _proposal_features(table: Table, seats: range) -> list[list[int]]:
    voted = {(proposal.quest, proposal.attempt): proposal for proposal in table.proposals}
    nothing = [0] * (3 + 4 * len(seats))
    parts = []
    for quest in range(1, NUM_QUESTS + 1):
        for attempt in range(1, MAX_ATTEMPTS + 1):
            proposal = voted.get((quest, attempt))
            if proposal is None:
                parts.append(nothing)
                continue
            votes = proposal.votes
            parts.append(
                [
                    1,
                    int(proposal.approved),
                    int(proposal.forced),
                    *_marks(seats, (proposal.leader,)),
                    *_marks(seats, proposal.team),
                    *(int(votes.get(seat) is True) for seat in seats),
                    *(int(votes.get(seat) is False) for seat in seats),
                ]
            )
    return parts


def _marks(seats: range, marked: tuple[int, ...]) -> list[int]:
    return [int(seat in marked) for seat in seats]


def _opening_view(setup: Setup) -> tuple[View, None]:
    viewer = Viewer(1)
    for event in start(setup, Deal(setup.roles, 1))[1]:
        viewer.observe(event)
    return viewer.view(), None


# -- text --------------------------------------------------------------------------------------------


def _table_text(table: Table) -> str:
    scores = [f"quest {result.quest}: {_score(result.success, result.fails)}" for result in table.quests]
    lines = [
        f"Quest {table.quest}, proposal {table.attempt}, seat {table.leader} leads, phase {table.phase}",
        *scores,
    ]
    if table.team:
        lines.append(f"team {' '.join(str(seat) for seat in table.team)}")
    if table.proposals:
        last = table.proposals[-1]
        approving = " ".join(str(seat) for seat, approves in last.votes.items() if approves) or "nobody"
        team = " ".join(str(seat) for seat in last.team)
        lines.append(
            f"last vote: team {team}, {'approved' if last.approved else 'rejected'}, for it {approving}"
        )
    if table.ending:
        lines.append(f"{table.ending.winner} wins: {table.ending.reason}")
    return "\n".join(lines)


def _score(success: bool, fails: int) -> str:
    return f"{'success' if success else 'failure'}, {fails} fail{'' if fails == 1 else 's'}"
