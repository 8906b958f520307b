"""The jobs of offline data: collect, describe, convert."""

from functools import partial

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from backends.lab.contract import Artifact
from backends.lab.reporter import Reporter
from backends.rl.data.spec import (
    CollectParams,
    CollectResult,
    ConvertParams,
    ConvertResult,
    DescribeParams,
    DescribeResult,
)
from backends.rl.environments.episodes import Behaviour, episode_returns
from backends.rl.environments.episodes import collect as play
from backends.rl.environments.making import Environment, make_environment, widths
from backends.rl.environments.point_maze import PointMaze
from backends.rl.environments.scripted import Policy, maze_expert, pendulum_expert
from backends.rl.offline_agents.online import learn_online
from backends.rl.transitions.opening import check_target, open_transitions, write_transitions
from backends.rl.transitions.plain_files import write_safetensors
from backends.rl.transitions.store import ReferenceReturns, TransitionStore, joined

_MEDIUM_NOISE = 0.5
_MEDIUM_RANDOM = 0.3
_EXPERT_NOISE = 0.1
_MEASURED = 20  # episodes behind a reference return


def collect(params: CollectParams, report: Reporter) -> CollectResult:
    """Make data and write it."""
    environment = make_environment(params.environment)
    if params.out is not None:
        check_target(params.out)
    at_random = _random_policy(environment, params.seed)
    if params.kind == "replay":
        _, store = learn_online(
            environment, params.environment, params.train_steps, params.seed, report.part("sac")
        )
    else:
        expert = _expert(params, environment, report)
        reference = None if expert is None else _reference(environment, at_random, expert, report)
        parts: list[TransitionStore] = []
        for number, (behaviour, share) in enumerate(_behaviours(params, expert or at_random, at_random)):
            if share == 0:
                continue
            part = play(
                environment,
                behaviour,
                max(round(params.transitions * share), 1),
                params.seed + 1000 * number,
                name=f"{params.environment}, {params.kind}",
                environment_name=params.environment,
                reference=reference,
                told=partial(_told, report, sum(map(len, parts)), params.transitions),
            )
            parts.append(part)
        store = joined(parts)
    path = report.artifact_path("transitions.safetensors")
    write_safetensors(store, path)
    kept = report.artifact(path, f"{len(store)} transitions: {store.name}.")
    if params.out is not None:
        write_transitions(store, params.out)
        report.log(f"Also written to {params.out}.")
    return CollectResult(metrics=_facts(store), artifacts=(kept,), data=kept.path)


def describe(params: DescribeParams, report: Reporter) -> DescribeResult:
    """Say what data holds, with a picture of its returns."""
    store = open_transitions(params.data)
    return DescribeResult(
        metrics=_facts(store),
        artifacts=(_picture(store, report),),
        environment=store.environment,
        remarks=store.remarks,
    )


def convert(params: ConvertParams, report: Reporter) -> ConvertResult:
    """Read data and write it in another form."""
    check_target(params.out)
    store = open_transitions(params.data)
    write_transitions(store, params.out)
    return ConvertResult(metrics=_facts(store), written=params.out)


def _behaviours(params: CollectParams, expert: Policy, at_random: Policy) -> list[tuple[Behaviour, float]]:
    """Who acts, and for which share of the data."""
    medium = Behaviour(expert, _MEDIUM_NOISE, _MEDIUM_RANDOM)
    best = Behaviour(expert, _EXPERT_NOISE)
    match params.kind:
        case "random":
            return [(Behaviour(at_random), 1.0)]
        case "medium":
            return [(medium, 1.0)]
        case "medium-expert":
            return [(medium, 0.5), (best, 0.5)]
        case "mixed":
            share = params.expert_share
            return [(best, share), (Behaviour(at_random), 1 - share)]
        case _:
            return [(best, 1.0)]


def _reference(
    environment: Environment, at_random: Policy, expert: Policy, report: Reporter
) -> ReferenceReturns | None:
    """What counts as 0 and 100; None for an expert that has not learnt to be better than chance."""
    random, best = (
        float(episode_returns([environment], policy, _MEASURED, 50_000).mean())
        for policy in (at_random, expert)
    )
    if best > random:
        return ReferenceReturns(random, best)
    report.log(
        f"The expert's return of {best:.1f} is no better than chance's {random:.1f}, so that scores will be "
        "plain returns; --train-steps lets it learn longer."
    )
    return None


def _expert(params: CollectParams, environment: Environment, report: Reporter) -> Policy | None:
    """The written-down expert where there is one, else SAC's policy after its training, if one is needed."""
    if isinstance(environment, PointMaze):
        return maze_expert(environment)
    if params.environment == "Pendulum-v1":
        return pendulum_expert
    if params.kind == "random":
        return None
    report.log(
        f"{params.environment} has no written-down expert; SAC learns one in {params.train_steps} steps."
    )
    policy, _ = learn_online(
        environment, params.environment, params.train_steps, params.seed, report.part("sac")
    )
    return policy


def _random_policy(environment: Environment, seed: int) -> Policy:
    chance = np.random.default_rng(seed)
    width = widths(environment)[1]

    def act(obs: NDArray[np.float32]) -> NDArray[np.float32]:
        return chance.uniform(-1, 1, (len(obs), width)).astype(np.float32)

    return act


def _told(report: Reporter, before: int, of: int, done: int) -> None:
    report.check_cancelled()
    report.progress(before + done, of)


def _facts(store: TransitionStore) -> dict[str, float]:
    returns = store.episode_returns
    facts = {
        "transitions": float(len(store)),
        "episodes": float(store.num_episodes),
        "terminals": float(store.terminal.sum()),
        "state_width": float(store.obs_dim),
        "action_width": float(store.action_dim),
        "return_mean": float(returns.mean()),
        "return_lowest": float(returns.min()),
        "return_highest": float(returns.max()),
        "reward_mean": float(store.reward.mean()),
    }
    if store.reference is not None:
        facts |= {"reference_random": store.reference.random, "reference_expert": store.reference.expert}
    return facts


def _picture(store: TransitionStore, report: Reporter) -> Artifact:
    figure = Figure(figsize=(6, 3.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.hist(store.episode_returns, bins=min(max(store.num_episodes // 4, 5), 50))
    axes.set(xlabel="return of an episode", ylabel="episodes")
    path = report.artifact_path("returns.png")
    figure.savefig(path, dpi=120)
    return report.artifact(path, f"The returns of the {store.num_episodes} episodes of {store.name}.")
