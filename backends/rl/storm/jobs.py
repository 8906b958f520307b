"""The jobs of STORM: learn a game, play it, dream of it."""

from statistics import fmean

import torch

from backends.lab.errors import LabError
from backends.lab.reporter import Reporter
from backends.rl.pixels.answering import played, trained
from backends.rl.pixels.answers import GamePlayed, GameTrained
from backends.rl.pixels.catch import Catch
from backends.rl.pixels.game import Frame
from backends.rl.pixels.opening import CATCH, open_plays
from backends.rl.pixels.replay import PixelReplay, Windows
from backends.rl.pixels.strips import save_strips
from backends.rl.pixels.training import Loop
from backends.rl.storm.foresight import dream_again, dreamt_frames, foresight
from backends.rl.storm.player import Player
from backends.rl.storm.saved import Variant, config_of, load_player, save_player
from backends.rl.storm.spec import (
    EvaluateParams,
    ImagineParams,
    ImagineResult,
    TrainParams,
)
from backends.rl.storm.training import StormTraining

_WINDOW_SEED = 700_000
_LONGEST_DELAY = 4
"""Steps of an episode of the small Catch."""


def train(params: TrainParams, report: Reporter) -> GameTrained:
    """Learn a game and write the weights of the world model and the agent."""
    training, variant = train_player(params, report)
    path = report.artifact_path("player.safetensors")
    save_player(path, variant, training.world, training.agent)
    weights = report.artifact(path, f"STORM's world model and agent for {params.game}.")
    return trained(training.curve, weights)


def train_player(params: TrainParams, report: Reporter) -> tuple[StormTraining, Variant]:
    """One training, for `train` and for each arm of `reproduce`."""
    variant = Variant(
        game=params.game,
        profile=params.profile,
        preset=params.preset,
        drawing=params.drawing,
        returns=params.returns,
        act_on_seen=params.act_on_seen,
    )
    config = config_of(variant, params.train_every)
    loop = Loop(
        game=params.game,
        profile=params.profile,
        seed=params.seed,
        steps=params.steps,
        log_every=params.log_every,
        evaluate_every=params.evaluate_every,
        episodes=params.episodes,
    )
    training = StormTraining(config, loop, report, params.precision)
    training.run()
    return training, variant


def evaluate(params: EvaluateParams, report: Reporter) -> GamePlayed:
    """Play one episode in each of many games side by side."""
    variant, config, world, agent = load_player(params.weights, report.device)
    return played(Player(config, world, agent), variant.game, variant.profile, params.episodes, report)


def imagine(params: ImagineParams, report: Reporter) -> ImagineResult:
    """Dream on from real steps, and go on really with the same actions."""
    variant, config, world, agent = load_player(params.weights, report.device)
    horizon = len(params.actions) or params.horizon
    if config.context + horizon > config.world.longest:
        raise LabError(
            f"A dream of {horizon} steps after {config.context} real ones is longer than the "
            f"{config.world.longest} steps that this world model can read; ask for fewer."
        )
    if wrong := [action for action in params.actions if not 0 <= action < config.world.num_actions]:
        last = config.world.num_actions - 1
        raise LabError(f"--actions {wrong[0]}: {variant.game} has actions 0 to {last}.")
    player = Player(config, world, agent)
    length = config.context + horizon
    real = real_windows(player, variant, params.dreams, length, report, params.actions)
    landmark = Catch(CATCH[variant.game]).ball_column if variant.game in CATCH else None
    seen = foresight(world, real, config.context, landmark)
    dreams = dream_again(world, real, config.context)
    path = report.artifact_path("dreams.png")
    number = min(params.strips, params.dreams)
    save_strips(path, _strips(real, dreamt_frames(world, dreams), config.context, number))
    drawn = report.artifact(path, "Pairs of what really happened and, below, the dream of the same actions.")
    rows = tuple(
        {
            "step": float(step + 1),
            "pixel_error": seen.pixel_errors[step],
            "ball_in_place": seen.landmarks[step],
            "imagined_reward": float(dreams.rewards_BT[:, step].mean()),
            "real_reward": float(real.rewards_BL[:, config.context + step].mean()),
        }
        for step in range(horizon)
    )
    known = [error for error in seen.pixel_errors if error is not None]
    return ImagineResult(
        metrics={"pixel_error": fmean(known)} if known else {},
        artifacts=(drawn,),
        steps=rows,
        rewards_foreseen=seen.rewards,
        ends_foreseen=seen.ends,
    )


def real_windows(
    player: Player, variant: Variant, number: int, length: int, report: Reporter, last: tuple[int, ...] = ()
) -> Windows:
    """Steps of so many games under the agent, of which the last few may have actions that are given.

    The games are begun at different times, so that the windows show different parts of an episode.
    """
    plays = open_plays(variant.game, number, _WINDOW_SEED, variant.profile)
    delays = [place % _LONGEST_DELAY for place in range(number)]
    for play, delay in zip(plays.plays, delays, strict=True):
        for _ in range(delay):
            play.step(int(torch.randint(plays.num_actions, ())))
    replay = PixelReplay(length, plays.frame_shape, number, report.device)
    for step in range(length):
        report.check_cancelled()
        frames = plays.frames
        actions = player.act(frames)
        if step >= length - len(last):
            actions = [last[step - length]] * number
        replay.append(frames, actions, plays.step(actions))
    numbers = torch.arange(number, device=report.device)
    return replay.windows(torch.zeros_like(numbers), numbers, length)


def _strips(real: Windows, dreamt: torch.Tensor, context: int, number: int) -> list[list[Frame]]:
    rows = []
    for dream in range(number):
        before = [frame.cpu().numpy() for frame in real.frames_BLCHW[dream]]
        after = [frame.cpu().numpy() for frame in dreamt[dream]]
        rows += [before, before[:context] + after]
    return rows
