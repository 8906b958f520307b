"""Decision processes that share features: exact values, fits and sets, optimism, and what sharing saves."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.lab.events import EventList
from backends.lab.reporter import Reporter
from backends.rl.gfucb.finite_class import FiniteClassUcb
from backends.rl.gfucb.mdps.jobs import make_process_world, process_learners, simulate_processes
from backends.rl.gfucb.mdps.learner import ProcessLearner, process_radii
from backends.rl.gfucb.mdps.optimism import JointSet, Seen
from backends.rl.gfucb.mdps.play import play_episodes
from backends.rl.gfucb.mdps.reproduce import reproduce_processes
from backends.rl.gfucb.mdps.worlds import LinearProcesses, draw_features, every_pair_for_itself
from backends.rl.gfucb.spec import ProcessLearnerName, ReproduceProcessesParams, SimulateProcessesParams
from backends.rl.gfucb.tasks import Floats

STATES, ACTIONS, FEATURES = 5, 3, 2
seeds = st.integers(0, 10_000)


def drawn(seed: int, *, tasks: int = 2, steps: int = 3, count: int = 4) -> tuple[LinearProcesses, Floats]:
    """A world and its class, of which the first is true."""
    stream = np.random.default_rng(seed)
    candidates = np.stack([draw_features(STATES, ACTIONS, FEATURES, stream) for _ in range(count)])
    world = LinearProcesses.draw(candidates[0], num_tasks=tasks, num_steps=steps, noise=0.1, stream=stream)
    return world, candidates


def experienced(
    world: LinearProcesses, candidates: Floats, radius: float, episodes: int = 6
) -> ProcessLearner:
    radii = np.full(world.num_steps, radius)
    learner = ProcessLearner(candidates, world.num_tasks, radii_H=radii)
    play_episodes(world, [learner], episodes, 0)
    return learner


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_moves_are_chances_and_the_best_values_are_linear_in_the_true_features(seed: int) -> None:
    world, candidates = drawn(seed)
    np.testing.assert_allclose(world.moves_SAS.sum(-1), 1.0)
    assert (world.moves_SAS >= 0).all()
    linear = np.einsum("sar,hmr->hmsa", candidates[0], world.best_heads())
    np.testing.assert_allclose(linear, world.best_values(), atol=1e-12)


def test_a_policy_is_worth_what_its_episodes_come_to() -> None:
    world, _ = drawn(0, tasks=1, steps=2)
    policy = np.array([[[0, 1, 2, 0, 1]], [[2, 2, 1, 1, 0]]])
    moves, rewards = world.moves_SAS, world.rewards_MSA[0]
    later = rewards[np.arange(STATES), policy[1, 0]]
    now = [
        rewards[state, policy[0, 0, state]] + moves[state, policy[0, 0, state]] @ later
        for state in range(STATES)
    ]
    np.testing.assert_allclose(world.values_of(policy)[0], now)
    assert (world.best_values()[0].max(-1) >= world.values_of(policy) - 1e-12).all()


def test_with_episodes_of_one_step_it_plays_as_the_bandit_does() -> None:
    world, candidates = drawn(3, tasks=3, steps=1)
    stream = np.random.default_rng(0)
    learner = ProcessLearner(candidates, 3, radii_H=np.array([0.7]))
    states = np.arange(STATES * ACTIONS, dtype=np.float64)

    def representation(number: int) -> "Table":
        return Table(candidates[number].reshape(len(states), FEATURES))

    bandit = FiniteClassUcb([representation(number) for number in range(4)], FEATURES, 3, radius=0.7)
    for _ in range(25):
        starts = stream.integers(STATES, size=3)
        arms = (starts[:, None] * ACTIONS + np.arange(ACTIONS))[..., None].astype(np.float64)
        chosen, value = bandit.optimistic(arms)
        promise = learner.promise(starts)
        actions = promise.values_HMSA[0, np.arange(3), starts].argmax(-1)
        assert actions.tolist() == chosen.tolist()
        assert promise.total == pytest.approx(value)
        paid = world.rewards_MSA[np.arange(3), starts, actions] + 0.3 * stream.normal(size=3)
        bandit.learn(arms[np.arange(3), chosen], paid)
        learner.learn(starts[None], actions[None], paid[None], np.zeros((1, 3), dtype=np.int64))


class Table:
    """Features that are looked up by the number of a pair."""

    def __init__(self, rows: Floats) -> None:
        self._rows = rows

    def __call__(self, arms: Floats) -> Floats:
        found: Floats = self._rows[arms[..., 0].astype(np.int64)]
        return found


@given(seeds)
@settings(max_examples=10, deadline=None)
def test_what_is_promised_agrees_with_the_data_and_the_truth_is_in_a_wide_set(seed: int) -> None:
    world, candidates = drawn(seed)
    learner = experienced(world, candidates, radius=0.5)
    promise = learner.promise(np.zeros(2, dtype=np.int64))
    # A hair wider, for promises lie on the border.
    ours = JointSet(candidates, learner.seen, np.full(3, 0.5 + 1e-9))
    agrees = ours.contains(promise.representation, promise.heads_HMR)
    assert agrees or promise.total == -np.inf
    wide = experienced(world, candidates, radius=1e4).joint_set
    assert wide.contains(0, world.best_heads())


def test_where_no_representation_agrees_the_one_that_disagrees_least_is_taken() -> None:
    world, candidates = drawn(119)
    seen = experienced(world, candidates, radius=0.5).seen
    promise = JointSet(candidates, seen, np.zeros(3)).most_optimistic(np.zeros(2, dtype=np.int64), 2)
    assert promise.total == -np.inf
    misfits = [worst_misfit(candidates, seen, number) for number in range(len(candidates))]
    assert min(misfits) > 0
    assert promise.representation == int(np.argmin(misfits))


def worst_misfit(candidates_NSAR: Floats, seen: Seen, number: int) -> float:
    """By how much a representation explains less than the best, at its worst step, its own values ahead."""
    steps, tasks = seen.paid_HMSA.shape[:2]
    later_MS = np.zeros((tasks, STATES))
    worst = 0.0
    for step in reversed(range(steps)):
        explained, values = [], np.zeros((tasks, STATES))
        for one, features in enumerate(candidates_NSAR):
            total = 0.0
            for task in range(tasks):
                counted, wanted = np.eye(FEATURES), np.zeros(FEATURES)
                for state, action in np.ndindex(STATES, ACTIONS):
                    row = features[state, action]
                    counted += seen.visits_HMSA[step, task, state, action] * np.outer(row, row)
                    ahead = seen.moves_HMSAT[step, task, state, action] @ later_MS[task]
                    wanted += row * (seen.paid_HMSA[step, task, state, action] + ahead)
                head = np.linalg.solve(counted, wanted)
                total += float(wanted @ head)
                if one == number:
                    values[task] = (features @ head).max(-1).clip(0, steps - step)
            explained.append(total)
        worst = max(worst, max(explained) - explained[number])
        later_MS = values
    return worst


@given(seeds)
@settings(max_examples=10, deadline=None)
def test_a_set_that_holds_the_truth_promises_at_least_the_best_values(seed: int) -> None:
    world, candidates = drawn(seed)
    starts = np.array([1, 4])
    best = world.best_values()[0][np.arange(2), starts].max(-1).sum()
    for radius in (3.0, 30.0):
        learner = experienced(world, candidates, radius)
        if learner.joint_set.contains(0, world.best_heads()):
            assert learner.promise(starts).total >= best - 1e-9


@given(seeds)
@settings(max_examples=8, deadline=None)
def test_no_function_drawn_from_the_set_promises_more(seed: int) -> None:
    world, candidates = drawn(seed, steps=2)
    learner = experienced(world, candidates, radius=2.0)
    joint, starts = learner.joint_set, np.array([0, 3])
    total = learner.promise(starts).total
    fit = ProcessLearner(candidates, 2, radii_H=np.zeros(2))
    fit.seen = learner.seen
    centre = fit.promise(starts)
    stream = np.random.default_rng(seed)
    inside = 0
    for _ in range(300):
        heads = centre.heads_HMR + 0.5 * stream.normal(size=centre.heads_HMR.shape)
        if joint.contains(centre.representation, heads):
            inside += 1
            values = np.einsum("sar,mr->msa", candidates[centre.representation], heads[0])
            assert values[np.arange(2), starts].max(-1).sum() <= total + 1e-9
    assert inside > 0


def test_without_a_budget_the_values_are_those_of_the_fit() -> None:
    world, _ = drawn(1, tasks=1, steps=2)
    pairs = every_pair_for_itself(STATES, ACTIONS)
    learner = experienced(world, pairs[None], radius=0.0, episodes=12)
    values = learner.promise(np.array([0])).values_HMSA
    seen = learner.seen
    visits = seen.visits_HMSA
    # One feature a pair and a ridge of one: each value is a sum over visits, divided by one more than them.
    last = seen.paid_HMSA[1] / (visits[1] + 1)
    np.testing.assert_allclose(values[1], last, atol=1e-12)
    later = last.max(-1).clip(0, 1)
    first = (seen.paid_HMSA[0] + np.einsum("msat,mt->msa", seen.moves_HMSAT[0], later)) / (visits[0] + 1)
    np.testing.assert_allclose(values[0], first, atol=1e-12)


def test_beta_grows_with_what_is_still_to_come() -> None:
    radii = process_radii(0.1, num_tasks=2, features=3, representations=1, num_steps=3)
    assert radii.tolist() == pytest.approx([6 * 1.01, 6 * 0.26, 6 * 0.01])


def test_fewer_tasks_are_the_first_of_more_and_play_under_the_same_chances() -> None:
    few, many = (make_process_world(SimulateProcessesParams(tasks=count, seed=2)) for count in (2, 4))
    np.testing.assert_array_equal(few.tasks.causes_RS, many.tasks.causes_RS)
    np.testing.assert_array_equal(few.tasks.heads_MR, many.tasks.heads_MR[:2])
    asked = SimulateProcessesParams(tasks=4, learner="independent", seed=2)
    alone = process_learners(asked, many)[:2]
    regret = play_episodes(many.tasks, process_learners(asked, many), 5, 2)
    np.testing.assert_allclose(play_episodes(few.tasks, alone, 5, 2), regret[:, :2])


def total_regret(learner: ProcessLearnerName, tasks: int, seed: int) -> float:
    asked = SimulateProcessesParams(learner=learner, tasks=tasks, seed=seed, states=6, episodes=20)
    world = make_process_world(asked)
    return float(play_episodes(world.tasks, process_learners(asked, world), 20, seed).sum(0).mean())


def test_sharing_saves_more_than_each_pair_for_itself() -> None:
    joint = [total_regret("joint", 5, seed) for seed in range(2)]
    tabular = [total_regret("tabular", 5, seed) for seed in range(2)]
    assert np.mean(joint) < np.mean(tabular)


def test_a_simulation_tells_the_regret_of_each_task(tmp_path: Path) -> None:
    report = Reporter(EventList(), tmp_path, "cpu")
    result = simulate_processes(SimulateProcessesParams(tasks=3, episodes=4), report)
    assert len(result.regret_by_task) == 3
    assert result.regret == pytest.approx(np.mean(result.regret_by_task))
    assert 0 < result.best_return < 4


def test_the_experiment_has_a_row_for_every_arm(tmp_path: Path) -> None:
    report = Reporter(EventList(), tmp_path, "cpu")
    result = reproduce_processes(
        ReproduceProcessesParams(episodes=6, seeds=2, tasks=(1, 2), scales=(0.1,)), report
    )
    assert [(row["learner"], row["tasks"], row["scale"]) for row in result.table] == [
        ("joint", 1, 1.0),
        ("joint", 2, 1.0),
        ("independent", 2, 1.0),
        ("tabular", 2, 1.0),
        ("greedy", 2, 0.0),
        ("joint", 2, 0.1),
    ]
    assert {"saved_beside_greedy", "saved_beside_fewest_tasks_half_width"} <= set(result.metrics)
