"""The small experiment of the continuous form: what teaches the latent model where actions steer."""

from statistics import fmean

from backends.lab.reporter import Reporter
from backends.rl.pixels.answering import random_steering_returns
from backends.rl.pixels.opening import REACH
from backends.rl.vcr.comparison import Form, compare
from backends.rl.vcr.control.jobs import train_controller
from backends.rl.vcr.spec import ReproduceControlParams, ReproduceResult, TrainControlParams


def reproduce_control(params: ReproduceControlParams, report: Reporter) -> ReproduceResult:
    """Compare what teaches the latent model where actions steer."""
    form = Form(
        base="drq",
        small=REACH,
        job="train_control",
        train=lambda asked, part: train_controller(TrainControlParams.model_validate(asked), part)[0].curve,
        chance=lambda game: fmean(random_steering_returns(game, params.episodes, report)),
    )
    return compare(form, params, report)
