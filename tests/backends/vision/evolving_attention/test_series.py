"""Time series are read as they lie in their files, padded, standardised, refused where they are broken."""

import importlib.util
from pathlib import Path

import pytest
import torch

from backends.lab.errors import LabError
from backends.vision.evolving_attention.series import SYMBOLS, draw_relays, open_series, read_split

HEAD = "#notes\n@problemName Two\n@classLabel true up down\n@data\n"


def written(folder: Path, train: str, test: str = "1,2,3:4,5,6:up\n") -> Path:
    (folder / "Two_TEST.ts").write_text(HEAD + test, encoding="utf-8")
    file = folder / "Two_TRAIN.ts"
    file.write_text(train, encoding="utf-8")
    return file


def test_series_of_unequal_length_are_padded_and_standardised_by_their_real_moments(tmp_path: Path) -> None:
    split = read_split(written(tmp_path, HEAD + "1,3:0,0:up\n2,4,6,8:1,1,1,1:down\n"))
    assert split.class_names == ("down", "up")
    assert split.train.labels.tolist() == [1, 0]
    assert split.train.kept.tolist() == [[True, True, False, False], [True] * 4]
    assert split.test.series.shape == (1, 4, 2)
    real = split.train.series[split.train.kept]
    torch.testing.assert_close(real.mean(0), torch.zeros(2), atol=1e-6, rtol=0)
    torch.testing.assert_close(real.std(0), torch.ones(2))
    assert not split.train.series[0, 2:].any() and not split.test.series[0, 3:].any()
    difference = split.train.series[1, 1, 0] - split.train.series[1, 0, 0]
    torch.testing.assert_close(difference, 2 / torch.tensor([1.0, 3, 2, 4, 6, 8]).std())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("@data\n1,2:up\n", "no @classLabel true"),
        (HEAD + "1,2:3:up\n", "series 1 holds what is no number, or unequal channels"),
        (HEAD + "1,x:up\n", "series 1 holds what is no number"),
        (HEAD + "1,?:up\n", "series 1 holds what is no number"),
        (HEAD + "1,NaN:up\n", "values are missing"),
        (HEAD + "1,2:up\n1,2:3,4:up\n", "different numbers of channels"),
        (HEAD, "holds no series"),
        (HEAD + "1,2:up\n", "differ in how many channels"),
    ],
)
def test_broken_files_are_refused_with_what_is_wrong(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(LabError, match=complaint):
        read_split(written(tmp_path, text))


def test_unknown_names_and_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"give a file that ends in _TRAIN\.ts, or waves, relay"):
        open_series("vowels", 0)
    with pytest.raises(LabError, match="There is no file"):
        open_series(str(tmp_path / "Two_TRAIN.ts"), 0)


def test_the_class_of_a_relay_is_the_symbol_after_the_one_that_is_asked_again() -> None:
    drawn = draw_relays(50, 3)
    symbols = drawn.series.argmax(-1)
    for row, label in zip(symbols.tolist(), drawn.labels.tolist(), strict=True):
        *order, asked = row
        assert sorted(order) == list(range(SYMBOLS))
        assert order[order.index(asked) + 1] == label


def test_drawn_sets_are_the_same_for_a_seed_and_share_nothing_with_their_tests() -> None:
    first, again, other = open_series("waves", 1), open_series("waves", 1), open_series("waves", 2)
    assert torch.equal(first.train.series, again.train.series)
    assert not torch.equal(first.train.series, other.train.series)
    assert len(first.train.labels) == 420 and len(first.test.labels) == 180


def test_japanese_vowels_are_as_the_archive_describes_them() -> None:
    if importlib.util.find_spec("aeon") is None:
        pytest.skip("the sets come with aeon")
    split = open_series("japanese_vowels", 0)
    assert split.train.series.shape == (270, 29, 12) and split.test.series.shape == (370, 29, 12)
    assert len(split.class_names) == 9
    assert split.train.labels.bincount().tolist() == [30] * 9
    assert int(split.train.kept.sum(1).min()) >= 7
