"""Environment steps a second on one thread while a network acts: our loops beside CleanRL's own.

The network is TD3's actor, two layers of 256. `collect` keeps the transitions of one environment, as their
loop does in its buffer. `episodes` plays several environments for their returns and `pendulums` as many
pendulums as one array, both beside CleanRL's loop without the buffer.

CleanRL's loop is read from its td3_continuous_action.py and run as it stands, less the training, from a
checkout that `--reference` names. It was written for gymnasium before 1.0, where the last observation of an
episode had another name and vector environments began anew within a step; both are put back for it, and its
log of episodes is left out. Rounds of ours and theirs alternate; the clock is the process's own computing
time, so that a busy machine does not disturb it.

    python -m benchmarks.rl_env_speed --reference CLEANRL/ --json benchmarks/results/rl_env_speed.json
"""

import argparse
import ast
import statistics
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from numpy.typing import NDArray

from backends.rl.environments.episodes import Behaviour, collect, episode_returns
from backends.rl.environments.making import make_environment, widths
from backends.rl.environments.mixtures import swing
from backends.rl.environments.scripted import Policy
from backends.rl.offline_agents.td3_bc import TD3BC, TD3BCConfig
from benchmarks.measured import written

EPISODES = {"Pendulum-v1": 200, "HalfCheetah-v5": 1000}
"""Environments, and their time limits, which alone end an episode of theirs."""
SEVERAL = 8
NOISE = 0.1

Way = Callable[[int], int]
"""Plays about so many steps; how many they were."""


def acting(name: str) -> Policy:
    """Our TD3's actor for an environment."""
    torch.manual_seed(0)
    agent = TD3BC(*widths(make_environment(name)), TD3BCConfig())

    def policy(states: NDArray[np.float32]) -> NDArray[np.float32]:
        return agent.act(torch.from_numpy(states)).numpy()

    return policy


