"""MiniCPM-V 4.6 plans agree with the image processor of `transformers`, where that is installed.

Its PIL processor runs without torch. The geometry is compared on many sizes; whole calls, which also
resize pixels, on a few.
"""

import random

import pytest

from backends.vision.llava_uhd.planner import plan
from backends.vision.llava_uhd.profiles import MINICPM_V_4_6, MINICPM_V_4_6_4X, Profile

pytest.importorskip("transformers", reason="needs `pip install transformers`; the base install has none")
processing = pytest.importorskip("transformers.models.minicpmv4_6.image_processing_pil_minicpmv4_6")
Image = pytest.importorskip("PIL.Image")

MODES = [pytest.param(MINICPM_V_4_6, "16x", id="16x"), pytest.param(MINICPM_V_4_6_4X, "4x", id="4x")]


def drawn_sizes(count: int, largest: int) -> list[tuple[int, int]]:
    chance = random.Random(46)
    return [(chance.randint(1, largest), chance.randint(1, largest)) for _ in range(count)]


@pytest.mark.parametrize(("profile", "mode"), MODES)
def test_grids_and_sizes_are_those_of_transformers(profile: Profile, mode: str) -> None:
    theirs = processing.MiniCPMV4_6ImageProcessorPil()
    for width, height in [*drawn_sizes(3000, 5000), *drawn_sizes(1000, 700)]:
        ours = plan((width, height), profile)
        found = theirs.get_sliced_grid((height, width), 9, 448)  # rows, columns
        assert ours.grid == ((1, 1) if found is None else tuple(found[::-1]))
        overview = theirs.find_best_resize((height, width), 448, 14, mode, allow_upscale=found is None)
        assert ours.overview_size == overview[::-1]
        if found is not None:
            joined = theirs.get_refine_size((height, width), found, 448, 14, mode, allow_upscale=True)
            assert ours.detail_size == joined[::-1]


@pytest.mark.parametrize(("profile", "mode"), MODES)
def test_patches_of_real_pictures_are_those_of_transformers(profile: Profile, mode: str) -> None:
    theirs = processing.MiniCPMV4_6ImageProcessorPil()
    for size in [(300, 200), (640, 480), (1280, 720), (500, 1700)]:
        found = theirs(Image.new("RGB", size), downsample_mode=mode)
        shapes = [tuple(reversed(shape)) for shape in found["target_sizes"].tolist()]
        assert [piece.patches for piece in plan(size, profile).pieces] == shapes
