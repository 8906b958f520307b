"""A box world seen by cameras around a vehicle, with what nuScenes tells of each: pose, intrinsics, boxes.

The vehicle looks along x; y is to its left, z up. A camera looks along its own z, with x right and y down.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Generator, Tensor

CATEGORIES = ("car", "truck", "pedestrian")
_SIZES = ((4.5, 1.9, 1.6), (8.0, 2.5, 3.2), (0.7, 0.7, 1.8))  # length, width, height in metres
_NEAR = 0.5  # metres before a camera from which on something is seen
# A box's faces by its corners: bit 2 is front or back, bit 1 left or right, bit 0 up or down.
_FACES = ((0, 1, 3, 2), (4, 5, 7, 6), (0, 1, 5, 4), (2, 3, 7, 6), (0, 2, 6, 4), (1, 3, 7, 5))

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """An object on the ground: centre and size (length, width, height) in metres, `yaw` from x towards y."""

    centre: tuple[float, float, float]
    size: tuple[float, float, float]
    yaw: float
    category: int

    def corners(self) -> Matrix:
        """The eight corners, 8 x 3."""
        half = np.array(self.size) / 2
        signs = np.array([[(n >> 2 & 1) * 2 - 1, (n >> 1 & 1) * 2 - 1, (n & 1) * 2 - 1] for n in range(8)])
        cos, sin = math.cos(self.yaw), math.sin(self.yaw)
        turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
        corners: Matrix = (signs * half) @ turn.T + np.array(self.centre)
        return corners


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A pinhole: `rotation` (3 x 3) turns its directions into the vehicle's, `position` is where it sits."""

    name: str
    rotation: Matrix
    position: Matrix
    intrinsics: Matrix

    def project(self, points: Matrix) -> tuple[Matrix, Matrix]:
        """Pixels (N x 2) and depths (N) of points of the vehicle's frame; only positive depths are seen."""
        seen = (points - self.position) @ self.rotation
        depth = seen[:, 2]
        flat = seen @ self.intrinsics.T
        safe = np.where(np.abs(depth) < 1e-9, 1e-9, depth)
        return flat[:, :2] / safe[:, None], depth


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxWorld:
    """What the cameras see (V x 3 x H x W bytes), the cameras, and the boxes."""

    images: Tensor
    cameras: tuple[Camera, ...]
    boxes: tuple[Box, ...]


def ring_of_cameras(count: int, height: int, width: int, *, field: float = 75.0) -> tuple[Camera, ...]:
    """Cameras at equal angles, 1.6 m above the ground, each with a `field` of view of so many degrees."""
    focal = width / 2 / math.tan(math.radians(field) / 2)
    intrinsics = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])
    cameras = []
    for number in range(count):
        yaw = 2 * math.pi * number / count
        ahead = np.array([math.cos(yaw), math.sin(yaw), 0])
        right = np.array([math.sin(yaw), -math.cos(yaw), 0])
        rotation = np.stack([right, np.array([0, 0, -1.0]), ahead], axis=1)
        position = 0.5 * ahead + np.array([0, 0, 1.6])
        cameras.append(
            Camera(name=f"CAM_{number}", rotation=rotation, position=position, intrinsics=intrinsics)
        )
    return tuple(cameras)


def make_box_world(
    seed: int, *, num_cameras: int = 6, height: int = 96, width: int = 160, most: int = 10
) -> BoxWorld:
    """Put 3 to `most` boxes around the vehicle and draw them, nearer ones over farther ones."""
    chance = Generator().manual_seed(seed)

    def uniform(low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=chance))

    boxes = []
    for _ in range(int(torch.randint(3, most + 1, (), generator=chance))):
        kind = int(torch.randint(len(CATEGORIES), (), generator=chance))
        length, breadth, tall = (value * uniform(0.9, 1.1) for value in _SIZES[kind])
        far, where = uniform(7, 35), uniform(0, 2 * math.pi)
        centre = (far * math.cos(where), far * math.sin(where), tall / 2)
        boxes.append(
            Box(centre=centre, size=(length, breadth, tall), yaw=uniform(0, 2 * math.pi), category=kind)
        )
    cameras = ring_of_cameras(num_cameras, height, width)
    images = torch.stack([_draw(camera, boxes, height, width) for camera in cameras])
    return BoxWorld(images=images, cameras=cameras, boxes=tuple(boxes))


def _draw(camera: Camera, boxes: list[Box], height: int, width: int) -> Tensor:
    picture = Image.new("RGB", (width, height), (150, 180, 220))
    brush = ImageDraw.Draw(picture)
    brush.rectangle((0, height // 2, width, height), fill=(90, 90, 90))
    colours = ((200, 40, 40), (40, 60, 200), (230, 200, 40))
    by_distance = sorted(
        boxes, key=lambda box: -float(np.linalg.norm(np.array(box.centre) - camera.position))
    )
    for box in by_distance:
        pixels, depth = camera.project(box.corners())
        if depth.min() < _NEAR:
            continue  # behind the camera, or so near that its corners cannot be drawn
        for face in sorted(_FACES, key=lambda face: -float(depth[list(face)].mean())):
            shade = 0.6 + 0.4 * _FACES.index(face) / len(_FACES)
            fill = tuple(int(shade * value) for value in colours[box.category])
            brush.polygon([tuple(pixels[corner]) for corner in face], fill=fill)
    return torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1)
