"""Offline updates a second: TD3+BC, IQL and CQL beside CORL's, each at CORL's sizes.

States of 17 numbers, actions of 6, batches of 256 out of 100,000 random transitions. An update is all that a
step of training costs: drawing the batch, values, policy, targets. Ours and theirs live in processes of their
own, as trainings do (in one process each finds the memory as the other left it), and take turns, some tenths
of a second each, so that both meet the same machine. Where its memory lies makes a process some hundredths
faster or slower, so several pairs are launched. The figure is the median of the turns' ratios. CORL's three
files are read from a folder that `--corl` names; libraries of theirs that an update does not need are
left out.

    python -m benchmarks.rl_offline_speed --corl CORL/algorithms/offline --threads 2 1 --json FILE
"""

import argparse
import importlib.util
import multiprocessing
import statistics
import sys
import time
import types
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from backends.rl.offline_agents.agent import OfflineAgent
from backends.rl.offline_agents.batches import TransitionTensors
from backends.rl.offline_agents.cql import CQL, CQLConfig
from backends.rl.offline_agents.iql import IQL, IQLConfig
from backends.rl.offline_agents.td3_bc import TD3BC, TD3BCConfig
from backends.rl.samplers.index_stream import IndexStream
from backends.rl.transitions.store import StateScaling, TransitionStore, make_store
from benchmarks.measured import written

OBS, ACTION, BATCH, SIZE = 17, 6, 256, 100_000
UPDATES = {"td3_bc": 40, "iql": 30, "cql": 2}
"""Updates in a turn."""
WARM = 3

Update = Callable[[], object]


class Corl(Protocol):
    """What a file of CORL holds, as far as it is used here."""

    ReplayBuffer: Any


def random_store() -> TransitionStore:
    """Transitions that mean nothing."""
    chance = np.random.default_rng(0)
    return make_store(
        {
            "obs": chance.standard_normal((SIZE, OBS)),
            "next_obs": chance.standard_normal((SIZE, OBS)),
            "action": chance.uniform(-1, 1, (SIZE, ACTION)),
            "reward": chance.standard_normal(SIZE),
            "terminal": chance.random(SIZE) < 0.001,
            "timeout": np.zeros(SIZE),
        },
        name="random",
    )


def our_update(name: str, store: TransitionStore) -> Update:
    """One step of ours, with CORL's layers: three of 256 for CQL, two for the others."""
    torch.manual_seed(0)
    agent: OfflineAgent
    match name:
        case "td3_bc":
            agent = TD3BC(OBS, ACTION, TD3BCConfig())
        case "iql":
            agent = IQL(OBS, ACTION, IQLConfig(decay_steps=1_000_000))
        case _:
            agent = CQL(OBS, ACTION, CQLConfig(weight=10.0, policy_rate=3e-5, hidden=(256, 256, 256)))
    data = TransitionTensors.of(store, discount=0.99, scaling=StateScaling.of(store))
    stream = IndexStream(size=SIZE, batch_size=BATCH, seed=0)
    counted = iter(range(1_000_000_000))

    def update() -> None:
        batch = data.batch(stream[next(counted)])
        agent.critic_step(batch)
        agent.actor_step(batch)

    return update


def their_update(name: str, store: TransitionStore, folder: Path) -> Update:
    """One step of CORL's, as its own loop takes it."""
    module = _corl(folder / f"{name}.py")
    torch.manual_seed(0)
    buffer = module.ReplayBuffer(OBS, ACTION, SIZE, "cpu")
    buffer.load_d4rl_dataset(
        {
            "observations": store.obs,
            "actions": store.action,
            "rewards": store.reward,
            "next_observations": store.next_obs,
            "terminals": store.terminal.astype(np.float32),
        }
    )
    trainer = _trainer(name, module)
    return lambda: trainer.train([column.to("cpu") for column in buffer.sample(BATCH)])


