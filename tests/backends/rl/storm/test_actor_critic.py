"""The agent: its returns, what advantages are divided by, the slow critic, and that it learns from dreams."""

from dataclasses import replace

import pytest
import torch

from backends.rl.storm.actor_critic import ActorCritic, AgentConfig, ReturnForm, mixed_returns, smallest_but
from backends.rl.storm.imagination import Imagined

CONFIG = AgentConfig(width=16, discount=0.9, trace=0.8)
REWARDS = torch.tensor([[1.0, 0.0, 2.0]])
VALUES = torch.tensor([[10.0, 20.0, 30.0, 40.0]])


def test_the_returns_of_the_released_code_mix_with_the_value_that_a_step_began_from() -> None:
    last = 2 + 0.9 * (0.2 * 30 + 0.8 * 40)
    middle = 0 + 0.9 * (0.2 * 20 + 0.8 * last)
    first = 1 + 0.9 * (0.2 * 10 + 0.8 * middle)
    found = mixed_returns(REWARDS, VALUES, torch.zeros(1, 3), CONFIG)
    assert found[0].tolist() == pytest.approx([first, middle, last])


def test_the_fixed_returns_mix_with_the_value_that_a_step_led_to() -> None:
    last = 2 + 0.9 * 40
    middle = 0 + 0.9 * (0.2 * 30 + 0.8 * last)
    first = 1 + 0.9 * (0.2 * 20 + 0.8 * middle)
    found = mixed_returns(REWARDS, VALUES, torch.zeros(1, 3), replace(CONFIG, returns="fixed"))
    assert found[0].tolist() == pytest.approx([first, middle, last])


@pytest.mark.parametrize("form", ["paper", "fixed"])
def test_nothing_counts_after_an_end(form: ReturnForm) -> None:
    config = replace(CONFIG, returns=form)
    ends = torch.tensor([[False, True, False]])
    found = mixed_returns(REWARDS, VALUES, ends, config)
    changed = mixed_returns(REWARDS + torch.tensor([[0.0, 0.0, 9.0]]), VALUES, ends, config)
    assert found[0, 1] == 0.0
    torch.testing.assert_close(found[:, :2], changed[:, :2])


def test_percentiles_are_the_kth_smallest() -> None:
    values = torch.randperm(200).float().view(10, 20)
    assert float(smallest_but(values, 0.05)) == 9.0
    assert float(smallest_but(values, 0.95)) == 189.0


def dreams(batch: int = 64, steps: int = 8) -> Imagined:
    """In whose every state action 1 pays and nothing else does."""
    actions = torch.randint(3, (batch, steps))
    return Imagined(
        states_BTS=torch.randn(batch, steps + 1, 6),
        actions_BT=actions,
        rewards_BT=(actions == 1).float() * 10,
        ends_BT=torch.zeros(batch, steps, dtype=torch.bool),
    )


def test_the_spread_follows_the_percentiles_from_0_on() -> None:
    torch.manual_seed(0)
    agent = ActorCritic(6, 3, CONFIG)
    low = high = 0.0
    for _ in range(5):
        seen = dreams()
        with torch.no_grad():
            values = agent.two_hot.decode(agent.critic(seen.states_BTS))
            returns = mixed_returns(seen.rewards_BT, values, seen.ends_BT, CONFIG)
        low = 0.99 * low + 0.01 * float(smallest_but(returns, 0.05))
        high = 0.99 * high + 0.01 * float(smallest_but(returns, 0.95))
        spread = float(agent.loss(seen).spread)
        assert float(agent.lowest) == pytest.approx(low)
        assert float(agent.highest) == pytest.approx(high)
        assert spread == pytest.approx(max(high - low, 1.0))


def test_the_slow_critic_follows_the_critic() -> None:
    agent = ActorCritic(6, 3, CONFIG)
    slow, fast = next(agent.slow_critic.parameters()), next(agent.critic.parameters())
    begin = slow.clone()
    with torch.no_grad():
        fast.add_(1.0)
    agent.follow_slowly()
    torch.testing.assert_close(slow, 0.98 * begin + 0.02 * fast)


def test_only_policy_and_critic_learn() -> None:
    agent = ActorCritic(6, 3, CONFIG)
    agent.loss(dreams()).total.backward()  # type: ignore[no-untyped-call]
    idle = {name.split(".")[0] for name, one in agent.named_parameters() if one.grad is None}
    assert idle == {"slow_critic"}


def test_the_agent_learns_what_pays() -> None:
    torch.manual_seed(0)
    agent = ActorCritic(6, 3, CONFIG)
    learnt = [*agent.actor.parameters(), *agent.critic.parameters()]
    optimiser = torch.optim.Adam(learnt, lr=3e-3)
    for _ in range(60):
        optimiser.zero_grad()
        agent.loss(dreams()).total.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        agent.follow_slowly()
    states = torch.randn(500, 6)
    assert float((agent.act(states, greedy=True) == 1).float().mean()) > 0.95
    assert float((agent.act(states) == 1).float().mean()) > 0.6


def test_actions_are_drawn_as_often_as_the_policy_says() -> None:
    torch.manual_seed(0)
    agent = ActorCritic(6, 3, CONFIG)
    state = torch.randn(1, 6)
    wanted = agent.actor(state).softmax(-1)[0]
    shares = torch.bincount(agent.act(state.expand(20_000, 6)), minlength=3) / 20_000
    torch.testing.assert_close(shares, wanted, atol=0.018, rtol=0)
