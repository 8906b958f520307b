"""The job of GFUCB for decisions in a row: play simulated processes."""

from dataclasses import dataclass

import numpy as np

from backends.lab.reporter import Reporter
from backends.rl.gfucb.mdps.learner import ProcessLearner, process_radii
from backends.rl.gfucb.mdps.play import play_episodes
from backends.rl.gfucb.mdps.worlds import LinearProcesses, draw_features, every_pair_for_itself
from backends.rl.gfucb.spec import SimulateProcessesParams, SimulateProcessesResult
from backends.rl.gfucb.tasks import Floats


@dataclass(frozen=True, slots=True)
class ProcessWorld:
    """Tasks, and the class of representations, whose first is the true one."""

    tasks: LinearProcesses
    candidates_NSAR: Floats


def simulate_processes(params: SimulateProcessesParams, report: Reporter) -> SimulateProcessesResult:
    """Play a world, and write the curve of the regret."""
    world = make_process_world(params)

    def heard(done: int) -> None:
        report.check_cancelled()
        report.progress(done, params.episodes)

    learners = process_learners(params, world)
    regret_EM = play_episodes(world.tasks, learners, params.episodes, params.seed, heard)
    curve = regret_EM.cumsum(0).mean(1)
    content = {"regret_by_episode": curve.tolist(), "learner": params.learner}
    artifact = report.json_artifact("regret.json", content, "Regret of an average task after each episode.")
    return SimulateProcessesResult(
        metrics={"regret": float(curve[-1]), "last_episode_regret": float(regret_EM[-1].mean())},
        artifacts=(artifact,),
        regret=float(curve[-1]),
        regret_by_task=tuple(float(one) for one in regret_EM.sum(0)),
        best_return=float(world.tasks.best_values()[0].max(-1).mean()),
    )


def make_process_world(params: SimulateProcessesParams) -> ProcessWorld:
    """A world. With one seed, fewer tasks are the first of more, on the same process."""
    stream = np.random.default_rng((params.seed, 0))
    candidates = np.stack(
        [
            draw_features(params.states, params.actions, params.features, stream)
            for _ in range(params.representations)
        ]
    )
    tasks = LinearProcesses.draw(
        candidates[0],
        num_tasks=params.tasks,
        num_steps=params.steps,
        noise=params.noise,
        stream=stream,
    )
    return ProcessWorld(tasks, candidates)


def process_learners(params: SimulateProcessesParams, world: ProcessWorld) -> list[ProcessLearner]:
    """One learner for all tasks, or one for each."""
    candidates = world.candidates_NSAR
    alone = params.learner in ("independent", "tabular")
    if params.learner == "tabular":
        candidates = every_pair_for_itself(params.states, params.actions)[None]
    tasks = 1 if alone else params.tasks
    scale = 0.0 if params.learner == "greedy" else params.scale
    radii = scale * process_radii(params.noise, tasks, candidates.shape[-1], len(candidates), params.steps)
    return [ProcessLearner(candidates, tasks, radii_H=radii) for _ in range(params.tasks if alone else 1)]