def _trainer(name: str, corl: Any) -> Any:
    def adam(network: torch.nn.Module, rate: float = 3e-4) -> torch.optim.Adam:
        return torch.optim.Adam(network.parameters(), lr=rate)

    match name:
        case "td3_bc":
            actor = corl.Actor(OBS, ACTION, 1.0)
            one, two = corl.Critic(OBS, ACTION), corl.Critic(OBS, ACTION)
            return corl.TD3_BC(1.0, actor, adam(actor), one, adam(one), two, adam(two))
        case "iql":
            actor, twin, value = (
                corl.GaussianPolicy(OBS, ACTION, 1.0), corl.TwinQ(OBS, ACTION), corl.ValueFunction(OBS)
            )  # fmt: skip
            return corl.ImplicitQLearning(1.0, actor, adam(actor), twin, adam(twin), value, adam(value))
        case _:
            one, two = (corl.FullyConnectedQFunction(OBS, ACTION, False, 3) for _ in range(2))
            actor = corl.TanhGaussianPolicy(OBS, ACTION, 1.0)
            return corl.ContinuousCQL(
                one, adam(one), two, adam(two), actor, adam(actor, 3e-5),
                target_entropy=-float(ACTION), policy_lr=3e-5, cql_alpha=10.0, bc_steps=0,
            )  # fmt: skip


def _corl(file: Path) -> Any:
    """A file of CORL as a module; what only its command line and its evaluation need is stood in for."""
    stands_in = types.ModuleType("pyrallis")
    stands_in.wrap = lambda *_: lambda function: function  # type: ignore[attr-defined]
    gym = types.ModuleType("gym")
    gym.Env = object  # type: ignore[attr-defined]
    for name, module in (
        ("pyrallis", stands_in), ("gym", gym),
        ("d4rl", types.ModuleType("d4rl")), ("wandb", types.ModuleType("wandb")),
    ):  # fmt: skip
        sys.modules.setdefault(name, module)
    spec = importlib.util.spec_from_file_location(f"corl_{file.stem}", file)
    assert spec is not None and spec.loader is not None, f"{file} is no module"
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found
    spec.loader.exec_module(found)
    return found


def work(side: str, name: str, folder: Path, threads: int, order: Connection) -> None:
    """A process that makes as many updates as it is told to, and answers with the seconds they took."""
    torch.set_num_threads(threads)
    store = random_store()
    update = our_update(name, store) if side == "ours" else their_update(name, store, folder)
    while (count := order.recv()) > 0:
        begin = time.perf_counter()
        for _ in range(count):
            update()
        order.send(time.perf_counter() - begin)


class Worker:
    """The side of a comparison that runs in a process of its own."""

    def __init__(self, side: str, name: str, folder: Path, threads: int) -> None:
        self._orders, theirs = multiprocessing.Pipe()
        spawn = multiprocessing.get_context("spawn")
        self._process = spawn.Process(target=work, args=(side, name, folder, threads, theirs), daemon=True)
        self._process.start()
        theirs.close()  # so that a process that died is heard of

    def __call__(self, count: int) -> float:
        """Updates a second over so many."""
        self._orders.send(count)
        return count / float(self._orders.recv())

    def end(self) -> None:
        self._orders.send(0)
        self._process.join()


def turns(name: str, folder: Path, threads: int, rounds: int) -> list[tuple[float, float]]:
    """Both rates in each turn of a pair of processes."""
    ours, theirs = (Worker(side, name, folder, threads) for side in ("ours", "corl"))
    count = UPDATES[name]
    for worker in (ours, theirs):
        for _ in range(WARM):
            worker(count)
    found = [(ours(count), theirs(count)) for _ in range(rounds)]
    ours.end()
    theirs.end()
    return found


def compare(name: str, folder: Path, threads: int, rounds: int, launches: int) -> dict[str, Any]:
    """Medians of both rates, the median ratio of a turn, and the ratios' quartiles."""
    found = [turn for _ in range(launches) for turn in turns(name, folder, threads, rounds)]
    low, middle, high = statistics.quantiles((one / other for one, other in found), n=4)
    result = {
        "agent": name,
        "threads": threads,
        "ours": round(statistics.median(one for one, _ in found), 1),
        "corl": round(statistics.median(other for _, other in found), 1),
        "ratio": round(middle, 2),
        "ratio_quartiles": [round(low, 2), round(high, 2)],
    }
    print(result, flush=True)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--corl", type=Path, required=True, help="folder with td3_bc.py, iql.py and cql.py")
    parser.add_argument("--agents", nargs="+", default=list(UPDATES), choices=list(UPDATES))
    parser.add_argument("--threads", nargs="+", type=int, default=[torch.get_num_threads()])
    parser.add_argument("--rounds", type=int, default=20, help="turns of a pair of processes")
    parser.add_argument("--launches", type=int, default=4, help="pairs of processes")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    found = [
        compare(name, asked.corl, threads, asked.rounds, asked.launches)
        for threads in asked.threads
        for name in asked.agents
    ]
    written(asked.json, {"updates_a_second": found})


if __name__ == "__main__":
    main()
