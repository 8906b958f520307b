"""The small experiment: what teaches the latent model, on small games, over seeds."""

from statistics import fmean

from backends.lab.reporter import Reporter
from backends.rl.pixels.episodes import random_returns
from backends.rl.pixels.opening import CATCH
from backends.rl.vcr.comparison import Form, compare
from backends.rl.vcr.jobs import train_network
from backends.rl.vcr.saved import PROFILE
from backends.rl.vcr.spec import ReproduceParams, ReproduceResult, TrainParams


def reproduce(params: ReproduceParams, report: Reporter) -> ReproduceResult:
    """Compare what teaches the latent model where actions are chosen."""
    form = Form(
        base="rainbow",
        small=CATCH,
        job="train",
        train=lambda asked, part: train_network(TrainParams.model_validate(asked), part)[0].curve,
        chance=lambda game: fmean(random_returns(game, PROFILE, params.episodes, report)),
    )
    return compare(form, params, report)
