"""STORM's updates a second at the published sizes, ours and the released code's, on one machine.

Both work in fp32 on the processor. The released code names the GPU in its source, which is read here with the
names replaced; nothing else of it is changed. What an update of the world model and one of the agent (dreams
from a context of 8 for 16 steps, and the update on them) take is timed in turns.

    python -m benchmarks.storm_speed --reference STORM/ --json benchmarks/results/storm_speed.json
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, optim

from backends.rl.pixels.replay import Windows
from backends.rl.storm.imagination import imagine
from backends.rl.storm.model import WorldModel
from backends.rl.storm.presets import atari, new_agent
from benchmarks.measured import written

ACTIONS = 6
FILES = ("agents.py", "utils.py", *(f"sub_models/{name}.py" for name in (
    "attention_blocks", "functions_losses", "transformer_model", "world_models"
)))  # fmt: skip
Ways = dict[str, Callable[[], object]]


def seen(batch: int, length: int) -> Windows:
    """Steps of noise: the speed does not depend on what is seen."""
    shape = (batch, length)
    return Windows(
        frames_BLCHW=torch.randint(256, (*shape, 3, 64, 64), dtype=torch.uint8),
        actions_BL=torch.randint(ACTIONS, shape),
        rewards_BL=torch.randn(shape),
        terminals_BL=torch.rand(shape) < 0.05,
        overs_BL=torch.zeros(shape, dtype=torch.bool),
    )


def ours(real: Windows, context: Windows, horizon: int) -> Ways:
    """One update of each kind, by this repository."""
    config = atari(ACTIONS)
    world, agent = WorldModel(config.world), new_agent(config)
    world_optimiser = optim.Adam(world.parameters(), lr=config.world_rate, fused=True)
    agent_optimiser = optim.Adam(agent.parameters(), lr=config.agent_rate, fused=True)

    def descend(optimiser: optim.Optimizer, loss: Tensor, module: torch.nn.Module, clip: float) -> None:
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(module.parameters(), clip)
        optimiser.step()

    def teach_world() -> None:
        world.train()
        descend(world_optimiser, world.loss(real).total, world, config.world_clip)

    def teach_agent() -> None:
        dreams = imagine(
            world,
            lambda states, _: agent.act(states),
            context.pixels_BLCHW,
            context.actions_BL,
            horizon,
        )
        descend(agent_optimiser, agent.loss(dreams).total, agent, config.agent_clip)
        agent.follow_slowly()

    return {"world model": teach_world, "agent": teach_agent}


def released(folder: Path, real: Windows, context: Windows, horizon: int) -> Ways:
    """One update of each kind, by the released code in `folder`."""
    world_models, agents = _released_modules(folder)
    world = world_models.WorldModel(3, ACTIONS, 64, 512, 2, 8)
    agent = agents.ActorCriticAgent(1536, 2, 512, ACTIONS, 0.985, 0.95, 3e-4)
    world.use_amp = agent.use_amp = False
    world.tensor_dtype = agent.tensor_dtype = torch.float32

    def teach_world() -> None:
        terminals = real.terminals_BL.float()
        world.update(real.pixels_BLCHW, real.actions_BL.float(), real.rewards_BL, terminals)

    def teach_agent() -> None:
        world.eval()
        agent.eval()
        with torch.no_grad():
            latent, action, reward, termination = world.imagine_data(
                agent,
                context.pixels_BLCHW,
                context.actions_BL.float(),
                imagine_batch_size=len(context.actions_BL),
                imagine_batch_length=horizon,
                log_video=False,
                logger=None,
            )
        agent.update(latent, action, None, None, reward, termination)

    return {"world model": teach_world, "agent": teach_agent}


def _released_modules(folder: Path) -> tuple[Any, Any]:
    """The modules of the released code, for the processor. What only its logs need is left out."""
    place = Path(tempfile.mkdtemp())
    (place / "sub_models").mkdir()
    for name in FILES:
        text = (folder / name).read_text(encoding="utf-8")
        text = text.replace('"cuda"', '"cpu"').replace("'cuda'", "'cpu'").replace(".cuda()", "")
        (place / name).write_text(text.replace("torch.cuda.amp.GradScaler(enabled=self.use_amp)",
                                               "torch.amp.GradScaler('cpu', enabled=False)"))  # fmt: skip
    for name, content in (("tensorboardX", "SummaryWriter"), ("yacs", "config"), ("yacs.config", "CfgNode")):
        unused = ModuleType(name)
        setattr(unused, content, object)
        sys.modules.setdefault(name, unused)
    for name in [name for name in sys.modules if name == "agents" or name.startswith("agents.")]:
        del sys.modules[name]  # theirs has the name of our package
    sys.path.insert(0, str(place))
    return import_module("sub_models.world_models"), import_module("agents")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--reference", type=Path, help="a folder with the released code")
    parser.add_argument("--batch", type=int, default=16, help="sequences of 64 steps")
    parser.add_argument("--dreams", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    torch.manual_seed(0)
    real, context = seen(asked.batch, 64), seen(asked.dreams, 8)
    sides = {"ours": ours(real, context, 16)}
    if asked.reference is not None:
        sides["released"] = released(asked.reference, real, context, 16)
    seconds: dict[str, dict[str, list[float]]] = {side: {} for side in sides}
    for number in range(asked.rounds + 1):
        for kind in ("world model", "agent"):
            for side, ways in sides.items():
                begin = time.process_time()
                ways[kind]()
                took = time.process_time() - begin
                if number:  # the first round warms up
                    seconds[side].setdefault(kind, []).append(took)
                print(f"{kind}, {side}: {took:.2f} s", flush=True)
    median = {
        side: {kind: round(statistics.median(all_), 3) for kind, all_ in kinds.items()}
        for side, kinds in seconds.items()
    }
    result: dict[str, Any] = {
        "benchmark": "storm_speed",
        "clock": "processor seconds of one thread" if asked.threads == 1 else "processor seconds",
        "threads": asked.threads,
        "rounds": asked.rounds,
        "batch": [asked.batch, 64],
        "dreams": [asked.dreams, 8, 16],
        "seconds_an_update": median,
        "all_seconds": {
            side: {kind: [round(one, 3) for one in all_] for kind, all_ in kinds.items()}
            for side, kinds in seconds.items()
        },
    }
    if "released" in median:
        result["times_as_fast"] = {
            kind: round(median["released"][kind] / took, 2) for kind, took in median["ours"].items()
        }
    written(asked.json, result)


if __name__ == "__main__":
    main()
