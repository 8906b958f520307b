"""A household game as data, and the six kinds of task that ALFWorld has."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

TASK_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "put": "pick_and_place_simple",
        "examine": "look_at_obj_in_light",
        "clean": "pick_clean_then_place_in_recep",
        "heat": "pick_heat_then_place_in_recep",
        "cool": "pick_cool_then_place_in_recep",
        "puttwo": "pick_two_obj_and_place",
    }
)
"""ALFWorld's names by ExpeL's short ones."""

KINDS = tuple(TASK_TYPES)


@dataclass(frozen=True, kw_only=True, slots=True)
class Game:
    """What is particular to one game; rules and wording are the same for all that we make."""

    id: str
    """Such as `train/clean-fork-drawer-kitchen12`."""
    kind: str
    split: str
    room: str
    sentence: str
    """What is asked, such as `put a clean fork in drawer`."""
    problem: str
    walkthrough: tuple[str, ...]
    """Commands that win it, certified on the engine."""
    target: str
    """Kind of the thing that is asked for."""
    target_in: str
    """Where it lies at first; of two, the first."""
    target_closed: bool
    """Whether that place is closed."""
