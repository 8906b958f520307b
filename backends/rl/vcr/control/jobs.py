"""The jobs of VCR's continuous form: learn to steer a game, steer it."""

from backends.lab.reporter import Reporter
from backends.rl.pixels.answering import steered, trained
from backends.rl.pixels.answers import GamePlayed, GameTrained
from backends.rl.pixels.training import Loop
from backends.rl.vcr.control.saved import ControlVariant, load_controller, save_controller
from backends.rl.vcr.control.training import ControlTraining, SteeringPlayer
from backends.rl.vcr.spec import EvaluateControlParams, TrainControlParams


def train_control(params: TrainControlParams, report: Reporter) -> GameTrained:
    """Learn to steer a game and write what was learnt."""
    training, variant = train_controller(params, report)
    path = report.artifact_path("controller.safetensors")
    save_controller(path, variant, training.learner.model)
    weights = report.artifact(path, f"A controller of {params.game}, taught by {params.method}.")
    return trained(training.curve, weights)


def train_controller(params: TrainControlParams, report: Reporter) -> tuple[ControlTraining, ControlVariant]:
    """One training, for `train_control` and for each arm of `reproduce_control`."""
    variant = ControlVariant(
        game=params.game, preset=params.preset, method=params.method, teach_values=params.teach_values
    )
    loop = Loop(
        game=params.game,
        profile="drq",
        seed=params.seed,
        steps=params.steps,
        log_every=params.log_every,
        evaluate_every=params.evaluate_every,
        episodes=params.episodes,
    )
    training = ControlTraining(variant.config(), loop, report)
    training.run()
    return training, variant


def evaluate_control(params: EvaluateControlParams, report: Reporter) -> GamePlayed:
    """Steer one episode in each of many games side by side."""
    variant, model = load_controller(params.weights, report.device)
    return steered(SteeringPlayer(model, params.episodes), variant.game, params.episodes, report)
