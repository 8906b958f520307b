"""A probe of what a memory is for: predict a reward that falls with each visit, from the place alone or not.

A random walk fills a 10 x 10 grid; a place pays 1/√(1 + visits so far). From the place alone that is not a
function; from the place and what was visited it nearly is. The recalled segments carry no rewards.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from backends.lab.reporter import Reporter
from backends.rl.self_reference.lives import SMALL_REFERENCE, recalling_encoder
from backends.rl.self_reference.reference import Retrieval, SelfReference
from backends.rl.skills.phases import SMALL
from backends.rl.skills.replay import Episode, SkillReplay

_CELLS = 10
_BATCH = 16  # steps of the walk in a batch
_EPISODE = 4  # batches after which the walk is stored
_REFRESH = 20  # batches after which the memory is drawn anew


@dataclass(frozen=True, slots=True)
class Walk:
    """Places, one more than rewards, and what each paid when it was reached."""

    states_TO: NDArray[np.float32]
    rewards_T: NDArray[np.float32]


def random_walk(steps: int, seed: int) -> Walk:
    """A walk of unit steps that stays where it would leave the grid."""
    stream = np.random.default_rng(seed)
    moves = np.array([(0, 1), (0, -1), (1, 0), (-1, 0)])[stream.integers(4, size=steps)]
    place, visits = np.array([_CELLS // 2, _CELLS // 2]), np.zeros((_CELLS, _CELLS))
    places, rewards = [place], []
    for move in moves:
        rewards.append(1.0 / np.sqrt(1.0 + visits[tuple(place)]))
        visits[tuple(place)] += 1
        place = np.clip(place + move, 0, _CELLS - 1)
        places.append(place)
    states = np.array(places) / (_CELLS - 1) * 2 - 1
    return Walk(states.astype(np.float32), np.array(rewards, dtype=np.float32))


def prediction_error(retrieval: Retrieval, updates: int, seed: int, part: Reporter) -> float:
    """Mean squared error of each batch's rewards before they are learnt, over the second half of the walk."""
    walk = random_walk(updates * _BATCH, seed)
    torch.manual_seed(seed)
    skills = SMALL.surprise.skills
    encoder = recalling_encoder(2, SMALL, SMALL_REFERENCE, retrieval)(2, skills)
    assert isinstance(encoder, SelfReference)
    head = nn.Sequential(nn.Linear(encoder.width, 64), nn.ReLU(), nn.Linear(64, 1))
    optimiser = torch.optim.Adam([*encoder.parameters(), *head.parameters()], lr=1e-3, fused=True)
    replay = SkillReplay(updates * _BATCH, states=2, actions=2, skills=skills)
    errors = []
    for update in range(updates):
        part.check_cancelled()
        rows = slice(update * _BATCH, (update + 1) * _BATCH)
        state_BO, reward_B = torch.from_numpy(walk.states_TO[rows]), torch.from_numpy(walk.rewards_T[rows])
        episode_B = torch.full((_BATCH,), update // _EPISODE)
        step_B = torch.arange(_BATCH) + update % _EPISODE * _BATCH
        context = encoder(state_BO, torch.zeros(_BATCH, skills), episode_B, step_B)
        loss = (head(context)[:, 0] - reward_B).square().mean()
        errors.append(float(loss.detach()))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if (update + 1) % _EPISODE == 0:
            replay.add(_stored(walk, (update + 1 - _EPISODE) * _BATCH, _EPISODE * _BATCH, skills))
        if retrieval != "none" and replay.num_episodes > 0 and (update + 1) % _REFRESH == 0:
            encoder.memory.refresh(replay, None, paid=False)
        part.progress(update + 1, updates)
    return float(np.mean(errors[updates // 2 :]))


def _stored(walk: Walk, begin: int, length: int, skills: int) -> Episode:
    states = walk.states_TO[begin : begin + length + 1]
    zeros = np.zeros(length, dtype=np.float32)
    return Episode(
        states_TO=states,
        actions_TA=np.diff(states, axis=0),
        rewards_T=walk.rewards_T[begin : begin + length],
        discounts_T=zeros + 1,
        skills_TZ=np.zeros((length, skills), dtype=np.float32),
        modes_T=zeros,
    )
