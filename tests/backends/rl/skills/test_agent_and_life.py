"""The agent's update is DDPG's, finetuning begins from what it should, and lives are reproducible."""

from pathlib import Path

import numpy as np
import pytest
import torch

from backends.lab.errors import LabError
from backends.lab.events import EventList, Metric
from backends.lab.reporter import Reporter
from backends.rl.skills.ddpg import DdpgAgent, DdpgSettings, PlainContext
from backends.rl.skills.life import LifeSettings, evaluate
from backends.rl.skills.noisy_room import NoisyRoom, coverage, shaken
from backends.rl.skills.objectives import UniformSkill
from backends.rl.skills.phases import SMALL, ConstantSkill, finetuned_life, pretrained_life
from backends.rl.skills.replay import Batch
from backends.rl.skills.snapshots import read_snapshot, write_snapshot
from backends.rl.skills.worlds import episode_steps, make_world

TINY = DdpgSettings(width=16, batch_size=32, rate=1e-3)


def agent(seed: int = 0) -> DdpgAgent:
    torch.manual_seed(seed)
    return DdpgAgent(PlainContext(3, 4), 2, TINY)


def batch(size: int = 32) -> Batch:
    stream = torch.Generator().manual_seed(1)
    return Batch(
        state_BO=torch.randn(size, 3, generator=stream),
        action_BA=torch.rand(size, 2, generator=stream) * 2 - 1,
        reward_B=torch.randn(size, generator=stream),
        discount_B=torch.full((size,), 0.97),
        next_BO=torch.randn(size, 3, generator=stream),
        skill_BZ=torch.rand(size, 4, generator=stream),
        mode_B=torch.zeros(size, dtype=torch.int64),
        episode_B=torch.zeros(size, dtype=torch.int64),
        step_B=torch.arange(size),
    )


def reporter(folder: Path) -> Reporter:
    return Reporter(EventList(), folder, "cpu")


def test_critics_learn_the_return_of_transitions_that_end() -> None:
    learner, seen = agent(), batch()
    ended = Batch(**{**{name: getattr(seen, name) for name in seen.__slots__}, "discount_B": torch.zeros(32)})
    losses = [float(learner.update(ended, seen.reward_B)["critic_loss"]) for _ in range(400)]
    assert losses[-1] < 0.3 * losses[0]


def test_the_actor_climbs_the_lower_of_both_critics_as_they_were() -> None:
    learner, seen = agent(), batch()
    before = {name: value.clone() for name, value in learner.critic.state_dict().items()}
    actor_before = [parameter.clone() for parameter in learner.actor.parameters()]
    learner.update(seen, seen.reward_B)
    learner.critic.load_state_dict(before)
    context = torch.cat([seen.state_BO, seen.skill_BZ], -1)
    with torch.no_grad():
        after = learner.critic(context, learner.actor(context)).amin(1).mean()
        for parameter, old in zip(learner.actor.parameters(), actor_before, strict=True):
            parameter.copy_(old)
        earlier = learner.critic(context, learner.actor(context)).amin(1).mean()
    assert after > earlier


def test_targets_follow_by_a_hundredth() -> None:
    learner, seen = agent(), batch()
    begun = [parameter.clone() for parameter in learner.target_critic.parameters()]
    learner.update(seen, seen.reward_B)
    for old, target, net in zip(
        begun, learner.target_critic.parameters(), learner.critic.parameters(), strict=True
    ):
        torch.testing.assert_close(target, old + 0.01 * (net - old))


def test_finetuning_takes_actor_and_critic_trunk_and_leaves_the_heads_fresh() -> None:
    pretrained, fresh = agent(0), agent(1)
    heads = {name: value.clone() for name, value in fresh.critic.heads.state_dict().items()}
    fresh.begin_from(pretrained.weights())
    for name, value in pretrained.actor.state_dict().items():
        assert torch.equal(fresh.actor.state_dict()[name], value)
    for name, value in pretrained.critic.trunk.state_dict().items():
        assert torch.equal(fresh.critic.trunk.state_dict()[name], value)
        assert torch.equal(fresh.target_critic.trunk.state_dict()[name], value)
    for name, value in heads.items():
        assert torch.equal(fresh.critic.heads.state_dict()[name], value)


