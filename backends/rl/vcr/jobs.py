"""The jobs of VCR: learn a game, play it."""

from backends.lab.reporter import Reporter
from backends.rl.pixels.answering import played, trained
from backends.rl.pixels.answers import GamePlayed, GameTrained
from backends.rl.pixels.training import Loop
from backends.rl.vcr.saved import PROFILE, Variant, load_network, save_network
from backends.rl.vcr.spec import EvaluateParams, TrainParams
from backends.rl.vcr.training import GreedyPlayer, VcrTraining


def train(params: TrainParams, report: Reporter) -> GameTrained:
    """Learn a game and write the network's weights."""
    training, variant = train_network(params, report)
    path = report.artifact_path("network.safetensors")
    save_network(path, variant, training.learner.model.network)
    weights = report.artifact(path, f"A network for {params.game}, taught by {params.method}.")
    return trained(training.curve, weights)


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


def evaluate(params: EvaluateParams, report: Reporter) -> GamePlayed:
    """Play one episode in each of many games side by side."""
    variant, config, network = load_network(params.weights, report.device)
    player = GreedyPlayer(network, params.episodes, config.evaluation_chance)
    return played(player, variant.game, PROFILE, params.episodes, report)
