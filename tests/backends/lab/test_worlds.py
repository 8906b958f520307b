"""The synthetic worlds: the same for a seed, and what they tell of themselves is true of their pixels."""

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from backends.lab.synthetic.cameras import Box, make_box_world, ring_of_cameras
from backends.lab.synthetic.glyphs import SHAPES
from backends.lab.synthetic.rotated import CATEGORIES, inside, make_aerial, write_dota
from backends.lab.synthetic.scenes import GROUND, WIRE, make_scene, run_lengths, write_coco
from backends.lab.synthetic.series import make_series
from backends.lab.synthetic.skeletons import ACTIONS, JOINTS, PARENTS, make_recordings

SEEDS = range(6)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_scene_is_the_same_for_its_seed_and_its_maps_agree(seed: int) -> None:
    scene, again = make_scene(48, seed), make_scene(48, seed)
    assert torch.equal(scene.image, again.image) and scene.instances == again.instances
    for instance in scene.instances:
        mask = scene.instance_map == instance.number
        assert int(mask.sum()) == instance.area
        assert set(scene.semantic[mask].tolist()) == {instance.shape + 1}
        left, top, width, height = instance.box
        assert int(mask[top : top + height, left : left + width].sum()) == instance.area
    nothing = scene.instance_map == 0
    assert set(scene.semantic[nothing].tolist()) <= {GROUND, WIRE}
    torch.testing.assert_close(scene.normals.norm(dim=0), torch.ones(48, 48))
    assert float(scene.depth.min()) > 0


def test_some_scenes_have_wires_and_some_have_none() -> None:
    wires = [bool((make_scene(32, seed).semantic == WIRE).any()) for seed in range(20)]
    assert any(wires) and not all(wires)


def test_coco_files_hold_the_scenes(tmp_path: Path) -> None:
    scenes = [make_scene(32, seed) for seed in SEEDS]
    told = json.loads(write_coco(scenes, tmp_path).read_text())
    assert [category["name"] for category in told["categories"]] == list(SHAPES)
    assert len(told["annotations"]) == sum(len(scene.instances) for scene in scenes)
    for annotation in told["annotations"]:
        scene = scenes[annotation["image_id"] - 1]
        counts = annotation["segmentation"]["counts"]
        values = np.concatenate([np.full(run, turn % 2) for turn, run in enumerate(counts)])
        mask = values.reshape(32, 32).T.astype(bool)
        assert mask.sum() == annotation["area"]
        shapes = np.unique(scene.semantic.numpy()[mask])
        assert shapes.tolist() == [annotation["category_id"]]
    first = np.asarray(Image.open(tmp_path / "images" / told["images"][0]["file_name"]))
    assert np.array_equal(first, scenes[0].image.permute(1, 2, 0).numpy())


def test_run_lengths_begin_outside_the_mask() -> None:
    mask = np.array([[True, False], [True, True]])
    assert run_lengths(mask) == [0, 2, 1, 1]


@pytest.mark.parametrize("seed", SEEDS)
def test_turned_boxes_lie_inside_and_apart(seed: int) -> None:
    picture = make_aerial(96, seed)
    assert torch.equal(picture.image, make_aerial(96, seed).image)
    assert picture.objects
    covered = torch.zeros(96, 96, dtype=torch.long)
    for one in picture.objects:
        assert all(0 <= x <= 96 and 0 <= y <= 96 for x, y in one.corners)
        mask = inside(one, 96)
        share = 1 if CATEGORIES[one.category] == "box" else math.pi / 4
        expected = share * one.width * one.height
        assert float(mask.sum()) == pytest.approx(expected, rel=0.15, abs=8)  # pixels on the border
        covered += mask
    assert int(covered.max()) == 1


def test_dota_files_hold_corners_in_turn(tmp_path: Path) -> None:
    picture = make_aerial(96, 1)
    write_dota([picture], tmp_path)
    lines = (tmp_path / "labelTxt" / "P0000.txt").read_text().splitlines()
    assert len(lines) == len(picture.objects)
    for line, one in zip(lines, picture.objects, strict=True):
        *numbers, category, difficult = line.split()
        corners = np.array(numbers, dtype=float).reshape(4, 2)
        sides = [math.dist(a, b) for a, b in pairwise([*corners, corners[0]])]
        assert sides == pytest.approx([one.width, one.height] * 2, abs=0.2)
        assert category == CATEGORIES[one.category] and difficult == "0"