def ours(name: str) -> dict[str, Way]:
    """Our loops in an environment."""
    policy, length = acting(name), EPISODES[name]
    one, several = make_environment(name), [make_environment(name) for _ in range(SEVERAL)]

    def collected(steps: int) -> int:
        behaviour = Behaviour(policy, noise=NOISE)
        return len(collect(one, behaviour, steps, 0, name=name, environment_name=name))

    def episodes(steps: int) -> int:
        count = SEVERAL * max(steps // (SEVERAL * length), 1)
        return len(episode_returns(several, policy, count, seed=0)) * length

    def pendulums(steps: int) -> int:
        rounds = max(steps // (SEVERAL * length), 1)
        chance = np.random.default_rng(0)
        return sum(swing(policy, SEVERAL, chance)["reward"].size for _ in range(rounds))

    ways: dict[str, Way] = {"collect": collected, "episodes": episodes}
    if name == "Pendulum-v1":
        ways["pendulums"] = pendulums
    return ways


class OlderVectors(SyncVectorEnv):
    """Vector environments that begin anew and name the last observation as before gymnasium 1.0."""

    def __init__(self, makers: list[Callable[[], gym.Env[Any, Any]]]) -> None:
        super().__init__(makers, autoreset_mode=AutoresetMode.SAME_STEP)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        seen, rewards, ended, cut, infos = super().step(actions)
        if "final_obs" in infos:
            infos["final_observation"] = infos.pop("final_obs")
            infos.pop("final_info")  # of the log, which is left out
        return seen, rewards, ended, cut, infos


class TheirLoop:
    """CleanRL's acting loop: its own statements, so many rounds of them.

    Args:
        checkout: The repository.
        name: The environment.
        number: Environments side by side.
        kept: Whether transitions go into the buffer.
    """

    def __init__(self, checkout: Path, name: str, number: int, *, kept: bool) -> None:
        self._number = number
        file = checkout / "cleanrl" / "td3_continuous_action.py"
        tree = ast.parse(file.read_text(encoding="utf-8"))
        main = tree.body.pop()
        assert isinstance(main, ast.If), "the file ends otherwise than it did"
        loop = next(one for one in main.body if isinstance(one, ast.For))
        loop.body = [
            one
            for one in loop.body
            if "rb.sample" not in ast.unparse(one) and (kept or "rb.add" not in ast.unparse(one))
        ]
        self._loop = compile(ast.fix_missing_locations(ast.Module([loop], [])), "cleanrl", "exec")
        sys.path.insert(0, str(checkout))
        for stands_in in ("tyro", "torch.utils.tensorboard"):  # of the command line and the log
            sys.modules.setdefault(stands_in, types.ModuleType(stands_in))
        sys.modules["torch.utils.tensorboard"].SummaryWriter = object  # type: ignore[attr-defined]
        self._names: dict[str, Any] = {"__name__": "cleanrl_td3", "__file__": str(file)}
        sys.modules["cleanrl_td3"] = types.ModuleType("cleanrl_td3")
        exec(compile(tree, "cleanrl", "exec"), self._names)
        self._begin(name)

    def _begin(self, name: str) -> None:
        names = self._names
        envs = OlderVectors(
            [names["make_env"](name, number, number, False, "") for number in range(self._number)]
        )
        envs.single_observation_space.dtype = np.dtype(np.float32)
        device = torch.device("cpu")
        torch.manual_seed(0)
        buffer = names["ReplayBuffer"](
            100_000,
            envs.single_observation_space,
            envs.single_action_space,
            device,
            n_envs=self._number,
            handle_timeout_termination=False,
        )
        asked = types.SimpleNamespace(total_timesteps=0, learning_starts=0, exploration_noise=NOISE, seed=0)
        first, _ = envs.reset(seed=0)
        names |= {
            "envs": envs,
            "device": device,
            "actor": names["Actor"](envs),
            "rb": buffer,
            "args": asked,
            "obs": first,
        }

    def __call__(self, steps: int) -> int:
        self._names["args"].total_timesteps = steps // self._number
        exec(self._loop, self._names)
        return steps // self._number * self._number


def theirs(checkout: Path, name: str) -> dict[str, Way]:
    """CleanRL's loop beside each of ours."""
    several = TheirLoop(checkout, name, SEVERAL, kept=False)
    return {
        "collect": TheirLoop(checkout, name, 1, kept=True),
        "episodes": several,
        "pendulums": several,
    }


def rate(way: Way, steps: int) -> float:
    """Steps a second of computing time."""
    begin = time.process_time()
    played = way(steps)
    return played / (time.process_time() - begin)


def compare(checkout: Path | None, rounds: int, steps: int) -> dict[str, Any]:
    """Rates of each way: medians over alternating rounds, and the median of the rounds' ratios."""
    result: dict[str, Any] = {}
    for name in EPISODES:
        other = {} if checkout is None else theirs(checkout, name)
        for way, our_way in ours(name).items():
            their_way = other.get(way)
            found: list[tuple[float, float]] = []
            for _ in range(rounds):
                our_rate = rate(our_way, steps)
                found.append((our_rate, 0.0 if their_way is None else rate(their_way, steps)))
            told: dict[str, Any] = {"ours": round(statistics.median(one for one, _ in found))}
            if their_way is not None:
                ratios = [one / another for one, another in found]
                told |= {
                    "cleanrl": round(statistics.median(another for _, another in found)),
                    "ratio": round(statistics.median(ratios), 2),
                    "ratio_lowest": round(min(ratios), 2),
                    "ratio_highest": round(max(ratios), 2),
                }
            result[f"{name}, {way}"] = told
            print(name, way, told, flush=True)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--reference", type=Path, help="a checkout of CleanRL")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=8000, help="steps in a round")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    found = compare(asked.reference, asked.rounds, asked.steps)
    written(
        asked.json,
        {"gymnasium": gym.__version__, "steps_a_second": found},
    )


if __name__ == "__main__":
    main()
