"""Models by name: `vision.flatten/tiny` of a system, `lab/small_vit`, `timm/NAME`, `torchvision/NAME`."""

import inspect
from dataclasses import dataclass
from typing import Any

from torch import nn

from backends.lab.contract import Preset
from backends.lab.errors import LabError
from backends.lab.registry import find_system, resolve

SMALL = ("small_vit", "small_convnet")
FORMS = "SYSTEM/PRESET, lab/small_vit, lab/small_convnet, timm/NAME or torchvision/NAME"


@dataclass(frozen=True, slots=True)
class Built:
    """A model, the shapes of its inputs without the batch, and how many tokens it knows if it reads some."""

    model: nn.Module
    inputs: tuple[tuple[int, ...], ...]
    vocabulary: int | None = None


def build_model(name: str, *, num_classes: int | None = None, image_size: int | None = None) -> Built:
    """Build a model with fresh weights, changed to so many classes and to this size of pictures.

    Raises:
        LabError: The name means nothing, or the model cannot be changed so.
    """
    source, slash, rest = name.partition("/")
    if not slash:
        raise LabError(f"{name!r} is no model's name; write {FORMS}.")
    changes = {"num_classes": num_classes, "image_size": image_size}
    wanted = {key: value for key, value in changes.items() if value is not None}
    match source:
        case "lab":
            return _small(rest, wanted)
        case "timm":
            return _from_timm(rest, num_classes, image_size)
        case "torchvision":
            return _from_torchvision(rest, num_classes, image_size)
        case _:
            return _from_system(source, rest, wanted)


def _small(name: str, wanted: dict[str, int]) -> Built:
    if name not in SMALL:
        raise LabError(
            f"There is no model lab/{name}; there are {' and '.join(f'lab/{one}' for one in SMALL)}."
        )
    size = wanted.get("image_size", 32)
    model: nn.Module = resolve(f"backends.lab.small_models:{name}", "vision")(**wanted)
    return Built(model, ((3, size, size),))


def _from_timm(name: str, num_classes: int | None, image_size: int | None) -> Built:
    import timm

    if not timm.is_model(name):
        near = timm.list_models(f"*{name}*")[:3]
        raise LabError(f"timm has no model {name!r}" + (f"; it has {', '.join(near)}." if near else "."))
    changes: dict[str, Any] = {} if num_classes is None else {"num_classes": num_classes}
    sized: dict[str, Any] = {} if image_size is None else {"img_size": image_size}
    try:
        model = timm.create_model(name, **changes, **sized)
    except TypeError:  # a convolutional network, which is not built for one size
        model = timm.create_model(name, **changes)
    facts: Any = model.pretrained_cfg
    channels, height, width = facts["input_size"]
    side = (height, width) if image_size is None else (image_size, image_size)
    return Built(model, ((channels, *side),))


def _from_torchvision(name: str, num_classes: int | None, image_size: int | None) -> Built:
    from torchvision import models

    if name not in models.list_models():
        raise LabError(f"torchvision has no model {name!r}; see torchvision.models.list_models().")
    model = models.get_model(
        name, weights=None, **({} if num_classes is None else {"num_classes": num_classes})
    )
    side = image_size or 224
    return Built(model, ((3, side, side),))


def _from_system(id: str, preset_name: str, wanted: dict[str, int]) -> Built:
    system = find_system(id)
    preset = next((one for one in system.presets if one.name == preset_name), None)
    if preset is None:
        names = ", ".join(f"{id}/{one.name}" for one in system.presets) or "none"
        raise LabError(f"There is no model {id}/{preset_name}; of this system there are: {names}.")
    build = resolve(preset.build, system.extra)
    taken = inspect.signature(build).parameters
    if refused := [key for key in wanted if key not in taken]:
        raise LabError(f"{id}/{preset_name} cannot be built with another {' or '.join(refused)}.")
    model: nn.Module = build(**wanted)
    return Built(model, _inputs(preset, wanted.get("image_size")), preset.vocabulary)


def _inputs(preset: Preset, image_size: int | None) -> tuple[tuple[int, ...], ...]:
    if image_size is None:
        return preset.inputs
    return tuple((shape[0], image_size, image_size) if len(shape) == 3 else shape for shape in preset.inputs)
