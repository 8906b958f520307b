"""Worlds and learners by name, as the jobs and the comparison take them."""

from dataclasses import dataclass, replace

import numpy as np

from backends.lab.errors import LabError
from backends.rl.gfucb.finite_class import FiniteClassUcb, theoretical_radius
from backends.rl.gfucb.lagrangian import LagrangianUcb
from backends.rl.gfucb.neural_linear import NeuralLinearUcb, NeuralSettings
from backends.rl.gfucb.simulation import BanditLearner, IndependentLearners
from backends.rl.gfucb.spec import LearnerName, WorldName
from backends.rl.gfucb.tasks import BanditTasks, DigitTasks, Floats, ReluFeatures, SharedFeatureTasks

_HIDDEN = 32  # units of a candidate representation


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Tasks, with the class of representations where it is finite, whose first is the true one, and heads."""

    tasks: BanditTasks
    candidates: tuple[ReluFeatures, ...] = ()
    features: int
    heads_MR: Floats


def make_world(
    name: WorldName,
    *,
    num_tasks: int,
    num_arms: int,
    width: int = 8,
    features: int = 5,
    representations: int = 64,
    noise: float = 1.0,
    seed: int,
) -> World:
    """A world. With one seed, fewer tasks are the first of more, under the same representation."""
    stream = np.random.default_rng((seed, 0))
    if name == "digits":
        digits = DigitTasks.draw(num_tasks=num_tasks, num_arms=num_arms, noise=noise, stream=stream)
        return World(tasks=digits, features=10, heads_MR=digits.prices_MR)
    candidates = tuple(ReluFeatures.draw(width, _HIDDEN, features, stream) for _ in range(representations))
    tasks = SharedFeatureTasks.draw(
        candidates[0], num_tasks=num_tasks, num_arms=num_arms, noise=noise, stream=stream
    )
    return World(tasks=tasks, candidates=candidates, features=features, heads_MR=tasks.heads_MR)


def make_learner(
    name: LearnerName, world: World, settings: NeuralSettings, *, scale: float, seed: int
) -> BanditLearner:
    """A learner for a world; `scale` multiplies β of those that hold a confidence set.

    Raises:
        LabError: The learner needs a finite class, and the world has none.
    """
    tasks = world.tasks
    num_tasks, width = tasks.num_tasks, tasks.width
    match name:
        case "exact" | "exact_independent":
            if not world.candidates:
                raise LabError(f"--learner {name} needs a finite class; in this world take --learner shared.")
            if name == "exact":
                return _exact(world, num_tasks, scale)
            return IndependentLearners(tuple(_exact(world, 1, scale) for _ in range(num_tasks)))
        case "linucb":
            radius = scale * theoretical_radius(tasks.noise, 1, width, 1)
            linear = [FiniteClassUcb([_as_it_is], width, 1, radius=radius) for _ in range(num_tasks)]
            return IndependentLearners(tuple(linear))
        case "shared" | "independent":
            return NeuralLinearUcb(width, num_tasks, settings, shared=name == "shared", seed=seed)
        case "greedy":
            return NeuralLinearUcb(width, num_tasks, replace(settings, bonus=0.0), shared=True, seed=seed)
        case "lagrangian":
            radius = scale * theoretical_radius(tasks.noise, num_tasks, settings.features, 1)
            return LagrangianUcb(width, num_tasks, settings, radius=radius, seed=seed)


def _exact(world: World, num_tasks: int, scale: float) -> FiniteClassUcb:
    radius = scale * theoretical_radius(world.tasks.noise, num_tasks, world.features, len(world.candidates))
    return FiniteClassUcb(world.candidates, world.features, num_tasks, radius=radius)


def _as_it_is(arms: Floats) -> Floats:
    return arms