def test_a_point_ahead_of_a_camera_is_in_the_middle_of_its_picture() -> None:
    for camera in ring_of_cameras(5, 96, 160):
        ahead = camera.rotation[:, 2]
        pixels, depth = camera.project((camera.position + 7 * ahead)[None])
        assert pixels[0] == pytest.approx([80, 48])
        assert depth[0] == pytest.approx(7)
        above, _ = camera.project((camera.position + 7 * ahead + [0, 0, 1.0])[None])
        assert above[0, 0] == pytest.approx(80) and above[0, 1] < 48


def test_cameras_turn_with_right_hands() -> None:
    for camera in ring_of_cameras(6, 96, 160):
        assert np.linalg.det(camera.rotation) == pytest.approx(1)
        assert camera.rotation @ camera.rotation.T == pytest.approx(np.eye(3))


def test_a_boxs_corners_are_its_size_apart() -> None:
    corners = Box(centre=(1, 2, 3), size=(4, 2, 1), yaw=0.7, category=0).corners()
    assert corners.mean(0) == pytest.approx([1, 2, 3])
    assert np.linalg.norm(corners[4] - corners[0]) == pytest.approx(4)
    assert np.linalg.norm(corners[2] - corners[0]) == pytest.approx(2)
    assert np.linalg.norm(corners[1] - corners[0]) == pytest.approx(1)


def test_every_box_that_a_camera_faces_is_drawn_there() -> None:
    world = make_box_world(3)
    assert torch.equal(world.images, make_box_world(3).images)
    drawn = 0
    for box in world.boxes:
        for image, camera in zip(world.images, world.cameras, strict=True):
            (pixel, *_), (depth, *_) = camera.project(np.array([box.centre]))
            if depth > 1 and 0 <= pixel[0] < 160 and 0 <= pixel[1] < 96:
                red, green, blue = image[:, int(pixel[1]), int(pixel[0])].tolist()
                drawn += max(red, green, blue) - min(red, green, blue) > 60
    assert drawn >= len(world.boxes) - 1  # one may hide behind another


def test_bones_keep_their_length_whatever_the_person_does() -> None:
    recordings = make_recordings(12, 16, 0, jitter=0.0)
    assert recordings.joints.shape == (12, 3, 16, len(JOINTS))
    parents = recordings.joints[..., list(PARENTS)]
    lengths = (recordings.joints - parents).norm(dim=1)
    torch.testing.assert_close(lengths, lengths[:, :1].expand_as(lengths))
    assert torch.bincount(recordings.labels).tolist() == [2] * len(ACTIONS)


def test_every_action_moves_and_no_two_move_alike() -> None:
    recordings = make_recordings(60, 32, 1, jitter=0.0)
    motion = recordings.joints.diff(dim=2).norm(dim=1).mean(1)
    profiles = torch.stack([motion[recordings.labels == label].mean(0) for label in range(len(ACTIONS))])
    assert float(profiles.max(1).values.min()) > 0.01
    alike = torch.corrcoef(profiles) - torch.eye(len(ACTIONS))
    assert float(alike.max()) < 0.97


def test_joints_drop_out_and_say_so() -> None:
    recordings = make_recordings(6, 20, 2, dropout=0.3)
    assert float(recordings.seen.float().mean()) == pytest.approx(0.7, abs=0.05)
    gone = recordings.joints.permute(0, 2, 3, 1)[~recordings.seen]
    assert torch.equal(gone, torch.zeros_like(gone))


def test_series_are_seeded_balanced_and_told_apart_by_their_spectrum() -> None:
    one, again = make_series(40, 64, 5, noise=0.0), make_series(40, 64, 5, noise=0.0)
    assert torch.equal(one.series, again.series)
    assert one.series.shape == (40, 3, 64)
    assert torch.bincount(one.labels).tolist() == [10] * 4
    spectrum = torch.fft.rfft(one.series[:, 0]).abs()
    peaks = spectrum[:, 1:].argmax(1) + 1
    assert all(peaks[one.labels == label].unique().numel() == 1 for label in range(4))
    with pytest.raises(ValueError, match="2 to 12 classes"):
        make_series(4, 8, 0, classes=13)
