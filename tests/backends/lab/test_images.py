"""Pictures by name or path, and the glyph world: seeded, balanced, and refused with a reason."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from backends.lab.errors import LabError
from backends.lab.readers import images
from backends.lab.readers.images import open_images
from backends.lab.synthetic.glyphs import SHAPES, make_glyphs


def picture(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (12, 8)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def test_digits_are_split_without_overlap_and_the_same_for_a_seed() -> None:
    one, again, other = open_images("digits", 1), open_images("digits", 1), open_images("digits", 2)
    assert one.num_classes == 10
    assert len(one.train.labels) + len(one.test.labels) == 1797
    assert torch.equal(one.test.labels, again.test.labels)
    assert not torch.equal(one.test.labels, other.test.labels)


def test_pictures_are_from_0_to_1_at_the_wanted_size() -> None:
    loaded = open_images("digits", 0).train.load(torch.tensor([0, 5]), 16)
    assert loaded.shape == (2, 3, 16, 16)
    assert float(loaded.min()) >= 0 and float(loaded.max()) <= 1
    assert torch.equal(loaded[:, 0], loaded[:, 1])  # grey


def test_a_folder_of_class_folders_is_read(tmp_path: Path) -> None:
    for number in range(5):
        picture(tmp_path / "red" / f"{number}.png", (255, 0, 0))
        picture(tmp_path / "blue" / f"{number}.jpg", (0, 0, 255))
    (tmp_path / "red" / "notes.txt").write_text("not a picture")
    split = open_images(str(tmp_path), 0)
    assert split.train.class_names == ("blue", "red")
    assert len(split.train.labels) == 8 and len(split.test.labels) == 2
    everything = torch.arange(8)
    blueness = split.train.load(everything, 8)[:, 2].mean((1, 2))
    assert torch.equal(blueness > 0.5, split.train.labels == 0)


def test_a_folder_with_train_and_val_is_taken_as_split(tmp_path: Path) -> None:
    for name, count in (("train", 3), ("val", 1)):
        for number in range(count):
            picture(tmp_path / name / "cat" / f"{number}.png", (9, 9, 9))
    split = open_images(str(tmp_path), 0)
    assert len(split.train.labels) == 3 and len(split.test.labels) == 1


def test_arrays_in_a_file_are_read(tmp_path: Path) -> None:
    pictures = np.arange(10 * 4 * 4, dtype=np.uint8).reshape(10, 4, 4)
    np.savez(tmp_path / "set.npz", images=pictures, labels=np.arange(10) % 2)
    split = open_images(str(tmp_path / "set.npz"), 0)
    assert len(split.train.labels) == 8 and split.num_classes == 2
    np.savez(tmp_path / "bad.npz", images=pictures.astype(np.float32), labels=np.arange(10))
    with pytest.raises(LabError, match="bytes, one label each"):
        open_images(str(tmp_path / "bad.npz"), 0)
    np.savez(tmp_path / "other.npz", x=pictures)
    with pytest.raises(LabError, match="it needs images and labels"):
        open_images(str(tmp_path / "other.npz"), 0)


@pytest.mark.parametrize("name", ["nothing", "no/such/folder", "no.npz"])
def test_a_name_that_means_nothing_is_answered_with_what_does(name: str) -> None:
    with pytest.raises(LabError, match="digits, glyphs"):
        open_images(name, 0)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="no pictures in class folders"):
        open_images(str(tmp_path), 0)


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.png").write_bytes(b"not a picture")
    split = open_images(str(tmp_path), 0)
    with pytest.raises(LabError, match=r"x\.png cannot be read as a picture"):
        split.train.load(torch.tensor([0]), 8)


def test_a_picture_with_too_many_pixels_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture(tmp_path / "a" / "x.png", (1, 2, 3))
    monkeypatch.setattr(images, "MAX_PIXELS", 50)
    with pytest.raises(LabError, match="12 x 8 pixels"):
        open_images(str(tmp_path), 0).train.load(torch.tensor([0]), 8)


def test_glyphs_are_the_same_for_a_seed_and_balanced() -> None:
    one, again, other = make_glyphs(50, 24, 3), make_glyphs(50, 24, 3), make_glyphs(50, 24, 4)
    assert torch.equal(one.images, again.images) and one.captions == again.captions
    assert not torch.equal(one.images, other.images)
    assert torch.bincount(one.labels).tolist() == [5] * len(SHAPES)
    names = list(SHAPES)
    assert all(
        names[label] in caption for label, caption in zip(one.labels.tolist(), one.captions, strict=True)
    )


def test_every_shape_is_drawn_and_no_two_are_the_same() -> None:
    axis = (torch.arange(64) + 0.5) / 32 - 1
    y, x = torch.meshgrid(1.2 * axis, 1.2 * axis, indexing="ij")
    masks = [shape(x, y) < 0 for shape in SHAPES.values()]
    assert all(0.08 < float(mask.float().mean()) < 0.8 for mask in masks)
    for number, one in enumerate(masks):
        for other in masks[:number]:
            overlap = float((one & other).sum() / (one | other).sum())
            assert overlap < 0.8  # square and disc are the nearest
