"""Skeletons in motion: a chain of joints that waves, walks, squats, ...; the label is the action."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

# Shape legend: N recordings, T frames, V joints
JOINTS = (
    "hip", "spine", "neck", "head",
    "left_shoulder", "left_elbow", "left_hand",
    "right_shoulder", "right_elbow", "right_hand",
    "left_hip", "left_knee", "left_foot",
    "right_hip", "right_knee", "right_foot",
)  # fmt: skip
PARENTS = (0, 0, 1, 2, 2, 4, 5, 2, 7, 8, 0, 10, 11, 0, 13, 14)
# Each joint from its parent, standing upright with the arms down: right, up, ahead.
_BONES = torch.tensor(
    [
        [0, 0, 0], [0, 0.3, 0], [0, 0.25, 0], [0, 0.2, 0],
        [-0.2, 0, 0], [0, -0.3, 0], [0, -0.28, 0],
        [0.2, 0, 0], [0, -0.3, 0], [0, -0.28, 0],
        [-0.12, -0.05, 0], [0, -0.42, 0], [0, -0.42, 0],
        [0.12, -0.05, 0], [0, -0.42, 0], [0, -0.42, 0],
    ]
)  # fmt: skip
_AT = {name: number for number, name in enumerate(JOINTS)}

Angles = dict[str, tuple[int, Tensor]]
"""By joint: the axis (0 across, 2 ahead) and the angle (N x T) by which its bone and those after it turn."""


def _wave(phase: Tensor) -> Angles:
    return {"right_elbow": (2, 0 * phase + 2.6), "right_hand": (2, 0.7 * torch.sin(2 * phase))}


def _walk(phase: Tensor) -> Angles:
    swing = 0.5 * torch.sin(phase)
    return {
        "left_knee": (0, swing),
        "right_knee": (0, -swing),
        "left_elbow": (0, -swing),
        "right_elbow": (0, swing),
    }


def _squat(phase: Tensor) -> Angles:
    bend = 0.5 * (1 - torch.cos(phase))
    return {
        "left_knee": (0, -bend),
        "right_knee": (0, -bend),
        "left_foot": (0, 2 * bend),
        "right_foot": (0, 2 * bend),
    }


def _jacks(phase: Tensor) -> Angles:
    lift = 1.3 * (1 - torch.cos(phase))
    return {
        "left_elbow": (2, -lift),
        "right_elbow": (2, lift),
        "left_knee": (2, -0.25 * lift),
        "right_knee": (2, 0.25 * lift),
    }


def _punch(phase: Tensor) -> Angles:
    reach = torch.relu(torch.sin(phase))
    return {"right_elbow": (0, -1.4 * reach), "left_elbow": (0, -1.4 * torch.relu(-torch.sin(phase)))}


def _bow(phase: Tensor) -> Angles:
    return {"spine": (0, 0.6 * (1 - torch.cos(phase)))}


ACTIONS: Mapping[str, Callable[[Tensor], Angles]] = {
    "wave": _wave,
    "walk": _walk,
    "squat": _squat,
    "jacks": _jacks,
    "punch": _punch,
    "bow": _bow,
}


@dataclass(frozen=True, slots=True)
class Recordings:
    """Joints (N x 3 x T x V, as NTU readers lay them out, for one person), labels, and who is seen."""

    joints: Tensor
    labels: Tensor
    seen: Tensor


def make_recordings(
    count: int, frames: int, seed: int, *, jitter: float = 0.01, dropout: float = 0.0
) -> Recordings:
    """Record actions of people of several sizes and speeds, turned at random about the vertical.

    A joint that drops out is at the origin and not `seen` (N x T x V).
    """
    chance = Generator().manual_seed(seed)

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, 1, generator=chance)

    labels = torch.randperm(count, generator=chance) % len(ACTIONS)
    speed, start = uniform(1.5, 3.0), uniform(0, 2 * math.pi)
    phase = start + 2 * math.pi * speed * torch.arange(frames) / frames
    joints = torch.zeros(count, frames, len(JOINTS), 3)
    for number, action in enumerate(ACTIONS.values()):
        chosen = labels == number
        joints[chosen] = _pose(action(phase[chosen]), int(chosen.sum()), frames)
    facing = _turn(1, uniform(-math.pi / 4, math.pi / 4).expand(count, frames))
    joints = torch.einsum("ntij,ntvj->ntvi", facing, joints) * uniform(0.85, 1.15)[:, :, None, None]
    joints = joints + jitter * torch.randn(joints.shape, generator=chance)
    seen = torch.rand(count, frames, len(JOINTS), generator=chance) >= dropout
    return Recordings((joints * seen[..., None]).permute(0, 3, 1, 2).contiguous(), labels, seen)


def _pose(angles: Angles, count: int, frames: int) -> Tensor:
    """Forward kinematics: every bone is turned by its own angle and by those before it."""
    places: list[Tensor] = []
    turns: list[Tensor] = []
    for joint, parent in enumerate(PARENTS):
        turn = torch.eye(3).expand(count, frames, 3, 3) if joint == 0 else turns[parent]
        if (name := JOINTS[joint]) in angles:
            axis, angle = angles[name]
            turn = turn @ _turn(axis, angle)
        turns.append(turn)
        bone = turn @ _BONES[joint]
        places.append(bone if joint == 0 else places[parent] + bone)
    return torch.stack(places, 2)


def _turn(axis: int, angle: Tensor) -> Tensor:
    """Rotations (N x T x 3 x 3) about an axis."""
    cos, sin, one, none = angle.cos(), angle.sin(), torch.ones_like(angle), torch.zeros_like(angle)
    rows = {
        0: ((one, none, none), (none, cos, -sin), (none, sin, cos)),
        1: ((cos, none, sin), (none, one, none), (-sin, none, cos)),
        2: ((cos, -sin, none), (sin, cos, none), (none, none, one)),
    }[axis]
    return torch.stack([torch.stack(row, -1) for row in rows], -2)
