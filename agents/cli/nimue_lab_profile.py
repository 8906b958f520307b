"""`nimue lab profile`: what models cost, side by side."""

from __future__ import annotations

import json as json_text
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agents.cli.nimue_lab_errors import lab_errors
from agents.errors import NimueError

if TYPE_CHECKING:
    from backends.lab.profile.profiler import Profile

Flag = Annotated[bool, Parameter(negative="")]


@lab_errors
def profile(
    *model: str,
    image_size: int | None = None,
    resolutions: Annotated[tuple[int, ...], Parameter(consume_multiple=True)] = (),
    batch: int = 1,
    device: Literal["cpu", "cuda"] = "cpu",
    train: Flag = False,
    repeats: int = 30,
    seconds: float = 10.0,
    layers: int = 0,
    plot: Path | None = None,
    json: Flag = False,
) -> None:
    """Measure what models cost: parameters, multiply-adds, memory, time; and how they grow with resolution.

    Args:
        model: SYSTEM/PRESET, lab/small_vit, lab/small_convnet, timm/NAME or torchvision/NAME; one or more.
        image_size: Side of the pictures; the model's own when left out.
        resolutions: Sides at which to follow cost and time, such as 128 256 512.
        batch: Inputs in a pass.
        device: Where to measure.
        train: Time a forward and backward pass, too.
        repeats: How often a pass is timed.
        seconds: After how long to stop repeating it.
        layers: How many of the most expensive layers to list.
        plot: Where to draw the curves, a .png file.
        json: Print the profiles as JSON.
    """
    if not model:
        raise NimueError("Which model? For example: nimue lab profile timm/resnet18 lab/small_vit")
    if plot is not None and (plot.suffix != ".png" or not resolutions):
        raise NimueError("--plot draws curves into a .png file; it needs --resolutions of two sides or more.")
    if batch < 1 or repeats < 1 or seconds <= 0:
        raise NimueError("--batch and --repeats are 1 or more, --seconds more than 0.")
    from backends.lab.machine import machine_facts
    from backends.lab.profile.profiler import ProfileRequest, profile_model

    request = ProfileRequest(
        batch=batch,
        device=device,
        repeats=repeats,
        seconds=seconds,
        train=train,
        image_size=image_size,
        resolutions=resolutions,
    )
    profiles = [profile_model(name, request) for name in model]
    if plot is not None:
        from backends.lab.profile.plots import plot_scaling

        plot_scaling(profiles, plot)
    if json:
        told = {"machine": machine_facts(), "profiles": [one.to_json(layers or None) for one in profiles]}
        print(json_text.dumps(told, indent=2))
        return
    console = Console(highlight=False)
    _print_costs(console, profiles)
    for one in profiles:
        if layers:
            _print_layers(console, one, layers)
        if one.scaling is not None:
            _print_scaling(console, one)


def _print_costs(console: Console, profiles: Sequence[Profile]) -> None:
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    table.add_column("model", overflow="fold")
    columns = ("Mparam", "GMACs", "attn", "MB bwd", "ms", "quartiles", "per s", "mJ")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    for one in profiles:
        cost, timing = one.cost, one.forward
        outside = cost.macs_outside_layers / cost.macs if cost.macs else 0.0
        table.add_row(
            Text(one.model),
            f"{cost.parameters / 1e6:.2f}",
            f"{cost.macs / 1e9:.3f}",
            f"{outside:.0%}",
            f"{cost.saved_bytes / 1e6:.1f}",
            f"{timing.median:.2f}",
            f"{timing.lower_quartile:.2f}-{timing.upper_quartile:.2f}",
            f"{one.per_second:.1f}",
            f"{cost.energy_millijoules:.1f}",
        )
    console.print(table)
    for one in profiles:
        if one.backward is not None:
            words = f"{one.model}: forward and backward {one.backward.median:.2f} ms"
            console.print(Text(words))
    first = profiles[0]
    console.print(
        f"\nBatch {first.batch} on {first.device}, fp32. attn: share of MACs outside layers. MB bwd: what a "
        "backward pass needs kept. mJ: a proxy for a 45 nm chip, good for ranking only.",
        soft_wrap=True,
    )


def _print_layers(console: Console, one: Profile, count: int) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold", title=Text(one.model), title_justify="left")
    for column in ("layer", "kind", "params", "MMACs", "share"):
        table.add_column(column, justify="left" if column in ("layer", "kind") else "right")
    for layer in sorted(one.cost.layers, key=lambda each: -each.macs)[:count]:
        share = layer.macs / one.cost.macs if one.cost.macs else 0.0
        cells = (layer.name, layer.kind, f"{layer.parameters:,}", f"{layer.macs / 1e6:.1f}", f"{share:.1%}")
        table.add_row(*(Text(cell) for cell in cells))
    console.print()
    console.print(table)


def _print_scaling(console: Console, one: Profile) -> None:
    assert one.scaling is not None
    console.print(Text(f"\n{one.model} over resolution", style="bold"))
    for point in one.scaling.points:
        line = f"  {point.side:5} px  {point.macs / 1e9:9.3f} GMACs  {point.milliseconds:9.2f} ms"
        console.print(Text(line))
    scaling = one.scaling
    console.print(
        Text(
            f"  exponents over pixels: MACs {scaling.macs_exponent:.2f} "
            f"(last two {scaling.macs_exponent_at_end:.2f}), memory {scaling.memory_exponent:.2f}, "
            f"time {scaling.time_exponent:.2f} (last two {scaling.time_exponent_at_end:.2f})"
        )
    )
