"""The loop of offline training: two streams of batches, evaluations, checkpoints, an eye on divergence."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from backends.lab.checkpoint import load_checkpoint, random_state, restore_random_state, save_checkpoint
from backends.lab.reporter import Reporter
from backends.rl.offline_agents.agent import OfflineAgent
from backends.rl.offline_agents.batches import TransitionBatch, TransitionTensors
from backends.rl.offline_agents.divergence_watch import DivergenceWatch, Watched
from backends.rl.samplers.index_stream import IndexStream

Evaluate = Callable[[OfflineAgent], Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """Which transitions the steps are made of.

    Without `policy` the policy learns from the values' batch; with it the two are decoupled, as OPER wants.
    The weights multiply losses, for those who reweigh instead of resample.
    """

    values: IndexStream
    policy: IndexStream | None = None
    value_weights: Tensor | None = None
    policy_weights: Tensor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineTraining:
    """How long, and what happens in between; `watch_every` None looks at no divergence."""

    steps: int
    evaluate_every: int | None = None
    log_every: int = 100
    checkpoint_every: int = 2000
    watch_every: int | None = 1000
    before_step: Callable[[int], None] = lambda step: None


@dataclass
class OfflineTrained:
    """What a training came to. `diverged_at` is the step at which it ended as its values had diverged."""

    agent: OfflineAgent
    steps: int = 0
    history: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    excitation: list[tuple[int, float, float]] = field(default_factory=list)
    diverged_at: int | None = None
    seconds: float = 0.0

    @property
    def final(self) -> dict[str, float]:
        """The last evaluation."""
        return dict(self.history[-1][1]) if self.history else {}

    @property
    def best(self) -> dict[str, float]:
        """The highest value of each metric over all evaluations: reported beside the final, never instead."""
        names = self.final
        return {name: max(found[name] for _, found in self.history) for name in names}


def train_offline(
    agent: OfflineAgent,
    data: TransitionTensors,
    streams: Streams,
    training: OfflineTraining,
    report: Reporter,
    evaluate: Evaluate | None = None,
) -> OfflineTrained:
    """Train an agent, or go on with the training that `report.checkpoints` holds.

    Raises:
        Stopped: The run was cancelled; a checkpoint was written first.
    """
    trained = OfflineTrained(agent)
    file = report.checkpoints / "offline.safetensors"
    if file.exists():
        _restore(trained, load_checkpoint(file))
    watch = _watch(agent, data, training, report)
    begin, before = time.perf_counter(), trained.seconds
    while trained.steps < training.steps:
        if report.cancelled():
            trained.seconds = before + time.perf_counter() - begin
            _save(trained, file)
            report.check_cancelled()
        training.before_step(trained.steps)
        metrics = _step(agent, data, streams, trained.steps)
        trained.steps += 1
        step, at_end = trained.steps, trained.steps == training.steps
        report.progress(step, training.steps)
        if watch is not None and (step % (training.watch_every or 1) == 0 or at_end):
            _look(trained, watch.look(agent), file, report)
        if trained.diverged_at is None and (step % training.log_every == 0 or step == 1 or at_end):
            told = {name: float(value) for name, value in metrics.items()}
            if watch is not None and not all(map(math.isfinite, told.values())):
                # Seen between two looks: what the watch says of values that are no numbers holds here too.
                _look(trained, Watched(math.inf, None), file, report)
            elif told:
                report.metric(step, **told)
        if trained.diverged_at is not None:
            break
        if evaluate is not None and (_due(step, training.evaluate_every) or at_end):
            found = dict(evaluate(agent))
            trained.history.append((step, found))
            report.metric(step, **found)
        if _due(step, training.checkpoint_every) or at_end:
            trained.seconds = before + time.perf_counter() - begin
            _save(trained, file)
    trained.seconds = before + time.perf_counter() - begin
    return trained


def _step(agent: OfflineAgent, data: TransitionTensors, streams: Streams, number: int) -> dict[str, Tensor]:
    batch = _batch(data, streams.values[number], streams.value_weights)
    metrics = agent.critic_step(batch)
    if streams.policy is not None or streams.policy_weights is not streams.value_weights:
        index = batch.index if streams.policy is None else streams.policy[number]
        batch = _batch(data, index, streams.policy_weights)
    return metrics | agent.actor_step(batch)


def _batch(data: TransitionTensors, index: Tensor, weights: Tensor | None) -> TransitionBatch:
    return data.batch(index, None if weights is None else weights.index_select(0, index))


def _watch(
    agent: OfflineAgent, data: TransitionTensors, training: OfflineTraining, report: Reporter
) -> DivergenceWatch | None:
    if training.watch_every is None or agent.critics is None:
        return None
    return DivergenceWatch(data, report.device)


def _look(trained: OfflineTrained, seen: Watched, file: Path, report: Reporter) -> None:
    if seen.measured is not None:
        trained.excitation.append((trained.steps, seen.measured.normalised, seen.excess))
        report.metric(
            trained.steps, excitation=seen.measured.normalised, value_over_largest_return=seen.excess
        )
    if seen.diverged:
        trained.diverged_at = trained.steps
        beyond = "they exceed every return that the data allows more than tenfold"
        how = beyond if math.isfinite(seen.excess) else "they are too large for numbers"
        kept = f"the last state before is kept in {file}" if file.exists() else "no earlier state was kept"
        report.log(
            f"The values have diverged by step {trained.steps}: {how}. Training ends here; {kept}. LayerNorm "
            "in the critics or a constraint may help."
        )


def _due(step: int, every: int | None) -> bool:
    return every is not None and step % every == 0


def _save(trained: OfflineTrained, file: Path) -> None:
    state: dict[str, Any] = {
        "steps": trained.steps,
        "history": trained.history,
        "excitation": trained.excitation,
        "seconds": trained.seconds,
        "agent": trained.agent.state(),
        "random": random_state(),
    }
    save_checkpoint(file, state)


def _restore(trained: OfflineTrained, state: Mapping[str, Any]) -> None:
    trained.steps, trained.seconds = state["steps"], state["seconds"]
    trained.history = [(step, dict(found)) for step, found in state["history"]]
    trained.excitation = [(step, one, other) for step, one, other in state["excitation"]]
    trained.agent.restore(state["agent"])
    restore_random_state(state["random"])
