"""Strips: every frame in its place."""

from pathlib import Path

import numpy as np
from PIL import Image

from backends.rl.pixels.strips import save_strips


def test_rows_of_frames_stand_below_each_other_enlarged(tmp_path: Path) -> None:
    rows = [[np.full((1, 16, 16), 40 * row + 10 * place, np.uint8) for place in range(3)] for row in range(2)]
    save_strips(tmp_path / "strips.png", rows)
    with Image.open(tmp_path / "strips.png") as opened:
        drawn = np.asarray(opened)
    assert drawn.shape == (2 * 48 + 2, 3 * 48 + 2 * 2, 3)
    for row in range(2):
        for place in range(3):
            assert (drawn[50 * row + 10, 50 * place + 10] == 40 * row + 10 * place).all()
    assert (drawn[49] == 255).all()
