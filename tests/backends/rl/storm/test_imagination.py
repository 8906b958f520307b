"""Dreams: the cached ones equal those that read everything again; what the agent sees and does."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from backends.rl.pixels.replay import Windows
from backends.rl.storm.foresight import foresight
from backends.rl.storm.imagination import Imagined, imagine
from backends.rl.storm.model import WorldModel
from backends.rl.storm.player import Player
from backends.rl.storm.presets import StormConfig, new_agent, tiny, tiny_world

CONTEXT, HORIZON = 8, 16


def uncached(world: WorldModel, agent_act: object, frames: Tensor, actions: Tensor, horizon: int) -> Imagined:
    """Read the whole history again for every step."""
    assert callable(agent_act)
    world.eval()
    tokens = world.tokens(frames)
    states: list[Tensor] = []
    rewards, ends = [], []
    for _ in range(horizon + 1):
        feature = world.sequence(tokens, world.one_hot(actions))[:, -1:]
        if states:
            rewards.append(world.two_hot.decode(world.reward(feature)))
            ends.append(world.termination(feature).squeeze(-1) > 0)
        token = world.following(feature)
        states.append(torch.cat((token, feature), -1))
        if len(states) <= horizon:
            actions = torch.cat((actions, agent_act(states[-1][:, 0])[:, None]), 1)
            tokens = torch.cat((tokens, token), 1)
    return Imagined(torch.cat(states, 1), actions[:, -horizon:], torch.cat(rewards, 1), torch.cat(ends, 1))


@torch.no_grad()
def test_cached_dreams_equal_those_that_read_everything_again() -> None:
    torch.manual_seed(0)
    world, agent = tiny_world(), new_agent(tiny(3))
    frames = torch.rand(5, CONTEXT, 3, 10, 10)
    actions = torch.randint(3, (5, CONTEXT))
    torch.manual_seed(1)
    fast = imagine(world, lambda states, _: agent.act(states), frames, actions, HORIZON)
    torch.manual_seed(1)
    slow = uncached(world, agent.act, frames, actions, HORIZON)
    torch.testing.assert_close(fast.actions_BT, slow.actions_BT)
    torch.testing.assert_close(fast.states_BTS, slow.states_BTS, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(fast.rewards_BT, slow.rewards_BT, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(fast.ends_BT, slow.ends_BT)


@torch.no_grad()
def test_features_step_by_step_equal_those_at_once() -> None:
    torch.manual_seed(0)
    sequence = tiny_world().eval().sequence
    tokens, actions = torch.randn(3, 24, 64), torch.eye(3)[torch.randint(3, (3, 24))]
    cache = sequence.new_cache(3, 24)
    steps = [sequence(tokens[:, :4], actions[:, :4], cache)]
    steps += [sequence(tokens[:, t : t + 1], actions[:, t : t + 1], cache) for t in range(4, 24)]
    torch.testing.assert_close(torch.cat(steps, 1), sequence(tokens, actions), atol=1e-5, rtol=1e-5)


def player(act_on_seen: bool) -> Player:
    torch.manual_seed(0)
    config = StormConfig(world=tiny(3).world, agent=tiny(3).agent, memory=4, act_on_seen=act_on_seen)
    world, agent = WorldModel(config.world), new_agent(config)
    with torch.no_grad():  # so that what is seen decides the tokens, and the tokens the actions
        world.to_posterior.weight.mul_(50)
        last = agent.actor[-1]
        assert isinstance(last, nn.Linear)
        last.weight.mul_(20)
    return Player(config, world, agent)


@pytest.mark.parametrize(("act_on_seen", "differs"), [(False, False), (True, True)])
def test_the_frame_of_now_is_known_one_step_late_unless_asked_otherwise(
    act_on_seen: bool, differs: bool
) -> None:
    one, other = player(act_on_seen), player(act_on_seen)
    frames = np.random.default_rng(0).integers(0, 256, (64, 3, 10, 10), np.uint8)
    for playing in (one, other):
        torch.manual_seed(1)
        playing.act(frames)
    torch.manual_seed(2)
    seen_light = one.act(np.full_like(frames, 255))
    torch.manual_seed(2)
    seen_dark = other.act(np.zeros_like(frames))
    assert (seen_light != seen_dark) == differs
    torch.manual_seed(3)
    after_light = one.act(frames)
    torch.manual_seed(3)
    assert after_light != other.act(frames)


def test_a_restored_player_acts_as_the_first() -> None:
    first, second = player(False), player(False)
    frames = np.random.default_rng(0).integers(0, 256, (32, 3, 10, 10), np.uint8)
    for _ in range(6):
        first.act(frames)
    second.restore(first.state())
    torch.manual_seed(5)
    acted = first.act(frames)
    torch.manual_seed(5)
    assert second.act(frames) == acted


def test_foresight_counts_nothing_after_an_end() -> None:
    torch.manual_seed(0)
    overs = torch.zeros(4, 7, dtype=torch.bool)
    overs[:, 4] = True
    real = Windows(
        frames_BLCHW=torch.randint(256, (4, 7, 3, 10, 10), dtype=torch.uint8),
        actions_BL=torch.randint(3, (4, 7)),
        rewards_BL=torch.zeros(4, 7),
        terminals_BL=overs,
        overs_BL=overs,
    )
    seen = foresight(tiny_world(), real, context=3, landmark=lambda frame: 1)
    assert [error is None for error in seen.pixel_errors] == [False, False, True, True]
    assert seen.landmarks == (1.0, 1.0, None, None)
    assert seen.rewards is None and seen.ends is not None
