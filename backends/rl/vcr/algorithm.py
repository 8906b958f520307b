"""One update: distributional double Q-learning over several steps, with what teaches the latent model."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn, optim

from backends.rl.pixels.replay import Windows
from backends.rl.pixels.stacks import stacks_of
from backends.rl.vcr.augmentation import brightened, shifted
from backends.rl.vcr.consistency import imagined_values, latent_distance, still_going, value_distance
from backends.rl.vcr.networks import RainbowNetwork, RainbowWithModel
from backends.rl.vcr.presets import VcrConfig
from backends.rl.vcr.values import atoms_of, cross_entropy, expected, projected, surprise

# Shape legend: B steps drawn, K steps imagined, M = 1 + the steps ahead, C H W frame, A actions, N atoms


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """The drawn steps with what followed. `stacks_BMCHW` are bytes, of the step itself first.

    An episode cut by a time limit counts as ended: there is no later frame of it to value.
    """

    stacks_BMCHW: Tensor
    actions_BM: Tensor
    rewards_BM: Tensor
    ends_BM: Tensor

    @classmethod
    def of(cls, seen: Windows, stack: int) -> "Moments":
        """From windows that begin `stack - 1` steps before the drawn ones."""
        before = stack - 1
        return cls(
            stacks_BMCHW=stacks_of(seen, stack),
            actions_BM=seen.actions_BL[:, before:],
            rewards_BM=seen.rewards_BL[:, before:],
            ends_BM=(seen.terminals_BL | seen.overs_BL)[:, before:],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """The parts of the loss, for each step drawn."""

    values_B: Tensor
    consistency_B: Tensor
    latents_B: Tensor
    priorities_B: Tensor


class Learner:
    """The trained network, its targets and its optimiser."""

    def __init__(self, config: VcrConfig, device: str) -> None:
        self.config = config
        self.model = RainbowWithModel(config.network).to(device)
        self.target = _copy_of(self.model.network, config, device)
        """Gives the values that are learnt: the weights after each update."""
        self.slow = self.target if config.momentum == 1 else _copy_of(self.model.network, config, device)
        """Gives real states to the latent model: follows with `momentum`."""
        # A rainbow has no use for the latent model.
        self._imagines = bool(config.value_weight or config.latent_weight)
        trained = self.model.parameters() if self._imagines else self.model.network.parameters()
        self.optimiser = optim.Adam(trained, lr=config.rate, eps=config.epsilon)

    def losses(self, moments: Moments) -> Losses:
        """All losses of drawn steps; the noise of the heads is drawn anew."""
        config, network = self.config, self.model.network
        self.model.train()
        network.head.draw_noise()
        self.target.head.draw_noise()
        steps, jumps = config.steps_ahead, config.jumps
        latents = network.encode(self._pixels(moments.stacks_BMCHW[:, 0]))
        log_p_BAN = network.head(latents)
        atoms = atoms_of(config.network.atoms, config.network.bound, log_p_BAN)
        taken = _of_action(log_p_BAN, moments.actions_BM[:, 0])
        with torch.no_grad():
            later = self._pixels(moments.stacks_BMCHW[:, steps])
            best = expected(network(later), atoms).argmax(-1)  # double Q-learning
            follows = _of_action(self.target(later), best).exp()
            returns, discounts = _returns(moments, steps, config.discount)
            target = projected(follows, returns, discounts, atoms)
        values = cross_entropy(target, taken)
        nothing = torch.zeros_like(values)
        consistency, compared = nothing, nothing
        if self._imagines:
            imagined = self.model.imagined(latents, moments.actions_BM[:, :jumps])
            consistency, compared = self._model_losses(moments, imagined, atoms)
        return Losses(
            values_B=values,
            consistency_B=consistency,
            latents_B=compared,
            priorities_B=surprise(target, taken.detach()),
        )

    def update(self, moments: Moments, weights_B: Tensor) -> Losses:
        """Take one step on the losses, each drawn step weighed."""
        config = self.config
        losses = self.losses(moments)
        total = losses.values_B
        if self._imagines:
            total = (
                total + config.value_weight * losses.consistency_B + config.latent_weight * losses.latents_B
            )
        self.optimiser.zero_grad(set_to_none=True)
        (total * weights_B).mean().backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.network.parameters(), config.clip)
        nn.utils.clip_grad_norm_(self.model.transition.parameters(), config.clip)
        self.optimiser.step()
        self._follow()
        return losses

    def _model_losses(self, moments: Moments, imagined: list[Tensor], atoms: Tensor) -> tuple[Tensor, Tensor]:
        config, jumps = self.config, self.config.jumps
        came = moments.stacks_BMCHW[:, 1 : jumps + 1].flatten(0, 1)
        together = torch.stack(imagined, 1).flatten(0, 1)
        with torch.no_grad():
            real = self.slow.encode(self._pixels(came))
        counts_BK = still_going(moments.ends_BM[:, :jumps])
        zeros_B = torch.zeros_like(counts_BK[:, 0])
        consistency = compared = zeros_B
        if config.value_weight:
            head = self.model.network.head
            ours = imagined_values(head, together, teach_head=config.teach_head)
            with torch.no_grad():
                theirs = self.slow.head(real, False)
            far = value_distance(ours, theirs, atoms, config.distance).view(-1, jumps)
            consistency = (far * counts_BK).mean(1)
        if config.latent_weight:
            ours = self.model.predictor(self.model.network.head.projection(together))
            with torch.no_grad():
                theirs = self.slow.head.projection(real)
            compared = (latent_distance(ours, theirs).view(-1, jumps) * counts_BK).mean(1)
        return consistency, compared

    def _pixels(self, stacks_BCHW: Tensor) -> Tensor:
        pixels = stacks_BCHW.float() / 255
        return brightened(shifted(pixels, self.config.shift)) if self.config.augment else pixels

    @torch.no_grad()
    def _follow(self) -> None:
        self.target.load_state_dict(self.model.network.state_dict())
        if self.slow is not self.target:
            for slow, fast in zip(self.slow.parameters(), self.model.network.parameters(), strict=True):
                slow.lerp_(fast, self.config.momentum)

    def state(self) -> dict[str, object]:
        """What a checkpoint keeps."""
        return {
            "model": self.model.state_dict(),
            "target": self.target.state_dict(),
            "slow": self.slow.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }

    def restore(self, state: dict[str, dict[str, Tensor]]) -> None:
        """Take a checkpoint's weights."""
        self.model.load_state_dict(state["model"])
        self.target.load_state_dict(state["target"])
        self.slow.load_state_dict(state["slow"])
        self.optimiser.load_state_dict(state["optimiser"])


def _copy_of(network: RainbowNetwork, config: VcrConfig, device: str) -> RainbowNetwork:
    copied = RainbowNetwork(config.network).to(device)
    copied.load_state_dict(network.state_dict())
    return copied.requires_grad_(False)


def _of_action(log_p_BAN: Tensor, actions_B: Tensor) -> Tensor:
    return log_p_BAN[torch.arange(len(actions_B), device=actions_B.device), actions_B]


def _returns(moments: Moments, steps: int, discount: float) -> tuple[Tensor, Tensor]:
    """The return of so many steps, up to an end, and the discount of what follows them: 0 after an end."""
    goes_on = still_going(moments.ends_BM[:, :steps])
    before_BM = torch.cat((torch.ones_like(goes_on[:, :1]), goes_on[:, :-1]), 1)
    powers = discount ** torch.arange(steps, device=goes_on.device)
    returns = (moments.rewards_BM[:, :steps] * before_BM * powers).sum(1)
    return returns, goes_on[:, -1] * discount**steps
