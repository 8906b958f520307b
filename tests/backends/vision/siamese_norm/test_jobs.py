"""Text as windows of bytes, what is refused, and what is measured of streams and gradients."""

import json
import math
from pathlib import Path

import pytest
import torch

from backends.lab.errors import LabError
from backends.lab.events import EventList
from backends.lab.reporter import Reporter
from backends.vision.siamese_norm.corpus import Corpus, Windows, even_windows, open_corpus
from backends.vision.siamese_norm.jobs import analyse, train
from backends.vision.siamese_norm.reproduce import ArmResult, _row, reproduce
from backends.vision.siamese_norm.spec import AnalyseParams, ReproduceParams, TrainParams

SMALL = {"depth": 2, "width": 16, "num_heads": 2, "context": 16, "batch_size": 4, "device": "cpu"}


def report(directory: Path) -> Reporter:
    return Reporter(EventList(), directory, "cpu")


def test_a_text_is_its_bytes_and_the_last_tenth_is_for_testing(tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_bytes(bytes(range(200)))
    corpus = open_corpus(str(file), 8)
    assert corpus.train.tolist() == list(range(180)) and corpus.test.tolist() == list(range(180, 200))
    windows = Windows(text=corpus.train, context=8, batch_size=5, num_batches=3, seed=1)
    batch = windows[2]["tokens"]
    assert batch.shape == (5, 9) and (batch.diff() == 1).all()
    assert torch.equal(batch, windows[2]["tokens"]) and not torch.equal(batch, windows[1]["tokens"])
    spread = even_windows(corpus, 8, 3)
    assert spread[:, 0].tolist() == [180, 185, 191] and (spread.diff() == 1).all()


def test_the_loss_of_byte_frequencies_is_that_of_a_uniform_text_where_it_is_one() -> None:
    even = torch.arange(256, dtype=torch.uint8).repeat(4)
    assert Corpus(even, even).unigram_loss() == pytest.approx(math.log(256))


def test_missing_short_and_unshareable_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"There is no text file 'nothing\.txt'"):
        open_corpus("nothing.txt", 8)
    file = tmp_path / "short.txt"
    file.write_bytes(b"too short")
    with pytest.raises(LabError, match="has 9 bytes"):
        open_corpus(str(file), 8)
    with pytest.raises(LabError, match="3 heads cannot share a width of 16"):
        train(TrainParams.model_validate({**SMALL, "num_heads": 3}), report(tmp_path))


def test_analyse_tells_each_stream_and_gradient_of_every_block(tmp_path: Path) -> None:
    params = AnalyseParams.model_validate({**SMALL, "topologies": ("post", "siamese")})
    found = analyse(params, report(tmp_path))
    profiles = json.loads((tmp_path / "artifacts" / found.artifacts[0].path).read_text())
    assert profiles["siamese"]["streams"].keys() == {"x", "y"} and profiles["post"]["streams"].keys() == {"x"}
    assert all(len(sizes) == 3 for sizes in profiles["siamese"]["streams"].values())
    assert len(profiles["post"]["gradients"]) == 2
    assert profiles["post"]["streams"]["x"][-1] == pytest.approx(1, abs=0.01)  # just normalised


def test_a_run_that_diverges_is_counted_and_not_averaged() -> None:
    calm = _row(("pre", 1e-3), [ArmResult(loss=2.0, seconds=1), ArmResult(loss=3.0, seconds=3)])
    assert calm["loss"] == pytest.approx(2.5) and calm["diverged"] == 0 and calm["seconds"] == 2
    wild = _row(("post", 1e-3), [ArmResult(loss=2.0, seconds=1), ArmResult(loss=None, seconds=0)])
    assert wild["loss"] is None and wild["loss_half_width"] is None and wild["diverged"] == 1


def test_reproduce_holds_the_best_rate_of_each_against_pre_norm(tmp_path: Path) -> None:
    asked = {**SMALL, "steps": 3, "topologies": ("pre", "siamese"), "rates": (1e-3, 1e-2), "seeds": 2}
    found = reproduce(ReproduceParams.model_validate(asked), report(tmp_path))
    losses = {(row["topology"], row["rate"]): row["loss"] for row in found.table}
    best = {
        name: min(loss for (one, _), loss in losses.items() if one == name and isinstance(loss, float))
        for name in ("pre", "siamese")
    }
    assert found.metrics["gain_siamese"] == pytest.approx(best["pre"] - best["siamese"])
