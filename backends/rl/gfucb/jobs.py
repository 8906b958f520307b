"""The jobs of GFUCB: play simulated tasks, and choose arms from a log of one's own."""

import torch

from backends.lab.reporter import Reporter
from backends.rl.gfucb.learners import make_learner, make_world
from backends.rl.gfucb.logs import read_arms, read_log
from backends.rl.gfucb.neural_linear import NeuralLinearUcb, NeuralSettings
from backends.rl.gfucb.simulation import play
from backends.rl.gfucb.spec import SimulateParams, SimulateResult, Suggestion, SuggestParams
from backends.rl.gfucb.tasks import Floats

_FITS = 100  # steps of Adam between two reports


def simulate(params: SimulateParams, report: Reporter) -> SimulateResult:
    """Play a world, and write the curve of the regret."""
    world = make_world(
        params.world, num_tasks=params.tasks, num_arms=params.arms, noise=params.noise, seed=params.seed
    )
    settings = NeuralSettings(bonus=params.bonus, updates=params.updates)
    learner = make_learner(params.learner, world, settings, scale=params.scale, seed=params.seed)

    def heard(done: int) -> None:
        report.check_cancelled()
        report.progress(done, params.rounds)

    regret_TM = play(world.tasks, learner, params.rounds, params.seed, heard)
    curve_T = regret_TM.cumsum(0).mean(1)
    content = {"regret_by_round": curve_T.tolist(), "learner": params.learner, "world": params.world}
    artifact = report.json_artifact("regret.json", content, "Regret of an average task after each round.")
    by_task = tuple(float(one) for one in regret_TM.sum(0))
    return SimulateResult(
        metrics={"regret": float(curve_T[-1]), "last_round_regret": float(regret_TM[-1].mean())},
        artifacts=(artifact,),
        regret=float(curve_T[-1]),
        regret_by_task=by_task,
    )


def suggest(params: SuggestParams, report: Reporter) -> Suggestion:
    """Fit a shared trunk with a head for each task to a log, and choose by the highest index."""
    log = read_log(params.log)
    arms = read_arms(params.arms, log)
    settings = NeuralSettings(bonus=params.bonus)
    learner = NeuralLinearUcb(log.width, len(log.tasks), settings, shared=True, seed=params.seed)
    for arms_MD, rewards_M, played_M in log.rounds():
        learner.remember(arms_MD, rewards_M, played_M)
    for done in range(0, params.updates, _FITS):
        report.check_cancelled()
        learner.fit(min(_FITS, params.updates - done))
        report.progress(min(done + _FITS, params.updates), params.updates)
    chosen: dict[str, int] = {}
    expected: dict[str, float] = {}
    bonus: dict[str, float] = {}
    for task, (rows, arms_KD) in arms.items():
        mean_K, bonus_K = _judge(learner, log.tasks.index(task), arms_KD)
        best = int((mean_K + bonus_K).argmax())
        chosen[task] = rows[best]
        expected[task] = log.unscaled(mean_K[best])
        bonus[task] = float(bonus_K[best]) * log.reward_scale
    return Suggestion(
        metrics={"tasks": float(len(log.tasks)), "log_rows": float(log.num_rows)},
        chosen=chosen,
        expected=expected,
        bonus=bonus,
    )


def _judge(learner: NeuralLinearUcb, task: int, arms_KD: Floats) -> tuple[Floats, Floats]:
    """What the learner predicts of one task's arms, and their bonus."""
    everywhere_MKD = torch.from_numpy(arms_KD).float().expand(len(learner.history.rewards_MT), -1, -1)
    means_MK, bonus_MK = learner.judge(everywhere_MKD)
    return means_MK[task].double().numpy(), bonus_MK[task].double().numpy()
