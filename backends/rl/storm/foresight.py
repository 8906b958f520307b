"""How well dreams foresee: the same actions, imagined and real, step by step.

A step counts until the episode's end, after which the next episode's beginning could only be guessed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from backends.rl.pixels.game import Frame
from backends.rl.pixels.replay import Windows
from backends.rl.storm.imagination import Imagined, frames_of, imagine
from backends.rl.storm.model import WorldModel

# Shape legend: B dreams, L steps of context and dream, T dreamt steps, C H W frame

Landmark = Callable[[Frame], int | None]
"""Finds in a frame what a person would look for, such as the place of a ball."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """By the number of the step: the mean squared error of a pixel, and the share of landmarks in place.

    `rewards` is the share of steps with a reward whose reward was foreseen to within a half, `ends` that of
    all steps whose end, or going on, was foreseen. None where nothing could be compared.
    """

    pixel_errors: tuple[float | None, ...]
    landmarks: tuple[float | None, ...]
    rewards: float | None
    ends: float | None


def dream_again(world: WorldModel, real: Windows, context: int) -> Imagined:
    """Imagine what follows the context with the actions that were really taken."""
    horizon = real.actions_BL.shape[1] - context
    return imagine(
        world,
        lambda _, step: real.actions_BL[:, context + step],
        real.pixels_BLCHW[:, :context],
        real.actions_BL[:, :context],
        horizon,
    )


def dreamt_frames(world: WorldModel, dreams: Imagined) -> Tensor:
    """The frames of the dreams after their context, as bytes."""
    return (frames_of(world, dreams)[:, :-1] * 255).round().to(torch.uint8)


def foresight(world: WorldModel, real: Windows, context: int, landmark: Landmark | None = None) -> Foresight:
    """Compare dreams with what really followed their contexts."""
    dreams = dream_again(world, real, context)
    shown = dreamt_frames(world, dreams)
    happened = real.frames_BLCHW[:, context:]
    over = real.overs_BL[:, context - 1 : -1].long().cumsum(1)
    counts_BT = over == 0
    errors_BT = ((shown.float() - happened.float()) / 255).square().mean((-3, -2, -1))
    rewards = real.rewards_BL[:, context:]
    rewarded = counts_BT & (rewards != 0)
    near = (dreams.rewards_BT - rewards).abs() < 0.5
    ends_right = dreams.ends_BT == real.terminals_BL[:, context:]
    steps = range(counts_BT.shape[1])
    return Foresight(
        pixel_errors=tuple(_mean(errors_BT[:, step], counts_BT[:, step]) for step in steps),
        landmarks=tuple(
            None
            if landmark is None
            else _agreement(shown[:, step], happened[:, step], counts_BT[:, step], landmark)
            for step in steps
        ),
        rewards=_mean(near.float(), rewarded),
        ends=_mean(ends_right.float(), counts_BT),
    )


def _mean(values: Tensor, counted: Tensor) -> float | None:
    return float(values[counted].mean()) if counted.any() else None


def _agreement(shown: Tensor, happened: Tensor, counted: Tensor, landmark: Landmark) -> float | None:
    pairs = [
        (landmark(one.cpu().numpy()), landmark(other.cpu().numpy()))
        for one, other, counts in zip(shown, happened, counted.tolist(), strict=True)
        if counts
    ]
    known = [dreamt == real for dreamt, real in pairs if real is not None]
    return float(np.mean(known)) if known else None
