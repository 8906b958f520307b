"""The jobs of VCR: learn a game, play it."""

from statistics import fmean

from backends.lab.intervals import mean_interval
from backends.lab.reporter import Reporter
from backends.rl.pixels.atari_scores import human_normalised
from backends.rl.pixels.episodes import evaluation_plays, first_returns, random_returns
from backends.rl.pixels.training import Loop
from backends.rl.vcr.saved import PROFILE, Variant, load_network, save_network
from backends.rl.vcr.spec import EvaluateParams, EvaluateResult, TrainParams, TrainResult
from backends.rl.vcr.training import GreedyPlayer, VcrTraining


def train(params: TrainParams, report: Reporter) -> TrainResult:
    """Learn a game and write the network's weights."""
    training, variant = train_network(params, report)
    path = report.artifact_path("network.safetensors")
    save_network(path, variant, training.learner.model.network)
    weights = report.artifact(path, f"A network for {params.game}, taught by {params.method}.")
    curve = tuple((point.step, point.mean_return) for point in training.curve)
    final, best = curve[-1][1], max(mean_return for _, mean_return in curve)
    return TrainResult(
        metrics={"mean_return": final, "best_return": best},
        artifacts=(weights,),
        mean_return=final,
        best_return=best,
        curve=curve,
        weights=weights.path,
    )


def train_network(params: TrainParams, report: Reporter) -> tuple[VcrTraining, Variant]:
    """One training, for `train` and for each arm of `reproduce`."""
    variant = Variant(
        game=params.game,
        preset=params.preset,
        method=params.method,
        distance=params.distance,
        teach_head=params.teach_head,
    )
    loop = Loop(
        game=params.game,
        profile=PROFILE,
        seed=params.seed,
        steps=params.steps,
        log_every=params.log_every,
        evaluate_every=params.evaluate_every,
        episodes=params.episodes,
    )
    training = VcrTraining(variant.config(), loop, report)
    training.run()
    return training, variant


def evaluate(params: EvaluateParams, report: Reporter) -> EvaluateResult:
    """Play one episode in each of many games side by side."""
    variant, config, network = load_network(params.weights, report.device)
    plays = evaluation_plays(variant.game, PROFILE, params.episodes)
    player = GreedyPlayer(network, params.episodes, config.evaluation_chance)
    returns = first_returns(player, plays, report)
    mean_return, half_width = mean_interval(returns)
    return EvaluateResult(
        metrics={
            "mean_return": mean_return,
            "mean_return_half_width": half_width,
            "random_return": fmean(random_returns(variant.game, PROFILE, params.episodes, report)),
        },
        returns=tuple(returns),
        human_normalised=human_normalised(variant.game.removeprefix("ALE/"), mean_return),
    )
