"""COCO files come back as the scenes that were written, and broken ones are refused with a reason."""

import json
from pathlib import Path

import pytest
import torch

from backends.lab.errors import LabError
from backends.lab.readers.coco import open_coco
from backends.lab.synthetic.glyphs import SHAPES
from backends.lab.synthetic.scenes import make_scene, write_coco


def test_scenes_come_back_pixel_by_pixel(tmp_path: Path) -> None:
    scenes = [make_scene(40, seed) for seed in range(4)]
    opened = open_coco(write_coco(scenes, tmp_path), tmp_path / "images")
    assert len(opened) == 4 and opened.class_names == tuple(SHAPES)
    for number, scene in enumerate(scenes):
        found = opened.annotated(number)
        assert torch.equal(opened.picture(number), scene.image)
        assert found.labels.tolist() == [instance.shape for instance in scene.instances]
        for mask, box, instance in zip(found.masks, found.boxes, scene.instances, strict=True):
            assert torch.equal(mask, scene.instance_map == instance.number)
            left, top, width, height = instance.box
            assert box.tolist() == [left, top, left + width, top + height]


def test_polygons_are_filled_and_crowds_left_out(tmp_path: Path) -> None:
    annotation = {"image_id": 1, "category_id": 7, "bbox": [2, 2, 4, 4], "iscrowd": 0}
    square = {**annotation, "id": 1, "segmentation": [[2, 2, 5, 2, 5, 5, 2, 5]]}
    crowd = {**annotation, "id": 2, "iscrowd": 1, "segmentation": {"counts": [0]}}
    told = {
        "images": [{"id": 1, "file_name": "none.png", "height": 8, "width": 10}],
        "annotations": [square, crowd],
        "categories": [{"id": 7, "name": "thing"}],
    }
    file = tmp_path / "a.json"
    file.write_text(json.dumps(told))
    opened = open_coco(file, tmp_path)
    found = opened.annotated(0)
    assert found.labels.tolist() == [0]
    assert found.masks.shape == (1, 8, 10)
    assert found.masks[0, 2:6, 2:6].all() and int(found.masks.sum()) == 16
    with pytest.raises(LabError, match=r"none\.png cannot be read"):
        opened.picture(0)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"images": [], "annotations": []}'])
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.json"
    file.write_text(text)
    with pytest.raises(LabError, match="cannot be read as COCO json"):
        open_coco(file, tmp_path)
