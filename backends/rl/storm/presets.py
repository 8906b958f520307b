"""Complete settings of STORM: the paper's for Atari, and one that a CPU learns Catch with in a minute."""

from dataclasses import dataclass, field

from backends.rl.storm.actor_critic import ActorCritic, AgentConfig
from backends.rl.storm.model import WorldModel, WorldModelConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class StormConfig:
    """Networks, batches, rates and the loop. The defaults are the paper's.

    `act_on_seen` lets the policy see the token of the current frame; the released code shows it the one that
    was expected instead, so that a frame is known to it one step late.
    """

    world: WorldModelConfig
    agent: AgentConfig = field(default_factory=AgentConfig)
    warmup: int = 1024
    capacity: int = 100_000
    train_every: int = 1
    batch: int = 16
    length: int = 64
    dreams: int = 1024
    context: int = 8
    horizon: int = 16
    memory: int = 16
    world_rate: float = 1e-4
    world_clip: float = 1000.0
    agent_rate: float = 3e-5
    agent_epsilon: float = 1e-5
    agent_clip: float = 100.0
    act_on_seen: bool = False


def atari(num_actions: int) -> StormConfig:
    """The paper's settings."""
    return StormConfig(world=WorldModelConfig(num_actions=num_actions))


def tiny(num_actions: int) -> StormConfig:
    """An eighth of the widths for frames of 10 pixels, and rates that suit a thousand steps."""
    return StormConfig(
        world=WorldModelConfig(
            num_actions=num_actions,
            side=10,
            smallest_side=5,
            stem=16,
            variables=8,
            classes=8,
            width=64,
            layers=2,
            heads=4,
            longest=32,
            dropout=0.0,
        ),
        agent=AgentConfig(width=64, entropy=0.02),
        warmup=150,
        capacity=20_000,
        batch=8,
        length=16,
        dreams=64,
        context=2,
        horizon=6,
        memory=2,
        world_rate=3e-3,
        agent_rate=1e-3,
    )


def atari_world(num_actions: int = 18) -> WorldModel:
    """The paper's world model, with the most actions that an Atari game has."""
    return WorldModel(atari(num_actions).world)


def tiny_world(num_actions: int = 3) -> WorldModel:
    """The small world model, for Catch."""
    return WorldModel(tiny(num_actions).world)


def new_agent(config: StormConfig) -> ActorCritic:
    """An agent with fresh weights that fits the world model."""
    return ActorCritic(config.world.state, config.world.num_actions, config.agent)
