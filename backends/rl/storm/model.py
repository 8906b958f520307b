"""The world model: frames to tokens and back, what follows a token and an action, its reward and its end."""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.rl.pixels.replay import Windows
from backends.rl.storm.sequence_model import SequenceModel
from backends.rl.storm.tokens import Drawing, divergence, draw, mixed_logits
from backends.rl.storm.two_hot import SymlogTwoHot

# Shape legend: B sequences, L steps, C H W frame, Z token, D width, A actions, N bins


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldModelConfig:
    """The paper's sizes; `drawing` is how tokens are drawn: at random, or, in an ablation, the likeliest."""

    num_actions: int
    side: int = 64
    channels: int = 3
    stem: int = 32
    smallest_side: int = 4
    variables: int = 32
    classes: int = 32
    width: int = 512
    layers: int = 2
    heads: int = 8
    longest: int = 64
    dropout: float = 0.1
    drawing: Drawing = "sample"

    @property
    def token(self) -> int:
        return self.variables * self.classes

    @property
    def state(self) -> int:
        """The width of what the agent sees: a token and a feature."""
        return self.token + self.width

    @property
    def halvings(self) -> int:
        return round(math.log2(self.side // self.smallest_side))


class FrameEncoder(nn.Module):
    """Convolutions that halve the frame and double the channels until the smallest side."""

    def __init__(self, config: WorldModelConfig) -> None:
        super().__init__()
        widths = [config.channels, *(config.stem * 2**number for number in range(config.halvings))]
        parts: list[nn.Module] = []
        for into, out in pairwise(widths):
            parts += [nn.Conv2d(into, out, 4, 2, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
        self.layers = nn.Sequential(*parts)
        self.out_width = widths[-1] * config.smallest_side**2

    def forward(self, frames_BLCHW: Tensor) -> Tensor:
        batch, length = frames_BLCHW.shape[:2]
        features: Tensor = self.layers(frames_BLCHW.flatten(0, 1))
        return features.reshape(batch, length, -1)


class FrameDecoder(nn.Module):
    """The mirror image of the encoder, from a token."""

    def __init__(self, config: WorldModelConfig) -> None:
        super().__init__()
        self.side = config.smallest_side
        top = config.stem * 2 ** (config.halvings - 1)
        self.stem = nn.Linear(config.token, top * self.side**2, bias=False)
        parts: list[nn.Module] = [nn.BatchNorm2d(top), nn.ReLU()]
        width = top
        while width > config.stem:
            parts += [
                nn.ConvTranspose2d(width, width // 2, 4, 2, 1, bias=False),
                nn.BatchNorm2d(width // 2),
                nn.ReLU(),
            ]
            width //= 2
        self.layers = nn.Sequential(*parts, nn.ConvTranspose2d(width, config.channels, 4, 2, 1))

    def forward(self, tokens_BLZ: Tensor) -> Tensor:
        batch, length = tokens_BLZ.shape[:2]
        small: Tensor = self.stem(tokens_BLZ)
        frames: Tensor = self.layers(small.view(batch * length, -1, self.side, self.side))
        return frames.view(batch, length, *frames.shape[1:])


def perceptron(into: int, width: int, out: int) -> nn.Sequential:
    """Two layers with layer norm and a linear answer: every head, and both networks of the agent."""
    return nn.Sequential(
        nn.Linear(into, width, bias=False),
        nn.LayerNorm(width),
        nn.ReLU(),
        nn.Linear(width, width, bias=False),
        nn.LayerNorm(width),
        nn.ReLU(),
        nn.Linear(width, out),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldModelLoss:
    """The parts of the loss and their sum; the divergences are as they are, the sum has them clamped."""

    total: Tensor
    reconstruction: Tensor
    reward: Tensor
    termination: Tensor
    divergence: Tensor


class WorldModel(nn.Module):
    """A frame's token, the feature of a history, and what the heads read from them."""

    def __init__(self, config: WorldModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = FrameEncoder(config)
        self.to_posterior = nn.Linear(self.encoder.out_width, config.token)
        self.decoder = FrameDecoder(config)
        self.sequence = SequenceModel(
            token=config.token,
            actions=config.num_actions,
            width=config.width,
            layers=config.layers,
            heads=config.heads,
            longest=config.longest,
            dropout=config.dropout,
        )
        self.to_prior = nn.Linear(config.width, config.token)
        self.two_hot = SymlogTwoHot()
        self.reward = perceptron(config.width, config.width, len(self.two_hot.bins_N))
        self.termination = perceptron(config.width, config.width, 1)

    def posterior(self, frames_BLCHW: Tensor) -> Tensor:
        """Log-probabilities of the tokens of frames."""
        return mixed_logits(self.to_posterior(self.encoder(frames_BLCHW)), self.config.variables)

    def prior(self, features_BLD: Tensor) -> Tensor:
        """Log-probabilities of the tokens that follow."""
        return mixed_logits(self.to_prior(features_BLD), self.config.variables)

    def tokens(self, frames_BLCHW: Tensor) -> Tensor:
        """Tokens of frames, drawn."""
        return draw(self.posterior(frames_BLCHW), self.config.drawing)

    def following(self, features_BLD: Tensor) -> Tensor:
        """Tokens that follow, drawn."""
        return draw(self.prior(features_BLD), self.config.drawing)

    def one_hot(self, actions_BL: Tensor) -> Tensor:
        """Actions as the sequence model takes them."""
        return functional.one_hot(actions_BL, self.config.num_actions).to(self.to_prior.weight.dtype)

    def loss(self, seen: Windows) -> WorldModelLoss:
        """Reconstruct the frames, predict rewards, ends and the next token.

        The divergences are averaged over everything before a nat of each is free.
        """
        frames = seen.pixels_BLCHW
        posterior = self.posterior(frames)
        tokens = draw(posterior, self.config.drawing)
        reconstructed = self.decoder(tokens)
        features = self.sequence(tokens, self.one_hot(seen.actions_BL))
        prior = self.prior(features)
        reconstruction = (reconstructed - frames).square().sum((-3, -2, -1)).mean()
        reward = self.two_hot.loss(self.reward(features).float(), seen.rewards_BL)
        ends = self.termination(features).squeeze(-1)
        termination = functional.binary_cross_entropy_with_logits(ends.float(), seen.terminals_BL.float())
        dynamics = divergence(posterior[:, 1:].detach(), prior[:, :-1])
        representation = divergence(posterior[:, 1:], prior[:, :-1].detach())
        free = torch.ones_like(dynamics)
        total = reconstruction + reward + termination
        total = total + 0.5 * torch.maximum(free, dynamics) + 0.1 * torch.maximum(free, representation)
        return WorldModelLoss(
            total=total,
            reconstruction=reconstruction,
            reward=reward,
            termination=termination,
            divergence=dynamics,
        )

    def forward(self, frames_BLCHW: Tensor, actions_BLA: Tensor) -> Tensor:
        """All that is predicted from each step, side by side: frame, next token, reward, end.

        For tools that know a model by its output; training uses `loss`.
        """
        tokens = self.tokens(frames_BLCHW)
        features = self.sequence(tokens, actions_BLA)
        predicted = (
            self.decoder(tokens).flatten(2),
            self.prior(features).flatten(2),
            self.reward(features),
            self.termination(features),
        )
        return torch.cat(predicted, -1)