def test_the_mean_action_is_returned_without_noise_and_a_bounded_one_with_it() -> None:
    learner, state, skill = agent(), np.ones(3, dtype=np.float32), np.zeros(4, dtype=np.float32)
    first, second = (learner.act(state, skill, episode=0, step=0, noise=None) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    wild = learner.act(state, skill, episode=0, step=0, noise=np.full(2, 100.0, dtype=np.float32))
    assert (wild < 1).all() and (wild > 0.999).all()


def test_a_life_with_one_seed_is_lived_again_and_tells_of_every_episode(tmp_path: Path) -> None:
    told = []
    for name in ("one", "two"):
        draw = UniformSkill(SMALL.surprise.skills)
        life = pretrained_life(NoisyRoom("calm"), SMALL, draw, moss=False, seed=3, device="cpu")
        report = reporter(tmp_path / name)
        life.live(LifeSettings(steps=600, first_steps=200, update_every=20), report)
        assert isinstance(report.sink, EventList)
        told.append([event for event in report.sink.events if isinstance(event, Metric)])
        assert (life.num_steps, life.num_updates) == (600, 20)
    assert told[0] == told[1]
    assert [event.step for event in told[0]] == [200, 400, 600]
    assert "contrast" in told[0][-1].values and "contrast" not in told[0][0].values


def test_a_task_is_learnt_from_its_reward(tmp_path: Path) -> None:
    # From the start a still agent scores 0.06 of 1; 300 updates end near 0.8.
    life = finetuned_life(NoisyRoom("calm"), SMALL, None, seed=0, device="cpu")
    life.live(LifeSettings(steps=1000, first_steps=400, skill_every=50), reporter(tmp_path))
    skill, _ = life.draw(0, np.random.default_rng(0))
    returns = evaluate(NoisyRoom("calm"), life.agent, skill, 2, 0, reporter(tmp_path))
    assert min(returns) > 0.3 * 200


def test_the_room_shakes_on_its_right_only_and_pays_at_its_goal() -> None:
    room = NoisyRoom("calm")
    state, _ = room.reset(seed=0)
    assert state[0] < 0
    still = np.zeros(2, dtype=np.float32)
    assert np.array_equal(room.step(still)[0], state)
    room._place = np.array([0.15, 0.15])
    assert room.step(still)[1] == pytest.approx(1.0)
    room._place = np.array([0.8, 0.5])
    assert not np.array_equal(room.step(still)[0], np.array([0.6, 0.0], dtype=np.float32))


def test_coverage_is_the_entropy_of_visited_cells() -> None:
    corner = np.full((50, 2), -1.0, dtype=np.float32)
    assert coverage(corner) == 0 and shaken(corner) == 0
    axis = (np.arange(10) + 0.5) / 10 * 2 - 1
    everywhere = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2).astype(np.float32)
    assert coverage(everywhere) == pytest.approx(np.log(100))
    assert shaken(everywhere) == 0.5


def test_weights_of_another_world_or_scale_are_refused(tmp_path: Path) -> None:
    life = finetuned_life(NoisyRoom("calm"), SMALL, None, seed=0, device="cpu")
    write_snapshot(tmp_path / "w.safetensors", life, "rl.moss", "small")
    read_snapshot(tmp_path / "w.safetensors", NoisyRoom("corner"), "rl.moss", "small")
    with pytest.raises(LabError, match="scale small; published"):
        read_snapshot(tmp_path / "w.safetensors", NoisyRoom("calm"), "rl.moss", "published")
    with pytest.raises(LabError, match="2 states and 2 actions; 3 states"):
        read_snapshot(tmp_path / "w.safetensors", make_world("Pendulum-v1"), "rl.moss", "small")
    with pytest.raises(LabError, match=r"none\.safetensors"):
        read_snapshot(tmp_path / "none.safetensors", NoisyRoom("calm"), "rl.moss", "small")


def test_worlds_by_name_have_a_time_limit_and_unknown_ones_are_refused() -> None:
    assert episode_steps(make_world("noisy_room-corner")) == 200
    assert episode_steps(make_world("Pendulum-v1")) == 200
    for name, said in (("noisy_room-hall", "noisy_room-calm"), ("urlb-walker_fly", "walker_flip")):
        with pytest.raises(LabError, match=said):
            make_world(name)


def test_the_finetuning_skill_is_the_same_number_everywhere() -> None:
    skill, mode = ConstantSkill(4)(7, np.random.default_rng(0))
    assert skill.tolist() == [0.5] * 4 and mode == 0
