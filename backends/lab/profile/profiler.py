"""The profile of a model by name: its cost, its time on this machine, and how both grow with its input."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from backends.lab.errors import LabError
from backends.lab.models import Built, build_model
from backends.lab.profile.cost import Cost, count_cost
from backends.lab.profile.latency import Timing, time_calls
from backends.lab.profile.scaling import Point, Scaling, fit_scaling

ProfileDevice = Literal["cpu", "cuda"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A model's profile at one batch size. `peak_bytes` is None where it cannot be measured."""

    model: str
    inputs: tuple[tuple[int, ...], ...]
    batch: int
    device: str
    cost: Cost
    forward: Timing
    backward: Timing | None
    peak_bytes: int | None
    scaling: Scaling | None

    @property
    def per_second(self) -> float:
        """Inputs a second."""
        return self.forward.per_second(self.batch)

    def to_json(self, layers: int | None = None) -> dict[str, Any]:
        """The profile as JSON values, with the most expensive layers only if so wanted."""
        told = asdict(self)
        told["per_second"] = self.per_second
        told["cost"]["macs_outside_layers"] = self.cost.macs_outside_layers
        told["cost"]["energy_millijoules"] = self.cost.energy_millijoules
        if layers is not None:
            told["cost"]["layers"] = sorted(told["cost"]["layers"], key=lambda one: -one["macs"])[:layers]
        return told


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRequest:
    """How to profile."""

    batch: int = 1
    device: ProfileDevice = "cpu"
    repeats: int = 30
    seconds: float = 10.0
    train: bool = False
    image_size: int | None = None
    resolutions: tuple[int, ...] = ()


def profile_model(name: str, request: ProfileRequest) -> Profile:
    """Profile a model by name.

    Raises:
        LabError: The name means nothing, or there is no such device.
    """
    if request.device == "cuda" and not torch.cuda.is_available():
        raise LabError("--device cuda: torch sees no GPU here.")
    built = build_model(name, image_size=request.image_size)
    model = built.model.to(request.device).eval()
    inputs = make_inputs(built, request.batch, request.device)
    if request.device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    forward = _time_forward(model, inputs, request)
    backward = _time_backward(model, inputs, request) if request.train else None
    peak = torch.cuda.max_memory_allocated() if request.device == "cuda" else None
    return Profile(
        model=name,
        inputs=built.inputs,
        batch=request.batch,
        device=request.device,
        cost=count_cost(model, inputs),
        forward=forward,
        backward=backward,
        peak_bytes=peak,
        scaling=_scaling(name, request) if request.resolutions else None,
    )


def make_inputs(built: Built, batch: int, device: str) -> list[Tensor]:
    """Random inputs of a model's shapes: token numbers where it reads tokens, numbers elsewhere."""
    if built.vocabulary is not None:
        return [torch.randint(built.vocabulary, (batch, *shape), device=device) for shape in built.inputs]
    return [torch.randn(batch, *shape, device=device) for shape in built.inputs]


def _time_forward(model: nn.Module, inputs: Sequence[Tensor], request: ProfileRequest) -> Timing:
    def call() -> object:
        with torch.inference_mode():
            return model(*inputs)

    return time_calls(call, device=request.device, repeats=request.repeats, seconds=request.seconds)


def _time_backward(model: nn.Module, inputs: Sequence[Tensor], request: ProfileRequest) -> Timing:
    model.train()

    def call() -> None:
        model.zero_grad(set_to_none=True)
        first_tensor(model(*inputs)).float().square().mean().backward()  # type: ignore[no-untyped-call]

    timing = time_calls(call, device=request.device, repeats=request.repeats, seconds=request.seconds)
    model.eval()
    return timing


def first_tensor(output: object) -> Tensor:
    """The tensor of an answer that is one, or holds some. Raises `LabError` for any other answer."""
    match output:
        case Tensor():
            return output
        case dict():
            return first_tensor(next(iter(output.values())))
        case tuple() | list():
            return first_tensor(output[0])
        case _:
            raise LabError(f"A model that answers {type(output).__name__} cannot be trained by the profiler.")


def _scaling(name: str, request: ProfileRequest) -> Scaling:
    points = []
    for side in sorted(request.resolutions):
        built = build_model(name, image_size=side)
        model = built.model.to(request.device).eval()
        inputs = make_inputs(built, request.batch, request.device)
        cost = count_cost(model, inputs)
        timing = _time_forward(model, inputs, request)
        points.append(
            Point(side=side, macs=cost.macs, saved_bytes=cost.saved_bytes, milliseconds=timing.median)
        )
    return fit_scaling(points)
