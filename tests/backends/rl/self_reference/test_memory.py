"""What is recalled is the nearest that is past, wherever it lies; a fresh reference is zero."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.rl.self_reference.drifting_reward import random_walk
from backends.rl.self_reference.lives import SMALL_REFERENCE, recalling_encoder, recalling_pretraining
from backends.rl.self_reference.memory import SegmentMemory
from backends.rl.self_reference.presets import tiny
from backends.rl.self_reference.reference import SelfReference
from backends.rl.skills.ddpg import DdpgAgent
from backends.rl.skills.noisy_room import NoisyRoom
from backends.rl.skills.phases import SMALL
from backends.rl.skills.replay import Episode, SkillReplay

SKILLS = SMALL.surprise.skills


def replay(episodes: int = 3, length: int = 40) -> SkillReplay:
    stream = np.random.default_rng(0)
    made = SkillReplay(500, states=2, actions=2, skills=SKILLS)
    for _ in range(episodes):
        made.add(
            Episode(
                states_TO=stream.normal(size=(length + 1, 2)).astype(np.float32),
                actions_TA=stream.normal(size=(length, 2)).astype(np.float32),
                rewards_T=np.ones(length, dtype=np.float32),
                discounts_T=np.ones(length, dtype=np.float32),
                skills_TZ=np.zeros((length, SKILLS), dtype=np.float32),
                modes_T=np.zeros(length, dtype=np.float32),
            )
        )
    return made


def memory(*, paid: bool = False, size: int = 64) -> SegmentMemory:
    torch.manual_seed(0)
    made = SegmentMemory(nn.Linear(2, 6), states=2, actions=2, keys=6, size=size, length=8)
    made.refresh(replay(), None, paid=paid)
    return made


def nowhere(size: int) -> Tensor:
    return torch.full((size,), -1)


def encoder() -> SelfReference:
    torch.manual_seed(0)
    made = recalling_encoder(2, SMALL, SMALL_REFERENCE, "nearest")(2, SKILLS)
    assert isinstance(made, SelfReference)
    made.memory.refresh(replay(), None, paid=False)
    return made


def test_recall_is_brute_force_by_cosine() -> None:
    held = memory()
    queries = torch.randn(5, 6)
    nearest, similarity, there = held.recall(queries, nowhere(5), nowhere(5), 4)
    for number in range(5):
        cosine = functional.cosine_similarity(queries[number, None], held.keys_MR)
        torch.testing.assert_close(similarity[number], cosine.sort(descending=True).values[:4])
        torch.testing.assert_close(cosine[nearest[number]], similarity[number])
    assert there.all()


def test_the_future_of_the_same_episode_is_never_recalled() -> None:
    held = memory()
    queries, episode, step = torch.randn(200, 6), torch.full((200,), 1), torch.full((200,), 20)
    nearest, _, there = held.recall(queries, episode, step, 30)
    recalled = nearest[there]
    own = held.episode_M[recalled] == 1
    assert own.any() and (held.step_M[recalled][own] + 8 <= 20).all()
    elsewhere, _, all_there = held.recall(queries, torch.full((200,), 9), step, 30)
    assert all_there.all() and (held.step_M[elsewhere] + 8 > 20).any()


def test_an_empty_memory_recalls_nothing_and_the_reference_is_finite() -> None:
    torch.manual_seed(0)
    made = recalling_encoder(2, SMALL, SMALL_REFERENCE, "nearest")(2, SKILLS)
    nn.init.normal_(made.output.weight)  # type: ignore[arg-type, union-attr]
    context = made(torch.randn(3, 2), torch.rand(3, SKILLS), nowhere(3), nowhere(3))
    assert torch.isfinite(context).all()
    _, _, there = made.memory.recall(torch.randn(3, SKILLS), nowhere(3), nowhere(3), 4)  # type: ignore[operator, union-attr]
    assert not there.any()


def test_the_order_of_the_memory_does_not_matter() -> None:
    asked = encoder()
    nn.init.normal_(asked.output.weight)
    states, skills = torch.randn(7, 2), torch.rand(7, SKILLS)
    before = asked(states, skills, nowhere(7), nowhere(7))
    order = torch.randperm(SMALL_REFERENCE.segments)
    for name in ("keys_MR", "segments_MV", "episode_M", "step_M", "filled_M"):
        getattr(asked.memory, name).copy_(getattr(asked.memory, name)[order])
    torch.testing.assert_close(asked(states, skills, nowhere(7), nowhere(7)), before)


def test_a_fresh_reference_is_zero_so_the_agent_begins_as_its_base() -> None:
    states, skills = torch.randn(4, 2), torch.rand(4, SKILLS)
    context = encoder()(states, skills, nowhere(4), nowhere(4))
    assert torch.equal(context[:, : 2 + SKILLS], torch.cat([states, skills], -1))
    assert (context[:, 2 + SKILLS :] == 0).all()


def test_segments_carry_rewards_to_go_only_where_there_is_a_task() -> None:
    assert (memory().segments_MV[:, -2:] == 0).all()
    held = memory(paid=True)
    half = held.size // 2
    assert not held.filled_M[:half].any() and held.filled_M[half:].all()
    left = 40 - held.step_M[half:]
    expected = (1 - 0.99**left) / (1 - 0.99)  # of a reward of 1 at each step to the end
    torch.testing.assert_close(held.segments_MV[half:, -2], expected)
    assert (held.segments_MV[half:, -1] == 1).all()


def test_pretraining_stays_in_half_of_the_memory_and_belongs_to_no_episode_of_the_task() -> None:
    held = memory()
    before = held.segments_MV.clone()
    held.refresh(replay(), None, paid=True)
    assert torch.equal(held.segments_MV[:32], before[:32])
    assert not torch.equal(held.segments_MV[32:], before[32:])
    assert (held.episode_M[:32] == -1).all() and (held.episode_M[32:] >= 0).all()


def test_the_critic_trains_the_query_and_the_tokens_but_not_the_features_of_the_base() -> None:
    agent = DdpgAgent(encoder(), 2, SMALL.ddpg)
    asked = agent.encoder
    assert isinstance(asked, SelfReference)
    nn.init.normal_(asked.output.weight, std=0.1)
    before = {name: value.clone() for name, value in asked.state_dict().items()}
    batch = replay().sample(32)
    agent.update(batch, batch.reward_B)
    changed = {name for name, value in asked.state_dict().items() if not torch.equal(value, before[name])}
    assert {"query.0.weight", "token.0.weight", "output.weight", "project_tokens.weight"} <= changed
    assert not {name for name in changed if name.startswith("memory.")}
    assert agent.target_encoder.memory is asked.memory


def test_the_target_follows_slowly_and_reads_the_same_memory() -> None:
    life = recalling_pretraining(NoisyRoom("calm"), SMALL, SMALL_REFERENCE, "nearest", seed=0, device="cpu")
    assert isinstance(life.agent.target_encoder, SelfReference)
    assert isinstance(life.agent.encoder, SelfReference)
    assert life.agent.target_encoder.memory is life.agent.encoder.memory
    assert life.agent.target_encoder.output is not life.agent.encoder.output
    assert life.after_update is not None


def test_every_parameter_of_the_small_model_is_trained_and_no_base_feature_is_one() -> None:
    model = tiny()
    model(torch.randn(2, 2), torch.rand(2, SKILLS)).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert not [name for name, _ in model.named_parameters() if ".features." in name]


def test_the_drifting_reward_falls_with_each_visit() -> None:
    walk = random_walk(400, seed=0)
    assert walk.rewards_T[0] == 1.0
    seen: dict[tuple[float, ...], int] = {}
    for state, reward in zip(walk.states_TO, walk.rewards_T, strict=False):
        visits = seen.get(tuple(state), 0)
        assert reward == pytest.approx((1 + visits) ** -0.5)
        seen[tuple(state)] = visits + 1
